"""The plain loop against torch's own layers and closed forms."""

import pytest
import torch

from pendula.nn.kernels.problem import stack_of
from pendula.nn.kernels.reference import reference


@pytest.mark.parametrize("cell", ["rnn_tanh", "rnn_relu", "gru", "lstm"])
@pytest.mark.parametrize("options", [{}, {"bias": False}, {"state": False}, {"batch_first": False}])
def test_the_loop_is_torchs_layer(stacks, cell, options):
    case = stacks.Case(cell, **options)
    got = stacks.gradients(case.function(plain=True), case.leaves())
    expected = stacks.gradients(case.torch_function(), case.leaves())
    stacks.assert_near(got[0] + got[1], expected[0] + expected[1], 1e-13)


def test_a_leaky_unit_forgets_exponentially():
    leak = torch.tensor([0.1, 1.0, 0.0], dtype=torch.float64)
    silent = [torch.zeros(3, 1, dtype=torch.float64), torch.zeros(3, 3, dtype=torch.float64), leak]
    start = torch.ones(1, 1, 3, dtype=torch.float64)
    output, last, cells = reference(stack_of("leaky", 1), torch.zeros(1, 8, 1).double(), start, None, None, silent)
    steps = torch.arange(1, 9, dtype=torch.float64)
    torch.testing.assert_close(output[0], (1 - leak) ** steps[:, None])
    assert torch.equal(output[:, -1], last[0])
    assert cells is None


def test_a_unit_without_leak_is_the_simple_recurrent_network(stacks):
    case = stacks.Case("rnn_tanh", num_layers=1)
    leaky = [*case.parameters, torch.ones(3, dtype=torch.float64)]
    got = reference(stack_of("leaky", 1), case.sequences, case.h, None, None, leaky)
    expected = reference(stack_of("rnn_tanh", 1), case.sequences, case.h, None, None, case.parameters)
    assert torch.equal(got[0], expected[0])


def test_what_lies_beyond_the_end_reaches_nothing(stacks):
    case = stacks.Case("lstm", batch=3)
    lengths = torch.tensor([4, 0, 2])
    beyond = torch.arange(4) >= lengths[:, None]
    whole = stacks.gradients(case.function(plain=True, lengths=lengths), case.leaves())
    case.sequences[beyond] = torch.nan
    spoiled = stacks.gradients(case.function(plain=True, lengths=lengths), case.leaves())
    for got, expected in zip(spoiled[0] + spoiled[1], whole[0] + whole[1], strict=True):
        assert torch.equal(got, expected)
    assert not whole[0][0][beyond].any()
    assert not whole[1][0][beyond].any()
    assert torch.equal(whole[0][1][:, 1], case.h[:, 1])
