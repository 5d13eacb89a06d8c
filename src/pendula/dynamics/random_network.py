"""Random recurrent networks left to themselves: silence, point attractors, oscillation and chaos."""

from dataclasses import dataclass
from typing import Literal, TypeAlias, get_args

import numpy as np

from pendula.errors import ArgumentError
from pendula.shapes import Float, Int, ndarray

__all__ = [
    "BEHAVIORS",
    "Behavior",
    "GainSweep",
    "SweepSettings",
    "mean_field_exponent",
    "random_weights",
    "sweep_gains",
]

Behavior: TypeAlias = Literal["silence", "point attractor", "periodic", "quasi-periodic", "chaos"]
BEHAVIORS: tuple[Behavior, ...] = get_args(Behavior)
"""From the simplest to the richest."""

QUIET = 1e-3
"""A network whose units are below this in the root mean square is silent."""

ALIKE = 1e-5
"""States that differ by less than this share count as one."""


@dataclass(frozen=True, kw_only=True, slots=True)
class SweepSettings:
    """How a random network is followed.

    Attributes:
        transient: Steps before anything is measured.
        steps: Steps over which the exponent is averaged.
        longest: The longest period that is looked for, in steps.
        start: Root mean square of the first state.
    """

    transient: int = 1500
    steps: int = 1500
    longest: int = 64
    start: float = 0.5

    def __post_init__(self) -> None:
        """Check the settings.

        Raises:
            ArgumentError: If a setting is out of range.
        """
        for name, low in (("transient", 0), ("steps", 100), ("longest", 1)):
            if getattr(self, name) < low:
                raise ArgumentError(f"`{name}` must be at least {low}: got {getattr(self, name)}. Choose more.")
        if not 0 < self.start < float("inf"):
            raise ArgumentError(f"`start` must be positive: expected a finite number, got {self.start}.")

    @property
    def resolution(self) -> float:
        """An exponent below this cannot be told from zero in so many steps, per step."""
        return 5.0 / self.steps


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class GainSweep:
    """What one network does at each gain.

    Attributes:
        gains: The gains.
        exponents: The largest Lyapunov exponent at each, per step.
        errors: Its standard error, from the spread over ten stretches of the run.
        periods: The period in steps; 1 for a fixed point, 0 where the state does not return.
        sizes: Root mean square of the units at the end.
        behaviors: Index into `BEHAVIORS`.
    """

    gains: Float[ndarray, " gain"]
    exponents: Float[ndarray, " gain"]
    errors: Float[ndarray, " gain"]
    periods: Int[ndarray, " gain"]
    sizes: Float[ndarray, " gain"]
    behaviors: Int[ndarray, " gain"]


def random_weights(size: int, *, seed: int) -> Float[ndarray, "unit unit"]:
    """Draw independent normal weights of variance 1/size, whose eigenvalues fill the unit disk as the size grows.

    Args:
        size: Number of units.
        seed: Of the draws.

    Returns:
        W, from unit (column) to unit (row).

    Raises:
        ArgumentError: If there is no unit.

    Examples:
        >>> round(float(random_weights(400, seed=0).var() * 400), 1)
        1.0
    """
    if size < 1:
        raise ArgumentError(f"`size` must be positive: expected 1 unit or more, got {size}.")
    return np.random.default_rng([seed, size]).normal(0.0, size**-0.5, (size, size))


def sweep_gains(
    weights: Float[ndarray, "unit unit"],
    gains: Float[ndarray, " gain"],
    *,
    seed: int = 0,
    settings: SweepSettings | None = None,
) -> GainSweep:
    r"""Let $h_{t+1} = \tanh(g W h_t)$ run at many gains at once, and see what it does.

    A tangent vector is carried along, $v_{t+1} = \mathrm{diag}(1 - h_{t+1}^2)\, g W v_t$; the mean logarithm of its
    growth is the largest exponent. The mean is weighted by a smooth bump, so that the exponent of a regular motion
    converges faster than any power of time. Chaos is an exponent above zero by three standard errors and by
    `resolution`; otherwise the state returns after a period, or goes around without returning.

    Args:
        weights: W.
        gains: g, all positive.
        seed: Of the first state, the same for all gains, and of the first tangent vector.
        settings: How the network is followed.

    Returns:
        Exponents, periods and behaviors.

    Raises:
        ArgumentError: If a gain is not positive.

    References:
        H. Sompolinsky, A. Crisanti and H. J. Sommers, Physical Review Letters 61, 259 (1988), in continuous time;
        L. Molgedey, J. Schuchhardt and H. G. Schuster, Physical Review Letters 69, 3717 (1992), for this map. The
        weights of the mean: S. Das et al., Nonlinearity 30, 4111 (2017), eq. (3).

    Examples:
        >>> sweep = sweep_gains(np.array([[1.0]]), np.array([0.5, 2.0]))
        >>> [BEHAVIORS[index] for index in sweep.behaviors], float(sweep.exponents[0])  # ln ½
        (['silence', 'point attractor'], -0.6931)
    """
    settings = settings or SweepSettings()
    if not (np.isfinite(gains) & (gains > 0)).all():
        raise ArgumentError("`gains` must be positive: expected finite numbers above 0. Leave the others out.")
    generator = np.random.default_rng([seed, len(weights), 1])
    state, tangent = (np.repeat(generator.normal(size=(len(weights), 1)), len(gains), axis=1) for _ in range(2))
    state, growth, recent = _followed(weights, gains, settings.start * state, tangent, settings)
    exponents, errors = _exponents(growth)
    periods = _periods(state, recent)
    sizes = np.sqrt(np.square(state).mean(axis=0))
    behaviors = _behaviors(exponents, errors, periods, sizes, settings.resolution)
    return GainSweep(gains=gains, exponents=exponents, errors=errors, periods=periods, sizes=sizes, behaviors=behaviors)


