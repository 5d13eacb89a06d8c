"""How far free runs were off on data that the weights never saw, by lead time."""

import math
from dataclasses import dataclass

import numpy as np

from pendula.errors import ArgumentError
from pendula.shapes import Float, ndarray

__all__ = ["Calibration"]


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Calibration:
    """Absolute errors of free runs from several origins, on the scale of the network.

    Attributes:
        errors: Absolute errors; infinite where a run diverged.
    """

    errors: Float[ndarray, "origin lead channel"]

    @property
    def origins(self) -> int:
        """How many free runs stand behind the intervals."""
        return len(self.errors)

    @property
    def leads(self) -> int:
        """The longest lead time with an interval, in steps."""
        return int(self.errors.shape[1])

    def half_width(self, coverage: float, steps: int) -> Float[ndarray, "lead channel"]:
        """Compute the half width of split-conformal intervals.

        At each lead time it is the ⌈(n + 1) · coverage⌉-th smallest of the n absolute errors.

        Args:
            coverage: Probability with which the truth is to lie within, between 0 and 1.
            steps: How many lead times.

        Returns:
            Half widths in scaled units; NaN where there is no calibration for that lead time, or too few origins for
            that coverage.

        Raises:
            ArgumentError: If `coverage` does not lie between 0 and 1.

        References:
            J. Lei et al., "Distribution-free predictive inference for regression", JASA 113 (2018) 1094, section 2.2.

        Examples:
            >>> errors = np.arange(1.0, 10.0)[:, None, None]
            >>> Calibration(errors=errors).half_width(0.9, 2)[:, 0]
            array([ 9., nan])
        """
        if not 0 < coverage < 1:
            raise ArgumentError(
                f"`coverage` must lie between 0 and 1: expected a probability, got {coverage}. Usual is 0.9."
            )
        # 0.9 · 10 is 9.000000000000002 in floating point, and its ceiling 10.
        rank = math.ceil((self.origins + 1) * coverage - 1e-9)
        widths = np.full((steps, self.errors.shape[2]), np.nan)
        if rank <= self.origins:
            known = np.sort(self.errors[:, :steps], axis=0)[rank - 1]
            widths[: len(known)] = np.where(np.isfinite(known), known, np.nan)
        return widths
