"""Chaotic flows without a drive: Lorenz 1963, Rössler, Lorenz 1996."""

import math
from dataclasses import dataclass
from typing import Any, ClassVar

from pendula.systems.base import Flow, initial_value, parameter
from pendula.systems.elementary import Components, pad_periodic
from pendula.systems.facts import Fact, StateVariable

__all__ = ["Lorenz63", "Lorenz96", "Rossler"]

_SPROTT = "Sprott, Chaos and Time-Series Analysis (2003), appendix A"
_VARIATIONAL = "variational equations over 6000 units of time, RK4 with step 0.02"


@dataclass(frozen=True, kw_only=True, slots=True)
class Lorenz63(Flow):
    r"""Convection in three modes, $\dot x = \sigma(y - x)$, $\dot y = x(\rho - z) - y$, $\dot z = xy - \beta z$.

    Attributes:
        sigma: Prandtl number $\sigma$.
        rho: Rayleigh number over its critical value, $\rho$.
        beta: Geometric factor $\beta$.
        x0: Intensity of convection at time 0.
        y0: Horizontal temperature difference at time 0.
        z0: Distortion of the vertical temperature profile at time 0.

    References:
        Lorenz, *Deterministic nonperiodic flow*, Journal of the Atmospheric Sciences 20, 130 (1963), eq. (25)–(27).

    Examples:
        >>> Lorenz63().derivative(0.0, (1.0, 1.0, 27.0))
        (0.0, 0.0, -71.0)
    """

    name: ClassVar[str] = "lorenz63"
    equation: ClassVar[str] = "x' = sigma·(y - x),  y' = x·(rho - z) - y,  z' = x·y - beta·z"
    reference: ClassVar[str] = (
        "Lorenz, Deterministic nonperiodic flow, Journal of the Atmospheric Sciences 20, 130 (1963)"
    )
    default_dt: ClassVar[float] = 0.01
    default_duration: ClassVar[float] = 100.0

    sigma: float = parameter(10.0, unit="1", meaning="Prandtl number")
    rho: float = parameter(28.0, unit="1", meaning="Rayleigh number over its critical value")
    beta: float = parameter(8 / 3, unit="1", meaning="geometric factor")
    x0: float = initial_value(1.0, unit="1", meaning="intensity of convection")
    y0: float = initial_value(1.0, unit="1", meaning="horizontal temperature difference")
    z0: float = initial_value(1.0, unit="1", meaning="distortion of the vertical temperature profile")

    def derivative(self, t: Any, state: Components) -> Components:  # noqa: ARG002
        """Evaluate the right-hand side.

        Args:
            t: Time; the flow does not depend on it.
            state: The three modes.

        Returns:
            Their rates.
        """
        x, y, z = state
        return self.sigma * (y - x), x * (self.rho - z) - y, x * y - self.beta * z

    def facts(self) -> tuple[Fact, ...]:
        """List what is known of the flow.

        Returns:
            The sum of the exponents and the fixed points; the exponents themselves for the default parameters.
        """
        contraction = -(self.sigma + 1 + self.beta)
        known = [
            Fact(name="sum of Lyapunov exponents", value=contraction, unit="1", source="divergence of the flow"),
        ]
        if self.rho > 1 and self.beta > 0:
            x = math.sqrt(self.beta * (self.rho - 1))
            point = (x, x, self.rho - 1)
            known.append(
                Fact(name="fixed point", value=point, unit="1", source="closed form, with its image (-x, -y, z)")
            )
        if self.has_default_parameters:
            exponents = (0.9056, 0.0, -14.572)
            known.append(Fact(name="Lyapunov exponents", value=exponents, unit="1", source=_SPROTT))
        return tuple(known)


