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
            model=pendula.Network(cell=cell, hidden_size=12, **({} if cell == "esn" else {"linear_lags": 4})),
            window=20,
            **({} if cell == "esn" else {"training": pendula.Training(epochs=1)}),
        )
        for cell in ("rnn", "lstm", "gru", "esn")
    }
