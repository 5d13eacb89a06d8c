"""The experiment: shares counted by hand, and what it needs."""

import json

import numpy as np
import pytest

from pendula.errors import ArgumentError
from pendula.experiments import CoverageProtocol
from pendula.experiments.coverage import run
from pendula.training import silent

QUICK = {"rows": 400, "leads": 5, "cell": "gru", "hidden_size": 4, "epochs": 2, "folds": 3}


@pytest.fixture(scope="module")
def made():
    return run(CoverageProtocol(records="oscillator,mackey-glass", **QUICK), lambda _: silent)


def test_the_results_are_ready_for_json_one_entry_a_record(made):
    results = json.loads(json.dumps(made.results))
    assert list(results["records"]) == ["oscillator", "mackey-glass"]
    assert results["holds"].keys() == results["records"].keys()
    assert len(results["verdict"]) == 2
    assert made.figures["coverage"].startswith(b"\x89PNG")
    assert made.content.images.keys() == made.figures.keys()


def test_shares_are_those_counted_by_hand():
    settings = CoverageProtocol(records="oscillator", **QUICK)
    made = run(settings, lambda _: silent)
    fit, result = made.fits["oscillator"], made.results["records"]["oscillator"]
    half = fit.calibration.half_width(0.9, 5)[:, 0] * fit.model.scaler.scale[0]
    values = fit.record.values[:, 0]
    origins = range(300, 396)
    assert result["origins"] == len(origins)
    runs = np.array([fit.model.run(values[None, row - 100 : row, None], steps=5)[0, :, 0] for row in origins])
    truth = np.array([values[row : row + 5] for row in origins])
    np.testing.assert_allclose(result["share"][0], (np.abs(runs - truth) <= half).mean(axis=0), rtol=1e-12)
    assert result["least"] == min(result["share"][0])


def test_sunspots_are_fitted_anew():
    settings = CoverageProtocol(records="sunspots", cell="gru", hidden_size=4, epochs=2, folds=0, coverage=0.5)
    result = run(settings, lambda _: silent).results["records"]["sunspots"]
    assert result["fits"] == 6
    assert result["origins"] == 2008 - 1850 + 1 - 11 + 1


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"records": "sunspots,mackey"}, "`records` must name records: .* got mackey. Did you mean `mackey-glass`"),
        ({"rows": 500}, "`rows` must leave room for the lead times: expected 2000 or more for 100, got 500"),
        ({"leads": 0}, "`rows` must leave room for the lead times"),
    ],
)
def test_settings_that_make_no_sense_are_refused(options, message):
    if options == {"leads": 0}:
        options = {"leads": 0, "rows": 10}
    with pytest.raises(ArgumentError, match=message):
        CoverageProtocol(**options)


def test_a_promise_that_no_calibration_reaches_is_refused():
    with pytest.raises(ArgumentError, match="`coverage` must be within reach of the calibration"):
        run(CoverageProtocol(records="oscillator", coverage=0.9999, **QUICK), lambda _: silent)
