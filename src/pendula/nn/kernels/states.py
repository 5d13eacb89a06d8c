"""The state of a recurrent layer, as torch hands it around: one tensor, or the LSTM's pair."""

from collections.abc import Callable
from typing import TypeAlias

from torch import Tensor

from pendula.nn.kernels.compiling import left_alone

__all__ = ["LayerState", "joined", "mapped", "split"]

LayerState: TypeAlias = Tensor | tuple[Tensor, Tensor] | None


@left_alone
def mapped(state: LayerState, change: Callable[[Tensor], Tensor]) -> LayerState:
    """Change every tensor of a state.

    Args:
        state: The state.
        change: What to do with a tensor.

    Returns:
        The changed state; None stays None.
    """
    if state is None or isinstance(state, Tensor):
        return None if state is None else change(state)
    return change(state[0]), change(state[1])


def split(state: LayerState) -> tuple[Tensor | None, Tensor | None]:
    """Tell h and c apart.

    Args:
        state: The state.

    Returns:
        The hidden state, and the LSTM's cell state.

    Examples:
        >>> split(None)
        (None, None)
    """
    return state if isinstance(state, tuple) else (state, None)


def joined(h: Tensor, c: Tensor | None) -> LayerState:
    """Hand h and c on as one state.

    Args:
        h: Hidden state.
        c: The LSTM's cell state.

    Returns:
        The state.
    """
    return h if c is None else (h, c)
