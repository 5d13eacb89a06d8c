"""Layers under torch.compile: run by a test in a process of its own, since the test hook checks types by decorators."""

import torch
import torch._dynamo
from torch._dynamo.testing import CompileCounter

import pendula.nn as pn
from pendula.nn.kernels import recurrent

rows = torch.randn(2, 5, 3)
head = torch.nn.Linear(4, 1)
widen = torch.nn.Linear(3, 3)


def network_of(layer):
    """A layer between others, with a state that is given."""

    def network(inputs):
        _, state = layer(inputs)
        return head(layer(widen(inputs), state)[0]).square().sum()

    return network


def gradients(function, tensors):
    loss = function(rows)
    return [loss.detach(), *torch.autograd.grad(loss, tensors)]


def assert_same(got, expected):
    for one, other in zip(got, expected, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-6, atol=1e-6)


def check_left_out(layer, backend):
    """As it is, torch.compile leaves recurrent layers out."""
    torch._dynamo.reset()
    counter = CompileCounter()
    torch.compile(layer, backend=counter)(rows)
    assert counter.frame_count == 0
    network, tensors = network_of(layer), [*layer.parameters(), *widen.parameters(), *head.parameters()]
    assert_same(gradients(torch.compile(network, backend=backend), tensors), gradients(network, tensors))


def check_taken_in(layer, backend):
    """When it is asked to take them in, it can."""
    torch._dynamo.reset()
    network, tensors = network_of(layer), [*layer.parameters(), *widen.parameters(), *head.parameters()]
    with torch._dynamo.config.patch(allow_rnn=True):
        whole = torch.compile(network, backend=backend, fullgraph=True)
        assert_same(gradients(whole, tensors), gradients(network, tensors))
        alone = torch.compile(layer, backend=backend, fullgraph=True)
        with torch.no_grad():
            assert torch.equal(alone(rows)[0], layer(rows)[0])


def check_function(cell, layer, backend):
    """The function is torch.compile's to take in, whatever the sizes."""
    weights = list(layer.parameters())

    def function(inputs):
        return recurrent(cell, inputs, None, weights, num_layers=2)[0]

    torch._dynamo.reset()
    dynamic = torch.compile(function, backend=backend, fullgraph=True, dynamic=True)
    for inputs in (rows, rows[:, :3], rows.repeat(3, 1, 1)):
        assert torch.equal(dynamic(inputs), function(inputs))
    got = torch.autograd.grad(dynamic(rows).square().sum(), weights)
    assert_same(got, torch.autograd.grad(function(rows).square().sum(), weights))


def main():
    for cell, kind, backends in (
        ("rnn_tanh", pn.RNN, ["aot_eager"]),
        ("gru", pn.GRU, ["eager", "aot_eager"]),
        ("lstm", pn.LSTM, ["aot_eager"]),
    ):
        layer = kind(3, 4, 2, batch_first=True)
        for backend in backends:
            check_left_out(layer, backend)
            check_taken_in(layer, backend)
            check_function(cell, layer, backend)


if __name__ == "__main__":
    main()
