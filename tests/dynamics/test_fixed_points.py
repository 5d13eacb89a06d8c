"""Where maps stand still: closed forms, bisection, and theory of tanh nets are the oracles."""

import math

import pytest
import torch
from scipy.optimize import brentq
from torch import nn

from pendula.dynamics import FixedPointSearch, as_map, as_net, certify, find_cycles, find_fixed_points, hold_input
from pendula.dynamics.descent import descend, polish
from pendula.errors import ArgumentError


def line(low=-1.0, high=1.0, points=33):
    return torch.linspace(low, high, points, dtype=torch.float64)[:, None]


def unit(w):
    module = nn.RNN(1, 1, bias=False).double()
    with torch.no_grad():
        module.weight_hh_l0.fill_(w)
    return hold_input(as_net(module), torch.zeros(1))


@pytest.mark.parametrize("w", [-0.9, 0.3, 0.9, 0.999])
def test_a_weak_unit_has_one_fixed_point(w):
    found = find_fixed_points(unit(w), line())
    (point,) = found.points
    assert float(point.state) == pytest.approx(0, abs=1e-10)
    assert point.stability.modes[0].eigenvalue == pytest.approx(w)
    assert point.certificate.holds
    assert point.certificate.basis == "proved"


@pytest.mark.parametrize("w", [1.001, 1.1, 2.0, 10.0])
def test_a_strong_unit_has_three_fixed_points(w):
    found = find_fixed_points(unit(w), line())
    root = brentq(lambda h: math.tanh(w * h) - h, 1e-3, 1.0, xtol=1e-15)
    assert [float(point.state) for point in found.points] == pytest.approx([-root, root, 0], abs=1e-9)
    assert [point.stability.kind for point in found.points] == ["stable node", "stable node", "unstable node"]
    slopes = [point.stability.modes[0].eigenvalue for point in found.points]
    assert slopes == pytest.approx([w * (1 - root**2)] * 2 + [w], rel=1e-6)
    for point, exact in zip(found.points, (-root, root, 0.0), strict=True):
        assert point.residual <= 1e-12
        assert abs(float(point.state) - exact) <= point.certificate.radius + 1e-15
        assert 0 < point.certificate.isolation <= root  # no claim reaches to the next point


@pytest.mark.parametrize(("w", "units"), [(1.5, 1), (2.0, 2), (4.0, 3)])
def test_uncoupled_units_have_all_combinations(w, units):
    of = as_map(lambda h: torch.tanh(w * h), size=units)
    generator = torch.Generator().manual_seed(0)
    found = find_fixed_points(of, 2 * torch.rand(200, units, generator=generator, dtype=torch.float64) - 1)
    assert len(found.points) == 3**units
    assert len(found.stable) == 2**units
    assert sorted(point.stability.index for point in found.points) == sorted(
        k for k in range(units + 1) for _ in range(math.comb(units, k) * 2 ** (units - k))
    )


def test_slow_points_are_kept_apart():
    # The ghost of a saddle-node: h' = h + ε + h² has no fixed point, and is slowest at 0.
    ghost = find_fixed_points(as_map(lambda h: h + 1e-4 + h**2, size=1), line())
    assert ghost.points == ()
    (slow,) = ghost.slow
    assert float(slow.state) == pytest.approx(0, abs=1e-3)
    assert slow.speed == pytest.approx(1e-4, rel=1e-2)
    born = find_fixed_points(as_map(lambda h: h - 1e-4 + h**2, size=1), line())
    assert [float(point.state) for point in born.points] == pytest.approx([-0.01, 0.01])


def test_a_line_of_fixed_points_is_certified_nowhere():
    # Nothing isolates a fixed point of h' = (h₀, h₁/2) along h₀.
    shear = as_map(lambda h: h * torch.tensor([1.0, 0.5], dtype=h.dtype), size=2)
    found = find_fixed_points(shear, torch.randn(20, 2, dtype=torch.float64))
    assert found.points
    assert not any(point.certificate.holds for point in found.points)
    assert {point.stability.kind for point in found.points} == {"marginal node"}


