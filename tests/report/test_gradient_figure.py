from dataclasses import replace

import numpy as np
import pytest
import xarray as xr

from pendula.dynamics import FlowRecord
from pendula.forecasting import fit
from pendula.nn import Network
from pendula.report import fit_figures, gradient_facts
from pendula.report.gradient_figure import gradient_figure
from pendula.training import Training


def record(epoch, layer, *, rate=-0.5):
    return FlowRecord(
        epoch=epoch,
        layer=layer,
        flow="silent" if rate is None else "vanishing",
        rate=rate,
        uncertainty=None if rate is None else 0.01,
        gradient_norm=1.5,
        log_norms=(None,) * 4 if rate is None else tuple(rate * lag for lag in range(4)),
    )


@pytest.fixture(scope="module")
def made():
    series = xr.Dataset({"x": ("time", np.sin(0.1 * np.arange(120)))})
    return fit(series, model=Network(hidden_size=3), training=Training(epochs=1))


def test_a_panel_is_drawn_for_each_layer(made, sketched):
    figure = gradient_figure(
        replace(made, gradients=(record(0, 1, rate=None), record(0, 2), record(1, 1), record(1, 2)))
    )
    assert figure.name == "gradients"
    assert "After epoch 1, layer 1: vanishing, a factor of 0.607 a step; layer 2: vanishing" in figure.caption


def test_a_silent_layer_has_no_factor(made, sketched):
    assert "layer 1: silent." in gradient_figure(replace(made, gradients=(record(0, 1, rate=None),))).caption


def test_a_fit_that_was_not_watched_has_no_such_figure(made, sketched):
    assert gradient_figure(made) is None
    assert "gradients" not in fit_figures(made)
    assert "gradients" in fit_figures(replace(made, gradients=(record(1, 1),)))


def test_facts_are_plain_values():
    (facts,) = gradient_facts((record(1, 2),))
    assert facts == {
        "epoch": 1, "layer": 2, "flow": "vanishing", "rate": -0.5, "uncertainty": 0.01, "gradient_norm": 1.5,
    }  # fmt: skip
