"""Checkpoints: what comes back, what is refused, and what survives a write that dies."""

import json
import math
from dataclasses import replace

import numpy as np
import pytest
import safetensors.torch
import torch
from safetensors import SafetensorError

from pendula.errors import RunError
from pendula.training import CHECKPOINT_FILE, Checkpoint, EpochRecord, read_checkpoint, write_checkpoint
from pendula.training.checkpoint import MAX_CHECKPOINT_BYTES, read_epoch


def record(epoch, **options):
    settings = {
        "train_loss": 0.1 + epoch, "validation_one_step": 1 / 3, "validation_free_run": math.inf,
        "learning_rate": 1e-3, "gradient_norm": None, "horizon": 4, "teacher_forcing": 0.25,
    }  # fmt: skip
    return EpochRecord(epoch=epoch, **(settings | options))


@pytest.fixture
def checkpoint():
    generator = torch.Generator().manual_seed(0)
    return Checkpoint(
        epoch=2,
        best_epoch=1,
        best_error=1 / 3,
        seconds=12.5,
        history=(record(0, train_loss=None), record(1), record(2, validation_free_run=None)),
        fingerprint="abc",
        model={"head.weight": torch.randn(3, 4, generator=generator), "linear.bias": torch.ones(2).double()},
        best={"head.weight": torch.randn(3, 4, generator=generator), "linear.bias": torch.zeros(2).double()},
        optimizer={"head.weight/step": torch.tensor(7.0), "head.weight/exp_avg": torch.randn(3, 4).t()},
    )


def assert_equal(got, expected):
    for name in ("epoch", "best_epoch", "best_error", "seconds", "history", "fingerprint"):
        assert getattr(got, name) == getattr(expected, name)
    for name in ("model", "best", "optimizer"):
        tensors, others = getattr(got, name), getattr(expected, name)
        assert set(tensors) == set(others)
        for key, tensor in tensors.items():
            assert tensor.dtype == others[key].dtype
            assert torch.equal(tensor, others[key])


def test_all_comes_back(checkpoint, tmp_path):
    write_checkpoint(checkpoint, tmp_path / "folder")
    assert_equal(read_checkpoint(tmp_path / "folder"), checkpoint)


def test_a_run_that_was_removed_is_not_made_again(checkpoint, tmp_path):
    with pytest.raises(RunError, match=r"run` must stay in place while it is trained in: .* Start the run anew\."):
        write_checkpoint(checkpoint, tmp_path / "run" / "checkpoint")
    assert not list(tmp_path.iterdir())


def test_an_error_before_the_first_best_epoch_comes_back(checkpoint, tmp_path):
    write_checkpoint(replace(checkpoint, best_error=math.inf, optimizer={}), tmp_path)
    assert read_checkpoint(tmp_path).best_error == math.inf
    assert read_checkpoint(tmp_path).optimizer == {}


def test_a_checkpoint_replaces_the_one_before(checkpoint, tmp_path):
    write_checkpoint(checkpoint, tmp_path)
    held = read_checkpoint(tmp_path)
    later = replace(checkpoint, epoch=3, model={name: tensor + 1 for name, tensor in checkpoint.model.items()})
    write_checkpoint(later, tmp_path)
    assert_equal(read_checkpoint(tmp_path), later)
    assert_equal(held, checkpoint)  # what was read before does not change with the file
    assert [path.name for path in tmp_path.iterdir()] == [CHECKPOINT_FILE]


def test_an_empty_folder_is_said_to_be_empty(tmp_path):
    rule = rf"`.*` must hold a checkpoint: expected {CHECKPOINT_FILE}, got none\. Start the run anew\."
    with pytest.raises(RunError, match=rule):
        read_checkpoint(tmp_path)
    with pytest.raises(RunError, match=rule):
        read_checkpoint(tmp_path / "missing")


def test_the_epoch_is_read_without_the_tensors(checkpoint, tmp_path, monkeypatch):
    write_checkpoint(replace(checkpoint, model={"a": torch.zeros(10)}), tmp_path)
    opened = safetensors.safe_open

    def without_tensors(path, framework):
        file = opened(path, framework=framework)

        class Head:
            def __enter__(self):
                return self

            def __exit__(self, *_):
                pass

            def metadata(self):
                return file.metadata()

        return Head()

    monkeypatch.setattr(safetensors, "safe_open", without_tensors)
    assert read_epoch(tmp_path) == 2
    with pytest.raises(AttributeError):
        read_checkpoint(tmp_path)


@pytest.mark.parametrize("reads", [read_checkpoint, read_epoch])
def test_a_checkpoint_beyond_the_limit_is_not_read(checkpoint, tmp_path, reads):
    write_checkpoint(checkpoint, tmp_path)
    with (tmp_path / CHECKPOINT_FILE).open("ab") as file:
        file.truncate(MAX_CHECKPOINT_BYTES + 1)
    with pytest.raises(RunError, match=rf"must be at most {MAX_CHECKPOINT_BYTES} bytes: got .* It was not read"):
        reads(tmp_path)