def mean_field_exponent(gain: float) -> float:
    r"""Compute the largest exponent of an infinitely large random network.

    $\lambda = \log g + \tfrac12 \log \langle \tanh'^2(g\sqrt q\, z)\rangle$ with $q = \langle \tanh^2(g\sqrt q\,
    z)\rangle$ over normal z: log g below g = 1, about ⅔ (g − 1)² just above.

    Args:
        gain: g.

    Returns:
        The exponent per step.

    References:
        L. Molgedey, J. Schuchhardt and H. G. Schuster, Physical Review Letters 69, 3717 (1992).

    Examples:
        >>> mean_field_exponent(0.5)  # ln ½
        -0.6931
        >>> mean_field_exponent(1.5)
        0.0652
    """
    if gain <= 1:
        return float(np.log(gain))
    from scipy.optimize import brentq

    nodes, share = np.polynomial.hermite_e.hermegauss(101)
    share = share / share.sum()

    def excess(q: float) -> float:
        return float(share @ np.tanh(gain * np.sqrt(q) * nodes) ** 2 / q - 1.0)

    q = brentq(excess, 1e-9, 1.0)
    slopes = np.cosh(gain * np.sqrt(q) * nodes) ** -4.0
    return float(np.log(gain) + 0.5 * np.log(share @ slopes))


def _followed(
    weights: Float[ndarray, "unit unit"],
    gains: Float[ndarray, " gain"],
    state: Float[ndarray, "unit gain"],
    tangent: Float[ndarray, "unit gain"],
    settings: SweepSettings,
) -> tuple[Float[ndarray, "unit gain"], Float[ndarray, "step gain"], Float[ndarray, "longest unit gain"]]:
    # The last state, the logarithms of growth, and the states 1, 2, … steps before the last.
    growth = np.empty((settings.steps, len(gains)))
    recent = np.full((settings.longest, *state.shape), np.nan)
    for step in range(-settings.transient, settings.steps):
        state = np.tanh(gains * (weights @ state))
        tangent = (1 - state**2) * (gains * (weights @ tangent))
        norm = np.maximum(np.linalg.norm(tangent, axis=0), np.finfo(np.float64).tiny)
        tangent /= norm
        if step >= 0:
            growth[step] = np.log(norm)
        left = settings.steps - 1 - step
        if 0 < left <= settings.longest:
            recent[left - 1] = state
    return state, growth, recent


def _exponents(growth: Float[ndarray, "step gain"]) -> tuple[Float[ndarray, " gain"], Float[ndarray, " gain"]]:
    inner = (np.arange(len(growth)) + 0.5) / len(growth)
    bump = np.exp(-1.0 / (inner * (1.0 - inner)))
    stretches = np.array([part.mean(axis=0) for part in np.array_split(growth, 10)])
    return bump @ growth / bump.sum(), stretches.std(axis=0, ddof=1) / np.sqrt(len(stretches))


def _periods(state: Float[ndarray, "unit gain"], recent: Float[ndarray, "longest unit gain"]) -> Int[ndarray, " gain"]:
    apart = np.linalg.norm(recent - state, axis=1)
    same = apart <= ALIKE * np.linalg.norm(state, axis=0)
    return np.where(same.any(axis=0), same.argmax(axis=0) + 1, 0)


def _behaviors(
    exponents: Float[ndarray, " gain"],
    errors: Float[ndarray, " gain"],
    periods: Int[ndarray, " gain"],
    sizes: Float[ndarray, " gain"],
    resolution: float,
) -> Int[ndarray, " gain"]:
    found = np.full(len(exponents), BEHAVIORS.index("quasi-periodic"))
    found[exponents > np.maximum(3 * errors, resolution)] = BEHAVIORS.index("chaos")
    found[periods > 1] = BEHAVIORS.index("periodic")
    found[periods == 1] = BEHAVIORS.index("point attractor")
    found[sizes < QUIET] = BEHAVIORS.index("silence")
    return found
