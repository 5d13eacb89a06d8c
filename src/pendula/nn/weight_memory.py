"""How much memory the weights of a network take while it is trained."""

import torch

from pendula.nn.kernels import memory
from pendula.nn.network import CELLS, Network

__all__ = ["require_weights", "stack_weights"]

COPIES = 8
"""Training holds each weight, its gradient and two moments; the best epoch's weight; and, to go back to, the last one's
weight and moments."""
_GATES = {"rnn": 1, "gru": 3, "lstm": 4}


def require_weights(network: Network, inputs: int, *, networks: int = 1, dtype: torch.dtype = torch.float32) -> None:
    """Refuse recurrent weights that do not fit in memory while they are trained, before any is drawn.

    Args:
        network: The architecture; cells that are not trained pass.
        inputs: Channels that the stack sees.
        networks: How many of that architecture are held at once.
        dtype: Of the training.

    Raises:
        TooLargeError: If they do not, with all that training holds of each weight. Where nothing tells how much memory
            there is, nothing is refused.

    Examples:
        >>> require_weights(Network(hidden_size=64), 2)
    """
    if network.cell not in CELLS:
        return
    layers = f"{network.num_layers} layer{'s' if network.num_layers > 1 else ''} of {network.hidden_size} units"
    memory.require(
        networks * COPIES * dtype.itemsize * stack_weights(network, inputs),
        f"{networks} networks with {layers}" if networks > 1 else layers,
        rule="`hidden_size` and `num_layers` must leave weights that fit in memory, with gradients, moments and copies",
        advice=f"Choose fewer units{', layers or networks' if networks > 1 else ' or layers'}.",
    )


def stack_weights(network: Network, inputs: int) -> int:
    """Count the weights and biases of a recurrent stack.

    Args:
        network: An architecture whose cell is trained.
        inputs: Channels that it sees.

    Returns:
        Their number.

    Examples:
        >>> stack_weights(Network(cell="gru", hidden_size=8), 2)
        288
    """
    units, layers = network.hidden_size, network.num_layers
    # Each layer has a recurrent matrix and two biases; the first one sees the inputs, the others the units below.
    return _GATES[network.cell] * units * (inputs + (layers - 1) * units + layers * (units + 2))
