"""Ridge regression in float64, in one pass over the rows."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pendula.errors import ArgumentError, DataError
from pendula.shapes import Float, ndarray

__all__ = ["LinearMap", "RidgeProblem", "ridge_problem"]

FloatArray = npt.NDArray[np.float64]


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
        if not (np.isfinite(penalty) and penalty >= 0):
            raise ArgumentError(f"`penalty` must not be negative: expected 0 or more, got {penalty}. 0 has no effect.")
        s = self.singular_values
        kept = s > s.max(initial=0.0) * np.finfo(np.float64).eps * max(self.rows, len(self.feature_mean))
        # w = V diag(s / (s² + n λ)) Uᵀ Y
        shrunk = np.where(kept, s, 0.0) / np.where(kept, s**2 + self.rows * penalty, 1.0)
        weight = self.directions.T @ (shrunk[:, None] * self.projected)
        residual = self.leftover + (((1 - s * shrunk)[:, None] * self.projected) ** 2).sum(axis=0)
        return LinearMap(
            weight=weight,
            bias=self.target_mean - self.feature_mean @ weight,
            rms=np.sqrt(residual / self.rows),
        )


def ridge_problem(blocks: Iterable[tuple[FloatArray, FloatArray]]) -> RidgeProblem:
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
    for block, targets in blocks:
        if not len(block):
            continue
        joined = np.concatenate([block, targets], axis=1)
        # A shift near the mean keeps a large offset from eating the digits of small variations.
        shift = joined[0] if shift is None else shift
        features = block.shape[1]
        with_one = np.concatenate([np.ones((len(joined), 1)), joined - shift], axis=1)
        stacked = with_one if reduced is None else np.concatenate([reduced, with_one])
        reduced = np.asarray(np.linalg.qr(stacked, mode="r"))
        rows += len(block)
    if reduced is None or shift is None:
        raise DataError("`blocks` must hold rows: expected at least 1, got none. The record is too short for the lags.")
    return _decompose(reduced, shift, rows=rows, features=features)


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
