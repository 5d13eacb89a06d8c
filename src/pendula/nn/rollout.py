"""Run a forecaster freely: its predictions become its input."""

from typing import TypeAlias

import torch

from pendula.errors import ArgumentError, ShapeError
from pendula.nn.ensemble import EnsembleForecaster
from pendula.nn.forecaster import Forecaster, ForecasterState
from pendula.nn.integrator_forecaster import IntegratorForecaster
from pendula.nn.native_forecaster import NativeForecaster, beside, runs_natively
from pendula.nn.reservoir_forecaster import ReservoirForecaster
from pendula.shapes import AheadTensor, Float, ShownTensor, Tensor, ndarray

__all__ = ["AnyForecaster", "continue_run", "free_run", "handed_on", "member_runs"]

AnyForecaster: TypeAlias = Forecaster | EnsembleForecaster | ReservoirForecaster | IntegratorForecaster
"""A network that forecasts: trained by gradients, several of those, with reservoirs, or by a differential equation."""


def free_run(
    forecaster: AnyForecaster,
    context: ShownTensor,
    steps: int,
    *,
    start: float | Float[ndarray, " batch"] = 0.0,
    controls: AheadTensor | None = None,
) -> Float[Tensor, "batch steps channel"]:
    """Warm a forecaster up on known values and let it run on by itself, all starts in one batch.

    The state is carried from step to step; nothing is computed twice. A direct forecaster hands on its `leads`
    predictions as one block. A forecaster of native layers runs in one call of the core, its starts spread over
    `torch.get_num_threads()` threads: the run of a start has the same bits whatever starts run beside it, on however
    many threads. Otherwise torch loops over the steps. In an ensemble or an echo state network each member closes a
    loop of its own, and the run is their median.

    Args:
        forecaster: The network.
        context: The known past of each start, scaled.
        steps: How many steps to run.
        start: Time of the first known value of each start, in units of time; only a driven equation asks for it.
        controls: What stands beside the forecast values in the columns of controls, at least `steps` − 1 rows of it; a
            forecaster without controls is given none.

    Returns:
        The next `steps` values, scaled. A run that leaves the finite numbers goes on as infinities and NaN.

    Raises:
        ArgumentError: If `steps` is below 1, or controls are given to a forecaster that has none.
        ShapeError: If there are not as many controls as are handed on.

    Examples:
        >>> from pendula.nn import Network, build
        >>> free_run(build(Network(), 1), torch.ones(2, 5, 1), 3)[0, :, 0]  # untrained: the same as now
        tensor([1., 1., 1.])
    """
    if steps < 1:
        raise ArgumentError(f"`steps` must be positive: expected 1 or more, got {steps}. Ask for one step at least.")
    if isinstance(forecaster, EnsembleForecaster):
        return forecaster.middle(member_runs(forecaster, context, steps, controls=controls))
    if isinstance(forecaster, ReservoirForecaster):
        return forecaster.free_run(context, steps)
    if isinstance(forecaster, IntegratorForecaster):
        return forecaster.free_run(context, steps, start=start)
    controls = handed_on(forecaster, context, steps, controls)
    with torch.no_grad():
        if runs_natively(forecaster, context):
            return NativeForecaster(forecaster, context.dtype).run(context, None, steps, controls=controls)
        predictions, state = forecaster(context)
        return continue_run(forecaster, predictions[:, -1], state, steps, controls=controls)


def member_runs(
    forecaster: AnyForecaster, context: ShownTensor, steps: int, *, controls: AheadTensor | None = None
) -> list[Float[Tensor, "batch steps channel"]]:
    """Let each member of a forecaster run on by itself.

    Args:
        forecaster: The network.
        context: The known past of each start, scaled.
        steps: How many steps to run.
        controls: As for `free_run`.

    Returns:
        The next `steps` values by each member, scaled; none where the forecaster has no members.

    Examples:
        >>> from pendula.nn import Network, build
        >>> ensemble = EnsembleForecaster([build(Network(), 1, seed=seed) for seed in range(3)])
        >>> len(member_runs(ensemble, torch.ones(2, 5, 1), 3)), member_runs(build(Network(), 1), torch.ones(2, 5, 1), 3)
        (3, [])
    """
    if isinstance(forecaster, EnsembleForecaster):
        return [free_run(member, context, steps, controls=controls) for member in forecaster.each()]
    return forecaster.member_runs(context, steps) if isinstance(forecaster, ReservoirForecaster) else []


def continue_run(
    forecaster: Forecaster,
    block: Float[Tensor, "batch lead channel"],
    state: ForecasterState,
    steps: int,
    *,
    controls: AheadTensor | None = None,
) -> Float[Tensor, "batch steps channel"]:
    """Go on from a forecaster's last predictions and state.

    Where gradients are not wanted, the core runs a forecaster of native layers, as in `free_run`.

    Args:
        forecaster: The network.
        block: Its predictions of the next `leads` steps, scaled.
        state: Its state after the last known step.
        steps: How many steps to run.
        controls: As for `free_run`.

    Returns:
        The next `steps` values, scaled, the given block first.

    Raises:
        ArgumentError: If controls are given to a forecaster that has none.
        ShapeError: If there are not as many controls as are handed on.
    """
    controls, leads = handed_on(forecaster, block, steps, controls), block.shape[1]
    if steps > leads and not torch.is_grad_enabled():
        shown, rest = beside(block, controls, 0), None if controls is None else controls[:, leads:]
        if runs_natively(forecaster, shown, state):
            run = NativeForecaster(forecaster, block.dtype).run(shown, state, steps - leads, controls=rest)
            return torch.cat([block, run], dim=1)
    blocks = [block]
    for step in range(0, steps - leads, leads):
        predictions, state = forecaster(beside(blocks[-1], controls, step), state)
        blocks.append(predictions[:, -1])
    return torch.cat(blocks, dim=1)[:, :steps]


def handed_on(
    forecaster: Forecaster, known: ShownTensor, steps: int, controls: AheadTensor | None
) -> AheadTensor | None:
    """Check what stands beside the values that a run hands on: the core relies on there being as many as they are.

    Args:
        forecaster: The network.
        known: What it was shown last, or its predictions.
        steps: How many steps to run.
        controls: As for `free_run`.

    Returns:
        The controls in the type of the series; None where none are handed on.

    Raises:
        ArgumentError: If controls are given to a forecaster that has none.
        ShapeError: If there are not as many controls as are handed on.
    """
    if controls is not None and not forecaster.controls:
        raise ArgumentError(
            f"`controls` must be left out for a forecaster that has none: got shape {tuple(controls.shape)}. "
            "Build one under controls, or leave them out."
        )
    rows = steps - 1 if forecaster.controls and steps > forecaster.network.leads else 0
    if controls is None and not rows:
        return None
    if controls is None or _misses(controls, (len(known), rows, forecaster.controls)):
        raise ShapeError(
            "`controls` must hold what stands beside the values that are handed on: expected shape "
            f"({len(known)}, {rows} or more, {forecaster.controls}), got "
            f"{'none' if controls is None else tuple(controls.shape)}. Give a row for each step but the last."
        )
    return controls.to(known)


def _misses(controls: Tensor, least: tuple[int, int, int]) -> bool:
    batch, rows, columns = least
    shape = controls.shape
    return len(shape) != 3 or (shape[0], shape[2]) != (batch, columns) or shape[1] < rows
