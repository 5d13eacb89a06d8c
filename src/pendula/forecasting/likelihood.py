"""Who tells a distribution of the next value: networks with a likelihood head, and baselines with Gaussian errors."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np

from pendula.forecasting.baselines import LinearAutoregression, Persistence
from pendula.forecasting.predictors import BATCH, Predictor, predict_from
from pendula.forecasting.scoring import scored_rows
from pendula.runs import Model
from pendula.series.scaling import Scaler
from pendula.series.split import Part
from pendula.series.windows import latest_rows, window_segments
from pendula.shapes import BatchSeries, Float, Int, Series, ndarray

__all__ = ["GaussianErrors", "Likelihood", "likelihoods", "log_likelihood", "with_gaussian_errors"]

MOST_ROWS = 20_000
"""The errors of a baseline are measured on at most so many of the latest rows."""


@runtime_checkable
class Likelihood(Protocol):
    """Something that tells a distribution of the next value, in physical units."""

    @property
    def context(self) -> int:
        """How many known values before the next one it needs."""
        ...

    def log_density(self, context: BatchSeries, values: Float[ndarray, "batch channel"]) -> Float[ndarray, " batch"]:
        """Evaluate what it said of values that came.

        Args:
            context: The known past of each.
            values: The next value of each.

        Returns:
            The logarithm of the joint density of all channels, in nats.
        """
        ...

    def draw(
        self, context: BatchSeries, *, steps: int, samples: int, seed: int = 0
    ) -> Float[ndarray, "batch sample step channel"]:
        """Draw futures of several starts in one batch.

        Args:
            context: The known past of each start.
            steps: How many steps to run.
            samples: How many runs from each start.
            seed: Of the draws.

        Returns:
            The next `steps` values of each run.
        """
        ...


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class GaussianErrors:
    """A predictor whose one-step errors are taken for independent draws from a normal distribution.

    Attributes:
        predictor: Tells the mean.
        covariance: Of its errors, between channels.
        scaler: The scale on which the errors are normal; None for physical units.

    Examples:
        >>> walk = GaussianErrors(predictor=Persistence(), covariance=np.array([[4.0]]))
        >>> np.exp(walk.log_density(np.array([[[1.0]]]), np.array([[3.0]])))  # exp(−1/2) / (2 √(2π))
        array([0.12098536])
    """

    predictor: Predictor
    covariance: Float[ndarray, "channel channel"]
    scaler: Scaler | None = None

    @property
    def context(self) -> int:
        """Its predictor's."""
        return self.predictor.context

    def log_density(self, context: BatchSeries, values: Float[ndarray, "batch channel"]) -> Float[ndarray, " batch"]:
        """Evaluate what it said of values that came.

        Args:
            context: The known past of each.
            values: The next value of each.

        Returns:
            The logarithm of the joint density of all channels, in nats.
        """
        errors = self._scaled(values) - self._scaled(self.predictor.run(context, steps=1)[:, 0])
        factor = np.linalg.cholesky(self.covariance)
        white = np.linalg.solve(factor, errors.T)
        constant = 0.5 * len(factor) * np.log(2 * np.pi) + np.log(np.diag(factor)).sum()
        slope = 0.0 if self.scaler is None else self.scaler.log_slope(values)
        return np.asarray(-0.5 * np.square(white).sum(axis=0) - constant + slope)

    def draw(
        self, context: BatchSeries, *, steps: int, samples: int, seed: int = 0
    ) -> Float[ndarray, "batch sample step channel"]:
        """Draw futures: to each prediction a draw of its error is added before it is the last known value.

        Args:
            context: The known past of each start.
            steps: How many steps to run.
            samples: How many runs from each start.
            seed: Of the draws.

        Returns:
            The next `steps` values of each run.
        """
        factor, generator = np.linalg.cholesky(self.covariance), np.random.default_rng(seed)
        known = np.repeat(context[:, -self.context :], samples, axis=0)
        drawn = []
        for _ in range(steps):
            normal = generator.standard_normal((len(known), len(factor)))
            value = self._physical(self._scaled(self.predictor.run(known, steps=1)[:, 0]) + normal @ factor.T)
            known = np.concatenate([known[:, 1:], value[:, None]], axis=1)
            drawn.append(value)
        return np.stack(drawn, axis=1).reshape(len(context), samples, steps, -1)

    def _scaled(self, values: Float[ndarray, "batch channel"]) -> Float[ndarray, "batch channel"]:
        return values if self.scaler is None else self.scaler.transform(values)

    def _physical(self, values: Float[ndarray, "batch channel"]) -> Float[ndarray, "batch channel"]:
        return values if self.scaler is None else self.scaler.inverse(values)


