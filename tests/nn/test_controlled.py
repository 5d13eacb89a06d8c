"""Forecasters under controls: loops that show the network its whole history anew are the oracle."""

import numpy as np
import pytest
import torch

from pendula.nn import EnsembleForecaster, Network, build, free_run, rollout

OPTIONS = [
    {},
    {"residual": False},
    {"increments": False},
    {"linear_lags": 4},
    {"num_layers": 2, "linear_lags": 1},
    {"leads": 3, "linear_lags": 2},
]


def controlled(*, cell="gru", seed=1, **options):
    """Build a forecaster of two channels under three controls, in float64, whose free runs stay bounded."""
    forecaster = build(Network(cell=cell, hidden_size=5, **options), 2, 3, seed=seed).double()
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for parameter in forecaster.head.parameters():
            parameter.copy_(0.3 * torch.randn(parameter.shape, generator=generator, dtype=torch.float64))
        if forecaster.linear is not None:
            shape = forecaster.linear.weight.shape
            forecaster.linear.weight.copy_(0.05 * torch.randn(shape, generator=generator, dtype=torch.float64))
        forecaster.output_scale.copy_(torch.tensor([[0.5, 0.9]]))
        forecaster.increment_scale.copy_(torch.tensor([0.7, 1.3]))
    return forecaster


def rows_of(columns, *, time, seed=2):
    return torch.randn(3, time, columns, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


@pytest.mark.parametrize("cell", ["rnn", "gru", "lstm"])
@pytest.mark.parametrize("options", OPTIONS)
def test_each_step_reads_the_controls_and_tells_the_channels(oracle, cell, options):
    forecaster, series = controlled(cell=cell, **options), rows_of(5, time=8)
    with torch.no_grad():
        predictions, state = forecaster(series)
    assert predictions.shape == (3, 8, forecaster.network.leads, 2)
    assert state.last.shape == (3, 1, 2)
    for got, values in zip(predictions.numpy(), series.numpy(), strict=True):
        np.testing.assert_allclose(got, oracle.predict(forecaster, values), rtol=0, atol=1e-12)


@pytest.mark.parametrize("cell", ["rnn", "gru", "lstm"])
@pytest.mark.parametrize("options", OPTIONS)
@pytest.mark.parametrize("loop", [True, False])
def test_a_free_run_takes_the_controls_as_given(oracle, monkeypatch, cell, options, loop):
    if loop:
        monkeypatch.setattr(rollout, "runs_natively", lambda *_: False)
    forecaster, context, ahead = controlled(cell=cell, **options), rows_of(5, time=6), rows_of(3, time=12, seed=3)
    run = free_run(forecaster, context, 12, controls=ahead)
    for got, history, driving in zip(run.numpy(), context.numpy(), ahead.numpy(), strict=True):
        np.testing.assert_allclose(got, oracle.run_on(forecaster, history, 12, driving), rtol=0, atol=1e-12)


def test_a_free_run_feels_a_control_from_the_step_on_that_it_drives():
    forecaster, context, ahead = controlled(linear_lags=3), rows_of(5, time=6), rows_of(3, time=12, seed=3)
    run = free_run(forecaster, context, 12, controls=ahead)
    changed = ahead.clone()
    changed[:, 4:] += 1.0  # the row beside the fifth value drives the step to the sixth
    other = free_run(forecaster, context, 12, controls=changed)
    assert torch.equal(run[:, :5], other[:, :5])
    assert bool((run[:, 5] != other[:, 5]).any())
    unseen = torch.cat([ahead[:, :-1], torch.full((3, 1, 3), torch.nan, dtype=torch.float64)], dim=1)
    assert torch.equal(free_run(forecaster, context, 12, controls=unseen), run)


def test_members_of_an_ensemble_are_told_the_same_controls():
    members = [controlled(seed=seed) for seed in range(3)]
    context, ahead = rows_of(5, time=6), rows_of(3, time=4, seed=3)
    runs = [free_run(member, context, 4, controls=ahead).numpy() for member in members]
    ensemble = EnsembleForecaster(members)
    assert ensemble.controls == 3
    np.testing.assert_array_equal(free_run(ensemble, context, 4, controls=ahead), np.median(runs, axis=0))
