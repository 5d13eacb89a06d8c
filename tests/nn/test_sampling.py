"""Ensembles of free runs: linear processes, whose forecasts are known, are the oracle."""

import math

import numpy as np
import pytest
import torch

from pendula.errors import ArgumentError, ShapeError
from pendula.nn import Network, build, draw_runs, free_run


def autoregression(phi, sigma, *, cell="gru"):
    """Build a forecaster that is x_(t+1) = φ x_t + σ ξ: a linear path, and a recurrent part that says nothing."""
    forecaster = build(Network(cell=cell, hidden_size=3, residual=False, linear_lags=1, head="gaussian"), 1).double()
    forecaster.linear.weight.fill_(phi)
    forecaster.output_scale.fill_(sigma)
    return forecaster


@pytest.mark.parametrize("cell", ["rnn", "gru", "lstm"])
def test_the_forecasts_of_an_autoregression(cell):
    phi, sigma, number = 0.8, 0.5, 40_000
    runs = draw_runs(autoregression(phi, sigma, cell=cell), torch.full((1, 3, 1), 2.0).double(), 12, samples=number)
    runs = runs[0, :, :, 0].numpy()
    leads = np.arange(1, 13)
    variance = sigma**2 * (1 - phi ** (2 * leads)) / (1 - phi**2)
    # Five standard errors: the estimate of a variance from n normal numbers has a relative one of √(2/n).
    assert np.abs(runs.mean(axis=0) - 2 * phi**leads).max() < 5 * math.sqrt(variance[-1] / number)
    np.testing.assert_allclose(runs.var(axis=0), variance, rtol=5 * math.sqrt(2 / number))
    # cov(x_s, x_t) = φ^(t−s) var(x_s): the runs are joint draws, not draws of each step by itself.
    assert np.cov(runs[:, 3], runs[:, 9])[0, 1] == pytest.approx(phi**6 * variance[3], rel=0.1)


def test_same_seed_same_bits():
    forecaster, context = autoregression(0.9, 1.0), torch.randn(4, 6, 1, dtype=torch.float64)
    first, again = (draw_runs(forecaster, context, 5, samples=7, seed=3) for _ in "ab")
    assert torch.equal(first, again)
    assert not torch.equal(first, draw_runs(forecaster, context, 5, samples=7, seed=4))
    assert first.shape == (4, 7, 5, 1)


def test_runs_belong_to_their_starts():
    context = torch.tensor([0.0, 100.0, -50.0], dtype=torch.float64)[:, None, None].expand(3, 4, 1)
    runs = draw_runs(autoregression(1.0, 0.01), context, 3, samples=5)
    np.testing.assert_allclose(runs[..., 0].numpy(), np.broadcast_to([[[0]], [[100]], [[-50]]], (3, 5, 3)), atol=0.2)


@pytest.mark.parametrize("head", ["gaussian", "mixture"])
def test_without_spread_a_draw_is_the_free_run(head):
    forecaster = build(Network(cell="lstm", hidden_size=6, num_layers=2, linear_lags=3, head=head), 2, seed=1).double()
    with torch.no_grad():
        forecaster.head.weight.normal_(generator=torch.Generator().manual_seed(2))
        forecaster.spread.linear.bias.zero_()
        deviations = forecaster.spread.linear.bias.view(forecaster.spread.components, -1)
        deviations[:, sum(forecaster.spread.sizes[:2]) : sum(forecaster.spread.sizes[:3])] = -1e4  # the least ones
        forecaster.output_scale.fill_(1e-6)
    context = torch.randn(3, 5, 2, generator=torch.Generator().manual_seed(3), dtype=torch.float64)
    runs = draw_runs(forecaster, context, 6, samples=2)
    for member in range(2):
        np.testing.assert_allclose(runs[:, member].numpy(), free_run(forecaster, context, 6).numpy(), atol=1e-7)


@pytest.mark.parametrize(("steps", "samples", "name"), [(0, 2, "steps"), (2, 0, "samples")])
def test_nothing_to_draw(steps, samples, name):
    with pytest.raises(ArgumentError, match=f"`{name}` must be positive: expected 1 or more, got 0"):
        draw_runs(autoregression(0.5, 1.0), torch.zeros(1, 2, 1), steps, samples=samples)


