"""Which backend is the faster one: the single place for this rule, which `benchmarks/cells.py` measures."""

__all__ = ["is_faster"]

NARROW = 64
"""Layers up to this width are laid out anew at each call without a loss."""
LEARNING_STEPS = 1 / 64
"""Steps of all sequences, for each unit of a layer, from which laying out the weights anew pays, with a way back."""
RUNNING_STEPS = 1 / 8192
"""The same without a way back, on which torch gains less, for each weight between two units."""
FUSED_NARROW = 128
"""Layers up to this width are faster here than in torch's fused LSTM, however few the sequences are."""
FUSED_LEARNING, FUSED_RUNNING = 3, 4
"""Sequences for each thread from which wider ones are, with a way back and without."""
LSTM_STEPS, FUSED_STEPS = 1 / 8, 1 / 2
"""Steps for each unit in an LSTM, which has the most weights, without a way back: where torch has no fused way, and
where it has."""


def is_faster(
    mode: str, batch: int, time: int, hidden_size: int, *, learning: bool, fused: bool = False, threads: int = 1
) -> bool:
    """Say whether the compiled core is expected to be at least as fast as torch.

    The core lays out the weights anew at each call, and then takes each step faster. Calls of a step or two, as in a
    loop that is written in Python, are torch's for wide layers and for simple ones.

    A wide float32 LSTM over few sequences is torch's: oneDNN spreads its units over the threads, and reads each weight
    from the nearest cache; the core spreads the sequences.

    Args:
        mode: The layer's kind, as torch names it.
        batch: Sequences.
        time: Steps.
        hidden_size: Units of a layer.
        learning: Whether gradients will be asked for.
        fused: Whether torch has a fused way through such an LSTM: in float32, with oneDNN.
        threads: That there are.

    Returns:
        Whether to use it.

    Examples:
        >>> is_faster("GRU", 32, 50, 64, learning=True), is_faster("GRU", 1, 1, 512, learning=False)
        (True, False)
        >>> is_faster("LSTM", 1, 50, 256, learning=True, fused=True, threads=2)
        False
    """
    if time <= 2 and (mode.startswith("RNN") or (time == 1 and hidden_size > NARROW)):
        return False
    if (
        fused
        and mode == "LSTM"
        and hidden_size > FUSED_NARROW
        and not _is_shared_out(batch, threads, learning=learning)
    ):
        return False
    if hidden_size <= NARROW:
        return True
    least = hidden_size * LEARNING_STEPS if learning else _running_steps(mode, hidden_size, fused=fused)
    return batch * time >= least


def _running_steps(mode: str, hidden_size: int, *, fused: bool) -> float:
    if mode == "LSTM":
        return hidden_size * (FUSED_STEPS if fused else LSTM_STEPS)
    return hidden_size**2 * RUNNING_STEPS


def _is_shared_out(batch: int, threads: int, *, learning: bool) -> bool:
    # With a way back, a single thread is faster here even with a single sequence.
    if learning:
        return threads == 1 or batch >= FUSED_LEARNING * threads
    return batch >= FUSED_RUNNING * threads
