"""What eigenvalues say: times in closed form, and the names of textbook examples."""

import math

import pytest
import torch

from pendula.dynamics import stability_of


def turn(size, angle):
    c, s = size * math.cos(angle), size * math.sin(angle)
    return torch.tensor([[c, -s], [s, c]], dtype=torch.float64)


@pytest.mark.parametrize(
    ("matrix", "kind", "index"),
    [
        (torch.diag(torch.tensor([0.5, 0.2])), "stable node", 0),
        (turn(0.9, 0.3), "stable focus", 0),
        (torch.diag(torch.tensor([1.5, 0.2])), "saddle", 1),
        (torch.block_diag(turn(1.1, 0.3), torch.tensor([[0.5]])), "saddle", 2),
        (torch.diag(torch.tensor([-1.5, 1.2])), "unstable node", 2),
        (turn(1.2, 1.0), "unstable focus", 2),
        (turn(1.0, 1.0), "marginal focus", 0),
        (torch.diag(torch.tensor([1.0, 0.5])), "marginal node", 0),
    ],
)
def test_kinds(matrix, kind, index):
    found = stability_of(matrix.to(torch.float64))
    assert (found.kind, found.index) == (kind, index)
    assert found.is_stable == kind.startswith("stable")


def test_times_are_those_of_the_damped_oscillator_that_was_sampled():
    # exp(−γt) cos(ωt) sampled every dt
    gamma, omega, dt = 0.3, 2.0, 0.05
    found = stability_of(turn(math.exp(-gamma * dt), omega * dt), dt=dt)
    (mode,) = found.modes
    assert mode.decay_time == pytest.approx(1 / gamma)
    assert mode.period == pytest.approx(2 * math.pi / omega)


def test_growth_alternation_and_loss_have_their_times():
    grows, flips, lost = stability_of(torch.diag(torch.tensor([2.0, -0.5, 0.0], dtype=torch.float64)), dt=0.1).modes
    assert grows.decay_time == pytest.approx(-0.1 / math.log(2))
    assert grows.period == math.inf
    assert flips.period == pytest.approx(0.2)
    assert lost.decay_time == 0.0
