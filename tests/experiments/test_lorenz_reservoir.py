"""A reservoir on the Lorenz attractor: what is scored, and how well."""

import numpy as np
import pytest

from pendula.errors import ArgumentError
from pendula.experiments import EXPERIMENTS, LorenzReservoir
from pendula.experiments import lorenz_reservoir as module
from pendula.training import silent


def run(**settings):
    return EXPERIMENTS["lorenz-reservoir"].run(LorenzReservoir(**settings), lambda _: silent)


@pytest.fixture(scope="module")
def small():
    return run(units=100, train=2000, starts=3)


def test_valid_times_are_given_alone_and_against_the_limit_of_rounding(small):
    scored = small.results["valid_time_lyapunov"]
    assert len(scored["all"]) == 3
    assert scored["median"] == pytest.approx(np.median(scored["all"]))
    assert scored["q10"] == pytest.approx(np.quantile(scored["all"], 0.1))
    assert small.results["float64_limit_lyapunov"] == pytest.approx(35.1, abs=0.05)
    assert small.results["fraction_of_float64_limit"] == pytest.approx(scored["median"] / 35.1, rel=1e-2)
    assert small.results["seconds"] > 0
    assert scored["median"] > 4  # next-generation reservoirs of 28 features reach 4.0


def test_the_truth_is_the_flow_and_starts_are_not_learned_from():
    settings = LorenzReservoir(train=50, starts=2, dt=0.01)
    known, truth = module._truth(settings)
    assert known.shape == (50, 3)
    assert len(truth) == 2
    # The second start lies eight Lyapunov times after the first, on the same trajectory.
    shift = round(module.SPACING / module.LAMBDA / 0.01)
    np.testing.assert_array_equal(truth[0, shift:], truth[1, : len(truth[0]) - shift])
    x, y, _ = truth[0].T
    np.testing.assert_allclose(np.gradient(x, 0.01, edge_order=2)[1:-1], 10 * (y - x)[1:-1], rtol=0, atol=2.0)
    assert not np.isin(known, truth).any()


def test_the_report_holds_verdict_and_figure(small):
    assert [figure.name for figure in small.content.figures] == ["lorenz-reservoir"]
    assert small.figures["lorenz-reservoir"].startswith(b"\x89PNG")
    assert "of the 35 Lyapunov times after which rounding alone" in small.content.verdict[1]


def test_settings_are_checked():
    with pytest.raises(ArgumentError, match=r"`starts` must be positive: expected 1 or more, got 0\. Count them\."):
        LorenzReservoir(starts=0)
    with pytest.raises(ArgumentError, match=r"`dt` must resolve the flow: expected a number .* 0\.1, got 0\.5\. Take"):
        LorenzReservoir(dt=0.5)


@pytest.mark.slow
def test_the_median_valid_time_is_twelve_lyapunov_times():
    assert run().results["valid_time_lyapunov"]["median"] >= 12
