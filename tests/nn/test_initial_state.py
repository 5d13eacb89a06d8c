"""First states: SciPy's fixed points of torch's own layers, and torch's gradients, are the oracles."""

import numpy as np
import pytest
import torch
from scipy.optimize import root
from torch import nn

from pendula.nn import GRU, RNN, CausalFilter, Network, Readout, draw_filter, resting_state
from pendula.nn.kernels.states import split

LAYERS = {"rnn": nn.RNN, "gru": nn.GRU, "lstm": nn.LSTM}


def drawn(cell, *, start, layers=2, inputs=2):
    made = draw_filter(
        Network(cell=cell, hidden_size=5, num_layers=layers), inputs, 3, seed=3, initial_state=start
    ).double()
    return made, torch.randn(4, 6, inputs, dtype=torch.float64, generator=torch.Generator().manual_seed(1))


def layer_of_torch(made):
    recurrent = made.readout.recurrent
    layer = LAYERS[made.network.cell](recurrent.input_size, 5, recurrent.num_layers, batch_first=True).double()
    layer.load_state_dict(recurrent.state_dict())
    return layer


def batched(state, count):
    """A state [layer, unit] for so many sequences, as torch wants it: a tensor, or a pair."""
    tensors = [each[:, None].repeat(1, count, 1) for each in split(state) if each is not None]
    return tuple(tensors) if len(tensors) > 1 else tensors[0]


@pytest.mark.parametrize("cell", LAYERS)
def test_rest_is_the_fixed_point_of_the_state_under_inputs_at_zero(cell):
    made, _ = drawn(cell, start="rest")
    layer, shape = layer_of_torch(made), (2 if cell == "lstm" else 1, 2, 1, 5)

    def moved(flat):
        h, *c = torch.from_numpy(flat.reshape(shape))
        with torch.no_grad():
            _, after = layer(torch.zeros(1, 1, 2, dtype=torch.float64), (h, *c) if c else h)
        return np.stack([np.asarray(each) for each in (after if c else (after,))]).ravel() - flat

    found = root(moved, np.zeros(np.prod(shape)), tol=1e-13)
    assert found.success
    ours = np.stack([np.asarray(each) for each in split(resting_state(made.readout.recurrent)) if each is not None])
    # A state is settled when it moves by less than 1e-6 in 100 steps.
    np.testing.assert_allclose(ours.ravel(), found.x, rtol=0, atol=1e-6)
    assert np.abs(found.x).max() > 0.01


@pytest.mark.parametrize("cell", LAYERS)
def test_a_run_at_rest_goes_on_as_after_a_long_pause(cell):
    made, inputs = drawn(cell, start="rest")
    cold = CausalFilter(made.network, 2, 3).double()
    cold.load_state_dict(made.state_dict())
    pause = torch.zeros(4, 500, 2, dtype=torch.float64)
    with torch.no_grad():
        torch.testing.assert_close(made(inputs), cold(torch.cat([pause, inputs], dim=1))[:, 500:], rtol=0, atol=1e-6)
        assert not torch.allclose(made(inputs), cold(inputs), atol=1e-3)


def test_a_state_that_does_not_settle_is_left_after_4000_steps():
    layer = RNN(1, 2, batch_first=True, dtype=torch.float64)
    turn = 1.5 * torch.tensor([[np.cos(1.0), -np.sin(1.0)], [np.sin(1.0), np.cos(1.0)]])  # it goes round for ever
    with torch.no_grad():
        for weight, value in zip(layer.parameters(), (torch.ones(2, 1), turn, torch.tensor([0.1, 0.0])), strict=False):
            weight.copy_(value)
        layer.bias_hh_l0.zero_()
        states = layer(torch.zeros(1, 4000, 1, dtype=torch.float64))[0]
    assert not torch.allclose(states[:, -1], states[:, -101], atol=0.1)
    torch.testing.assert_close(resting_state(layer), states[:, -1], rtol=0, atol=1e-9)


@pytest.mark.parametrize("cell", LAYERS)
def test_a_learned_start_has_the_gradient_that_torch_computes(cell):
    made, inputs = drawn(cell, start="learned")
    first = made.readout.start
    generator = torch.Generator().manual_seed(7)
    with torch.no_grad():
        for weight in first.parameters():
            weight.normal_(generator=generator)
    made(inputs).square().sum().backward()

    free = [each.detach().clone().requires_grad_() for each in split(first()) if each is not None]
    states, _ = layer_of_torch(made)(inputs, batched(tuple(free) if len(free) > 1 else free[0], 4))
    head = made.readout.head
    nn.functional.linear(states, head.weight.detach(), head.bias.detach()).square().sum().backward()
    assert len(free) == len(list(first.parameters())) == (2 if cell == "lstm" else 1)
    for ours, theirs in zip(first.parameters(), free, strict=True):
        torch.testing.assert_close(ours.grad, theirs.grad, rtol=1e-10, atol=1e-12)


def test_a_learned_start_is_zero_before_it_is_trained():
    learned, inputs = drawn("lstm", start="learned")
    zeros, _ = drawn("lstm", start="zeros")
    with torch.no_grad():
        assert torch.equal(learned(inputs), zeros(inputs))


def test_a_readout_takes_a_start_in_place_of_its_own():
    readout = Readout(GRU(2, 3, batch_first=True), nn.Linear(3, 1), scored="every", learned_start=True)
    start, rows = torch.full((1, 3), 0.5), torch.randn(2, 4, 2)
    with torch.no_grad():
        expected, _ = readout.recurrent(rows, start[:, None].repeat(1, 2, 1))
        torch.testing.assert_close(readout(rows, start=start).hidden[0], expected)
