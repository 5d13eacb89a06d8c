"""Medians, and how far the middle half of the numbers spreads around them."""

from dataclasses import asdict, dataclass

import numpy as np
from numpy import ndarray

from pendula.shapes import Float

__all__ = ["Spread", "spread_of"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Spread:
    """A median with the quartiles beside it.

    Attributes:
        median: Half of the numbers are smaller.
        low: A quarter of the numbers is smaller.
        high: A quarter of the numbers is larger.
    """

    median: float
    low: float
    high: float

    @property
    def relative(self) -> float:
        """The distance between the quartiles, in medians."""
        return (self.high - self.low) / self.median if self.median else 0.0

    def to_dict(self) -> dict[str, float]:
        """Give the three numbers by name.

        Returns:
            Plain values.
        """
        return asdict(self)


def spread_of(values: Float[ndarray, " value"]) -> Spread:
    """Find median and quartiles.

    Args:
        values: At least one number.

    Returns:
        All three.

    Examples:
        >>> spread_of(np.array([1.0, 2.0, 3.0, 4.0, 100.0]))
        Spread(median=3.0, low=2.0, high=4.0)
    """
    low, median, high = np.quantile(values, (0.25, 0.5, 0.75))
    return Spread(median=float(median), low=float(low), high=float(high))
