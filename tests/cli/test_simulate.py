import numpy as np
import pytest

import pendula as library
from pendula.systems import SYSTEMS


def test_the_file_holds_the_series(pendula, folder):
    words = "oscillator --set gamma=0.3 --set x0=2 --dt 0.01 --duration 1 -o swung.csv"
    answer = pendula("simulate", *words.split())
    assert answer.code == 0
    assert answer.out == "Wrote 100 rows of x (m), v (m/s) to swung.csv.\n"
    expected = library.simulate("oscillator", parameters={"gamma": 0.3, "x0": 2}, dt=0.01, duration=1)
    read = library.read(folder / "swung.csv")
    np.testing.assert_array_equal(read["v"], expected["v"])
    assert read["v"].attrs["units"] == "m/s"


def test_without_a_file_there_is_csv(pendula):
    lines = pendula("simulate", "logistic", "--duration", "3").out.splitlines()
    assert len(lines) == 4
    assert lines[0].startswith("time")


@pytest.mark.parametrize(("method", "name"), [("rk4", "rk4"), ("euler", "euler"), ("adaptive", "dop853")])
def test_methods(pendula, method, name):
    content = pendula("simulate", "pendulum", "--duration", "0.5", "--method", method, "--json").content
    expected = library.simulate("pendulum", duration=0.5, method=name)
    variable = next(iter(expected.data_vars))
    assert content["series"][variable] == expected[variable].values.tolist()


def test_noise_seed_and_trajectories(pendula):
    words = ("lorenz63", "--duration", "0.1", "--noise", "0.5", "--trajectories", "2", "--json")
    one, same, other = (pendula("simulate", *words, "--seed", seed).content["series"] for seed in (1, 1, 2))
    assert one == same
    assert one["x"] != other["x"]
    assert set(one["trajectory"]) == {0, 1}


def test_the_list_tells_equation_parameters_units_and_facts(pendula):
    out = pendula("simulate", "--list").out
    for name in SYSTEMS:
        assert f"{name}  (" in out
    lorenz = pendula("simulate", "lorenz63", "--list").out
    assert "x' = sigma·(y - x)" in lorenz
    assert "--set rho=28" in lorenz
    assert "Lyapunov exponents: 0.9056, 0, -14.572" in lorenz
    assert "--set theta0=0.2 rad  angle" in pendula("simulate", "pendulum", "--list").out


def test_the_list_as_json(pendula):
    assert [each["name"] for each in pendula("simulate", "--list", "--json").content["systems"]] == list(SYSTEMS)


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        ("", 2, "`SYSTEM` must be named"),
        ("lorenz", 2, "`system` must name a system: got `lorenz`. Did you mean `lorenz"),
        ("sine --set amplitud=3", 2, "`parameters` must name parameters of `sine`"),
        ("sine --set points=ten", 2, "`points` must be a whole number"),
        ("sine --noise -1", 2, "`noise` must not be negative"),
        ("sine --dt 0", 2, "`dt`"),
        ("pendulum --method rk5", 2, 'Invalid value "rk5" for --method'),
        ("sine -o swing.xyz", 2, "must have a known suffix"),
    ],
)
def test_bad_usage(pendula, folder, words, code, message):
    answer = pendula("simulate", *words.split())
    assert answer.code == code
    assert message in answer.err
    assert answer.out == ""


def test_an_old_file_stands_until_the_new_one_is_whole(pendula, folder):
    (folder / "old.csv").write_text("precious")
    assert pendula("simulate", "sine", "--set", "points=0", "-o", "old.csv", "--overwrite").code == 2
    assert (folder / "old.csv").read_text() == "precious"


def test_a_target_under_a_file(pendula, folder):
    (folder / "file").write_text("precious")
    answer = pendula("simulate", "sine", "-o", "file/sine.csv")
    assert answer.code == 1
    assert "Nothing that was there before is lost." in answer.err
    assert (folder / "file").read_text() == "precious"


def test_a_file_is_not_written_over_unasked(pendula, folder):
    before = (folder / "swing.csv").read_bytes()
    answer = pendula("simulate", "sine", "-o", "swing.csv")
    assert answer.code == 1
    assert "`swing.csv` must be a new file: expected none of that name, got one." in answer.err
    assert (folder / "swing.csv").read_bytes() == before
    assert pendula("simulate", "sine", "-o", "swing.csv", "--overwrite").code == 0
    assert (folder / "swing.csv").read_bytes() != before
