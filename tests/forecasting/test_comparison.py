"""The verb compare: several networks on the same rows."""

import json
from dataclasses import replace

import numpy as np
import pytest

import pendula
from pendula.errors import ArgumentError, DataError, DivergedError
from pendula.forecasting import compare, compare_recipes, evaluate, fit_record
from pendula.nn import Network
from pendula.runs import Recipe
from pendula.series import record
from pendula.training import EpochFinished, Training


@pytest.fixture(scope="module")
def recipes(network, brief):
    first = Recipe(network=network, training=brief, window=8)
    return {
        "plain": first,
        "linear path": replace(first, network=replace(network, linear_lags=3)),
        "other seed": replace(first, seed=1),
    }


@pytest.fixture(scope="module")
def compared(dataset, wave, recipes):
    return compare_recipes(record(dataset(wave())), recipes)


def test_each_fit_is_the_one_made_alone(compared, recipes, dataset, wave):
    for name, recipe in recipes.items():
        alone = fit_record(record(dataset(wave())), recipe)
        assert compared.fits[name].history == alone.history
        scores = compared.evaluated.to_dict()["models"][name]
        expected = alone.scores["models"]["network"]
        assert {**scores, "seconds": 0} == {**expected, "seconds": 0}


def test_networks_and_baselines_are_scored_on_the_same_rows(compared):
    evaluation = compared.evaluated.evaluation
    np.testing.assert_array_equal(evaluation.rows, np.arange(120, 160))
    assert list(evaluation.scores) == [*compared.fits, "persistence", "seasonal", "linear"]
    assert {made.shape for made in evaluation.one_step.values()} == {(40, 1)}
    assert {errors.shape for errors in compared.evaluated.rolling.errors.values()} == {(21, 20, 1)}
    baselines = evaluate(compared.fits["plain"]).evaluation.scores
    assert all(evaluation.scores[name] == baselines[name] for name in ("persistence", "seasonal", "linear"))


def test_the_table_names_networks_apart_from_baselines_and_their_times(compared):
    table = compared.evaluated.to_dict()
    assert list(table["models"]) == list(compared.fits)
    assert {table["models"][name]["seconds"] for name in compared.fits} == {
        made.seconds for made in compared.fits.values()
    }
    assert json.loads(json.dumps(table, allow_nan=False)) == table


def test_cells_are_compared_by_name(dataset, wave):
    series = dataset({"x": wave(100), "v": wave(100, seed=1)})
    compared = compare(series, "v", models=("rnn", "gru"), training=Training(epochs=1, steps_per_epoch=2), window=5)
    assert {name: made.recipe.network for name, made in compared.fits.items()} == {
        "rnn": Network(cell="rnn"), "gru": Network(cell="gru"),
    }  # fmt: skip
    assert compared.fits["rnn"].model.names == ("v",)


def test_architectures_are_compared_by_their_names(dataset, wave, network, brief):
    models = {"small": network, "smaller": replace(network, hidden_size=2)}
    compared = compare(dataset(wave()), models=models, training=brief, test_from=13.0, transform="asinh", seed=3)
    assert list(compared.fits) == ["small", "smaller"]
    assert {made.recipe.window for made in compared.fits.values()} == {int(130 * 0.8) // 4}
    assert {made.recipe.seed for made in compared.fits.values()} == {3}
    assert compared.fits["small"].validation_stop == 130
    assert "linear (asinh)" in compared.evaluated.to_dict()["baselines"]


@pytest.mark.parametrize("missing", ["gap", "last"])
def test_cells_are_told_irregular_times_and_shown_what_is_missing(dataset, network, brief, missing):
    generator = np.random.default_rng(0)
    t = np.cumsum(generator.uniform(0.1, 1.5, size=200))
    x = np.where(np.arange(200) % 31 == 5, np.nan, np.sin(t))
    words = {"missing": missing, "irregular": True, "training": brief, "window": 6}
    compared = compare(dataset(x, t), models={"only": network}, **words)
    alone = pendula.fit(dataset(x, t), model=network, **words)
    assert compared.fits["only"].recipe == alone.recipe
    assert compared.fits["only"].history == alone.history
    table = compared.evaluated.to_dict()
    assert table["controls"] == ["interval"]
    expected = alone.scores["models"]["network"]
    assert {**table["models"]["only"], "seconds": 0} == {**expected, "seconds": 0}
    # The test part is rows 150 to 199, of which 160 and 191 are missing; without a bridge the six after each are, too.
    assert table["rows"] == {"gap": 50 - 2 * 7, "last": 50 - 2}[missing]


def test_listeners_hear_their_own_training(dataset, wave, recipes):
    heard = {name: [] for name in ("plain", "other seed")}
    listeners = {name: events.append for name, events in heard.items()}
    compared = compare_recipes(record(dataset(wave())), recipes, listeners=listeners)
    for name, events in heard.items():
        lines = [event.record for event in events if isinstance(event, EpochFinished)]
        assert lines == list(compared.fits[name].history)


@pytest.mark.parametrize(
    ("name", "value", "shown"),
    [
        ("window", 9, "8, 9|9, 8"),
        ("test", 0.3, r"0\.25, 0\.3|0\.3, 0\.25"),
        ("validation", 0.3, r"0\.2, 0\.3|0\.3, 0\.2"),
        ("test_from", 12.0, r"None, 12\.0|12\.0, None"),
        ("by", "trajectory", "time, trajectory|trajectory, time"),
        ("cut", "windows", "rows, windows|windows, rows"),
        ("transform", "asinh", "none, asinh|asinh, none"),
        ("scaling", "range", "standard, range|range, standard"),
        ("missing", "last", "gap, last|last, gap"),
        ("irregular", True, "False, True|True, False"),
        ("baseline_lags", 4, "None, 4|4, None"),
    ],
)
def test_recipes_that_are_not_comparable_are_refused(dataset, wave, recipes, name, value, shown):
    unlike = {"plain": recipes["plain"], "other": replace(recipes["plain"], **{name: value})}
    message = rf"`{name}` must be the same for all networks: got ({shown})\. They are scored on the same rows\."
    with pytest.raises(ArgumentError, match=message):
        compare_recipes(record(dataset(wave())), unlike)


def test_a_network_that_diverges_ends_the_comparison(dataset, wave, recipes, brief):
    ruined = replace(recipes["plain"], training=replace(brief, learning_rate=1e30, clip_norm=None))
    with pytest.raises(DivergedError, match=r"Training diverged at .*epoch 1"):
        compare_recipes(record(dataset(wave())), {"plain": recipes["plain"], "ruined": ruined})


def test_nothing_to_compare_is_refused(dataset, wave):
    with pytest.raises(ArgumentError, match=r"`models` must name networks: expected at least one, got none\."):
        compare(dataset(wave()), models=())


def test_a_comparison_without_a_test_part_is_refused(dataset, wave, recipes):
    message = r"`test` must keep rows to compare on: expected a fraction above 0, got 0\. Usual is 0\.25\."
    with pytest.raises(ArgumentError, match=message):
        compare_recipes(record(dataset(wave())), {"plain": replace(recipes["plain"], test=0)})


def test_a_mistyped_target_is_guessed(dataset, wave):
    with pytest.raises((ArgumentError, DataError), match=r"Did you mean `speed`\?"):
        pendula.compare(dataset({"speed": wave(), "x": wave()}), "sped", models=("gru",))
