"""What a process with known noise answers exactly, and how near a fit comes to it."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from pendula.forecasting import interval_of, log_likelihood
from pendula.runs import Fit
from pendula.shapes import Float, Int, Series, ndarray
from pendula.systems import System

__all__ = ["COVERAGE", "Answer", "Truth", "score", "truth_of"]

COVERAGE = 0.9
NORMAL_QUANTILE = 1.6448536269514722
"""Of a standard normal distribution, at 95 %."""
CHUNK = 100
"""Origins whose futures are drawn at once."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Truth:
    """A stationary process whose correlations fall off as an exponential, with Gaussian noise.

    Attributes:
        mean: Of the stationary distribution.
        variance: Of the stationary distribution.
        decay: Share of a deviation from the mean that is left after a step.
    """

    mean: float
    variance: float
    decay: float

    def forecast(
        self, last: Float[ndarray, " origin"], leads: int
    ) -> tuple[Float[ndarray, "origin lead"], Float[ndarray, " lead"]]:
        """Give the exact forecast.

        Args:
            last: The last known values.
            leads: How many steps.

        Returns:
            The mean after each step, and the variance around it.
        """
        left = self.decay ** np.arange(1, leads + 1)
        return self.mean + (last[:, None] - self.mean) * left, self.variance * (1 - left**2)

    def log_likelihood(self, before: Float[ndarray, " row"], values: Float[ndarray, " row"]) -> float:
        """Compute the exact log-likelihood of values, each given the one before it.

        Args:
            before: The values before them.
            values: The values.

        Returns:
            The mean, in nats per step.
        """
        mean, spread = self.forecast(before, 1)
        return float(np.mean(-0.5 * np.square(values - mean[:, 0]) / spread - 0.5 * np.log(2 * np.pi * spread)))


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Answer:
    """What a fit says of a process, beside what is true.

    Attributes:
        exact_variance: Of the forecast by lead time, in closed form.
        variance: Mean of the variances of the drawn ensembles.
        coverage: Share of values that the quantiles of the ensembles held.
        exact_coverage: Share of the same values that the exact intervals held: what chance alone does to 90 %.
        conformal_coverage: Share that the calibrated intervals held; NaN where there are none.
        log_likelihood: Mean of the values' log-densities, in nats per step.
        exact_log_likelihood: The same under the process itself, on the same rows.
        origins: How many forecasts were scored.
        seconds: Training time, in seconds.
    """

    exact_variance: Float[ndarray, " lead"]
    variance: Float[ndarray, " lead"]
    coverage: Float[ndarray, " lead"]
    exact_coverage: Float[ndarray, " lead"]
    conformal_coverage: Float[ndarray, " lead"]
    log_likelihood: float
    exact_log_likelihood: float
    origins: int
    seconds: float

    @property
    def variance_error(self) -> float:
        """The largest relative error of the forecast variance at any lead time."""
        return float(np.abs(self.variance / self.exact_variance - 1).max())

    @property
    def likelihood_error(self) -> float:
        """How far the log-likelihood lies from the exact one, as a share of it."""
        return abs(self.log_likelihood / self.exact_log_likelihood - 1)

    @property
    def chance(self) -> float:
        """Standard error of a share of independent forecasts whose intervals are exact."""
        return math.sqrt(COVERAGE * (1 - COVERAGE) / self.origins)

    def to_dict(self) -> dict[str, Any]:
        """Give the numbers as plain values.

        Returns:
            By name; what is measured at each lead time as a list.
        """
        held = self.conformal_coverage
        return {
            "variance_error": self.variance_error,
            "coverage_low": float(self.coverage.min()),
            "coverage_high": float(self.coverage.max()),
            "exact_coverage_low": float(self.exact_coverage.min()),
            "exact_coverage_high": float(self.exact_coverage.max()),
            "log_likelihood": self.log_likelihood,
            "exact_log_likelihood": self.exact_log_likelihood,
            "log_likelihood_error": self.likelihood_error,
            "seconds": self.seconds,
            "by_lead": {
                "variance": self.variance.tolist(),
                "exact_variance": self.exact_variance.tolist(),
                "coverage": self.coverage.tolist(),
                "exact_coverage": self.exact_coverage.tolist(),
                "conformal_coverage": [None if math.isnan(share) else share for share in held.tolist()],
            },
        }


