"""A fit comes back from disk as it was; a run with missing or damaged pieces is refused in words."""

import getpass
import json
import platform
import re
import tomllib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from pendula.errors import RunError
from pendula.runs import Fit, load, load_fit
from pendula.runs.toml import write_toml
from pendula.training import Outcome

PIECES = [
    "manifest.toml",
    "series.nc",
    "history.jsonl",
    "scores.json",
    "calibration.safetensors",
    "model/model.json",
    "model/weights.safetensors",
]


def change_manifest(run, change):
    content = tomllib.loads((run / "manifest.toml").read_text())
    change(content)
    write_toml(run / "manifest.toml", content)


def assert_same(one: Fit, other: Fit):
    for name in (
        "train_stop",
        "validation_stop",
        "recipe",
        "history",
        "best_epoch",
        "outcome",
        "seconds",
        "scores",
        "notes",
    ):
        assert getattr(one, name) == getattr(other, name), name
    np.testing.assert_array_equal(one.record.values, other.record.values)
    context = one.record.values[None, :12]
    np.testing.assert_array_equal(one.model.run(context, steps=20), other.model.run(context, steps=20))
    if one.calibration is None or other.calibration is None:
        assert one.calibration is other.calibration
    else:
        np.testing.assert_array_equal(one.calibration.errors, other.calibration.errors)
        np.testing.assert_array_equal(one.calibration.one_step, other.calibration.one_step)


def test_a_fit_comes_back_as_it_was(fit, run):
    assert_same(load(run), fit)
    assert_same(load(str(run)), fit)


@pytest.mark.parametrize("outcome", list(Outcome))
def test_what_may_be_missing_comes_back_missing(fit, tmp_path, outcome):
    bare = replace(fit, calibration=None, scores={}, notes=(), outcome=outcome, validation_stop=40)
    assert_same(load(bare.save(tmp_path / "a" / "b" / "run")), bare)


@pytest.mark.parametrize(
    "time",
    [
        np.arange(1700, 1760),
        np.datetime64("2000-01-31", "ns") + np.arange(60) * np.timedelta64(6, "h"),
        (np.datetime64("1950-01", "M") + np.arange(60)).astype("datetime64[ns]"),
    ],
    ids=["years", "hours", "months"],
)
def test_every_kind_of_time_comes_back(make_fit, make_record, tmp_path, time):
    fit = make_fit(rows=make_record(time=time))
    again = load(fit.save(tmp_path / "run"))
    np.testing.assert_array_equal(again.record.time, time)
    assert again.model.axis == fit.model.axis


def test_a_run_has_the_pieces_that_are_documented_and_no_others(run, list_files):
    assert list_files(run) == sorted(PIECES)
    assert list(run.parent.iterdir()) == [run]


def test_the_same_fit_gives_the_same_bytes(make_fit, tmp_path):
    one, other = make_fit().save(tmp_path / "one"), make_fit().save(tmp_path / "other")
    for piece in (
        "history.jsonl",
        "scores.json",
        "calibration.safetensors",
        "model/model.json",
        "model/weights.safetensors",
    ):
        assert (one / piece).read_bytes() == (other / piece).read_bytes()


def test_a_run_tells_nothing_of_whose_machine_it_is(run):
    secrets = [platform.node(), str(Path.home()), str(run.parent), str(Path.cwd())]
    if len(getpass.getuser()) > 4:
        secrets.append(getpass.getuser())
    for piece in PIECES:
        content = (run / piece).read_bytes()
        assert not [secret for secret in secrets if secret.encode() in content], piece


def test_the_manifest_can_be_read_by_people(fit, run):
    manifest = tomllib.loads((run / "manifest.toml").read_text())
    assert manifest["status"] == "finished"
    assert manifest["recipe"]["network"] == {
        "cell": "gru", "hidden_size": 4, "num_layers": 1, "dropout": 0.0, "leads": 1, "residual": True,
        "increments": True, "linear_lags": 0, "head": "point", "components": 3,
        "initialization": {
            "kind": "torch", "connections": 15, "radius": 1.1, "input_scale": 0.001, "output_scale": 0.1,
            "forget_bias": 1.0, "longest": 100,
        },
    }  # fmt: skip
    assert manifest["recipe"]["training"]["epochs"] == 3
    assert set(manifest["machine"]) == {"processor", "cores", "threads", "system", "python", "torch", "numpy"}
    assert manifest["machine"]["numpy"] == np.__version__
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT.*\+00:00", manifest["created"])
    assert manifest["data"]["names"] == ["x", "v"]


@pytest.mark.parametrize("piece", PIECES[1:])
def test_a_missing_piece_is_named(run, piece):
    (run / piece).unlink()
    with pytest.raises(RunError, match=rf"{re.escape(piece)}.*(got none|No such file)"):
        load(run)


