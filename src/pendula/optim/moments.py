"""Ridge regression from the moments of the rows: fastest, where the penalty makes up for the digits it loses."""

from dataclasses import dataclass

import numpy as np

from pendula.errors import ArgumentError, DataError
from pendula.optim.ridge import Blocks, FloatArray, LinearMap, check_penalty
from pendula.shapes import Float, ndarray

__all__ = ["Moments", "moments"]


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Moments:
    """Means and products of the rows of a regression problem.

    Attributes:
        rows: How many rows there were.
        feature_mean: Mean of the features.
        target_mean: Mean of the targets.
        features: XᵀX of the centered features.
        mixed: XᵀY of the centered features and targets.
        targets: Sum of squares of each centered target.
    """

    rows: int
    feature_mean: Float[ndarray, " feature"]
    target_mean: Float[ndarray, " output"]
    features: Float[ndarray, "feature feature"]
    mixed: Float[ndarray, "feature output"]
    targets: Float[ndarray, " output"]

    @property
    def least_penalty(self) -> float:
        """The penalty below which rounding in XᵀX counts as much as the penalty itself."""
        return float(np.finfo(np.float64).eps * len(self.features) * np.diagonal(self.features).max() / self.rows)

    def solve(self, penalty: float) -> LinearMap:
        """Minimize mean squared error + `penalty` · |weight|².

        Args:
            penalty: Ridge penalty in units of the features' squares; at least `least_penalty`.

        Returns:
            The linear map; its bias is not penalized.

        Raises:
            ArgumentError: If the penalty is not finite, or so small that digits lost in XᵀX would show.
        """
        from scipy.linalg import cho_factor, cho_solve

        check_penalty(penalty)
        if penalty < self.least_penalty:
            raise ArgumentError(
                f"`penalty` must be large enough for the moments: expected at least {self.least_penalty:.1e}, got "
                f"{penalty:.1e}. Use `ridge_problem`, which keeps all digits."
            )
        shifted = self.features.copy()
        shifted[np.diag_indices(len(shifted))] += self.rows * penalty
        weight = cho_solve(cho_factor(shifted, lower=True, overwrite_a=True), self.mixed)
        # |Y − Xw|² = YᵀY − 2 wᵀXᵀY + wᵀXᵀXw, and XᵀXw = XᵀY − nλw
        residual = self.targets - (weight * (self.mixed + self.rows * penalty * weight)).sum(axis=0)
        return LinearMap(
            weight=weight,
            bias=self.target_mean - self.feature_mean @ weight,
            rms=np.sqrt(np.maximum(residual, 0.0) / self.rows),
        )


def moments(blocks: Blocks) -> Moments:
    """Sum up the rows of a regression problem, block by block; memory does not grow with the number of rows.

    A third of the work of `ridge_problem` and none of its decomposition, at the price of half of the digits of small
    directions: the condition number is the square of that of the features.

    Args:
        blocks: Pairs of features [row, feature] and targets [row, output].

    Returns:
        The moments.

    Raises:
        DataError: If there are no rows.

    References:
        T. F. Chan, G. H. Golub and R. J. LeVeque, "Algorithms for computing the sample variance", American
        Statistician 37 (1983) 242, for sums about a shift.

    Examples:
        >>> x = np.arange(6.0)[:, None]
        >>> moments([(x, 2 * x + 1)]).solve(1e-9).weight.round(6)
        array([[2.]])
    """
    sums, count = None, 0
    for features, targets in blocks:
        if len(features):
            rows = np.concatenate([features, targets], axis=1, dtype=np.float64)
            # About a shift near the mean, an offset does not eat the digits of small variations.
            sums = _Sums(rows.mean(axis=0)) if sums is None else sums
            sums.add(rows)
            count = features.shape[1]
    if sums is None:
        raise DataError("`blocks` must hold rows: expected at least 1, got none. The record is too short.")
    return sums.moments(count)


class _Sums:
    """Sums of rows, features and targets side by side, and of their products, about a shift.

    Args:
        shift: What is subtracted from each row.
    """

    def __init__(self, shift: FloatArray) -> None:
        self._shift, self._rows, self._sum = shift, 0, np.zeros_like(shift)
        self._products = np.zeros((len(shift), len(shift)), order="F")  # the lower triangle

    def add(self, rows: FloatArray) -> None:
        from scipy.linalg.blas import dsyrk

        rows -= self._shift
        self._rows += len(rows)
        self._sum += rows.sum(axis=0)
        self._products = dsyrk(1.0, rows.T, beta=1.0, c=self._products, lower=True, overwrite_c=True)

    def moments(self, features: int) -> Moments:
        mean, x, y = self._sum / self._rows, slice(features), slice(features, None)
        lower = self._products[x, x]
        return Moments(
            rows=self._rows,
            feature_mean=self._shift[x] + mean[x],
            target_mean=self._shift[y] + mean[y],
            features=lower + np.tril(lower, -1).T - self._rows * np.outer(mean[x], mean[x]),
            mixed=self._products[y, x].T - self._rows * np.outer(mean[x], mean[y]),
            targets=np.diagonal(self._products)[y] - self._rows * mean[y] ** 2,
        )
