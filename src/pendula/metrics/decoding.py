"""From probabilities of labels to labels that do not flicker."""

from dataclasses import dataclass

import numpy as np

from pendula.errors import ArgumentError
from pendula.shapes import Float, Int, ndarray

__all__ = ["Decoding", "decode", "decode_segments"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Decoding:
    """When a regime is told to have ended.

    Attributes:
        minimum_duration: Rows in a row for which another regime must lead before it is told; with more than 1 every
            told regime but the last lasts so long, and every switch is told so much later.
        hysteresis: By how much its probability must lead, from 0 up to 1.

    Examples:
        >>> Decoding(minimum_duration=3).hysteresis
        0.0
    """

    minimum_duration: int = 1
    hysteresis: float = 0.0

    def __post_init__(self) -> None:
        if (
            isinstance(self.minimum_duration, bool)
            or not isinstance(self.minimum_duration, int)
            or self.minimum_duration < 1
        ):
            raise ArgumentError(
                f"`minimum_duration` must hold rows: expected 1 or more, got {self.minimum_duration}. Count it in rows."
            )
        if not 0 <= self.hysteresis < 1:
            raise ArgumentError(
                f"`hysteresis` must be a lead in probability: expected a number from 0 up to 1, got {self.hysteresis}. "
                "0 asks for none."
            )


def decode(probabilities: Float[ndarray, "time class"], decoding: Decoding) -> Int[ndarray, " time"]:
    """Tell a label for each row, from the rows up to it.

    The first row gets its likeliest label. From then on the label changes where another one leads the held one by more
    than the hysteresis, for as many rows in a row as the minimum duration; nothing is changed afterwards.

    Args:
        probabilities: Of each class in each row.
        decoding: When a regime is told to have ended.

    Returns:
        The class of each row.

    Examples:
        >>> flicker = np.array([0.9, 0.4, 0.9, 0.4, 0.4, 0.4])
        >>> probabilities = np.stack([flicker, 1 - flicker], axis=1)
        >>> decode(probabilities, Decoding())
        array([0, 1, 0, 1, 1, 1])
        >>> decode(probabilities, Decoding(minimum_duration=2))
        array([0, 0, 0, 0, 1, 1])
    """
    likeliest = probabilities.argmax(axis=1)
    if decoding == Decoding() or not len(likeliest):
        return np.asarray(likeliest, dtype=np.int64)
    told = np.empty(len(likeliest), dtype=np.int64)
    held, rival, lasting = int(likeliest[0]), -1, 0
    for row, leader in enumerate(likeliest.tolist()):
        leads = leader != held and probabilities[row, leader] - probabilities[row, held] > decoding.hysteresis
        lasting = (lasting + 1 if leader == rival else 1) if leads else 0
        rival = leader if leads else -1
        if lasting >= decoding.minimum_duration:
            held, rival, lasting = leader, -1, 0
        told[row] = held
    return told


def decode_segments(
    probabilities: Float[ndarray, "time class"], segments: Int[ndarray, "segment 2"], decoding: Decoding
) -> Int[ndarray, " time"]:
    """Tell a label for each row of some stretches, each from its start on.

    Args:
        probabilities: Of each class in each row.
        segments: Half-open row ranges.
        decoding: When a regime is told to have ended.

    Returns:
        The class of each row; −1 outside the segments.

    Examples:
        >>> decode_segments(np.array([[0.1, 0.9], [0.8, 0.2]]), np.array([[1, 2]]), Decoding())
        array([-1,  0])
    """
    told = np.full(len(probabilities), -1, dtype=np.int64)
    for start, stop in segments:
        told[start:stop] = decode(probabilities[start:stop], decoding)
    return told
