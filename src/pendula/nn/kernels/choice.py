"""Which backend is the faster one: the single place for this rule, which `benchmarks/cells.py` measures."""

__all__ = ["is_faster"]

WIDE, BRIEF = 128, 32
"""The core lays out the weights anew at each call. Over so few steps, that does not pay for so wide a layer."""


def is_faster(batch: int, time: int, hidden_size: int) -> bool:
    """Say whether the compiled core is expected to be at least as fast as torch.

    Args:
        batch: Sequences.
        time: Steps.
        hidden_size: Units of a layer.

    Returns:
        Whether to use it.

    Examples:
        >>> is_faster(32, 50, 64), is_faster(1, 1, 512)
        (True, False)
    """
    return hidden_size < WIDE or batch * time >= BRIEF
