"""Scores of forecast distributions: of a Gaussian in closed form, of samples.

Samples where the truth is NaN were not measured and are left out.
"""

import math
from typing import TypeAlias

import numpy as np
from numpy.random import Generator

from pendula.errors import ArgumentError, DataError, ShapeError
from pendula.shapes import Bool, Float, ndarray

__all__ = ["crps_gaussian", "crps_samples", "pit_gaussian", "pit_histogram", "pit_samples"]

Values: TypeAlias = Float[ndarray, "..."]
Samples: TypeAlias = Float[ndarray, "member ..."]


def crps_gaussian(truth: Values, mean: Values, deviation: Values) -> float:
    r"""Compute the mean continuous ranked probability score of Gaussian forecasts.

    With $z = (y - \mu) / \sigma$ it is $\sigma\,[z\,(2 \Phi(z) - 1) + 2 \varphi(z) - 1 / \sqrt{\pi}]$, and $|y - \mu|$
    where $\sigma = 0$.

    Args:
        truth: What was measured; NaN where it was not.
        mean: μ, of the same shape and in the same units.
        deviation: σ, not negative.

    Returns:
        The mean score, in the units of the data; 0 for a perfect forecast.

    Raises:
        ArgumentError: If a deviation is negative.
        ShapeError: If the shapes differ.
        DataError: If no sample was measured.

    References:
        T. Gneiting, A. E. Raftery, A. H. Westveld and T. Goldman, Monthly Weather Review 133 (2005) 1098, eq. (5).

    Examples:
        >>> round(crps_gaussian(np.zeros(1), np.zeros(1), np.ones(1)), 4)
        0.2337
    """
    from scipy.special import ndtr

    y, mu, sigma = _gaussian(truth, mean, deviation)
    size = np.where(sigma > 0, sigma, 1.0)
    z = (y - mu) / size
    density = np.exp(-np.square(z) / 2) / math.sqrt(2 * math.pi)
    spread = size * (z * (2 * ndtr(z) - 1) + 2 * density - 1 / math.sqrt(math.pi))
    return float(np.where(sigma > 0, spread, np.abs(y - mu)).mean())


def crps_samples(truth: Values, samples: Samples, *, fair: bool = False) -> float:
    r"""Compute the mean continuous ranked probability score of forecasts that are given by samples.

    For samples $x_1, …, x_n$ it is the mean of $|x_i - y|$, less half the mean of $|x_i - x_j|$ over all pairs. That is
    the score of the distribution of the samples themselves; `fair` leaves out the pairs of a sample with itself, and
    estimates without bias the score of the distribution that they were drawn from.

    Args:
        truth: What was measured; NaN where it was not.
        samples: Samples of each value, along the first axis, in the same units.
        fair: Whether to score what the samples were drawn from.

    Returns:
        The mean score, in the units of the data; for one sample the mean absolute error.

    Raises:
        ArgumentError: If `fair` is asked for with one sample alone.
        ShapeError: If the samples are not of the truth's shape.
        DataError: If no sample was measured.

    References:
        T. Gneiting and A. E. Raftery, JASA 102 (2007) 359, eq. (21); C. A. T. Ferro, "Fair scores for ensemble
        forecasts", Quarterly Journal of the Royal Meteorological Society 140 (2014) 1917.

    Examples:
        >>> crps_samples(np.zeros(1), np.array([[-1.0], [1.0]]))
        0.5
        >>> crps_samples(np.zeros(1), np.array([[-1.0], [1.0]]), fair=True)
        0.0
    """
    y, x = _sampled(truth, samples)
    count = len(x)
    if fair and count < 2:
        raise ArgumentError(f"`fair` must have pairs of samples: expected 2 or more, got {count}. Draw more of them.")
    # Σ_ij |x_i − x_j| = 2 Σ_i (2 i − n − 1) x_(i) for sorted values, i = 1 … n
    ranks = 2.0 * np.arange(1, count + 1) - count - 1
    between = 2 * np.tensordot(ranks, np.sort(x, axis=0), axes=1) / (count * (count - 1 if fair else count))
    return float(np.mean(np.abs(x - y).mean(axis=0) - between / 2))


