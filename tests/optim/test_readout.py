"""The rows of a readout's regression: states of one whole drive are the oracle."""

import numpy as np
import pytest

from pendula.errors import ArgumentError, DataError
from pendula.nn import Reservoir, ReservoirWeights, draw_reservoir, drive_reservoir, run_reservoir
from pendula.optim import ReadoutRows, ridge_problem
from pendula.optim import readout as module


def drawn(inputs=2):
    return draw_reservoir(Reservoir(connections=3), units=12, inputs=inputs, seed=0)


def series(rows, channels=2):
    return np.random.default_rng(0).normal(size=(rows, channels))


@pytest.mark.parametrize("direct", [True, False])
@pytest.mark.parametrize("block", [1, 7, 1000])
def test_rows_are_states_and_what_followed(monkeypatch, direct, block):
    monkeypatch.setattr(module, "BLOCK_ROWS", block)
    weights, values = drawn(), series(60)
    segments = np.array([[3, 30], [30, 38], [40, 60]])
    rows = ReadoutRows(weights=weights, values=values, segments=segments, washout=10, direct=direct)
    features, targets = (np.concatenate(parts) for parts in zip(*rows, strict=True))
    at = np.concatenate([np.arange(13, 29), np.arange(50, 59)])  # the second segment is washed out as a whole
    states = np.concatenate([
        drive_reservoir(weights, values[None, 3:29])[0, 10:],
        drive_reservoir(weights, values[None, 40:59])[0, 10:],
    ])
    np.testing.assert_allclose(features[:, :12], states, rtol=0, atol=1e-15)
    if direct:
        np.testing.assert_array_equal(features[:, 12:], values[at])
        np.testing.assert_array_equal(targets, values[at + 1] - values[at])
    else:
        assert features.shape[1] == 12
        np.testing.assert_array_equal(targets, values[at + 1])


def test_rows_can_be_gone_through_again():
    rows = ReadoutRows(weights=drawn(), values=series(50), segments=np.array([[0, 50]]), washout=5)
    for one, other in zip(rows, rows, strict=True):
        np.testing.assert_array_equal(one[0], other[0])


@pytest.mark.parametrize("direct", [True, False])
def test_a_readout_predicts_values(direct):
    weights, values = drawn(), series(200)
    rows = ReadoutRows(weights=weights, values=values, segments=np.array([[0, 200]]), washout=5, direct=direct)
    solution = ridge_problem(rows).solve(0.01)
    weight, bias = rows.readout(solution)
    ((features, _),) = rows
    predicted = solution(features) + (values[5:-1] if direct else 0)
    np.testing.assert_allclose(features @ weight + bias, predicted, rtol=0, atol=1e-13)


def test_a_linear_memory_learns_a_rotation_and_runs_on_for_good():
    # A silent reservoir with direct links is a linear autoregression of order 1: the rotation is known in closed form.
    silent = ReservoirWeights(recurrent=np.zeros((1, 1)), input=np.zeros((1, 2)), bias=np.zeros(1), leak=1.0)
    t = 0.1 * np.arange(300.0)
    values = np.stack([np.cos(t), np.sin(t)], axis=1)
    rows = ReadoutRows(weights=silent, values=values, segments=np.array([[0, 200]]), washout=0)
    weight, bias = rows.readout(ridge_problem(rows).solve())
    np.testing.assert_allclose(
        weight[1:], [[np.cos(0.1), np.sin(0.1)], [-np.sin(0.1), np.cos(0.1)]], rtol=0, atol=1e-12
    )
    run = run_reservoir(silent, weight, bias, states=np.zeros((1, 1)), values=values[None, 199], steps=100)
    np.testing.assert_allclose(run[0], values[200:], rtol=0, atol=1e-11)


def test_external_channels_are_seen_and_not_predicted():
    rows = ReadoutRows(weights=drawn(), values=series(30), segments=np.array([[0, 30]]), washout=2, outputs=1)
    ((features, targets),) = rows
    assert (features.shape[1], targets.shape[1]) == (14, 1)
    weight, _ = rows.readout(ridge_problem(rows).solve(1.0))
    assert weight.shape == (14, 1)


def test_a_washout_leaves_rows_to_learn_from():
    make = {"weights": drawn(), "values": series(50), "segments": np.array([[0, 20], [20, 50]])}
    assert len(next(iter(ReadoutRows(**make, washout=28)))[0]) == 1
    with pytest.raises(DataError, match=r"`washout` must leave rows .* at most 28 of 30 rows, got 29\. Shorten it, or"):
        ReadoutRows(**make, washout=29)
    with pytest.raises(ArgumentError, match=r"`washout` must not be negative: expected 0 or more, got -1\. Count"):
        ReadoutRows(**make, washout=-1)
