"""An integrator's step as a recurrent cell: a differential equation whose parameters can be learned."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import torch
from torch import nn

from pendula.errors import ArgumentError, ShapeError, did_you_mean
from pendula.nn.added_rate import AddedRate
from pendula.shapes import Float, Tensor
from pendula.systems import Flow, euler_step, make_system, rk4_step

__all__ = ["IntegratorCell", "unroll"]

STEPS = {"euler": euler_step, "rk4": rk4_step}
"""The methods by name: Euler (order 1) and Runge–Kutta (order 4)."""


class IntegratorCell(nn.Module):
    r"""Take a differential equation from one sample to the next.

    With the right-hand side $f_\theta$, a network $g_\phi$ beside it and an external force $F_t$ on the rates,

    $h_{t+1} = \mathrm{step}(f_\theta + g_\phi + F_t,\; t,\; h_t,\; \Delta t)$.

    Euler's step of the damped oscillator is the lecture's cell, $v_{i+1} = v_i + \Delta t (F_i - \eta v_i - x_i)$.
    Gradients pass through the step to the state, to the parameters and to the network.

    Args:
        system: A flow of `pendula.systems` or its name; or a right-hand side with the convention of `Flow.derivative`,
            which takes the time and the components of the state and gives their rates. One that is a module brings its
            own parameters.
        dt: Interval between samples, in units of time.
        learn: Names of the flow's parameters that can be learned; they start at the flow's own values.
        components: Names of the components of the state; those of the flow when left out.
        method: `rk4` or `euler`.
        substeps: Steps of the method from one sample to the next.
        added: A network that adds to some of the rates.
        drive: Maps what is measured of the outside to a force on the rates, and can be learned: a linear map of a few
            samples of an input around the present one holds its gain, its delay and how it is held between samples.
        dtype: Floating point of what is learned.

    Attributes:
        learned: The learnable parameters of the flow, by name, in their units.
        components: Names of the components of the state, in order.

    Raises:
        ArgumentError: If an argument breaks its rule.

    References:
        Hairer, Nørsett and Wanner, *Solving Ordinary Differential Equations I*, 2nd edition (1993), section I.7 (Euler)
        and table II.1.2 (Runge–Kutta). A network beside known physics: Rackauckas et al., *Universal differential
        equations for scientific machine learning*, arXiv 2001.04385, section 2.

    Examples:
        >>> cell = IntegratorCell("oscillator", dt=0.1, learn=["gamma"], method="euler")
        >>> cell(torch.tensor([2.0, 3.0], dtype=torch.float64)).tolist()  # v + 0.1 · (1 - 0.4·3 - 2)
        [2.3, 2.78]
    """

    def __init__(
        self,
        system: "str | Flow | Callable[[Any, Any], Any]",
        *,
        dt: float,
        learn: Iterable[str] = (),
        components: Sequence[str] | None = None,
        method: str = "rk4",
        substeps: int = 1,
        added: AddedRate | None = None,
        drive: nn.Module | None = None,
        dtype: torch.dtype = torch.float64,
    ) -> None:
        super().__init__()
        _check_step(dt, method, substeps)
        self.system = make_system(system) if isinstance(system, str) else system
        self.dt, self.method, self.substeps = float(dt), method, substeps
        self.components = tuple(components or _components_of(self.system))
        self.learned = nn.ParameterDict({
            name: nn.Parameter(torch.tensor(value, dtype=dtype)) for name, value in _values(self.system, learn).items()
        })
        self.added = added
        if added is not None:
            added.check(self.components)
            added.to(dtype)
        self.drive = None if drive is None else drive.to(dtype)

    def forward(
        self,
        state: Float[Tensor, "*batch component"],
        t: float | Float[Tensor, "*batch"] = 0.0,
        force: Float[Tensor, "*batch push"] | None = None,
    ) -> Float[Tensor, "*batch component"]:
        """Take one step.

        Args:
            state: The state now, each component in its unit.
            t: The time now, in units of time; the same for all, or one for each state.
            force: What is added to the rates during the step, or what the cell's drive makes a force of; nothing when
                left out.

        Returns:
            The state one `dt` later.

        Raises:
            ShapeError: If the state has not as many components as the flow.
        """
        if state.shape[-1] != len(self.components):
            raise ShapeError(
                f"`state` must hold the components {', '.join(self.components)} along its last axis: "
                f"expected {len(self.components)}, got {state.shape[-1]}."
            )
        pushed = force if force is None or self.drive is None else self.drive(force)
        return self._advance(self._derivative(pushed), state.movedim(-1, 0), t)

    def rates(
        self, state: Float[Tensor, "*batch component"], t: float | Float[Tensor, "*batch"] = 0.0
    ) -> Float[Tensor, "*batch component"]:
        """Evaluate the right-hand side, the network's part included.

        Args:
            state: The state, each component in its unit.
            t: The time, in units of time.

        Returns:
            The rate of each component, in its unit per unit of time.

        Examples:
            >>> IntegratorCell("oscillator", dt=0.1).rates(torch.tensor([0.0, 1.0], dtype=torch.float64)).tolist()
            [1.0, 0.6]
        """
        return _stacked(self._derivative(None)(t, state.movedim(-1, 0)), state)

    def _advance(self, derivative: Callable[[Any, Any], Any], state: Tensor, t: Any) -> Tensor:
        step, width, moved = STEPS[self.method], self.dt / self.substeps, state
        for k in range(self.substeps):
            moved = step(derivative, t + k * width, moved, width)
        return _stacked(moved, state)

    def _derivative(self, force: Tensor | None) -> Callable[[Any, Any], Any]:
        system: Any = self.system
        known = system.bind(dict(self.learned.items())).derivative if isinstance(system, Flow) else system
        pushes = None if force is None else force.unbind(-1)

        def derivative(t: Any, state: Any) -> Any:
            rates = known(t, state)
            if self.added is not None:
                rates = self.added(tuple(state), tuple(rates), self.components)
            return rates if pushes is None else tuple(a + b for a, b in zip(rates, pushes, strict=True))

        return derivative


def unroll(
    cell: IntegratorCell,
    initial: Float[Tensor, "*batch component"],
    steps: int,
    *,
    start: float | Float[Tensor, "*batch"] = 0.0,
    force: Float[Tensor, "*batch step push"] | None = None,
) -> Float[Tensor, "*batch time component"]:
    """Run a cell through time, as the layer of a recurrent network.

    Gradients pass through all steps to the initial state and to the cell: an initial state that is a parameter is
    learned with the rest, also where only some components are ever observed.

    Args:
        cell: The cell.
        initial: The state at the start.
        steps: How many steps.
        start: Time at the start, in units of time; the same for all, or one for each state.
        force: What is added to the rates during each step, or what the cell's drive makes a force of; nothing when left
            out.

    Returns:
        The states, the first of which is `initial`: `steps` + 1 along time.

    Raises:
        ArgumentError: If `steps` is negative.

    Examples:
        >>> decay = IntegratorCell(lambda t, state: (-state[0],), dt=0.5, components=["x"])
        >>> unroll(decay, torch.ones(1, dtype=torch.float64), 2)[:, 0]  # e^(-t) to order 4
        tensor([1.0000, 0.6068, 0.3682], dtype=torch.float64)
    """
    if steps < 0:
        raise ArgumentError(f"`steps` must not be negative: expected 0 or more, got {steps}. Count the steps.")
    states = [initial]
    for k in range(steps):
        t: Any = start + k * cell.dt
        if isinstance(t, Tensor):
            t = t.to(initial.dtype)  # counted in the precision of `start`: a long record loses no digits of its phase
        states.append(cell(states[-1], t, None if force is None else force[..., k, :]))
    return torch.stack(states, dim=-2)


def _stacked(components: Any, like: Tensor) -> Tensor:
    if isinstance(components, Tensor):
        return components.movedim(0, -1)
    shape = like.shape[1:] if like.ndim > 1 else ()
    return torch.stack([torch.as_tensor(each, dtype=like.dtype).expand(shape) for each in components], dim=-1)


def _components_of(system: object) -> tuple[str, ...]:
    if isinstance(system, Flow):
        return tuple(state.name for state in system.states)
    if not callable(system):
        raise ArgumentError(
            "`system` must be a flow, its name or a right-hand side: expected a differential equation, "
            f"got {getattr(system, 'name', type(system).__name__)}. Maps and signals need no integrator."
        )
    raise ArgumentError("`components` must name the state of a right-hand side of your own: got none.")


def _values(system: object, learn: Iterable[str]) -> dict[str, float]:
    names = [learn] if isinstance(learn, str) else list(learn)
    if not isinstance(system, Flow):
        if names:
            raise ArgumentError(
                f"`learn` must be left out for a right-hand side of your own: got {names}. "
                "Make it a module with parameters."
            )
        return {}
    known = {name: each for name, each in system.quantities().items() if each.role == "parameter"}
    for name in names:
        if name not in known or isinstance(system.settings[name], int):
            raise ArgumentError(
                f"`learn` must name parameters of `{system.name}`: got `{name}`.{did_you_mean(name, known)}"
            )
    return {name: float(system.settings[name]) for name in names}


def _check_step(dt: float, method: str, substeps: int) -> None:
    if not 0 < dt < float("inf"):
        raise ArgumentError(f"`dt` must be positive: expected a finite interval, got {dt}.")
    if method not in STEPS:
        raise ArgumentError(f"`method` must name a step: got `{method}`.{did_you_mean(method, STEPS)}")
    if isinstance(substeps, bool) or not isinstance(substeps, int) or substeps < 1:
        raise ArgumentError(f"`substeps` must be a positive whole number: expected 1 or more, got {substeps}.")
