"""Scores against sums written out by hand."""

import json
import math
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pytest

from pendula.errors import DataError
from pendula.forecasting import Persistence, SeasonalPersistence, fit_linear, score_part, scoring
from pendula.forecasting.scoring import plain_scores, scored_rows, time_scale
from pendula.series import Part, record


@dataclass(frozen=True)
class Halving:
    """Half of what was, step by step, plus a little of the value before."""

    context: int = 2

    def run(self, context, *, steps):
        history = [context[:, -2], context[:, -1]]
        for _ in range(steps):
            history.append(0.5 * history[-1] + 0.1 * history[-2])
        return np.stack(history[2:], axis=1)


@dataclass(frozen=True)
class Exploding:
    """Right at first, then infinite, then no number."""

    finite: int
    context: int = 1

    def run(self, context, *, steps):
        run = np.repeat(context[:, -1:], steps, axis=1)
        run[:, self.finite :] = np.inf
        run[:, self.finite + 2 :] = np.nan
        return run


@dataclass(frozen=True)
class Known:
    """Says what it is told: the truth, and from some step on something else."""

    truth: np.ndarray
    offset: float
    good: int
    context: int = 1

    def run(self, context, *, steps):
        run = self.truth[:steps].copy()
        run[self.good :] += self.offset
        return np.repeat(run[None], len(context), axis=0)


def part_of(series, start):
    return Part(parent=series, start=start, stop=len(series))


def half(values, row):
    return 0.5 * values[row - 1] + 0.1 * values[row - 2]


def test_one_step_predictions_and_scores_equal_the_sums(dataset, wave):
    values = wave(60)
    evaluation = score_part({"half": Halving()}, part_of(record(dataset(values)), 45), window=5)
    expected = np.array([half(values, row) for row in range(45, 60)])
    errors, truth = expected - values[45:], values[45:]
    scores = evaluation.scores["half"]
    np.testing.assert_array_equal(evaluation.rows, np.arange(45, 60))
    np.testing.assert_array_equal(evaluation.truth[:, 0], truth)
    np.testing.assert_allclose(evaluation.one_step["half"][:, 0], expected, rtol=1e-15)
    assert scores["mse"] == pytest.approx(sum(errors**2) / 15)
    assert scores["rmse"] == pytest.approx(math.sqrt(sum(errors**2) / 15))
    assert scores["mae"] == pytest.approx(sum(abs(errors)) / 15)
    assert scores["r2"] == pytest.approx(1 - sum(errors**2) / sum((truth - truth.mean()) ** 2))
    assert scores["nrmse"] == pytest.approx(math.sqrt(sum(errors**2) / 15) / truth.std())


def test_the_free_run_starts_where_the_part_starts_and_goes_to_its_end(dataset, wave):
    values = wave(60)
    evaluation = score_part({"half": Halving()}, part_of(record(dataset(values)), 45), window=5)
    run = list(values[43:45])
    for _ in range(15):
        run.append(0.5 * run[-1] + 0.1 * run[-2])
    errors = np.array(run[2:]) - values[45:]
    scores = evaluation.scores["half"]
    np.testing.assert_allclose(evaluation.free_run["half"][:, 0], run[2:], rtol=1e-14)
    assert scores["free_run_rmse"] == pytest.approx(math.sqrt(np.mean(errors**2)))
    assert scores["free_run_nrmse"] == pytest.approx(math.sqrt(np.mean(errors**2)) / values[45:].std())
    assert scores["free_run_steps"] == 15


def test_free_runs_can_be_left_out(dataset, wave):
    evaluation = score_part({"half": Halving()}, part_of(record(dataset(wave(60))), 45), window=5, free_run=False)
    assert evaluation.free_run == {}
    assert "free_run_rmse" not in evaluation.scores["half"]


def test_all_predictors_are_scored_on_the_same_rows(dataset, wave):
    series = record(dataset(wave(100)))
    predictors = {
        "persistence": Persistence(),
        "seasonal": SeasonalPersistence(period=12),
        "linear": fit_linear(series, 70, most_lags=6, lags=6),
        "exploding": Exploding(finite=3),
    }
    evaluation = score_part(predictors, part_of(series, 70), window=12)
    assert {len(made) for made in evaluation.one_step.values()} == {30}
    assert {len(made) for made in evaluation.free_run.values()} == {30}
    assert {scores["free_run_steps"] for scores in evaluation.scores.values()} == {30.0}
    assert list(evaluation.scores) == list(predictors)


def test_the_lectures_split_leaves_238_rows(dataset, wave):
    # 1000 points and a window of 50 give 950 windows, of which 712 train.
    series = record(dataset(wave(1000)))
    evaluation = score_part({"same": Persistence()}, part_of(series, 50 + 712), window=50)
    assert len(evaluation.rows) == 950 - 712 == 238


def gapped(wave):
    values = wave(100)
    values[[64, 80]] = np.nan
    return values


