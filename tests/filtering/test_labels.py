"""Labels told from inputs: one for each trajectory, and one for each row."""

import numpy as np
import pytest
import xarray as xr
from sklearn import metrics as oracle

import pendula
from pendula.errors import ArgumentError, DataError
from pendula.filtering import evaluate_told, tell, window_features
from pendula.nn import Network
from pendula.nn.kernels import available
from pendula.runs import Labels, PairedRecipe
from pendula.training import Training

QUICK = Training(epochs=6, learning_rate=0.03, batch_size=8)
SMALL = Network(cell="gru", hidden_size=8)


def make_runs(count=40, *, seed=0, kinds=("fast", "slow")):
    """Waves of unequal lengths, of one of two frequencies each."""
    generator = np.random.default_rng(seed)
    lengths = generator.integers(6, 14, size=count)
    which = np.arange(count) % len(kinds)
    waves = [np.sin((0.4 + 1.2 * kind) * np.arange(length)) for kind, length in zip(which, lengths, strict=True)]
    return xr.Dataset(
        {
            "x": ("time", np.concatenate(waves) + 0.05 * generator.normal(size=lengths.sum()), {"units": "V"}),
            "kind": ("time", np.repeat(np.array(kinds)[which], lengths)),
        },
        coords={
            "time": ("time", np.concatenate([0.5 * np.arange(length) for length in lengths]), {"units": "s"}),
            "trajectory": ("time", np.repeat(np.arange(count), lengths)),
        },
    )


