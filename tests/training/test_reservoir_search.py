"""The search for reservoirs: its plan, its leaks, its judgement."""

import numpy as np
import pytest

from pendula.errors import ArgumentError, DataError, DivergedError
from pendula.nn import Reservoir, draw_reservoir, drive_reservoir
from pendula.training.reservoir_choices import Budget
from pendula.training.reservoir_search import plan_search, search, washout_of


def only(*settings, penalties=(1e-11, 1e-9, 1e-7, 1e-5, 1e-3)):
    return Budget(settings=settings, draws=1, members=1, penalties=penalties)


def wave(rows=300):
    t = np.arange(rows)
    return (np.sin(0.31 * t) + 0.4 * np.sin(0.13 * t))[:, None]


def test_free_runs_follow_each_other_to_the_end():
    plan = plan_search(np.array([[100, 900]]))
    assert plan.origins.tolist() == [500, 600, 700, 800]
    assert (plan.steps, plan.washout) == (100, 50)


def test_the_last_stretches_judge():
    plan = plan_search(np.array([[0, 100], [110, 150], [160, 260]]))
    assert plan.steps == 12
    assert plan.origins.tolist() == [212, 224, 236, 248]
    short = plan_search(np.array([[0, 40], [50, 90], [100, 140], [150, 190]]))
    assert short.steps == 5
    assert all(any(start + 10 < origin <= stop - 5 for start, stop in short.stretches) for origin in short.origins)


def test_only_the_latest_rows_are_looked_at():
    assert plan_search(np.array([[0, 10_000]])).stretches.tolist() == [[8500, 10_000]]


@pytest.mark.parametrize("segments", [[[0, 2]], [[0, 1], [4, 5]], np.empty((0, 2), int)])
def test_a_record_too_short_to_learn_from_is_told(segments):
    with pytest.raises(DataError, match=r"`train` must have a gap-free stretch to learn a reservoir's readout from"):
        plan_search(np.array(segments).reshape(-1, 2))


def test_the_washout_is_a_tenth_of_short_stretches():
    assert [washout_of(np.array([[0, rows]])) for rows in (30, 400, 900)] == [3, 40, 50]


def test_a_washout_that_is_wanted_is_kept_from_learning_and_judging():
    plan = plan_search(np.array([[0, 10_000]]), washout=3000)
    assert plan.washout == 3000
    assert plan.origins.min() > plan.stretches[0, 0] + 3000


def test_a_washout_longer_than_the_record_is_told():
    with pytest.raises(ArgumentError, match=r"`washout` must leave half .* at most 50 of 100 steps, got 500\."):
        plan_search(np.array([[0, 100]]), washout=500)


def test_the_search_picks_the_planted_best():
    # The series is made by one of the reservoirs itself, running freely with a readout of its own.
    planted = Reservoir(spectral_radius=0.9, input_scaling=1.0, leak=0.5, connections=5)
    weights = draw_reservoir(planted, units=20, inputs=1, seed=4)
    readout = 6.0 * np.random.default_rng(11).normal(size=20) / np.sqrt(20)
    h, x, made = np.zeros(20), 0.3, []
    for _ in range(900):
        h = 0.5 * h + 0.5 * np.tanh(weights.recurrent @ h + weights.input[:, 0] * x + weights.bias)
        x = float(readout @ h)
        made.append(x)
    values = np.array(made)[300:, None]
    assert values.std() > 0.05
    others = [Reservoir(spectral_radius=radius, input_scaling=scaling, leak=0.5, connections=5)
              for radius, scaling in ((0.01, 1.0), (0.9, 1e-6), (5.0, 1.0))]  # fmt: skip
    plan = plan_search(np.array([[0, 600]]))
    tried = search(values, plan, only(*others, planted, penalties=(1e-13,)), units=20, seeds=[4])
    assert tried[0].reservoir == planted
    assert 2 * tried[0].error < tried[1].error


def test_trials_are_told_one_by_one():
    told = []
    settings = [Reservoir(connections=3), Reservoir(connections=3, leak=0.5)]
    tried = search(wave(), plan_search(np.array([[0, 300]])), only(*settings), units=10, seeds=[1, 2],
                   heard=lambda *heard: told.append(heard))  # fmt: skip
    assert [(number, count) for number, count, _ in told] == [(1, 4), (2, 4), (3, 4), (4, 4)]
    assert told[-1][2] == tried[0]
    assert [each.error for each in tried] == sorted(each.error for each in tried)


def test_what_lies_outside_the_plan_changes_nothing():
    values, plan = wave(400), plan_search(np.array([[20, 300]]))
    first = search(values, plan, only(Reservoir(connections=3)), units=10, seeds=[0])
    values[300:] = np.nan
    values[:20] = 1e9
    assert search(values, plan, only(Reservoir(connections=3)), units=10, seeds=[0]) == first


def test_a_readout_has_not_seen_the_future_that_judges_it():
    # With the last free run's rows exchanged, the errors from the origins before stay as they were.
    values, plan = wave(), plan_search(np.array([[0, 300]]))
    heads = [plan_search(np.array([[0, 300]])) for _ in range(2)]
    for head in heads:
        object.__setattr__(head, "origins", plan.origins[:-1])
    other = values.copy()
    other[plan.origins[-1] :] = 7.0
    found = [search(rows, head, only(Reservoir(connections=3)), units=10, seeds=[0])
             for rows, head in zip((values, other), heads, strict=True)]  # fmt: skip
    assert found[0] == found[1]


def test_when_every_reservoir_is_unstable_it_is_said():
    # Growth beyond all that was seen, by units that saturate.
    growing = 10.0 ** np.linspace(0, 60, 200)[:, None]
    bounded = Reservoir(connections=3, direct=False)
    with pytest.raises(DivergedError, match="Every reservoir is unstable in free run on the training part"):
        search(growing, plan_search(np.array([[0, 200]])), only(bounded), units=10, seeds=[0])


def test_errors_are_those_of_a_free_run_by_hand():
    values, plan = wave(), plan_search(np.array([[0, 300]]))
    reservoir = Reservoir(connections=3)
    found = search(values, plan, only(reservoir, penalties=(1e-4,)), units=10, seeds=[0])[0]
    weights = draw_reservoir(reservoir, units=10, inputs=1, seed=0)
    states = drive_reservoir(weights, values[None])[0]
    errors = []
    for origin in plan.origins:
        rows = np.arange(plan.washout, origin - 1)
        features = np.column_stack([states[rows], values[rows], np.ones(len(rows))])
        ridge = 1e-4 * len(rows) * np.diag([1.0] * 11 + [0.0])
        centered = np.linalg.solve(features.T @ features + ridge, features.T @ (values[rows + 1] - values[rows]))
        h, x, run = states[origin - 1], values[origin - 1], []
        for _ in range(plan.steps):
            x = x + np.concatenate([h, x, [1.0]]) @ centered
            run.append(x)
            h = np.tanh(weights.recurrent @ h + weights.input @ x + weights.bias)
        errors.append(
            np.sqrt(np.mean((np.array(run) - values[origin : origin + plan.steps]) ** 2)) / values[rows].std()
        )
    assert found.error == pytest.approx(np.mean(errors), rel=1e-6)
