import math
from typing import Any

import pytest

from pendula.report.scores import finite_score, score_table, unit_of

ROWS: dict[str, Any] = {
    "models": {
        "lstm": {
            "mse": 0.01, "rmse": 0.1, "mae": 0.08, "r2": 0.99, "nrmse": 0.1, "smape": 12.0, "free_run_rmse": None,
            "free_run_nrmse": None, "valid_prediction_time": 2.5, "seconds": 30.0,
        },
        "gru": {"rmse": 0.2, "mae": 0.07, "r2": None, "free_run_rmse": 0.9, "valid_prediction_time": 1.0},
    },
    "baselines": {"persistence": {"rmse": 0.1, "r2": 0.5, "free_run_rmse": math.inf, "seconds": 0.0}},
    "units": {"value": "rad", "time": "s"},
}  # fmt: skip


def _column(head: str) -> list[tuple[str, bool]]:
    table = score_table(ROWS)
    place = table.heads.index(head)
    return [(row.cells[place].text, row.cells[place].is_best) for row in table.rows]


def test_heads_carry_units_in_order() -> None:
    assert score_table(ROWS).heads == (
        "One-step RMSE (rad)", "One-step MAE (rad)", "One-step NRMSE", "One-step R²", "One-step sMAPE (%)",
        "Free-run RMSE (rad)", "Free-run NRMSE", "Valid prediction time (s)", "Time to fit (s)",
    )  # fmt: skip


def test_networks_come_first() -> None:
    assert [(row.name, row.kind) for row in score_table(ROWS).rows] == [
        ("lstm", "network"),
        ("gru", "network"),
        ("persistence", "baseline"),
    ]


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        ("One-step RMSE (rad)", [("0.1", True), ("0.2", False), ("0.1", True)]),  # both of a tie
        ("One-step MAE (rad)", [("0.08", False), ("0.07", True), ("–", False)]),
        ("One-step NRMSE", [("0.1", False), ("–", False), ("–", False)]),  # the best of one is no distinction
        ("One-step R²", [("0.99", True), ("undefined", False), ("0.5", False)]),  # more is better
        ("Free-run RMSE (rad)", [("diverged", False), ("0.9", False), ("diverged", False)]),
        ("Valid prediction time (s)", [("2.5", True), ("1", False), ("–", False)]),
        ("Time to fit (s)", [("30", False), ("–", False), ("0", True)]),
    ],
)
def test_columns(head: str, expected: list[tuple[str, bool]]) -> None:
    assert _column(head) == expected


def test_r2_never_stands_alone() -> None:
    table = score_table({"models": {"a": {"rmse": 1.0, "r2": 0.9}}, "baselines": {"persistence": {"rmse": 2.0}}})
    assert table.heads == ("One-step RMSE", "One-step R²")
    assert table.rows[1].name == "persistence"


def test_channels_of_different_units_tell_whether_a_predictor_has_diverged() -> None:
    channels = {"x": {"free_run_rmse": 0.1}, "v": {"free_run_rmse": 2.0}}
    gone = {"x": {"free_run_rmse": 0.1}, "v": {"free_run_rmse": None}}
    rows = {"still": {"free_run_nrmse": None, "channels": channels}, "gone": {"free_run_nrmse": None, "channels": gone}}
    table = score_table({"models": rows})
    assert [row.cells[0].text for row in table.rows] == ["undefined", "diverged"]


def test_nothing_scored_is_an_empty_table() -> None:
    assert score_table({}).rows == ()
    assert score_table({}).heads == ()


def test_units_of_a_metric_come_before_those_of_the_record() -> None:
    units = {"units": {"value": "m", "rmse": "mm", "seconds": "min"}}
    assert unit_of(units, "rmse") == "mm"
    assert unit_of(units, "free_run_rmse") == "m"
    assert unit_of(units, "seconds") == "min"
    assert unit_of(units, "valid_prediction_time") == ""
    assert unit_of(units, "nrmse") == ""
    assert unit_of(units, "no such metric") == ""


@pytest.mark.parametrize(("value", "expected"), [(1, 1.0), (None, None), (math.nan, None), (-math.inf, None)])
def test_only_finite_scores_compare(value: float | None, expected: float | None) -> None:
    assert finite_score({"rmse": value}, "rmse") == expected
    assert finite_score({}, "rmse") is None


@pytest.mark.parametrize(
    ("r2", "text"),
    [
        (0.9157, "0.9157"),
        (0.99996, "0.999960"),
        (0.9999123, "0.999912"),
        (1 - 1e-14, "0.999999999"),
        (1.0, "1"),
        (-0.2, "−0.2"),
    ],
)
def test_r2_reads_one_only_where_it_is_one(r2: float, text: str) -> None:
    table = score_table({"models": {"a": {"rmse": 1.0, "r2": r2}}})
    assert table.rows[0].cells[1].text == text


def test_columns_can_be_chosen() -> None:
    scores = {"models": {"a": {"rmse": 1.0, "mae": 2.0, "free_run_rmse": 3.0}}}
    table = score_table(scores, metrics=("free_run_rmse", "rmse", "seconds"))
    assert table.heads == ("One-step RMSE", "Free-run RMSE")
    assert [cell.text for cell in table.rows[0].cells] == ["1", "3"]


def test_the_best_delay_is_the_one_nearest_to_the_switch() -> None:
    rows = {"models": {"network": {"median_delay": 2.0}}, "baselines": {"commonest": {"median_delay": -10.0}}}
    table = score_table({"task": "regimes", **rows, "units": {"time": "s"}})
    place = table.heads.index("Median delay (s)")
    assert [row.cells[place].is_best for row in table.rows] == [True, False]
