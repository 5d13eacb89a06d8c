"""Watched gradients: what is recorded, when, and that the training does not notice."""

import numpy as np
import pytest
import torch

from pendula.dynamics import GradientWatch, forecast_flow
from pendula.errors import ArgumentError
from pendula.nn import Network, build
from pendula.series.windows import Windows
from pendula.training import Training, silent, train

VALUES = torch.sin(torch.arange(90.0) / 3)[:, None]
WINDOWS = Windows(VALUES, np.array([[0, 90]]), length=13)


def trained(*, epochs=5, watched=True, network=None, **settings):
    forecaster = build(network or Network(cell="gru", hidden_size=4, num_layers=2), 1)
    watch = GradientWatch(forecaster, WINDOWS, window=12)
    training = Training(epochs=epochs, select_by="last_epoch", learning_rate=0.01, **settings)
    made = train(forecaster, WINDOWS, training, window=12, listener=watch if watched else silent)
    return made, watch


@pytest.mark.parametrize("engine_settings", [{}, {"horizon": 1, "steps_per_epoch": 2, "input_noise": 0.1}])
def test_the_training_is_the_same_to_the_last_bit(engine_settings):
    (with_watch, _), (without, _) = (trained(watched=watched, **engine_settings) for watched in (True, False))
    assert with_watch.history == without.history
    pairs = zip(with_watch.forecaster.state_dict().values(), without.forecaster.state_dict().values(), strict=True)
    assert all(torch.equal(one, other) for one, other in pairs)


def test_it_is_measured_at_powers_of_two_and_at_the_end():
    _, watch = trained(epochs=6)
    assert [(record.epoch, record.layer) for record in watch.records] == [
        (epoch, layer) for epoch in (0, 1, 2, 4, 6) for layer in (1, 2)
    ]
    assert {record.flow for record in watch.records if record.epoch == 0} == {"silent"}  # the head is still zero
    assert all(len(record.log_norms) == 12 for record in watch.records)


def test_the_last_record_is_the_flow_of_the_network_that_is_kept():
    made, watch = trained(epochs=3)
    flow = forecast_flow(made.forecaster, watch.pieces)
    lower, upper = watch.records[-2:]
    assert (lower.epoch, upper.epoch) == (3, 3)
    np.testing.assert_array_equal([lower.log_norms, upper.log_norms], flow.typical_log_norms)
    assert (upper.rate, upper.uncertainty) == (flow.decay(1).rate, flow.decay(1).uncertainty)
    assert upper.gradient_norm == flow.gradient_norm
    assert upper.flow == flow.decay(1).flow.name.lower()


def test_windows_are_spread_evenly_and_hold_no_more_than_the_next_value():
    forecaster = build(Network(hidden_size=3), 1)
    long = Windows(VALUES, np.array([[0, 90]]), length=30)  # for a multi-step loss
    pieces = GradientWatch(forecaster, long, window=12).pieces
    assert pieces.shape == (16, 13, 1)
    assert torch.equal(pieces[0], VALUES[:13])
    assert torch.equal(pieces[-1], VALUES[60:73])


def test_earlier_records_are_gone_on_with_and_new_ones_are_handed_out():
    _, before = trained(epochs=2)
    forecaster, kept = build(Network(hidden_size=3), 1), []
    watch = GradientWatch(forecaster, WINDOWS, window=12, earlier=before.records, keep=kept.append)
    assert watch.records == before.records
    training = Training(epochs=1, select_by="last_epoch")
    train(forecaster, WINDOWS, training, window=12, listener=watch)
    assert [record.epoch for record in kept[-1]] == [0, 1, 2, 2]  # epochs 0 and 1 anew, with one layer


def test_a_window_of_one_step_has_nothing_to_look_back_on():
    with pytest.raises(ArgumentError, match=r"`watch_gradients` must have steps to look back on: .* got 1\. Lengthen"):
        GradientWatch(build(Network(hidden_size=3), 1), WINDOWS, window=1)
