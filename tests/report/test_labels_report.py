"""What is said of told labels."""

import pytest

from pendula.report import labels_verdict


def scores(**switched):
    network = {"accuracy": 0.9, "balanced_accuracy": 0.9, "switches": 4, "missed": 1, "false_switches": 0, **switched}
    return {
        "models": {"network": network},
        "baselines": {"commonest": {"accuracy": 0.5}},
        "rows": 50,
        "task": "regimes",
    }


@pytest.mark.parametrize(
    ("unit", "delay", "rows", "told"),
    [
        ("s", 0.75, 1.5, ", half of them within 0.75 s;"),
        ("", 1.5, 1.5, ", half of them within 1.5 rows;"),  # irregular times: rows are the steps
        ("", 0.5, 1.0, ", half of them within 1 row;"),
        ("s", None, 2.0, ", half of them within 2 rows;"),  # a calendar has no step
        ("", -1.0, -2.0, ", half of them no later than 2 rows before;"),
        ("", -0.5, -1.0, ", half of them no later than 1 row before;"),
        ("s", -0.5, -1.0, ", half of them no later than 0.5 s before;"),
        ("s", 0.0, 0.0, ", half of them without delay;"),
        ("s", None, None, "are found; 0 are told that are none."),
    ],
)
def test_the_delay_of_switches_has_a_unit(unit, delay, rows, told):
    given = {**scores(median_delay=delay, median_delay_rows=rows), "units": {"median_delay": unit}}
    assert told in labels_verdict(given)[-1]
