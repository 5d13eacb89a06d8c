from typing import Any

import numpy as np
import pytest
import xarray as xr

from pendula.forecasting import fit
from pendula.nn import Network
from pendula.report import learning_figures as module
from pendula.report.learning_figures import learning_figure, learning_figures
from pendula.runs import Fit
from pendula.training import Training


def made(**choices: Any) -> Fit:
    series = xr.Dataset({"x": ("time", np.sin(0.2 * np.arange(120)))})
    training = Training(epochs=3, steps_per_epoch=1, select_by=choices.pop("select_by", "one_step"))
    return fit(series, model=Network(cell="gru", hidden_size=2), training=training, window=8, test=0.0, **choices)


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Any, Any]]:
    panels: list[tuple[Any, Any]] = []

    def listen(losses: Any, **options: Any) -> None:
        panels.append((losses, options))
        options["axes"].plot([0, 1])

    monkeypatch.setattr(module, "draw_losses", listen)
    return panels


def test_errors_and_losses_do_not_share_an_axis(drawn: list[tuple[Any, Any]]) -> None:
    own = made()
    assert learning_figure(own) is not None
    (errors, validation), (losses, training) = drawn
    assert errors == {"one step": [record.validation_one_step for record in own.history]}
    assert losses == {"training": [record.train_loss for record in own.history[1:]]}
    assert (validation["first_epoch"], training["first_epoch"]) == (0, 1)
    assert validation["best_epoch"] == own.best_epoch
    assert validation["quantity"].label == "validation RMSE (scaled)"


def test_the_curve_that_chose_the_epoch_is_the_marked_one(drawn: list[tuple[Any, Any]]) -> None:
    learning_figure(made(select_by="free_run"))
    assert list(drawn[0][0]) == ["free run", "one step"]


def test_without_validation_the_loss_alone_is_drawn(drawn: list[tuple[Any, Any]]) -> None:
    figure = learning_figure(made(validation=0.0))
    assert [list(losses) for losses, _ in drawn] == [["training"]]
    assert figure is not None
    assert "There is no validation part" in figure.caption


def test_several_networks_share_the_panels(drawn: list[tuple[Any, Any]]) -> None:
    own = made()
    figure = learning_figures({"a": own, "b": own})
    assert [list(losses) for losses, _ in drawn] == [["a", "b"], ["a", "b"]]
    assert all(options["best_epoch"] is None for _, options in drawn)
    assert figure is not None
    assert "were kept" not in figure.caption


def test_the_images_are_drawn() -> None:
    figure = learning_figure(made())
    assert figure is not None
    assert figure.png.startswith(b"\x89PNG")