def make_regimes(size=600, *, seed=0, every=60):
    """A wave whose frequency switches."""
    mode = (np.arange(size) // every) % 2
    phase = np.cumsum(np.where(mode == 1, 1.2, 0.3))
    noise = 0.05 * np.random.default_rng(seed).normal(size=size)
    return xr.Dataset(
        {"x": ("time", np.sin(phase) + noise), "mode": ("time", mode + 3)},
        coords={"time": ("time", 0.5 * np.arange(size), {"units": "s"})},
    )


@pytest.fixture(scope="module")
def classified():
    return pendula.fit(make_runs(), "kind", task="classify", model=SMALL, training=QUICK)


@pytest.fixture(scope="module")
def switched():
    return pendula.fit(
        make_regimes(), "mode", task="regimes", model=SMALL, training=QUICK, window=30, washout=8,
        labels=Labels(minimum_duration=2, hysteresis=0.1),
    )  # fmt: skip


def test_labels_come_in_a_data_frame_as_well(switched):
    series = make_regimes()
    frame = series.to_dataframe().rename_axis("time [s]")
    frame["mode"] = frame["mode"].map({3: "3", 4: "4"})
    told = pendula.fit(
        frame, "mode", task="regimes", model=SMALL, training=QUICK, window=30, washout=8,
        labels=Labels(minimum_duration=2, hysteresis=0.1),
    )  # fmt: skip
    assert told.recipe.labels.classes == switched.recipe.labels.classes == ("3", "4")
    scored = [
        evaluate_told(fit, rows).to_dict()["models"]["network"] for fit, rows in ((told, frame), (switched, series))
    ]
    for one, other in (scored, (told.scores["models"]["network"], switched.scores["models"]["network"])):
        assert one["log_loss"] == other["log_loss"]
        assert one["confusion"] == other["confusion"]


def test_whole_trajectories_are_told_apart_and_scored_as_scikit_learn_scores(classified):
    evaluated = evaluate_told(classified)
    scores = evaluated.to_dict()["models"]["network"]
    assert scores["accuracy"] == oracle.accuracy_score(evaluated.truth, evaluated.told["network"]) > 0.7
    assert scores["log_loss"] == pytest.approx(oracle.log_loss(evaluated.truth, evaluated.probabilities["network"]))
    assert np.sum(scores["confusion"]) == len(evaluated.rows) == 10
    assert evaluated.to_dict() == classified.scores


def test_the_label_of_a_trajectory_does_not_depend_on_the_others(classified):
    runs = make_runs(count=12, seed=5)
    told = tell(classified, runs)
    assert told.sizes["time"] == 12
    for run in (0, 7, 11):
        alone = tell(classified, runs.isel(time=runs["trajectory"].values == run))
        # Without the core, to the rounding of torch's products.
        within = 0 if available() else 1e-6
        assert abs(alone["p_fast"].values[0] - told["p_fast"].values[run]) <= within
        assert alone["kind"].values[0] == told["kind"].values[run]
    assert np.allclose(told["p_fast"] + told["p_slow"], 1.0, atol=1e-12)


def test_a_run_tells_the_same_bits_after_it_was_kept(classified, switched, tmp_path):
    for fit, inputs in ((classified, make_runs(seed=3)), (switched, make_regimes(seed=3))):
        fit.save(tmp_path / fit.recipe.task)
        again = pendula.load(tmp_path / fit.recipe.task)
        assert tell(again, inputs).identical(tell(fit, inputs))
        assert again.recipe == fit.recipe
        assert again.model.labels == fit.model.labels


def test_regimes_come_back_as_the_whole_numbers_they_were_and_last(switched):
    told = tell(switched, make_regimes(seed=2))
    assert set(told["mode"].values) == {3.0, 4.0}
    lasting = np.diff(np.flatnonzero(np.diff(told["mode"].values)))
    assert (lasting >= 2).all()
    scores = switched.scores["models"]["network"]
    assert scores["switches"] == 2
    assert scores["accuracy"] > 0.8
    assert scores["median_delay"] == 0.5 * scores["median_delay_rows"]


def test_regimes_are_told_from_the_rows_up_to_each(switched):
    series = make_regimes(seed=4)
    whole, cut = tell(switched, series), tell(switched, series.isel(time=slice(0, 200)))
    assert np.array_equal(whole["p_3"].values[:200], cut["p_3"].values)
    assert np.array_equal(whole["mode"].values[:200], cut["mode"].values)


def test_the_commonest_label_has_the_closed_form(switched):
    evaluated = evaluate_told(switched)
    before = switched.record.values[: switched.validation_stop, 1]
    share = np.mean(before == evaluated.truth[:, None], axis=1)
    row = evaluated.to_dict()["baselines"]["commonest"]
    assert row["log_loss"] == pytest.approx(-np.log(share).mean(), rel=1e-12)
    assert row["roc_area"] == 0.5
    # It never switches, and finds no switch.
    assert row["missed"] == row["switches"] > 0
    assert row["median_delay_rows"] is None


def test_window_features_are_those_of_each_window_alone():
    values = np.random.default_rng(0).normal(size=(30, 2)) + 100
    found = window_features(values, np.array([[2, 12], [12, 30]]), span=5)
    for start, stop in ((2, 12), (12, 30)):
        for row in range(start, stop):
            own = values[max(start, row - 4) : row + 1]
            expected = np.concatenate([own.mean(axis=0), own.std(axis=0), own[-1]])
            assert np.allclose(found[row], expected, atol=1e-7)
    assert np.isnan(found[:2]).all()


def test_weights_raise_the_share_of_a_rare_label():
    rare = make_regimes(size=500, every=50)
    keep = np.where((rare["mode"].values == 4) & (np.arange(500) % 50 > 12), 3, rare["mode"].values)
    rare["mode"] = ("time", keep)
    rare["x"] = ("time", rare["x"].values + 1.5 * np.random.default_rng(1).normal(size=500))
    told = [
        pendula.fit(rare, "mode", task="regimes", model=SMALL, training=QUICK, window=20, washout=4, labels=labels)
        for labels in (Labels(), Labels(balanced=True))
    ]
    plain, balanced = (np.array(fit.scores["models"]["network"]["confusion"])[:, 1].sum() for fit in told)
    assert balanced > plain


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            lambda runs: runs.assign(kind=("time", np.full(runs.sizes["time"], "fast"))),
            "`kind` must have several classes",
        ),
        (
            lambda runs: runs.assign(
                kind=("time", np.where(runs["trajectory"] > 37, "odd", runs["kind"].values.astype("U4")))
            ),
            "`kind` must have every label in the training part: got odd in the test part alone.*mix their order",
        ),
        (
            lambda runs: runs.assign(kind=("time", np.where(np.arange(runs.sizes["time"]) % 2, "fast", "slow"))),
            "`kind` must be one label in each trajectory: got 2 in trajectory 0. Choose the task regimes",
        ),
        (
            lambda runs: runs.assign(x=runs["x"].where(runs["trajectory"] != 3)),
            "`x` must have values in every trajectory: got none in trajectory 3, whose length is thus zero",
        ),
        (
            lambda runs: runs.assign(x=runs["x"].where(np.arange(runs.sizes["time"]) != 4)),
            "`x` must be whole in every trajectory: got 1 of .* rows without a value in trajectory 0. Write --missing",
        ),
        (lambda runs: runs.drop_vars("kind"), "`kind` must be a column of labels"),
    ],
)
def test_bad_records_are_refused_in_words(change, message):
    with pytest.raises(DataError, match=message):
        pendula.fit(change(make_runs()), "kind", task="classify", model=SMALL, training=QUICK)


