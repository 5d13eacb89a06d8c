"""The loss of a batch: naive loops that show the network its whole history anew are the oracle."""

import numpy as np
import pytest
import torch

from pendula.errors import ArgumentError
from pendula.nn import Network, build
from pendula.training import Objective
from pendula.training.objective import check_objective

WINDOW = 6


def forecaster_of(**options):
    forecaster = build(Network(**({"cell": "lstm", "hidden_size": 5} | options)), 2, seed=3).double()
    generator = torch.Generator().manual_seed(3)
    with torch.no_grad():
        for parameter in forecaster.head.parameters():
            parameter.copy_(0.4 * torch.randn(parameter.shape, generator=generator, dtype=torch.float64))
        forecaster.output_scale.copy_(
            torch.linspace(0.5, 2.0, forecaster.output_scale.numel()).view_as(forecaster.output_scale)
        )
    return forecaster


def pieces_of(steps, *, batch=3):
    return torch.randn(batch, steps, 2, generator=torch.Generator().manual_seed(4), dtype=torch.float64)


def objective(**options):
    settings = {
        "window": WINDOW, "loss": "last", "washout": 0, "horizon": 1, "teacher_forcing": 0.0, "input_noise": 0.0,
        "generator": torch.Generator().manual_seed(5),
    }  # fmt: skip
    return Objective(**(settings | options))


def naive(forecaster, pieces, *, scored, horizon=1, forced=False):
    """Average squared scaled errors, window and run apart, one series and step at a time."""
    scale, window_errors, run_errors = forecaster.output_scale.numpy(), [], []
    with torch.no_grad():
        for piece in pieces:
            for t in scored:
                prediction = forecaster(piece[None, : t + 1])[0][0, -1].numpy()
                truth = piece[t + 1 : t + 1 + len(prediction)].numpy()
                window_errors.append((prediction - truth) / scale)
            history = piece[:WINDOW]
            for step in range(horizon):
                value = forecaster(history[None])[0][0, -1, 0]
                truth = piece[WINDOW + step]
                if step:
                    run_errors.append((value - truth).numpy() / scale[0])
                history = torch.cat([history, (truth if forced else value)[None]])
    return np.mean(np.square(window_errors)) + (np.mean(np.square(run_errors)) if run_errors else 0.0)


@pytest.mark.parametrize("leads", [1, 3])
@pytest.mark.parametrize(
    ("options", "scored"),
    [
        ({"loss": "last"}, [5]),
        ({"loss": "last", "washout": 2}, [5]),
        ({"loss": "every"}, range(6)),
        ({"loss": "every", "washout": 4}, [4, 5]),
    ],
)
def test_the_loss_of_the_window(leads, options, scored):
    forecaster, pieces = forecaster_of(leads=leads), pieces_of(WINDOW + 3)
    loss, _ = objective(**options)(forecaster, pieces)
    assert loss.item() == pytest.approx(naive(forecaster, pieces, scored=scored), rel=1e-12)


@pytest.mark.parametrize("forced", [False, True])
@pytest.mark.parametrize("loss", ["last", "every"])
@pytest.mark.parametrize("horizon", [2, 5])
@pytest.mark.parametrize("lags", [0, 3])
def test_the_loss_along_a_run(forced, loss, horizon, lags):
    forecaster, pieces = forecaster_of(linear_lags=lags), pieces_of(WINDOW + 5)
    got, _ = objective(loss=loss, horizon=horizon, teacher_forcing=float(forced))(forecaster, pieces)
    # The linear path has its past from the step of its last lag on.
    scored = [5] if loss == "last" else range(max(0, lags - 1), 6)
    expected = naive(forecaster, pieces, scored=scored, horizon=horizon, forced=forced)
    assert got.item() == pytest.approx(expected, rel=1e-12)


