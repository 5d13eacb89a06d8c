"""What every predictor can do, be it a network or a baseline."""

from typing import Protocol, runtime_checkable

import numpy as np

from pendula.errors import ArgumentError
from pendula.runs import Model
from pendula.series.gaps import hold
from pendula.series.record import Record
from pendula.shapes import BatchControls, BatchSeries, ControlSeries, Float, Int, Series, ndarray

__all__ = ["Controlled", "Predictor", "contexts_of", "controls_around", "controls_of", "predict_from"]

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


@runtime_checkable
class Controlled(Protocol):
    """A predictor that may have to be told the controls of the steps ahead."""

    @property
    def is_controlled(self) -> bool:
        """Whether it has to be told them."""
        ...

    def run(
        self, context: BatchSeries, *, steps: int, controls: BatchControls | None = None
    ) -> Float[ndarray, "batch step channel"]:
        """Forecast from several starts in one batch.

        Args:
            context: The known past of each start, at least `context` values.
            steps: How many steps to run freely.
            controls: Those of the rows of `context` and of the `steps` after them.

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
    controls: ControlSeries | None = None,
) -> Float[ndarray, "origin step channel"]:
    """Forecast from several rows of a series, in batches.

    Args:
        predictor: The predictor.
        values: The series, in physical units; only rows before an origin are looked at for it.
        origins: Rows of the first forecast values; each has the predictor's context before it.
        steps: How many steps to run freely.
        times: Time value of each row, for which a driven equation asks.
        controls: Of the same rows, those ahead of an origin included: they are known there, too. Predictors that do not
            ask for them are not told.

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
    return np.concatenate([
        _runs(predictor, values, chunk, steps=steps, times=times, controls=controls) for chunk in chunks
    ])


def controls_of(record: Record) -> ControlSeries | None:
    """Give the controls of a record as `predict_from` takes them.

    Args:
        record: The record.

    Returns:
        A row of them for each row of the record; None where it has none.
    """
    return None if record.controls is None else record.controls.values


def controls_around(
    controls: ControlSeries, origins: Int[ndarray, " origin"], *, rows: int, steps: int
) -> Float[ndarray, "origin shown control"]:
    """Give the controls around several origins as a predictor takes them.

    Args:
        controls: A row for each row of the series.
        origins: Rows of the first forecast values.
        rows: How many rows before each of them are shown.
        steps: How many steps are forecast.

    Returns:
        Those of the rows before each origin and of the steps from it on.

    Examples:
        >>> controls_around(np.array([[1.0], [2.0], [3.0]]), np.array([1]), rows=1, steps=2)[..., 0]
        array([[1., 2., 3.]])
    """
    return controls[np.maximum(origins[:, None] + np.arange(-rows, steps), 0)]


def contexts_of(
    predictor: Predictor, values: Series, origins: Int[ndarray, " origin"]
) -> Float[ndarray, "origin context channel"]:
    """Give the known past of several origins as a predictor takes it.

    Args:
        predictor: The predictor.
        values: The series; NaN where a value is missing.
        origins: Rows of the first forecast values.

    Returns:
        The rows before each origin. A model that is shown what is missing gets it as it is, after one more row with the
        last values known before; others get the last value known in its place.
    """
    shown = isinstance(predictor, Model) and predictor.missing != "gap"
    rows = np.maximum(origins[:, None] + np.arange(-predictor.context - shown, 0), 0)
    known = values[rows]
    if not np.isnan(known).any():
        return known
    if not shown:
        return hold(values)[rows]
    known[:, 0] = hold(values)[rows[:, 0]]
    return known


def _runs(
    predictor: Predictor,
    values: Series,
    origins: Int[ndarray, " origin"],
    *,
    steps: int,
    times: ndarray | None,
    controls: ControlSeries | None,
) -> Float[ndarray, "origin step channel"]:
    known = contexts_of(predictor, values, origins)
    if isinstance(predictor, Controlled) and predictor.is_controlled and controls is not None:
        driving = controls_around(controls, origins, rows=known.shape[1], steps=steps)
        return predictor.run(known, steps=steps, controls=driving)
    if isinstance(predictor, Model) and predictor.missing != "gap":
        return predictor.run(known, steps=steps)
    contexts = origins[:, None] + np.arange(-predictor.context, 0)
    if not isinstance(predictor, Model) or not len(origins):
        return predictor.run(known, steps=steps)
    # It reads on from origin to origin, over what is missing between them, too.
    held = hold(values) if np.isnan(values).any() else values
    along = predictor.run_along(held, origins, steps=steps, times=times)
    if along is not None:
        return along
    return predictor.run(known, steps=steps, start=None if times is None else times[contexts[:, 0]])