def test_a_label_that_comes_last_alone_is_refused_for_regimes():
    late = make_regimes()
    late["mode"] = ("time", np.where(np.arange(600) > 560, 9, late["mode"].values))
    with pytest.raises(DataError, match=r"got 9 in the test part alone\. The end of the record is the test part"):
        pendula.fit(late, "mode", task="regimes", model=SMALL, training=QUICK, window=30)


@pytest.mark.parametrize(
    ("choices", "message"),
    [
        ({"labels": Labels(balanced=True)}, "`labels` must go with a task that tells labels"),
        ({"task": "regimes", "target": ("y", "z")}, "`target` must be one column of labels: got y, z"),
        ({"task": "regimes", "network": Network(linear_lags=2)}, "`linear_lags` must be 0 where labels are told"),
        ({"task": "classify", "washout": 0}, "`by` must be trajectory where each has one label: got time"),
        ({"task": "classify", "by": "trajectory"}, "`washout` must be 0 where a trajectory has one label: got 50"),
        (
            {"task": "classify", "by": "trajectory", "washout": 0, "labels": Labels(hysteresis=0.5)},
            "`hysteresis` must be left out where a trajectory has one label: got 0.5",
        ),
    ],
)
def test_recipes_are_refused_in_words(choices, message):
    with pytest.raises(ArgumentError, match=message):
        PairedRecipe(**{"inputs": ("x",), "target": ("y",), **choices})


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"classes": ("a", "a")}, "`classes` must be different labels"),
        ({"classes": ("a", "b"), "weights": {"c": 2.0}}, "`weights` must name labels: expected some of a, b, got c"),
        ({"weights": {"a": -1.0}}, "`weights` must be positive: expected a finite number above 0 for a, got -1.0"),
        ({"weights": {"a": 2.0}, "balanced": True}, "`weights` must be left out where classes are balanced"),
    ],
)
def test_settings_of_labels_are_refused_in_words(settings, message):
    with pytest.raises(ArgumentError, match=message):
        Labels(**settings)


def test_settings_of_told_targets_need_a_task():
    with pytest.raises(ArgumentError, match="`task` must be given with `labels` or `initial_state`"):
        pendula.fit(make_regimes(), "x", initial_state="rest")
    with pytest.raises(ArgumentError, match="`target` must name the column of labels for the task regimes"):
        pendula.fit(make_regimes(), task="regimes")
    with pytest.raises(ArgumentError, match="`window` must be left out where a trajectory has one label"):
        pendula.fit(make_runs(), "kind", task="classify", window=5)
