"""The driven, damped linear oscillator and its closed-form solution."""

import math
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from pendula.errors import ArgumentError
from pendula.shapes import Float, ndarray
from pendula.systems.base import Flow, initial_value, parameter
from pendula.systems.elementary import Components, cos
from pendula.systems.facts import Fact

__all__ = ["Oscillator"]

_LANDAU = "Landau and Lifshitz, Mechanics, 3rd edition, sections 25 and 26"


@dataclass(frozen=True, kw_only=True, slots=True)
class Oscillator(Flow):
    r"""The linear oscillator $\ddot x + 2\gamma\dot x + \omega_0^2 x = F \cos \Omega t$.

    Attributes:
        gamma: Damping rate $\gamma$, in 1/s.
        omega0: Natural angular frequency $\omega_0 > 0$, in rad/s.
        drive: Driving force over mass $F$, in m/s².
        drive_frequency: Angular frequency $\Omega$ of the drive, in rad/s.
        x0: Position at time 0, in m.
        v0: Velocity at time 0, in m/s.

    References:
        Landau and Lifshitz, *Mechanics*, 3rd edition, sections 25 (damped) and 26 (forced with friction).

    Examples:
        >>> Oscillator(drive=2.0).derivative(0.0, (0.0, 0.0))
        (0.0, 2.0)
        >>> Oscillator(gamma=0.0, drive=0.0).exact([math.pi])
        array([[-1., 0.]])
    """

    name: ClassVar[str] = "oscillator"
    equation: ClassVar[str] = "x'' + 2·gamma·x' + omega0²·x = drive·cos(drive_frequency·t),  v = x'"
    reference: ClassVar[str] = _LANDAU
    time_unit: ClassVar[str] = "s"
    default_dt: ClassVar[float] = 0.002
    default_duration: ClassVar[float] = 10.0

    gamma: float = parameter(0.2, unit="1/s", meaning="damping rate")
    omega0: float = parameter(1.0, unit="rad/s", meaning="natural angular frequency", minimum=0.0, is_open=True)
    drive: float = parameter(1.0, unit="m/s^2", meaning="driving force over mass")
    drive_frequency: float = parameter(0.5, unit="rad/s", meaning="angular frequency of the drive")
    x0: float = initial_value(1.0, unit="m", meaning="position")
    v0: float = initial_value(0.0, unit="m/s", meaning="velocity")

    def derivative(self, t: Any, state: Components) -> Components:
        """Evaluate the right-hand side.

        Args:
            t: Time, in seconds.
            state: Position (m) and velocity (m/s).

        Returns:
            Velocity (m/s) and acceleration (m/s²).
        """
        x, v = state
        force = self.drive * cos(self.drive_frequency * t)
        return v, force - 2 * self.gamma * v - self.omega0 * self.omega0 * x

    def exact(self, t: Any) -> Float[ndarray, "time 2"]:
        r"""Solve in closed form: a transient and the steady state.

        With $w^2 = \omega_0^2 - \gamma^2$ the transient is
        $e^{-\gamma t}(x_h \cos wt + (v_h + \gamma x_h) \sin(wt)/w)$, where $(x_h, v_h)$ is the initial state less the
        steady state at time 0; $w$ is real, imaginary or zero for weak, strong and critical damping.

        Args:
            t: Times, in seconds, along one axis.

        Returns:
            Position (m) and velocity (m/s) at each time.

        Raises:
            ArgumentError: If `t` does not lie along one axis.
        """
        times = np.asarray(t, dtype=np.float64)
        if times.ndim != 1:
            raise ArgumentError(f"`t` must lie along one axis: expected shape (time,), got {times.shape}.")
        steady = self._particular(times)
        start = self._particular(np.zeros(1))[0]
        x, v = self.x0 - start[0], self.v0 - start[1]
        cosine, sine = self._damped_pair(times)
        transient_x = x * cosine + (v + self.gamma * x) * sine
        transient_v = v * cosine - (self.gamma * v + self.omega0**2 * x) * sine
        solution: ndarray = steady + np.stack((transient_x, transient_v), axis=-1)
        return solution

    def facts(self) -> tuple[Fact, ...]:
        """List what the closed form tells.

        Returns:
            Periods, the amplitude of the steady state and the rate at which phase space contracts.
        """
        known = [
            Fact(name="natural period", value=2 * math.pi / self.omega0, unit="s", source=_LANDAU),
            Fact(name="sum of Lyapunov exponents", value=-2 * self.gamma, unit="1/s", source="divergence of the flow"),
        ]
        if abs(self.gamma) < self.omega0:
            period = 2 * math.pi / math.sqrt(self.omega0**2 - self.gamma**2)
            known.append(Fact(name="damped period", value=period, unit="s", source=_LANDAU))
        if self.drive and self.drive_frequency:
            period = 2 * math.pi / abs(self.drive_frequency)
            known.append(Fact(name="drive period", value=period, unit="s", source="closed form, 2π/drive_frequency"))
        if self.gamma > 0:
            amplitude = math.hypot(*self._response())
            known.append(Fact(name="steady amplitude", value=amplitude, unit="m", source=_LANDAU))
        return tuple(known)

    def _response(self) -> tuple[float, float]:
        # The steady state's parts in phase with the drive and a quarter period behind it, in m.
        detuning = self.omega0**2 - self.drive_frequency**2
        friction = 2 * self.gamma * self.drive_frequency
        norm = detuning**2 + friction**2
        return self.drive * detuning / norm, self.drive * friction / norm

    def _particular(self, t: Float[ndarray, " time"]) -> Float[ndarray, "time 2"]:
        frequency = self.drive_frequency
        cosine, sine = np.cos(frequency * t), np.sin(frequency * t)
        if self.gamma == 0 and abs(frequency) == self.omega0:
            # Undamped resonance: the amplitude grows linearly, x = F t sin(Ωt) / 2Ω
            rate = self.drive / (2 * frequency)
            return np.stack((rate * t * sine, rate * (sine + frequency * t * cosine)), axis=-1)
        in_phase, behind = self._response()
        x = in_phase * cosine + behind * sine
        v = frequency * (behind * cosine - in_phase * sine)
        return np.stack((x, v), axis=-1)

    def _damped_pair(self, t: Float[ndarray, " time"]) -> tuple[Float[ndarray, " time"], Float[ndarray, " time"]]:
        # Evaluate e^(-γt) cos wt and e^(-γt) sin(wt)/w, for real, zero and imaginary w.
        squared = (self.omega0 - self.gamma) * (self.omega0 + self.gamma)
        w = math.sqrt(abs(squared))
        if squared >= 0:
            decay = np.exp(-self.gamma * t)
            # np.sinc(z) = sin(πz)/(πz) passes smoothly through w = 0
            return decay * np.cos(w * t), decay * t * np.sinc(w * t / math.pi)
        # The rate of larger modulus first; the other from their product ω0², without cancellation.
        strong = -(self.gamma + math.copysign(w, self.gamma))
        upper, lower = sorted((strong, self.omega0**2 / strong), reverse=True)
        upper_part, lower_part = np.exp(upper * t), np.exp(lower * t)
        return 0.5 * (upper_part + lower_part), upper_part * -np.expm1((lower - upper) * t) / (upper - lower)