def test_a_point_cannot_be_drawn_from():
    with pytest.raises(ArgumentError, match="`head` must tell a distribution"):
        draw_runs(build(Network(), 1), torch.zeros(1, 2, 1), 2, samples=2)


def test_a_drive_moves_all_runs_from_a_start_alike():
    a, b, sigma, number = 0.8, 0.5, 0.3, 20_000
    forecaster = build(Network(hidden_size=3, residual=False, linear_lags=1, head="gaussian"), 1, 1).double()
    forecaster.linear.weight.copy_(torch.tensor([[a], [b]]))
    forecaster.output_scale.fill_(sigma)
    context = torch.tensor([[[2.0, 1.0]], [[-1.0, 0.0]]]).double()  # y, and the u of the next row
    u = torch.tensor([[0.5, -1.0, 2.0], [0.0, 0.0, 3.0]]).double()
    runs = draw_runs(forecaster, context, 4, samples=number, controls=u[..., None])[..., 0].numpy()
    for start in range(2):
        mean, variance = context[start, 0, 0].item(), 0.0
        for step, drive in enumerate([context[start, 0, 1].item(), *u[start].tolist()]):
            mean, variance = a * mean + b * drive, a**2 * variance + sigma**2
            assert runs[start, :, step].mean() == pytest.approx(mean, abs=5 * math.sqrt(variance / number))
            assert runs[start, :, step].var() == pytest.approx(variance, rel=5 * math.sqrt(2 / number))


@pytest.mark.parametrize(("cell", "head"), [("lstm", "gaussian"), ("gru", "mixture"), ("rnn", "gaussian")])
def test_draws_are_fed_back_as_in_a_plain_loop(cell, head):
    network = Network(cell=cell, hidden_size=5, num_layers=2, linear_lags=3, increments=True, head=head)
    forecaster, generator = build(network, 2, 2, seed=1).double(), torch.Generator().manual_seed(2)
    with torch.no_grad():
        for weight in (forecaster.head.weight, forecaster.linear.weight, forecaster.spread.linear.weight):
            weight.normal_(0.0, 0.2, generator=generator)
    known = torch.randn(1, 6, 4, generator=generator, dtype=torch.float64)
    ahead = torch.randn(1, 3, 2, generator=generator, dtype=torch.float64)
    chance, shown = torch.Generator().manual_seed(7), known.repeat_interleave(3, 0)
    with torch.no_grad():
        for step in range(4):  # from nothing at every step: no state is carried
            drawn = forecaster.distribute(shown, since=shown.shape[1] - 1)[0].draw(chance)
            driving = ahead[:, step : step + 1] if step < 3 else torch.full((1, 1, 2), math.nan, dtype=torch.float64)
            shown = torch.cat([shown, torch.cat([drawn, driving.expand(3, 1, 2)], dim=-1)], dim=1)
    runs = draw_runs(forecaster, known, 4, samples=3, seed=7, controls=ahead)
    np.testing.assert_allclose(runs[0].numpy(), shown[:, 6:, :2].numpy(), rtol=0, atol=1e-12)


def test_a_drive_is_asked_for():
    forecaster, context = build(Network(head="gaussian"), 1, 1), torch.zeros(2, 3, 2)
    with pytest.raises(ShapeError, match=r"expected shape \(2, 3 or more, 1\), got none"):
        draw_runs(forecaster, context, 4, samples=2)
    with pytest.raises(ShapeError, match=r"expected shape \(2, 3 or more, 1\), got \(2, 2, 1\)"):
        draw_runs(forecaster, context, 4, samples=2, controls=torch.zeros(2, 2, 1))
    with pytest.raises(ArgumentError, match="`controls` must be left out for a forecaster that has none"):
        draw_runs(autoregression(0.5, 1.0), torch.zeros(1, 2, 1), 4, samples=2, controls=torch.zeros(1, 3, 1))
