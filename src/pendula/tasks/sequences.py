"""A batch of sequences with the answers that are asked for."""

from dataclasses import dataclass

import numpy as np

from pendula.shapes import Float, Int, ndarray

__all__ = ["Sequences", "one_hot"]


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Sequences:
    """Sequences of unequal length, padded at their ends, and the answers that are asked for.

    Attributes:
        inputs: What is shown.
        lengths: Steps of each sequence.
        targets: The answer after the last step, or that after each step: numbers, or the indices of classes.
    """

    inputs: Float[ndarray, "sequence time channel"]
    lengths: Int[ndarray, " sequence"]
    targets: Float[ndarray, "sequence answer"]

    def __len__(self) -> int:
        """Count the sequences.

        Returns:
            How many there are.
        """
        return len(self.inputs)


def one_hot(symbols: Int[ndarray, "sequence time"], count: int) -> Float[ndarray, "sequence time symbol"]:
    """Show a symbol as a 1 in its own channel.

    Args:
        symbols: Indices.
        count: How many symbols there are.

    Returns:
        Zeros and ones.

    Examples:
        >>> one_hot(np.array([[2, 0]]), 3)[0]
        array([[0., 0., 1.],
               [1., 0., 0.]])
    """
    shown: ndarray = np.eye(count)[symbols]
    return shown
