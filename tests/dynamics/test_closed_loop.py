"""A forecaster in free run as one map: Pendula's own free runs and finite differences are the oracles."""

import itertools

import pytest
import torch

from pendula.dynamics import ForecasterDynamics
from pendula.nn import Network, build, free_run

CASES = [
    {"cell": cell, "linear_lags": lags, "leads": leads, "residual": residual, "increments": increments}
    for cell, lags, leads, (residual, increments) in itertools.product(
        ("rnn", "gru", "lstm"), (0, 1, 4), (1, 3), ((True, True), (False, False))
    )
]


def made(channels=2, **settings):
    forecaster = build(Network(hidden_size=4, num_layers=2, **settings), channels).double()
    generator = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for parameter in forecaster.parameters():
            parameter.copy_(0.4 * torch.randn(parameter.shape, generator=generator, dtype=torch.float64))
        if forecaster.linear is not None:
            weight = forecaster.linear.weight
            weight.copy_(0.2 * torch.randn(weight.shape, generator=generator, dtype=torch.float64))
            forecaster.linear.bias.fill_(0.1)
        forecaster.output_scale.fill_(0.7)
        forecaster.increment_scale.copy_(torch.linspace(0.3, 0.5, channels))
    series = torch.randn(3, 12, channels, generator=generator, dtype=torch.float64)
    return forecaster, ForecasterDynamics.of(forecaster), series


@pytest.mark.parametrize("settings", CASES, ids=lambda case: "-".join(map(str, case.values())))
def test_the_map_is_the_free_run(settings):
    forecaster, dynamics, series = made(**settings)
    with torch.no_grad():
        predictions, remembered = forecaster(series)
    states = dynamics.encode(remembered, predictions[:, -1])
    of = dynamics.closed_loop()
    values = []
    for _ in range(4):
        values.append(dynamics.values(states))
        states = of.step(states)
    expected = free_run(forecaster, series, 4 * settings["leads"])
    torch.testing.assert_close(torch.cat(values, dim=1), expected, rtol=0, atol=1e-12)


@pytest.mark.parametrize("settings", CASES, ids=lambda case: "-".join(map(str, case.values())))
def test_derivatives_are_those_of_the_map(settings):
    forecaster, dynamics, series = made(**settings)
    with torch.no_grad():
        predictions, remembered = forecaster(series)
    states, of = dynamics.encode(remembered, predictions[:, -1]), dynamics.closed_loop()
    directions = torch.randn(3, of.size, 2, dtype=torch.float64)
    after, pushed = of.push(states, directions)
    torch.testing.assert_close(after, of.step(states), rtol=0, atol=1e-14)
    torch.testing.assert_close(pushed, of.jacobian(states) @ directions, rtol=0, atol=1e-12)
    apart = 1e-6 * directions[..., 0]
    difference = (of.step(states + apart) - of.step(states - apart)) / 2e-6
    torch.testing.assert_close(pushed[..., 0], difference, rtol=0, atol=1e-8)


@pytest.mark.parametrize("settings", CASES[::5], ids=lambda case: "-".join(map(str, case.values())))
def test_a_series_that_is_shown_leads_to_the_states_that_predict_it(settings):
    forecaster, dynamics, series = made(**settings)
    hidden, states = dynamics.teach(series[0])
    with torch.no_grad():
        predictions, remembered = forecaster(series[:1])
    ahead = dynamics.values(dynamics.closed_loop().step(states[-1:]))
    torch.testing.assert_close(ahead, predictions[:, -1], rtol=0, atol=1e-12)
    block = series[:1, -1:].expand(-1, settings["leads"], -1)
    torch.testing.assert_close(
        hidden[-1], dynamics.encode(remembered, block)[0, : dynamics.net.size], rtol=0, atol=1e-12
    )


def test_the_second_derivative_of_the_loop_stays_within_its_bound():
    _, dynamics, series = made(cell="gru", linear_lags=3)
    of, (_, states) = dynamics.closed_loop(), dynamics.teach(series[0])
    bound = of.curvature(states[0], 0.1)
    along = torch.randn(30, of.size, dtype=torch.float64)
    moved = states[0] + 1e-5 * along / along.norm(dim=1, keepdim=True)
    bends = torch.linalg.matrix_norm(of.jacobian(moved) - of.jacobian(states[:1]), ord=2) / 1e-5
    assert 0 < float(bends.max()) < bound


def test_held_input_has_no_increments():
    _, dynamics, _ = made(cell="gru")
    value = torch.tensor([0.3, -0.2], dtype=torch.float64)
    state = torch.zeros(1, dynamics.net.size, dtype=torch.float64)
    for _ in range(300):
        state = dynamics.driven(value).step(state)
    shown, _ = dynamics.teach(value.expand(300, -1))
    torch.testing.assert_close(shown[-1:], state, rtol=0, atol=1e-14)
