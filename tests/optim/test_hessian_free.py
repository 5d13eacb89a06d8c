"""Hessian-free optimization: problems whose answers are known, and runs that are cut in two."""

import itertools
import math

import pytest
import torch
from torch import nn

from pendula.errors import ArgumentError, DivergedError, ShapeError
from pendula.nn import GRU, LSTM, RNN
from pendula.nn.kernels import available
from pendula.nn.readout import Readout
from pendula.optim import HessianFree, HessianFreeSettings, Sample, StructuralDamping, matching_loss
from pendula.optim.adaptive_damping import adapted
from pendula.optim.module_model import ModuleModel
from pendula.optim.readout_model import ReadoutModel

ALONE = StructuralDamping(weight=0.0)
UNDAMPED = HessianFreeSettings(damping=1e-10, structural=ALONE, tolerance=0.0, exponent=0.0)


class Rosenbrock(nn.Module):
    """Residuals (1 − x, 10 (y − x²)): their squares have a curved valley that ends at (1, 1)."""

    def __init__(self):
        super().__init__()
        self.place = nn.Parameter(torch.tensor([-1.2, 1.0], dtype=torch.float64))

    def forward(self, _):
        x, y = self.place
        return torch.stack([1 - x, 10 * (y - x**2)])[None]


def rows(count=20, features=4, outputs=2):
    draw = torch.Generator().manual_seed(0)
    x = torch.randn(count, features, generator=draw, dtype=torch.float64)
    return x, torch.randn(count, outputs, generator=draw, dtype=torch.float64)


def readout(cell=RNN, *, hidden_size=6, dtype=torch.float64):
    with torch.random.fork_rng():
        torch.manual_seed(0)
        layer = cell(1, hidden_size, batch_first=True, dtype=dtype)
        return Readout(layer, nn.Linear(hidden_size, 1, dtype=dtype))


def echoes(count=24, steps=6, dtype=torch.float64):
    """The first value of a noisy sequence, to be told at its end."""
    draw = torch.Generator().manual_seed(3)
    inputs = torch.randn(count, steps, 1, generator=draw, dtype=torch.float64).to(dtype)
    return Sample(inputs, inputs[:, 0])


def test_linear_least_squares_takes_one_step():
    x, y = rows()
    line = nn.Linear(4, 2, dtype=torch.float64)
    step = HessianFree(line, nn.MSELoss(), UNDAMPED).step(Sample(x, y))
    with_one = torch.column_stack([x, torch.ones(len(x))])
    expected = torch.linalg.lstsq(with_one, y).solution
    torch.testing.assert_close(torch.column_stack([line.weight, line.bias]).detach().T, expected, rtol=0, atol=1e-7)
    assert step.rate == 1
    assert step.ratio == pytest.approx(1, abs=1e-6)
    # Ten unknowns in two groups of five with the same matrix: five distinct eigenvalues.
    assert step.iterations >= 5


def test_rosenbrocks_valley_is_walked_in_a_few_steps():
    module = Rosenbrock()
    optimizer = HessianFree(module, nn.MSELoss(), UNDAMPED)
    nothing = Sample(torch.zeros(1, 1), torch.zeros(1, 2, dtype=torch.float64))
    losses = [optimizer.step(nothing).after for _ in range(25)]
    torch.testing.assert_close(module.place.detach(), torch.ones(2, dtype=torch.float64), rtol=0, atol=1e-6)
    assert all(after <= before for before, after in itertools.pairwise(losses))


@pytest.mark.parametrize("cell", [RNN, GRU, LSTM])
def test_it_teaches_every_cell_to_remember(cell):
    optimizer = HessianFree(readout(cell), nn.MSELoss())
    sample = echoes()
    first, *_, last = [optimizer.step(sample).after for _ in range(12)]
    assert last < 0.2 * first


def test_a_step_never_leads_uphill():
    optimizer = HessianFree(readout(), nn.MSELoss(), HessianFreeSettings(damping=1e-3))
    for _ in range(10):
        step = optimizer.step(echoes())
        assert step.after <= step.before
        assert step.chosen <= step.iterations


@pytest.mark.skipif(not available(), reason="one of the ways is the native core's")
def test_both_ways_to_linearize_take_the_same_steps():
    sample, settings = echoes(), HessianFreeSettings(tolerance=1e-12, iterations=30)
    finals = []
    for kind in (ModuleModel, ReadoutModel):
        module = readout()
        optimizer = HessianFree(kind(module), nn.MSELoss(), settings)
        losses = [optimizer.step(sample).after for _ in range(3)]
        finals.append(torch.tensor([*losses, optimizer.damping]))
    # Thirty steps of conjugate gradients multiply what rounding differs in.
    torch.testing.assert_close(*finals, rtol=1e-5, atol=0)


