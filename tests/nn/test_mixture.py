"""Mixtures of normal distributions: SciPy is the oracle."""

import math

import numpy as np
import pytest
import scipy.stats
import torch

from pendula.nn import Mixture


def mixture_of(channels, components, *, batch=(), seed=0):
    """Draw a mixture whose mean is `mean`, with covariances that couple the channels."""
    generator = torch.Generator().manual_seed(seed)
    shape = (*batch, components)
    draw = lambda *rest: torch.randn(*shape, *rest, generator=generator, dtype=torch.float64)  # noqa: E731
    log_weights = draw().log_softmax(-1)
    offsets = draw(channels)
    offsets = offsets - (log_weights.exp()[..., None] * offsets).sum(-2, keepdim=True)
    whitening = torch.tril(draw(channels, channels), -1) + torch.diag_embed(draw(channels).abs() + 0.5)
    mean = torch.randn(*batch, channels, generator=generator, dtype=torch.float64)
    return Mixture(mean, log_weights, offsets, whitening)


def repeated(mixture, number):
    """Give the same mixture many times."""
    parts = (mixture.mean, mixture.log_weights, mixture.offsets, mixture.whitening)
    return Mixture(*(part.expand(number, *part.shape) for part in parts))


def parts_of(mixture):
    """Give weights, means and covariances of the components of one mixture, as arrays."""
    whitening = mixture.whitening.numpy()
    covariances = np.linalg.inv(whitening.transpose(0, 2, 1) @ whitening)
    return mixture.log_weights.exp().numpy(), (mixture.mean + mixture.offsets).numpy(), covariances


@pytest.mark.parametrize("channels", [1, 2, 4])
@pytest.mark.parametrize("components", [1, 3])
def test_the_density_is_that_of_scipy(channels, components):
    mixture = mixture_of(channels, components)
    values = torch.randn(50, channels, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    wide = repeated(mixture, 50)
    expected = sum(
        weight * scipy.stats.multivariate_normal(mean, covariance).pdf(values.numpy())
        for weight, mean, covariance in zip(*parts_of(mixture), strict=True)
    )
    np.testing.assert_allclose(wide.log_density(values).exp().numpy(), expected, rtol=1e-10)


def test_a_density_integrates_to_one():
    mixture = mixture_of(2, 3, seed=4)
    grid = torch.linspace(-25, 25, 1001, dtype=torch.float64)
    points = torch.cartesian_prod(grid, grid)
    wide = repeated(mixture, len(points))
    # The trapezoidal rule is exact to rounding for what falls off on all sides and is smooth on the grid.
    assert float(wide.log_density(points).exp().sum()) * 0.05**2 == pytest.approx(1, abs=1e-6)


@pytest.mark.parametrize(("channels", "components"), [(1, 1), (1, 3), (3, 1), (3, 2)])
def test_draws_have_the_mean_and_the_covariance(channels, components):
    mixture = mixture_of(channels, components, seed=2)
    number = 200_000
    wide = repeated(mixture, number)
    draws = wide.draw(torch.Generator().manual_seed(3)).numpy()
    weights, means, covariances = parts_of(mixture)
    center = weights @ means
    expected = sum(
        weight * (covariance + np.outer(mean - center, mean - center))
        for weight, mean, covariance in zip(weights, means, covariances, strict=True)
    )
    np.testing.assert_allclose(center, mixture.mean.numpy(), atol=1e-12)
    np.testing.assert_allclose(mixture.covariance().numpy(), expected, rtol=1e-10, atol=1e-12)
    # Five standard errors of the mean, and of a variance of a distribution of no great kurtosis.
    deviations = np.sqrt(np.diag(expected))
    np.testing.assert_array_less(np.abs(draws.mean(axis=0) - center), 5 * deviations / math.sqrt(number))
    slack = 5 * math.sqrt(3 / number) * np.outer(deviations, deviations)
    np.testing.assert_array_less(np.abs(np.cov(draws.T).reshape(channels, channels) - expected), slack)


def test_draws_of_one_channel_have_the_whole_distribution():
    mixture = mixture_of(1, 3, seed=5)
    wide = repeated(mixture, 20_000)
    draws = wide.draw(torch.Generator().manual_seed(6))[:, 0].numpy()
    weights, means, covariances = parts_of(mixture)

    def distribution(x):
        return sum(
            weight * scipy.stats.norm.cdf(x, mean[0], math.sqrt(covariance[0, 0]))
            for weight, mean, covariance in zip(weights, means, covariances, strict=True)
        )

    assert scipy.stats.kstest(draws, distribution).pvalue > 1e-3


def test_far_from_all_components_the_density_is_small_and_its_logarithm_finite():
    mixture = mixture_of(1, 3)
    far = Mixture(mixture.mean, mixture.log_weights, mixture.offsets, 1e4 * mixture.whitening)
    logarithm = float(far.log_density(torch.tensor([1e6], dtype=torch.float64)))
    assert math.isfinite(logarithm)
    assert logarithm < -1e15
