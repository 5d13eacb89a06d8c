"""Nonlinear oscillators: Duffing, van der Pol, the pendulum, FitzHugh–Nagumo."""

import math
from dataclasses import dataclass
from typing import Any, ClassVar

from pendula.systems.base import Flow, initial_value, parameter
from pendula.systems.elementary import Components, cos, sin
from pendula.systems.facts import Fact

__all__ = ["Duffing", "FitzHughNagumo", "Pendulum", "VanDerPol"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Duffing(Flow):
    r"""The driven oscillator with a cubic force, $\ddot x + \delta\dot x + \alpha x + \beta x^3 = F\cos\Omega t$.

    The defaults give two wells at $x = \pm 1$ and chaotic jumps between them.

    Attributes:
        delta: Damping $\delta$.
        alpha: Linear stiffness $\alpha$; negative for two wells.
        beta: Cubic stiffness $\beta$.
        drive: Amplitude $F$ of the drive.
        drive_frequency: Angular frequency $\Omega$ of the drive.
        x0: Position at time 0.
        v0: Velocity at time 0.

    References:
        Guckenheimer and Holmes, *Nonlinear Oscillations, Dynamical Systems, and Bifurcations of Vector Fields*
        (1983), section 2.2.

    Examples:
        >>> Duffing(drive=0.0).derivative(0.0, (1.0, 0.0))
        (0.0, 0.0)
    """

    name: ClassVar[str] = "duffing"
    equation: ClassVar[str] = "x'' + delta·x' + alpha·x + beta·x³ = drive·cos(drive_frequency·t),  v = x'"
    reference: ClassVar[str] = (
        "Guckenheimer and Holmes, Nonlinear Oscillations, Dynamical Systems, and Bifurcations of Vector Fields (1983), "
        "section 2.2"
    )
    default_dt: ClassVar[float] = 0.02
    default_duration: ClassVar[float] = 200.0

    delta: float = parameter(0.3, unit="1", meaning="damping")
    alpha: float = parameter(-1.0, unit="1", meaning="linear stiffness")
    beta: float = parameter(1.0, unit="1", meaning="cubic stiffness")
    drive: float = parameter(0.5, unit="1", meaning="amplitude of the drive")
    drive_frequency: float = parameter(1.2, unit="rad", meaning="angular frequency of the drive")
    x0: float = initial_value(1.0, unit="1", meaning="position")
    v0: float = initial_value(0.0, unit="1", meaning="velocity")

    def derivative(self, t: Any, state: Components) -> Components:
        """Evaluate the right-hand side.

        Args:
            t: Time.
            state: Position and velocity.

        Returns:
            Velocity and acceleration.
        """
        x, v = state
        force = self.drive * cos(self.drive_frequency * t)
        return v, force - self.delta * v - x * (self.alpha + self.beta * x * x)

    def facts(self) -> tuple[Fact, ...]:
        """List what is known of the oscillator.

        Returns:
            The drive's period and the sum of the exponents; the exponents themselves for the default parameters.
        """
        return _driven_facts(self, contraction=self.delta, exponents=(0.105, -0.405))


@dataclass(frozen=True, kw_only=True, slots=True)
class Pendulum(Flow):
    r"""The driven, damped pendulum $\ddot\theta + 2\gamma\dot\theta + \omega_0^2\sin\theta = F\cos\Omega t$.

    The angle is not wrapped: it counts turns. The defaults are chaotic.

    Attributes:
        gamma: Damping rate $\gamma$, in 1/s.
        omega0: Angular frequency $\omega_0 > 0$ of small swings, in rad/s.
        drive: Driving torque over moment of inertia $F$, in rad/s².
        drive_frequency: Angular frequency $\Omega$ of the drive, in rad/s.
        theta0: Angle at time 0, in rad.
        v0: Angular velocity at time 0, in rad/s.

    References:
        Baker and Gollub, *Chaotic Dynamics: An Introduction*, 2nd edition (1996), chapter 3; there $q = 1/(2\gamma)$.

    Examples:
        >>> Pendulum(drive=0.0).derivative(0.0, (0.0, 1.0))
        (1.0, -0.5)
    """

    name: ClassVar[str] = "pendulum"
    equation: ClassVar[str] = (
        "theta'' + 2·gamma·theta' + omega0²·sin(theta) = drive·cos(drive_frequency·t),  v = theta'"
    )
    reference: ClassVar[str] = "Baker and Gollub, Chaotic Dynamics: An Introduction, 2nd edition (1996), chapter 3"
    time_unit: ClassVar[str] = "s"
    default_dt: ClassVar[float] = 0.02
    default_duration: ClassVar[float] = 200.0

    gamma: float = parameter(0.25, unit="1/s", meaning="damping rate")
    omega0: float = parameter(1.0, unit="rad/s", meaning="angular frequency of small swings", minimum=0.0, is_open=True)
    drive: float = parameter(1.5, unit="rad/s^2", meaning="driving torque over moment of inertia")
    drive_frequency: float = parameter(2 / 3, unit="rad/s", meaning="angular frequency of the drive")
    theta0: float = initial_value(0.2, unit="rad", meaning="angle")
    v0: float = initial_value(0.0, unit="rad/s", meaning="angular velocity")

    def derivative(self, t: Any, state: Components) -> Components:
        """Evaluate the right-hand side.

        Args:
            t: Time, in seconds.
            state: Angle (rad) and angular velocity (rad/s).

        Returns:
            Angular velocity (rad/s) and angular acceleration (rad/s²).
        """
        theta, v = state
        torque = self.drive * cos(self.drive_frequency * t)
        return v, torque - 2 * self.gamma * v - self.omega0 * self.omega0 * sin(theta)

    def facts(self) -> tuple[Fact, ...]:
        """List what is known of the pendulum.

        Returns:
            The periods, the sum of the exponents, and the exponents themselves for the default parameters.
        """
        period = Fact(name="period of small swings", value=2 * math.pi / self.omega0, unit="s", source="closed form")
        return (period, *_driven_facts(self, contraction=2 * self.gamma, exponents=(0.110, -0.610)))


@dataclass(frozen=True, kw_only=True, slots=True)
class VanDerPol(Flow):
    r"""The self-excited oscillator $\ddot x - \mu(1 - x^2)\dot x + x = F\cos\Omega t$.

    Attributes:
        mu: Strength $\mu$ of the nonlinear damping.
        drive: Amplitude $F$ of the drive; 0 by default.
        drive_frequency: Angular frequency $\Omega$ of the drive.
        x0: Position at time 0.
        v0: Velocity at time 0.

    References:
        van der Pol, *On relaxation-oscillations*, Philosophical Magazine 2, 978 (1926).

    Examples:
        >>> VanDerPol().derivative(0.0, (1.0, 3.0))
        (3.0, -1.0)
    """

    name: ClassVar[str] = "van-der-pol"
    equation: ClassVar[str] = "x'' - mu·(1 - x²)·x' + x = drive·cos(drive_frequency·t),  v = x'"
    reference: ClassVar[str] = "van der Pol, On relaxation-oscillations, Philosophical Magazine 2, 978 (1926)"
    default_dt: ClassVar[float] = 0.02
    default_duration: ClassVar[float] = 100.0

    mu: float = parameter(1.0, unit="1", meaning="strength of the nonlinear damping")
    drive: float = parameter(0.0, unit="1", meaning="amplitude of the drive")
    drive_frequency: float = parameter(1.0, unit="rad", meaning="angular frequency of the drive")
    x0: float = initial_value(2.0, unit="1", meaning="position")
    v0: float = initial_value(0.0, unit="1", meaning="velocity")

    def derivative(self, t: Any, state: Components) -> Components:
        """Evaluate the right-hand side.

        Args:
            t: Time.
            state: Position and velocity.

        Returns:
            Velocity and acceleration.
        """
        x, v = state
        force = self.drive * cos(self.drive_frequency * t)
        return v, force + self.mu * (1 - x * x) * v - x

    def facts(self) -> tuple[Fact, ...]:
        """List what is known of the oscillator.

        Returns:
            The period of the limit cycle without drive and for the default strength.
        """
        if self.drive or self.mu != 1:
            return ()
        return (Fact(name="period", value=6.6632868593, unit="1", source=_MEASURED),)


@dataclass(frozen=True, kw_only=True, slots=True)
class FitzHughNagumo(Flow):
    r"""The excitable nerve, $\dot v = v - v^3/3 - w + I$, $\tau\dot w = v + a - bw$.

    Attributes:
        a: Offset $a$ of the recovery.
        b: Strength $b$ of the recovery's own decay.
        tau: Time scale $\tau > 0$ of the recovery.
        current: Injected current $I$; the default makes the nerve fire periodically.
        v0: Membrane potential at time 0.
        w0: Recovery at time 0.

    References:
        FitzHugh, *Impulses and physiological states in theoretical models of nerve membrane*, Biophysical Journal 1,
        445 (1961); Nagumo, Arimoto and Yoshizawa, Proceedings of the IRE 50, 2061 (1962).

    Examples:
        >>> FitzHughNagumo(current=0.0).derivative(0.0, (0.0, 0.0))
        (0.0, 0.056)
    """

    name: ClassVar[str] = "fitzhugh-nagumo"
    equation: ClassVar[str] = "v' = v - v³/3 - w + current,  w' = (v + a - b·w)/tau"
    reference: ClassVar[str] = (
        "FitzHugh, Impulses and physiological states in theoretical models of nerve membrane, Biophysical Journal 1, "
        "445 (1961)"
    )
    default_dt: ClassVar[float] = 0.1
    default_duration: ClassVar[float] = 500.0

    a: float = parameter(0.7, unit="1", meaning="offset of the recovery")
    b: float = parameter(0.8, unit="1", meaning="decay of the recovery")
    tau: float = parameter(12.5, unit="1", meaning="time scale of the recovery", minimum=0.0, is_open=True)
    current: float = parameter(0.5, unit="1", meaning="injected current")
    v0: float = initial_value(-1.0, unit="1", meaning="membrane potential")
    w0: float = initial_value(1.0, unit="1", meaning="recovery")

    def derivative(self, t: Any, state: Components) -> Components:  # noqa: ARG002
        """Evaluate the right-hand side.

        Args:
            t: Time; the nerve does not depend on it.
            state: Membrane potential and recovery.

        Returns:
            Their rates.
        """
        v, w = state
        return v - v * v * v / 3 - w + self.current, (v + self.a - self.b * w) / self.tau

    def facts(self) -> tuple[Fact, ...]:
        """List what is known of the nerve.

        Returns:
            The period of firing for the default parameters.
        """
        if not self.has_default_parameters:
            return ()
        return (Fact(name="period", value=39.474414980, unit="1", source=_MEASURED),)


_MEASURED = "upward zero crossings of a DOP853 run with tolerance 3e-14"
_VARIATIONAL = "variational equations over 20 000 units of time, RK4 with step 0.02"


def _driven_facts(
    system: Duffing | Pendulum, *, contraction: float, exponents: tuple[float, float]
) -> tuple[Fact, ...]:
    unit = "1" if system.time_unit == "1" else f"1/{system.time_unit}"
    known = [Fact(name="sum of Lyapunov exponents", value=-contraction, unit=unit, source="divergence of the flow")]
    if system.drive and system.drive_frequency:
        period = 2 * math.pi / abs(system.drive_frequency)
        known.append(Fact(name="drive period", value=period, unit=system.time_unit, source="closed form"))
    if system.has_default_parameters:
        known.append(Fact(name="Lyapunov exponents", value=exponents, unit=unit, source=_VARIATIONAL))
    return tuple(known)
