"""Linear autoregression by least squares."""

from collections.abc import Iterator

import numpy as np

from pendula.errors import ArgumentError
from pendula.optim.ridge import FloatArray, LinearMap, RidgeProblem, ridge_problem
from pendula.shapes import BatchControls, BatchSeries, Float, Int, Series, ndarray

__all__ = ["autoregression_problem", "iterate", "lagged", "select_order"]

BLOCK_ROWS = 32_768


def autoregression_problem(
    values: Series,
    segments: Int[ndarray, "segment 2"],
    *,
    lags: int,
    leads: int = 1,
    first: int | None = None,
    channels: int | None = None,
) -> RidgeProblem:
    """Set up x_(t+k) − x_t ≈ b_k + Σ_j A_kj x_(t−j), for k = 1 … `leads` and j = 0 … `lags` − 1.

    Increments are regressed, not values, so that a ridge penalty shrinks towards persistence.

    Args:
        values: The series.
        segments: Half-open row ranges to learn from; no equation crosses their ends.
        lags: Length of the memory, in steps.
        leads: How many steps ahead.
        first: Position in each segment of the first x_t; `lags` − 1 when left out. A larger one makes problems of
            different lags comparable, row by row.
        channels: How many columns are told, the first ones; all when left out. The others are read alone, and stand
            beside the values whose next ones they drive: an autoregression with exogenous inputs.

    Returns:
        The reduced least-squares problem; outputs are ordered lead by lead, channels within a lead.

    Raises:
        ArgumentError: If `lags` or `leads` is below 1.

    Examples:
        >>> x = 0.5 ** np.arange(20.0)[:, None]
        >>> autoregression_problem(x, np.array([[0, 20]]), lags=1).solve().weight.round(12)
        array([[-0.5]])
    """
    for name, value in (("lags", lags), ("leads", leads)):
        if value < 1:
            raise ArgumentError(f"`{name}` must be positive: expected 1 or more, got {value}. Count it in steps.")
    told = values.shape[1] if channels is None else channels
    return ridge_problem(_equations(values, segments, lags=lags, leads=leads, first=first, channels=told))


def lagged(values: BatchSeries, lags: int) -> Float[ndarray, "batch lag_channel"]:
    """Lay the last values out as the features of an autoregression, the newest lag first.

    Args:
        values: Series that end at x_t.
        lags: Length of the memory, in steps.

    Returns:
        The features of one equation for each series.
    """
    return np.asarray(values[:, : -lags - 1 : -1].reshape(len(values), -1))


def iterate(
    solution: LinearMap,
    context: Float[ndarray, "batch time column"],
    *,
    steps: int,
    controls: BatchControls | None = None,
) -> Float[ndarray, "batch steps channel"]:
    """Run an autoregression freely: its predictions become its past.

    Args:
        solution: The increments' map, of one lead.
        context: The known past, at least as long as the memory; controls beside it, if there are any.
        steps: How many steps to run.
        controls: What stands beside the values ahead, at least `steps` − 1 rows of it.

    Returns:
        The next `steps` values. A run that leaves the finite numbers goes on as infinities and NaN.
    """
    columns, told = context.shape[2], len(solution.bias)
    lags = len(solution.weight) // columns
    run = np.concatenate([context[:, -lags:], np.empty((len(context), steps, columns))], axis=1)
    if controls is not None:
        run[:, lags:, told:][:, : controls.shape[1]] = controls[:, :steps]
    with np.errstate(all="ignore"):
        for step in range(lags, lags + steps):
            seen = lagged(run[:, step - lags : step], lags)
            run[:, step, :told] = run[:, step - 1, :told] + solution(seen)
    return np.asarray(run[:, lags:, :told])


def select_order(values: Series, segments: Int[ndarray, "segment 2"], *, most: int, channels: int | None = None) -> int:
    r"""Choose the memory of an autoregression by Akaike's information criterion.

    All orders are compared on the same rows: AIC = n log det Σ̂ + 2 m, with m coefficients and the residuals'
    covariance taken as diagonal. Orders that need more than half as many coefficients as there are rows are left out:
    their residuals say little about the noise. At least order 1 is considered.

    Args:
        values: The series.
        segments: Half-open row ranges to learn from.
        most: Longest memory to consider, in steps.
        channels: As for `autoregression_problem`.

    Returns:
        The order with the smallest criterion.

    References:
        H. Akaike, "A new look at the statistical model identification", IEEE Trans. Automatic Control 19 (1974) 716.
    """
    candidates = _orders(most)
    criteria = [_criterion(values, segments, lags=lags, most=most, channels=channels) for lags in candidates]
    return candidates[int(np.argmin(criteria))]


def _orders(most: int) -> list[int]:
    # Every order up to 30, then ever coarser steps: the criterion is flat out there.
    steps = [*range(1, 31), *range(32, 64, 2), *range(64, 129, 8), *range(160, 1025, 32)]
    return sorted({min(order, most) for order in steps})


def _criterion(
    values: Series, segments: Int[ndarray, "segment 2"], *, lags: int, most: int, channels: int | None
) -> float:
    problem = autoregression_problem(values, segments, lags=lags, first=most - 1, channels=channels)
    solution = problem.solve()
    if 2 * (len(solution.weight) + 1) > problem.rows:
        return np.inf
    coefficients = solution.weight.size + solution.bias.size
    # Below rounding, a smaller residual means nothing.
    floor = max(np.finfo(np.float64).eps * float(np.nanmax(np.abs(values[:, :channels]))), np.finfo(np.float64).tiny)
    return float(problem.rows * 2 * np.log(np.maximum(solution.rms, floor)).sum() + 2 * coefficients)


def _equations(
    values: Series, segments: Int[ndarray, "segment 2"], *, lags: int, leads: int, first: int | None, channels: int
) -> Iterator[tuple[FloatArray, FloatArray]]:
    start = lags - 1 if first is None else first
    block = max(256, BLOCK_ROWS // (lags * values.shape[1]))
    for begin, end in segments:
        for t in range(begin + start, end - leads, block):
            yield _equation_block(
                values, np.arange(t, min(t + block, end - leads)), lags=lags, leads=leads, channels=channels
            )


def _equation_block(
    values: Series, rows: Int[ndarray, " row"], *, lags: int, leads: int, channels: int
) -> tuple[FloatArray, FloatArray]:
    features = values[rows[:, None] - np.arange(lags)]  # [row, lag, channel]
    told = values[:, :channels]
    targets = told[rows[:, None] + np.arange(1, leads + 1)] - told[rows][:, None]
    return features.reshape(len(rows), -1), targets.reshape(len(rows), -1)