def truth_of(system: System, *, dt: float) -> Truth:
    """Read the closed forms of a process from its facts.

    Args:
        system: A process with a mean, a variance and a correlation time.
        dt: Interval between samples, in units of time.

    Returns:
        Its stationary distribution and its decay.

    Examples:
        >>> from pendula.systems import OrnsteinUhlenbeck
        >>> truth_of(OrnsteinUhlenbeck(gamma=0.5, sigma=2.0), dt=2.0)
        Truth(mean=0.0, variance=4.0, decay=0.367879441171)
    """
    facts: dict[str, Any] = {fact.name: fact.value for fact in system.facts()}
    return Truth(mean=facts["mean"], variance=facts["variance"], decay=math.exp(-dt / facts["correlation time"]))


def score(
    made: Fit,
    truth: Truth,
    values: Series,
    origins: Int[ndarray, " origin"],
    *,
    leads: int,
    samples: int,
    seed: int,
) -> Answer:
    """Draw futures from many origins of a series that a fit has not seen, and compare them with the closed forms.

    Args:
        made: A fit with a likelihood head.
        truth: The process.
        values: The series, of one channel.
        origins: Rows of the first values that are forecast.
        leads: How many steps are forecast.
        samples: Futures drawn from each origin.
        seed: Of the draws.

    Returns:
        Variance, coverage and log-likelihood, beside the exact ones.
    """
    window, ahead = made.model.window, np.arange(leads)
    came = values[origins[:, None] + ahead, 0]
    variances, held = [], []
    for number, chunk in enumerate(np.split(origins, range(CHUNK, len(origins), CHUNK))):
        contexts = values[chunk[:, None] + np.arange(-window, 0)]
        drawn = made.model.draw(contexts, steps=leads, samples=samples, seed=seed + number)[..., 0]
        lower, upper = interval_of(drawn.transpose(1, 0, 2), COVERAGE)
        variances.append(drawn.var(axis=1, ddof=1))
        held.append((lower <= came[number * CHUNK :][: len(chunk)]) & (came[number * CHUNK :][: len(chunk)] <= upper))
    mean, spread = truth.forecast(values[origins - 1, 0], leads)
    rows = np.arange(window, len(values))
    return Answer(
        exact_variance=spread,
        variance=np.concatenate(variances).mean(axis=0),
        coverage=np.concatenate(held).mean(axis=0),
        exact_coverage=(np.abs(came - mean) <= NORMAL_QUANTILE * np.sqrt(spread)).mean(axis=0),
        conformal_coverage=_conformal(made, values, origins, came),
        log_likelihood=log_likelihood(made.model, values, rows),
        exact_log_likelihood=truth.log_likelihood(values[rows - 1, 0], values[rows, 0]),
        origins=len(origins),
        seconds=made.seconds,
    )


def _conformal(
    made: Fit, values: Series, origins: Int[ndarray, " origin"], came: Float[ndarray, "origin lead"]
) -> Float[ndarray, " lead"]:
    leads = came.shape[1]
    if made.calibration is None:
        return np.full(leads, np.nan)
    contexts = values[origins[:, None] + np.arange(-made.model.window, 0)]
    told = made.model.run(contexts, steps=leads)
    half = made.calibration.half_width(COVERAGE, leads)[:, 0]
    scaled = made.model.scaler.transform
    wrong = np.abs(scaled(told) - scaled(came[..., None]))[..., 0]
    return np.where(np.isnan(half), np.nan, (wrong <= half).mean(axis=0))
