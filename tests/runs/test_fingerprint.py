"""A fingerprint tells trainings apart by all that a checkpoint depends on, and by nothing else."""

from dataclasses import fields, replace

import numpy as np
import pytest

from pendula.nn import Network
from pendula.runs import Recipe, begin_run, fingerprint, read_start, write_start
from pendula.training import Training

OTHERS = {
    "network": Network(hidden_size=65), "training": Training(learning_rate=0.5), "window": 51, "scaling": "range",
    "transform": "log", "test": 0.5, "validation": 0.5, "test_from": "1980", "by": "trajectory", "cut": "windows",
    "linear_penalty": 0.5, "baseline_lags": 2, "calibration_folds": 5, "members": 3, "seed": 1,
    "missing": "last", "irregular": True,
}  # fmt: skip


@pytest.mark.parametrize("name", OTHERS)
def test_every_choice_counts(make_record, name):
    assert fingerprint(make_record(), replace(Recipe(), **{name: OTHERS[name]})) != fingerprint(make_record(), Recipe())


def test_what_is_watched_counts(make_record):
    recipe = Recipe(training=Training(select_by="last_epoch"))
    assert fingerprint(make_record(), replace(recipe, watch="test")) != fingerprint(make_record(), recipe)
    assert {*OTHERS, "watch"} == {field.name for field in fields(Recipe)}


def test_the_record_counts(make_record):
    rows = make_record()
    changed = replace(rows, values=np.nextafter(rows.values, np.inf))
    assert fingerprint(changed, Recipe()) != fingerprint(rows, Recipe())


@pytest.mark.parametrize("training", [Training(epochs=7), Training(checkpoint_seconds=0.0)])
def test_a_resumed_training_may_have_other_epochs_and_pauses(make_record, training):
    assert fingerprint(make_record(), Recipe(training=training)) == fingerprint(make_record(), Recipe())


def test_a_choice_may_be_a_number_of_numpy(make_record):
    def with_year(year):
        recipe = Recipe()
        object.__setattr__(recipe, "test_from", year)  # outside of tests, nothing checks its type
        return fingerprint(make_record(), recipe)

    assert with_year(np.int64(1980)) != with_year(np.int64(1981))


def test_a_fingerprint_is_the_same_after_a_round_trip(fit, tmp_path):
    partial = begin_run(tmp_path / "run")
    write_start(partial, record=fit.record, recipe=fit.recipe)
    start = read_start(partial)
    assert fingerprint(start.record, start.recipe) == fingerprint(fit.record, fit.recipe)
