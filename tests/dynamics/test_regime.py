"""Verdicts on maps whose behavior is known."""

import math

import pytest
import torch

from pendula.dynamics import LyapunovSettings, as_map, judge, lyapunov_spectrum, run_on, system_map
from pendula.errors import ArgumentError


def verdict(of, start, *, steps=800, transient=400, dt=1.0):
    orbit = run_on(of, torch.tensor(start), steps=steps, transient=transient)
    finite = len(orbit) == steps
    settings = LyapunovSettings(steps=steps, transient=200)
    return judge(orbit, lyapunov_spectrum(of, orbit[:1], settings) if finite else None, steps=steps, dt=dt)


def logistic(r):
    return as_map(lambda h: r * h * (1 - h), size=1, jacobian=lambda h: (r * (1 - 2 * h))[..., None])


def rotation(turns):
    c, s = math.cos(2 * math.pi * turns), math.sin(2 * math.pi * turns)
    matrix = torch.tensor([[c, -s], [s, c]], dtype=torch.float64)
    return as_map(lambda h: h @ matrix.T, size=2, jacobian=lambda h: matrix.expand(len(h), -1, -1))


@pytest.mark.parametrize(
    ("r", "kind", "period"),
    [
        (2.5, "point", None),
        (3.2, "periodic", 2.0),
        (3.5, "periodic", 4.0),
        (3.83, "periodic", 3.0),
        (4.0, "chaotic", 0),
    ],
)
def test_the_logistic_map_takes_its_way_to_chaos(r, kind, period):
    found = verdict(logistic(r), [0.3])
    assert found.kind == kind
    assert period == 0 or found.period == period


def test_a_rotation_by_an_irrational_angle_is_quasi_periodic():
    golden = (math.sqrt(5) - 1) / 2
    found = verdict(rotation(golden), [1.0, 0.0], dt=0.1)
    assert found.kind == "quasi-periodic"
    assert found.period == pytest.approx(0.1 / (1 - golden), rel=1e-3)
    assert any("cannot be told from zero" in sentence for sentence in found.evidence)


def test_a_rotation_by_a_rational_angle_is_periodic():
    found = verdict(rotation(2 / 7), [1.0, 0.0], dt=0.5)
    assert (found.kind, found.period) == ("periodic", 3.5)


def test_a_torus_of_two_angles_is_quasi_periodic():
    turns = torch.tensor([math.sqrt(2) - 1, math.sqrt(3) - 1], dtype=torch.float64)

    def step(h):
        angle = 2 * math.pi * turns
        re, im = h[:, :2], h[:, 2:]
        norm = torch.hypot(re, im)
        return (
            torch.cat([re * angle.cos() - im * angle.sin(), re * angle.sin() + im * angle.cos()], 1)
            / norm.repeat(1, 2).sqrt()
        )

    found = verdict(as_map(step, size=4), [1.0, 1.0, 0.0, 0.0], steps=600)
    assert found.kind == "quasi-periodic"
    assert "a torus of at most 2 dimensions" in found.evidence[1]


def test_the_samples_of_an_oscillation_fill_a_closed_curve():
    found = verdict(system_map("van-der-pol", dt=0.1), [2.0, 0.0], steps=2000, transient=1000, dt=0.1)
    assert found.kind == "quasi-periodic"
    assert "a closed curve" in found.evidence[1]
    assert found.period == pytest.approx(6.6633, rel=5e-3)  # of the oscillator with μ = 1


def test_growth_without_bound_is_divergent():
    found = verdict(as_map(lambda h: 2 * h**3, size=1), [3.0], transient=0)
    assert found.kind == "divergent"
    assert "left the finite numbers" in found.evidence[0]


def test_an_orbit_that_shrinks_slowly_settles_on_a_point():
    turn = rotation(0.1)
    spiral = as_map(lambda h: 0.995 * turn.step(h), size=2, jacobian=lambda h: 0.995 * turn.linearize(h))
    found = verdict(spiral, [1.0, 0.0], transient=0)
    assert found.kind == "point"
    assert "settles on a point" in found.evidence[1]


def test_a_run_needs_a_step():
    with pytest.raises(ArgumentError, match="`steps` must be positive"):
        run_on(logistic(2.0), torch.ones(1), steps=0)
