"""Training next-generation reservoirs: polynomial maps are learned to rounding, and nothing outside is looked at."""

import numpy as np
import pytest
import torch

from pendula.errors import ArgumentError, DataError
from pendula.nn import Network, NextGeneration, free_run
from pendula.training import Budget, Outcome, solve_readouts, train_reservoirs

NETWORK = Network(cell="ngrc")
FEW = Budget(
    settings=tuple(NextGeneration(delays=delays, degree=degree) for delays in (1, 2) for degree in (1, 2)),
    draws=1,
    members=2,
)


def henon(rows=400):
    x = [0.1, 0.2]
    while len(x) < rows + 100:
        x.append(1 - 1.4 * x[-1] ** 2 + 0.3 * x[-2])
    return np.array(x[100:])[:, None]


def whole(values):
    return np.array([[0, len(values)]])


def test_the_coefficients_of_henon_come_out():
    network = Network(cell="ngrc", polynomial=NextGeneration(delays=2, degree=2))
    values = henon()
    member = train_reservoirs(network, values, whole(values), penalty=0.0).forecaster.each()[0]
    # x, x₋, x², x x₋, x₋²
    np.testing.assert_allclose(member.readout.numpy()[:, 0], [0, 0.3, -1.4, 0, 0], rtol=0, atol=1e-11)
    np.testing.assert_allclose(member.constant.numpy(), [1], rtol=0, atol=1e-11)


def test_without_settings_the_map_is_found_among_others():
    values = henon()
    trained = train_reservoirs(NETWORK, values, whole(values), budget=FEW)
    assert trained.forecaster.reservoirs[0] == NextGeneration(delays=2, degree=2)
    assert (trained.outcome, trained.history) == (Outcome.CLOSED_FORM, ())


def test_the_usual_choice_predicts_henon_until_chaos_has_eaten_its_digits():
    values = henon(430)
    forecaster = train_reservoirs(NETWORK, values[:400], whole(values[:400])).forecaster
    run = free_run(forecaster, torch.from_numpy(values[None, :400]), 20)[0].numpy()
    np.testing.assert_allclose(run, values[400:420], rtol=0, atol=1e-3)  # e^(0.42 · 20) times 1e-7


def test_rows_outside_the_training_part_change_nothing():
    values, segments = henon(), np.array([[10, 150], [160, 300]])
    other = values.copy()
    other[300:], other[150:160], other[:10] = np.nan, 1e6, -1e6
    made = [train_reservoirs(NETWORK, rows, segments, budget=FEW).forecaster.state_dict() for rows in (values, other)]
    assert all(torch.equal(made[0][name], made[1][name]) for name in made[0])


def test_no_equation_crosses_a_gap():
    values = np.concatenate([henon(200), 5 - henon(200)[::-1]])
    segments = np.array([[0, 200]])
    alone = train_reservoirs(NETWORK, values, segments, budget=FEW).forecaster
    solve_readouts(alone, np.concatenate([henon(200), henon(300)[100:]]), np.array([[0, 200], [200, 400]]))
    best = alone.each()[0]
    np.testing.assert_allclose(best.readout.numpy()[:, 0], [0, 0.3, -1.4, 0, 0], rtol=0, atol=1e-6)


def test_a_forecast_that_starts_from_few_values_asks_for_a_short_memory():
    values = np.sin(0.1 * np.arange(600.0))[:, None]
    trained = train_reservoirs(NETWORK, values, whole(values), window=5)
    assert max(each.memory for each in trained.forecaster.reservoirs) <= 5


def test_memory_beyond_the_record_is_told():
    network = Network(cell="ngrc", polynomial=NextGeneration(delays=5, stride=5))
    with pytest.raises(
        ArgumentError, match=r"`delays` must look back no further .* at most 10 steps, .* got 21\. Lower"
    ):
        train_reservoirs(network, henon(40), np.array([[0, 40]]))
    with pytest.raises(DataError, match="`train` must have a gap-free stretch"):
        train_reservoirs(NETWORK, henon(4), np.array([[0, 2]]))
