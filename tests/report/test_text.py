from typing import Any

import pytest

from pendula.report import score_text

SCORES: dict[str, Any] = {
    "models": {
        "network": {
            "rmse": 14.8158,
            "r2": 0.9157,
            "free_run_rmse": 54.7,
            "free_run_nrmse": 1.07,
            "valid_prediction_time": 2.0,
            "seconds": 1.23,
            "mae": 3.0,
        }
    },
    "baselines": {
        "persistence": {"rmse": 31.6, "r2": 0.6, "free_run_rmse": None, "free_run_nrmse": None},
        "linear (sqrt)": {"rmse": 15.1, "r2": 0.91, "free_run_rmse": 4.2, "free_run_nrmse": 0.8},
    },
    "units": {"value": "ppm", "time": "years"},
}


def columns_of(text: str, name: str) -> list[str]:
    line = next(line for line in text.splitlines() if line.startswith(name))
    return line[len(name) :].split()


def test_each_predictor_has_a_row_and_a_star_marks_the_best() -> None:
    text = score_text(SCORES)
    assert columns_of(text, "network") == ["14.82*", "0.9157*", "54.7", "1.07", "2", "1.23"]
    assert columns_of(text, "persistence") == ["31.6", "0.6", "diverged", "diverged", "–", "–"]
    assert columns_of(text, "linear (sqrt)") == ["15.1", "0.91", "4.2*", "0.8*", "–", "–"]


def test_units_stand_in_the_head_and_the_table_fits_a_terminal() -> None:
    lines = score_text(SCORES).splitlines()
    head = " ".join(lines[:3])
    assert head.count("(ppm)") == 2
    assert "(years)" in head
    assert "(s)" in head
    assert max(map(len, lines)) <= 80


def test_numbers_are_aligned_at_their_right_end() -> None:
    lines = score_text(SCORES).splitlines()
    ends = [line.rstrip("* ").find("0.8") for line in lines if line.startswith("linear")]
    assert ends == [next(line for line in lines if line.startswith("network")).find("1.07") + 1]


def test_without_an_rmse_errors_are_shares_of_the_spread() -> None:
    row = {"nrmse": 0.1, "r2": 0.99, "free_run_nrmse": 0.2}
    assert score_text({"models": {"lstm": row}}).splitlines()[0].split("  ")[-3:] == [
        "One-step",
        " One-step",
        " Free-run",
    ]
    assert "0.1" in score_text({"models": {"lstm": row}})


def test_long_names_are_cut() -> None:
    long = {"models": {"a" * 100: {"rmse": 1.0}}}
    assert max(map(len, score_text(long).splitlines())) < 40


@pytest.mark.parametrize("scores", [{}, {"models": {}, "baselines": {}}])
def test_without_scores_there_is_no_table(scores: dict[str, Any]) -> None:
    assert not score_text(scores)


def test_a_likelihood_has_a_column_and_the_table_still_fits() -> None:
    told = {"log_likelihood": -4.049, "energy_score": 24.35}
    models = {"network": SCORES["models"]["network"] | told}
    lines = score_text(SCORES | {"models": models}).splitlines()
    assert columns_of("\n".join(lines), "network") == ["14.82*", "54.7", "2", "−4.049", "24.35", "1.23"]
    assert "(nats/step)" in " ".join(lines[:3])
    assert max(map(len, lines)) <= 80
