"""Sequences of the FitzHugh–Nagumo equations against SciPy's integrator, and a small run."""

import numpy as np
import pytest
from scipy.integrate import solve_ivp

from pendula.errors import ArgumentError
from pendula.experiments import fitzhugh_nagumo
from pendula.experiments.fitzhugh_nagumo import FitzHughNagumoRun, one_step, run, sequences
from pendula.training import silent


def test_the_sequences_solve_the_equations():
    made = sequences(2, seed=4)
    assert made.shape == (2, 1000, 2)
    for each in made:
        exact = solve_ivp(
            lambda _, y: [y[0] - y[0] ** 3 / 3 - y[1] + 0.5, 0.02 * (y[0] + 0.7 - 0.8 * y[1])],
            (0, 400),
            each[0],
            method="DOP853",
            t_eval=np.linspace(0, 400, 1000),
            rtol=1e-11,
            atol=1e-12,
        )
        np.testing.assert_allclose(each, exact.y.T, atol=1e-5)
        assert abs(each[0, 0]) <= 1
        assert each[0, 1] == 0


def test_a_small_run(monkeypatch):
    for name in ("TRAIN", "VALIDATION", "TEST"):
        monkeypatch.setattr(fitzhugh_nagumo, name, 3)
    made = run(FitzHughNagumoRun(hidden_size=4, epochs=1, steps=2, window=20), lambda _: silent)
    assert 0 < made.results["rmse"] < 0.1
    assert made.results["sequences"] == {"train": 3, "validation": 3, "test": 3}
    assert made.figures["fitzhugh-nagumo"][1:4] == b"PNG"
    fit, series = made.fits["gru"], sequences(1, seed=9)[:, :30]
    told = one_step(fit, series)
    # One value after the other, as a stream sees them; the stack runs in float32.
    stream = fit.model.stream()
    for step, value in enumerate(series[0]):
        np.testing.assert_allclose(stream.step(value)[0], told[0, step], atol=1e-6)


def test_settings_are_checked():
    with pytest.raises(ArgumentError, match="`window` must be at least 2: got 1"):
        FitzHughNagumoRun(window=1)
