"""How far free runs were off on data that the weights never saw, by lead time, and the intervals that follow."""

import math
from dataclasses import dataclass

import numpy as np

from pendula.metrics import check_probability, effective_size
from pendula.shapes import Float, ndarray

__all__ = ["Calibration", "conformal_half_width"]


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Calibration:
    """Errors of free runs from several origins, forecast less truth, on the scale of the network.

    Attributes:
        errors: Of the runs; infinite where a run diverged.
        one_step: Errors one step ahead, in all rows of the part that have a window before them; None where they were
            not kept.
    """

    errors: Float[ndarray, "origin lead channel"]
    one_step: Float[ndarray, "row channel"] | None = None

    @property
    def origins(self) -> int:
        """How many free runs stand behind the intervals."""
        return len(self.errors)

    @property
    def leads(self) -> int:
        """The longest lead time with an interval, in steps."""
        return int(self.errors.shape[1])

    @property
    def effective(self) -> Float[ndarray, "lead channel"]:
        """How many independent runs these are worth at each lead time: they overlap."""
        absolute = np.abs(self.errors)
        finite = np.isfinite(absolute)
        most = np.where(finite, absolute, 0.0).max(axis=0, initial=0.0)
        return effective_size(np.where(finite, absolute, 2 * most + 1))

    def up_to(self, steps: int) -> "Calibration":
        """Leave the longer lead times out, whose sizes need not be known.

        Args:
            steps: How many lead times to keep at most.

        Returns:
            A view of the errors.
        """
        return Calibration(errors=self.errors[:, :steps], one_step=self.one_step)

    def half_width(self, coverage: float, steps: int) -> Float[ndarray, "lead channel"]:
        """Compute the half width of split-conformal intervals.

        Args:
            coverage: Probability with which the truth is to lie within, between 0 and 1.
            steps: How many lead times.

        Returns:
            Half widths in scaled units; NaN where there is no calibration for that lead time, or too few origins for
            that coverage.

        Raises:
            ArgumentError: If `coverage` does not lie between 0 and 1.

        Examples:
            >>> errors = np.array([3.0, -8, 1, -6, 9, 2, -5, 7, -4])[:, None, None]
            >>> Calibration(errors=errors).half_width(0.9, 2)[:, 0]
            array([ 9., nan])
        """
        check_probability("coverage", coverage)
        widths = np.full((steps, self.errors.shape[2]), np.nan)
        # 0.9 · 10 is 9.000000000000002 in floating point, and its ceiling 10.
        if math.ceil((self.origins + 1) * coverage - 1e-9) <= self.origins:
            absolute = np.abs(self.errors[:, :steps])
            known = conformal_half_width(absolute, coverage, effective=self.up_to(steps).effective)
            widths[: len(known)] = np.where(np.isfinite(known), known, np.nan)
        return widths


def conformal_half_width(
    absolute: Float[ndarray, " origin *rest"], coverage: float, *, effective: Float[ndarray, "*rest"]
) -> Float[ndarray, "*rest"]:
    r"""Compute the half width of intervals from absolute errors that are worth fewer independent ones.

    Of m independent errors, a new one is below the k-th smallest with probability $k / (m + 1)$, which asks for
    $k = \lceil (m + 1) \cdot \text{coverage} \rceil$. Of n errors that are worth m, it is therefore the one of rank
    $\lceil n \cdot \text{coverage} \cdot (1 + 1 / m) \rceil$. Where that is beyond the widest, which holds in
    $m / (m + 1)$ of cases alone, the widest is stretched as the tail of a Gaussian would be.

    Args:
        absolute: Absolute errors; infinite where a run diverged.
        coverage: Probability with which a new one is to lie within.
        effective: m, how many independent errors they are worth.

    Returns:
        Half widths.

    References:
        J. Lei et al., "Distribution-free predictive inference for regression", JASA 113 (2018) 1094, section 2.2.

    Examples:
        >>> errors = np.arange(1.0, 101.0)
        >>> [float(conformal_half_width(errors, 0.8, effective=np.array(m))) for m in (100.0, 10.0, 4.0)]
        [81.0, 88.0, 100.0]
        >>> float(conformal_half_width(errors, 0.8, effective=np.array(2.0)).round(1))
        132.5
    """
    from scipy.special import ndtri

    ranked = np.sort(absolute, axis=0)
    level = coverage * (1 + 1 / effective)
    rank = np.clip(np.ceil(level * len(ranked) - 1e-9), 1, len(ranked)).astype(np.int64)
    width = np.take_along_axis(ranked, rank[None] - 1, axis=0)[0]
    reached = effective / (effective + 1)
    stretch = ndtri((1 + coverage) / 2) / ndtri((1 + np.minimum(reached, coverage)) / 2)
    return np.asarray(width * np.where(level > 1, stretch, 1.0))
