"""What the native core does not train."""

import torch

from pendula.nn import Forecaster
from pendula.nn.network import CELLS
from pendula.series.windows import Windows
from pendula.training.flat import BITS
from pendula.training.settings import Training

__all__ = ["first_scored", "why_not_native"]

HOOKS = ("_forward_hooks", "_forward_pre_hooks", "_backward_hooks", "_backward_pre_hooks")


def why_not_native(forecaster: Forecaster, windows: Windows, settings: Training, *, window: int) -> str:
    """Say why the native core does not train a forecaster.

    It minimizes the squared errors of the predictions after the last or after every step of shuffled windows, and those
    of a free run after each.

    Args:
        forecaster: The network, in the precision it is to be trained in.
        windows: Windows of the training part.
        settings: How to train.
        window: Steps of input.

    Returns:
        The reason, in words; empty if it does.

    Examples:
        >>> import numpy as np
        >>> from pendula.nn import Network, build
        >>> windows = Windows(torch.zeros(20, 1), np.array([[0, 20]]), length=11)
        >>> why_not_native(build(Network(), 1), windows, Training(carry_state=True, loss="every"), window=10)
        'it carries no state from window to window'
    """
    network, values = forecaster.network, windows.values
    if settings.carry_state:
        return "it carries no state from window to window"
    if network.head != "point":
        return f"it minimizes squared errors, and `head` is {network.head}"
    if network.dropout:
        return f"it drops no units, and `dropout` is {network.dropout}"
    if values.device.type != "cpu":
        return f"it runs on the CPU, and the series is on {values.device}"
    if not (forecaster.channels + forecaster.controls == values.shape[1] and _is_plain(forecaster)):
        return "it takes no forecaster with hooks, frozen or exchanged parts"
    if first_scored(forecaster, settings, window) >= window:
        return "no step of a window would be scored"
    if values.dtype not in BITS or windows.length < window + max(network.leads, settings.horizon):
        return f"it takes float32 and float64 on the CPU, and the series is {values.dtype} on {values.device}"
    if forecaster.recurrent.backend != "native":
        return "its layers run in torch"
    return ""


def first_scored(forecaster: Forecaster, settings: Training, window: int) -> int:
    """Find the step of a fresh window from which predictions are scored.

    Args:
        forecaster: The network.
        settings: How to train.
        window: Steps of input.

    Returns:
        The step, counted from 0.
    """
    if settings.loss == "last":
        return window - 1
    return max(settings.washout, forecaster.network.linear_lags - 1)


def _is_plain(forecaster: Forecaster) -> bool:
    if type(forecaster) is not Forecaster or type(forecaster.recurrent) is not CELLS[forecaster.network.cell]:
        return False
    if any(getattr(part, hooks) for part in forecaster.modules() for hooks in HOOKS):
        return False
    dtype = forecaster.head.weight.dtype
    learned = {name: held for name, held in forecaster.named_parameters() if held.requires_grad and held.dtype is dtype}
    fixed = {name: held for name, held in forecaster.named_buffers() if held.is_contiguous() and held.is_cpu}
    types = {name: torch.float64 if name.startswith("linear.") else dtype for name in fixed}
    return (
        len(learned) == len(list(forecaster.parameters()))
        and {name: tuple(held.shape) for name, held in (learned | fixed).items()} == _shapes(forecaster)
        and all(held.dtype is types[name] for name, held in fixed.items())
    )


def _shapes(forecaster: Forecaster) -> dict[str, tuple[int, ...]]:
    # Those of everything that the core reads by its address.
    network, channels, controls = forecaster.network, forecaster.channels, forecaster.controls
    outputs = network.leads * channels
    hidden = network.hidden_size
    width = {"rnn": 1, "gru": 3, "lstm": 4}[network.cell] * hidden
    shapes: dict[str, tuple[int, ...]] = {
        "head.weight": (outputs, hidden),
        "head.bias": (outputs,),
        "output_scale": (network.leads, channels),
        "increment_scale": (channels,),
    }
    if network.linear_lags:
        shapes |= {"linear.weight": (network.linear_lags * (channels + controls), outputs), "linear.bias": (outputs,)}
    for layer in range(network.num_layers):
        inputs = hidden if layer else channels * (2 if network.increments else 1) + controls
        parts = {"weight_ih": (width, inputs), "weight_hh": (width, hidden), "bias_ih": (width,), "bias_hh": (width,)}
        shapes |= {f"recurrent.{part}_l{layer}": shape for part, shape in parts.items()}
    return shapes