def test_with_teacher_forcing_the_run_is_a_longer_window():
    forecaster, pieces = forecaster_of(), pieces_of(WINDOW + 4)
    both, _ = objective(horizon=4, teacher_forcing=1.0)(forecaster, pieces)
    window, _ = objective()(forecaster, pieces)
    extended, _ = objective(window=WINDOW + 3, loss="every", washout=WINDOW)(forecaster, pieces)
    assert (both - window).item() == pytest.approx(extended.item(), rel=1e-12)


def test_scheduled_sampling_draws_each_step_of_each_series():
    forecaster, pieces = forecaster_of(), pieces_of(WINDOW + 3, batch=2)
    losses = set()
    for seed in range(40):
        scheduled = objective(horizon=3, teacher_forcing=0.5, generator=torch.Generator().manual_seed(seed))
        losses.add(round(scheduled(forecaster, pieces)[0].item(), 12))
    # Two series and two fed-back steps: sixteen ways to choose.
    assert 4 < len(losses) <= 16


def test_teacher_forcing_has_its_probability():
    forced = objective(teacher_forcing=0.3, horizon=3).draw(torch.zeros(4000, WINDOW + 3, 1)).forced
    assert forced.shape == (2, 4000, 1, 1)
    assert abs(float(forced.double().mean()) - 0.3) < 0.02
    assert objective(teacher_forcing=0.3, horizon=1).draw(torch.zeros(5, WINDOW + 1, 1)).forced is None


def test_draws_may_be_made_beforehand():
    forecaster, pieces = forecaster_of(), pieces_of(WINDOW + 3)
    options = {"horizon": 3, "teacher_forcing": 0.5, "input_noise": 0.1}
    at_once, _ = objective(**options)(forecaster, pieces)
    before = objective(**options).draw(pieces)
    assert torch.equal(objective(**options)(forecaster, pieces, draws=before)[0], at_once)
    assert before.noise.shape == (3, WINDOW, 2)


