"""Training an echo state network: linear systems are learned, seeds give bits, what is asked for is kept."""

from itertools import pairwise

import numpy as np
import pytest
import torch

from pendula.errors import DataError
from pendula.nn import Network, Reservoir, free_run
from pendula.training import Budget, Outcome, ReservoirTried, TrainingFinished, solve_readouts, train_reservoirs
from pendula.training.readout import is_stable

SMALL = Network(cell="esn", hidden_size=30, reservoir=Reservoir(connections=5))
FEW = Budget(settings=(Reservoir(connections=5), Reservoir(connections=5, leak=0.4)), draws=2, members=3)


def wave(rows=400):
    return np.sin(0.31 * np.arange(rows))[:, None]


def whole(values):
    return np.array([[0, len(values)]])


@pytest.mark.parametrize("channels", [1, 2])
def test_a_linear_system_is_learned(channels):
    # Rotations: a sine of one channel needs the state, sine and cosine are a linear map of themselves.
    t = 0.31 * np.arange(500)
    values = np.column_stack([np.sin(t), np.cos(t)])[:, :channels]
    forecaster = train_reservoirs(SMALL, values[:400], whole(values[:400]), penalty=0.0).forecaster
    run = free_run(forecaster, torch.from_numpy(values[None, 200:400]), 100)[0].numpy()
    np.testing.assert_allclose(run, values[400:], atol=1e-6 if channels == 2 else 1e-3)


def test_a_constant_is_learned():
    values = np.full((200, 1), 0.0)
    forecaster = train_reservoirs(SMALL, values, whole(values)).forecaster
    assert float(free_run(forecaster, torch.zeros(1, 50, 1, dtype=torch.float64), 30).abs().max()) < 1e-9


def test_settings_that_are_asked_for_make_one_member():
    trained = train_reservoirs(SMALL, wave(), whole(wave()))
    assert trained.forecaster.reservoirs == (SMALL.reservoir,)
    assert (trained.history, trained.best_epoch, trained.outcome) == ((), 0, Outcome.CLOSED_FORM)
    assert trained.engine == "ridge"


def test_without_settings_the_best_few_of_a_budget_are_taken():
    network, events = Network(cell="esn", hidden_size=20), []
    trained = train_reservoirs(network, wave(), whole(wave()), budget=FEW, listener=events.append)
    assert len(trained.forecaster.reservoirs) == 3
    assert set(trained.forecaster.reservoirs) <= set(FEW.settings)
    tried = [event for event in events if isinstance(event, ReservoirTried)]
    assert [event.number for event in tried] == [1, 2, 3, 4]
    assert all(before.error >= after.error for before, after in pairwise(tried))
    assert isinstance(events[-1], TrainingFinished)


def test_the_same_seed_gives_the_same_bits_and_another_seed_others():
    def weights(seed):
        network = Network(cell="esn", hidden_size=20)
        made = train_reservoirs(network, wave(), whole(wave()), seed=seed, budget=FEW).forecaster
        return {name: tensor.numpy().tobytes() for name, tensor in made.state_dict().items()}

    assert weights(3) == weights(3)
    assert weights(3) != weights(4)


def test_rows_outside_the_training_part_change_nothing():
    values, segments = wave(), np.array([[10, 150], [160, 300]])
    other = values.copy()
    other[300:], other[150:160], other[:10] = np.nan, 1e6, -1e6
    made = [train_reservoirs(SMALL, rows, segments).forecaster.state_dict() for rows in (values, other)]
    assert all(torch.equal(made[0][name], made[1][name]) for name in made[0])


def test_values_far_beyond_those_learned_from_are_no_forecast():
    forecaster = train_reservoirs(SMALL, wave(), whole(wave())).forecaster
    assert float(forecaster.limit) == pytest.approx(10.0)
    for member in forecaster.each():
        member.readout *= 3.0
    run = free_run(forecaster, torch.from_numpy(wave()[None]), 400)
    assert bool(torch.isinf(run).any())
    assert not bool(torch.isnan(run).any())


def test_a_record_too_short_is_told():
    with pytest.raises(DataError, match="`train` must have a gap-free stretch"):
        train_reservoirs(SMALL, wave(4), np.array([[0, 2]]))


def test_the_washout_is_not_learned_from():
    values = wave(400)
    spoiled = values.copy()
    spoiled[:5] += 10.0
    made = [
        train_reservoirs(SMALL, rows, whole(rows), penalty=1e-8, washout=100).forecaster.each()[0].readout
        for rows in (values, spoiled)
    ]
    # A reservoir of radius 0.9 has forgotten the first rows after 95 steps, but for 0.9^95 of them.
    torch.testing.assert_close(made[0], made[1], atol=1e-2, rtol=1e-2)
    early = train_reservoirs(SMALL, spoiled, whole(spoiled), penalty=1e-8, washout=1).forecaster.each()[0].readout
    assert float((early - made[0]).abs().max()) > 0.1


def test_reservoirs_that_are_unstable_in_a_long_free_run_are_passed_over():
    values = wave()
    trained = train_reservoirs(Network(cell="esn", hidden_size=20), values, whole(values), budget=FEW)
    member = trained.forecaster.each()[0]
    assert is_stable(member, values, whole(values))
    member.readout *= 3.0
    assert not is_stable(member, values, whole(values))


def test_readouts_are_taught_further_rows_without_changing_the_reservoirs():
    values = wave(600)
    forecaster = train_reservoirs(SMALL, values[:300], whole(values[:300])).forecaster
    before = {name: tensor.clone() for name, tensor in forecaster.state_dict().items()}
    solve_readouts(forecaster, values, whole(values))
    again = train_reservoirs(SMALL, values, whole(values), penalty=float(before["members.0.penalty"])).forecaster
    for name, tensor in forecaster.state_dict().items():
        assert torch.equal(tensor, again.state_dict()[name])
        if name.partition("members.0.")[2] in {"recurrent", "links", "input", "bias", "penalty"}:
            assert torch.equal(tensor, before[name])
    assert not torch.equal(forecaster.members[0].readout, before["members.0.readout"])
