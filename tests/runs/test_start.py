"""A training that was stopped can be resumed from what was written when it began."""

from dataclasses import replace

import numpy as np
import pytest

from pendula.errors import RunError
from pendula.runs import begin_run, change_recipe, data_hash, finish_run, load, read_start, save_fit, write_start


@pytest.fixture
def partial(fit, tmp_path):
    folder = begin_run(tmp_path / "run")
    write_start(folder, record=fit.record, recipe=fit.recipe, notes=fit.notes)
    return folder


def test_a_start_comes_back_with_every_choice(fit, partial):
    start = read_start(partial)
    assert start.recipe == fit.recipe
    assert start.recipe.training.clip_norm is None  # a None whose default is another value
    assert start.notes == fit.notes
    assert data_hash(start.record) == data_hash(fit.record)


def test_a_start_without_notes(fit, tmp_path):
    folder = begin_run(tmp_path / "run")
    write_start(folder, record=fit.record, recipe=fit.recipe)
    assert read_start(folder).notes == ()


def test_the_time_of_the_start_is_kept_when_the_run_is_done(fit, partial, tmp_path):
    created = read_start(partial).created
    save_fit(fit, partial)
    finish_run(partial, tmp_path / "run")
    assert read_start(tmp_path / "run").created == created
    assert load(tmp_path / "run").recipe == fit.recipe


def test_a_fit_may_have_other_epochs_and_gaps_than_its_start(fit, partial):
    values = fit.record.values.copy()
    values[30] = np.nan
    longer = replace(fit, recipe=replace(fit.recipe, training=replace(fit.recipe.training, epochs=9)))
    save_fit(longer, partial)
    assert read_start(partial).recipe.training.epochs == 9


def test_a_changed_recipe_is_all_that_changes(fit, partial):
    before = read_start(partial)
    series = (partial / "series.nc").read_bytes()
    change_recipe(partial, replace(fit.recipe, window=9))
    after = read_start(partial)
    assert after.recipe == replace(fit.recipe, window=9)
    assert (after.created, after.notes) == (before.created, before.notes)
    assert data_hash(after.record) == data_hash(before.record)
    assert (partial / "series.nc").read_bytes() == series


def test_a_whole_fit_that_is_trained_again_is_no_longer_whole(fit, partial, tmp_path):
    save_fit(fit, partial)
    change_recipe(partial, fit.recipe)
    with pytest.raises(RunError, match=r"is half-written"):
        load(tmp_path / "run")


@pytest.mark.parametrize("file", ["series.nc", "manifest.toml"])
def test_a_missing_file_is_named(partial, file):
    (partial / file).unlink()
    with pytest.raises(RunError, match=rf"{file}.*(got none|No such file)"):
        read_start(partial)


def test_a_damaged_record_is_refused(partial):
    content = bytearray((partial / "series.nc").read_bytes())
    content[-1] ^= 1
    (partial / "series.nc").write_bytes(content)
    with pytest.raises(RunError, match=r"series\.nc` must be as it was written: its checksum differs"):
        read_start(partial)
