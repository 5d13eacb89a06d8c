"""A record whose dynamics switch: Lorenz, Rössler and a periodic signal by turns, with noise."""

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from pendula.errors import ArgumentError
from pendula.shapes import Float, Int, ndarray
from pendula.systems.simulate import simulate

if TYPE_CHECKING:
    import xarray

__all__ = ["REGIMES", "Switching", "draw_switching"]

REGIMES = ("lorenz", "periodic", "rossler")
"""Names of the regimes."""

_PERIODS = {"lorenz63": 0.75, "rossler": 5.86}
"""Times of one turn around a lobe of the attractor, in the systems' own units, at their usual parameters."""
_TRANSIENT = 20
"""Turns before a run has come close to its attractor."""
_SUBSTEPS = 4
"""Of the fourth-order integrator from a row to the next."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Switching:
    """How a switching record is drawn. Lengths are in rows.

    Attributes:
        rows: Length of the record.
        period: Rows of one turn, the same in all regimes.
        shortest: Least rows of a regime.
        longest: Most rows of a regime.
        noise: Standard deviation of the noise, in that of the signal.
    """

    rows: int = 60_000
    period: int = 25
    shortest: int = 250
    longest: int = 750
    noise: float = 0.1

    def __post_init__(self) -> None:
        if self.period < 16:
            raise ArgumentError(f"`period` must hold rows: expected 16 or more, got {self.period}. Sample finer.")
        if not 1 <= self.shortest <= self.longest:
            raise ArgumentError(
                f"`shortest` must be 1 or more and at most `longest`: got {self.shortest} and {self.longest}. "
                "Change one."
            )
        if self.rows < 3 * self.longest:
            raise ArgumentError(
                f"`rows` must hold every regime: expected at least {3 * self.longest}, got {self.rows}. Draw more."
            )
        if not 0 <= self.noise < float("inf"):
            raise ArgumentError(f"`noise` must not be negative: got {self.noise}. 0 adds none.")


def draw_switching(settings: Switching, *, generator: np.random.Generator) -> "xarray.Dataset":
    """Draw a record of regimes that follow each other at random, none upon itself.

    Each regime is a piece of one long run, of zero mean and unit variance: neither level nor size tells it.

    Args:
        settings: How it is drawn.
        generator: Draws the regimes, their lengths, where their pieces are cut, and the noise.

    Returns:
        `signal` and `regime` along `time`, in rows.

    Examples:
        >>> record = draw_switching(Switching(rows=3000), generator=np.random.default_rng(0))
        >>> record.sizes["time"], sorted(set(record["regime"].values.tolist()))
        (3000, ['lorenz', 'periodic', 'rossler'])
    """
    import xarray as xr

    runs = [_run(name, settings) for name in REGIMES]
    codes = _order(settings, generator)
    signal = np.empty(settings.rows)
    for start, stop in _stretches(codes):
        own = runs[codes[start]]
        first = int(generator.integers(len(own) - (stop - start)))
        signal[start:stop] = own[first : first + stop - start]
    signal += settings.noise * generator.normal(size=settings.rows)
    return xr.Dataset(
        {"signal": ("time", signal), "regime": ("time", np.array(REGIMES)[codes])},
        coords={"time": ("time", np.arange(settings.rows))},
    )


def _run(name: str, settings: Switching) -> Float[ndarray, " row"]:
    rows = 4 * settings.longest + settings.rows // 8
    if name == "periodic":
        phase = 2 * np.pi * np.arange(rows) / settings.period
        # With a second harmonic, as anharmonic oscillators have it.
        raw = np.sin(phase) + 0.4 * np.sin(2 * phase + 1.0)
        return np.asarray((raw - raw.mean()) / raw.std())
    system = "lorenz63" if name == "lorenz" else name
    dt = _PERIODS[system] / settings.period
    skipped = _TRANSIENT * settings.period
    raw = simulate(system, dt=dt, duration=dt * (rows + skipped), substeps=_SUBSTEPS)["x"].values[skipped:]
    return np.asarray((raw - raw.mean()) / raw.std())


def _order(settings: Switching, generator: np.random.Generator) -> Int[ndarray, " row"]:
    codes = np.empty(settings.rows, dtype=np.int64)
    at, regime = 0, int(generator.integers(len(REGIMES)))
    while at < settings.rows:
        length = int(generator.integers(settings.shortest, settings.longest, endpoint=True))
        codes[at : at + length] = regime
        at += length
        regime = (regime + int(generator.integers(1, len(REGIMES)))) % len(REGIMES)
    return codes


def _stretches(codes: Int[ndarray, " row"]) -> list[tuple[int, int]]:
    cuts = [0, *(np.flatnonzero(np.diff(codes)) + 1).tolist(), len(codes)]
    return list(pairwise(cuts))
