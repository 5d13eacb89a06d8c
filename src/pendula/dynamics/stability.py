"""What the eigenvalues of a Jacobian say about the neighborhood of a fixed point."""

import math
from dataclasses import dataclass

import torch

from pendula.shapes import Float, Tensor

__all__ = ["MARGINAL", "Mode", "Stability", "leading_directions", "stability_of"]

MARGINAL = 1e-7
"""An eigenvalue this near the unit circle neither decays nor grows as far as one can tell."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Mode:
    """A direction, or a plane of rotation, in which a disturbance decays or grows by a factor a step.

    Attributes:
        eigenvalue: The factor; of a complex pair the one above the real axis.
        decay_time: Time in which a disturbance falls by a factor e, in units of time; negative if it grows, infinite
            if it stays.
        period: Time of one turn, in units of time; two steps for a negative factor, infinite without rotation.
    """

    eigenvalue: complex
    decay_time: float
    period: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Stability:
    """What becomes of small disturbances.

    Attributes:
        kind: stable, unstable or marginal node or focus; saddle. A focus turns: its leading eigenvalue is complex.
        index: How many directions grow.
        is_stable: Whether every disturbance decays.
        modes: The modes, the slowest to decay first.
    """

    kind: str
    index: int
    is_stable: bool
    modes: tuple[Mode, ...]


def stability_of(jacobian: Float[Tensor, "state state"], *, dt: float = 1.0) -> Stability:
    """Judge a fixed point by its Jacobian.

    Args:
        jacobian: Of the map, at the point.
        dt: Time of one application of the map.

    Returns:
        Kind, index and modes with their times.

    References:
        S. H. Strogatz, *Nonlinear Dynamics and Chaos*, 2nd edition (2015), sections 5.2 and 10.1.

    Examples:
        >>> spiral = 0.5 * torch.tensor([[0.0, -1.0], [1.0, 0.0]], dtype=torch.float64)
        >>> found = stability_of(spiral, dt=0.1)
        >>> found.kind, found.modes[0].period, found.modes[0].decay_time
        ('stable focus', 0.4, 0.144)
    """
    values = sorted(torch.linalg.eigvals(jacobian).tolist(), key=lambda value: (-abs(value), -value.imag))
    index = sum(abs(value) > 1 + MARGINAL for value in values)
    marginal = sum(abs(abs(value) - 1) <= MARGINAL for value in values)
    modes = tuple(_mode(value, dt) for value in values if value.imag >= 0)
    return Stability(
        kind=_kind(values, index, marginal), index=index, is_stable=not index and not marginal, modes=modes
    )


def leading_directions(jacobian: Float[Tensor, "state state"]) -> Float[Tensor, "direction state"]:
    """Find the direction, or the plane, in which disturbances last longest or grow fastest.

    Args:
        jacobian: Of the map, at a fixed point.

    Returns:
        The eigenvector of the eigenvalue of largest modulus; of a complex one its real and its imaginary part.

    Examples:
        >>> leading_directions(torch.diag(torch.tensor([0.2, 0.9], dtype=torch.float64))).abs()
        tensor([[0., 1.]], dtype=torch.float64)
    """
    values, vectors = torch.linalg.eig(jacobian)
    leading = int(values.abs().argmax())
    vector = vectors[:, leading]
    parts = [vector.real, vector.imag] if values[leading].imag.abs() > 1e-12 * values[leading].abs() else [vector.real]
    return torch.stack(parts)


def _kind(values: list[complex], index: int, marginal: int) -> str:
    if 0 < index < len(values):
        return "saddle"
    leading = values[0]
    turns = abs(leading.imag) > 1e-12 * abs(leading)
    how = "unstable" if index else "marginal" if marginal else "stable"
    return f"{how} {'focus' if turns else 'node'}"


def _mode(value: complex, dt: float) -> Mode:
    size, angle = abs(value), abs(math.atan2(value.imag, value.real))
    rate = -math.log(size) if size > 0 else math.inf
    return Mode(
        eigenvalue=value,
        decay_time=math.inf if abs(size - 1) <= MARGINAL else dt / rate,
        period=2 * math.pi * dt / angle if angle > 1e-12 else math.inf,
    )
