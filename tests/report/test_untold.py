"""Baselines that are told less than the networks stand apart in tables and figures."""

import pytest

from pendula.report import score_text
from pendula.report.scores import score_table, score_words, untold_note
from pendula.report.untold import is_told, untold_baselines

SCORES = {
    "models": {"gru": {"rmse": 1.0}, "esn": {"rmse": 4.0}},
    "baselines": {"persistence": {"rmse": 3.0}, "linear": {"rmse": 2.0}, "linear (sqrt)": {"rmse": 2.5}},
    "controls": ["power", "hour"],
}
PLAIN = {**SCORES, "controls": []}


def test_autoregressions_are_told_and_others_are_not():
    assert untold_baselines(SCORES) == ("persistence",)
    assert untold_baselines(PLAIN) == untold_baselines({}) == ()
    assert [name for name in ("linear", "linear (log)", "seasonal", "esn", "linearish") if is_told(name)] == [
        "linear",
        "linear (log)",
    ]


def test_the_table_marks_those_that_are_not_told_and_says_what_the_mark_means():
    assert [row.name for row in score_table(SCORES).rows if row.is_untold] == ["persistence"]
    lines = score_text(SCORES).splitlines()
    assert [line.split("  ")[0] for line in lines if "†" in line] == [
        "persistence †",
        "† Not told the power, hour of the rows that are forecast.",
    ]
    assert lines[-1] == untold_note(SCORES)
    assert score_words(SCORES).remark.endswith(untold_note(SCORES))


@pytest.mark.parametrize("scores", [PLAIN, {**SCORES, "baselines": {"linear": {"rmse": 2.0}}}])
def test_where_all_are_told_as_much_nothing_is_marked(scores):
    assert not any(row.is_untold for row in score_table(scores).rows)
    assert "†" not in score_text(scores) + score_words(scores).remark
    assert not untold_note(scores)


def test_a_network_of_the_name_of_a_baseline_is_told():
    own = {"models": {"esn": {"rmse": 1.0}}, "baselines": {"esn": {"rmse": 2.0}}, "controls": ["power"]}
    assert [(row.kind, row.is_untold) for row in score_table(own).rows] == [("network", False), ("baseline", True)]
