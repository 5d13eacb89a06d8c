"""Runs are begun, finished, resumed and replaced; nothing but a run is ever removed."""

import re

import pytest

from pendula import files
from pendula.errors import ArgumentError, RunError
from pendula.runs import begin_run, building, finish_run, load, save_fit, write_start
from pendula.runs.directory import partial_of


@pytest.fixture
def begun(fit, tmp_path):
    partial = begin_run(tmp_path / "run")
    write_start(partial, record=fit.record, recipe=fit.recipe)
    return partial


def test_a_run_is_made_beside_its_place(tmp_path):
    assert begin_run(tmp_path / "a" / "run") == tmp_path / "a" / "run.partial"
    assert (tmp_path / "a" / "run.partial").is_dir()
    assert not (tmp_path / "a" / "run").exists()


@pytest.mark.parametrize("path", [".", "..", "/", "runs/.."])
def test_a_run_has_a_name_of_its_own(path):
    with pytest.raises(RunError, match="must name a run: expected a new name"):
        begin_run(path)


def test_a_name_that_is_taken_is_refused(run):
    with pytest.raises(RunError, match=rf"`{re.escape(str(run))}` must not exist: .* Use `--overwrite` to replace it"):
        begin_run(run)


def test_an_unfinished_run_is_in_the_way(begun, tmp_path):
    with pytest.raises(RunError, match=r"must not be half-written: .*`pendula fit --resume .*run`, .*`--overwrite`"):
        begin_run(tmp_path / "run")
    assert (begun / "manifest.toml").is_file()


def test_an_unfinished_run_is_resumed(begun, tmp_path):
    assert begin_run(tmp_path / "run", resume=True) == begun
    assert (begun / "manifest.toml").is_file()


def test_there_must_be_something_to_resume(run, tmp_path):
    with pytest.raises(RunError, match=r"to be resumed: expected .*, got a finished run\. There is nothing to resume"):
        begin_run(run, resume=True)
    with pytest.raises(RunError, match=r"to be resumed: expected .*, got none\. There is nothing to resume"):
        begin_run(tmp_path / "other", resume=True)
    begin_run(tmp_path / "other")
    with pytest.raises(RunError, match=r"must have been begun: .* stopped before it had a manifest"):
        begin_run(tmp_path / "other", resume=True)


def test_nobody_can_resume_and_overwrite(tmp_path):
    with pytest.raises(ArgumentError, match="`overwrite` must not go with `resume`"):
        begin_run(tmp_path / "run", overwrite=True, resume=True)


def test_overwriting_drops_an_unfinished_run(begun, tmp_path):
    assert begin_run(tmp_path / "run", overwrite=True) == begun
    assert not list(begun.iterdir())


def test_the_old_run_stands_until_the_new_one_is_whole(make_fit, run):
    partial = begin_run(run, overwrite=True)
    new = make_fit(seed=1)
    write_start(partial, record=new.record, recipe=new.recipe)
    assert load(run).recipe.seed == 0
    save_fit(new, partial)
    assert load(run).recipe.seed == 0
    finish_run(partial, run)
    assert load(run).recipe.seed == 1
    assert list(run.parent.iterdir()) == [run]


def test_a_finished_run_keeps_no_checkpoint_but_all_else(fit, begun, tmp_path):
    for file in ("checkpoint/state.safetensors", "figures/losses.png", "report.html"):
        (begun / file).parent.mkdir(exist_ok=True)
        (begun / file).write_text("")
    save_fit(fit, begun)
    finish_run(begun, tmp_path / "run")
    assert not (tmp_path / "run" / "checkpoint").exists()
    assert (tmp_path / "run" / "figures" / "losses.png").is_file()
    assert (tmp_path / "run" / "report.html").is_file()


def test_a_run_that_is_not_whole_is_not_put_in_place(fit, run):
    partial = begin_run(run, overwrite=True)
    write_start(partial, record=fit.record, recipe=fit.recipe)
    with pytest.raises(RunError, match=r"run\.partial` must hold a whole fit"):
        finish_run(partial, run)
    assert load(run).recipe == fit.recipe


