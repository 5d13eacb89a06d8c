import math

import numpy as np
import pytest
from scipy.integrate import solve_ivp

from pendula.errors import ArgumentError, DivergedError, ShapeError
from pendula.systems import MackeyGlass, integrate_delay


def method_of_steps(t):
    """Solve x' = -x(t - 1), x = 1 before 0: a polynomial of one degree more on every interval."""
    return sum((-1) ** k * max(t - (k - 1), 0.0) ** k / math.factorial(k) for k in range(math.floor(t) + 2))


def linear(t, state, past):
    return (-past[0],)


def error(dt, **how):
    samples = round(8.0 / dt) + 1
    run = integrate_delay(linear, [1.0], delay=1.0, dt=dt, samples=samples, **how)[:, 0]
    return np.abs(run - [method_of_steps(k * dt) for k in range(samples)]).max()


@pytest.mark.parametrize(
    ("method", "order", "steps"), [("euler", 1, [0.01, 0.005, 0.0025]), ("rk4", 4, [0.25, 0.125, 0.0625])]
)
def test_methods_converge_with_their_order(method, order, steps):
    errors = [error(dt, method=method) for dt in steps]
    slopes = np.diff(np.log(errors)) / np.diff(np.log(steps))
    np.testing.assert_allclose(slopes, order, atol=0.3)


@pytest.mark.parametrize("method", ["euler", "rk4"])
def test_delays_between_two_steps_are_interpolated(method):
    # 1/0.07 is no whole number; the kinks of the solution then lie inside a step
    samples, dt = 100, 0.07
    run = integrate_delay(linear, [1.0], delay=1.0, dt=dt, samples=samples, method=method, substeps=10)[:, 0]
    expected = [method_of_steps(k * dt) for k in range(samples)]
    np.testing.assert_allclose(run, expected, atol=1e-2 if method == "euler" else 2e-5)


def test_mackey_glass_agrees_with_an_adaptive_method_of_steps():
    system, tau = MackeyGlass(tau=7.3), 7.3
    pieces = [lambda _: np.array([1.2])]
    start = np.array([1.2])
    for k in range(6):

        def rate(t, x, past=pieces[-1]):
            return [system.derivative(t, (x[0],), (past(t - tau)[0],))[0]]

        span = (k * tau, (k + 1) * tau)
        piece = solve_ivp(rate, span, start, method="DOP853", rtol=1e-12, atol=1e-12, dense_output=True)
        pieces.append(piece.sol)
        start = piece.y[:, -1]
    t = np.arange(40) * 1.0
    expected = [pieces[1 + int(time // tau)](time)[0] for time in t]
    run = integrate_delay(system.derivative, [1.2], delay=tau, dt=1.0, samples=40, substeps=20)
    np.testing.assert_allclose(run[:, 0], expected, atol=1e-6)


def test_without_memory_it_is_an_ordinary_equation():
    run = integrate_delay(lambda t, _state, _past: (math.cos(t),), [0.0], delay=2.0, dt=0.1, samples=50)
    np.testing.assert_allclose(run[:, 0], np.sin(np.arange(50) * 0.1), atol=1e-6)


def test_batches_are_many_runs():
    system = MackeyGlass()
    starts = np.array([[0.5, 0.9, 1.2]])
    batch = integrate_delay(system.derivative, starts, delay=17.0, dt=1.0, samples=50, substeps=4)
    single = [
        integrate_delay(system.derivative, start, delay=17.0, dt=1.0, samples=50, substeps=4) for start in starts.T
    ]
    np.testing.assert_allclose(batch, np.stack(single, axis=-1), rtol=1e-12)


def test_the_shortest_delay_is_one_step():
    run = integrate_delay(linear, [1.0], delay=0.1, dt=0.1, samples=4, method="euler")[:, 0]
    np.testing.assert_allclose(run, [1.0, 0.9, 0.8, 0.71])


def test_a_delay_of_whole_steps_is_not_interpolated():
    # 0.3/0.1 is a little less than 3
    x = [1.0] * 4
    for _ in range(30):
        x.append(x[-1] + 0.1 * -x[-4])
    run = integrate_delay(linear, [1.0], delay=0.3, dt=0.1, samples=31, method="euler")[:, 0]
    assert run.tolist() == x[3:]


def test_a_delay_of_one_step_may_be_rounded_down():
    run = integrate_delay(linear, [1.0], delay=float(np.nextafter(0.1, 0.0)), dt=0.1, samples=4, method="euler")[:, 0]
    np.testing.assert_allclose(run, [1.0, 0.9, 0.8, 0.71])


def test_a_run_to_infinity_names_its_time():
    with pytest.raises(DivergedError, match=r"left the finite numbers at t = \d+"):
        integrate_delay(lambda _t, state, _past: (state[0] * state[0],), [1.0], delay=1.0, dt=0.1, samples=300)


@pytest.mark.parametrize(
    ("arguments", "kind", "message"),
    [
        (
            {"method": "dop853"},
            ArgumentError,
            "`method` must have a fixed step here: expected `euler` or `rk4`, got `dop853`",
        ),
        (
            {"delay": 0.05},
            ArgumentError,
            "`delay` must not be shorter than a step: expected at least 0.1, got 0.05. Raise",
        ),
        ({"delay": float("inf")}, ArgumentError, "`delay` must not be shorter than a step"),
        ({"dt": 0.0}, ArgumentError, "`dt` must be positive"),
        ({"initial": []}, ShapeError, "`initial` must hold components"),
        ({"samples": 10**9}, ArgumentError, "`duration` must give a series that fits into memory"),
    ],
)
def test_bad_arguments_are_refused(arguments, kind, message):
    settings = {"initial": [1.0], "delay": 1.0, "dt": 0.1, "samples": 5, **arguments}
    with pytest.raises(kind, match=message):
        integrate_delay(linear, settings.pop("initial"), **settings)
