"""Maps and their derivatives, and clear answers where a map cannot be analyzed."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from pendula.dynamics import StateMap, as_map, find_cycles, find_fixed_points, lyapunov_spectrum, power
from pendula.dynamics.state_map import check_map
from pendula.errors import ArgumentError, DivergedError, ShapeError, TooLargeError


def sine_map(a=1.3):
    return as_map(lambda h: torch.sin(a * h) + 0.5 * h.flip(1), size=3)


def test_torch_func_differentiates_a_function():
    states, directions = torch.randn(4, 3, dtype=torch.float64), torch.randn(4, 3, 2, dtype=torch.float64)
    jacobians = sine_map().jacobian(states)
    expected = torch.diag_embed(1.3 * torch.cos(1.3 * states)) + 0.5 * torch.eye(3, dtype=torch.float64).flip(1)
    torch.testing.assert_close(jacobians, expected, rtol=0, atol=1e-15)
    after, pushed = sine_map().push(states, directions)
    torch.testing.assert_close(after, sine_map().step(states))
    torch.testing.assert_close(pushed, expected @ directions, rtol=0, atol=1e-14)


@given(st.integers(1, 5))
def test_a_power_is_the_map_applied_again_and_again(period):
    of, turned = sine_map(), power(sine_map(), period)
    states = torch.linspace(-1, 1, 6, dtype=torch.float64).reshape(2, 3)
    expected, product = states, torch.eye(3, dtype=torch.float64).expand(2, -1, -1)
    for _ in range(period):
        product = of.jacobian(expected) @ product
        expected = of.step(expected)
    torch.testing.assert_close(turned.step(states), expected)
    torch.testing.assert_close(turned.jacobian(states), product)
    torch.testing.assert_close(turned.push(states, torch.eye(3, dtype=torch.float64).expand(2, -1, -1))[1], product)


def test_the_second_derivative_of_a_power_stays_within_its_bound():
    once = as_map(lambda h: torch.tanh(2 * h), size=1, jacobian=lambda h: (2 / torch.cosh(2 * h) ** 2)[..., None])
    bounded = StateMap(
        size=1, step=once.step, linearize=once.linearize, push=once.push, curvature=lambda _, __: 4 * 4 / 3**1.5
    )
    thrice = power(bounded, 3)
    state, radius = torch.tensor([0.1], dtype=torch.float64), 1e-3
    points = (state + torch.linspace(-radius, radius, 21, dtype=torch.float64)[:, None]).requires_grad_()
    slope = torch.autograd.grad(thrice.step(points).sum(), points, create_graph=True)[0]
    second = torch.autograd.grad(slope.sum(), points)[0].abs().max()
    assert 0.1 * thrice.curvature(state, radius) < float(second) <= thrice.curvature(state, radius)


def test_a_map_that_gives_nan_is_named():
    broken = as_map(lambda h: h / 0.0 * 0.0, size=2)
    for ask in (find_fixed_points, lyapunov_spectrum):
        with pytest.raises(DivergedError, match=r"`map` must give finite states: got NaN or infinity after each of 3"):
            ask(broken, torch.ones(3, 2))


def test_starts_whose_successors_are_not_finite_are_left_out():
    half_broken = as_map(torch.sqrt, size=1)
    usable = check_map(half_broken, torch.tensor([[-1.0], [4.0]]))
    torch.testing.assert_close(usable, torch.tensor([[4.0]]))
    assert float(find_fixed_points(half_broken, usable).points[0].state) == pytest.approx(1, abs=1e-12)


def test_a_map_with_a_clock_of_its_own_is_named():
    calls = []

    def clocked(h):
        calls.append(1)
        return h + len(calls)

    for ask in (find_fixed_points, lyapunov_spectrum):
        with pytest.raises(ArgumentError, match="`map` must be autonomous: expected one successor of a state, got two"):
            ask(as_map(clocked, size=1), torch.ones(2, 1))


def test_a_net_with_dropout_is_named():
    dropout = torch.nn.Dropout(0.5)
    with pytest.raises(ArgumentError, match="`map` must be autonomous"):
        find_fixed_points(as_map(dropout, size=50), torch.ones(2, 50))


def test_a_state_too_large_for_dense_jacobians_is_named():
    large = as_map(lambda h: 0.5 * h, size=20_000)
    with pytest.raises(TooLargeError, match=r"got 2 of 20000 × 20000, 6\.0 GiB.*`lyapunov_spectrum`"):
        find_fixed_points(large, torch.ones(2, 20_000))
    with pytest.raises(TooLargeError, match=r"got 2 of 20000 × 20000"):
        find_cycles(large, torch.ones(2, 20_000), longest=2)
    with pytest.raises(TooLargeError, match="`states` must be few and small enough for dense Jacobians"):
        large.jacobian(torch.ones(1, 20_000, dtype=torch.float64))


def test_wrong_shapes_are_named(unchecked):
    with pytest.raises(ShapeError, match=r"`states` must hold one state a row: expected shape \(…, 3\), got \(2, 2\)"):
        find_fixed_points(sine_map(), torch.ones(2, 2))
    with pytest.raises(ShapeError, match="`map` must take states to states"):
        find_fixed_points(as_map(lambda h: h[:, :1], size=2), torch.ones(2, 2))
    for wrong, message in ((lambda: as_map(torch.sin, size=0), "`size`"), (lambda: power(sine_map(), 0), "`period`")):
        with pytest.raises(ArgumentError, match=f"{message} must be positive"):
            wrong()
