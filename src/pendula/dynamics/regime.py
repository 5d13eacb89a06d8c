"""What a system does in the end: rest, repeat itself, turn without ever repeating, or be chaotic."""

import math
from dataclasses import dataclass
from typing import Literal, TypeAlias

import torch

from pendula.dynamics.lyapunov import LyapunovSpectrum
from pendula.dynamics.state_map import StateMap, States
from pendula.errors import ArgumentError
from pendula.shapes import Float, Tensor

__all__ = ["Kind", "Regime", "judge", "run_on"]

Kind: TypeAlias = Literal["point", "periodic", "quasi-periodic", "chaotic", "divergent", "undecided"]

SAME = 1e-6
"""States this near, relative to the size of the orbit, are the same."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Regime:
    """A verdict and what it rests on.

    Attributes:
        kind: point, periodic, quasi-periodic, chaotic; divergent if the state grows without bound; undecided if the
            measurement was too short to tell.
        period: Of one round, or of the strongest oscillation, in units of time; None at rest.
        evidence: The findings, in plain sentences.
    """

    kind: Kind
    period: float | None
    evidence: tuple[str, ...]


def run_on(of: StateMap, start: Float[Tensor, " state"], *, steps: int, transient: int = 0) -> States:
    """Apply a map again and again.

    Args:
        of: The map.
        start: The first state.
        steps: How many states to keep.
        transient: How many to pass over before.

    Returns:
        The states, up to the last finite one.

    Raises:
        ArgumentError: If `steps` is below 1.

    Examples:
        >>> from pendula.dynamics.state_map import as_map
        >>> run_on(as_map(lambda h: 2 * h, size=1), torch.ones(1), steps=3)[:, 0]
        tensor([1., 2., 4.], dtype=torch.float64)
    """
    if steps < 1:
        raise ArgumentError(f"`steps` must be positive: expected 1 or more, got {steps}. Keep one state at least.")
    state = start.to(torch.float64)[None]
    orbit = []
    for number in range(transient + steps):
        if not bool(state.isfinite().all()):
            break
        if number >= transient:
            orbit.append(state[0])
        state = of.step(state)
    return torch.stack(orbit) if orbit else start.new_empty(0, len(start), dtype=torch.float64)


def judge(orbit: States, spectrum: LyapunovSpectrum | None, *, steps: int, dt: float = 1.0) -> Regime:
    """Judge what a system does from an orbit and the exponents along it.

    Args:
        orbit: States one after the other, after the transient.
        spectrum: The exponents; None if a trajectory left the finite numbers.
        steps: How many states the orbit was to have.
        dt: Time of one step.

    Returns:
        The verdict.

    Examples:
        >>> from pendula.dynamics.lyapunov import lyapunov_spectrum
        >>> from pendula.dynamics.state_map import as_map
        >>> halved = as_map(lambda h: h / 2, size=1)
        >>> judge(run_on(halved, torch.ones(1), steps=200), lyapunov_spectrum(halved, torch.ones(1, 1)), steps=200).kind
        'point'
    """
    if len(orbit) < steps or spectrum is None:
        lasted = f"The state left the finite numbers after {len(orbit)} steps."
        return Regime(kind="divergent", period=None, evidence=(lasted,))
    largest, error = float(spectrum.exponents[0]), float(spectrum.errors[0])
    said = f"The largest Lyapunov exponent is {largest:.4g} ± {error:.1g} per unit of time."
    round_steps = _recurrence(orbit)
    if round_steps == 1:
        return Regime(kind="point", period=None, evidence=("The state comes to rest.", said))
    if round_steps:
        again = f"The state comes back after {round_steps} steps, again and again, to one part in a million."
        return Regime(kind="periodic", period=round_steps * dt, evidence=(again, said))
    period = _strongest_period(orbit)
    if largest - 3 * error > 0 and not bool(spectrum.is_zero[0]):
        dimension = spectrum.dimension
        told = "" if dimension is None else f" The attractor's Kaplan–Yorke dimension is {dimension:.3f}."
        return Regime(kind="chaotic", period=period * dt, evidence=(said + " It is positive." + told,))
    if bool(spectrum.is_zero[0]):
        zeros = int(spectrum.is_zero.sum())
        fills = "a closed curve" if zeros == 1 else f"a torus of at most {zeros} dimensions"
        told = f"{zeros} of {len(spectrum.exponents)} exponents cannot be told from zero, and the state fills {fills}."
        strongest = (
            f"The strongest oscillation takes {period:.5g} steps; the state does not come back after any number."
        )
        return Regime(kind="quasi-periodic", period=period * dt, evidence=(said, told, strongest))
    settling = _settles(orbit, largest * dt)
    if settling:
        return Regime(kind="point", period=None, evidence=(said, settling))
    open_end = "It is negative, but the state has neither come to rest nor come back: it may still be settling."
    return Regime(kind="undecided", period=period * dt, evidence=(said, open_end))


def _recurrence(orbit: States) -> int:
    # The smallest number of steps after which the last half of the orbit repeats itself; 0 if there is none.
    half = orbit[len(orbit) // 2 :]
    size = float((half.amax(dim=0) - half.amin(dim=0)).max())
    if size <= SAME * (1 + float(half.abs().max())):
        return 1
    from_last = (half - half[-1]).abs().amax(dim=1)
    near = (from_last < SAME * size).nonzero()[:, 0]
    for index in near.flip(0).tolist():
        lag = len(half) - 1 - index
        if 1 < lag <= len(half) // 3 and bool(((half[lag:] - half[:-lag]).abs().amax(dim=1) < SAME * size).all()):
            return int(lag)
    return 0


def _settles(orbit: States, rate: float) -> str:
    # An orbit that shrinks at the rate of its exponent is on its way to a point.
    quarter = len(orbit) // 4
    sizes = [float((part.amax(dim=0) - part.amin(dim=0)).max()) for part in (orbit[:quarter], orbit[-quarter:])]
    expected = math.exp(max(3 * quarter * rate, -700.0))
    if sizes[1] < 0.5 * sizes[0] and sizes[1] < 10 * math.sqrt(expected) * sizes[0]:
        return f"The orbit shrinks, from a size of {sizes[0]:.2g} to {sizes[1]:.2g}: it settles on a point."
    return ""


def _strongest_period(orbit: States) -> float:
    # Of the component that moves most: the peak of the spectrum, refined by a parabola through its logarithm.
    moving = orbit[:, int(orbit.std(dim=0).argmax())]
    window = torch.hann_window(len(moving), periodic=False, dtype=torch.float64)
    power = torch.fft.rfft((moving - moving.mean()) * window).abs().square().clamp(min=1e-300).log()
    peak = 1 + int(power[1:-1].argmax()) if len(power) > 3 else 1
    if not 0 < peak < len(power) - 1:
        return float(len(moving))
    left, middle, right = power[peak - 1 : peak + 2].tolist()
    bend = left - 2 * middle + right
    shift = 0.5 * (left - right) / bend if bend else 0.0
    return len(moving) / (peak + shift)
