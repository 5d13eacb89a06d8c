"""Labels on the command line."""

import numpy as np
import pytest


@pytest.fixture
def pulses(folder):
    """A record pulses.csv of trajectories with a label each, regimes.csv with a label in every row."""
    generator = np.random.default_rng(0)
    rows = ["t [s],event,x [mV],kind"]
    for run in range(24):
        kind = ("alpha", "beta")[run % 2]
        x = (1 + run % 2) * np.exp(-np.arange(5 + run % 4) / 3.0) + 0.01 * generator.normal(size=5 + run % 4)
        rows += [f"{0.5 * step},{run},{value},{kind}" for step, value in enumerate(x)]
    (folder / "pulses.csv").write_text("\n".join(rows))
    mode = (np.arange(300) // 30) % 2
    x = np.sin(np.cumsum(0.3 + 0.9 * mode))
    rows = ["t,x,mode", *(f"{t},{a},{b}" for t, (a, b) in enumerate(zip(x, mode, strict=True)))]
    (folder / "regimes.csv").write_text("\n".join(rows))
    (folder / "inputs.csv").write_text("\n".join(row.rpartition(",")[0] for row in rows[:50]))
    return folder


TINY = ("--hidden-size", "4", "--epochs", "1", "--quiet")


def test_classify_evaluate_forecast_report(pendula, pulses):
    words = ("--task", "classify", "--target", "kind", "--trajectory", "event", "--class-weights", "balanced")
    made = pendula("fit", "pulses.csv", *words, *TINY, "-o", "run", "--json")
    assert made.code == 0, made.err
    assert made.content["chosen"]["recipe"]["labels"]["classes"] == ["alpha", "beta"]
    assert set(made.content["scores"]["baselines"]) == {"linear", "commonest"}
    assert pendula("evaluate", "run", "--json").content["scores"] == made.content["scores"]
    held_out = pendula("evaluate", "run", "pulses.csv", "--trajectory", "event", "--json")
    assert held_out.content["scores"]["rows"] == 24
    told = pendula("forecast", "run", "pulses.csv", "--trajectory", "event", "-o", "told.csv", "--json")
    assert told.code == 0, told.err
    assert len(told.content["told"]["kind"]["values"]) == 24
    assert set(told.content["told"]) == {"kind", "p_alpha", "p_beta"}
    assert "alpha" in (pulses / "told.csv").read_text()
    assert pendula("report", "run", "--json").content["verdict"] == made.content["verdict"]
    lines = pendula("evaluate", "run").out
    assert "Balanced" in lines
    assert "Log-loss" in lines


def test_regimes_are_told_for_every_row(pendula, pulses):
    words = (
        "--task",
        "regimes",
        "--target",
        "mode",
        "--window",
        "20",
        "--minimum-duration",
        "2",
        "--hysteresis",
        "0.1",
    )
    made = pendula("fit", "regimes.csv", *words, *TINY, "-o", "run", "--json")
    assert made.code == 0, made.err
    assert made.content["chosen"]["inputs"] == {"x": ""}
    assert made.content["scores"]["models"]["network"]["switches"] == 2
    told = pendula("forecast", "run", "inputs.csv", "--json").content["told"]
    assert len(told["mode"]["values"]) == 49
    assert set(told["mode"]["values"]) <= {0.0, 1.0}
    assert (pulses / "run" / "figures" / "regimes.png").is_file()


def test_gaps_irregular_times_and_fillings_go_through(pendula, pulses):
    text = (pulses / "regimes.csv").read_text().splitlines()
    text[40] = "39.25,,1"
    text[60] = ",".join([text[60].split(",")[0], "0.5", ""])
    (pulses / "holes.csv").write_text("\n".join(text))
    words = ("--task", "regimes", "--target", "mode", "--window", "20", *TINY)
    made = pendula("fit", "holes.csv", *words, "--irregular", "--missing", "last", "-o", "run", "--json")
    assert made.code == 0, made.err
    assert made.content["chosen"]["recipe"]["inputs"] == ["x", "interval"]
    told = pendula("forecast", "run", "holes.csv", "--json").content
    assert told["time"]["values"][39] == 39.25
    assert not any(value is None for value in told["told"]["p_0"]["values"])
    text[40] = "39,,1"
    (pulses / "gaps.csv").write_text("\n".join(text))
    filled = pendula("fit", "gaps.csv", *words, "--gaps", "fill", "-o", "filled", "--json")
    assert filled.code == 0, filled.err
    assert filled.content["chosen"]["recipe"]["labels"]["classes"] == ["0", "1"]
    assert "1 missing sample was filled by linear interpolation." in filled.content["notes"]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--task", "regimes"), "`target` must name the column of labels for the task regimes"),
        (
            ("--task", "classify", "--target", "mode", "--window", "9"),
            "`window` must be left out where a trajectory",
        ),
        (("--task", "regimes", "--target", "mode", "--class-weights", "5=x"), "`--class-weights` must be balanced"),
        (("--task", "regimes", "--target", "mode", "--class-weights", "5=2"), "`weights` must name labels"),
        (("--minimum-duration", "3"), "`--minimum-duration` must go with a target told from inputs"),
        (("--task", "regimes", "--target", "modes"), "must name a column: expected one of t, x, mode, got modes"),
        (("--task", "regimes", "--target", "x"), "`x` must hold labels: expected text or whole numbers"),
    ],
)
def test_bad_use_says_so(pendula, pulses, words, message):
    answer = pendula("fit", "regimes.csv", *words, *TINY)
    assert answer.code in {1, 2}
    assert message in " ".join(answer.err.split())
