from dataclasses import replace

import numpy as np
import pytest
import xarray as xr

from pendula.dynamics import FlowRecord
from pendula.forecasting import fit
from pendula.nn import Network
from pendula.report.network_figure import network_figures
from pendula.training import Training


@pytest.fixture(scope="module")
def made():
    series = xr.Dataset({"x": ("time", np.sin(0.1 * np.arange(120)))})
    return fit(series, model=Network(hidden_size=3), training=Training(epochs=1))


def record(layer):
    return FlowRecord(
        epoch=3, layer=layer, flow="healthy", rate=-0.1, uncertainty=0.0, gradient_norm=1.0, log_norms=(0.0, -0.1, -0.2)
    )


def test_the_gradient_is_drawn_where_it_was_watched(made):
    assert [figure.name for figure in network_figures(made)] == ["network"]
    layers = made.model.forecaster.network.num_layers
    watched = replace(made, gradients=tuple(record(layer) for layer in range(1, layers + 1)))
    drawn, back = network_figures(watched)
    assert "folded and unrolled" in drawn.caption
    assert "after epoch 3" in back.caption
    assert drawn.png != back.png
