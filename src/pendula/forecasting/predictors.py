"""What every predictor can do, be it a network or a baseline."""

from typing import Protocol, runtime_checkable

import numpy as np

from pendula.errors import ArgumentError
from pendula.runs import Model
from pendula.shapes import BatchSeries, Float, Int, Series, ndarray

__all__ = ["Predictor", "predict_from"]

BATCH = 4096
"""Origins that are gathered at once, so that memory stays bounded."""


@runtime_checkable
class Predictor(Protocol):
    """Something that forecasts, in physical units."""

    @property
    def context(self) -> int:
        """How many known values before the first forecast it needs."""
        ...

    def run(self, context: BatchSeries, *, steps: int) -> Float[ndarray, "batch step channel"]:
        """Forecast from several starts in one batch.

        Args:
            context: The known past of each start, at least `context` values.
            steps: How many steps to run freely.

        Returns:
            The next `steps` values of each start.
        """
        ...


def predict_from(
    predictor: Predictor,
    values: Series,
    origins: Int[ndarray, " origin"],
    *,
    steps: int,
    times: ndarray | None = None,
) -> Float[ndarray, "origin step channel"]:
    """Forecast from several rows of a series, in batches.

    Args:
        predictor: The predictor.
        values: The series, in physical units; only rows before an origin are looked at for it.
        origins: Rows of the first forecast values; each has the predictor's context before it.
        steps: How many steps to run freely.
        times: Time value of each row, for which a driven equation asks.

    Returns:
        The forecasts of rows `origin` to `origin + steps`.

    Raises:
        ArgumentError: If an origin does not have the predictor's context before it.

    Examples:
        >>> from pendula.forecasting.baselines import Persistence
        >>> predict_from(Persistence(), np.array([[1.0], [2.0], [4.0]]), np.array([1, 2]), steps=1)[:, 0, 0]
        array([1., 2.])
    """
    if len(origins) and origins.min() < predictor.context:
        raise ArgumentError(
            f"`origins` must have {predictor.context} known values before them: got row {origins.min()}. "
            "Start later, or use a predictor with a shorter memory."
        )
    chunks = np.split(origins, range(BATCH, len(origins), BATCH))
    return np.concatenate([_runs(predictor, values, chunk, steps=steps, times=times) for chunk in chunks])


def _runs(
    predictor: Predictor, values: Series, origins: Int[ndarray, " origin"], *, steps: int, times: ndarray | None
) -> Float[ndarray, "origin step channel"]:
    contexts = origins[:, None] + np.arange(-predictor.context, 0)
    if not isinstance(predictor, Model) or not len(origins):
        return predictor.run(values[contexts], steps=steps)
    along = predictor.run_along(values, origins, steps=steps, times=times)
    if along is not None:
        return along
    return predictor.run(values[contexts], steps=steps, start=None if times is None else times[contexts[:, 0]])
