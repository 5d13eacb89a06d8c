"""The echo state forecaster: a causal map, free runs of its members, their median, and a stream."""

import numpy as np
import pytest
import torch

from pendula.errors import ArgumentError, ShapeError
from pendula.nn import Network, Reservoir, ReservoirForecaster, SolvedStream, draw_reservoir, free_run
from pendula.nn.reservoir_forecaster import middle_run

NETWORK = Network(cell="esn", hidden_size=12)
KINDS = [
    Reservoir(connections=3, leak=0.4),
    Reservoir(connections=0, spectral_radius=0.7),
    Reservoir(topology="cycle", direct=False),
    Reservoir(topology="delay-line"),
]


def make(reservoirs=tuple(KINDS), channels=2, seed=0):
    """A forecaster with random readouts that are small enough for stable loops."""
    random = np.random.default_rng(seed)
    forecaster = ReservoirForecaster(NETWORK, channels, reservoirs)
    for number, member in enumerate(forecaster.each()):
        weights = draw_reservoir(member.reservoir, units=12, inputs=channels, seed=number)
        member.put(weights)
        member.put_readout(0.1 * random.normal(size=member.readout.shape), 0.1 * random.normal(size=channels))
    return forecaster


def series(batch=3, time=20, channels=2):
    return torch.from_numpy(np.random.default_rng(1).normal(size=(batch, time, channels)))


@pytest.mark.parametrize("reservoir", KINDS)
def test_a_member_gives_its_matrices_back_as_they_were_drawn(reservoir):
    member = make([reservoir]).each()[0]
    drawn = draw_reservoir(reservoir, units=12, inputs=2, seed=0)
    dense = [np.asarray(held.toarray() if hasattr(held, "toarray") else held)
             for held in (drawn.recurrent, member.weights.recurrent)]  # fmt: skip
    np.testing.assert_array_equal(*dense)
    np.testing.assert_array_equal(drawn.input, member.weights.input)
    np.testing.assert_array_equal(drawn.bias, member.weights.bias)
    assert drawn.leak == member.weights.leak


def by_hand(member, values):
    """h' = (1 − a) h + a tanh(W h + U x + b), ŷ = Vᵀ[h; x] + c, one step after the other."""
    weights = member.weights
    w = weights.recurrent.toarray() if hasattr(weights.recurrent, "toarray") else weights.recurrent
    h, outputs = np.zeros(12), []
    for x in values:
        h = (1 - weights.leak) * h + weights.leak * np.tanh(w @ h + weights.input @ x + weights.bias)
        features = np.concatenate([h, x]) if member.reservoir.direct else h
        outputs.append(features @ member.readout.numpy() + member.constant.numpy())
    return np.array(outputs)


def test_the_prediction_is_the_median_of_what_the_equations_say():
    forecaster, values = make(), series()
    predictions, _ = forecaster(values)
    expected = [[by_hand(member, row.numpy()) for row in values] for member in forecaster.each()]
    np.testing.assert_allclose(predictions[:, :, 0].numpy(), np.median(expected, axis=0), rtol=1e-12, atol=1e-13)


def test_a_state_stands_for_all_that_was_seen():
    forecaster, values = make(), series()
    whole, last = forecaster(values)
    _, state = forecaster(values[:, :13])
    rest, again = forecaster(values[:, 13:], state)
    np.testing.assert_allclose(rest.numpy(), whole[:, 13:].numpy(), rtol=1e-12, atol=1e-14)
    for one, other in zip(last.hidden, again.hidden, strict=True):
        np.testing.assert_allclose(one.numpy(), other.numpy(), rtol=1e-12, atol=1e-14)


def test_the_future_does_not_change_the_past():
    forecaster, values = make(), series()
    changed = values.clone()
    changed[:, 11:] += 100.0
    assert torch.equal(forecaster(values)[0][:, :11], forecaster(changed)[0][:, :11])


def test_in_a_free_run_each_member_feeds_itself():
    forecaster, values = make(), series()
    run = free_run(forecaster, values, 15)
    alone = []
    for reservoir, member in zip(KINDS, forecaster.each(), strict=True):
        own = ReservoirForecaster(NETWORK, 2, [reservoir])
        own.members[0].load_state_dict(member.state_dict())
        prediction, state = own(values)
        steps = [prediction[:, -1]]
        while len(steps) < 15:
            prediction, state = own(steps[-1], state)
            steps.append(prediction[:, -1])
        alone.append(torch.cat(steps, dim=1).numpy())
    np.testing.assert_allclose(run.numpy(), np.median(alone, axis=0), rtol=1e-11, atol=1e-13)


def test_runs_along_a_series_are_those_from_its_beginnings():
    forecaster, values = make(), series(batch=1)[0].numpy()
    origins = np.array([4, 5, 19])
    along = forecaster.free_runs_along(values, origins, 8)
    for origin, run in zip(origins, along, strict=True):
        alone = free_run(forecaster, torch.from_numpy(values[None, :origin]), 8)
        np.testing.assert_allclose(run, alone[0].numpy(), rtol=1e-12, atol=1e-14)


def test_unstable_members_are_left_out_and_a_minority_of_stable_ones_is_no_forecast():
    steady, lost = np.ones((1, 4, 1)), np.array([[[1.0], [2.0], [np.nan], [0.0]]])
    np.testing.assert_array_equal(middle_run([steady, 3 * steady, lost], limit=9.0)[0, :, 0], [1, 2, 2, 2])
    np.testing.assert_array_equal(middle_run([steady, lost, lost], limit=9.0)[0, :, 0], [1, 2, np.inf, np.inf])
    np.testing.assert_array_equal(middle_run([lost], limit=1.5)[0, :, 0], [1, np.inf, np.inf, np.inf])


def test_a_stream_predicts_what_the_whole_series_does():
    forecaster, values = make(), series(batch=2)
    stream, expected = SolvedStream(forecaster, batch=2), forecaster(values)[0]
    for step in range(10):
        prediction = stream.step(values[:, step])
    np.testing.assert_allclose(prediction.numpy(), expected[:, 9].numpy(), rtol=1e-12, atol=1e-14)
    kept = stream.state
    for step in range(10, 15):
        prediction = stream.step(values[:, step])
    stream.state = kept
    for step in range(10, 15):
        again = stream.step(values[:, step])
    assert torch.equal(prediction, again)


def test_a_stream_takes_one_value_of_each_series():
    with pytest.raises(ShapeError, match=r"expected shape \(1, 2\), got \(1, 3\)\. Make a stream of that many series"):
        SolvedStream(make()).step(torch.zeros(1, 3))
    with pytest.raises(ArgumentError, match="`batch` must be positive: expected 1 or more, got 0"):
        SolvedStream(make(), batch=0)


def test_single_precision_series_come_back_in_single_precision():
    predictions, _ = make()(series().float())
    assert predictions.dtype == torch.float32
    assert free_run(make(), series().float(), 3).dtype == torch.float32
