"""Pairs of sequences to learn from: what is read, and what is to be written."""

from dataclasses import dataclass

import torch
from torch import Tensor

from pendula.errors import ArgumentError, ShapeError
from pendula.shapes import BatchTensor, Bool, Float, Int, SeriesTensor

__all__ = ["SequencePairs", "pairs_from"]


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class SequencePairs:
    """Padded sequences and what is to be written after each.

    Attributes:
        inputs: What is read.
        targets: What is to be written: numbers [batch, step, output], or classes [batch, step].
        input_lengths: Steps of each input; all when None.
        target_lengths: Steps of each target; all when None. Whatever lies beyond, NaN or not, has no effect.

    Raises:
        ShapeError: If there is not one target, and one length, for each input.
        ArgumentError: If a length does not lie within the steps.

    Examples:
        >>> pairs = SequencePairs(inputs=torch.zeros(2, 5, 1), targets=torch.zeros(2, 3, 1),
        ...                       target_lengths=torch.tensor([3, 1]))
        >>> pairs.scored
        tensor([[ True,  True,  True],
                [ True, False, False]])
    """

    inputs: BatchTensor
    targets: Tensor
    input_lengths: Int[Tensor, " batch"] | None = None
    target_lengths: Int[Tensor, " batch"] | None = None

    def __post_init__(self) -> None:
        if len(self.targets) != len(self.inputs) or not len(self.inputs):
            raise ShapeError(
                f"`targets` must hold one for each input: expected {max(1, len(self.inputs))}, got "
                f"{len(self.targets)}. Put sequences along the first axis."
            )
        for name, lengths, most in (
            ("input_lengths", self.input_lengths, self.inputs.shape[1]),
            ("target_lengths", self.target_lengths, self.targets.shape[1]),
        ):
            if lengths is None:
                continue
            if len(lengths) != len(self.inputs):
                raise ShapeError(
                    f"`{name}` must hold one for each sequence: expected {len(self.inputs)}, got {len(lengths)}. "
                    "Count the steps of each."
                )
            if bool(((lengths < 1) | (lengths > most)).any()):
                raise ArgumentError(
                    f"`{name}` must lie within the steps: expected 1 to {most}, got {int(lengths.min())} to "
                    f"{int(lengths.max())}. Leave empty sequences out."
                )

    def __len__(self) -> int:
        return len(self.inputs)

    @property
    def scored(self) -> Bool[Tensor, "batch step"]:
        """Which steps of the targets count."""
        steps = torch.arange(self.targets.shape[1])
        if self.target_lengths is None:
            return torch.ones(len(self), len(steps), dtype=torch.bool)
        return steps < self.target_lengths[:, None]

    def select(self, rows: Int[Tensor, " row"]) -> "SequencePairs":
        """Take some of the pairs.

        Args:
            rows: Which.

        Returns:
            These pairs; padding of the targets is 0.
        """
        scored = self.scored[rows]
        targets = self.targets[rows]
        mask = scored.view(*scored.shape, *[1] * (targets.dim() - 2))
        return SequencePairs(
            inputs=self.inputs[rows],
            targets=targets.where(mask, torch.zeros((), dtype=targets.dtype)),
            input_lengths=None if self.input_lengths is None else self.input_lengths[rows],
            target_lengths=None if self.target_lengths is None else self.target_lengths[rows],
        )


def pairs_from(
    inputs: SeriesTensor, targets: Float[Tensor, "time output"], *, window: int, steps: int, stride: int = 1
) -> SequencePairs:
    """Cut pairs out of two series on one time axis: a window of the one, and the steps of the other that follow it.

    Args:
        inputs: The series that is read.
        targets: The series that is to be forecast, row by row at the same times; it may be the same or another.
        window: Rows that are read.
        steps: Rows after them that are to be written.
        stride: Rows from one window's start to the next one's.

    Returns:
        The pairs; nothing is copied.

    Raises:
        ArgumentError: If a number is below 1, or the series hold no pair.
        ShapeError: If the two are not of one length.

    Examples:
        >>> rows = torch.arange(6.0)[:, None]
        >>> pairs = pairs_from(rows, 10 * rows, window=3, steps=2)
        >>> pairs.inputs[1, :, 0], pairs.targets[1, :, 0]
        (tensor([1., 2., 3.]), tensor([40., 50.]))
    """
    for name, value in (("window", window), ("steps", steps), ("stride", stride)):
        if value < 1:
            raise ArgumentError(f"`{name}` must be positive: expected 1 or more, got {value}. Count it in rows.")
    if len(inputs) != len(targets):
        raise ShapeError(
            f"`targets` must have the rows of `inputs`: expected {len(inputs)}, got {len(targets)}. "
            "Put both on one axis."
        )
    if len(inputs) < window + steps:
        raise ArgumentError(
            f"`window` and `steps` must fit into the series: expected at most {len(inputs)} rows together, got "
            f"{window + steps}. Lower one of them."
        )
    count = len(inputs) - window - steps + 1
    read = inputs.unfold(0, window, 1).transpose(1, 2)[:count]
    written = targets[window:].unfold(0, steps, 1).transpose(1, 2)[:count]
    return SequencePairs(inputs=read[::stride], targets=written[::stride])
