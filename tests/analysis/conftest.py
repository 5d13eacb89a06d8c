"""Fits that are made once."""

import numpy as np
import pytest
import xarray as xr

import pendula


@pytest.fixture(scope="session")
def sine():
    series = xr.Dataset(
        {"x": ("time", 2 + 3 * np.sin(0.1 * np.arange(500)), {"units": "m"})},
        coords={"time": ("time", 0.5 * np.arange(500), {"units": "s"})},
    )
    return {
        cell: pendula.fit(
            series,
            model=pendula.Network(cell=cell, **settings),
            window=20,
            **({"training": pendula.Training(epochs=1)} if "linear_lags" in settings else {}),
        )
        for cell, settings in {
            **{name: {"hidden_size": 12, "linear_lags": 4} for name in ("rnn", "lstm", "gru")},
            "esn": {"hidden_size": 12},
            "ngrc": {},
        }.items()
    }
