"""A differential equation on the command line: what is found, in every verb, and words for what cannot be."""

import json
import shutil

import numpy as np
import pytest

from pendula.cli.main import main
from pendula.systems import Pendulum, integrate
from tests.cli.conftest import without_figures

TRUTH = Pendulum(gamma=0.1, omega0=2.0, drive=0.0, theta0=1.5)
EQUATION = ("--cell", "integrator", "--system", "pendulum", "--set", "network.equation.known.drive=0", "--window", "30")


def write_pendulum(path, header="t [s],theta [rad]", rows=160):
    states = integrate(TRUTH.derivative, TRUTH.initial_state, dt=0.1, samples=rows, substeps=4)
    noise = 0.002 * np.random.default_rng(0).normal(size=rows)
    table = np.column_stack([0.1 * np.arange(rows), states[:, 0] + noise])
    np.savetxt(path, table, delimiter=",", header=header, comments="", fmt="%.10g")


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    place = tmp_path_factory.mktemp("equation")
    write_pendulum(place / "swing.csv")
    with pytest.MonkeyPatch.context() as patched:
        without_figures(patched)
        assert main(["fit", str(place / "swing.csv"), *EQUATION, "-o", str(place / "run"), "--quiet"]) == 0
    return place / "run"


@pytest.fixture
def run(folder, made):
    write_pendulum(folder / "swing.csv")
    shutil.copytree(made, folder / "run")
    return folder / "run"


def test_parameters_are_told_with_errors_and_units(pendula, folder, bare_reports):
    write_pendulum(folder / "swing.csv")
    answer = pendula("fit", "swing.csv", *EQUATION, "-o", "found", "--json")
    rows = {row["name"]: row for row in answer.content["parameters"]}
    for name, unit in (("gamma", "1/s"), ("omega0", "rad/s")):
        assert abs(rows[name]["value"] - getattr(TRUTH, name)) < 4 * rows[name]["error"] < 0.05
        assert (rows[name]["unit"], rows[name]["how"]) == (unit, "learned")
    assert (rows["drive"]["value"], rows["drive"]["error"], rows["drive"]["how"]) == (0.0, None, "given")
    assert rows["drive_frequency"]["how"] == "without effect"
    start = answer.content["initial_state"]
    assert start == pytest.approx({"time": 0.0, "theta": 1.5, "v": 0.0}, abs=0.02)
    assert answer.content["outcome"] == "The equation was fitted to the training part by least squares."
    assert answer.content["scores"]["models"]["network"]["free_run_nrmse"] < 0.05
    assert answer.content["chosen"]["recipe"]["scaling"] == "none"


def test_units_that_the_record_does_not_have_are_not_claimed(pendula, folder, bare_reports):
    write_pendulum(folder / "swing.csv", header="t,theta")
    answer = pendula("fit", "swing.csv", *EQUATION, "-o", "found", "--json")
    assert {row["unit"] for row in answer.content["parameters"]} == {""}


def test_people_read_the_parameters(pendula, folder, bare_reports):
    write_pendulum(folder / "swing.csv")
    answer = pendula("fit", "swing.csv", *EQUATION, "-o", "found")
    assert "gamma            0.1" in answer.out
    assert "1/s  (damping rate)" in answer.out
    assert "learned: gamma, omega0" in answer.err
    assert "training  least squares on joined segments" in answer.err


def test_every_verb_takes_the_run(pendula, run, bare_reports):
    assert len(pendula("forecast", "run", "--steps", "5", "--json").content["time"]["values"]) == 5
    assert pendula("evaluate", "run", "swing.csv", "--json").content["scores"]["models"]["network"]["rmse"] < 0.01
    assert pendula("report", "run").code == 0
    page = (run / "report.html").read_text(encoding="utf-8")
    assert "theta&#39;&#39; + 2·gamma·theta&#39;" in page
    assert "rad/s" in page


