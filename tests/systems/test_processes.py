"""Random processes against their closed forms."""

import math

import numpy as np
import pytest
import xarray

from pendula.errors import ArgumentError
from pendula.systems import Autoregression, OrnsteinUhlenbeck, simulate


def ensemble(name, *, dt=None, duration, parameters=None):
    """Run 20 000 trajectories from one start: [time, trajectory]."""
    series = simulate(name, parameters=parameters, dt=dt, duration=duration, trajectories=20_000, spread=0.0, seed=3)
    variable = next(iter(series.data_vars))
    return series[variable].values.reshape(20_000, -1).T


def test_the_spread_of_an_autoregression_grows_as_it_should():
    phi, c, sigma, start = -0.7, 1.0, 0.5, 4.0
    runs = ensemble("ar1", duration=30, parameters={"phi": phi, "c": c, "sigma": sigma, "x0": start})
    steps = np.arange(30)
    mean = c / (1 - phi) + (start - c / (1 - phi)) * phi**steps
    variance = sigma**2 * (1 - phi ** (2 * steps)) / (1 - phi**2)
    # Five standard errors of 20 000 runs.
    np.testing.assert_allclose(runs.mean(axis=1), mean, atol=5 * math.sqrt(variance.max() / 20_000))
    np.testing.assert_allclose(runs.var(axis=1), variance, rtol=5 * math.sqrt(2 / 20_000), atol=1e-12)


@pytest.mark.parametrize("dt", [0.1, 3.0])
def test_the_velocity_of_a_brownian_particle_is_exact_at_any_interval(dt):
    settings = {"gamma": 0.8, "u": 2.0, "sigma": 1.5, "v0": -1.0}
    runs = ensemble("ornstein-uhlenbeck", dt=dt, duration=8 * dt, parameters=settings)
    times = dt * np.arange(8)
    decay = np.exp(-0.8 * times)
    variance = 1.5**2 * (1 - decay**2) / 1.6
    np.testing.assert_allclose(runs.mean(axis=1), 2 - 3 * decay, atol=5 * math.sqrt(variance.max() / 20_000))
    np.testing.assert_allclose(runs.var(axis=1), variance, rtol=5 * math.sqrt(2 / 20_000), atol=1e-12)


def test_two_short_steps_are_as_good_as_a_long_one():
    process, normal = OrnsteinUhlenbeck(gamma=0.3, sigma=2.0), np.random.default_rng(0).normal(size=(3, 400_000))
    start = (np.full(400_000, 5.0),)
    (twice,) = process.successor(process.successor(start, 0.7, normal[:1]), 0.7, normal[1:2])
    (once,) = process.successor(start, 1.4, normal[2:])
    assert twice.mean() == pytest.approx(once.mean(), abs=0.02)
    assert twice.var() == pytest.approx(once.var(), rel=0.02)


def test_the_facts(fact):
    assert fact(Autoregression(phi=0.6, sigma=0.8), "variance") == pytest.approx(1.0)
    assert fact(Autoregression(phi=0.5, c=1.0), "mean") == 2.0
    assert fact(Autoregression(sigma=1.0), "entropy rate") == pytest.approx(1.4189385)
    assert fact(Autoregression(phi=math.exp(-0.1)), "correlation time") == pytest.approx(10.0)
    assert {each.name for each in Autoregression(phi=1.0).facts()} == {"entropy rate"}
    assert fact(OrnsteinUhlenbeck(gamma=0.5, sigma=3.0), "variance") == 9.0


def test_the_seed_decides():
    first, again, other = (simulate("ar1", duration=50, seed=seed) for seed in (1, 1, 2))
    xarray.testing.assert_identical(first, again)
    assert not first.equals(other)
    assert first["time"].dtype == np.int64
    assert simulate("ornstein-uhlenbeck", dt=0.5, duration=5.0)["time"].values.tolist() == [0.5 * k for k in range(10)]


def test_bad_use():
    with pytest.raises(ArgumentError, match=r"`dt` must be 1 for `ar1`: expected 1 or nothing, got 0\.5"):
        simulate("ar1", dt=0.5)
    with pytest.raises(ArgumentError, match="`substeps` must be left out for `ar1`"):
        simulate("ar1", substeps=3)
    with pytest.raises(ArgumentError, match="`gamma` must be above 0"):
        simulate("ornstein-uhlenbeck", parameters={"gamma": 0.0})
