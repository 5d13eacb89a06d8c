"""Which backend is the faster one: the single place for this rule, which `benchmarks/cells.py` measures."""

__all__ = ["is_faster"]

NARROW = 64
"""Layers up to this width are laid out anew at each call without a loss."""
LEARNING_STEPS, RUNNING_STEPS = 1 / 64, 1 / 8
"""Steps of all sequences, for each unit of a layer, from which laying out the weights anew pays: with a way back, on
which torch is slower, and without."""


def is_faster(mode: str, batch: int, time: int, hidden_size: int, *, learning: bool) -> bool:
    """Say whether the compiled core is expected to be at least as fast as torch.

    The core lays out the weights anew at each call, and then takes each step faster. Calls of a step or two, as in a
    loop that is written in Python, are torch's for wide layers and for simple ones.

    Args:
        mode: The layer's kind, as torch names it.
        batch: Sequences.
        time: Steps.
        hidden_size: Units of a layer.
        learning: Whether gradients will be asked for.

    Returns:
        Whether to use it.

    Examples:
        >>> is_faster("GRU", 32, 50, 64, learning=True), is_faster("GRU", 1, 1, 512, learning=False)
        (True, False)
    """
    if time <= 2 and (mode.startswith("RNN") or (time == 1 and hidden_size > NARROW)):
        return False
    return hidden_size <= NARROW or batch * time >= hidden_size * (LEARNING_STEPS if learning else RUNNING_STEPS)
