"""Ridge regression in float64, in one pass over the rows."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from pendula.errors import ArgumentError, DataError
from pendula.shapes import Float, ndarray

__all__ = ["Blocks", "LinearMap", "RidgeProblem", "check_penalty", "ridge_problem"]

FloatArray = npt.NDArray[np.float64]
Blocks: TypeAlias = Iterable[tuple[FloatArray, FloatArray]]
"""Rows of a regression problem, block by block: features [row, feature] and targets [row, output]."""


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class LinearMap:
    """y = `weight`ᵀ x + `bias`.

    Attributes:
        weight: Coefficients.
        bias: Constant term.
        rms: Root mean square of the residuals on the rows it was fitted to, for each output.
    """

    weight: Float[ndarray, "feature output"]
    bias: Float[ndarray, " output"]
    rms: Float[ndarray, " output"]

    def __call__(self, features: Float[ndarray, "*row feature"]) -> Float[ndarray, "*row output"]:
        """Map features to outputs.

        Args:
            features: Along the last axis.

        Returns:
            The outputs along the last axis.
        """
        return np.asarray(features @ self.weight + self.bias)


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class RidgeProblem:
    """A least-squares problem, reduced to its singular value decomposition: every penalty costs next to nothing.

    Attributes:
        rows: How many rows there were.
        feature_mean: Mean of the features.
        target_mean: Mean of the targets.
        singular_values: s of the centered features X = U s Vᵀ.
        directions: Vᵀ.
        projected: Uᵀ Y, for the centered targets Y.
        leftover: Sum of squares of each target that no linear map of the features explains.
    """

    rows: int
    feature_mean: Float[ndarray, " feature"]
    target_mean: Float[ndarray, " output"]
    singular_values: Float[ndarray, " rank"]
    directions: Float[ndarray, "rank feature"]
    projected: Float[ndarray, "rank output"]
    leftover: Float[ndarray, " output"]

    def solve(self, penalty: float = 0.0) -> LinearMap:
        """Minimize mean squared error + `penalty` · |weight|².

        Args:
            penalty: Ridge penalty in units of the features' squares; with 0 directions below rounding are left out.

        Returns:
            The linear map; its bias is not penalized.

        Raises:
            ArgumentError: If the penalty is negative or not finite.
        """
        check_penalty(penalty)
        # w = V diag(s / (s² + n λ)) Uᵀ Y
        shrunk = self.singular_values * self._inverse([penalty])[0]
        weight = self.directions.T @ (shrunk[:, None] * self.projected)
        residual = self.leftover + (((1 - self.singular_values * shrunk)[:, None] * self.projected) ** 2).sum(axis=0)
        return LinearMap(
            weight=weight,
            bias=self.target_mean - self.feature_mean @ weight,
            rms=np.sqrt(residual / self.rows),
        )

    def errors(self, blocks: Blocks, penalties: Sequence[float]) -> Float[ndarray, "penalty output"]:
        """Score the solutions for many penalties on other rows, in one pass over them and without solving anew.

        Args:
            blocks: The rows to score on.
            penalties: Ridge penalties.

        Returns:
            Root mean square of the residuals, for each penalty.
        """
        return self._scored(blocks, penalties, left_out=False)

    def leave_one_out(self, blocks: Blocks, penalties: Sequence[float]) -> Float[ndarray, "penalty output"]:
        r"""Score the solutions for many penalties on their own rows, each without the row it is scored on.

        The residual of row i without that row is $r_i / (1 - h_i)$ with the leverage
        $h_i = 1/n + \sum_k (s_k u_{ik})^2 / (s_k^2 + n \lambda)$: nothing is fitted again. n λ, the penalty of the sum
        of squares, is that of all rows. Rows next to each other in a record are alike, and the row left out is thus
        almost there: where the future is asked for, prefer a part of the record that was held back.

        Args:
            blocks: The rows the problem was made of, once more.
            penalties: Ridge penalties.

        Returns:
            Root mean square of the residuals, for each penalty; infinite where a row determines its own prediction.

        References:
            D. M. Allen, "The relationship between variable selection and data augmentation and a method for
            prediction", Technometrics 16 (1974) 125.
        """
        return self._scored(blocks, penalties, left_out=True)

    def _scored(self, blocks: Blocks, penalties: Sequence[float], *, left_out: bool) -> FloatArray:
        for penalty in penalties:
            check_penalty(penalty)
        inverse = self._inverse(penalties)
        # [feature direction, penalty and output]
        maps = (inverse[:, :, None] * (self.singular_values[:, None] * self.projected)).transpose(1, 0, 2)
        squares, rows = np.zeros((len(penalties), self.projected.shape[1])), 0
        for features, targets in blocks:
            # Rows along the singular directions: s u.
            along = (features - self.feature_mean) @ self.directions.T
            residual = (targets - self.target_mean)[:, None] - np.einsum("rk,kpo->rpo", along, maps, optimize=True)
            if left_out:
                rest = 1 - 1 / self.rows - along**2 @ inverse.T
                determined = rest < self.rows * np.finfo(np.float64).eps
                residual = np.where(
                    determined[:, :, None], np.inf, residual / np.where(determined, 1.0, rest)[:, :, None]
                )
            squares += (residual**2).sum(axis=0)
            rows += len(features)
        if rows == 0:
            raise DataError("`blocks` must hold rows: expected at least 1, got none. Score on more of the record.")
        return np.asarray(np.sqrt(squares / rows))

    def _inverse(self, penalties: Sequence[float]) -> Float[ndarray, "penalty rank"]:
        # 1 / (s² + n λ), and 0 for directions below rounding.
        s = self.singular_values
        kept = s > s.max(initial=0.0) * np.finfo(np.float64).eps * max(self.rows, len(self.feature_mean))
        shifted = s**2 + self.rows * np.array(penalties, dtype=np.float64)[:, None]
        return np.where(kept, 1.0, 0.0) / np.where(kept, shifted, 1.0)


def check_penalty(penalty: float) -> None:
    """Check a ridge penalty.

    Args:
        penalty: The penalty.

    Raises:
        ArgumentError: If it is negative or not finite.
    """
    if not (np.isfinite(penalty) and penalty >= 0):
        raise ArgumentError(f"`penalty` must not be negative: expected 0 or more, got {penalty}. 0 has no effect.")


def ridge_problem(blocks: Blocks) -> RidgeProblem:
    """Reduce the rows of a regression problem, block by block, to what every penalty needs.

    A running QR decomposition keeps the digits that the normal equations would lose: the condition number is that of
    the features, not its square. Memory does not grow with the number of rows.

    Args:
        blocks: Pairs of features [row, feature] and targets [row, output], each in the units of the caller.

    Returns:
        The reduced problem.

    Raises:
        DataError: If there are no rows.

    References:
        G. H. Golub and C. F. Van Loan, *Matrix Computations*, 4th ed., sections 5.3 and 6.1.4.

    Examples:
        >>> x = np.arange(6.0)[:, None]
        >>> line = ridge_problem([(x[:3], 2 * x[:3] + 1), (x[3:], 2 * x[3:] + 1)]).solve()
        >>> line.weight[0, 0].round(12), line.bias[0].round(12)
        (np.float64(2.0), np.float64(1.0))
    """
    rows, reduced, shift, features = 0, None, None, 0
    for joined, width in _stacked(blocks):
        features = width
        # A shift near the mean keeps a large offset from eating the digits of small variations.
        shift = joined[0] if shift is None else shift
        with_one = np.concatenate([np.ones((len(joined), 1)), joined - shift], axis=1)
        stacked = with_one if reduced is None else np.concatenate([reduced, with_one])
        reduced = np.asarray(np.linalg.qr(stacked, mode="r"))
        rows += len(joined)
    if reduced is None or shift is None:
        raise DataError("`blocks` must hold rows: expected at least 1, got none. The record is too short for the lags.")
    return _decompose(reduced, shift, rows=rows, features=features)


def _stacked(blocks: Blocks) -> Iterator[tuple[FloatArray, int]]:
    # Rows are gathered until they are twice the columns: each decomposition takes the triangle of the last along.
    waiting: list[FloatArray] = []
    width = 0
    for features, targets in blocks:
        if not len(features):
            continue
        waiting.append(np.concatenate([features, targets], axis=1))
        width = features.shape[1]
        if sum(map(len, waiting)) >= 2 * width:
            yield np.concatenate(waiting), width
            waiting = []
    if waiting:
        yield np.concatenate(waiting), width


def _decompose(reduced: FloatArray, shift: FloatArray, *, rows: int, features: int) -> RidgeProblem:
    # [1 X Y] = Q R: the first row of R holds the means, the rest is the triangle of the centered columns.
    mean = shift + reduced[0, 1:] / reduced[0, 0]
    centered = reduced[1:, 1:]
    u, s, vt = np.linalg.svd(centered[:, :features], full_matrices=False)
    targets = centered[:, features:]
    projected = u.T @ targets
    leftover = ((targets - u @ projected) ** 2).sum(axis=0)
    return RidgeProblem(
        rows=rows,
        feature_mean=mean[:features],
        target_mean=mean[features:],
        singular_values=s,
        directions=vt,
        projected=projected,
        leftover=leftover,
    )
