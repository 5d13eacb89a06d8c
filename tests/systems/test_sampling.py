import numpy as np
import pytest

from pendula.errors import ArgumentError
from pendula.systems import Logistic, Lorenz63, MackeyGlass, Oscillator, Sine, Tolerance
from pendula.systems.base import System
from pendula.systems.sampling import Grid, sample


def starts(*columns):
    return np.array(columns).T


def test_rows_lay_trajectories_end_to_end():
    run = sample(Logistic(), starts([0.1], [0.2]), grid=Grid(duration=3))
    np.testing.assert_allclose(run.rows()[:, 0], [0.1, 0.36, 0.9216, 0.2, 0.64, 0.9216])
    assert run.times.dtype == np.int64
    assert run.time_name == "step"


@pytest.mark.parametrize("count", [7, 8])
def test_few_and_many_trajectories_are_the_same_runs(count):
    columns = np.random.default_rng(0).normal(size=(3, count))
    run = sample(Lorenz63(), columns, grid=Grid(duration=1.0))
    alone = sample(Lorenz63(), columns[:, :1], grid=Grid(duration=1.0))
    assert run.states.shape == (100, 3, count)
    np.testing.assert_allclose(run.states[:, :, :1], alone.states, rtol=1e-9)


def test_defaults_of_the_system_hold():
    run = sample(MackeyGlass(), starts([1.2]), grid=Grid(duration=5))
    assert run.how == {"method": "rk4", "dt": 1.0, "substeps": 10}
    assert sample(Oscillator(), starts([1.0, 0.0]), grid=Grid()).times.shape == (5000,)


def test_the_adaptive_method_tells_its_tolerance():
    exact = Tolerance(relative=1e-8, absolute=1e-9)
    run = sample(Oscillator(), starts([1.0, 0.0]), grid=Grid(duration=1.0), method="dop853", tolerance=exact)
    assert run.how == {"method": "dop853", "dt": 0.002, "relative_tolerance": 1e-8, "absolute_tolerance": 1e-9}


def test_signals_take_a_step_or_a_number_of_points():
    ends = sample(Sine(points=5, t_max=1.0), starts([0.0]), grid=Grid())
    np.testing.assert_allclose(ends.times, [0, 0.25, 0.5, 0.75, 1.0])
    stepped = sample(Sine(), starts([0.0]), grid=Grid(dt=0.25, duration=1.0))
    np.testing.assert_allclose(stepped.times, [0, 0.25, 0.5, 0.75])
    assert stepped.system.settings["points"] == 4
    assert stepped.system.settings["t_max"] == 0.75
    longer = sample(Sine(), starts([0.0]), grid=Grid(duration=100))
    assert longer.times[-1] == 100.0
    assert longer.how == {"method": "closed form", "dt": 100 / 999}


@pytest.mark.parametrize(
    ("system", "grid", "method", "message"),
    [
        (Oscillator(), Grid(), "rk5", r"`method` must name an integrator: got `rk5`. Did you mean `rk4`\?"),
        (
            MackeyGlass(),
            Grid(),
            "dop853",
            "`method` must be `euler` or `rk4` for the delay equation `mackey-glass`: got",
        ),
        (MackeyGlass(tau=0.05), Grid(), "rk4", "`delay` must not be shorter than a step: .* Raise `substeps`"),
        (Logistic(), Grid(dt=0.5), "rk4", "`dt` must be 1 for a map: expected 1 or nothing, got 0.5"),
        (
            Logistic(),
            Grid(substeps=2),
            "rk4",
            "`substeps` must be left out for `logistic`: expected nothing to integrate",
        ),
        (Sine(), Grid(substeps=2), "rk4", "`substeps` must be left out for `sine`"),
        (Sine(), Grid(dt=1.0, duration=0.5), "rk4", "`dt` must be shorter than the duration: expected two samples"),
        (Sine(), Grid(dt=1.0, fixed=frozenset({"points"})), "rk4", "`dt` must be left out where `points` is set"),
        (Sine(), Grid(duration=1.0, fixed=frozenset({"t_max"})), "rk4", "`duration` must be left out where `t_max` is"),
        (Sine(), Grid(duration=-1.0), "rk4", "`duration` must be positive"),
        (Sine(points=10**9), Grid(), "rk4", "fits into memory"),
        (Sine(), Grid(dt=1e-9), "rk4", "fits into memory"),
        (Logistic(), Grid(duration=1e10), "rk4", "fits into memory"),
        (Oscillator(), Grid(duration=1e8), "rk4", "fits into memory"),
        (Oscillator(), Grid(dt=-1.0), "rk4", "`dt` must be positive"),
        (Oscillator(), Grid(substeps=0), "rk4", "`substeps` must be a positive whole number"),
    ],
)
def test_bad_grids_are_refused(system, grid, method, message):
    with pytest.raises(ArgumentError, match=message):
        sample(system, starts(system.initial_state or (0.0,)), grid=grid, method=method)


def test_a_system_of_no_kind_is_refused():
    with pytest.raises(
        ArgumentError, match="`system` must be a flow, a delay equation, a map, a process or a signal: got System"
    ):
        sample(System(), starts([0.0]), grid=Grid())
