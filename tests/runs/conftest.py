"""A small fit, made by hand, and property tests that give the same examples each time."""

import numpy as np
import pytest
import torch
import xarray as xr
from hypothesis import settings

from pendula.nn import Network, build
from pendula.runs import Calibration, Fit, Model, Recipe
from pendula.series import Record, fit_scaler
from pendula.series.record import record
from pendula.training import EpochRecord, Outcome, Training

settings.register_profile("pendula", deadline=None, derandomize=True)
settings.load_profile("pendula")


def made_record(*, rows=60, channels=2, time=None) -> Record:
    time = np.arange(rows) * 0.1 if time is None else time
    draw = np.random.default_rng(7)
    names = ["x", "v", "force 1", "m/s"][:channels]
    variables = {name: ("time", draw.normal(size=rows), {"units": f"unit {name}"}) for name in names}
    attributes = {} if time.dtype.kind == "M" else {"units": "s"}
    return record(xr.Dataset(variables, coords={"time": ("time", time, attributes)}))


def made_model(rows: Record, network: Network, *, dtype=torch.float32) -> Model:
    forecaster = build(network, len(rows.names), seed=3)
    generator = torch.Generator().manual_seed(5)
    with torch.no_grad():
        for tensor in forecaster.state_dict().values():
            tensor.copy_(torch.rand(tensor.shape, generator=generator) * 0.3 + 0.05)
    return Model(
        forecaster=forecaster.to(dtype).eval(),
        scaler=fit_scaler(rows.slice(0, 40), "standard"),
        names=rows.names,
        units=rows.units,
        axis=rows.axis,
        window=8,
    )


def made_history(epochs):
    return tuple(
        EpochRecord(
            epoch=epoch,
            train_loss=None if epoch == 0 else 1 / (epoch + 2),
            validation_one_step=0.1 / (epoch + 1),
            validation_free_run=float("inf") if epoch == 1 else None,
            learning_rate=1e-3,
            gradient_norm=None if epoch == 0 else 2.5e-17,
            horizon=1,
            teacher_forcing=0.0,
        )
        for epoch in range(epochs + 1)
    )


def made_fit(*, rows: Record | None = None, network: Network | None = None, seed=0, dtype=torch.float32) -> Fit:
    rows = made_record() if rows is None else rows
    network = Network(cell="gru", hidden_size=4) if network is None else network
    rng = np.random.default_rng(1)
    errors, one_step = rng.normal(size=(5, 3, len(rows.names))), rng.normal(size=(7, len(rows.names)))
    errors[0, 2] = np.inf
    return Fit(
        model=made_model(rows, network, dtype=dtype),
        record=rows,
        train_stop=40,
        validation_stop=50,
        recipe=Recipe(
            network=network, training=Training(epochs=3, clip_norm=None, patience=None), window=8, test=1 / 6, seed=seed
        ),
        history=made_history(3),
        best_epoch=2,
        outcome=Outcome.STOPPED_EARLY,
        seconds=1.25,
        scores={"network": {"rmse": 0.1, "free_run_rmse": None}, "baselines": {"persistence": {"rmse": 1 / 3}}},
        calibration=Calibration(errors=errors, one_step=one_step),
        notes=("One sample is missing.", 'A "quoted" \\ note, über alles.'),
    )


@pytest.fixture
def fit() -> Fit:
    return made_fit()


@pytest.fixture(scope="session")
def make_fit():
    return made_fit


@pytest.fixture(scope="session")
def make_record():
    return made_record


def files_in(folder):
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


@pytest.fixture(scope="session")
def list_files():
    return files_in


@pytest.fixture
def run(fit, tmp_path):
    """A run on disk, to be damaged."""
    return fit.save(tmp_path / "run")
