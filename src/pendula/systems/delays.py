"""Delay equations: Mackey–Glass."""

import math
from dataclasses import dataclass
from typing import Any, ClassVar

from pendula.systems.base import DelayFlow, initial_value, parameter
from pendula.systems.elementary import Components, power
from pendula.systems.facts import Fact

__all__ = ["MackeyGlass"]


@dataclass(frozen=True, kw_only=True, slots=True)
class MackeyGlass(DelayFlow):
    r"""Blood cells made with a delay, $\dot x(t) = \beta x(t-\tau)/(1 + x(t-\tau)^n) - \gamma x(t)$.

    Before time 0 the state is constant, $x(t) = x_0$. Samples are one unit of time apart and the integrator takes ten
    steps from one to the next. With `method="euler"` this is the series of the echo state networks: Euler's step 0.1,
    every tenth value kept.

    Attributes:
        beta: Production rate $\beta$.
        gamma: Decay rate $\gamma$.
        tau: Delay $\tau > 0$; chaotic from about 16.8 on.
        n: Exponent $n$.
        x0: Concentration up to time 0, not negative.

    References:
        Mackey and Glass, *Oscillation and chaos in physiological control systems*, Science 197, 287 (1977);
        Jaeger, *The "echo state" approach to analysing and training recurrent neural networks*, GMD report 148 (2001).

    Examples:
        >>> MackeyGlass().derivative(0.0, (1.0,), (1.0,))
        (0.0,)
    """

    name: ClassVar[str] = "mackey-glass"
    equation: ClassVar[str] = "x'(t) = beta·x(t - tau)/(1 + x(t - tau)^n) - gamma·x(t)"
    reference: ClassVar[str] = (
        "Mackey and Glass, Oscillation and chaos in physiological control systems, Science 197, 287 (1977)"
    )
    default_dt: ClassVar[float] = 1.0
    default_duration: ClassVar[float] = 3000.0
    default_substeps: ClassVar[int] = 10

    beta: float = parameter(0.2, unit="1", meaning="production rate")
    gamma: float = parameter(0.1, unit="1", meaning="decay rate")
    tau: float = parameter(17.0, unit="1", meaning="delay", minimum=0.0, is_open=True)
    n: float = parameter(10.0, unit="1", meaning="exponent")
    x0: float = initial_value(1.2, unit="1", meaning="concentration of blood cells")

    @property
    def delay(self) -> float:
        """The delay, in units of time."""
        return self.tau

    def derivative(self, t: Any, state: Components, delayed: Components) -> Components:  # noqa: ARG002
        """Evaluate the right-hand side.

        Args:
            t: Time; the equation does not depend on it.
            state: Concentration now.
            delayed: Concentration one delay ago.

        Returns:
            Rate of the concentration.
        """
        (x,), (past,) = state, delayed
        return (self.beta * past / (1 + power(past, self.n)) - self.gamma * x,)

    def facts(self) -> tuple[Fact, ...]:
        """List what is known of the equation.

        Returns:
            The fixed point; the largest Lyapunov exponent for the default parameters.
        """
        known = []
        if self.beta > self.gamma > 0 and self.n:
            point = math.pow(self.beta / self.gamma - 1, 1 / self.n)
            known.append(Fact(name="fixed point", value=point, unit="1", source="closed form, (beta/gamma - 1)^(1/n)"))
        if self.has_default_parameters:
            source = "variational equation over 100 000 units of time from 12 initial states, RK4 with step 0.1"
            known.append(Fact(name="largest Lyapunov exponent", value=0.0052, unit="1", source=source))
        return tuple(known)
