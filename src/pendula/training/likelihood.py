"""Likelihoods as errors, so that networks with and without a likelihood head can be watched alike."""

import math

__all__ = ["equivalent_deviation"]

MOST_EXPONENT = 700.0
"""The exponential of more does not fit into a float."""


def equivalent_deviation(loss: float, channels: int) -> float:
    r"""Turn a negative log-likelihood into an error: the deviation of a normal distribution that would have it.

    Where errors of standard deviation σ come from a normal distribution that is told rightly, the mean of
    $-\ln p$ is $\ln(\sigma \sqrt{2\pi e})$ a channel; this solves it for σ.

    Args:
        loss: Mean negative log-likelihood of a step, in nats.
        channels: Channels of the series.

    Returns:
        The deviation, a geometric mean over channels, in the unit that the density counts in. It orders networks as
        their likelihood does.

    Examples:
        >>> equivalent_deviation(0.5 * math.log(2 * math.pi * math.e * 9.0), 1)
        3.0
    """
    return math.exp(min(loss / channels - 0.5 * math.log(2 * math.pi * math.e), MOST_EXPONENT))
