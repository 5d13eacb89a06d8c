r"""The Lyapunov spectrum by QR, with its convergence, an error bar, and the Kaplan–Yorke dimension.

Directions are pushed along trajectories and orthogonalized again and again; the mean logarithms of their growth in
between are the exponents. The average is weighted by a smooth bump, so that what oscillates
cancels faster than any power of time where the motion is regular, and no slower than otherwise where it is chaotic.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

import torch

from pendula.dynamics.driven import DrivenNet
from pendula.dynamics.state_map import Directions, StateMap, States, check_map
from pendula.errors import ArgumentError, DataError, DivergedError
from pendula.shapes import Float, Tensor

__all__ = [
    "Advance",
    "LyapunovSettings",
    "LyapunovSpectrum",
    "conditional_spectrum",
    "kaplan_yorke",
    "lyapunov_spectrum",
    "measure_spectrum",
]

Advance: TypeAlias = Callable[[int, States, Directions], tuple[States, Directions]]
"""Takes the number of a step, states and directions to the next states and the pushed directions."""

SUPERSTABLE = -32.0
"""A logarithm per step below this is rounding: the direction is lost at once, and its exponent is −∞."""

HISTORY = 200
"""Points of the record of convergence."""


@dataclass(frozen=True, kw_only=True, slots=True)
class LyapunovSettings:
    """How a spectrum is measured.

    Attributes:
        count: How many exponents, the largest first; 0 for all of them, up to 32.
        steps: Steps that are averaged over.
        transient: Steps before, in which states settle and directions align.
        interval: Steps between two orthogonalizations.
        dt: Time of one step; exponents are per unit of time.
        seed: Of the first directions.
    """

    count: int = 0
    steps: int = 2000
    transient: int = 500
    interval: int = 1
    dt: float = 1.0
    seed: int = 0

    def __post_init__(self) -> None:
        for name, low in (("count", 0), ("steps", 10), ("transient", 0), ("interval", 1)):
            if getattr(self, name) < low:
                raise ArgumentError(f"`{name}` must be at least {low}: got {getattr(self, name)}. Choose more.")
        if not self.dt > 0:
            raise ArgumentError(f"`dt` must be positive: got {self.dt}. Give the time of one step.")


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class LyapunovSpectrum:
    """Exponents and how well they are known.

    Attributes:
        exponents: Per unit of time, the largest first; −∞ for a direction that is lost within one step.
        errors: Standard error of each: the spread over trajectories and what the estimate still drifts.
        size: How many exponents the system has.
        times: Times of the record of convergence.
        history: The estimate of each exponent up to that time.
        end: The last state of each trajectory.
    """

    exponents: Float[Tensor, " exponent"]
    errors: Float[Tensor, " exponent"]
    size: int
    times: Float[Tensor, " time"]
    history: Float[Tensor, "time exponent"]
    end: States

    @property
    def dimension(self) -> float | None:
        """The Kaplan–Yorke dimension; None if more exponents are needed to know it."""
        exponents = torch.where(self.is_zero, 0.0, self.exponents)
        return kaplan_yorke(exponents.tolist(), size=self.size)

    @property
    def is_zero(self) -> Tensor:
        """Which exponents cannot be told from zero: within three standard errors of it, or 1e-6 a step."""
        return self.exponents.abs() <= 3 * self.errors + 1e-6


def lyapunov_spectrum(of: StateMap, starts: States, settings: LyapunovSettings | None = None) -> LyapunovSpectrum:
    """Measure the exponents of a map.

    Args:
        of: The map.
        starts: Where trajectories start, one a row; several give the better error bar.
        settings: How to measure.

    Returns:
        The spectrum.

    Raises:
        ArgumentError: If the map is not autonomous.
        DivergedError: If a trajectory leaves the finite numbers.

    References:
        G. Benettin, L. Galgani, A. Giorgilli and J.-M. Strelcyn, Meccanica 15 (1980) 9 and 21; S. Das, Y. Saiki,
        E. Sander and J. A. Yorke, "Quantitative quasiperiodicity", Nonlinearity 30 (2017) 4111, eq. (3), for the
        weights.

    Examples:
        >>> from pendula.dynamics.state_map import as_map
        >>> tent = as_map(lambda h: 0.5 * h, size=1)
        >>> lyapunov_spectrum(tent, torch.ones(1, 1)).exponents  # ln ½
        tensor([-0.6931], dtype=torch.float64)
    """
    starts = check_map(of, starts.to(torch.float64))
    return measure_spectrum(lambda _, states, frames: of.push(states, frames), starts, settings or LyapunovSettings())


def conditional_spectrum(
    net: DrivenNet,
    inputs: Float[Tensor, "time input"],
    starts: States,
    settings: LyapunovSettings | None = None,
) -> LyapunovSpectrum:
    """Measure the exponents of a net under its input: whether it forgets where it started.

    Args:
        net: The net.
        inputs: What it is shown, as many rows as transient and steps together at least; fewer shorten both.
        starts: First states, one a row.
        settings: How to measure.

    Returns:
        The conditional spectrum; negative throughout if the state becomes a function of the inputs.

    Raises:
        DataError: If there are too few inputs.
        DivergedError: If a trajectory leaves the finite numbers.

    References:
        L. M. Pecora and T. L. Carroll, Physical Review Letters 64 (1990) 821.

    Examples:
        >>> from pendula.dynamics.driven import as_net
        >>> quiet = as_net(torch.nn.RNN(1, 3))
        >>> settings = LyapunovSettings(steps=100, transient=50)
        >>> spectrum = conditional_spectrum(quiet, torch.zeros(150, 1), torch.zeros(1, 3), settings)
        >>> bool((spectrum.exponents < 0).all())
        True
    """
    settings = settings or LyapunovSettings()
    rows = inputs.to(torch.float64)
    if len(rows) < settings.transient + settings.steps:
        raise DataError(
            f"`inputs` must last as long as the measurement: expected {settings.transient + settings.steps} steps, "
            f"got {len(rows)}. Show more, or lower `steps`."
        )

    def advance(number: int, states: States, frames: Directions) -> tuple[States, Directions]:
        return net.push(states, rows[number].expand(len(states), -1), frames, None)

    return measure_spectrum(advance, starts.to(torch.float64), settings)


def measure_spectrum(advance: Advance, starts: States, settings: LyapunovSettings) -> LyapunovSpectrum:
    """Push orthogonal directions along trajectories, and average the logarithms of their growth.

    Args:
        advance: One step of states and directions.
        starts: Where trajectories start.
        settings: How to measure.

    Returns:
        The spectrum.

    Raises:
        DivergedError: If a trajectory leaves the finite numbers.
    """
    batch, size = starts.shape
    count = min(size, settings.count or 32)
    generator = torch.Generator().manual_seed(settings.seed)
    frames = torch.randn(batch, size, count, generator=generator, dtype=torch.float64)
    states, frames = starts, torch.linalg.qr(frames).Q
    growth = []
    total = settings.transient + settings.steps
    for number in range(total):
        states, frames = advance(number, states, frames)
        if (number + 1) % settings.interval and number + 1 != settings.transient and number + 1 != total:
            continue
        if not bool(states.isfinite().all() & frames.isfinite().all()):
            raise DivergedError(
                f"The trajectory diverged at step {number + 1} of {total}. Start from states that the system visits, "
                "or measure fewer `steps`."
            )
        frames, triangle = torch.linalg.qr(frames)
        if number >= settings.transient:
            growth.append(triangle.diagonal(dim1=1, dim2=2).abs().clamp(min=1e-300).log())
    return _summed_up(torch.stack(growth), states, settings)


def kaplan_yorke(exponents: list[float], *, size: int | None = None) -> float | None:
    r"""Compute the Kaplan–Yorke dimension, $j + \sum_{i \le j} \lambda_i / |\lambda_{j+1}|$.

    Args:
        exponents: The largest exponents, in falling order.
        size: How many there are in all; as many as given if left out.

    Returns:
        The dimension; None if the sum of those given is not negative and there are more.

    References:
        J. L. Kaplan and J. A. Yorke, in *Functional Differential Equations and Approximation of Fixed Points* (1979),
        Lecture Notes in Mathematics 730, p. 204.

    Examples:
        >>> kaplan_yorke([0.9056, 0.0, -14.572])
        2.062
    """
    total = 0.0
    for j, exponent in enumerate(exponents):
        if total + exponent < 0:
            return j + (total / -exponent if math.isfinite(exponent) else 0.0)
        total += exponent
    return float(len(exponents)) if size is None or size == len(exponents) else None


def _summed_up(growth: Tensor, states: States, settings: LyapunovSettings) -> LyapunovSpectrum:
    blocks = len(growth)
    per_time = blocks / (settings.steps * settings.dt)
    each = _weighted(growth) * per_time  # trajectory, exponent
    mean = each.mean(dim=0)
    spread = each.std(dim=0) / math.sqrt(len(each)) if len(each) > 1 else _piece_error(growth) * per_time
    drift = ((_weighted(growth[blocks // 2 :]).mean(dim=0) * per_time) - mean).abs()
    # Halves of a chaotic record differ by chance alone; over many trajectories the spread tells that already.
    errors = torch.hypot(spread, drift / math.sqrt(len(each)) if len(each) > 1 else drift * 0.5)
    lost = mean < SUPERSTABLE * per_time * settings.steps / blocks
    order = mean.argsort(descending=True)
    points = torch.linspace(1, blocks, min(blocks, HISTORY)).long()
    running = growth.mean(dim=1).cumsum(dim=0)[points - 1] / points[:, None] * per_time
    return LyapunovSpectrum(
        exponents=torch.where(lost, -math.inf, mean)[order],
        errors=torch.where(lost, 0.0, errors)[order],
        size=states.shape[1],
        times=points * (settings.steps * settings.dt / blocks),
        history=running[:, order],
        end=states,
    )


def _weighted(growth: Float[Tensor, "block trajectory exponent"]) -> Float[Tensor, "trajectory exponent"]:
    t = (torch.arange(len(growth), dtype=torch.float64) + 0.5) / len(growth)
    weights = torch.exp(-1 / (t * (1 - t)))
    mean: Tensor = torch.tensordot(weights / weights.sum(), growth, dims=1)
    return mean


def _piece_error(growth: Float[Tensor, "block trajectory exponent"], pieces: int = 8) -> Float[Tensor, " exponent"]:
    # Of one trajectory: the spread of the estimates from eight pieces, each long enough to forget the one before.
    rows = len(growth) // pieces
    if rows < 2:
        return growth[:, 0].std(dim=0)
    estimates = torch.stack([_weighted(growth[k * rows : (k + 1) * rows])[0] for k in range(pieces)])
    return estimates.std(dim=0) / math.sqrt(pieces)
