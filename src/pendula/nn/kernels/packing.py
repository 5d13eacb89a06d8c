"""Sequences of unequal length: padded ones for torch's own layers, packed ones for the compiled core."""

from collections.abc import Callable
from typing import TypeAlias

from torch import Tensor, nn
from torch.nn.utils.rnn import PackedSequence, pack_padded_sequence, pad_packed_sequence

from pendula.nn.kernels.compiling import left_alone
from pendula.nn.kernels.problem import check_lengths
from pendula.nn.kernels.states import LayerState, joined, mapped, split

__all__ = ["run_packed", "run_padded"]

Packed: TypeAlias = Callable[[PackedSequence, LayerState], tuple[PackedSequence, LayerState]]
Padded: TypeAlias = Callable[[Tensor, LayerState, Tensor], tuple[Tensor, LayerState]]


@left_alone
def run_packed(
    layer: nn.RNNBase, forward: Packed, sequences: Tensor, state: LayerState, lengths: Tensor
) -> tuple[Tensor, LayerState]:
    """Run padded sequences through a layer that takes packed ones.

    Args:
        layer: The layer, for its sizes.
        forward: Its call.
        sequences: Padded sequences, in the layer's order of axes.
        state: First states; zeros if left out.
        lengths: Steps of each sequence; torch packs none without a step, so these are left out and put back.

    Returns:
        States after every step, zero where a sequence has ended, and after each sequence's last step.

    Raises:
        ArgumentError: If the lengths do not lie within the steps.
        ShapeError: If there is not one for each sequence.
    """
    axis, steps = (0, 1) if layer.batch_first else (1, 0)
    batch, time = sequences.shape[axis], sequences.shape[steps]
    check_lengths(lengths, batch, time)
    first = _zeros(layer, sequences, batch) if state is None else state
    output = sequences.new_zeros(*sequences.shape[:2], _features(layer))
    rows = lengths.nonzero().squeeze(1).to(sequences.device)
    if len(rows) == 0:
        return output, first
    packed = pack_padded_sequence(
        sequences.index_select(axis, rows), lengths[lengths > 0].cpu(), layer.batch_first, enforce_sorted=False
    )
    found, last = forward(packed, mapped(first, lambda one: one.index_select(1, rows)))
    padded, _ = pad_packed_sequence(found, layer.batch_first, total_length=time)
    output = output.to(padded.dtype).index_copy(axis, rows, padded)
    return output, _both(first, last, lambda before, after: before.to(after.dtype).index_copy(1, rows, after))


@left_alone
def run_padded(
    layer: nn.RNNBase, forward: Padded, packed: PackedSequence, state: LayerState
) -> tuple[PackedSequence, LayerState]:
    """Run packed sequences through a layer that takes padded ones and their lengths.

    Args:
        layer: The layer, for its order of axes.
        forward: Its call.
        packed: Packed sequences.
        state: First states, in the order from before packing; zeros if left out.

    Returns:
        States after every step, packed in the same order, and after each sequence's last step.
    """
    data, batch_sizes, order, back = packed
    # Without its order, the batch stays sorted by length.
    padded, lengths = pad_packed_sequence(PackedSequence(data, batch_sizes), layer.batch_first)
    first = state if order is None else mapped(state, lambda one: one.index_select(1, order))
    output, last = forward(padded, first, lengths)
    found = pack_padded_sequence(output, lengths, layer.batch_first).data
    if back is not None:
        last = mapped(last, lambda one: one.index_select(1, back))
    return PackedSequence(found, batch_sizes, order, back), last


def _features(layer: nn.RNNBase) -> int:
    return (layer.proj_size or layer.hidden_size) * (2 if layer.bidirectional else 1)


def _zeros(layer: nn.RNNBase, sequences: Tensor, batch: int) -> LayerState:
    layers = layer.num_layers * (2 if layer.bidirectional else 1)
    h = sequences.new_zeros(layers, batch, layer.proj_size or layer.hidden_size)
    return (h, sequences.new_zeros(layers, batch, layer.hidden_size)) if layer.mode == "LSTM" else h


def _both(before: LayerState, after: LayerState, change: Callable[[Tensor, Tensor], Tensor]) -> LayerState:
    (h, c), (next_h, next_c) = split(before), split(after)
    assert h is not None
    assert next_h is not None
    return joined(change(h, next_h), None if c is None or next_c is None else change(c, next_c))
