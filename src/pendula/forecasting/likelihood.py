"""Who tells a distribution of the next value: networks with a likelihood head, and baselines with Gaussian errors."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np

from pendula.forecasting.baselines import LinearAutoregression, Persistence
from pendula.forecasting.predictors import BATCH, Controlled, Predictor, controls_around, controls_of, predict_from
from pendula.forecasting.scoring import scored_rows
from pendula.runs import Model
from pendula.series.scaling import Scaler
from pendula.series.split import Part
from pendula.series.windows import latest_rows, window_segments
from pendula.shapes import BatchControls, BatchSeries, ControlSeries, Float, Int, Series, ndarray

__all__ = ["GaussianErrors", "Likelihood", "likelihoods", "log_likelihood", "past_of", "with_gaussian_errors"]

MOST_ROWS = 20_000
"""The errors of a baseline are measured on at most so many of the latest rows."""


@runtime_checkable
class Likelihood(Protocol):
    """Something that tells a distribution of the next value, in physical units."""

    @property
    def context(self) -> int:
        """How many known values before the next one it needs."""
        ...

    @property
    def is_controlled(self) -> bool:
        """Whether it has to be told the controls of the steps ahead."""
        ...

    def log_density(
        self,
        context: BatchSeries,
        values: Float[ndarray, "batch channel"],
        *,
        controls: BatchControls | None = None,
    ) -> Float[ndarray, " batch"]:
        """Evaluate what it said of values that came.

        Args:
            context: The known past of each.
            values: The next value of each.
            controls: Those of the rows of `context` and of the one after them.

        Returns:
            The logarithm of the joint density of all channels, in nats.
        """
        ...

    def draw(
        self,
        context: BatchSeries,
        *,
        steps: int,
        samples: int,
        seed: int = 0,
        controls: BatchControls | None = None,
    ) -> Float[ndarray, "batch sample step channel"]:
        """Draw futures of several starts in one batch.

        Args:
            context: The known past of each start.
            steps: How many steps to run.
            samples: How many runs from each start.
            seed: Of the draws.
            controls: Those of the rows of `context` and of the `steps` after them.

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

    @property
    def is_controlled(self) -> bool:
        """Whether its predictor has to be told the controls of the steps ahead."""
        return isinstance(self.predictor, Controlled) and self.predictor.is_controlled

    def log_density(
        self,
        context: BatchSeries,
        values: Float[ndarray, "batch channel"],
        *,
        controls: BatchControls | None = None,
    ) -> Float[ndarray, " batch"]:
        """Evaluate what it said of values that came.

        Args:
            context: The known past of each.
            values: The next value of each.
            controls: Those of the rows of `context` and of the one after them.

        Returns:
            The logarithm of the joint density of all channels, in nats.
        """
        errors = self._scaled(values) - self._scaled(self._next(context, controls))
        factor = np.linalg.cholesky(self.covariance)
        white = np.linalg.solve(factor, errors.T)
        constant = 0.5 * len(factor) * np.log(2 * np.pi) + np.log(np.diag(factor)).sum()
        slope = 0.0 if self.scaler is None else self.scaler.log_slope(values)
        return np.asarray(-0.5 * np.square(white).sum(axis=0) - constant + slope)

    def draw(
        self,
        context: BatchSeries,
        *,
        steps: int,
        samples: int,
        seed: int = 0,
        controls: BatchControls | None = None,
    ) -> Float[ndarray, "batch sample step channel"]:
        """Draw futures: to each prediction a draw of its error is added before it is the last known value.

        Args:
            context: The known past of each start.
            steps: How many steps to run.
            samples: How many runs from each start.
            seed: Of the draws.
            controls: Those of the rows of `context` and of the `steps` after them.

        Returns:
            The next `steps` values of each run.
        """
        factor, generator = np.linalg.cholesky(self.covariance), np.random.default_rng(seed)
        known = np.repeat(context[:, -self.context :], samples, axis=0)
        driving = None if controls is None else np.repeat(controls[:, -self.context - steps :], samples, axis=0)
        drawn = []
        for step in range(steps):
            normal = generator.standard_normal((len(known), len(factor)))
            beside = None if driving is None else driving[:, step : step + self.context + 1]
            value = self._physical(self._scaled(self._next(known, beside)) + normal @ factor.T)
            known = np.concatenate([known[:, 1:], value[:, None]], axis=1)
            drawn.append(value)
        return np.stack(drawn, axis=1).reshape(len(context), samples, steps, -1)

    def _next(self, known: BatchSeries, controls: BatchControls | None) -> Float[ndarray, "batch channel"]:
        if controls is None or not isinstance(self.predictor, Controlled):
            return self.predictor.run(known, steps=1)[:, 0]
        return self.predictor.run(known, steps=1, controls=controls)[:, 0]

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
    truth = rows.values[chosen]
    told = predict_from(predictor, rows.values, chosen, steps=1, controls=controls_of(rows))[:, 0]
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


def past_of(
    told: Likelihood,
    values: Series,
    origins: Int[ndarray, " origin"],
    *,
    steps: int,
    controls: ControlSeries | None = None,
) -> tuple[Float[ndarray, "origin known channel"], Float[ndarray, "origin shown control"] | None]:
    """Give what is known at several origins to one that tells distributions.

    Args:
        told: Tells the distributions.
        values: The series, in physical units.
        origins: Rows of the first values to tell; each has the context before it.
        steps: How many steps from there on.
        controls: Of the same rows, those ahead of an origin included.

    Returns:
        The context of each, and the controls of its rows and of the steps after them; None for one that is not told
        them.
    """
    known = values[origins[:, None] + np.arange(-told.context, 0)]
    if controls is None or not told.is_controlled:
        return known, None
    return known, controls_around(controls, origins, rows=told.context, steps=steps)


def log_likelihood(
    told: Likelihood, values: Series, rows: Int[ndarray, " row"], *, controls: ControlSeries | None = None
) -> float:
    """Compute the log-likelihood of rows, each given those before it.

    Args:
        told: Tells the distributions.
        values: The series, in physical units.
        rows: The rows; each has the context before it.
        controls: A row of them for each row of the series; those that do not ask for them are not told.

    Returns:
        The mean over the rows, in nats per step. It belongs to the units of the series: in units a thousand times
        smaller it is ln 1000 less for each channel. NaN where a value lies where the transform has no slope.

    Examples:
        >>> walk = GaussianErrors(predictor=Persistence(), covariance=np.array([[1.0]]))
        >>> log_likelihood(walk, np.array([[0.0], [0.0], [2.0]]), np.array([1, 2]))  # −(0 + 2)/2 − ln √(2π)
        -1.91893853
    """
    chunks = np.split(rows, range(BATCH, len(rows), BATCH))
    densities = []
    for chunk in chunks:
        known, driving = past_of(told, values, chunk, steps=1, controls=controls)
        densities.append(told.log_density(known, values[chunk], controls=driving))
    mean = float(np.concatenate(densities).mean())
    return mean if np.isfinite(mean) else float("nan")
