"""Derivatives of the derivatives, through the plain loop: the compiled core has the first ones."""

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import torch
from torch import Tensor

from pendula.nn.kernels.problem import LSTM, Stack
from pendula.nn.kernels.reference import reference

__all__ = ["Loop", "Mapping", "filled", "gradient_of", "masked", "pushforward", "tangent_of"]

Mapping: TypeAlias = Callable[..., tuple[Tensor, ...]]


class Loop:
    """The plain loop as a function of those of its tensors that there are, to those of its results that there are.

    Args:
        stack: The layers.
        lengths: Steps of each sequence.
        places: Input, first states and parameters; None for those that are left out.

    Attributes:
        given: Those that there are.

    Examples:
        >>> from pendula.nn.kernels.problem import stack_of
        >>> weights = torch.ones(1, 1), torch.ones(1, 1)
        >>> loop = Loop(stack_of("rnn_tanh", 1), None, (torch.ones(1, 2, 1), None, None, *weights))
        >>> [tuple(result.shape) for result in loop(*loop.given)]
        [(1, 2, 1), (1, 1, 1)]
    """

    def __init__(self, stack: Stack, lengths: Tensor | None, places: Sequence[Tensor | None]) -> None:
        self.stack, self.lengths = stack, lengths
        self.given = tuple(place for place in places if place is not None)
        self._there = [place is not None for place in places]

    def __call__(self, *given: Tensor) -> tuple[Tensor, ...]:
        """Run the loop.

        Args:
            *given: The tensors that there are.

        Returns:
            The results that there are.
        """
        sequences, h, c, *parameters = self.spread(given)
        results = reference(self.stack, sequences, h, c, self.lengths, parameters)  # type: ignore[arg-type]
        return tuple(result for result in results if result is not None)

    def pick(self, places: Sequence[Tensor | None]) -> tuple[Tensor, ...]:
        """Take what belongs to the tensors that there are; zeros where nothing does.

        Args:
            places: One for each place.

        Returns:
            One for each tensor that there is.
        """
        chosen = [place for place, there in zip(places, self._there, strict=True) if there]
        return filled(chosen, self.given)

    def spread(self, given: Sequence[Tensor]) -> list[Tensor | None]:
        """Put one value for each tensor that there is in its place.

        Args:
            given: The values.

        Returns:
            One for each place.
        """
        values = iter(given)
        return [next(values) if there else None for there in self._there]

    def results(self, output: Tensor | None, h: Tensor | None, c: Tensor | None) -> tuple[Tensor, ...]:
        """Take what belongs to the results that there are; zeros where nothing does.

        Args:
            output: Like the states after every step.
            h: Like the states after the last.
            c: Like the cell states.

        Returns:
            One for each result that there is.
        """
        sequences, hidden = self.given[0], self._hidden_size()
        steps = sequences.new_zeros(*sequences.shape[:2], hidden)
        state = sequences.new_zeros(self.stack.num_layers, sequences.shape[0 if self.stack.batch_first else 1], hidden)
        every, cells = self.stack.every_step, self.stack.cell == LSTM
        return filled([*([output] * every), h, *([c] * cells)], [*([steps] * every), state, *([state] * cells)])

    def named(self, results: Sequence[Tensor]) -> tuple[Tensor | None, Tensor, Tensor | None]:
        """Tell the results that there are apart.

        Args:
            results: Those that there are.

        Returns:
            States after every step, after the last, and cell states.
        """
        output = results[0] if self.stack.every_step else None
        return output, results[int(self.stack.every_step)], results[-1] if self.stack.cell == LSTM else None

    def _hidden_size(self) -> int:
        return self.given[sum(self._there[:3]) + 1].shape[1]


def pushforward(function: Mapping, primals: Sequence[Tensor], tangents: Sequence[Tensor]) -> tuple[Tensor, ...]:
    """Multiply a function's Jacobian with a direction.

    The vector-Jacobian product w ↦ wᵀJ is linear in w, and its own vector-Jacobian product with v is J v. Unlike
    `torch.func.jvp`, this works while forward-mode differentiation is already under way.

    Args:
        function: From tensors to a tuple of tensors.
        primals: Where.
        tangents: Into which direction.

    Returns:
        How the results move.

    Examples:
        >>> pushforward(lambda x: (x**2,), [torch.tensor(3.0)], [torch.tensor(1.0)])
        (tensor(6.),)
    """
    results, pull = _pulled_back(function, *primals)
    _, pull_again = _pulled_back(pull, tuple(torch.zeros_like(result) for result in results))
    return tuple(pull_again(tuple(tangents))[0])


def filled(tensors: Sequence[Tensor | None], like: Sequence[Tensor]) -> tuple[Tensor, ...]:
    """Put zeros where there is nothing.

    Args:
        tensors: Some of them None.
        like: What the zeros look like.

    Returns:
        All of them tensors.
    """
    return tuple(torch.zeros_like(one) if given is None else given for given, one in zip(tensors, like, strict=True))


def masked(values: Sequence[Tensor | None], like: Sequence[Tensor | None]) -> list[Tensor | None]:
    """Leave out what belongs to nothing.

    Args:
        values: The values.
        like: None where there is nothing.

    Returns:
        The values, None where there is nothing.
    """
    return [None if there is None else value for value, there in zip(values, like, strict=True)]


def gradient_of(function: Mapping, count: int) -> Mapping:
    """Make a function of its vector-Jacobian product.

    Args:
        function: A function of `count` tensors.
        count: Their number.

    Returns:
        A function of these tensors and of the vector, to the gradients with respect to these tensors.
    """

    def gradient(*tensors: Tensor) -> tuple[Tensor, ...]:
        _, pull = _pulled_back(function, *tensors[:count])
        return tuple(pull(tensors[count:]))

    return gradient


def tangent_of(function: Mapping, count: int) -> Mapping:
    """Make a function of its Jacobian-vector product.

    Args:
        function: A function of `count` tensors.
        count: Their number.

    Returns:
        A function of these tensors and of a direction, to how the results move.
    """

    def tangent(*tensors: Tensor) -> tuple[Tensor, ...]:
        return pushforward(function, tensors[:count], tensors[count:])

    return tangent


def _pulled_back(function: Mapping, *primals: Any) -> tuple[Any, Callable[..., Any]]:
    return torch.func.vjp(function, *primals)  # type: ignore[return-value] # three values come with an auxiliary one
