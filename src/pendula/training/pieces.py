"""The pieces of a series that a readout learns from: windows of one length, or whole sequences of their own."""

from dataclasses import dataclass
from typing import NamedTuple, TypeAlias

import torch
from torch import Tensor

from pendula.errors import DataError, ShapeError
from pendula.series.windows import Windows
from pendula.shapes import BatchTensor, Int, SeriesTensor, ndarray

__all__ = ["PiecedBatch", "Pieces", "WholePieces", "WindowPieces"]


class PiecedBatch(NamedTuple):
    """Pieces side by side.

    Attributes:
        inputs: What is shown.
        lengths: Steps of each piece; all if None.
        targets: What is asked for, at the steps that the readout reads.
    """

    inputs: BatchTensor
    lengths: Int[Tensor, " batch"] | None
    targets: Tensor


@dataclass(frozen=True, slots=True, eq=False)
class WindowPieces:
    """Windows of one length, read at every step after the washout.

    Attributes:
        windows: Windows of the inputs.
        targets: One row for each row of the inputs.
        washout: Steps at the start of a window that are not read.
    """

    windows: Windows
    targets: Tensor
    washout: int

    def __len__(self) -> int:
        return len(self.windows)

    def at(self, indices: Int[Tensor, " batch"]) -> PiecedBatch:
        """Take windows.

        Args:
            indices: Their numbers from 0.

        Returns:
            Inputs and targets.
        """
        starts = self.windows.starts(indices)
        rows = starts[:, None] + torch.arange(self.washout, self.windows.length)
        return PiecedBatch(self.windows.at(starts), None, self.targets[rows.to(self.targets.device)])


class WholePieces:
    """Sequences of unequal lengths, each with one target, read at their last step.

    Args:
        values: All rows; they are kept, not copied.
        segments: Half-open row ranges of the sequences.
        targets: One for each sequence.

    Raises:
        DataError: If a sequence has no rows, or there is none.
        ShapeError: If there is not one target for each.

    Examples:
        >>> import numpy as np
        >>> rows = torch.arange(5.0)[:, None]
        >>> pieces = WholePieces(rows, np.array([[0, 3], [3, 5]]), torch.tensor([0, 1]))
        >>> batch = pieces.at(torch.tensor([1, 0]))
        >>> batch.inputs[..., 0], batch.lengths
        (tensor([[3., 4., 0.],
                [0., 1., 2.]]), tensor([2, 3]))
    """

    def __init__(self, values: SeriesTensor, segments: Int[ndarray, "segment 2"], targets: Tensor) -> None:
        if len(targets) != len(segments):
            raise ShapeError(
                f"`targets` must be one for each sequence: expected {len(segments)}, got {len(targets)}. Check them."
            )
        self._starts, stops = torch.from_numpy(segments.astype("int64")).unbind(dim=1)
        self._lengths = stops - self._starts
        if not len(segments) or int(self._lengths.min()) < 1:
            got = f"one of {int(self._lengths.min())}" if len(segments) else "none"
            raise DataError(f"`segments` must be sequences with rows: expected lengths of 1 or more, got {got}.")
        self.values, self.targets = values, targets

    def __len__(self) -> int:
        return len(self._starts)

    def at(self, indices: Int[Tensor, " batch"]) -> PiecedBatch:
        """Take sequences, filled up with zeros to the longest.

        Args:
            indices: Their numbers from 0.

        Returns:
            Inputs, lengths and targets.
        """
        lengths = self._lengths[indices]
        steps = torch.arange(int(lengths.max()))
        inside = steps < lengths[:, None]
        rows = torch.where(inside, self._starts[indices, None] + steps, 0).to(self.values.device)
        inputs = self.values[rows].masked_fill(~inside[..., None].to(rows.device), 0.0)
        return PiecedBatch(inputs, lengths.to(rows.device), self.targets[indices.to(self.targets.device)])


Pieces: TypeAlias = WindowPieces | WholePieces
"""What batches are drawn from."""