def test_only_runs_are_replaced(fit, tmp_path):
    (tmp_path / "home" / "documents").mkdir(parents=True)
    (tmp_path / "file").write_text("mine")
    for name in ("home", "file"):
        with pytest.raises(RunError, match="must be a run to be replaced: got a file, or a folder with other things"):
            fit.save(tmp_path / name, overwrite=True)
    assert (tmp_path / "home" / "documents").is_dir()
    assert (tmp_path / "file").read_text() == "mine"
    (tmp_path / "empty").mkdir()
    fit.save(tmp_path / "empty", overwrite=True)
    assert load(tmp_path / "empty").recipe == fit.recipe


def test_a_folder_that_came_into_the_way_meanwhile_is_kept(fit, begun, tmp_path):
    save_fit(fit, begun)
    (tmp_path / "run" / "mine").mkdir(parents=True)
    with pytest.raises(RunError, match="must be a run to be replaced"):
        finish_run(begun, tmp_path / "run")
    assert (tmp_path / "run" / "mine").is_dir()
    assert begun.is_dir()


def test_a_damaged_run_can_be_replaced(make_fit, run):
    (run / "manifest.toml").unlink()
    (run / "series.nc").write_text("")
    make_fit(seed=1).save(run, overwrite=True)
    assert load(run).recipe.seed == 1


def die_between_the_renames(run, new):
    """Leave what a process leaves that is killed while it puts a new run in the place of an old one."""
    partial = begin_run(run, overwrite=True)
    save_fit(new, partial)
    run.rename(run.with_name(f".{run.name}.0123abcd.old"))
    return partial


def test_the_new_run_is_found_after_a_crash_between_the_renames(make_fit, run):
    die_between_the_renames(run, make_fit(seed=1))
    assert load(run).recipe.seed == 1
    assert not run.exists()  # reading changes nothing


def test_the_old_run_is_found_after_a_crash_if_the_new_one_is_gone(make_fit, run):
    partial = die_between_the_renames(run, make_fit(seed=1))
    for path in sorted(partial.rglob("*"), reverse=True):
        path.unlink() if path.is_file() else path.rmdir()
    assert load(run).recipe.seed == 0


def test_a_name_is_taken_after_a_crash(make_fit, run):
    die_between_the_renames(run, make_fit(seed=1))
    with pytest.raises(RunError, match="must not exist"):
        begin_run(run)


def test_a_crash_is_mended_before_the_next_replacement(make_fit, run):
    die_between_the_renames(run, make_fit(seed=1))
    partial = begin_run(run, overwrite=True)
    assert load(run).recipe.seed == 1
    save_fit(make_fit(seed=2), partial)
    finish_run(partial, run)
    assert load(run).recipe.seed == 2
    assert list(run.parent.iterdir()) == [run]


def test_a_crash_is_mended_by_finishing_the_same_run(make_fit, run):
    partial = die_between_the_renames(run, make_fit(seed=1))
    assert begin_run(run, resume=True) == partial
    finish_run(partial, run)
    assert load(run).recipe.seed == 1
    assert list(run.parent.iterdir()) == [run]


def test_an_interrupted_replacement_is_undone(make_fit, run, monkeypatch):
    new = make_fit(seed=1)
    rename = type(run).rename

    def interrupted(self, target):
        if self.name.endswith(".partial"):
            raise KeyboardInterrupt
        return rename(self, target)

    monkeypatch.setattr(type(run), "rename", interrupted)
    with pytest.raises(KeyboardInterrupt):
        new.save(run, overwrite=True)
    assert load(run).recipe.seed == 0
    assert list(run.parent.iterdir()) == [run]
    assert files.replaced_directories(run) == []


def test_the_partial_folder_is_named_after_the_run():
    assert partial_of("runs/a.b").name == "a.b.partial"


def test_where_there_is_nothing_to_resume_nothing_is_made(tmp_path):
    with (
        pytest.raises(RunError, match=r"got none\. There is nothing to resume"),
        building(tmp_path / "runs" / "run", resume=True),
    ):
        pytest.fail("there is nothing")
    assert not list(tmp_path.iterdir())


def test_a_run_that_is_built_up_leaves_nothing_beside_it(fit, tmp_path):
    with building(tmp_path / "a" / "run") as partial:
        save_fit(fit, partial)
        finish_run(partial, tmp_path / "a" / "run")
    assert list((tmp_path / "a").iterdir()) == [tmp_path / "a" / "run"]
    assert load(tmp_path / "a" / "run").recipe == fit.recipe
