"""Stacks of recurrent layers to test with: random tensors, torch's own layers, and flat functions of tensors."""

from dataclasses import dataclass

import torch
from torch import nn

from pendula.nn.kernels import recurrent
from pendula.nn.kernels.problem import CELLS, GATES, stack_of
from pendula.nn.kernels.reference import reference

TORCH = {
    "rnn_tanh": nn.RNN,
    "rnn_relu": lambda *sizes, **options: nn.RNN(*sizes, nonlinearity="relu", **options),
    "gru": nn.GRU,
    "lstm": nn.LSTM,
}
TOLERANCE = {torch.float32: 1e-5, torch.float64: 1e-12}


@dataclass
class Case:
    """Tensors that fit together, drawn from a seed."""

    cell: str
    input_size: int = 2
    hidden_size: int = 3
    num_layers: int = 2
    batch: int = 2
    time: int = 4
    bias: bool = True
    state: bool = True
    batch_first: bool = True
    dtype: torch.dtype = torch.float64
    seed: int = 0

    def __post_init__(self):
        draw = torch.Generator().manual_seed(self.seed)
        width = GATES[CELLS[self.cell]] * self.hidden_size

        def random(*shape, scale=1.0):
            return (torch.randn(*shape, generator=draw, dtype=torch.float64) * scale).to(self.dtype)

        scale = self.hidden_size**-0.5
        self.parameters = []
        for layer in range(self.num_layers):
            features = self.hidden_size if layer else self.input_size
            self.parameters.append(random(width, features, scale=max(features, self.hidden_size) ** -0.5))
            self.parameters.append(random(width, self.hidden_size, scale=scale))
            if self.bias:
                self.parameters += [random(width, scale=scale), random(width, scale=scale)]
            if self.cell == "leaky":
                self.parameters.append(torch.sigmoid(random(self.hidden_size)))
        axes = (self.batch, self.time) if self.batch_first else (self.time, self.batch)
        self.sequences = random(*axes, self.input_size)
        shape = (self.num_layers, self.batch, self.hidden_size)
        self.h = random(*shape) if self.state else None
        self.c = random(*shape) if self.state and self.cell == "lstm" else None

    @property
    def places(self):
        return [self.sequences, self.h, self.c, *self.parameters]

    @property
    def given(self):
        return [place for place in self.places if place is not None]

    def leaves(self):
        """Fresh leaves of a graph, one for each tensor that there is."""
        return [place.detach().clone().requires_grad_() for place in self.given]

    def function(self, *, lengths=None, every_step=True, plain=False):
        """The stack as a function of the tensors that there are, to a tuple of those results that there are."""
        there = [place is not None for place in self.places]

        def call(*given):
            values = iter(given)
            sequences, h, c, *parameters = [next(values) if one else None for one in there]
            if plain:
                stack = stack_of(self.cell, self.num_layers, batch_first=self.batch_first, every_step=every_step)
                results = reference(stack, sequences, h, c, lengths, parameters)
            else:
                results = recurrent(
                    self.cell,
                    sequences,
                    (h, c) if self.cell == "lstm" and h is not None else h,
                    parameters,
                    num_layers=self.num_layers,
                    lengths=lengths,
                    batch_first=self.batch_first,
                    every_step=every_step,
                )
            return tuple(result for result in results if result is not None)

        return call

    def torch_layer(self):
        """The same weights in torch's own layer."""
        sizes = (self.input_size, self.hidden_size, self.num_layers)
        options = {"bias": self.bias, "batch_first": self.batch_first, "dtype": self.dtype}
        layer = TORCH[self.cell](*sizes, **options)
        with torch.no_grad():
            for parameter, value in zip(layer.parameters(), self.parameters, strict=True):
                parameter.copy_(value)
        return layer

    def torch_function(self):
        """Torch's own layer as a function of the tensors that there are."""
        layer = self.torch_layer()
        names = [name for name, _ in layer.named_parameters()]

        def call(sequences, *rest):
            state, parameters = rest[: len(rest) - len(names)], rest[len(rest) - len(names) :]
            hx = None if not state else state[0] if len(state) == 1 else state
            weights = dict(zip(names, parameters, strict=True))
            output, last = torch.func.functional_call(layer, weights, (sequences, hx))
            return (output, last) if isinstance(last, torch.Tensor) else (output, *last)

        return call


def gradients(function, leaves, seed=0):
    """Results of a function, and the gradients of a random sum of them."""
    results = function(*leaves)
    draw = torch.Generator().manual_seed(seed)
    weights = [torch.randn(result.shape, generator=draw, dtype=torch.float64).to(result.dtype) for result in results]
    loss = sum((result * weight).sum() for result, weight in zip(results, weights, strict=True))
    return [result.detach() for result in results], list(torch.autograd.grad(loss, leaves))


def distance(got, expected):
    """The relative distance of all numbers together.

    Where a unit is saturated, 1 − h² cancels: the gradient through it is small, and its digits are those of h. What is
    small in the mean is therefore measured in absolute terms.
    """
    assert [one.shape for one in got] == [one.shape for one in expected]
    assert [one.dtype for one in got] == [one.dtype for one in expected]
    got, expected = (torch.cat([one.flatten() for one in each]).double() for each in (got, expected))
    return float((got - expected).norm() / expected.norm().clamp(min=0.05 * max(1, len(expected)) ** 0.5))


def assert_near(got, expected, tolerance):
    for one, other in zip(got, expected, strict=True):
        assert distance([one], [other]) < tolerance
