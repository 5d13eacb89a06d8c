"""Targets told from inputs alone, and scored on held-out records."""

import numpy as np
import pandas as pd
import pytest

import pendula
from pendula.errors import ArgumentError, DataError, UnitsError
from pendula.filtering import evaluate_pairs


def test_a_run_is_causal_and_starts_anew_after_a_gap(fitted, driven):
    series = driven(size=60, seed=3)[["u"]]
    whole = pendula.forecast(fitted, inputs=series)
    assert whole.y.attrs["units"] == "mm"
    assert whole.attrs["washout"] == 10
    changed = series.copy(deep=True)
    changed["u"][40:] = 9.0
    with pytest.warns(
        UserWarning, match=r"`u` goes from .* to 9 V, in the training part from .* not learned from such"
    ):
        beyond = pendula.forecast(fitted, inputs=changed)
    assert beyond.attrs["outside"].startswith("`u` goes from")
    assert "outside" not in whole.attrs
    np.testing.assert_array_equal(beyond.y[:40], whole.y[:40])
    holed = series.copy(deep=True)
    holed["u"][30] = np.nan
    told = pendula.forecast(fitted, inputs=holed)
    assert np.isnan(told.y[30])
    alone = pendula.forecast(fitted, inputs=series.isel(time=slice(31, None)))
    np.testing.assert_array_equal(told.y[31:], alone.y)


def test_it_tells_what_the_layers_of_torch_tell(fitted, driven):
    import torch

    series, model = driven(size=50, seed=3), fitted.model
    shown = torch.from_numpy(model.inputs.scaler.transform(series["u"].values[:, None]))[None]
    with torch.no_grad():
        outputs = model.network(shown)[0].numpy()
    expected = outputs * model.targets.scaler.scale + model.targets.scaler.center
    np.testing.assert_allclose(pendula.forecast(fitted, inputs=series[["u"]]).y, expected[:, 0], rtol=1e-12)


def test_a_run_that_continues_the_record_begins_in_the_inputs_before_it(fitted, driven):
    series, part, window = driven(), fitted.split.test, fitted.recipe.window
    evaluated = evaluate_pairs(fitted)
    told = pendula.forecast(fitted, inputs=series[["u"]].isel(time=slice(part.start, None)))
    assert told.attrs["run_up"] == window
    # Row by row what the evaluation of the test part tells, which begins as early.
    assert np.array_equal(told.y.values[:, None], evaluated.told["network"])
    # After the record's end, too: the run over both, from the same row.
    longer = driven(size=700)[["u"]]
    assert np.array_equal(longer.u[:600], series.u)
    later = pendula.forecast(fitted, inputs=longer.isel(time=slice(600, None)))
    whole = fitted.model.run(longer.u.values[600 - window :, None])[window:, 0]
    assert (later.attrs["run_up"], later.sizes["time"]) == (window, 100)
    assert np.array_equal(later.y, whole)
    assert np.array_equal(later.time, longer.time[600:])


def test_one_row_is_enough(fitted, driven):
    longer = driven(size=700)[["u"]]
    later = pendula.forecast(fitted, inputs=longer.isel(time=slice(600, None)))
    one = pendula.forecast(fitted, inputs=longer.isel(time=[600]))
    assert (one.attrs["run_up"], one.sizes["time"]) == (fitted.recipe.window, 1)
    np.testing.assert_array_equal(one.y, later.y[:1])
    np.testing.assert_array_equal(one.time, longer.time[600:601])
    assert one.time.attrs == {"units": "s"}
    alone = pendula.forecast(fitted, inputs=longer.isel(time=[650]))
    assert alone.attrs["run_up"] == 0
    np.testing.assert_array_equal(alone.y.values[:, None], fitted.model.run(longer.u.values[650:651, None]))
    frame = pd.DataFrame({"u [V]": longer.u.values[600:601]}, index=pd.Index([300.0], name="t [s]"))
    told = pendula.forecast(fitted, inputs=frame)
    assert (told.index.tolist(), told["y [mm]"].tolist()) == ([300.0], one.y.values.tolist())


def test_a_series_that_continues_the_record_is_scored_like_it(fitted, driven):
    part, own = fitted.split.test, evaluate_pairs(fitted)
    held_out = evaluate_pairs(fitted, driven().isel(time=slice(part.start, None)))
    assert (held_out.part.start, held_out.seen) == (fitted.recipe.window, 0)
    assert len(held_out.stretches.settled_rows()) == len(part)
    for name, told in own.told.items():
        np.testing.assert_array_equal(held_out.told[name], told)
    # Behind its end: what the record's inputs tell, row by row.
    later = driven(size=700).isel(time=slice(600, None))
    np.testing.assert_array_equal(
        evaluate_pairs(fitted, later).told["network"][:, 0], pendula.forecast(fitted, inputs=later[["u"]]).y
    )
    overlapping = evaluate_pairs(fitted, driven().isel(time=slice(fitted.validation_stop - 7, None)))
    assert overlapping.seen == 7


