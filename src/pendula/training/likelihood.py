"""Likelihoods as errors, so that networks with and without a likelihood head can be watched alike."""

import math

from pendula.nn import Forecaster

__all__ = ["equivalent_deviation", "shown_loss"]

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


def shown_loss(forecaster: Forecaster, loss: float) -> float:
    """Say what a forecaster's training minimizes as a history does.

    Args:
        forecaster: The network.
        loss: Its mean loss.

    Returns:
        Mean squared errors in units of the forecaster's `output_scale`: the loss itself, or the square of the deviation
        that a likelihood stands for.

    Examples:
        >>> from pendula.nn import Network, build
        >>> shown_loss(build(Network(head="gaussian"), 1), 0.5 * math.log(2 * math.pi * math.e * 9.0))
        9.0
    """
    if forecaster.spread is None:
        return loss
    scale = float(forecaster.output_scale.double().log().mean().exp())
    return (equivalent_deviation(loss, forecaster.channels) / scale) ** 2
