"""One call of the compiled core: its tensors, checked, and the room for its results."""

from collections.abc import Sequence
from math import prod
from typing import TypeAlias

import torch
from torch import Tensor

from pendula.errors import ShapeError
from pendula.nn.kernels.addresses import ViewFields, layered, located, viewed
from pendula.nn.kernels.memory import require
from pendula.nn.kernels.native import compiled
from pendula.nn.kernels.problem import BITS, LSTM, Stack, check_lengths, examine

__all__ = ["Call", "Fields"]

Fields: TypeAlias = tuple[int, tuple[int, int, int, int, int, int, int, int], list[int], ViewFields, tuple[int, int]]
"""Bits; cell, sizes, the lengths' address, threads; parameters; input; first states."""


class Call:
    """The tensors of a call, which fit together.

    Args:
        sequences: Sequences.
        h: First states; zeros if left out.
        c: First cell states of an LSTM.
        lengths: Steps of each sequence.
        parameters: Weights, layer by layer.
        cell: Number of the cell.
        num_layers: Layers.
        batch_first: Whether axes are batch, time, channel.
        every_step: Whether the states after every step are asked for.

    Attributes:
        stack: What the sequences pass through.
        problem: The sizes.
        held: Copies that the core reads, which must outlive its call.

    Examples:
        >>> weights = [torch.zeros(4, 2), torch.zeros(4, 4)]
        >>> call = Call(torch.zeros(3, 5, 2), None, None, None, weights, 0, 1, True, True)
        >>> [tuple(result.shape) for result in call.results(0)]
        [(3, 5, 4), (1, 3, 4), (0,), (0,)]
    """

    __slots__ = ("held", "lengths", "parameters", "problem", "sequences", "stack", "states")

    def __init__(
        self,
        sequences: Tensor,
        h: Tensor | None,
        c: Tensor | None,
        lengths: Tensor | None,
        parameters: Sequence[Tensor],
        cell: int,
        num_layers: int,
        batch_first: bool,
        every_step: bool,
    ) -> None:
        self.stack = Stack(cell, num_layers, batch_first, every_step)
        self.problem = examine(self.stack, sequences, h, c, lengths, parameters)
        self.sequences, self.states, self.lengths, self.parameters = sequences, (h, c), lengths, parameters
        self.held: list[Tensor] = []

    @property
    def is_empty(self) -> bool:
        """Whether there is no sequence."""
        return self.problem.batch == 0

    def kept(self) -> int:
        """Count what the forward pass keeps for the other passes.

        Returns:
            Elements. It is so much for each step of each sequence.
        """
        fields = (self.stack.cell, self.problem.input_size, self.problem.hidden_size, self.stack.num_layers, 1, 1, 0, 1)
        of_a_step: int = compiled().reserve_size(BITS[self.sequences.dtype], fields)
        return of_a_step * self.problem.batch * self.problem.time

    def results(self, kept: int) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Make room for what the forward pass gives; empty where it gives nothing.

        Args:
            kept: Elements for the other passes.

        Returns:
            States after every step and after the last one, cell states, and what is kept.
        """
        output, h, c = self._shapes()
        room = self.sequences.new_empty
        return room(output), room(h), room(c), room(kept)

    def reserve(self, kept: int) -> Tensor:
        """Make room for what the forward pass keeps, in memory that soon serves again: fresh pages cost more than sums.

        Args:
            kept: Elements.

        Returns:
            The room.
        """
        if not kept:
            return self.sequences.new_empty(0)
        reserve: Tensor = compiled().lasting(BITS[self.sequences.dtype], kept)
        # What is kept of steps beyond a sequence's end is never written; it is zero rather than what was there before.
        return reserve if self.lengths is None else reserve.zero_()

    def gradients(self, wanted: Sequence[bool]) -> list[Tensor]:
        """Make room for gradients.

        Args:
            wanted: Whether with respect to sequences, h, c and each parameter.

        Returns:
            Room for each that is wanted.
        """
        return [place.new_empty(place.shape) for place in self._wanted(wanted)]

    def require(self, elements: int) -> None:
        """Refuse a call whose results do not fit in memory.

        Args:
            elements: Count of all results.

        Raises:
            TooLargeError: If they do not.
        """
        batch, time = self.problem.batch, self.problem.time
        require(elements * self.sequences.element_size(), f"{batch} sequences of {time} steps")

    def elements_of_results(self) -> int:
        """Count the elements of what the forward pass gives.

        Returns:
            Their number.
        """
        return sum(prod(shape) for shape in self._shapes())

    def elements(self, wanted: Sequence[bool]) -> int:
        """Count the elements of gradients.

        Args:
            wanted: Whether with respect to sequences, h, c and each parameter.

        Returns:
            Their number.
        """
        return sum(place.numel() for place in self._wanted(wanted))

    def fields(self) -> Fields:
        """Tell the core where everything lies.

        Returns:
            The first arguments of its passes.
        """
        stack, problem = self.stack, self.problem
        h, c, lengths, *parameters = located((*self.states, self.lengths, *self.parameters), self.held)
        layers = layered(parameters, stack.num_layers)
        fields = (stack.cell, problem.input_size, problem.hidden_size, stack.num_layers, problem.batch, problem.time)
        return (
            BITS[self.sequences.dtype],
            (*fields, lengths, torch.get_num_threads()),
            layers,
            viewed(self.sequences, stack.batch_first),
            (h, c),
        )

    def check_lengths(self) -> None:
        """Check the lengths' values.

        Raises:
            ArgumentError: If one is negative or beyond the last step.
        """
        if self.lengths is not None:
            check_lengths(self.lengths, self.problem.batch, self.problem.time)

    def check_kept(self, reserve: Tensor) -> None:
        """Check that what was kept is that of such a call.

        Args:
            reserve: What the forward pass kept.

        Raises:
            ShapeError: If it is not.
        """
        if reserve.numel() != self.kept() or reserve.dtype is not self.sequences.dtype or not reserve.is_contiguous():
            raise ShapeError(
                f"`reserve` must be what the forward pass kept: expected {self.kept()} elements in a row, "
                f"got {reserve.numel()}. Ask the forward pass to keep them."
            )

    def check_like_results(self, tensors: Sequence[Tensor | None]) -> None:
        """Check that tensors have the shapes of the results, as gradients with respect to them have.

        Args:
            tensors: Like the states after every step, those after the last, and the cell states.

        Raises:
            ShapeError: If one has another shape or type.
        """
        for tensor, shape in zip(tensors, self._shapes(), strict=True):
            if tensor is not None and (tensor.shape != shape or tensor.dtype is not self.sequences.dtype):
                raise ShapeError(
                    f"`gradient` must be like the result that it belongs to: expected {self.sequences.dtype} of shape "
                    f"{shape}, got {tensor.dtype} of shape {tuple(tensor.shape)}. Check its axes."
                )

    def check_like_inputs(self, tensors: Sequence[Tensor | None]) -> None:
        """Check that tensors have the shapes of the inputs, as tangents of them have.

        Args:
            tensors: Like the sequences, h, c and each parameter.

        Raises:
            ShapeError: If one has another shape or type.
        """
        state = (self.stack.num_layers, self.problem.batch, self.problem.hidden_size)
        shapes = (self.sequences.shape, state, state, *(parameter.shape for parameter in self.parameters))
        for tensor, shape in zip(tensors, shapes, strict=True):
            if tensor is not None and (tensor.shape != shape or tensor.dtype is not self.sequences.dtype):
                raise ShapeError(
                    f"`tangent` must be like the tensor that it moves: expected {self.sequences.dtype} of shape "
                    f"{tuple(shape)}, got {tensor.dtype} of shape {tuple(tensor.shape)}. Check its axes."
                )

    def _shapes(self) -> tuple[tuple[int, ...], tuple[int, ...], tuple[int, ...]]:
        stack, (_, hidden, batch, time) = self.stack, self.problem
        state = (stack.num_layers, batch, hidden)
        steps = (batch, time, hidden) if stack.batch_first else (time, batch, hidden)
        return steps if stack.every_step else (0,), state, state if stack.cell == LSTM else (0,)

    def _wanted(self, wanted: Sequence[bool]) -> list[Tensor]:
        places = (self.sequences, *self.states, *self.parameters)
        return [place for place, want in zip(places, wanted, strict=True) if want and place is not None]