def test_gaps_are_passed_over_with_a_window_after_them(dataset, wave):
    values = gapped(wave)
    evaluation = score_part({"half": Halving()}, part_of(record(dataset(values)), 60), window=5)
    expected = [*range(60, 64), *range(70, 80), *range(86, 100)]
    np.testing.assert_array_equal(evaluation.rows, expected)
    np.testing.assert_allclose(evaluation.one_step["half"][:, 0], [half(values, row) for row in expected], rtol=1e-14)


def test_each_stretch_has_its_own_free_run(dataset, wave):
    values = gapped(wave)
    evaluation = score_part({"same": Persistence()}, part_of(record(dataset(values)), 60), window=5)
    expected = np.concatenate([np.full(4, values[59]), np.full(10, values[69]), np.full(14, values[85])])
    np.testing.assert_array_equal(evaluation.free_run["same"][:, 0], expected)
    error = math.sqrt(np.mean((expected - evaluation.truth[:, 0]) ** 2))
    assert evaluation.scores["same"]["free_run_rmse"] == pytest.approx(error)
    assert evaluation.scores["same"]["free_run_steps"] == 28


def test_only_the_longest_stretches_are_run_and_the_others_are_nan(dataset, wave, monkeypatch):
    monkeypatch.setattr(scoring, "MOST_RUNS", 2)
    evaluation = score_part({"same": Persistence()}, part_of(record(dataset(gapped(wave))), 60), window=5)
    ran = np.isfinite(evaluation.free_run["same"][:, 0])
    np.testing.assert_array_equal(evaluation.rows[ran], [*range(70, 80), *range(86, 100)])
    assert evaluation.scores["same"]["free_run_steps"] == 24
    assert math.isfinite(evaluation.scores["same"]["free_run_rmse"])


def test_a_free_run_ends_after_the_most_steps(dataset, wave, monkeypatch):
    monkeypatch.setattr(scoring, "MOST_STEPS", 7)
    evaluation = score_part({"same": Persistence()}, part_of(record(dataset(wave(60))), 40), window=5)
    assert evaluation.scores["same"]["free_run_steps"] == 7
    assert np.isnan(evaluation.free_run["same"][7:]).all()


def test_no_stretch_crosses_from_one_trajectory_into_the_next(dataset, wave):
    data = dataset(wave(60), np.tile(np.arange(20.0), 3)).assign_coords(trajectory=("time", np.repeat([0, 1, 2], 20)))
    evaluation = score_part({"same": Persistence()}, part_of(record(data), 10), window=5)
    np.testing.assert_array_equal(evaluation.rows, [*range(10, 20), *range(25, 40), *range(45, 60)])


def test_a_diverging_run_is_infinitely_wrong_and_null_in_json(dataset, wave):
    evaluation = score_part({"wild": Exploding(finite=4)}, part_of(record(dataset(wave(60))), 45), window=5)
    scores = evaluation.scores["wild"]
    assert scores["free_run_rmse"] == scores["free_run_nrmse"] == math.inf
    assert math.isfinite(scores["rmse"])
    plain = plain_scores(evaluation, "wild", seconds=1.5)
    assert plain["free_run_rmse"] is plain["free_run_nrmse"] is None
    assert plain["seconds"] == 1.5
    assert json.loads(json.dumps(plain, allow_nan=False)) == plain


def test_seconds_are_left_out_where_they_were_not_measured(dataset, wave):
    evaluation = score_part({"same": Persistence()}, part_of(record(dataset(wave(60))), 45), window=5)
    assert plain_scores(evaluation, "same") == evaluation.scores["same"]


def two_channels(dataset, wave, unit):
    data = dataset({"x": wave(60), "v": 1000.0 * wave(60, seed=1)})
    data["v"].attrs["units"] = unit
    return score_part({"same": Persistence(), "wild": Exploding(finite=4)}, part_of(record(data), 45), window=5)


def test_each_channel_has_scores_of_its_own(dataset, wave):
    evaluation = two_channels(dataset, wave, "rad")
    plain = plain_scores(evaluation, "same")
    for index, name in enumerate(("x", "v")):
        error = evaluation.one_step["same"][:, index] - evaluation.truth[:, index]
        own = plain["channels"][name]
        assert own["rmse"] == pytest.approx(math.sqrt(np.mean(error**2)))
        run = evaluation.free_run["same"][:, index] - evaluation.truth[:, index]
        assert own["free_run_rmse"] == pytest.approx(math.sqrt(np.mean(run**2)))
        assert own["free_run_nrmse"] == pytest.approx(own["free_run_rmse"] / evaluation.truth[:, index].std())
    squares = [plain["channels"][name]["rmse"] ** 2 for name in ("x", "v")]
    assert plain["rmse"] == pytest.approx(math.sqrt(np.mean(squares)))
    wild = plain_scores(evaluation, "wild")["channels"]
    assert wild["x"]["free_run_rmse"] is wild["v"]["free_run_nrmse"] is None
    assert json.loads(json.dumps(plain, allow_nan=False)) == plain


