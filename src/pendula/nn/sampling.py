"""Draw ensembles of free runs: what is drawn from the likelihood head becomes its input."""

import torch

from pendula.errors import ArgumentError
from pendula.nn.forecaster import Forecaster, ForecasterState
from pendula.nn.native_forecaster import beside
from pendula.nn.rollout import handed_on
from pendula.shapes import AheadTensor, Float, ShownTensor, Tensor

__all__ = ["draw_runs"]


def draw_runs(
    forecaster: Forecaster,
    context: ShownTensor,
    steps: int,
    *,
    samples: int,
    seed: int = 0,
    controls: AheadTensor | None = None,
) -> Float[Tensor, "batch sample step channel"]:
    """Warm a forecaster up on known values and draw its futures, all of all starts in one batch.

    Each step draws from the distribution that the network tells of the next value, and shows it the draw. The draws are
    thus from the joint distribution of all steps and channels.

    Args:
        forecaster: A network with a likelihood head.
        context: The known past of each start, scaled.
        steps: How many steps to run.
        samples: How many runs from each start.
        seed: Of the draws; the same seed gives the same bits.
        controls: What stands beside the draws of each start, as for `free_run`: the same for all its runs.

    Returns:
        The next `steps` values of each run, scaled. A run that leaves the finite numbers goes on as infinities and NaN.

    Raises:
        ArgumentError: If `steps` or `samples` is below 1, or the network has no likelihood head, or controls are given
            to a network that has none.
        ShapeError: If there are not as many controls as draws are handed on.

    Examples:
        >>> from pendula.nn import Network, build
        >>> walk = build(Network(hidden_size=4, head="gaussian"), 1)  # untrained: a random walk
        >>> runs = draw_runs(walk, torch.zeros(1, 2, 1), 4, samples=20_000)
        >>> runs.var(dim=1)[0, :, 0].round(decimals=1)
        tensor([1., 2., 3., 4.])
    """
    for name, value in (("steps", steps), ("samples", samples)):
        if value < 1:
            raise ArgumentError(f"`{name}` must be positive: expected 1 or more, got {value}. Ask for one at least.")
    controls = handed_on(forecaster, context, steps, controls)
    driving = None if controls is None else controls.repeat_interleave(samples, 0)
    generator = torch.Generator(context.device).manual_seed(seed)
    with torch.no_grad():
        mixture, state = forecaster.distribute(context, since=context.shape[1] - 1)
        mixture, state = mixture.repeated(samples), _repeated(state, samples)
        draws = [mixture.draw(generator)]
        for step in range(steps - 1):
            mixture, state = forecaster.distribute(beside(draws[-1], driving, step), state)
            draws.append(mixture.draw(generator))
        return torch.cat(draws, dim=1).reshape(len(context), samples, steps, -1)


def _repeated(state: ForecasterState, times: int) -> ForecasterState:
    # The batch is the second axis of hidden states, and the first of what was seen.
    hidden, last, past = state
    if isinstance(hidden, tuple):
        hidden = (hidden[0].repeat_interleave(times, 1), hidden[1].repeat_interleave(times, 1))
    elif hidden is not None:
        hidden = hidden.repeat_interleave(times, 1)
    return ForecasterState(
        hidden,
        None if last is None else last.repeat_interleave(times, 0),
        None if past is None else past.repeat_interleave(times, 0),
    )
