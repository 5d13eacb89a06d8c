"""Maps: the logistic map and the Hénon map."""

import math
from dataclasses import dataclass
from typing import ClassVar

from pendula.systems.base import Map, initial_value, parameter
from pendula.systems.elementary import Components
from pendula.systems.facts import Fact

__all__ = ["Henon", "Logistic"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Logistic(Map):
    r"""The quadratic map $x_{k+1} = r x_k (1 - x_k)$ of the unit interval.

    Attributes:
        r: Growth rate $r$; the interval is mapped into itself for $0 \le r \le 4$.
        x0: Population at step 0, between 0 and 1.

    References:
        May, *Simple mathematical models with very complicated dynamics*, Nature 261, 459 (1976).

    Examples:
        >>> Logistic().successor((0.5,))
        (1.0,)
    """

    name: ClassVar[str] = "logistic"
    equation: ClassVar[str] = "x[k+1] = r·x[k]·(1 - x[k])"
    reference: ClassVar[str] = "May, Simple mathematical models with very complicated dynamics, Nature 261, 459 (1976)"
    default_duration: ClassVar[float] = 1000.0

    r: float = parameter(4.0, unit="1", meaning="growth rate")
    x0: float = initial_value(0.4, unit="1", meaning="population")

    def successor(self, state: Components) -> Components:
        """Apply the map once.

        Args:
            state: The population.

        Returns:
            The population one step later.
        """
        (x,) = state
        return (self.r * x * (1 - x),)

    def facts(self) -> tuple[Fact, ...]:
        """List what is known of the map.

        Returns:
            The fixed point; the Lyapunov exponent and the moments of the invariant density for r = 4.
        """
        known = []
        if self.r > 1:
            known.append(Fact(name="fixed point", value=1 - 1 / self.r, unit="1", source="closed form, 1 - 1/r"))
        if self.r == 4:
            density = "invariant density 1/(π·sqrt(x(1 - x)))"
            known += [
                Fact(
                    name="Lyapunov exponent", value=math.log(2), unit="1", source=f"closed form, ln 2, by the {density}"
                ),
                Fact(name="mean", value=0.5, unit="1", source=density),
                Fact(name="variance", value=0.125, unit="1", source=density),
            ]
        return tuple(known)


@dataclass(frozen=True, kw_only=True, slots=True)
class Henon(Map):
    r"""The stretched and folded plane $x_{k+1} = 1 - a x_k^2 + y_k$, $y_{k+1} = b x_k$.

    Attributes:
        a: Folding $a$.
        b: Contraction of areas $b$.
        x0: First coordinate at step 0.
        y0: Second coordinate at step 0.

    References:
        Hénon, *A two-dimensional mapping with a strange attractor*, Communications in Mathematical Physics 50, 69
        (1976).

    Examples:
        >>> Henon().successor((1.0, 0.0))
        (-0.4, 0.3)
    """

    name: ClassVar[str] = "henon"
    equation: ClassVar[str] = "x[k+1] = 1 - a·x[k]² + y[k],  y[k+1] = b·x[k]"
    reference: ClassVar[str] = (
        "Hénon, A two-dimensional mapping with a strange attractor, "
        "Communications in Mathematical Physics 50, 69 (1976)"
    )
    default_duration: ClassVar[float] = 1000.0

    a: float = parameter(1.4, unit="1", meaning="folding")
    b: float = parameter(0.3, unit="1", meaning="contraction of areas")
    x0: float = initial_value(0.0, unit="1", meaning="first coordinate")
    y0: float = initial_value(0.0, unit="1", meaning="second coordinate")

    def successor(self, state: Components) -> Components:
        """Apply the map once.

        Args:
            state: The two coordinates.

        Returns:
            The coordinates one step later.
        """
        x, y = state
        return 1 - self.a * x * x + y, self.b * x

    def facts(self) -> tuple[Fact, ...]:
        """List what is known of the map.

        Returns:
            The sum of the exponents; the exponents themselves for the default parameters.
        """
        known = []
        if self.b:
            total = math.log(abs(self.b))
            known.append(
                Fact(name="sum of Lyapunov exponents", value=total, unit="1", source="Jacobian determinant -b")
            )
        if self.has_default_parameters:
            sprott = "Sprott, Chaos and Time-Series Analysis (2003), appendix A"
            known.append(Fact(name="Lyapunov exponents", value=(0.4192, -1.6232), unit="1", source=sprott))
        return tuple(known)
