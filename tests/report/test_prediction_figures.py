"""What the figures of an evaluation are drawn from."""

from typing import Any

import numpy as np
import pytest
import xarray as xr

from pendula.forecasting import Evaluated, evaluate_fit, fit
from pendula.nn import Network
from pendula.report import error_figure as errors_module
from pendula.report import prediction_figures as module
from pendula.report import score_figure as scores_module
from pendula.report.prediction_figures import prediction_figures, strongest_baseline
from pendula.training import Training


@pytest.fixture(scope="module")
def evaluated() -> Evaluated:
    time = 0.1 * np.arange(900)
    values = np.sin(9 * time) + 0.05 * np.random.default_rng(0).normal(size=900)
    columns = {"x": ("time", values, {"units": "m"}), "v": ("time", 9 * np.roll(values, 3), {"units": "m/s"})}
    series = xr.Dataset(columns, coords={"time": ("time", time, {"units": "s"})})
    network, training = Network(cell="gru", hidden_size=2), Training(epochs=1, steps_per_epoch=1)
    return evaluate_fit(fit(series, ["x", "v"], model=network, training=training, window=10, test=0.5))


@pytest.fixture(scope="module")
def calls(evaluated: Evaluated) -> dict[str, list[Any]]:
    drawn: dict[str, list[Any]] = {}
    monkeypatch = pytest.MonkeyPatch()

    def listen(home: Any, name: str) -> None:
        def record(*data: Any, **options: Any) -> None:
            drawn.setdefault(name, []).append((data, options))
            options["axes"].plot([0, 1])

        monkeypatch.setattr(home, name, record)

    for name in ("draw_predictions", "draw_free_runs", "draw_lead_times"):
        listen(module, name)
    listen(errors_module, "draw_error_histogram")
    listen(scores_module, "draw_scores")
    prediction_figures(evaluated)
    monkeypatch.undo()
    return drawn


def test_one_step_panels_show_the_last_rows_of_each_channel(evaluated: Evaluated, calls: dict[str, list[Any]]) -> None:
    part, record = evaluated.evaluation.part, evaluated.evaluation.part.parent
    assert len(calls["draw_predictions"]) == 2
    for channel, ((time, truth), options) in enumerate(calls["draw_predictions"]):
        assert len(time) < len(part)
        np.testing.assert_array_equal(time, record.time[-len(time) :])
        np.testing.assert_array_equal(truth, record.values[-len(time) :, channel])
        assert set(options["predictions"]) == {"network", strongest_baseline(evaluated)}
        shown = evaluated.evaluation.one_step["network"][-len(time) :, channel]
        np.testing.assert_array_equal(options["predictions"]["network"], shown)
        assert options["quantity"].unit == ("m", "m/s")[channel]


def test_free_runs_start_where_the_test_part_starts_with_all_baselines(
    evaluated: Evaluated, calls: dict[str, list[Any]]
) -> None:
    part, record = evaluated.evaluation.part, evaluated.evaluation.part.parent
    (time, truth), options = calls["draw_free_runs"][1]
    np.testing.assert_array_equal(time, record.time[part.start : part.start + len(time)])
    np.testing.assert_array_equal(truth, record.values[part.start : part.start + len(time), 1])
    assert list(options["runs"]) == list(evaluated.evaluation.scores)


def test_errors_are_predictions_less_truth(evaluated: Evaluated, calls: dict[str, list[Any]]) -> None:
    (errors,), options = calls["draw_error_histogram"][1]
    expected = evaluated.evaluation.one_step["persistence"][:, 1] - evaluated.evaluation.truth[:, 1]
    np.testing.assert_array_equal(errors["persistence"], expected)
    assert options["quantity"].label == "error of v (m/s)"


def test_lead_times_band_the_network_alone(evaluated: Evaluated, calls: dict[str, list[Any]]) -> None:
    (lead, errors), options = calls["draw_lead_times"][0]
    assert evaluated.rolling is not None
    np.testing.assert_allclose(lead, 0.1 * np.arange(1, evaluated.rolling.leads + 1))
    assert options["banded"] == ("network",)
    np.testing.assert_allclose(errors["network"], evaluated.rolling.absolute("network")[:, :, 0], atol=1e-8)


def test_scores_of_mixed_units_are_normalized(evaluated: Evaluated, calls: dict[str, list[Any]]) -> None:
    (scores,), options = calls["draw_scores"][0]
    own = evaluated.to_dict()["models"]["network"]
    assert scores["models"]["network"] == {"rmse": own["nrmse"], "free_run_rmse": own["free_run_nrmse"]}
    assert options["quantity"].label == "NRMSE"


def test_strongest_baseline_has_the_smallest_one_step_error(evaluated: Evaluated) -> None:
    baselines = evaluated.to_dict()["baselines"]
    assert strongest_baseline(evaluated) == min(baselines, key=lambda name: baselines[name]["nrmse"])