def with_gaussian_errors(predictor: Predictor, known: Part, *, scaler: Scaler | None = None) -> GaussianErrors:
    """Measure the errors that a predictor makes one step ahead on rows that it was fitted to.

    Args:
        predictor: The predictor.
        known: The rows.
        scaler: The scale on which its errors are taken for normal; physical units when left out.

    Returns:
        The predictor with the mean square of these errors.
    """
    rows = known.parent
    segments = window_segments(rows, known.start, known.stop, length=predictor.context)
    chosen = scored_rows(latest_rows(segments, MOST_ROWS), predictor.context)
    truth, told = rows.values[chosen], predict_from(predictor, rows.values, chosen, steps=1)[:, 0]
    errors = truth - told if scaler is None else scaler.transform(truth) - scaler.transform(told)
    # A baseline that meets a channel exactly would be infinitely sure of it: nothing is known beyond its digits.
    size = np.square(truth if scaler is None else scaler.transform(truth)).max(axis=0)
    covariance = errors.T @ errors / len(errors) + np.finfo(np.float64).eps * np.diag(size)
    return GaussianErrors(predictor=predictor, covariance=covariance, scaler=scaler)


def likelihoods(predictors: Mapping[str, Predictor], known: Part) -> dict[str, Likelihood]:
    """Find the predictors that tell a distribution, if there is a network among them.

    Args:
        predictors: Networks and baselines, by name.
        known: The rows that the baselines were fitted to.

    Returns:
        Networks with a likelihood head; and persistence and linear autoregressions with Gaussian errors to compare
        them with. Nothing where no network tells one.
    """
    networks: dict[str, Likelihood] = {
        name: predictor
        for name, predictor in predictors.items()
        if isinstance(predictor, Model) and predictor.has_likelihood
    }
    if not networks:
        return {}
    baselines = {
        name: with_gaussian_errors(predictor, known, scaler=getattr(predictor, "scaler", None))
        for name, predictor in predictors.items()
        if isinstance(predictor, Persistence | LinearAutoregression)
    }
    return networks | baselines


def log_likelihood(told: Likelihood, values: Series, rows: Int[ndarray, " row"]) -> float:
    """Compute the log-likelihood of rows, each given those before it.

    Args:
        told: Tells the distributions.
        values: The series, in physical units.
        rows: The rows; each has the context before it.

    Returns:
        The mean over the rows, in nats per step. It belongs to the units of the series: in units a thousand times
        smaller it is ln 1000 less for each channel. NaN where a value lies where the transform has no slope.

    Examples:
        >>> walk = GaussianErrors(predictor=Persistence(), covariance=np.array([[1.0]]))
        >>> log_likelihood(walk, np.array([[0.0], [0.0], [2.0]]), np.array([1, 2]))  # −(0 + 2)/2 − ln √(2π)
        -1.91893853
    """
    chunks = np.split(rows, range(BATCH, len(rows), BATCH))
    densities = [
        told.log_density(values[chunk[:, None] + np.arange(-told.context, 0)], values[chunk]) for chunk in chunks
    ]
    mean = float(np.concatenate(densities).mean())
    return mean if np.isfinite(mean) else float("nan")
