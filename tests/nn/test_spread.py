"""The likelihood head: what it tells, and that the prediction stays the mean of it."""

import numpy as np
import pytest
import torch

from pendula.errors import ArgumentError
from pendula.nn import Network, build, free_run
from pendula.nn.spread import SMALLEST_DEVIATION, Spread

HEADS = [("gaussian", {}), ("mixture", {}), ("mixture", {"components": 5})]


def moved(head, *, channels=2, seed=0, **options):
    """Build a forecaster whose likelihood head says something."""
    forecaster = build(Network(hidden_size=5, head=head, **options), channels, seed=seed).double()
    generator = torch.Generator().manual_seed(1)
    with torch.no_grad():
        for parameter in (*forecaster.head.parameters(), *forecaster.spread.parameters()):
            parameter.add_(0.5 * torch.randn(parameter.shape, generator=generator, dtype=torch.float64))
        forecaster.output_scale.copy_(torch.linspace(0.5, 3.0, channels)[None])
    return forecaster


def series_of(batch=3, steps=7, channels=2):
    return torch.randn(batch, steps, channels, generator=torch.Generator().manual_seed(2), dtype=torch.float64)


@pytest.mark.parametrize(("head", "options"), HEADS)
def test_the_prediction_is_the_mean_of_the_distribution(head, options):
    forecaster, series = moved(head, **options), series_of()
    mixture, state = forecaster.distribute(series)
    predictions, other = forecaster(series)
    assert torch.equal(mixture.mean, predictions[:, :, 0])
    assert torch.equal(state.hidden, other.hidden)
    middle = (mixture.log_weights.exp()[..., None] * mixture.offsets).sum(-2)
    np.testing.assert_allclose(middle.detach().numpy(), 0, atol=1e-14)
    np.testing.assert_allclose(mixture.log_weights.exp().sum(-1).detach().numpy(), 1, rtol=1e-14)


@pytest.mark.parametrize(("head", "options"), HEADS)
def test_the_steps_that_are_left_out_change_nothing(head, options):
    forecaster, series = moved(head, **options), series_of()
    whole, _ = forecaster.distribute(series)
    late, _ = forecaster.distribute(series, since=4)
    for ours, theirs in ((whole.mean, late.mean), (whole.whitening, late.whitening), (whole.offsets, late.offsets)):
        torch.testing.assert_close(ours[:, 4:], theirs, rtol=1e-13, atol=1e-14)


@pytest.mark.parametrize("channels", [1, 3])
def test_a_fresh_head_says_the_output_scale(channels):
    scale = torch.linspace(0.5, 3.0, channels, dtype=torch.float64)
    spread = Spread(4, channels, 1).double()
    mixture = spread(torch.randn(6, 4, dtype=torch.float64), torch.zeros(6, channels, dtype=torch.float64), scale)
    expected = torch.diag(scale.square()).expand(6, channels, channels)
    np.testing.assert_allclose(mixture.covariance().detach().numpy(), expected.numpy(), rtol=1e-7)


@pytest.mark.parametrize("components", [1, 2])
def test_a_head_can_be_told_a_covariance(components):
    draw = torch.randn(20, 3, generator=torch.Generator().manual_seed(7), dtype=torch.float64)
    covariance = draw.T @ draw / 20
    spread = Spread(4, 3, components).double()
    spread.start_from(covariance)
    mixture = spread(torch.randn(4, dtype=torch.float64), torch.zeros(3, dtype=torch.float64), torch.ones(3))
    torch.testing.assert_close(mixture.covariance(), covariance, rtol=1e-7, atol=1e-9)


def test_the_components_of_a_fresh_mixture_differ_and_follow_the_seed():
    first, again, other = (build(Network(head="mixture"), 1, seed=seed).spread.linear.bias for seed in (0, 0, 1))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)
    offsets = first.view(3, -1)[:, 1]
    assert len(set(offsets.tolist())) == 3


def test_deviations_have_a_floor():
    spread = Spread(2, 1, 1)
    with torch.no_grad():
        spread.linear.bias.fill_(-1e4)
    mixture = spread(torch.zeros(2), torch.zeros(1), torch.tensor([3.0]))
    assert 1 / mixture.whitening.item() == pytest.approx(3 * SMALLEST_DEVIATION, rel=1e-5)


def test_the_recurrent_weights_are_those_of_a_point():
    point, gaussian = build(Network(), 1, seed=3), build(Network(head="gaussian"), 1, seed=3)
    assert set(gaussian.state_dict()) - set(point.state_dict()) == {"spread.linear.weight", "spread.linear.bias"}


def test_a_free_run_is_that_of_the_mean():
    gaussian = moved("gaussian")
    point = build(Network(hidden_size=5), 2).double()
    point.load_state_dict({name: held for name, held in gaussian.state_dict().items() if "spread" not in name})
    assert torch.equal(free_run(gaussian, series_of(), 9), free_run(point, series_of(), 9))


def test_a_point_tells_no_distribution():
    with pytest.raises(ArgumentError, match="`head` must tell a distribution: expected gaussian or mixture, got point"):
        build(Network(), 1).distribute(torch.zeros(1, 2, 1))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"head": "normal"}, r"`head` must be a known head: expected one of point, gaussian, mixture, got normal\."),
        (
            {"head": "gaussian", "leads": 2},
            "`leads` must be 1 with the head gaussian, which tells the distribution of ",
        ),
        ({"head": "gaussian", "components": 2}, "`components` must be left out with the head gaussian: got 2"),
        ({"components": 2}, "`components` must be left out with the head point: got 2"),
        ({"head": "mixture", "components": 0}, "`components` must be a whole number: expected 1 to 65536, got 0"),
        (
            {"cell": "esn", "head": "gaussian"},
            "`head` must be left out for an echo state network: expected point, got ",
        ),
    ],
)
def test_what_makes_no_sense_is_refused(options, message, unchecked):
    with pytest.raises(ArgumentError, match=message):
        Network(**options)
