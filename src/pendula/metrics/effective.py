"""How many independent values a correlated sequence is worth."""

import numpy as np

from pendula.shapes import Float, ndarray

__all__ = ["effective_size"]

CHANCE = 1.645
"""So many standard errors above 0 are a correlation: 5 % of independent sequences look as if they had one."""


def effective_size(values: Float[ndarray, "time ..."]) -> Float[ndarray, "..."]:
    r"""Estimate how many independent values would tell as much of a mean as these, along the first axis.

    It is $n / (1 + 2 \sum_k \rho_k)$ with the autocorrelations $\rho_k$, summed in pairs $\rho_{2m} + \rho_{2m+1}$ as
    long as these are positive, and made to fall: beyond that they are noise. Never more than n is claimed, and n itself
    where $\rho_1$ is within what independent values would have by chance, $1.645 / \sqrt{n}$.

    Args:
        values: Evenly spaced, finite values; each column is judged by itself.

    Returns:
        For each column a number from 1 to n; n where the values do not vary.

    References:
        C. J. Geyer, "Practical Markov chain Monte Carlo", Statistical Science 7 (1992) 473, section 3.3.

    Examples:
        >>> effective_size(np.array([1.0, -1.0, -1.0, 1.0, 1.0, -1.0]))
        array(6.)
        >>> float(effective_size(np.repeat(np.random.default_rng(0).normal(size=500), 8)).round(-2))
        500.0
    """
    count = len(values)
    columns = np.asarray(values, np.float64).reshape(count, -1)
    if count < 4:
        return np.full(values.shape[1:], float(count))
    correlations = _autocorrelations(columns)
    pairs = correlations[: count // 2 * 2].reshape(count // 2, 2, -1).sum(axis=1)
    positive = np.logical_and.accumulate(pairs > 0, axis=0)
    falling = np.minimum.accumulate(np.where(positive, pairs, 0.0), axis=0)
    time = np.clip(2 * falling.sum(axis=0) - 1, 1.0, count)
    is_noise = correlations[1] <= CHANCE / np.sqrt(count)
    return np.asarray(np.where(is_noise, float(count), count / time)).reshape(values.shape[1:])


def _autocorrelations(columns: Float[ndarray, "time column"]) -> Float[ndarray, "time column"]:
    # By the fast Fourier transform, padded so that it does not wrap around.
    deviations = columns - columns.mean(axis=0)
    power = np.abs(np.fft.rfft(deviations, 2 * len(columns), axis=0)) ** 2
    covariances = np.fft.irfft(power, axis=0)[: len(columns)]
    constant = columns.min(axis=0) == columns.max(axis=0)
    alone = np.zeros_like(covariances)
    alone[0] = 1.0
    return np.where(constant, alone, covariances / np.where(constant, 1.0, covariances[0]))
