"""The energy score: how good an ensemble of several channels is, in their own unit."""

import numpy as np

from pendula.errors import ArgumentError, ShapeError
from pendula.shapes import Float, ndarray

__all__ = ["energy_score"]


def energy_score(
    truth: Float[ndarray, "*batch channel"],
    samples: Float[ndarray, "*batch sample channel"],
    *,
    is_fair: bool = True,
) -> Float[ndarray, "*batch"]:
    r"""Compute the energy score of ensembles, $\mathrm E\|X - y\| - \tfrac12\,\mathrm E\|X - X'\|$.

    It is the continuous ranked probability score where there is one channel, and proper for any number: no other
    distribution scores better on average than the one that the truth is drawn from. Channels are added up as they are;
    divide those of different units by a scale first.

    Args:
        truth: What came.
        samples: What was drawn.
        is_fair: Estimate the second expectation without bias, from pairs of different members; else from all pairs, the
            score of the ensemble itself, which makes small ensembles look worse.

    Returns:
        The scores, in the unit of the channels; smaller is better. NaN where a sample is not finite.

    Raises:
        ShapeError: If the two do not fit each other.
        ArgumentError: If there are fewer than two samples.

    References:
        T. Gneiting and A. E. Raftery, Journal of the American Statistical Association 102 (2007) 359, section 4.3; the
        fair form: C. A. T. Ferro, Quarterly Journal of the Royal Meteorological Society 140 (2014) 1917.

    Examples:
        >>> energy_score(np.array([0.0]), np.array([[-1.0], [1.0]]), is_fair=False)
        array(0.5)
        >>> energy_score(np.array([0.0]), np.array([[-1.0], [1.0]]))
        array(0.)
    """
    if truth.ndim < 1 or samples.shape != (*truth.shape[:-1], samples.shape[-2], truth.shape[-1]):
        raise ShapeError(
            f"`samples` must be ensembles of the truth: expected (..., sample, channel) for {truth.shape}, got "
            f"{samples.shape}. Put the samples before the channels."
        )
    members = samples.shape[-2]
    if members < 2:
        raise ArgumentError(f"`samples` must be several: expected 2 or more, got {members}. Draw more.")
    with np.errstate(all="ignore"):
        error = np.linalg.norm(samples - truth[..., None, :], axis=-1).mean(axis=-1)
        pairs = _pair_sum(samples)
    return np.asarray(error - pairs / (members * (members - 1 if is_fair else members)))


def _pair_sum(samples: Float[ndarray, "*batch sample channel"]) -> Float[ndarray, "*batch"]:
    # Σ_(i<j) |x_i − x_j|, which is half of the sum over ordered pairs.
    members = samples.shape[-2]
    if samples.shape[-1] == 1:
        # In order, x_(i) is the larger one of i pairs and the smaller one of the rest.
        ranks = 2 * np.arange(members) - (members - 1)
        return np.asarray((np.sort(samples[..., 0], axis=-1) * ranks).sum(axis=-1))
    apart = (
        np.linalg.norm(samples[..., lag:, :] - samples[..., :-lag, :], axis=-1).sum(axis=-1)
        for lag in range(1, members)
    )
    return np.asarray(sum(apart))