def test_the_damping_and_the_work_are_those_of_the_steps():
    sample = echoes()
    optimizer = HessianFree(readout(), nn.MSELoss(), HessianFreeSettings(iterations=7, tolerance=0.0))
    step = optimizer.step(sample, sample.part(0, 12))
    assert step.damping == optimizer.settings.damping * step.before
    assert optimizer.damping == adapted(step.damping, step.ratio)
    assert step.iterations == 7
    # 24 gradients; 12 sequences once forward, once for the preconditioner, and in 7 products; then trials forward.
    trials = optimizer.sequence_gradients - (24 + 12 * (1 / 3 + 1) + 7 * 12 * 4 / 3)
    assert trials * 3 / 24 == pytest.approx(round(trials * 3 / 24))
    assert trials > 0


def test_structural_damping_holds_the_states():
    """The step with more of it changes the states less."""
    sample, moved = echoes(), []
    for weight in (0.0, 100.0):
        module = readout()
        before = module(sample.inputs).hidden[0].detach()
        HessianFree(module, nn.MSELoss(), HessianFreeSettings(structural=StructuralDamping(weight=weight))).step(sample)
        moved.append(float((module(sample.inputs).hidden[0].detach() - before).norm()))
    assert moved[1] < 0.5 * moved[0]


@pytest.mark.parametrize("cut", [1, 3])
def test_a_resumed_run_has_the_bits_of_one_that_went_on(cut):
    def run(optimizer, steps):
        return [optimizer.step(sample, sample.part(0, 10)) for _ in range(steps)]

    sample, settings = echoes(dtype=torch.float32), HessianFreeSettings(iterations=20)
    whole = readout(dtype=torch.float32)
    optimizer = HessianFree(whole, nn.MSELoss(), settings, seed=4)
    expected = run(optimizer, 5)

    part = readout(dtype=torch.float32)
    first = HessianFree(part, nn.MSELoss(), settings, seed=4)
    head = run(first, cut)
    weights, state = part.state_dict(), first.state_dict()
    fresh = readout(dtype=torch.float32)
    fresh.load_state_dict({name: weight.clone() for name, weight in weights.items()})
    second = HessianFree(fresh, nn.MSELoss(), settings, seed=4)
    second.load_state_dict(state)
    assert [*head, *run(second, 5 - cut)] == expected
    assert second.sequence_gradients == optimizer.sequence_gradients
    assert all(torch.equal(a, b) for a, b in zip(whole.parameters(), fresh.parameters(), strict=True))


def test_frozen_parameters_stay():
    module = nn.Sequential(nn.Linear(4, 3, dtype=torch.float64), nn.Tanh(), nn.Linear(3, 2, dtype=torch.float64))
    module[0].requires_grad_(False)
    before = module[0].weight.clone()
    x, y = rows()
    step = HessianFree(module, nn.MSELoss(), HessianFreeSettings(structural=ALONE)).step(Sample(x, y))
    assert step.after < step.before
    assert torch.equal(module[0].weight, before)


def test_where_the_gradient_vanishes_nothing_is_done():
    line = nn.Linear(2, 1, bias=False, dtype=torch.float64)
    optimizer = HessianFree(line, nn.MSELoss(), UNDAMPED)
    zeros = Sample(torch.zeros(3, 2, dtype=torch.float64), torch.zeros(3, 1, dtype=torch.float64))
    step = optimizer.step(zeros)
    assert (step.iterations, step.rate, step.after) == (0, 0.0, step.before)


def test_a_loss_without_curvature_is_refused():
    with pytest.raises(ArgumentError, match=r"`loss` must have a matching curvature: .*got L1Loss"):
        HessianFree(nn.Linear(1, 1), nn.L1Loss())


def test_a_module_without_parameters_is_refused():
    with pytest.raises(ArgumentError, match="`module` must have parameters to train: got none"):
        HessianFree(nn.Tanh(), nn.MSELoss())


def test_a_state_of_another_module_is_refused():
    optimizer = HessianFree(readout(), nn.MSELoss())
    optimizer.step(echoes())
    other = HessianFree(readout(hidden_size=5), nn.MSELoss())
    with pytest.raises(ShapeError, match="`state` must belong to this module: expected 46 parameters, got 61"):
        other.load_state_dict(optimizer.state_dict())


def test_a_loss_that_is_not_finite_is_named():
    sample = echoes()
    with pytest.raises(DivergedError, match="Training diverged before step 1: the loss became nan"):
        HessianFree(readout(), nn.MSELoss()).step(Sample(sample.inputs * math.nan, sample.targets))


def test_options_that_torch_does_not_print_are_told():
    with pytest.raises(ArgumentError, match=r"usual options, got MSELoss\(reduction='sum'\)\. Choose one of them"):
        matching_loss(nn.MSELoss(reduction="sum"))
    with pytest.raises(ArgumentError, match=r"got CrossEntropyLoss\(weight='tensor', label_smoothing=0\.1\)"):
        matching_loss(nn.CrossEntropyLoss(weight=torch.ones(3), label_smoothing=0.1))