def test_what_does_not_continue_the_record_starts_from_nothing(fitted, driven):
    series, longer = driven()[["u"]], driven(size=700)[["u"]]
    other = driven(seed=9)[["u"]].isel(time=slice(300, 400))
    late = longer.isel(time=slice(601, None))
    for inputs in (series, other, late, longer.isel(time=slice(300, 400)).assign_coords(time=np.arange(100) * 0.5)):
        told = pendula.forecast(fitted, inputs=inputs)
        assert told.attrs["run_up"] == 0
        assert np.array_equal(told.y.values, fitted.model.run(inputs.u.values[:, None])[:, 0])


@pytest.mark.filterwarnings("ignore:`u` goes from")  # noise has extremes
def test_a_gap_before_a_run_is_not_run_through(driven):
    series = driven(size=300)
    series["u"][250] = np.nan
    made = pendula.fit(series.isel(time=slice(260)), "y", inputs="u", training=pendula.Training(epochs=1), window=30)
    told = pendula.forecast(made, inputs=series[["u"]].isel(time=slice(260, None)))
    assert told.attrs["run_up"] == 9
    assert np.array_equal(told.y.values, made.model.run(series.u.values[251:, None])[9:, 0])


def test_what_was_handed_in_comes_back(fitted):
    frame = pd.DataFrame({"u [V]": np.ones(20)}, index=pd.Index(0.5 * np.arange(20), name="t [s]"))
    told = pendula.forecast(fitted, inputs=frame)
    assert isinstance(told, pd.DataFrame)
    assert list(told.columns) == ["y [mm]"]


def test_another_record_is_scored_with_and_without_the_washout(fitted, driven):
    held_out = driven(size=100, seed=7)
    evaluated = evaluate_pairs(fitted, held_out)
    scores = evaluated.to_dict()
    assert (scores["rows"], scores["cold_rows"], scores["seen_rows"]) == (90, 100, 0)
    told = pendula.forecast(fitted, inputs=held_out[["u"]]).y.values
    errors = told - held_out["y"].values
    network = scores["models"]["network"]
    assert network["rmse"] == pytest.approx(np.sqrt(np.mean(errors[10:] ** 2)), rel=1e-12)
    assert network["cold_rmse"] == pytest.approx(np.sqrt(np.mean(errors**2)), rel=1e-12)
    assert network["nrmse"] == pytest.approx(network["rmse"] / held_out["y"].values[10:].std(), rel=1e-12)
    assert pendula.evaluate(fitted, held_out).to_dict()["models"] == scores["models"]


def test_rows_that_were_seen_are_counted(fitted, driven):
    assert evaluate_pairs(fitted, driven()).to_dict()["seen_rows"] == fitted.validation_stop


def test_the_own_test_part_is_run_up_to_in_the_inputs_before_it(fitted):
    evaluated = pendula.evaluate(fitted)
    part, window = fitted.split.test, fitted.recipe.window
    assert evaluated.stretches.segments.tolist() == [[part.start - window, part.stop]]
    assert evaluated.to_dict() == fitted.scores
    network = fitted.scores["models"]["network"]
    assert network["rmse"] == network["cold_rmse"]


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        (lambda series: series[["y"]], DataError, "`inputs` must have the inputs of the fit: expected u, got no u"),
        (
            lambda series: series.assign_coords(time=series.time * 2),
            DataError,
            "must have the time step of the fit: expected 0.5 s, got 1 s",
        ),
        (
            lambda series: series.assign(u=series.u.assign_attrs(units="mV")),
            UnitsError,
            "`u` must have the unit of the fit: expected V, got mV",
        ),
        (lambda series: series.assign(u=np.nan * series.u), DataError, "`inputs` must have whole rows"),
        (lambda series: (np.nan * series).isel(time=[3]), DataError, "`inputs` must have whole rows"),
        (
            lambda series: series.isel(time=[3]).assign_coords(time=("time", [9.0], {"units": "min"})),
            DataError,
            "must have the time step of the fit: expected 0.5 s, got 0.5 min",
        ),
    ],
)
def test_inputs_that_do_not_fit_are_told(fitted, driven, change, error, message):
    with pytest.raises(error, match=message):
        pendula.forecast(fitted, inputs=change(driven(size=40)))


def test_a_record_without_targets_cannot_be_scored(fitted, driven):
    with pytest.raises(DataError, match="`series` must have the columns of the fit: expected u, y, got no y"):
        pendula.evaluate(fitted, driven(size=40)[["u"]])
    blank = driven(size=40)
    blank["y"][:] = np.nan
    with pytest.raises(DataError, match="`y` must have values"):
        pendula.evaluate(fitted, blank)


def test_steps_and_inputs_do_not_mix(fitted, driven):
    with pytest.raises(ArgumentError, match="`inputs` must be given alone to a fit that tells y from u"):
        pendula.forecast(fitted, 5)
    plain = pendula.fit(driven()[["y"]], training=pendula.Training(epochs=1), model=pendula.Network(hidden_size=2))
    with pytest.raises(ArgumentError, match="`inputs` must be left out for a fit that forecasts"):
        pendula.forecast(plain, 5, inputs=driven())
    with pytest.raises(ArgumentError, match="`steps` must be given: expected how many steps to forecast, got none"):
        pendula.forecast(plain)
