"""States and free runs of reservoirs: a dense loop over single numbers and linear recurrences are the oracles."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_array

from pendula.errors import DivergedError, ShapeError
from pendula.nn import Reservoir, ReservoirWeights, departures, draw_reservoir, drive_reservoir, run_reservoir


def drawn(*, units=30, inputs=2, seed=0, connections=4, leak=0.7):
    return draw_reservoir(Reservoir(connections=connections, leak=leak), units=units, inputs=inputs, seed=seed)


def slow_states(weights, x, h):
    """One sequence, one unit at a time."""
    w = weights.recurrent.toarray() if isinstance(weights.recurrent, csr_array) else weights.recurrent
    rows = []
    for now in x:
        h = np.array([
            (1 - weights.leak) * h[i]
            + weights.leak * np.tanh(sum(w[i] * h) + sum(weights.input[i] * now) + weights.bias[i])
            for i in range(len(h))
        ])
        rows.append(h)
    return np.array(rows)


@given(st.integers(1, 40), st.integers(1, 3), st.integers(1, 5), st.integers(1, 6), st.booleans(), st.floats(0.05, 1.0))
@settings(max_examples=25, deadline=None)
def test_states_are_those_of_the_equation(units, inputs, batch, time, is_sparse, leak):
    random = np.random.default_rng(units)
    weights = drawn(
        units=units, inputs=inputs, connections=max(1, units // 3) if is_sparse else 0, leak=leak, seed=units
    )
    x = random.normal(size=(batch, time, inputs))
    first = random.uniform(-1, 1, size=(batch, units))
    states = drive_reservoir(weights, x, first=first)
    expected = np.stack([slow_states(weights, row, h) for row, h in zip(x, first, strict=True)])
    np.testing.assert_allclose(states, expected, rtol=0, atol=1e-14)


def test_a_drive_cut_in_two_is_the_same_drive():
    weights = drawn()
    x = np.random.default_rng(1).normal(size=(3, 20, 2))
    whole = drive_reservoir(weights, x)
    head = drive_reservoir(weights, x[:, :7])
    np.testing.assert_array_equal(
        np.concatenate([head, drive_reservoir(weights, x[:, 7:], first=head[:, -1])], 1), whole
    )


def test_the_states_of_a_fading_memory_do_not_depend_on_where_they_began():
    weights = drawn(units=100)
    x = np.random.default_rng(2).normal(size=(1, 400, 2))
    apart = drive_reservoir(weights, np.repeat(x, 2, axis=0), first=np.stack([np.zeros(100), np.ones(100)]))
    assert np.abs(apart[0, -1] - apart[1, -1]).max() < 1e-13


@pytest.mark.parametrize("direct", [True, False])
def test_a_free_run_is_a_drive_by_its_own_predictions(direct):
    weights = drawn()
    random = np.random.default_rng(3)
    x = random.normal(size=(4, 10, 2))
    states = drive_reservoir(weights, x)
    readout, bias = random.normal(size=(32 if direct else 30, 2)) / 10, random.normal(size=2) / 10
    run = run_reservoir(weights, readout, bias, states=states[:, -1], values=x[:, -1], steps=12)
    driven = drive_reservoir(weights, np.concatenate([x, run], axis=1))[:, 9:-1]
    seen = np.concatenate([x[:, -1:], run[:, :-1]], axis=1)
    features = np.concatenate([driven, seen], axis=2) if direct else driven
    np.testing.assert_allclose(run, features @ readout + bias, rtol=0, atol=1e-13)


def test_external_inputs_are_seen_beside_the_predictions():
    weights = drawn(inputs=3)
    random = np.random.default_rng(4)
    x, coming = random.normal(size=(2, 10, 3)), random.normal(size=(2, 6, 2))
    states = drive_reservoir(weights, x)
    readout, bias = random.normal(size=(33, 1)) / 10, np.zeros(1)
    run = run_reservoir(weights, readout, bias, states=states[:, -1], values=x[:, -1], steps=6, external=coming)
    seen = np.concatenate([x, np.concatenate([run, coming], axis=2)], axis=1)
    features = np.concatenate([drive_reservoir(weights, seen), seen], axis=2)[:, 9:-1]
    np.testing.assert_allclose(run, features @ readout, rtol=0, atol=1e-13)


def test_a_silent_reservoir_with_direct_links_is_a_linear_recurrence():
    silent = ReservoirWeights(recurrent=np.zeros((1, 1)), input=np.zeros((1, 2)), bias=np.zeros(1), leak=1.0)
    angle = 0.1
    turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    readout = np.vstack([np.zeros((1, 2)), turn])
    start = np.array([[1.0, 0.0]])
    run = run_reservoir(silent, readout, np.zeros(2), states=np.zeros((1, 1)), values=start, steps=500)
    t = angle * np.arange(1, 501)
    np.testing.assert_allclose(run[0], np.stack([np.cos(t), np.sin(t)], axis=1), rtol=0, atol=1e-12)


def test_single_precision_is_used_where_the_weights_have_it():
    weights = drawn()
    x = np.random.default_rng(5).normal(size=(2, 50, 2))
    single = drive_reservoir(weights.astype(np.float32), x)
    assert single.dtype == np.float32
    np.testing.assert_allclose(single, drive_reservoir(weights, x), rtol=0, atol=1e-5)


def growing(factor, **kwargs):
    silent = ReservoirWeights(recurrent=np.zeros((1, 1)), input=np.zeros((1, 1)), bias=np.zeros(1), leak=1.0)
    readout = np.array([[0.0], [factor]])
    return run_reservoir(
        silent, readout, np.zeros(1), states=np.zeros((2, 1)), values=np.array([[0.0], [1.0]]), **kwargs
    )


def test_an_unstable_run_is_named_with_its_start_and_step():
    rule = r"unstable in free run: the run from start 1 left the numbers up to 100 at step 3 of 9\. Raise the ridge"
    with pytest.raises(DivergedError, match=rule):
        growing(5.0, steps=9, limit=100.0)
    with pytest.raises(DivergedError, match=r"from start 1 left the numbers up to inf at step 16 of 30"):
        growing(1e20, steps=30)
    assert growing(5.0, steps=9)[1, -1, 0] == 5.0**9


def test_departures_tell_infinities_and_nan_from_numbers():
    run = np.zeros((4, 3, 1))
    run[1, 2], run[2, 1], run[3, 0] = np.nan, np.inf, -3.0
    np.testing.assert_array_equal(departures(run), [3, 2, 1, 3])
    np.testing.assert_array_equal(departures(run, limit=2.0), [3, 2, 1, 0])


def test_arrays_that_do_not_fit_are_refused():
    weights = drawn()
    with pytest.raises(ShapeError, match=r"`inputs` must have the reservoir's channels: .*time, 2\), got \(1, 5, 3\)"):
        drive_reservoir(weights, np.zeros((1, 5, 3)))
    with pytest.raises(ShapeError, match=r"`first` must hold a state for each sequence: .*\(1, 30\), got \(2, 30\)"):
        drive_reservoir(weights, np.zeros((1, 5, 2)), first=np.zeros((2, 30)))
    whole = {
        "readout": np.zeros((32, 2)),
        "bias": np.zeros(2),
        "states": np.zeros((3, 30)),
        "values": np.zeros((3, 2)),
        "steps": 4,
    }
    for change, rule in (
        ({"readout": np.zeros((31, 2))}, r"`readout` must map states.*\(30 or 32, 2\), got \(31, 2\)\. Fit it"),
        (
            {"states": np.zeros((3, 29))},
            r"`states` must hold a row for each start: expected shape \(3, 30\), got \(3, 29\)",
        ),
        (
            {"values": np.zeros((2, 2))},
            r"`values` must hold a row for each start: expected shape \(3, 2\), got \(2, 2\)",
        ),
        (
            {"readout": np.zeros((32, 1)), "bias": np.zeros(1), "external": np.zeros((3, 5, 1))},
            r"`external` must hold the inputs of all steps to come: expected shape \(3, 4, channel\), got \(3, 5, 1\)",
        ),
    ):
        with pytest.raises(ShapeError, match=rule):
            run_reservoir(weights, **whole | change)
