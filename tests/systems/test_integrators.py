import subprocess
import sys

import numpy as np
import pytest

from pendula.errors import ArgumentError, DivergedError, ShapeError
from pendula.systems import Lorenz96, Oscillator, Tolerance, integrate, iterate

SYSTEM = Oscillator()


def error(dt, **how):
    samples = round(5.0 / dt) + 1
    run = integrate(SYSTEM.derivative, SYSTEM.initial_state, dt=dt, samples=samples, **how)
    return np.abs(run[-1] - SYSTEM.exact([5.0])[0]).max()


@pytest.mark.parametrize(
    ("method", "order", "steps"), [("euler", 1, [2e-3, 1e-3, 5e-4]), ("rk4", 4, [0.1, 0.05, 0.025])]
)
def test_fixed_steps_converge_with_their_order(method, order, steps):
    errors = [error(dt, method=method) for dt in steps]
    slopes = np.diff(np.log(errors)) / np.diff(np.log(steps))
    np.testing.assert_allclose(slopes, order, atol=0.1)


def test_adaptive_steps_keep_their_tolerance():
    for tolerance in (1e-6, 1e-8, 1e-10):
        how = Tolerance(relative=tolerance, absolute=tolerance)
        assert error(0.05, method="dop853", tolerance=how) < 100 * tolerance
    assert error(0.05, method="dop853") < 1e-8
    assert error(0.05, method="dop853", tolerance=Tolerance(relative=1e-3, absolute=1e-3)) > 1e-7


def test_substeps_are_smaller_steps_of_which_some_are_kept():
    fine = integrate(SYSTEM.derivative, SYSTEM.initial_state, dt=0.025, samples=81)
    coarse = integrate(SYSTEM.derivative, SYSTEM.initial_state, dt=0.1, samples=21, substeps=4)
    np.testing.assert_allclose(coarse, fine[::4], rtol=1e-13, atol=1e-14)


@pytest.mark.parametrize("method", ["euler", "rk4", "dop853"])
def test_batches_are_many_runs(method):
    starts = np.random.default_rng(0).normal(size=(2, 3))
    batch = integrate(SYSTEM.derivative, starts, dt=0.1, samples=30, method=method)
    single = [integrate(SYSTEM.derivative, start, dt=0.1, samples=30, method=method) for start in starts.T]
    assert batch.shape == (30, 2, 3)
    np.testing.assert_allclose(batch, np.stack(single, axis=-1), rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize("method", ["rk4", "dop853"])
@pytest.mark.parametrize("sites", [6, 40])
def test_arrays_and_floats_give_the_same_run(sites, method):
    system = Lorenz96(sites=sites)
    run = integrate(system.derivative, system.initial_state, dt=0.05, samples=20, method=method)
    batch = integrate(system.derivative, np.array(system.initial_state)[:, None], dt=0.05, samples=20, method=method)
    np.testing.assert_allclose(run, batch[:, :, 0], rtol=1e-10)


@pytest.mark.parametrize("method", ["euler", "rk4", "dop853"])
def test_one_sample_is_the_initial_state(method):
    assert integrate(SYSTEM.derivative, [3.0, 4.0], dt=0.1, samples=1, method=method).tolist() == [[3.0, 4.0]]


@pytest.mark.parametrize("method", ["rk4", "dop853"])
def test_a_run_to_infinity_names_its_time(method):
    # x' = x², x(0) = 1 is 1/(1 - t): it leaves the finite numbers at t = 1
    with pytest.raises(DivergedError, match=r"it left the finite numbers at t = 1(\.0\d*)? \(sample 10[0-9]\)"):
        integrate(lambda _, state: (state[0] * state[0],), [1.0], dt=0.01, samples=300, method=method)


def test_a_batch_that_overflows_names_its_time():
    with pytest.raises(DivergedError, match=r"at t = 1\.\d+ \(sample"):
        integrate(lambda _, state: (state[0] * state[0],), np.array([[0.1, 1.0]]), dt=0.01, samples=300)


@pytest.mark.parametrize("method", ["euler", "dop853"])
def test_errors_of_python_floats_are_divergence_too(method):
    with pytest.raises(DivergedError, match="left the finite numbers"):
        integrate(lambda _, state: (1.0 / (state[0] * 0.0),), [1.0], dt=0.1, samples=10, method=method)
    with pytest.raises(DivergedError, match=r"t = 5000 \(sample 5000\)"):
        iterate(lambda state: (state[0] + 1.0 / (4999.0 - state[0]) * 0.0 + 1.0,), [0.0], samples=9000)


def test_an_error_after_the_state_has_left_names_the_earlier_time():
    with pytest.raises(DivergedError, match=r"at t = 1024 \(sample 1024\)"):
        iterate(lambda state: (2.0 * state[0] / (1.0 - (state[0] == float("inf"))),), [1.0], samples=5000)


def test_maps_that_run_away_name_their_step():
    with pytest.raises(DivergedError, match=r"at t = 1024 \(sample 1024\)"):
        iterate(lambda state: (2.0 * state[0],), [1.0], samples=5000)


@pytest.mark.parametrize(
    ("arguments", "kind", "message"),
    [
        ({"dt": -0.1}, ArgumentError, "`dt` must be positive"),
        ({"samples": 0}, ArgumentError, "`samples` must be a positive whole number"),
        ({"substeps": 0}, ArgumentError, "`substeps` must be a positive whole number"),
        ({"method": "rk5"}, ArgumentError, r"`method` must name an integrator: got `rk5`. Did you mean `rk4`\?"),
        ({"initial": []}, ShapeError, "`initial` must hold components"),
        ({"initial": [float("nan"), 0.0]}, ArgumentError, "`initial` must be finite"),
        ({"samples": 10**9}, ArgumentError, "`duration` must give a series that fits into memory"),
    ],
)
def test_bad_arguments_are_refused_before_the_run(arguments, kind, message):
    settings = {"initial": [1.0, 0.0], "dt": 0.1, "samples": 10, **arguments}
    with pytest.raises(kind, match=message):
        integrate(SYSTEM.derivative, settings.pop("initial"), **settings)


@pytest.mark.parametrize(
    ("bounds", "message"),
    [
        ({"relative": 1e-15}, "`relative` must lie in range: expected 1e-13 ≤ relative < 1, got 1e-15"),
        ({"relative": float("nan")}, "`relative` must lie in range"),
        ({"absolute": 0.0}, "`absolute` must be positive: expected a finite number above 0, got 0.0"),
    ],
)
def test_bad_tolerances_are_refused(bounds, message):
    with pytest.raises(ArgumentError, match=message):
        Tolerance(**bounds)


def test_a_long_run_is_stored_whole_across_chunks():
    run = iterate(lambda state: (state[0] + 1.0,), [0.0], samples=10_001)
    np.testing.assert_array_equal(run[:, 0], np.arange(10_001.0))


FRESH = """
import sys, time
import pendula.systems as systems
late = {"scipy", "scipy.integrate", "xarray", "pandas", "h5py", "matplotlib", "pydantic", "rich"} & set(sys.modules)
assert not late, late
oscillator = systems.Oscillator()
start = time.perf_counter()
systems.integrate(oscillator.derivative, oscillator.initial_state, dt=0.002, samples=100_000)
print(time.perf_counter() - start)
"""


def test_import_is_cheap_and_a_hundred_thousand_steps_take_a_moment():
    # In a fresh interpreter: the shape checks of the tests cost more than the steps. They take 0.2 s on a laptop.
    done = subprocess.run([sys.executable, "-c", FRESH], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert float(done.stdout) < 4
