"""Four ways: each learns each task, and the table and the figure tell what it came to."""

import json

import numpy as np
import pytest

from pendula.errors import ArgumentError
from pendula.experiments import EXPERIMENTS, FourWays
from pendula.experiments.four_ways import SERIES, _sentence, _series
from pendula.experiments.four_ways_learned import WAYS
from pendula.training import silent

TASKS = ["sine", "temporal-order"]


@pytest.fixture(scope="module")
def made():
    settings = FourWays(tasks=tuple(TASKS), length=20, work=1.0, tested=250, effort=0.01)
    return EXPERIMENTS["four-ways"].run(settings, lambda _: silent)


def test_each_way_learns_each_task(made):
    results = json.loads(json.dumps(made.results))
    assert list(results["ways"]) == list(WAYS)
    for tasks in results["ways"].values():
        assert list(tasks) == TASKS
        for learned in tasks.values():
            assert learned["seconds"] > 0
            assert learned["error"] is None or learned["error"] >= 0
    assert len(results["verdict"]) == len(TASKS)
    assert results["baselines"].keys() == {"sine"}


def test_work_is_counted(made):
    ways = made.results["ways"]
    # One epoch of fifty batches of 32 windows; Hessian-free counts its products too; a reservoir has no gradients.
    assert ways["lstm, adam"]["sine"]["sequence_gradients"] == 50 * 32
    assert ways["rnn, nesterov"]["sine"]["sequence_gradients"] == 50 * 32
    assert ways["rnn, hessian-free"]["sine"]["sequence_gradients"] > 500
    assert {tasks["sequence_gradients"] for tasks in ways["esn, ridge"].values()} == {0.0}


def test_the_page_has_a_line_for_each_way_and_task(made):
    for way in WAYS:
        for task in TASKS:
            assert "sequence-gradients" in str(made.content.results[f"{task}: {way}"])
    assert "sine: linear (baseline)" in made.content.results
    assert made.figures["four-ways"].startswith(b"\x89PNG")
    assert made.content.images.keys() == made.figures.keys()


@pytest.mark.parametrize("options", [{"work": 0.0}, {"effort": -1.0}, {"effort": float("nan")}])
def test_budgets_must_be_positive(options):
    with pytest.raises(ArgumentError, match=r"must be positive: expected a finite number, got .*\. 1 is usual\."):
        FourWays(**options)


def test_all_records_have_one_channel_and_no_transient():
    for task in SERIES:
        rows = _series(task, FourWays(points=600))
        assert rows.values.shape == (600 if task in {"mackey-glass", "lorenz"} else 1000, 1)
        assert np.isfinite(rows.values).all()


def test_a_baseline_that_is_better_is_named():
    made = {"error": 0.2, "seconds": 7.0}
    results = {"ways": {"a": {"sine": made}, "b": {"sine": made | {"error": None}}}, "baselines": {"sine": {}}}
    assert _sentence(results, "sine") == "sine: a is best, with 0.2 standard deviations of free-run error after 7 s."
    results["baselines"]["sine"] = {"linear": 0.1, "persistence": 2.0, "seasonal": None}
    assert _sentence(results, "sine").endswith("after 7 s; the baseline linear is better than all four, with 0.1.")
    results["ways"]["a"]["sine"] = made | {"error": None}
    assert _sentence(results, "sine") == "sine: all runs diverged."


@pytest.mark.parametrize(("tasks", "got"), [((), "got none"), (("sin",), r"got sin\. Did you mean `sine`\?")])
def test_tasks_must_be_known(tasks, got):
    with pytest.raises(ArgumentError, match=rf"`tasks` must name what is learned: expected some of .*, {got}"):
        FourWays(tasks=tasks)
