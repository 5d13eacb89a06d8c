"""Random processes whose steps have an exact distribution: AR(1) and Ornstein–Uhlenbeck."""

import math
from dataclasses import dataclass
from typing import ClassVar

from pendula.systems.base import Process, initial_value, parameter
from pendula.systems.elementary import Components
from pendula.systems.facts import Fact

__all__ = ["Autoregression", "OrnsteinUhlenbeck"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Autoregression(Process):
    r"""The autoregression of first order, $x_{k+1} = c + \varphi x_k + \sigma\,\xi_k$ with independent normal $\xi_k$.

    Attributes:
        phi: Share $\varphi$ of a value that is left in the next; stationary for $|\varphi| < 1$.
        c: Constant $c$.
        sigma: Standard deviation $\sigma \ge 0$ of the noise.
        x0: Value at step 0.

    References:
        Yule, *On a method of investigating periodicities in disturbed series*, Philosophical Transactions of the Royal
        Society A 226, 267 (1927).

    Examples:
        >>> Autoregression(phi=0.5).successor((2.0,), 1.0, (-1.0,))
        (0.0,)
    """

    name: ClassVar[str] = "ar1"
    equation: ClassVar[str] = "x[k+1] = c + phi·x[k] + sigma·n[k]"
    reference: ClassVar[str] = (
        "Yule, On a method of investigating periodicities in disturbed series, "
        "Philosophical Transactions of the Royal Society A 226, 267 (1927)"
    )
    default_dt: ClassVar[float] = 1.0
    default_duration: ClassVar[float] = 10_000.0
    counts_steps: ClassVar[bool] = True

    phi: float = parameter(0.9, unit="1", meaning="share of a value that is left in the next")
    c: float = parameter(0.0, unit="1", meaning="constant")
    sigma: float = parameter(1.0, unit="1", meaning="standard deviation of the noise", minimum=0.0)
    x0: float = initial_value(0.0, unit="1", meaning="value")

    def successor(self, state: Components, dt: float, noise: Components) -> Components:  # noqa: ARG002 # it is 1
        """Take one step.

        Args:
            state: The value.
            dt: Is 1.
            noise: A standard normal number.

        Returns:
            The next value.
        """
        (x,), (normal,) = state, noise
        return (self.c + self.phi * x + self.sigma * normal,)

    def facts(self) -> tuple[Fact, ...]:
        """List what is known of the process.

        Returns:
            The entropy rate; mean, variance and correlation time where it is stationary.
        """
        known = []
        if self.sigma > 0:
            entropy = 0.5 * math.log(2 * math.pi * math.e) + math.log(self.sigma)
            known.append(Fact(name="entropy rate", value=entropy, unit="nats/step", source="closed form, ln(σ√(2πe))"))
        if abs(self.phi) < 1:
            variance = self.sigma**2 / (1 - self.phi**2)
            known += [
                Fact(name="mean", value=self.c / (1 - self.phi), unit="1", source="closed form, c/(1 - phi)"),
                Fact(name="variance", value=variance, unit="1", source="closed form, sigma²/(1 - phi²)"),
            ]
        if 0 < self.phi < 1:
            time = -1 / math.log(self.phi)
            known.append(Fact(name="correlation time", value=time, unit="1", source="closed form, -1/ln(phi)"))
        return tuple(known)


@dataclass(frozen=True, kw_only=True, slots=True)
class OrnsteinUhlenbeck(Process):
    r"""The velocity of a Brownian particle, $\mathrm dv = -\gamma (v - u)\,\mathrm dt + \sigma\,\mathrm dW$.

    Samples have the exact distribution, whatever the interval: from v the next one is normal around
    $u + (v - u)e^{-\gamma\,\mathrm dt}$ with variance $\sigma^2 (1 - e^{-2\gamma\,\mathrm dt})/2\gamma$.

    Attributes:
        gamma: Friction rate $\gamma > 0$.
        u: Velocity of the medium $u$.
        sigma: Strength of the noise $\sigma \ge 0$; half of its square is the diffusion coefficient of velocities.
        v0: Velocity at time 0.

    References:
        Uhlenbeck and Ornstein, *On the theory of the Brownian motion*, Physical Review 36, 823 (1930); the exact step:
        Gillespie, Physical Review E 54, 2084 (1996).

    Examples:
        >>> OrnsteinUhlenbeck(gamma=1.0).successor((3.0,), math.log(3), (0.0,))
        (1.0,)
    """

    name: ClassVar[str] = "ornstein-uhlenbeck"
    equation: ClassVar[str] = "dv = -gamma·(v - u)·dt + sigma·dW"
    reference: ClassVar[str] = (
        "Uhlenbeck and Ornstein, On the theory of the Brownian motion, Physical Review 36, 823 (1930)"
    )
    time_unit: ClassVar[str] = "s"
    default_dt: ClassVar[float] = 0.1
    default_duration: ClassVar[float] = 1000.0

    gamma: float = parameter(0.5, unit="1/s", meaning="friction rate", minimum=0.0, is_open=True)
    u: float = parameter(0.0, unit="m/s", meaning="velocity of the medium")
    sigma: float = parameter(1.0, unit="m/s^1.5", meaning="strength of the noise", minimum=0.0)
    v0: float = initial_value(0.0, unit="m/s", meaning="velocity")

    def successor(self, state: Components, dt: float, noise: Components) -> Components:
        """Draw the velocity one interval later.

        Args:
            state: The velocity, in m/s.
            dt: The interval, in s.
            noise: A standard normal number.

        Returns:
            The next velocity.
        """
        (v,), (normal,) = state, noise
        deviation = self.sigma * math.sqrt(-math.expm1(-2 * self.gamma * dt) / (2 * self.gamma))
        return (self.u + (v - self.u) * math.exp(-self.gamma * dt) + deviation * normal,)

    def facts(self) -> tuple[Fact, ...]:
        """List what is known of the process.

        Returns:
            Mean, variance and correlation time.
        """
        variance = self.sigma**2 / (2 * self.gamma)
        return (
            Fact(name="mean", value=self.u, unit="m/s", source="closed form, u"),
            Fact(name="variance", value=variance, unit="m²/s²", source="closed form, sigma²/(2·gamma)"),
            Fact(name="correlation time", value=1 / self.gamma, unit="s", source="closed form, 1/gamma"),
        )
