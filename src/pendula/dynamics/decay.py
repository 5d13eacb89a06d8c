"""How fast something shrinks or grows from step to step, and what that makes of a gradient."""

import math
from dataclasses import dataclass
from enum import Enum

import numpy as np
from numpy import ndarray

from pendula.errors import ArgumentError
from pendula.shapes import Float

__all__ = ["EXPLODING", "VANISHING", "Decay", "Flow", "decay_of"]

VANISHING = 1e-2
"""A gradient that has shrunk below this share over all lags is called vanishing."""
EXPLODING = 1e2
"""One that has grown beyond this multiple is called exploding."""


class Flow(Enum):
    """What becomes of a gradient on its way back; the value is the message."""

    VANISHING = "The gradient vanishes: what lies many steps back is hardly learned from."
    HEALTHY = "The gradient keeps its size: early and late steps are learned from alike."
    EXPLODING = "The gradient explodes: early steps drown the late ones, and steps must be clipped."
    SILENT = "No gradient reaches the states."


@dataclass(frozen=True, kw_only=True, slots=True)
class Decay:
    """An exponential law fitted to norms by lag, exp(rate · lag).

    Attributes:
        rate: Natural logarithm of the factor from one lag to the next; below 0 where the norm shrinks.
        uncertainty: Standard error of the rate: over the sequences, or of the regression where there is only one.
        lags: Steps from the first lag to the last.
        flow: What the law makes of the norm over all lags.
    """

    rate: float
    uncertainty: float
    lags: int
    flow: Flow

    @property
    def factor(self) -> float:
        """The factor from one lag to the next."""
        return math.exp(self.rate)

    def to_dict(self) -> dict[str, float | int | str | None]:
        """Give the law as plain values.

        Returns:
            Numbers and the name of the flow; None for a rate that is not known.
        """
        known = self.flow is not Flow.SILENT
        return {
            "rate": self.rate if known else None,
            "uncertainty": self.uncertainty if known else None,
            "factor": self.factor if known else None,
            "lags": self.lags,
            "flow": self.flow.name.lower(),
        }


def decay_of(
    log_norms: Float[ndarray, "sequence lag"], *, vanishing: float = VANISHING, exploding: float = EXPLODING
) -> Decay:
    """Fit a straight line to the logarithms of norms, and classify its fall or rise over all lags.

    Each sequence gets a line of its own by least squares; the rate is their mean.

    Args:
        log_norms: Natural logarithms, the lags in steps of 1; minus infinity where there is no gradient.
        vanishing: The line vanishes if it falls below this share of its start.
        exploding: It explodes if it rises beyond this multiple.

    Returns:
        The rate and its class.

    Raises:
        ArgumentError: If there are fewer than two lags, or the bounds do not lie on both sides of 1.

    Examples:
        >>> decay = decay_of(np.log(0.5) * np.arange(11.0)[None])
        >>> round(decay.factor, 12), decay.flow.name  # 2⁻¹⁰ is less than 1/100
        (0.5, 'VANISHING')
    """
    if log_norms.shape[1] < 2:
        raise ArgumentError(
            f"`log_norms` must hold lags: expected 2 or more, got {log_norms.shape[1]}. Take longer sequences."
        )
    if not 0 < vanishing < 1 < exploding:
        raise ArgumentError(
            f"`vanishing` must lie below 1 and `exploding` above: got {vanishing} and {exploding}. They are shares."
        )
    lags = log_norms.shape[1] - 1
    fits = [_line(row) for row in log_norms]
    slopes = np.array([slope for slope, _ in fits if math.isfinite(slope)])
    if not len(slopes):
        return Decay(rate=math.nan, uncertainty=math.nan, lags=lags, flow=Flow.SILENT)
    rate = float(slopes.mean())
    alone = next(error for slope, error in fits if math.isfinite(slope))
    uncertainty = alone if len(slopes) == 1 else float(slopes.std(ddof=1) / math.sqrt(len(slopes)))
    return Decay(rate=rate, uncertainty=uncertainty, lags=lags, flow=_flow(rate * lags, vanishing, exploding))


def _line(log_norms: Float[ndarray, " lag"]) -> tuple[float, float]:
    # Slope of the regression line and its standard error; lags without a gradient are left out.
    lags = np.flatnonzero(np.isfinite(log_norms)).astype(np.float64)
    if len(lags) < 2:
        return math.nan, math.nan
    values = log_norms[np.isfinite(log_norms)]
    spread = lags - lags.mean()
    squares = float(spread @ spread)
    slope = float(spread @ values) / squares
    rest = values - values.mean() - slope * spread
    return slope, math.sqrt(float(rest @ rest) / (len(lags) - 2) / squares) if len(lags) > 2 else math.inf


def _flow(change: float, vanishing: float, exploding: float) -> Flow:
    if change < math.log(vanishing):
        return Flow.VANISHING
    return Flow.EXPLODING if change > math.log(exploding) else Flow.HEALTHY
