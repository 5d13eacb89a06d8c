"""Next-generation reservoirs: polynomials of the last values in the place of recurrent units."""

from dataclasses import dataclass
from itertools import combinations_with_replacement

import numpy as np

from pendula.errors import ArgumentError, ShapeError
from pendula.nn.reservoir_states import check_departures
from pendula.shapes import BatchSeries, Float, ndarray

__all__ = ["NextGeneration", "polynomial_features", "run_polynomial"]


@dataclass(frozen=True, kw_only=True, slots=True)
class NextGeneration:
    """What a next-generation reservoir is: all monomials, up to a degree, of values spaced in the past.

    Attributes:
        delays: How many values are taken, the present one among them.
        stride: From one of them to the next, in steps.
        degree: Largest degree of a monomial; 1 is a linear autoregression.

    References:
        D. J. Gauthier, E. Bollt, A. Griffith and W. A. S. Barbosa, "Next generation reservoir computing", Nature
        Communications 12 (2021) 5564, eqs. (4) to (9).

    Examples:
        >>> NextGeneration(delays=2, degree=2).features(3)  # 6 values and their 21 products; the constant is the bias
        27
    """

    delays: int = 2
    stride: int = 1
    degree: int = 2

    def __post_init__(self) -> None:
        for name in ("delays", "stride", "degree"):
            value = getattr(self, name)
            if not isinstance(value, int) or isinstance(value, bool) or value < 1:
                raise ArgumentError(
                    f"`{name}` must be positive: expected a whole number from 1 up, got {value}. Take 2."
                )

    @property
    def memory(self) -> int:
        """How many steps a prediction looks back, the present one among them."""
        return (self.delays - 1) * self.stride + 1

    def features(self, channels: int) -> int:
        """Count the features.

        Args:
            channels: Of the series.

        Returns:
            The number of monomials without the constant.
        """
        return sum(len(group) for group in self._monomials(channels))

    def _monomials(self, channels: int) -> list[list[tuple[int, ...]]]:
        values = range(self.delays * channels)
        return [list(combinations_with_replacement(values, degree)) for degree in range(1, self.degree + 1)]


def polynomial_features(settings: NextGeneration, values: BatchSeries) -> Float[ndarray, "batch predicted feature"]:
    """Lay out what a next-generation reservoir makes of series.

    Args:
        settings: The reservoir.
        values: The series, at least as long as the reservoir's memory.

    Returns:
        The features at every step at which all values are known: first x_t, then the values before, then their
        products, ordered by degree.

    Raises:
        ShapeError: If the series are shorter than the memory.

    Examples:
        >>> x = np.array([[[2.0], [3.0], [5.0]]])
        >>> polynomial_features(NextGeneration(), x)[0]
        array([[ 3.,  2.,  9.,  6.,  4.],
               [ 5.,  3., 25., 15.,  9.]])
    """
    _, time, channels = values.shape
    if time < settings.memory:
        raise ShapeError(
            f"`values` must be as long as the memory: expected {settings.memory} steps or more, got {time}. "
            "Give more of the past, or lower `delays` or `stride`."
        )
    first = settings.memory - 1
    lagged = [values[:, first - lag : time - lag] for lag in range(0, settings.memory, settings.stride)]
    linear = np.concatenate(lagged, axis=2, dtype=np.float64)
    groups = [
        np.prod(linear[:, :, np.array(group)], axis=3) if len(group[0]) > 1 else linear
        for group in settings._monomials(channels)  # noqa: SLF001
    ]
    return np.concatenate(groups, axis=2)


def run_polynomial(
    settings: NextGeneration,
    readout: Float[ndarray, "feature output"],
    bias: Float[ndarray, " output"],
    *,
    context: BatchSeries,
    steps: int,
    limit: float = np.inf,
) -> Float[ndarray, "batch steps output"]:
    """Let a next-generation reservoir run on by itself, from many starts at once.

    Args:
        settings: The reservoir.
        readout: Coefficients of the features.
        bias: Constant term.
        context: The known past, at least as long as the memory.
        steps: How many steps to run.
        limit: Largest modulus of a prediction that is taken for one.

    Returns:
        The predictions of the next steps. A run that is not finite or leaves the limit raises `DivergedError`, which
        names the step.

    Raises:
        ShapeError: If the readout does not fit the features.

    Examples:
        >>> logistic = np.array([[3.9], [-3.9]])  # x' = 3.9 x − 3.9 x²
        >>> start = {"context": np.full((1, 1, 1), 0.5), "steps": 2}
        >>> run_polynomial(NextGeneration(delays=1), logistic, np.zeros(1), **start)[0, :, 0]
        array([0.975  , 0.0950625])
    """
    batch, _, channels = context.shape
    expected = (settings.features(channels), channels)
    if readout.shape != expected:
        raise ShapeError(
            f"`readout` must map the features to the series: expected shape {expected}, got {readout.shape}."
        )
    run = np.concatenate([context[:, -settings.memory :], np.empty((batch, steps, channels))], axis=1)
    with np.errstate(all="ignore"):  # a run that overflows is reported once, with its step
        for t in range(settings.memory, settings.memory + steps):
            run[:, t] = polynomial_features(settings, run[:, t - settings.memory : t])[:, 0] @ readout + bias
    free = np.asarray(run[:, settings.memory :])
    check_departures(free, limit=limit)
    return free