def test_gradients_flow_through_the_run():
    forecaster, pieces = forecaster_of(), pieces_of(WINDOW + 3)
    weight = forecaster.head.weight
    free = torch.autograd.grad(objective(horizon=3)(forecaster, pieces)[0], weight)[0]
    step = 1e-6
    direction = torch.randn(weight.shape, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    losses = []
    for sign in (1, -1):
        with torch.no_grad():
            weight.add_(sign * step * direction)
            losses.append(float(objective(horizon=3)(forecaster, pieces)[0]))
            weight.sub_(sign * step * direction)
    assert (losses[0] - losses[1]) / (2 * step) == pytest.approx(float((free * direction).sum()), rel=1e-6)


def test_a_given_state_is_what_came_before():
    forecaster, pieces = forecaster_of(), pieces_of(WINDOW + 4)
    with torch.no_grad():
        _, state = forecaster(pieces[:, :3])
        got, end = objective(loss="every")(forecaster, pieces[:, 3:], state)
        expected, _ = objective(window=WINDOW + 3, loss="every", washout=3)(forecaster, pieces)
        _, whole = forecaster(pieces[:, : WINDOW + 3])
    assert got.item() == pytest.approx(expected.item(), rel=1e-12)
    torch.testing.assert_close(end.hidden, whole.hidden, rtol=0, atol=1e-12)


def test_noise_is_added_to_the_inputs_alone():
    forecaster, pieces = forecaster_of(), pieces_of(WINDOW + 1)
    clean, _ = objective(input_noise=0.0)(forecaster, pieces)
    noisy, _ = objective(input_noise=0.5)(forecaster, pieces)
    again, _ = objective(input_noise=0.5)(forecaster, pieces)
    assert noisy.item() == again.item() != clean.item()
    noise = torch.randn((3, WINDOW, 2), generator=torch.Generator().manual_seed(5), dtype=torch.float64)
    shaken = pieces.clone()
    shaken[:, :WINDOW] += 0.5 * noise
    # The target is still the true next value.
    assert torch.equal(shaken[:, WINDOW:], pieces[:, WINDOW:])
    assert objective()(forecaster, shaken)[0].item() == noisy.item()


def test_noise_has_its_size():
    shaking = objective(window=40, input_noise=0.1)
    shaken = shaking._noisy(torch.zeros(50, 40, 2), shaking.draw(torch.zeros(50, 41, 2)).noise, known=2)
    assert abs(float(shaken.std()) - 0.1) < 0.005


@pytest.mark.parametrize("washout", [6, 7])
def test_something_of_the_window_must_be_scored(washout):
    rule = rf"`washout` must be shorter than the window: expected at most 5 steps, got {washout}\. Lower `washout`"
    with pytest.raises(ArgumentError, match=rule):
        check_objective(window=6, washout=washout, horizon=1, leads=1)
    check_objective(window=6, washout=5, horizon=1, leads=1)


def test_a_direct_forecaster_is_not_run_freely():
    rule = r"`horizon` must be 1 for a direct forecaster, which predicts 3 steps at once: got 2\. Choose `leads` or"
    with pytest.raises(ArgumentError, match=rule):
        check_objective(window=6, washout=0, horizon=2, leads=3)
    check_objective(window=6, washout=0, horizon=1, leads=3)
    check_objective(window=6, washout=0, horizon=3, leads=1)


def test_a_carried_on_window_is_scored_from_its_first_step():
    forecaster, pieces = forecaster_of(linear_lags=3), pieces_of(WINDOW + 1)
    _, state = forecaster(pieces[:, :WINDOW])
    loss, _ = objective(loss="every", washout=2)(forecaster, pieces, state)
    predictions, _ = forecaster(pieces[:, :WINDOW], state)
    errors = (predictions[:, :, 0] - pieces[:, 1 : WINDOW + 1]) / forecaster.output_scale
    assert loss.item() == pytest.approx(errors.detach().square().mean().item(), rel=1e-12)


def test_a_direct_forecaster_in_streams_is_refused():
    with pytest.raises(
        ArgumentError, match=r"`carry_state` must be off for a direct forecaster, which predicts 3 steps"
    ):
        check_objective(window=5, washout=0, horizon=1, leads=3, carry_state=True)


@pytest.mark.parametrize("forced", [False, True])
def test_controls_are_read_in_the_window_and_in_the_run_and_never_scored(forced):
    forecaster = build(Network(cell="gru", hidden_size=5), 1, 1, seed=3).double()
    with torch.no_grad():
        forecaster.head.weight.copy_(torch.linspace(-0.5, 0.5, 5)[None])
    pieces = pieces_of(WINDOW + 4)
    pieces[:, -1, 1] = torch.nan  # what stands beside the last value drives the next one
    scored, run, history = [], [], pieces[:, :WINDOW]
    with torch.no_grad():
        scored.append(forecaster(history)[0][:, -1, 0] - pieces[:, WINDOW, :1])
        for step in range(4):
            value = forecaster(history)[0][:, -1, 0]
            if step:
                run.append(value - pieces[:, WINDOW + step, :1])
            told = pieces[:, WINDOW + step, :1] if forced else value
            history = torch.cat([history, torch.cat([told, pieces[:, WINDOW + step, 1:]], dim=1)[:, None]], dim=1)
    expected = torch.stack(scored).square().mean() + torch.stack(run).square().mean()
    loss, _ = objective(horizon=4, teacher_forcing=float(forced))(forecaster, pieces)
    torch.testing.assert_close(loss.detach(), expected, rtol=0, atol=1e-12)


def test_noise_leaves_controls_as_they_are():
    forecaster = build(Network(cell="gru", hidden_size=5), 1, 1, seed=3).double()
    seen = []
    forecaster.register_forward_pre_hook(lambda _, arguments: seen.append(arguments[0]))
    pieces = pieces_of(WINDOW + 1)
    objective(input_noise=0.1)(forecaster, pieces)
    assert torch.equal(seen[0][..., 1], pieces[:, :WINDOW, 1])
    assert bool((seen[0][..., 0] != pieces[:, :WINDOW, 0]).all())