def test_analyze_finds_rest_and_saddle(pendula, run):
    found = pendula("analyze", "run", "--json", "--no-report", "--steps", "150", "--longest-cycle", "2").content
    assert {"fixed_points", "cycles", "lyapunov", "memory", "verdict"} <= found.keys()
    points = found["fixed_points"]["closed_loop"]
    rest = min(points, key=lambda point: abs(point["state"]["theta"]))
    # Linearized: it decays at γ and turns at √(ω0² - γ²); upside down it grows at √(ω0² + γ²) - γ.
    assert abs(rest["state"]["theta"]) + abs(rest["state"]["v"]) < 1e-9
    assert rest["decay_times"][0] == pytest.approx(10.0, rel=0.05)
    assert rest["periods"][0] == pytest.approx(2 * np.pi / np.sqrt(4 - 0.01), rel=0.01)
    saddle = min(points, key=lambda point: abs(point["state"]["theta"] - np.pi))
    assert saddle["index"] == 1
    assert -1 / saddle["decay_times"][0] == pytest.approx(np.sqrt(4.01) - 0.1, rel=0.02)
    assert found["verdict"]["kind"] == "point"
    assert found["lyapunov"]["exponents"][0] == pytest.approx(-0.1, rel=0.05)
    assert sum(found["lyapunov"]["exponents"]) == pytest.approx(-0.2, rel=0.05)


def test_it_is_compared_with_networks(pendula, run, bare_reports):
    words = ("--cells", "integrator,esn", "--hidden-size", "0")
    answer = pendula("compare", "swing.csv", *words, *EQUATION[2:], "--json")
    assert answer.code == 2  # a reservoir has units
    answer = pendula("compare", "swing.csv", "--cells", "integrator,esn", *EQUATION[2:], "--json")
    assert set(answer.content["scores"]["models"]) == {"integrator", "esn"}


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--cell", "integrator"), "`equation` must name a system for the cell integrator: got none"),
        (("--cell", "gru", "--system", "pendulum"), "`equation` must go with the cell integrator"),
        (("--cell", "integrator", "--system", "pendulm"), "Did you mean `pendulum`?"),
        ((*EQUATION, "--set", "network.equation.known.mass=1"), "`known` must name parameters of `pendulum`"),
        (
            (*EQUATION, "--set", 'network.equation.observed=["theta","v"]'),
            "`observed` must name a component of the state",
        ),
        (
            (*EQUATION, "--method", "adam"),
            "`method` must suit the cell: expected gauss-newton for integrator",
        ),
        ((*EQUATION, "--transform", "sqrt"), "`transform` must be none for a differential equation: got sqrt"),
        ((*EQUATION, "--scaling", "standard"), "`scaling` must be none for a differential equation: got standard"),
        ((*EQUATION, "--watch-gradients"), "`watch_gradients` must be off for the cell integrator"),
        ((*EQUATION, "--num-layers", "2"), "`num_layers` must be left out for a differential equation"),
    ],
)
def test_bad_usage_is_told_in_one_line(pendula, run, words, message):
    answer = pendula("fit", "swing.csv", *words, "-o", "bad")
    assert answer.code == 2
    assert message in answer.err
    assert not (run.parent / "bad").exists()


def test_records_that_no_equation_takes_are_refused(pendula, folder):
    write_pendulum(folder / "swing.csv")
    lines = (folder / "swing.csv").read_text().splitlines()
    (folder / "uneven.csv").write_text("\n".join([*lines[:40], lines[40].replace("3.9,", "3.93,"), *lines[41:]]))
    answer = pendula("fit", "uneven.csv", *EQUATION)
    assert answer.code == 1
    assert "regular" in answer.err
    months = [f"{1960 + k // 12}-{1 + k % 12:02d}-01,{line.split(',')[1]}" for k, line in enumerate(lines[1:])]
    (folder / "months.csv").write_text("\n".join(["date,theta", *months]))
    answer = pendula("fit", "months.csv", *EQUATION)
    assert "`time` must be uniform for a differential equation: expected steps of one length, got months" in answer.err
    half = [f"{line},{k // 80}" for k, line in enumerate(lines[1:])]
    rows = [f"{0.1 * (k % 80):.1f},{line.split(',', 1)[1]}" for k, line in enumerate(half)]
    (folder / "two.csv").write_text("\n".join([lines[0] + ",trajectory", *rows]))
    answer = pendula("fit", "two.csv", *EQUATION)
    assert "`trajectory` must name one trajectory for a differential equation: got 2" in answer.err
    answer = pendula("fit", "swing.csv", "--target", "theta,nothing", *EQUATION)
    assert answer.code == 1
    json.dumps(answer.err)
