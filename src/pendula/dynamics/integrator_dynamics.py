r"""A forecaster that is a differential equation, as a map of its own state.

In free run the cell alone takes a state to the next one. Where the equation is driven, its map is the stroboscopic one,
from one period of the drive to the next, which has no clock; its fixed points are oscillations with the drive.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from pendula.dynamics.driven import DrivenNet, Inputs, hold_input
from pendula.dynamics.forward_mode import push_identity
from pendula.dynamics.state_map import Directions, InputDirections, Jacobians, StateMap, States
from pendula.nn import IntegratorForecaster
from pendula.nn.array_cell import ArrayStep, array_step
from pendula.shapes import Float, SeriesTensor, Tensor, ndarray
from pendula.systems import push_directions

__all__ = ["IntegratorDynamics", "Observer"]


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Observer:
    r"""An equation that follows measurements with a constant gain: $h' = F(h + K(x - C h), t)$.

    Attributes:
        step: F.
        gain: K.
        observed: Which components are measured.
        driven: Whether the last input is the time.
    """

    step: ArrayStep
    gain: Float[ndarray, "component channel"]
    observed: tuple[int, ...]
    driven: bool

    @property
    def size(self) -> int:
        """Components of the state."""
        return len(self.gain)

    @property
    def input_size(self) -> int:
        """Measured components, and the time where the equation is driven."""
        return len(self.observed) + self.driven

    def advance(self, states: States, inputs: Inputs) -> States:
        """Take one step.

        Args:
            states: The states.
            inputs: What is measured of each.

        Returns:
            The next states.
        """
        joined = torch.cat([states, inputs], dim=1).numpy().T
        with np.errstate(all="ignore"):
            return torch.from_numpy(np.ascontiguousarray(self._next(joined).T))

    def push(
        self, states: States, inputs: Inputs, moved: Directions, driven: InputDirections | None
    ) -> tuple[States, Directions]:
        """Take one step, and push directions with it.

        Args:
            states: The states.
            inputs: What is measured of each.
            moved: Directions of the state.
            driven: Directions of the input that belong to them; None for zero.

        Returns:
            The next states, and the pushed directions.
        """
        along = moved.new_zeros(*inputs.shape, moved.shape[2]) if driven is None else driven
        return _pushed(self._next, torch.cat([states, inputs], dim=1), torch.cat([moved, along], dim=1))

    def jacobians(self, states: States, inputs: Inputs) -> tuple[Jacobians, Float[Tensor, "batch state input"]]:
        """Compute the derivatives of a step by the state and by the input.

        Args:
            states: The states.
            inputs: What is measured of each.

        Returns:
            Both Jacobians at each state.
        """
        return push_identity(self.push, states, inputs)

    def curvature(self, state: Float[Tensor, " state"], radius: float, *, input_gain: float = 0.0) -> float:
        """Know no bound of the second derivative.

        Args:
            state: The center.
            radius: Of the ball.
            input_gain: Norm of the derivative of the input by what is varied.

        Returns:
            Infinity.
        """
        del state, radius, input_gain
        return float("inf")

    def _next(self, joined: ndarray) -> ndarray:
        state, values = joined[: self.size], joined[self.size :]
        off = values[: len(self.observed)] - state[list(self.observed)]
        return self.step(values[-1] if self.driven else 0.0, state + np.tensordot(self.gain, off, axes=1))


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class IntegratorDynamics:
    """The state space of a differential equation that forecasts, in its own units.

    Attributes:
        forecaster: The network.
        start: Time of the first value that is shown, in units of time.
        end: Time of the state that the free run starts from.
        net: The equation under its input, with the mean gain of the filter that estimates its state.
    """

    forecaster: IntegratorForecaster
    start: float
    end: float
    net: DrivenNet

    @classmethod
    def of(cls, forecaster: IntegratorForecaster, series: SeriesTensor, *, start: float) -> "IntegratorDynamics":
        """Take an equation as it is, and as it follows a series.

        Args:
            forecaster: The network.
            series: Values, in their own units.
            start: Time of the first, in units of time.

        Returns:
            Its state space.
        """
        passed = forecaster.along(series.numpy()[None], forecaster.prior(1, start=start))
        trusted = forecaster.filter()
        gains = [trusted.gain(each)[0] for each in passed[len(passed) // 2 :]]
        net = Observer(
            step=trusted.step,
            gain=np.mean(gains, axis=0),
            observed=forecaster.observed,
            driven=forecaster.period is not None,
        )
        return cls(forecaster=forecaster, start=start, end=float(passed[-1].time[0]), net=net)

    @property
    def channels(self) -> int:
        """Channels of the series."""
        return self.forecaster.channels

    @property
    def size(self) -> int:
        """Components of a state."""
        return len(self.forecaster.cell.components)

    @property
    def pace(self) -> float:
        """Steps of time that one application of the free run's map goes on by."""
        period = self.forecaster.period
        return 1.0 if period is None else period / self.forecaster.cell.dt

    def inputs(self, series: SeriesTensor) -> Float[Tensor, "time input"]:
        """Show a series as the equation sees it.

        Args:
            series: Values.

        Returns:
            The values, and the time of each where the equation is driven.
        """
        if self.forecaster.period is None:
            return series.to(torch.float64)
        times = self.start + self.forecaster.cell.dt * torch.arange(len(series), dtype=torch.float64)
        return torch.cat([series.to(torch.float64), times[:, None]], dim=1)

    def teach(self, series: SeriesTensor) -> tuple[States, States]:
        """Show a series to the network, and note all states it passes.

        Args:
            series: Values.

        Returns:
            The estimated state that predicts what follows each value, twice: nothing else is remembered.
        """
        passed = self.forecaster.along(series.numpy()[None], self.forecaster.prior(1, start=self.start))
        states = torch.from_numpy(np.concatenate([each.mean for each in passed]))
        return states, states

    def driven(self, value: Float[Tensor, " channel"]) -> StateMap | None:
        """Hold what is measured constant.

        Args:
            value: Its value in each channel.

        Returns:
            The map of the equation's state; None where the equation has a drive, which cannot be held.
        """
        return None if self.forecaster.period is not None else hold_input(self.net, value)

    def closed_loop(self) -> StateMap:
        """Let the equation run freely.

        Returns:
            The map of its state, from one step to the next, or from one period of the drive to the next.
        """
        rule = self._rule()

        def push(states: States, directions: Directions) -> tuple[States, Directions]:
            return _pushed(rule, states, directions)

        def linearize(states: States) -> Jacobians:
            return push(states, torch.eye(self.size, dtype=torch.float64).expand(len(states), -1, -1))[1]

        def step(states: States) -> States:
            with np.errstate(all="ignore"):
                return torch.from_numpy(np.ascontiguousarray(rule(states.numpy().T).T))

        return StateMap(size=self.size, step=step, linearize=linearize, push=push)

    def values(self, states: States) -> Float[Tensor, "batch lead channel"]:
        """Read what is measured off states.

        Args:
            states: The states.

        Returns:
            The values.
        """
        return states[:, None, list(self.forecaster.observed)]

    def trace(self, orbit: Float[Tensor, "visit state"], *, steps: int) -> Float[Tensor, "time state"]:
        """Follow a free run between the states that its map goes through.

        Args:
            orbit: States of the map, one after the other.
            steps: How many states are wanted.

        Returns:
            The orbit itself; or, of a driven equation, states a step of time apart from the last one of the orbit on.
        """
        if self.forecaster.period is None or not len(orbit):
            return orbit
        step, states = array_step(self.forecaster.cell), [orbit[-1].numpy()]
        for k in range(steps - 1):
            states.append(step(self.end + k * self.forecaster.cell.dt, states[-1]))
        return torch.from_numpy(np.stack(states))

    def _rule(self) -> "_Rule":
        period, dt = self.forecaster.period, self.forecaster.cell.dt
        if period is None:
            return _Rule(step=array_step(self.forecaster.cell), start=0.0, dt=dt, steps=1)
        steps = max(1, round(period / dt))  # a whole number of steps that are as long as the cell's, or nearly so
        width = period / steps
        return _Rule(step=array_step(self.forecaster.cell, dt=width), start=self.end, dt=width, steps=steps)


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class _Rule:
    step: ArrayStep
    start: float
    dt: float
    steps: int

    def __call__(self, state: ndarray) -> ndarray:
        for k in range(self.steps):
            state = self.step(self.start + k * self.dt, state)
        return state


def _pushed(rule: Callable[[Any], Any], states: Tensor, directions: Tensor) -> tuple[Tensor, Tensor]:
    with np.errstate(all="ignore"):
        after, pushed = push_directions(rule, states.numpy(), directions.numpy())
    return torch.from_numpy(after), torch.from_numpy(pushed)
