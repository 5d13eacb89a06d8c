"""Nesterov's gradient: torch's own and the published equations in the weights themselves are the oracles."""

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from pendula.optim import Nesterov, momentum_at


@given(st.integers(0, 10**7), st.floats(0, 0.999))
def test_the_momentum_follows_the_published_schedule(step, largest):
    assert momentum_at(step, largest=largest) == min(1 - 2 ** (-1 - math.log2(step // 250 + 1)), largest)
    assert momentum_at(step, largest=largest) <= momentum_at(step + 250, largest=largest)


def test_the_momentum_by_hand():
    # 1 − 1/(2 (k + 1)) after 250 k steps.
    assert [momentum_at(250 * k, largest=1.0) for k in (0, 1, 3, 9)] == pytest.approx([1 / 2, 3 / 4, 7 / 8, 19 / 20])
    assert momentum_at(249) == 0.5
    assert momentum_at(10**6, largest=0.995) == 0.995


def problem(seed=0):
    generator = torch.Generator().manual_seed(seed)
    matrix = torch.randn(5, 5, generator=generator, dtype=torch.float64)
    start = torch.randn(5, generator=generator, dtype=torch.float64)
    return matrix.T @ matrix / 5, start


@pytest.mark.parametrize("weight_decay", [0.0, 0.1])
@pytest.mark.parametrize("momentum", [0.0, 0.5, 0.95])
def test_with_constant_rates_it_is_that_of_torch(momentum, weight_decay):
    matrix, start = problem()
    ours, theirs = torch.nn.Parameter(start.clone()), torch.nn.Parameter(start.clone())
    one = Nesterov([ours], lr=0.02, momentum=momentum, weight_decay=weight_decay)
    # Without momentum torch's is plain gradient descent, and refuses the name.
    options = {"nesterov": True} if momentum else {}
    other = torch.optim.SGD([theirs], lr=0.02, momentum=momentum, weight_decay=weight_decay, **options)
    for _ in range(50):
        for weight, descent in ((ours, one), (theirs, other)):
            descent.zero_grad()
            (weight @ matrix @ weight).backward()
            descent.step()
        torch.testing.assert_close(ours, theirs, rtol=1e-12, atol=1e-13)


def test_with_changing_rates_it_follows_the_published_equations():
    matrix, start = problem(1)
    rates = [0.03 * 0.97**step for step in range(60)]
    momenta = [min(0.5 + 0.02 * step, 0.9) for step in range(61)]
    weight = torch.nn.Parameter(start.clone())
    descent = Nesterov([weight], lr=rates[0], momentum=momenta[0])
    theta, velocity = start.clone(), torch.zeros(5, dtype=torch.float64)
    for step, rate in enumerate(rates):
        ahead = theta + momenta[step] * velocity
        torch.testing.assert_close(weight.detach(), ahead, rtol=1e-12, atol=1e-13)
        velocity = momenta[step] * velocity - rate * 2 * matrix @ ahead
        theta = theta + velocity
        descent.param_groups[0].update(lr=rate, momentum=momenta[step], next_momentum=momenta[step + 1])
        descent.zero_grad()
        (weight @ matrix @ weight).backward()
        descent.step()


def test_rates_may_be_tensors():
    matrix, start = problem(2)
    ends = []
    for kind in (float, torch.tensor):
        weight = torch.nn.Parameter(start.clone())
        rates = (torch.tensor(value, dtype=torch.float64) if kind is not float else value for value in (0.02, 0.9))
        descent = Nesterov([weight], lr=next(rates), momentum=next(rates))
        for _ in range(5):
            descent.zero_grad()
            (weight @ matrix @ weight).backward()
            descent.step()
        ends.append(weight.detach())
    assert torch.equal(*ends)


def test_parameters_without_a_gradient_stay():
    weight = torch.nn.Parameter(torch.ones(2))
    descent = Nesterov([weight], lr=0.1)
    descent.step()
    assert torch.equal(weight.detach(), torch.ones(2))
    assert not descent.state


def test_a_closure_is_asked_for_the_loss():
    weight = torch.nn.Parameter(torch.tensor(1.0))
    descent = Nesterov([weight], lr=0.1, momentum=0.0)

    def loss():
        descent.zero_grad()
        value = weight.square()
        value.backward()
        return value.item()

    assert descent.step(loss) == 1.0
    assert weight.item() == pytest.approx(0.8)
