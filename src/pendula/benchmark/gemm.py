"""The machine's own rate at matrix products: what recurrent networks are measured against."""

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from pendula.benchmark.threads import threads_set_to
from pendula.benchmark.turns import Contender, Pace, race, stopwatch
from pendula.benchmark.workload import Precision

__all__ = ["SIZES", "Gemm", "gemm_contender", "measure_gemm"]

SIZES = (256, 384, 512, 768, 1024, 1536, 2048)
"""Rows of the square matrices that are multiplied."""

_ENOUGH = 0.97


@dataclass(frozen=True, kw_only=True, slots=True)
class Gemm:
    """The best rate at which `torch.mm` multiplies square matrices.

    Attributes:
        precision: float32 or float64.
        threads: On how many threads.
        rates: Floating-point operations in a second by rows of the matrices, each the best of its turns.
    """

    precision: Precision
    threads: int
    rates: dict[int, float]

    @property
    def rate(self) -> float:
        """The best rate of all, in floating-point operations a second."""
        return max(self.rates.values())

    @property
    def size(self) -> int:
        """The fewest rows that come within 3 % of the best rate.

        Examples:
            >>> Gemm(precision="float32", threads=1, rates={256: 8e10, 512: 9.9e10, 2048: 1e11}).size
            512
        """
        return min(size for size, rate in self.rates.items() if rate >= _ENOUGH * self.rate)

    def to_dict(self) -> dict[str, Any]:
        """Give the figures by name.

        Returns:
            Plain values.
        """
        by_size = {str(size): rate for size, rate in self.rates.items()}
        return {"precision": self.precision, "threads": self.threads, "rate": self.rate, "by_size": by_size}


def measure_gemm(
    precision: Precision, threads: int, *, sizes: tuple[int, ...] = SIZES, pace: Pace | None = None
) -> Gemm:
    """Measure the rate of `torch.mm`, all sizes in turns.

    Args:
        precision: Of the matrices.
        threads: On how many threads.
        sizes: Rows of the matrices.
        pace: How long to measure.

    Returns:
        The best rate of each size: what the machine can do when nothing disturbs it.

    Examples:
        >>> measure_gemm("float64", threads=1, sizes=(8, 16), pace=Pace(fewest=1, most=1)).rate > 0
        True
    """
    with threads_set_to(threads):
        contenders = [gemm_contender(precision, size) for size in sizes]
        times = race(contenders, pace or Pace(seconds=1.0, fewest=3, noisy=float("inf")))
    rates = {
        size: 2 * size**3 / float(times.seconds[each.name].min()) for size, each in zip(sizes, contenders, strict=True)
    }
    return Gemm(precision=precision, threads=threads, rates=rates)


def gemm_contender(precision: Precision, size: int) -> Contender:
    """Make one product of square matrices a contender.

    Args:
        precision: Of the matrices.
        size: Their rows.

    Returns:
        Named after its size, as in gemm 512.
    """
    import torch

    left, right, product = _matrices(precision, size)
    return Contender(name=f"gemm {size}", run=stopwatch(lambda: torch.mm(left, right, out=product)))


@lru_cache(maxsize=16)
def _matrices(precision: Precision, size: int) -> tuple[Any, Any, Any]:
    import torch

    generator = torch.Generator().manual_seed(size)
    kind = getattr(torch, precision)
    left, right = (torch.randn(size, size, generator=generator, dtype=kind) for _ in range(2))
    return left, right, torch.empty_like(left)
