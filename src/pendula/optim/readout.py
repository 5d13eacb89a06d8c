"""The rows of the regression that trains a reservoir's readout."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from pendula.errors import ArgumentError, DataError
from pendula.nn import ReservoirWeights, drive_reservoir
from pendula.optim.ridge import FloatArray, LinearMap
from pendula.shapes import Float, Int, Series, ndarray

__all__ = ["ReadoutRows"]

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