def test_an_epoch_that_is_amiss_is_refused(tmp_path):
    for state in ({}, {"epoch": None}, [], {"epoch": "one"}):
        metadata = {"pendula": json.dumps(state)}
        safetensors.torch.save_file({"model/a": torch.ones(1)}, tmp_path / CHECKPOINT_FILE, metadata=metadata)
        with pytest.raises(RunError, match=r"must be a checkpoint: .* is amiss\. Start the run anew\."):
            read_epoch(tmp_path)
    (tmp_path / CHECKPOINT_FILE).unlink()
    with pytest.raises(RunError, match="must hold a checkpoint"):
        read_epoch(tmp_path)


def test_a_file_cut_off_anywhere_is_damaged(checkpoint, tmp_path):
    write_checkpoint(checkpoint, tmp_path)
    path = tmp_path / CHECKPOINT_FILE
    content = path.read_bytes()
    for length in [*range(12), *np.linspace(12, len(content) - 1, 40).astype(int)]:
        path.write_bytes(content[:length])
        with pytest.raises(RunError, match=r"must be a checkpoint: .* It is damaged; start the run anew\."):
            read_checkpoint(tmp_path)


@pytest.mark.parametrize("position", [0, 5, 8, 9, 40])
def test_a_damaged_head_is_refused(checkpoint, tmp_path, position):
    write_checkpoint(checkpoint, tmp_path)
    path = tmp_path / CHECKPOINT_FILE
    content = bytearray(path.read_bytes())
    content[position] ^= 0xFF
    path.write_bytes(content)
    with pytest.raises(RunError, match="must be a checkpoint"):
        read_checkpoint(tmp_path)


def test_a_file_of_something_else_is_refused(tmp_path):
    safetensors.torch.save_file({"a": torch.ones(1)}, tmp_path / CHECKPOINT_FILE)
    with pytest.raises(RunError, match=r"must be a checkpoint: 'pendula'\. It is damaged"):
        read_checkpoint(tmp_path)


GOOD = {"epoch": 1, "best_epoch": 1, "best_error": "0.5", "seconds": 1.0, "fingerprint": "", "history": []}


@pytest.mark.parametrize(
    "state",
    [
        *({name: value for name, value in GOOD.items() if name != missing} for missing in GOOD),
        GOOD | {"epoch": "one"},
        GOOD | {"best_error": None},
        GOOD | {"history": None},
        GOOD | {"history": [{"epoch": 1}]},
        GOOD | {"history": [{"surprise": 1}]},
        GOOD | {"history": [3]},
        [],
        None,
    ],
)
def test_amiss_states_are_refused(tmp_path, state):
    path = tmp_path / CHECKPOINT_FILE
    safetensors.torch.save_file({"model/a": torch.ones(1)}, path, metadata={"pendula": json.dumps(GOOD)})
    assert read_checkpoint(tmp_path).epoch == 1
    safetensors.torch.save_file({"model/a": torch.ones(1)}, path, metadata={"pendula": json.dumps(state)})
    with pytest.raises(RunError, match=r"must be a checkpoint: .* is amiss\. Start the run anew\."):
        read_checkpoint(tmp_path)


@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), SafetensorError("I/O error: disk full")])
def test_a_write_that_fails_half_way_leaves_the_old_checkpoint(checkpoint, tmp_path, monkeypatch, error):
    write_checkpoint(checkpoint, tmp_path)
    save = safetensors.torch.save_file

    def half(tensors, path, metadata):
        save(tensors, path, metadata=metadata)
        content = path.read_bytes()
        path.write_bytes(content[: len(content) // 2])
        raise error

    monkeypatch.setattr(safetensors.torch, "save_file", half)
    with pytest.raises(RunError, match=r"must be writable: .*([Nn]o space|disk full).* Nothing that was there before"):
        write_checkpoint(replace(checkpoint, epoch=3), tmp_path)
    assert_equal(read_checkpoint(tmp_path), checkpoint)
    assert [path.name for path in tmp_path.iterdir()] == [CHECKPOINT_FILE]


def test_an_interrupted_write_leaves_the_old_checkpoint(checkpoint, tmp_path, monkeypatch):
    write_checkpoint(checkpoint, tmp_path)

    def interrupted(tensors, path, metadata):
        path.write_bytes(b"half of it")
        raise KeyboardInterrupt

    monkeypatch.setattr(safetensors.torch, "save_file", interrupted)
    with pytest.raises(KeyboardInterrupt):
        write_checkpoint(replace(checkpoint, epoch=3), tmp_path)
    assert_equal(read_checkpoint(tmp_path), checkpoint)


def test_what_a_killed_process_left_is_swept_up(checkpoint, tmp_path):
    (tmp_path / f".{CHECKPOINT_FILE.split('.')[0]}.0123abcd.partial.safetensors").write_bytes(b"half of it")
    (tmp_path / ".tmpgeKb8a").write_bytes(b"")  # of safetensors itself
    (tmp_path / "notes.txt").write_text("mine")
    write_checkpoint(checkpoint, tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["notes.txt", CHECKPOINT_FILE]
    assert_equal(read_checkpoint(tmp_path), checkpoint)