@pytest.mark.parametrize("piece", PIECES[1:])
@pytest.mark.parametrize("damage", ["cut", "flip", "empty"])
def test_a_damaged_piece_is_named(run, piece, damage):
    content = (run / piece).read_bytes()
    damaged = {
        "cut": content[: len(content) // 2],
        "flip": content[:-2] + bytes([content[-2] ^ 1]) + content[-1:],
        "empty": b"",
    }
    (run / piece).write_bytes(damaged[damage])
    with pytest.raises(RunError, match=re.escape(piece)):
        load(run)


def test_a_manifest_that_is_cut_off_anywhere_is_refused(run):
    content = (run / "manifest.toml").read_bytes()
    for length in range(0, content.index(b"[sha256]"), 97):
        (run / "manifest.toml").write_bytes(content[:length])
        with pytest.raises(RunError, match=r"manifest\.toml` must"):
            load(run)


def test_a_newer_run_is_refused(run):
    change_manifest(run, lambda content: content.update(format=2, novelty=[1]))
    with pytest.raises(RunError, match=r"manifest\.toml` was written by a newer Pendula \(format 2, .*Update Pendula"):
        load(run)


@pytest.mark.parametrize(
    ("place", "value", "message"),
    [
        (("status",), "done", "expected `status` to be one of training, finished"),
        (("result", "train_stop"), 0, r"expected `result\.train_stop` to be a whole number from 1 to 60"),
        (("result", "train_stop"), 61, r"expected `result\.train_stop` to be a whole number from 1 to 60"),
        (("result", "validation_stop"), 39, r"expected `result\.validation_stop` to be a whole number from 40 to 60"),
        (
            ("result", "outcome"),
            "won",
            r"expected `result\.outcome` to be one of completed, closed_form, identified, stopped_early, ",
        ),
        (("result", "seconds"), "1", r"expected `result\.seconds` to be a finite number"),
        (
            ("result", "calibration", "shape"),
            [5, 3],
            r"expected `result\.calibration\.shape` to be origins, leads and 2",
        ),
        (("result", "calibration", "shape"), [5, 3, 1], "to be origins, leads and 2 channels"),
        (("result", "calibration", "shape"), [3, 5, 2], r"expected `errors` of shape \(3, 5, 2\), got \(5, 3, 2\)"),
        (("result", "calibration", "rows"), -1, "to be a whole number from 0 to"),
        (("result", "calibration", "rows"), 3, r"expected `one_step` of shape \(3, 2\), got \(7, 2\)"),
        (("data", "rows"), 61, r"must hold the run's record: expected `time` with 61 rows, got \(60,\)"),
        (("data", "names"), ["v", "x"], "its values have another checksum"),
        (("data", "sha256"), "0" * 64, "its values have another checksum"),
        (("recipe", "window"), "8", "must hold a recipe: `window`"),
        (("recipe", "hidden"), 8, "must hold a recipe: `hidden`"),
        (("recipe", "network"), 8, "expected `unset` to be names within the recipe"),
        (("unset",), ["window.size"], "expected `unset` to be names within the recipe"),
        (("notes",), [1], "expected `notes` to be short texts"),
        (("sha256", "scores.json"), "0", r"scores\.json` must be as it was written"),
    ],
)
def test_a_manifest_that_is_not_sound_is_refused(run, place, value, message):
    def change(content):
        *tables, name = place
        for table in tables:
            content = content[table]
        content[name] = value

    change_manifest(run, change)
    with pytest.raises(RunError, match=message):
        load(run)


def test_a_model_of_other_channels_is_refused(make_fit, run, tmp_path):
    other = make_fit()
    other = replace(other, model=replace(other.model, names=("x", "w"))).save(tmp_path / "other")
    (other / "model").rename(tmp_path / "model")
    (run / "model").rename(tmp_path / "old-model")
    (tmp_path / "model").rename(run / "model")
    digests = tomllib.loads((other / "manifest.toml").read_text())["sha256"]
    change_manifest(
        run,
        lambda content: content.update(sha256=content["sha256"] | {"model/model.json": digests["model/model.json"]}),
    )
    with pytest.raises(RunError, match="must be one run: expected a model of x, v, got one of x, w"):
        load_fit(run)


def test_errors_that_are_none_are_refused(fit, tmp_path):
    fit.calibration.errors[0, 0, 0] = float("nan")
    fit.save(tmp_path / "run")
    with pytest.raises(RunError, match="must hold errors: got NaN"):
        load(tmp_path / "run")


def test_scores_that_are_no_table_are_refused(run):
    (run / "scores.json").write_text(json.dumps([1]))
    import hashlib

    digest = hashlib.sha256((run / "scores.json").read_bytes()).hexdigest()
    change_manifest(run, lambda content: content["sha256"].update({"scores.json": digest}))
    with pytest.raises(RunError, match=r"scores\.json` must hold scores by name"):
        load(run)


def test_a_fit_that_cannot_be_saved_leaves_nothing(fit, tmp_path):
    fit.model.forecaster.head.weight.data.fill_(float("inf"))
    with pytest.raises(RunError, match="must hold finite weights"):
        fit.save(tmp_path / "run")
    assert not list(tmp_path.iterdir())
