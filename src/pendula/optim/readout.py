"""The rows of the regression that trains a reservoir's readout."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from pendula.errors import ArgumentError, DataError
from pendula.nn import NextGeneration, ReservoirWeights, drive_reservoir, polynomial_features
from pendula.optim.ridge import FloatArray, LinearMap
from pendula.shapes import Float, Int, Series, ndarray

__all__ = ["PolynomialRows", "ReadoutRows"]

BLOCK_ROWS = 2048


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class ReadoutRows:
    """Features and targets of a readout that predicts the next value, made block by block as they are asked for.

    To go through the rows is to drive the reservoir through the series: memory does not grow with its length, and each
    further pass drives it again. With direct links the increment is regressed, not the value, so that a ridge penalty
    shrinks towards persistence; `readout` puts the last value back.

    Attributes:
        weights: The reservoir.
        values: The series; a channel beyond the outputs is an external input.
        segments: Half-open row ranges to learn from; the reservoir starts anew in each.
        washout: How many states at the start of each segment are not learned from: they remember the zeros before.
        direct: Whether the readout sees x_t beside h_t.
        outputs: How many channels, the first ones, are predicted; all if left out.

    Examples:
        >>> from pendula.nn import Reservoir, draw_reservoir
        >>> from pendula.optim import ridge_problem
        >>> x = np.sin(0.3 * np.arange(500.0))[:, None]
        >>> small = draw_reservoir(Reservoir(connections=3), units=20, inputs=1, seed=0)
        >>> rows = ReadoutRows(weights=small, values=x, segments=np.array([[0, 500]]), washout=100)
        >>> bool(ridge_problem(rows).solve(1e-12).rms[0] < 1e-5)
        True
    """

    weights: ReservoirWeights
    values: Series
    segments: Int[ndarray, "segment 2"]
    washout: int
    direct: bool = True
    outputs: int | None = None

    def __post_init__(self) -> None:
        if self.washout < 0:
            raise ArgumentError(f"`washout` must not be negative: expected 0 or more, got {self.washout}. Count steps.")
        longest = int((self.segments[:, 1] - self.segments[:, 0]).max(initial=0))
        if self.washout >= longest - 1:
            raise DataError(
                f"`washout` must leave rows to learn from: expected at most {max(longest - 2, 0)} of {longest} rows, "
                f"got {self.washout}. Shorten it, or give a longer record."
            )

    def __iter__(self) -> Iterator[tuple[FloatArray, FloatArray]]:
        for begin, end in self.segments:
            state = None
            for start in range(begin, end - 1, BLOCK_ROWS):
                rows = slice(start, min(start + BLOCK_ROWS, int(end) - 1))
                states = drive_reservoir(self.weights, self.values[None, rows], first=state)[0]
                state = states[-1:]
                skipped = max(begin + self.washout - start, 0)
                if skipped < len(states):
                    yield self.block(states[skipped:], np.arange(start + skipped, rows.stop))

    def block(self, states: Float[ndarray, "row unit"], rows: Int[ndarray, " row"]) -> tuple[FloatArray, FloatArray]:
        """Lay out some of the rows.

        Args:
            states: Of the reservoir after each of them.
            rows: Their numbers; each has a known value after it.

        Returns:
            Features and targets.
        """
        outputs = self.values.shape[1] if self.outputs is None else self.outputs
        now, following = self.values[rows], self.values[rows + 1, :outputs]
        if not self.direct:
            return states.astype(np.float64, copy=False), following
        return np.concatenate([states, now], axis=1, dtype=np.float64), following - now[:, :outputs]

    def readout(self, solution: LinearMap) -> tuple[Float[ndarray, "feature output"], Float[ndarray, " output"]]:
        """Turn the solution of the regression into a readout that predicts values.

        Args:
            solution: What the rows were fitted with.

        Returns:
            Coefficients of states, and of inputs with direct links; and the constant term.
        """
        weight = solution.weight.copy()
        if self.direct:
            channels = np.arange(weight.shape[1])
            weight[self.weights.units + channels, channels] += 1
        return weight, solution.bias


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class PolynomialRows:
    """Features and targets of a next-generation reservoir that predicts the next value, made as they are asked for.

    The increment is regressed, so that a ridge penalty shrinks towards persistence; `readout` puts the last value back.

    Attributes:
        settings: The reservoir.
        values: The series.
        segments: Half-open row ranges to learn from; no equation crosses their ends.

    Examples:
        >>> from pendula.nn import NextGeneration
        >>> from pendula.optim import ridge_problem
        >>> x = [0.3]
        >>> for _ in range(99):
        ...     x.append(3.9 * x[-1] * (1 - x[-1]))
        >>> rows = PolynomialRows(
        ...     settings=NextGeneration(delays=1), values=np.array(x)[:, None], segments=np.array([[0, 100]])
        ... )
        >>> rows.readout(ridge_problem(rows).solve())[0].round(9)
        array([[ 3.9],
               [-3.9]])
    """

    settings: NextGeneration
    values: Series
    segments: Int[ndarray, "segment 2"]

    def __post_init__(self) -> None:
        longest = int((self.segments[:, 1] - self.segments[:, 0]).max(initial=0))
        if longest <= self.settings.memory:
            raise DataError(
                f"`segments` must be longer than the memory: expected more than {self.settings.memory} rows, got "
                f"{longest}. Lower `delays` or `stride`, or give a longer record."
            )

    def __iter__(self) -> Iterator[tuple[FloatArray, FloatArray]]:
        back = self.settings.memory - 1
        for begin, end in self.segments:
            for start in range(begin + back, end - 1, BLOCK_ROWS):
                stop = min(start + BLOCK_ROWS, int(end) - 1)
                known = self.values[start - back : stop]
                increments = self.values[start + 1 : stop + 1] - self.values[start:stop]
                yield polynomial_features(self.settings, known[None])[0], increments

    def block(self, states: Float[ndarray, "row state"], rows: Int[ndarray, " row"]) -> tuple[FloatArray, FloatArray]:
        """Lay out some of the rows.

        Args:
            states: The values that are remembered at each of them, the oldest first.
            rows: Their numbers; each has a known value after it.

        Returns:
            Features and targets.
        """
        remembered = states.reshape(len(rows), self.settings.memory, -1)
        return polynomial_features(self.settings, remembered)[:, 0], self.values[rows + 1] - self.values[rows]

    def readout(self, solution: LinearMap) -> tuple[Float[ndarray, "feature output"], Float[ndarray, " output"]]:
        """Turn the solution of the regression into a readout that predicts values.

        Args:
            solution: What the rows were fitted with.

        Returns:
            Coefficients of the features, and the constant term.
        """
        weight = solution.weight.copy()
        channels = np.arange(weight.shape[1])
        weight[channels, channels] += 1
        return weight, solution.bias