@pytest.mark.parametrize("kind", [nn.RNN, nn.GRU, nn.LSTM])
def test_fixed_points_of_a_net_are_proved(kind):
    torch.manual_seed(3)
    module = kind(1, 12, num_layers=2).double()
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.mul_(1.5)
    of = hold_input(as_net(module), torch.tensor([0.5]))
    found = find_fixed_points(of, torch.randn(100, of.size, dtype=torch.float64))
    assert found.points
    for point in found.points:
        assert point.residual <= 1e-12
        assert point.certificate.holds
        assert point.certificate.basis == "proved"
        assert point.certificate.radius < 1e-9


def test_the_radius_of_the_certificate_holds_the_true_root():
    heron = as_map(lambda h: (h + 2 / h) / 2, size=1)
    for off in (0.0, 1e-9, 1e-5, 1e-2):
        given_root = torch.tensor([2**0.5 + off], dtype=torch.float64)
        certificate = certify(heron, given_root)
        assert certificate.holds
        assert off <= certificate.radius
    nowhere = certify(as_map(lambda h: h + 1 + h**2, size=1), torch.zeros(1, dtype=torch.float64))
    assert not nowhere.holds
    assert nowhere.radius == math.inf


def test_descent_and_newton_reach_a_root():
    of = as_map(torch.cos, size=1)
    start = torch.tensor([[5.0], [0.1]], dtype=torch.float64)
    ends = polish(of, descend(of, start, steps=50), tolerance=1e-12)
    assert ends.converged.tolist() == [True, True]
    torch.testing.assert_close(ends.states, torch.full((2, 1), 0.7390851332151607, dtype=torch.float64))


def test_a_map_with_a_cycle_of_four_gives_it():
    # A rotation by a quarter turn that attracts to the unit circle's corners.
    def quarter(h):
        turned = torch.stack([-h[:, 1], h[:, 0]], dim=1)
        return torch.tanh(2 * turned)

    cycles = find_cycles(as_map(quarter, size=2), 2 * torch.rand(200, 2, dtype=torch.float64) - 1, longest=4)
    stable = [cycle for cycle in cycles if cycle.stability.is_stable]
    assert [cycle.period for cycle in stable] == [4]
    assert stable[0].certificate.holds
    assert stable[0].residual <= 1e-12
    root = brentq(lambda h: math.tanh(2 * h) - h, 0.1, 1.0)
    torch.testing.assert_close(stable[0].states.abs(), torch.full((4, 2), root, dtype=torch.float64))


@pytest.mark.parametrize(("r", "period"), [(3.2, 2), (3.5, 4), (3.83, 3), (3.55, 8)])
def test_the_logistic_map_has_the_stable_cycle_of_its_window(r, period):
    of = as_map(lambda h: r * h * (1 - h), size=1)
    cycles = find_cycles(of, line(0.01, 0.99), longest=period, search=FixedPointSearch(starts=60))
    stable = [cycle for cycle in cycles if cycle.stability.is_stable]
    assert [cycle.period for cycle in stable] == [period]
    slope = math.prod(r * (1 - 2 * float(h)) for h in stable[0].states)
    assert stable[0].stability.modes[0].eigenvalue == pytest.approx(slope, abs=1e-9)


def test_cycles_of_two_have_the_closed_form():
    r = 3.2
    (cycle,) = find_cycles(as_map(lambda h: r * h * (1 - h), size=1), line(0.01, 0.99), longest=2)
    root = math.sqrt((r - 3) * (r + 1))
    expected = [(r + 1 - root) / (2 * r), (r + 1 + root) / (2 * r)]
    assert sorted(cycle.states.flatten().tolist()) == pytest.approx(expected, abs=1e-12)


def test_the_same_search_gives_the_same_bits():
    of = unit(2.0)
    states = [[point.state.tolist() for point in find_fixed_points(of, line()).points] for _ in range(2)]
    assert states[0] == states[1]


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"starts": -1}, "`starts` must be at least 0"),
        ({"steps": 0}, "`steps` must be at least 1"),
        ({"tolerance": 0.0}, "`tolerance` must be positive"),
        ({"dt": -1.0}, "`dt` must be positive"),
        ({"spread": -0.1}, "`spread` must not be negative"),
    ],
)
def test_settings_are_checked(settings, message):
    with pytest.raises(ArgumentError, match=message):
        FixedPointSearch(**settings)


def test_a_cycle_of_one_is_no_cycle():
    with pytest.raises(ArgumentError, match="`longest` must be at least 2"):
        find_cycles(unit(2.0), line(), longest=1)