@dataclass(frozen=True, kw_only=True, slots=True)
class Rossler(Flow):
    r"""The folded band $\dot x = -y - z$, $\dot y = x + ay$, $\dot z = b + z(x - c)$.

    Attributes:
        a: Growth rate $a$ of the spiral.
        b: Injection $b$.
        c: Threshold $c$ of the fold.
        x0: First coordinate at time 0.
        y0: Second coordinate at time 0.
        z0: Third coordinate at time 0.

    References:
        Rössler, *An equation for continuous chaos*, Physics Letters A 57, 397 (1976).

    Examples:
        >>> Rossler().derivative(0.0, (0.0, 1.0, 0.0))
        (-1.0, 0.2, 0.2)
    """

    name: ClassVar[str] = "rossler"
    equation: ClassVar[str] = "x' = -y - z,  y' = x + a·y,  z' = b + z·(x - c)"
    reference: ClassVar[str] = "Rössler, An equation for continuous chaos, Physics Letters A 57, 397 (1976)"
    default_dt: ClassVar[float] = 0.05
    default_duration: ClassVar[float] = 500.0

    a: float = parameter(0.2, unit="1", meaning="growth rate of the spiral")
    b: float = parameter(0.2, unit="1", meaning="injection")
    c: float = parameter(5.7, unit="1", meaning="threshold of the fold")
    x0: float = initial_value(-6.0, unit="1", meaning="first coordinate of the spiral")
    y0: float = initial_value(0.0, unit="1", meaning="second coordinate of the spiral")
    z0: float = initial_value(0.0, unit="1", meaning="height of the fold")

    def derivative(self, t: Any, state: Components) -> Components:  # noqa: ARG002
        """Evaluate the right-hand side.

        Args:
            t: Time; the flow does not depend on it.
            state: The three coordinates.

        Returns:
            Their rates.
        """
        x, y, z = state
        return -y - z, x + self.a * y, self.b + z * (x - self.c)

    def facts(self) -> tuple[Fact, ...]:
        """List what is known of the flow.

        Returns:
            The Lyapunov exponents, for the default parameters.
        """
        if not self.has_default_parameters:
            return ()
        return (Fact(name="Lyapunov exponents", value=(0.0714, 0.0, -5.3943), unit="1", source=_SPROTT),)


@dataclass(frozen=True, kw_only=True, slots=True)
class Lorenz96(Flow):
    r"""Weather on a circle of latitude, $\dot x_i = (x_{i+1} - x_{i-2})x_{i-1} - x_i + F$.

    The default initial state is the unstable rest $x_i = F$ with the first site moved by 0.01.

    Attributes:
        sites: Number of sites on the circle, at least 4.
        forcing: Forcing $F$; the default, 8, is chaotic.

    References:
        Lorenz, *Predictability: a problem partly solved*, ECMWF Seminar on Predictability (1996), volume 1, pages 1-18;
        Lorenz and Emanuel, Journal of the Atmospheric Sciences 55, 399 (1998).

    Examples:
        >>> Lorenz96(sites=4, forcing=1.0).derivative(0.0, (1.0, 2.0, 3.0, 4.0))
        (-4.0, -2.0, 4.0, -6.0)
    """

    name: ClassVar[str] = "lorenz96"
    equation: ClassVar[str] = "x_i' = (x_{i+1} - x_{i-2})·x_{i-1} - x_i + forcing,  i = 1 … sites on a ring"
    reference: ClassVar[str] = (
        "Lorenz, Predictability: a problem partly solved, ECMWF Seminar on Predictability (1996), volume 1, pages 1-18"
    )
    default_dt: ClassVar[float] = 0.01
    default_duration: ClassVar[float] = 50.0

    sites: int = parameter(40, unit="1", meaning="number of sites", minimum=4)
    forcing: float = parameter(8.0, unit="1", meaning="forcing")

    @property
    def states(self) -> tuple[StateVariable, ...]:
        """The sites, `x1` and on."""
        return tuple(
            StateVariable(name=f"x{site}", unit="1", meaning=f"weather at site {site}")
            for site in range(1, self.sites + 1)
        )

    @property
    def initial_state(self) -> tuple[float, ...]:
        """The rest state, with the first site moved by 0.01."""
        return (self.forcing + 0.01, *(self.forcing for _ in range(self.sites - 1)))

    def derivative(self, t: Any, state: Components) -> Components:  # noqa: ARG002
        """Evaluate the right-hand side.

        Args:
            t: Time; the flow does not depend on it.
            state: The sites: a sequence, or an array or a tensor along its first axis.

        Returns:
            Their rates: an array or a tensor if `state` is one, otherwise a tuple.
        """
        ring = pad_periodic(state, before=2, after=1)
        forcing = self.forcing
        if isinstance(ring, tuple):
            return tuple((ring[i + 3] - ring[i]) * ring[i + 1] - ring[i + 2] + forcing for i in range(len(ring) - 3))
        return (ring[3:] - ring[:-3]) * ring[1:-2] - state + forcing

    def facts(self) -> tuple[Fact, ...]:
        """List what is known of the flow.

        Returns:
            The sum of the exponents; the doubling time of small errors for the default parameters.
        """
        contraction = Fact(
            name="sum of Lyapunov exponents", value=-float(self.sites), unit="1", source="divergence of the flow"
        )
        if not self.has_default_parameters:
            return (contraction,)
        doubling = "Lorenz and Emanuel (1998): 2.1 days, where a unit of time is 5 days"
        return (
            contraction,
            Fact(name="doubling time of small errors", value=0.42, unit="1", source=doubling),
            Fact(name="largest Lyapunov exponent", value=1.68, unit="1", source=_VARIATIONAL),
        )
