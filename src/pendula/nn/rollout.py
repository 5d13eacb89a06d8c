"""Run a forecaster freely: its predictions become its input."""

import torch

from pendula.errors import ArgumentError
from pendula.nn.forecaster import Forecaster, ForecasterState
from pendula.shapes import BatchTensor, Float, Tensor

__all__ = ["continue_run", "free_run"]


def free_run(forecaster: Forecaster, context: BatchTensor, steps: int) -> Float[Tensor, "batch steps channel"]:
    """Warm a forecaster up on known values and let it run on by itself, all starts in one batch.

    The state is carried from step to step; nothing is computed twice. A direct forecaster hands on its `leads`
    predictions as one block.

    Args:
        forecaster: The network.
        context: The known past of each start, scaled.
        steps: How many steps to run.

    Returns:
        The next `steps` values, scaled. A run that leaves the finite numbers goes on as infinities and NaN.

    Raises:
        ArgumentError: If `steps` is below 1.

    Examples:
        >>> from pendula.nn import Network, build
        >>> free_run(build(Network(), 1), torch.ones(2, 5, 1), 3)[0, :, 0]  # untrained: the same as now
        tensor([1., 1., 1.])
    """
    if steps < 1:
        raise ArgumentError(f"`steps` must be positive: expected 1 or more, got {steps}. Ask for one step at least.")
    with torch.no_grad():
        predictions, state = forecaster(context)
        return continue_run(forecaster, predictions[:, -1], state, steps)


def continue_run(
    forecaster: Forecaster, block: Float[Tensor, "batch lead channel"], state: ForecasterState, steps: int
) -> Float[Tensor, "batch steps channel"]:
    """Go on from a forecaster's last predictions and state.

    Args:
        forecaster: The network.
        block: Its predictions of the next `leads` steps, scaled.
        state: Its state after the last known step.
        steps: How many steps to run.

    Returns:
        The next `steps` values, scaled, the given block first.
    """
    blocks = [block]
    while len(blocks) * block.shape[1] < steps:
        predictions, state = forecaster(blocks[-1], state)
        blocks.append(predictions[:, -1])
    return torch.cat(blocks, dim=1)[:, :steps]
