"""The page of targets that are told from inputs."""

import numpy as np
import pytest
import xarray as xr

import pendula
from pendula.report import render_report
from pendula.report.paired_report import paired_report


@pytest.mark.usefixtures("sketched")
def test_inputs_and_targets_are_told_apart_and_nothing_is_said_of_forecasts():
    u = np.random.default_rng(0).normal(size=(2, 300))
    units = {"units": "V"}
    series = xr.Dataset({"u": ("time", u[0], units), "w": ("time", u[1]), "y": ("time", u[0] + u[1], units)})
    made = pendula.fit(series, "y", inputs=["u", "w"], training=pendula.Training(epochs=1, steps_per_epoch=1))
    content = paired_report(made)
    assert (content.data["Inputs"], content.data["Target"]) == ("u (V), w", "y (V)")
    assert "Channels" not in content.data
    page = render_report(content)
    for foreign in ("persistence", "free run", "running freely", "valid prediction", "one step ahead"):
        assert foreign not in page
    assert "telling the targets from the inputs" in page
