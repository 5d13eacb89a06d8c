"""Files that cannot be learned from: one line, exit code 1, nothing made and nothing lost."""

import pickle

import numpy as np
import pytest

GOOD = [f"{0.1 * row:.1f},{np.sin(0.1 * row)}" for row in range(60)]


def table(rows, header="t,x"):
    return "\n".join([header, *rows]) + "\n"


def changed(row, text):
    return table([*GOOD[:row], text, *GOOD[row + 1 :]])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "`data.csv` must not be empty: expected data, got 0 bytes"),
        ("t,x\n", "must hold a series: expected at least 2 rows, got 0"),
        (table(GOOD[:1]), "must hold a series: expected at least 2 rows, got 1"),
        (changed(7, "0.7,broken"), "`x` must hold numbers"),
        (changed(7, "0.7,inf"), "`x` must be finite: expected a number or an empty cell, got inf in line 9"),
        (table([f"{0.1 * row:.1f},5" for row in range(60)]), "`x` must vary"),
        (table([f"{0.1 * row:.1f},nan" for row in range(60)]), "`x` must have values: expected numbers, got none"),
        (table(GOOD[::-1]), "must increase"),
        (changed(7, GOOD[6]), "must increase"),
        (table([f"{0.1 * row**1.5},{row % 7}" for row in range(60)]), "--resample"),
        (table(GOOD[:6]), "expected at most 5 samples for horizon 1, got 8. Lower `--window`"),
        ("no table at all", "data.csv"),
    ],
    ids=[
        "empty", "header alone", "one row", "text", "inf", "constant", "all NaN", "backwards", "repeated", "irregular",
        "short", "prose",
    ],
)  # fmt: skip
def test_files_that_cannot_be_learned_from(pendula, folder, text, message):
    (folder / "data.csv").write_text(text)
    answer = pendula("fit", "data.csv", "--target", "x", "--window", "8", "--epochs", "1")
    assert answer.code == 1
    assert message in answer.err
    assert answer.out == ""
    assert not list(folder.glob("runs/*"))
    assert (folder / "data.csv").read_text() == text


def test_a_file_that_is_missing(pendula):
    answer = pendula("fit", "none.csv")
    assert answer.code == 1
    assert "`none.csv` must exist" in answer.err


def test_a_folder_is_no_file(pendula, folder):
    (folder / "data.csv").mkdir()
    assert "expected a file of data, got a folder" in pendula("fit", "data.csv").err


def test_a_column_that_is_missing(pendula):
    answer = pendula("fit", "swing.csv", "--target", "xx")
    assert answer.code == 1
    assert "`--target` must name a column: expected one of t, x, got xx. Did you mean `x`?" in answer.err


def test_a_time_column_that_is_missing(pendula):
    answer = pendula("fit", "swing.csv", "--time", "tt")
    assert answer.code == 1
    assert "`time` must name a column: expected one of t, x, got tt. Did you mean `t`?" in answer.err


def test_a_unit_for_a_column_that_is_missing(pendula):
    for file in ("swing.csv", "sunspots"):
        answer = pendula("fit", file, "--unit", "q=m", "--window", "8")
        assert answer.code in {1, 2}
        assert "must name a column" in answer.err


def test_complex_numbers(pendula, folder):
    np.savez(folder / "wave.npz", t=np.arange(60.0), z=np.exp(1j * np.arange(60)))
    answer = pendula("fit", "wave.npz", "--target", "z")
    assert answer.code == 1
    assert "must be real: expected real numbers, got complex ones" in answer.err


@pytest.mark.parametrize("name", ["data.pkl", "data.csv"])
def test_a_pickle_is_never_opened(pendula, folder, name):
    (folder / name).write_bytes(pickle.dumps({"x": [1.0, 2.0]}))
    answer = pendula("fit", name)
    assert answer.code == 1
    assert "must not be a pickle" in answer.err


def test_an_npz_with_a_pickle_inside(pendula, folder):
    np.savez(folder / "data.npz", x=np.array([{"a": 1}, {"b": 2}], dtype=object))
    answer = pendula("fit", "data.npz")
    assert answer.code == 1
    assert "pickle" in answer.err


def test_an_unknown_suffix(pendula, folder):
    (folder / "data.xyz").write_text("1")
    assert "must have a known suffix" in pendula("fit", "data.xyz").err