def test_errors_of_different_units_are_not_averaged(dataset, wave):
    alike, mixed = two_channels(dataset, wave, "rad"), two_channels(dataset, wave, "rad/s")
    plain = plain_scores(mixed, "same")
    assert set(plain_scores(alike, "same")) - set(plain) == {"mse", "rmse", "mae", "free_run_rmse"}
    assert plain["channels"] == plain_scores(alike, "same")["channels"]
    channels = plain["channels"].values()
    assert plain["nrmse"] == pytest.approx(math.sqrt(np.mean([own["nrmse"] ** 2 for own in channels])))


def test_the_valid_time_of_different_units_does_not_depend_on_their_choice(dataset):
    values, slow = np.tile([1.0, -1.0], 30), 0.3 * np.arange(60)
    truth = np.stack([values, slow], axis=1)

    def valid_time(factor, unit):
        data = dataset({"x": values, "v": factor * slow})
        data["v"].attrs["units"] = unit
        known = Known(truth=truth[40:] * [1.0, factor], offset=1.0, good=7)
        scores = score_part({"known": known}, part_of(record(data), 40), window=5).scores["known"]
        return scores["valid_prediction_time"]

    assert valid_time(1.0, "m") == pytest.approx(0.7)  # 1 rad is more than four tenths of the spread of both
    assert valid_time(1e6, "um") == pytest.approx(0.7)
    assert valid_time(1e6, "rad") > 0.7  # counted as one quantity, x would vanish beside v


@pytest.mark.parametrize(("offset", "good", "steps"), [(1.0, 7, 7), (-1.0, 0, 0), (0.2, 3, 20), (np.nan, 5, 5)])
def test_a_run_is_valid_until_its_error_exceeds_four_tenths_of_the_deviation(dataset, offset, good, steps):
    # The deviation of ±1 is 1.
    values = np.tile([1.0, -1.0], 30)
    series = record(dataset(values, np.arange(60) * 0.25))
    known = Known(truth=values[40:, None], offset=offset, good=good)
    scores = score_part({"known": known}, part_of(series, 40), window=5).scores["known"]
    assert scores["valid_prediction_time"] == pytest.approx(0.25 * steps)


def test_valid_times_are_averaged_over_stretches_and_share_one_scale(dataset):
    # Within each stretch of 5 the truth is nearly constant; the scale is that of the whole part.
    values = np.repeat([0.0, 10.0, 0.0, 10.0], 15) + 0.01 * np.arange(60)
    values[[29, 44]] = np.nan
    series = record(dataset(values, np.arange(60.0)))
    scores = score_part({"same": Persistence()}, Part(parent=series, start=20, stop=60), window=5).scores["same"]
    # Rows 20 to 28, 35 to 43 and 50 to 59 are run, all of them well.
    assert scores["valid_prediction_time"] == pytest.approx((9 + 9 + 10) / 3)


def test_a_constant_part_has_no_scale(dataset):
    values = np.concatenate([np.sin(np.arange(40.0)), np.full(20, 0.1)])
    evaluation = score_part({"half": Halving()}, part_of(record(dataset(values)), 40), window=5)
    plain = plain_scores(evaluation, "half")
    assert plain["valid_prediction_time"] is plain["r2"] is plain["nrmse"] is None
    assert plain["free_run_rmse"] > 0


@pytest.mark.parametrize(
    ("time", "time_units_given", "units", "per_step"),
    [
        (np.arange(60) * 0.5, "s", "s", 0.5),
        (np.arange(60) * 0.5, "", "steps", 1.0),
        (np.arange(1700, 1760), "year", "year", 1.0),
        (pd.date_range("2000-01-01", periods=60, freq="7D"), "", "steps", 1.0),
    ],
)
def test_valid_times_have_the_unit_of_the_axis(dataset, time, time_units_given, units, per_step):
    values = np.tile([1.0, -1.0], 30)
    part = part_of(record(dataset(values, time, time_units=time_units_given)), 50)
    known = Known(truth=values[50:, None], offset=1.0, good=4)
    assert score_part({"known": known}, part, window=5).scores["known"]["valid_prediction_time"] == 4 * per_step
    assert time_scale(part.parent.axis) == (per_step, units)


def test_several_channels_share_their_scores(dataset, wave):
    columns = {"x": wave(60), "v": 3 * wave(60, seed=1)}
    evaluation = score_part({"half": Halving()}, part_of(record(dataset(columns)), 45), window=5)
    values = np.stack(list(columns.values()), axis=1)
    errors = np.array([half(values, row) for row in range(45, 60)]) - values[45:]
    assert evaluation.scores["half"]["mse"] == pytest.approx(np.mean(errors**2))
    relative = np.mean(errors**2, axis=0) / values[45:].var(axis=0)
    assert evaluation.scores["half"]["r2"] == pytest.approx(1 - relative.mean())


def test_rows_need_a_whole_window_in_their_segment():
    np.testing.assert_array_equal(scored_rows(np.array([[0, 5], [7, 10], [20, 24]]), 3), [3, 4, 23])


def test_a_part_without_a_window_is_refused(dataset, wave):
    values = wave(60)
    values[45:] = np.nan
    with pytest.raises(DataError, match=r"`window` must be shorter than the longest gap-free stretch"):
        score_part({"same": Persistence()}, part_of(record(dataset(values)), 50), window=5)