def pit_gaussian(truth: Values, mean: Values, deviation: Values) -> Float[ndarray, " value"]:
    """Compute the probability integral transform of the truth under Gaussian forecasts.

    Args:
        truth: What was measured; NaN where it was not.
        mean: Of each forecast, of the same shape and in the same units.
        deviation: Of each forecast, positive.

    Returns:
        Probability of a value below the truth, for all values that were measured; uniform where the forecasts are
        right.

    Raises:
        ArgumentError: If a deviation is not positive.
        ShapeError: If the shapes differ.
        DataError: If no sample was measured.

    References:
        A. P. Dawid, "Statistical theory: the prequential approach", J. R. Statist. Soc. A 147 (1984) 278, section 5.3.

    Examples:
        >>> pit_gaussian(np.array([0.0, np.nan]), np.zeros(2), np.ones(2))
        array([0.5])
    """
    from scipy.special import ndtr

    y, mu, sigma = _gaussian(truth, mean, deviation)
    if not (sigma > 0).all():
        raise ArgumentError("`deviation` must be positive: got 0. A forecast without spread has no distribution.")
    return np.asarray(ndtr((y - mu) / sigma))


def pit_samples(truth: Values, samples: Samples, *, generator: Generator) -> Float[ndarray, " value"]:
    """Compute the probability integral transform of the truth under forecasts that are given by samples.

    The truth's rank among n samples takes n + 1 values; it is drawn uniformly from its share of [0, 1], so that the
    result is exactly uniform if truth and samples come from one distribution, ties included.

    Args:
        truth: What was measured; NaN where it was not.
        samples: Samples of each value, along the first axis.
        generator: Draws within the shares.

    Returns:
        A number from 0 to 1 for all values that were measured.

    Raises:
        ShapeError: If the samples are not of the truth's shape.
        DataError: If no sample was measured.

    References:
        J. E. Smith, Journal of Forecasting 4 (1985) 283; C. Czado, T. Gneiting and L. Held, Biometrics 65 (2009) 1254,
        section 2.1.

    Examples:
        >>> pit = pit_samples(np.array([5.0]), np.array([[1.0], [2.0], [3.0]]), generator=np.random.default_rng(0))
        >>> bool(0.75 <= pit[0] <= 1)
        True
    """
    y, x = _sampled(truth, samples)
    below, equal = (x < y).sum(axis=0), (x == y).sum(axis=0)
    return np.asarray((below + generator.random(y.shape) * (equal + 1)) / (len(x) + 1))


def pit_histogram(pit: Float[ndarray, " value"], *, bins: int = 10) -> Float[ndarray, " bin"]:
    """Count how often probability integral transforms fall into equal parts of [0, 1], as a density.

    A flat histogram at 1 is right; a hump in the middle says that forecasts are too wide, a trough that they are too
    narrow, a slope that they are biased.

    Args:
        pit: As `pit_gaussian` or `pit_samples` give it; NaN is left out.
        bins: How many parts.

    Returns:
        The density in each of them, whose mean is 1.

    Raises:
        ArgumentError: If there are less than 2 bins.
        DataError: If no value is known, or one lies outside of [0, 1].

    Examples:
        >>> pit_histogram(np.array([0.1, 0.2, 0.3, 0.9]), bins=2)
        array([1.5, 0.5])
    """
    if bins < 2:
        raise ArgumentError(f"`bins` must be at least 2: got {bins}. 10 is usual.")
    known = pit[~np.isnan(pit)]
    if not len(known) or known.min() < 0 or known.max() > 1:
        raise DataError("`pit` must hold probabilities: expected numbers from 0 to 1, got others or none. Check it.")
    counts, _ = np.histogram(known, bins=bins, range=(0.0, 1.0))
    return np.asarray(counts * bins / len(known))


def _gaussian(truth: Values, mean: Values, deviation: Values) -> tuple[ndarray, ndarray, ndarray]:
    if not truth.shape == mean.shape == deviation.shape:
        raise ShapeError(
            "`truth`, `mean` and `deviation` must have one shape: expected the same three times, got "
            f"{truth.shape}, {mean.shape} and {deviation.shape}. Nothing is broadcast; reshape them."
        )
    known = _known(truth)
    y, mu, sigma = (np.asarray(values, np.float64)[known] for values in (truth, mean, deviation))
    if (sigma < 0).any():
        raise ArgumentError(
            f"`deviation` must not be negative: expected standard deviations, got {sigma.min()}. Take its root."
        )
    return y, mu, sigma


def _sampled(truth: Values, samples: Samples) -> tuple[ndarray, ndarray]:
    if samples.ndim < 1 or samples.shape[1:] != truth.shape or not len(samples):
        raise ShapeError(
            f"`samples` must hold several of the truth's shape: expected (member, …) over {truth.shape}, got "
            f"{samples.shape}. Put the samples along the first axis."
        )
    known = _known(truth)
    return np.asarray(truth, np.float64)[known], np.asarray(samples, np.float64)[:, known]


def _known(truth: Values) -> Bool[ndarray, "..."]:
    known = ~np.isnan(truth)
    if not known.any():
        raise DataError(
            f"`truth` must hold samples: expected at least one number, got none in shape {truth.shape}. "
            "Choose a part of the record that was measured."
        )
    return np.asarray(known)
