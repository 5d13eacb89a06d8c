"""Signals given in closed form: sine, cosine, two harmonics, a damped sine."""

import math
from dataclasses import dataclass
from typing import Any, ClassVar

from pendula.systems.base import Signal, parameter
from pendula.systems.elementary import cos, exp, sin
from pendula.systems.facts import Fact

__all__ = ["Combined", "Cosine", "Damped", "Sine"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Sine(Signal):
    r"""The sine $x = A \sin(\omega t + \varphi)$.

    Attributes:
        amplitude: Amplitude $A$.
        frequency: Angular frequency $\omega > 0$, in radians per unit of time.
        phase: Phase $\varphi$, in radians.

    References:
        Abramowitz and Stegun, *Handbook of Mathematical Functions*, section 4.3.

    Examples:
        >>> Sine(amplitude=2.0).value(0.5 * math.pi)
        2.0
    """

    name: ClassVar[str] = "sine"
    equation: ClassVar[str] = "x = amplitude·sin(frequency·t + phase)"
    reference: ClassVar[str] = "Abramowitz and Stegun, Handbook of Mathematical Functions, section 4.3"

    amplitude: float = parameter(1.0, unit="1", meaning="amplitude")
    frequency: float = parameter(1.0, unit="rad", meaning="angular frequency", minimum=0.0, is_open=True)
    phase: float = parameter(0.0, unit="rad", meaning="phase")

    def value(self, t: Any) -> Any:
        """Evaluate the signal.

        Args:
            t: Time: a float, an array or a tensor.

        Returns:
            The signal at that time, of the same kind.
        """
        return self.amplitude * sin(self.frequency * t + self.phase)

    def facts(self) -> tuple[Fact, ...]:
        """List what is known of the signal.

        Returns:
            Its period and root mean square.
        """
        return _harmonic_facts(self.amplitude, self.frequency)


@dataclass(frozen=True, kw_only=True, slots=True)
class Cosine(Signal):
    r"""The cosine $x = A \cos(\omega t + \varphi)$.

    Attributes:
        amplitude: Amplitude $A$.
        frequency: Angular frequency $\omega > 0$, in radians per unit of time.
        phase: Phase $\varphi$, in radians.

    References:
        Abramowitz and Stegun, *Handbook of Mathematical Functions*, section 4.3.

    Examples:
        >>> Cosine().value(0.0)
        1.0
    """

    name: ClassVar[str] = "cosine"
    equation: ClassVar[str] = "x = amplitude·cos(frequency·t + phase)"
    reference: ClassVar[str] = "Abramowitz and Stegun, Handbook of Mathematical Functions, section 4.3"

    amplitude: float = parameter(1.0, unit="1", meaning="amplitude")
    frequency: float = parameter(1.0, unit="rad", meaning="angular frequency", minimum=0.0, is_open=True)
    phase: float = parameter(0.0, unit="rad", meaning="phase")

    def value(self, t: Any) -> Any:
        """Evaluate the signal.

        Args:
            t: Time: a float, an array or a tensor.

        Returns:
            The signal at that time, of the same kind.
        """
        return self.amplitude * cos(self.frequency * t + self.phase)

    def facts(self) -> tuple[Fact, ...]:
        """List what is known of the signal.

        Returns:
            Its period and root mean square.
        """
        return _harmonic_facts(self.amplitude, self.frequency)


@dataclass(frozen=True, kw_only=True, slots=True)
class Combined(Signal):
    r"""A fundamental and its second harmonic, $x = A_1 \sin \omega t + A_2 \sin 2\omega t$.

    Attributes:
        amplitude: Amplitude $A_1$ of the fundamental.
        second_amplitude: Amplitude $A_2$ of the second harmonic.
        frequency: Angular frequency $\omega > 0$ of the fundamental, in radians per unit of time.

    References:
        Abramowitz and Stegun, *Handbook of Mathematical Functions*, section 4.3.

    Examples:
        >>> Combined().value(0.5 * math.pi)
        1.0
    """

    name: ClassVar[str] = "combined"
    equation: ClassVar[str] = "x = amplitude·sin(frequency·t) + second_amplitude·sin(2·frequency·t)"
    reference: ClassVar[str] = "Abramowitz and Stegun, Handbook of Mathematical Functions, section 4.3"

    amplitude: float = parameter(1.0, unit="1", meaning="amplitude of the fundamental")
    second_amplitude: float = parameter(0.5, unit="1", meaning="amplitude of the second harmonic")
    frequency: float = parameter(1.0, unit="rad", meaning="angular frequency", minimum=0.0, is_open=True)

    def value(self, t: Any) -> Any:
        """Evaluate the signal.

        Args:
            t: Time: a float, an array or a tensor.

        Returns:
            The signal at that time, of the same kind.
        """
        angle = self.frequency * t
        return self.amplitude * sin(angle) + self.second_amplitude * sin(2 * angle)

    def facts(self) -> tuple[Fact, ...]:
        """List what is known of the signal.

        Returns:
            Its period and root mean square.
        """
        # The harmonics are orthogonal over a period, so their mean squares add.
        return _harmonic_facts(math.hypot(self.amplitude, self.second_amplitude), self.frequency)


@dataclass(frozen=True, kw_only=True, slots=True)
class Damped(Signal):
    r"""A sine that dies away, $x = A e^{-t/\tau} \sin \omega t$.

    Attributes:
        amplitude: Amplitude $A$.
        frequency: Angular frequency $\omega > 0$, in radians per unit of time.
        decay_time: Decay time $\tau > 0$.

    References:
        Landau and Lifshitz, *Mechanics*, 3rd edition, section 25.

    Examples:
        >>> Damped().value(0.5 * math.pi) == math.exp(-0.05 * math.pi)
        True
    """

    name: ClassVar[str] = "damped"
    equation: ClassVar[str] = "x = amplitude·exp(-t/decay_time)·sin(frequency·t)"
    reference: ClassVar[str] = "Landau and Lifshitz, Mechanics, 3rd edition, section 25"

    amplitude: float = parameter(1.0, unit="1", meaning="amplitude")
    frequency: float = parameter(1.0, unit="rad", meaning="angular frequency", minimum=0.0, is_open=True)
    decay_time: float = parameter(10.0, unit="1", meaning="decay time", minimum=0.0, is_open=True)

    def value(self, t: Any) -> Any:
        """Evaluate the signal.

        Args:
            t: Time: a float, an array or a tensor.

        Returns:
            The signal at that time, of the same kind.
        """
        return self.amplitude * exp(-t / self.decay_time) * sin(self.frequency * t)

    def facts(self) -> tuple[Fact, ...]:
        """List what is known of the signal.

        Returns:
            The time between two upward zero crossings, and the loss of amplitude over that time.
        """
        period = 2 * math.pi / self.frequency
        return (
            Fact(name="period", value=period, unit="1", source="closed form, 2π/frequency"),
            Fact(
                name="logarithmic decrement",
                value=period / self.decay_time,
                unit="1",
                source="closed form, period/decay_time",
            ),
        )


def _harmonic_facts(amplitude: float, frequency: float) -> tuple[Fact, ...]:
    return (
        Fact(name="period", value=2 * math.pi / frequency, unit="1", source="closed form, 2π/frequency"),
        Fact(
            name="root mean square",
            value=abs(amplitude) / math.sqrt(2),
            unit="1",
            source="closed form, mean over a period",
        ),
    )
