"""Ridge regression from the moments of the rows: fastest, where the penalty makes up for the digits it loses."""

from dataclasses import dataclass

import numpy as np

from pendula.errors import ArgumentError, DataError
from pendula.optim.ridge import Blocks, LinearMap, check_penalty
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
    rows, shift, total = 0, None, None
    for features, targets in blocks:
        if not len(features):
            continue
        # About a shift near the mean, an offset does not eat the digits of small variations.
        shift = (features.mean(axis=0), targets.mean(axis=0)) if shift is None else shift
        x, y = features - shift[0], targets - shift[1]
        sums = (x.sum(axis=0), y.sum(axis=0), x.T @ x, x.T @ y, (y**2).sum(axis=0))
        if total is None:
            total = sums
        else:
            for running, more in zip(total, sums, strict=True):
                np.add(running, more, out=running)
        rows += len(x)
    if shift is None or total is None:
        raise DataError("`blocks` must hold rows: expected at least 1, got none. The record is too short.")
    x_mean, y_mean = total[0] / rows, total[1] / rows
    return Moments(
        rows=rows,
        feature_mean=shift[0] + x_mean,
        target_mean=shift[1] + y_mean,
        features=total[2] - rows * np.outer(x_mean, x_mean),
        mixed=total[3] - rows * np.outer(x_mean, y_mean),
        targets=total[4] - rows * y_mean**2,
    )
