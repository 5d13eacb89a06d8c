"""Layers that were another tool's as a forecaster."""

from typing import Any

from torch import nn

from pendula.errors import ModelError
from pendula.nn import Forecaster, Network, RecurrentLayer

__all__ = ["forecaster_of"]


def forecaster_of(recurrent: RecurrentLayer, head: nn.Linear, *, source: str, layers: str) -> Forecaster:
    """Make a forecaster of a stack and its head, which is told a series value by value and can run freely.

    Args:
        recurrent: The stack.
        head: From its last layer to the next values; several steps are one block after the other, each with all
            channels.
        source: What messages call the model.
        layers: What holds the layers if they make no forecaster, in code.

    Returns:
        The forecaster, with the weights copied.

    Raises:
        ModelError: If the outputs cannot be the next values of the inputs, or the stack is not causal.
    """
    channels, advice = recurrent.input_size, f"`{layers}` holds its layers."
    if head.out_features % channels:
        raise ModelError(
            f"`{source}` must predict what it is shown: expected {channels} outputs, or a multiple of it for "
            f"several steps, got {head.out_features}. It cannot run freely; {advice}"
        )
    if getattr(recurrent, "nonlinearity", "tanh") != "tanh":
        raise ModelError(f"`{source}` must have tanh units to be a forecaster: got {recurrent.nonlinearity}. {advice}")
    if recurrent.bidirectional or recurrent.proj_size:
        got = "layers of both directions" if recurrent.bidirectional else "projected states"
        raise ModelError(f"`{source}` must run in one direction to be a forecaster: got {got}. {advice}")
    cell: Any = recurrent.mode.lower().removesuffix("_tanh")
    network = Network(
        cell=cell,
        hidden_size=recurrent.hidden_size,
        num_layers=recurrent.num_layers,
        leads=head.out_features // channels,
        residual=False,
        increments=False,
    )
    made = Forecaster(network, channels).to(head.weight.dtype)
    made.recurrent.load_state_dict(recurrent.state_dict())
    made.head.load_state_dict(head.state_dict())
    return made.eval()
