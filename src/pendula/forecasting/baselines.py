"""The baselines every network has to beat: persistence, seasonal persistence, linear autoregression."""

from dataclasses import dataclass

import numpy as np

from pendula.errors import DataError
from pendula.optim import LinearMap, autoregression_problem, iterate, select_order
from pendula.series.controls import ahead, beside
from pendula.series.record import Record
from pendula.series.scaling import Scaler
from pendula.series.windows import latest_rows
from pendula.shapes import BatchControls, BatchSeries, Float, Int, Series, ndarray

__all__ = ["LinearAutoregression", "Persistence", "SeasonalPersistence", "find_period", "fit_linear"]

MOST_ROWS = 200_000
"""A linear autoregression is fitted to at most so many of the latest rows."""
ORDER_ROWS = 20_000
"""Its order is chosen on at most so many of the latest rows."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Persistence:
    """The same as now.

    Examples:
        >>> Persistence().run(np.array([[[1.0], [5.0]]]), steps=2)[0, :, 0]
        array([5., 5.])
    """

    context: int = 1

    def run(self, context: BatchSeries, *, steps: int) -> Float[ndarray, "batch step channel"]:
        """Repeat the last value.

        Args:
            context: The known past of each start.
            steps: How many steps.

        Returns:
            The last value, `steps` times.
        """
        return np.repeat(context[:, -1:], steps, axis=1)


@dataclass(frozen=True, kw_only=True, slots=True)
class SeasonalPersistence:
    """The same as one period ago.

    Attributes:
        period: In steps.

    Examples:
        >>> SeasonalPersistence(period=2).run(np.array([[[0.0], [1.0], [5.0]]]), steps=3)[0, :, 0]
        array([1., 5., 1.])
    """

    period: int

    @property
    def context(self) -> int:
        """One period."""
        return self.period

    def run(self, context: BatchSeries, *, steps: int) -> Float[ndarray, "batch step channel"]:
        """Repeat the last period.

        Args:
            context: The known past of each start.
            steps: How many steps.

        Returns:
            The last period, over and over.
        """
        return np.asarray(context[:, -self.period :][:, np.arange(steps) % self.period])


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class LinearAutoregression:
    """The next increment is a linear function of the last values, and of the controls, found by least squares.

    Attributes:
        solution: The linear function.
        lags: How many values it looks at.
        scaler: The transform under which it is linear; None for physical units.
        controls: How many controls it is told, beside the values whose next ones they drive; 0 for none.
    """

    solution: LinearMap
    lags: int
    scaler: Scaler | None = None
    controls: int = 0

    @property
    def is_controlled(self) -> bool:
        """Whether it has to be told the controls of the steps ahead."""
        return self.controls > 0

    @property
    def context(self) -> int:
        """Its lags."""
        return self.lags

    def run(
        self, context: BatchSeries, *, steps: int, controls: BatchControls | None = None
    ) -> Float[ndarray, "batch step channel"]:
        """Iterate the linear function.

        Args:
            context: The known past of each start.
            steps: How many steps.
            controls: Those of the rows of `context` and of the `steps` after them.

        Returns:
            The free run. One that diverges goes on as infinities and NaN.
        """
        known = context if self.scaler is None else self.scaler.transform(context)
        if controls is None:
            run = iterate(self.solution, known, steps=steps)
        else:
            driving, rows = ahead(controls), context.shape[1]
            shown = np.concatenate([known, driving[:, :rows]], axis=2)
            run = iterate(self.solution, shown, steps=steps, controls=driving[:, rows:])
        with np.errstate(all="ignore"):
            return run if self.scaler is None else self.scaler.inverse(run)


def fit_linear(
    record: Record, stop: int, *, most_lags: int, lags: int | None = None, scaler: Scaler | None = None
) -> LinearAutoregression:
    """Fit a linear autoregression by least squares to all rows before the test part.

    Where the record has controls it is told them as the network is: an autoregression with exogenous inputs.

    Args:
        record: The record.
        stop: Row after the last that may be learned from.
        most_lags: Longest memory to consider, in steps.
        lags: The memory; chosen by Akaike's criterion when left out.
        scaler: Transform of the values; physical units when left out.

    Returns:
        The baseline.

    Raises:
        DataError: If no stretch of the record is longer than the lags.

    Examples:
        >>> import xarray as xr
        >>> from pendula.series.record import record
        >>> line = record(xr.Dataset({"x": ("time", np.arange(40.0))}))
        >>> fit_linear(line, 30, most_lags=2).run(line.values[None, :30], steps=2)[0, :, 0].round(9)
        array([30., 31.])
    """
    values = record.values[:stop] if scaler is None else scaler.transform(record.values[:stop])
    channels, controls = values.shape[1], 0
    if record.controls is not None:
        values, controls = beside(values, record.controls.values[:stop]), len(record.controls.names)
    segments = latest_rows(np.clip(record.segments, 0, stop), MOST_ROWS)
    lengths = segments[:, 1] - segments[:, 0]
    longest = int(lengths.max(initial=0))
    if lags is None and longest > 1:
        most = min(most_lags, max(1, (longest - 1) // 2))
        lags = select_order(values, latest_rows(segments[lengths > most], ORDER_ROWS), most=most, channels=channels)
    if lags is None or longest <= lags:
        raise DataError(
            f"`lags` must be shorter than the longest gap-free stretch: expected at most {longest - 1}, "
            f"got {lags or 1}. Fill the gaps with `--gaps fill`, or lower `lags`."
        )
    solution = autoregression_problem(values, segments, lags=lags, channels=channels).solve()
    return LinearAutoregression(solution=solution, lags=lags, scaler=scaler, controls=controls)


def find_period(values: Series, segments: Int[ndarray, "segment 2"]) -> int | None:
    """Find the period of a series from its autocorrelation.

    The period is the first high peak of the autocorrelation of the longest gap-free stretch after its first zero:
    one of at least 0.8 times the highest, which has to exceed 0.3. A series of several channels is judged by their
    mean autocorrelation.

    Args:
        values: The series.
        segments: Half-open row ranges to look at.

    Returns:
        The period in steps, or None if there is none within half the stretch.

    Examples:
        >>> find_period(np.sin(2 * np.pi * np.arange(200.0) / 25)[:, None], np.array([[0, 200]]))
        25
    """
    start, stop = segments[int(np.argmax(segments[:, 1] - segments[:, 0]))]
    correlation = _autocorrelation(values[max(start, stop - MOST_ROWS) : stop])
    below = np.flatnonzero(correlation < 0)
    if not len(below):
        return None
    after = correlation[below[0] :]
    peaks = np.flatnonzero((after[1:-1] >= after[:-2]) & (after[1:-1] > after[2:])) + 1
    if not len(peaks) or after[peaks].max() < 0.3:
        return None
    # Multiples of the period are peaks as high as the first one; noise puts small peaks on its slope.
    first = peaks[after[peaks] >= 0.8 * after[peaks].max()][0] + below[0]
    near = peaks[peaks + below[0] < 1.5 * first]
    return int(below[0] + near[np.argmax(after[near])])


def _autocorrelation(values: Series) -> ndarray:
    # By the fast Fourier transform, padded so that it does not wrap around; unbiased, up to half the length.
    rows = len(values)
    deviations = values - values.mean(axis=0)
    power = np.abs(np.fft.rfft(deviations, 2 * rows, axis=0)) ** 2
    covariance = np.fft.irfft(power, axis=0)[: rows // 2] / (rows - np.arange(rows // 2))[:, None]
    with np.errstate(all="ignore"):
        return np.asarray(np.nan_to_num(np.mean(covariance / covariance[0], axis=1)))
