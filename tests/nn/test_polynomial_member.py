"""Next-generation reservoirs as members of a forecaster: the polynomial itself is the oracle."""

import numpy as np
import pytest
import torch

from pendula.nn import Network, NextGeneration, PolynomialMember, ReservoirForecaster, SolvedStream, free_run
from pendula.nn.next_generation import polynomial_features

NETWORK = Network(cell="ngrc")
KINDS = (NextGeneration(delays=3, stride=2), NextGeneration(delays=1, degree=3), NextGeneration(delays=4, degree=1))


def made(kinds=KINDS, channels=2):
    """A forecaster with random coefficients that are small enough for stable loops."""
    random = np.random.default_rng(0)
    forecaster = ReservoirForecaster(NETWORK, channels, kinds)
    for member in forecaster.each():
        member.put_readout(0.1 * random.normal(size=member.readout.shape), 0.1 * random.normal(size=channels))
    return forecaster


def series(batch=3, time=20, channels=2):
    return torch.from_numpy(np.random.default_rng(1).normal(size=(batch, time, channels)))


@pytest.mark.parametrize("kind", KINDS)
def test_predictions_are_the_polynomial_of_the_last_values(kind):
    forecaster, values = made([kind]), series()
    predictions = forecaster(values)[0][:, :, 0].numpy()
    member, first = forecaster.each()[0], kind.memory - 1
    expected = polynomial_features(kind, values.numpy()) @ member.readout.numpy() + member.constant.numpy()
    np.testing.assert_allclose(predictions[:, first:], expected, rtol=1e-13, atol=1e-14)


def test_before_the_first_value_the_series_is_taken_for_constant():
    forecaster, values = made(), series(time=1)
    still = values.expand(-1, 8, -1)
    np.testing.assert_allclose(forecaster(values)[0][:, -1].numpy(), forecaster(still)[0][:, -1].numpy(), rtol=1e-13)


def test_the_state_is_the_values_of_the_memory_the_oldest_first():
    member, values = PolynomialMember(KINDS[0], 2), series().numpy()
    states = member.states(values)
    np.testing.assert_array_equal(states[1, 9].reshape(5, 2), values[1, 5:10])
    np.testing.assert_array_equal(member.states(values[:, 7:], states[:, 6]), states[:, 7:])


def test_the_median_of_the_members_runs_freely_from_any_row():
    forecaster, values = made(), series(batch=1)
    origins = np.array([6, 11, 20])
    along = forecaster.free_runs_along(values[0].numpy(), origins, 8)
    for origin, run in zip(origins, along, strict=True):
        alone = free_run(forecaster, values[:, :origin], 8)
        np.testing.assert_allclose(run, alone[0].numpy(), rtol=1e-12, atol=1e-14)


def test_in_a_free_run_the_predictions_come_back():
    forecaster, values = made(KINDS[:1]), series()
    prediction, state = forecaster(values)
    steps = [prediction[:, -1]]
    while len(steps) < 12:
        prediction, state = forecaster(steps[-1], state)
        steps.append(prediction[:, -1])
    run = free_run(forecaster, values, 12)
    np.testing.assert_allclose(run.numpy(), torch.cat(steps, dim=1).numpy(), rtol=1e-12, atol=1e-14)


def test_a_stream_predicts_what_the_whole_series_does():
    forecaster, values = made(), series(batch=2)
    stream, expected = SolvedStream(forecaster, batch=2), forecaster(values)[0]
    for step in range(values.shape[1]):
        prediction = stream.step(values[:, step])
        np.testing.assert_allclose(prediction.numpy(), expected[:, step].numpy(), rtol=1e-12, atol=1e-14)


def test_the_future_does_not_change_the_past():
    forecaster, values = made(), series()
    changed = values.clone()
    changed[:, 11:] += 100.0
    assert torch.equal(forecaster(values)[0][:, :11], forecaster(changed)[0][:, :11])
