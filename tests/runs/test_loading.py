"""Whatever is no run, not yet one, or no more one, is told in words."""

import shutil

import pytest
import torch

from pendula.errors import RunError
from pendula.runs import begin_run, load, loading, write_start
from pendula.training import Checkpoint, write_checkpoint


def begun(fit, path, *, epoch=None):
    partial = begin_run(path)
    write_start(partial, record=fit.record, recipe=fit.recipe)
    if epoch is not None:
        checkpoint = Checkpoint(
            epoch=epoch,
            best_epoch=0,
            best_error=1.0,
            seconds=1.0,
            history=(),
            fingerprint="",
            model={"a": torch.zeros(1)},
            best={"a": torch.zeros(1)},
            optimizer={},
        )
        write_checkpoint(checkpoint, partial / "checkpoint")
    return partial


def test_a_missing_run_is_told_with_the_nearest_name(run, tmp_path):
    with pytest.raises(
        RunError, match=r"runn` must be a run directory: .* nothing of that name.* Did you mean `run`\?"
    ):
        load(tmp_path / "runn")
    with pytest.raises(RunError, match=r"nothing of that name\. Check the name"):
        load(tmp_path / "missing" / "run")


def test_a_file_is_no_run(tmp_path):
    (tmp_path / "data.csv").write_text("x")
    with pytest.raises(RunError, match=r"must be a run directory: expected a folder, got a file\. Name a folder"):
        load(tmp_path / "data.csv")


@pytest.mark.parametrize("suffix", [".pt", ".pth", ".pkl", ".ckpt"])
def test_a_pickle_is_no_run(tmp_path, suffix):
    (tmp_path / f"model{suffix}").write_bytes(b"")
    with pytest.raises(RunError, match="Pendula never opens pickles, they can run code"):
        load(tmp_path / f"model{suffix}")


def test_a_folder_of_other_things_is_no_run(run, tmp_path):
    with pytest.raises(RunError, match=r"expected manifest\.toml in it, got none.* Known are `run`"):
        load(tmp_path)
    (tmp_path / "empty").mkdir()
    with pytest.raises(RunError, match=r"expected manifest\.toml in it, got none\. Name a folder that"):
        load(tmp_path / "empty")


def test_a_half_written_run_tells_how_to_go_on(fit, tmp_path):
    path = tmp_path / "run"
    begun(fit, path, epoch=2)
    with pytest.raises(RunError) as caught:
        load(path)
    assert str(caught.value) == (
        f"`{path}` is half-written: training stopped after epoch 2 of 3. "
        f"Continue it with `pendula fit --resume {path}`."
    )
    with pytest.raises(RunError) as caught_again:
        load(tmp_path / "run.partial")
    assert str(caught_again.value) == str(caught.value)


def test_a_run_that_was_only_begun_is_half_written(fit, tmp_path):
    begun(fit, tmp_path / "run")
    with pytest.raises(RunError, match=r"is half-written: training stopped before its first checkpoint\. Continue it"):
        load(tmp_path / "run")


def test_an_old_run_is_read_while_a_new_one_is_in_training(fit, run):
    partial = begin_run(run, overwrite=True)
    write_start(partial, record=fit.record, recipe=fit.recipe)
    assert load(run).recipe == fit.recipe


def test_a_run_that_is_replaced_while_it_is_read_is_read_again(make_fit, run, monkeypatch):
    reads = []
    load_fit = loading.load_fit

    def replacing(folder):
        made = load_fit(folder)
        reads.append(made.recipe.seed)
        if len(reads) == 1:
            make_fit(seed=1).save(run, overwrite=True)
        return made

    monkeypatch.setattr(loading, "load_fit", replacing)
    assert load(run).recipe.seed == 1
    assert reads == [0, 1]


def test_a_run_whose_pieces_vanish_for_a_new_one_is_read_again(make_fit, run, monkeypatch):
    reads = []
    load_fit = loading.load_fit

    def replacing(folder):
        reads.append(folder)
        if len(reads) == 1:
            make_fit(seed=1).save(run, overwrite=True)
            raise RunError("gone")
        return load_fit(folder)

    monkeypatch.setattr(loading, "load_fit", replacing)
    assert load(run).recipe.seed == 1


def test_a_run_that_never_holds_still_is_given_up(make_fit, run, monkeypatch):
    load_fit = loading.load_fit

    def replacing(folder):
        made = load_fit(folder)
        make_fit(seed=made.recipe.seed + 1).save(run, overwrite=True)
        return made

    monkeypatch.setattr(loading, "load_fit", replacing)
    with pytest.raises(RunError, match="must hold still: it was replaced again and again"):
        load(run)


def test_a_run_may_be_moved_and_renamed(fit, run, tmp_path):
    shutil.move(run, tmp_path / "elsewhere")
    assert load(tmp_path / "elsewhere").recipe == fit.recipe
