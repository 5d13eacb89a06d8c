"""Pulses of a detector: particles of several kinds, pile-up, and noise."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from pendula.errors import ArgumentError
from pendula.shapes import Float, ndarray

if TYPE_CHECKING:
    import xarray

__all__ = ["PULSE_KINDS", "Pulses", "draw_pulses", "pulse_shape"]

PULSE_KINDS = ("fast", "slow", "pile-up")
"""A particle whose light decays fast, one whose light decays slowly, and two fast ones in one record."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Pulses:
    """How records of pulses are drawn. Times are in samples, heights in the rms of the noise.

    Attributes:
        samples: Length of a record.
        signal_to_noise: Height of the peak of a single pulse over the rms of the noise of one sample, at least.
        highest: At most; heights are drawn evenly in their logarithm, one for each record.
        rise: Time constant of the rise.
        fast: Time constant of the decay of a fast pulse.
        slow: Time constant of the decay of a slow pulse.
        earliest: First sample at which a pulse may begin.
        latest: Last one.
        nearest: Least time between two that pile up.
        farthest: Most time between them.
    """

    samples: int = 96
    signal_to_noise: float = 5.0
    highest: float = 5.0
    rise: float = 1.0
    fast: float = 6.0
    slow: float = 18.0
    earliest: int = 8
    latest: int = 32
    nearest: int = 10
    farthest: int = 36

    def __post_init__(self) -> None:
        if not 0 < self.rise < self.fast < self.slow:
            raise ArgumentError(
                f"`rise`, `fast` and `slow` must grow: expected 0 < rise < fast < slow, got {self.rise}, {self.fast} "
                f"and {self.slow}. Give them in samples."
            )
        if not 0 <= self.earliest <= self.latest < self.latest + self.farthest < self.samples:
            raise ArgumentError(
                f"`samples` must hold every pulse: expected more than {self.latest + self.farthest}, got "
                f"{self.samples}. Lengthen the records."
            )
        if not 0 < self.nearest <= self.farthest:
            raise ArgumentError(
                f"`nearest` must be positive and at most `farthest`: got {self.nearest} and {self.farthest}. "
                "Change one."
            )
        if not 0 < self.signal_to_noise <= self.highest < float("inf"):
            raise ArgumentError(
                f"`signal_to_noise` must be positive and at most `highest`: got {self.signal_to_noise} and "
                f"{self.highest}. It is the height of a peak over the rms of the noise."
            )


def pulse_shape(time: Float[ndarray, "*any"], *, rise: float, decay: float) -> Float[ndarray, "*any"]:
    r"""Compute a pulse that begins at time 0.

    $g(t) \propto e^{-t/\tau_d} - e^{-t/\tau_r}$ for $t \ge 0$, and 0 before; its peak is 1.

    Args:
        time: Time since it began.
        rise: τ_r, in units of time.
        decay: τ_d, in units of time; longer than the rise.

    Returns:
        Its height.

    References:
        G. F. Knoll, Radiation Detection and Measurement, 4th ed. (2010), chapter 17: an exponential pulse after one
        stage of integration.

    Examples:
        >>> peak = np.log(4.0) / 0.75  # ln(τ_d/τ_r) / (1/τ_r − 1/τ_d)
        >>> pulse_shape(np.array([-1.0, peak]), rise=1.0, decay=4.0)
        array([0., 1.])
    """
    peak = np.log(decay / rise) / (1 / rise - 1 / decay)
    since = np.maximum(time, 0.0)
    raw = np.exp(-since / decay) - np.exp(-since / rise)
    return np.asarray(raw / (np.exp(-peak / decay) - np.exp(-peak / rise)))


def draw_pulses(settings: Pulses, count: int, *, generator: np.random.Generator) -> "xarray.Dataset":
    """Draw records of pulses, one kind after the other.

    Args:
        settings: How they are drawn.
        count: How many records.
        generator: Draws onsets, distances, heights and noise.

    Returns:
        `signal` in units of the noise's rms, `kind` and `begun` (0 before the first pulse begins, 1 from then on) along
        `time`, in samples; the coordinate `trajectory` counts the records.

    Examples:
        >>> records = draw_pulses(Pulses(), 3, generator=np.random.default_rng(0))
        >>> records.sizes["time"], sorted(set(records["kind"].values.tolist()))
        (288, ['fast', 'pile-up', 'slow'])
    """
    import xarray as xr

    kinds = np.arange(count) % len(PULSE_KINDS)
    onsets = generator.integers(settings.earliest, settings.latest, size=count, endpoint=True)
    second = onsets + generator.integers(settings.nearest, settings.farthest, size=count, endpoint=True)
    time = np.arange(settings.samples)
    since = (time - onsets[:, None]).astype(np.float64)
    fast = pulse_shape(since, rise=settings.rise, decay=settings.fast)
    slow = pulse_shape(since, rise=settings.rise, decay=settings.slow)
    later = pulse_shape((time - second[:, None]).astype(np.float64), rise=settings.rise, decay=settings.fast)
    clean = np.stack([fast, slow, fast + later])[kinds, np.arange(count)]
    lowest, highest = float(np.log(settings.signal_to_noise)), float(np.log(settings.highest))
    heights = np.exp(generator.uniform(lowest, highest, size=(count, 1)))
    signal = heights * clean + generator.normal(size=clean.shape)
    size = settings.samples
    return xr.Dataset(
        {
            "signal": ("time", signal.ravel(), {"units": "rms"}),
            "kind": ("time", np.repeat(np.array(PULSE_KINDS)[kinds], size)),
            "begun": ("time", (since >= 0).astype(np.int64).ravel()),
        },
        coords={
            "time": ("time", np.tile(time, count), {"units": "sample"}),
            "trajectory": ("time", np.repeat(np.arange(count), size)),
        },
    )
