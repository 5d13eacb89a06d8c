"""The network that forecasts by a differential equation: its state is estimated from known values, and runs on."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch
from torch import nn

from pendula.nn.added_rate import AddedRate
from pendula.nn.array_cell import ArrayStep, array_step
from pendula.nn.equation import Equation
from pendula.nn.integrator_cell import IntegratorCell
from pendula.nn.network import Network
from pendula.nn.state_filter import Estimate, StateFilter
from pendula.shapes import BatchTensor, Float, Int, Series, Tensor, ndarray
from pendula.systems import Flow

__all__ = ["IntegratorForecaster", "IntegratorState"]


class IntegratorState(NamedTuple):
    """What is known before the next value.

    Attributes:
        mean: The most likely state of each series.
        covariance: How uncertain it is.
        time: When the next value is measured, in units of time.
    """

    mean: Float[Tensor, "batch component"]
    covariance: Float[Tensor, "batch component component"]
    time: Float[Tensor, " batch"]


class IntegratorForecaster(nn.Module):
    r"""Predict the next value of a series by a differential equation of which some components are measured.

    With the cell's step $F$, the measured components $C h$, and Kalman's gain $K_t$, which follows from the past,

    $\hat x_{t+1} = C h_{t+1}$, $h_{t+1} = F\big(h_t + K_t (x_t - C h_t),\; t\big)$.

    In a free run nothing is measured, and the cell alone is the map of its state. It is a causal map from series and
    state to predictions and state, as a `Forecaster` is; values and times are in their own units, in float64.

    Args:
        network: The architecture, of the cell integrator.
        observed: Names of the components that the channels are.
        dt: Interval between values, in units of time.

    Attributes:
        cell: The equation.
        center: Mean of the state along the record that was learned from.
        spread: Its covariance there.
        noise: Standard deviation of a measurement.
        drift: Standard deviation of what the equation misses in a step.
        errors: Standard errors of the learned parameters, in their order.
        initial: Time of the first value that was learned from, and the state then.

    Examples:
        >>> network = Network(cell="integrator", equation=Equation(system="oscillator", known={"drive": 0.0}))
        >>> forecaster = IntegratorForecaster(network, ["x"], dt=0.1)
        >>> forecaster.free_run(torch.zeros(1, 5, 1), 3)[0, :, 0].tolist()  # at rest
        [0.0, 0.0, 0.0]
    """

    center: Float[Tensor, " component"]
    spread: Float[Tensor, "component component"]
    noise: Float[Tensor, " channel"]
    drift: Float[Tensor, " component"]
    errors: Float[Tensor, " parameter"]
    initial: Float[Tensor, " time_component"]

    def __init__(self, network: Network, observed: Sequence[str], *, dt: float) -> None:
        super().__init__()
        equation = network.equation
        assert equation is not None
        self.network, self.channels = network, len(observed)
        self.cell = IntegratorCell(
            equation.flow,
            dt=dt,
            learn=equation.learned,
            method=equation.method,
            substeps=equation.substeps,
            added=_beside(equation, network.hidden_size),
        )
        self.observed = tuple(self.cell.components.index(name) for name in observed)
        size = len(self.cell.components)
        for name, start in (
            ("center", torch.zeros(size)),
            ("spread", torch.eye(size)),
            ("noise", torch.ones(self.channels)),
            ("drift", torch.zeros(size)),
            ("errors", torch.zeros(len(equation.learned))),
            ("initial", torch.zeros(1 + size)),
        ):
            self.register_buffer(name, start.double())

    @property
    def flow(self) -> Flow:
        """The equation with the parameters that it has now."""
        system = self.cell.system
        assert isinstance(system, Flow)
        return system.bind({name: each.item() for name, each in self.cell.learned.items()})

    @property
    def period(self) -> float | None:
        """Period of the drive, in units of time; None where the equation does not depend on time."""
        return self.flow.drive_period

    @property
    def parameters_found(self) -> dict[str, tuple[float, float]]:
        """The learned parameters with their standard errors, by name."""
        return {
            name: (value.item(), float(error))
            for (name, value), error in zip(self.cell.learned.items(), self.errors, strict=True)
        }

    def filter(self) -> StateFilter:
        """Give the equation with what it is to be trusted, as it is now.

        Returns:
            The filter, in NumPy.
        """
        return StateFilter(
            step=array_step(self.cell),
            dt=self.cell.dt,
            observed=self.observed,
            noise=self.noise.numpy(),
            drift=self.drift.numpy(),
        )

    def prior(self, batch: int, *, start: float | Float[ndarray, " batch"] = 0.0) -> Estimate:
        """Give what is known of a series before its first value.

        Args:
            batch: How many series there are.
            start: Time of the first value of each, in units of time.

        Returns:
            Mean and covariance of the record that was learned from.
        """
        center, spread = self.center.numpy(), self.spread.numpy()
        return Estimate(
            np.tile(center, (batch, 1)), np.tile(spread, (batch, 1, 1)), np.broadcast_to(np.float64(start), batch)
        )

    def first_state(self, batch: int, *, start: float = 0.0) -> IntegratorState:
        """Give what is known of series before their first value.

        Args:
            batch: How many series there are.
            start: Time of the first value, in units of time.

        Returns:
            The state to go on from.
        """
        return IntegratorState(*(torch.from_numpy(np.array(each)) for each in self.prior(batch, start=start)))

    def forward(
        self, series: BatchTensor, state: IntegratorState | None = None
    ) -> tuple[Float[Tensor, "batch time lead channel"], IntegratorState]:
        """Predict, at every step, the value that follows it.

        Args:
            series: Values.
            state: What was known before them; `first_state` at time 0 when left out.

        Returns:
            The predictions of the next value after each step, and the state after the last step.
        """
        known = self.prior(len(series)) if state is None else Estimate(*(each.numpy() for each in state))
        predictions = []
        for each in self.along(_doubles(series), known):
            known = each
            predictions.append(each.mean[:, list(self.observed)])
        ahead = torch.from_numpy(np.stack(predictions, axis=1)).to(series.dtype)
        return ahead[:, :, None], IntegratorState(*(torch.from_numpy(np.array(each)) for each in known))

    def along(self, values: Float[ndarray, "batch time channel"], known: Estimate) -> "list[Estimate]":
        """Follow series.

        Args:
            values: Values.
            known: What is known before the first.

        Returns:
            What is known before each of those that follow a value.
        """
        trusted, passed = self.filter(), []
        with np.errstate(all="ignore"):
            for now in values.transpose(1, 0, 2):
                known = trusted.take(known, now)
                passed.append(known)
        return passed

    def free_run(
        self, context: BatchTensor, steps: int, *, start: float | Float[ndarray, " batch"] = 0.0
    ) -> Float[Tensor, "batch step channel"]:
        """Estimate the state from known values, and let the equation run on.

        Args:
            context: The known past of each start.
            steps: How many steps to run.
            start: Time of the first known value of each start, in units of time.

        Returns:
            The next `steps` values.
        """
        known = self.along(_doubles(context), self.prior(len(context), start=start))[-1]
        return torch.from_numpy(self._run(known.mean, known.time, steps)).to(context.dtype)

    def free_runs_along(
        self, series: Series, origins: Int[ndarray, " origin"], steps: int, *, start: float = 0.0
    ) -> Float[ndarray, "origin step channel"]:
        """Follow one series, and let the equation run freely from several of its rows.

        Args:
            series: Values without a gap.
            origins: Rows of the first forecast values, from 1 on.
            steps: How many steps to run.
            start: Time of the first row, in units of time.

        Returns:
            The runs from each row, as if the series had ended before it.
        """
        passed = self.along(series[None, : int(origins.max())], self.prior(1, start=start))
        chosen = [passed[origin - 1] for origin in origins]
        return self._run(
            np.concatenate([each.mean for each in chosen]), np.concatenate([each.time for each in chosen]), steps
        )

    def _run(
        self, mean: Float[ndarray, "batch component"], time: Float[ndarray, " batch"], steps: int
    ) -> Float[ndarray, "batch step channel"]:
        step: ArrayStep = array_step(self.cell)
        state, run = mean.T, np.empty((len(mean), steps, self.channels))
        with np.errstate(all="ignore"):
            for k in range(steps):
                run[:, k] = state[list(self.observed)].T
                state = step(time + k * self.cell.dt, state)
        return run


def _beside(equation: Equation, units: int) -> AddedRate | None:
    # It starts at zero: the search begins with the equation alone.
    if not units:
        return None
    reads, writes = equation.reads or equation.components, equation.writes or equation.components[-1:]
    last = nn.Linear(units, len(writes))
    nn.init.zeros_(last.weight)
    nn.init.zeros_(last.bias)
    return AddedRate(nn.Sequential(nn.Linear(len(reads), units), nn.Tanh(), last), reads=reads, writes=writes)


def _doubles(series: BatchTensor) -> Float[ndarray, "batch time channel"]:
    return np.asarray(series.detach().numpy(), np.float64)
