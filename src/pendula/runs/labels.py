"""The labels that a fit tells: their names, how much each counts, and when a regime is told to have ended."""

from dataclasses import dataclass, field

import numpy as np

from pendula.errors import ArgumentError, did_you_mean
from pendula.metrics import Decoding
from pendula.shapes import Float, Int, ndarray

__all__ = ["NO_LABELS", "Labels"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Labels:
    """Labels, and how they are learned and told.

    Attributes:
        classes: The labels in order, as text; found in the record.
        whole: Whether they were whole numbers.
        balanced: Let every class count as much as the others in training, however rare it is.
        weights: By how much rows of a class count in training, by label; 1 where nothing is said.
        minimum_duration: Rows in a row for which another regime must lead before it is told.
        hysteresis: By how much the probability of another regime must lead, from 0 up to 1.

    Examples:
        >>> Labels(classes=("2", "10"), whole=True).named(np.array([1, 0, -1]))
        array([10.,  2., nan])
    """

    classes: tuple[str, ...] = ()
    whole: bool = False
    balanced: bool = False
    weights: dict[str, float] = field(default_factory=dict)
    minimum_duration: int = 1
    hysteresis: float = 0.0

    def __post_init__(self) -> None:
        if len(set(self.classes)) < len(self.classes) or len(self.classes) == 1:
            raise ArgumentError(
                f"`classes` must be different labels: expected 2 or more, got {', '.join(self.classes)}. Name each "
                "once."
            )
        if self.balanced and self.weights:
            raise ArgumentError(
                f"`weights` must be left out where classes are balanced: got weights of {', '.join(self.weights)}. "
                "Leave out one of them."
            )
        for name, weight in self.weights.items():
            if not 0 < weight < float("inf"):
                raise ArgumentError(
                    f"`weights` must be positive: expected a finite number above 0 for {name}, got {weight}. "
                    "A class counts as 1 where nothing is said."
                )
            if self.classes and name not in self.classes:
                raise ArgumentError(
                    f"`weights` must name labels: expected some of {', '.join(self.classes)}, got {name}."
                    + did_you_mean(name, self.classes)
                )
        _ = self.decoding  # whose rules are checked with it

    @property
    def decoding(self) -> Decoding:
        """When a regime is told to have ended."""
        return Decoding(minimum_duration=self.minimum_duration, hysteresis=self.hysteresis)

    def counted(self, codes: Int[ndarray, " sample"]) -> Float[ndarray, " class"] | None:
        """Find by how much each class counts.

        Args:
            codes: The classes of the training part.

        Returns:
            Weights whose mean over the samples is 1; None where all count alike.

        Examples:
            >>> Labels(classes=("a", "b"), balanced=True).counted(np.array([0, 0, 0, 1]))
            array([0.66666667, 2.        ])
        """
        if not (self.balanced or self.weights):
            return None
        counts = np.bincount(codes[codes >= 0], minlength=len(self.classes)).astype(np.float64)
        raw = (
            1 / np.maximum(counts, 1)
            if self.balanced
            else np.array([self.weights.get(name, 1.0) for name in self.classes])
        )
        return np.asarray(raw * counts.sum() / (raw @ counts))

    def named(self, codes: Int[ndarray, " sample"]) -> ndarray:
        """Give labels as the record had them.

        Args:
            codes: Classes; −1 where none is told.

        Returns:
            Text, empty where none is told; or numbers, NaN where none is told.
        """
        if self.whole:
            numbers = np.array([float(name) for name in self.classes])
            return np.asarray(np.where(codes >= 0, numbers[codes], np.nan))
        return np.asarray(np.where(codes >= 0, np.array(self.classes)[codes], ""))


NO_LABELS = Labels()
"""Of a fit that tells numbers."""
