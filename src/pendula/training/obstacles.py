"""What the native core does not train."""

import torch
from torch import Tensor, nn

from pendula.nn import Forecaster, Readout
from pendula.nn.kernels.native import available
from pendula.nn.network import CELLS
from pendula.nn.recurrent import RecurrentLayer
from pendula.optim import SOFTMAX, SQUARED_ERROR, OutputLoss
from pendula.series.windows import Windows
from pendula.training.flat import BITS
from pendula.training.pieces import Pieces, WindowPieces
from pendula.training.settings import Training

__all__ = ["first_scored", "why_not_native", "why_not_native_pairs"]

HOOKS = ("_forward_hooks", "_forward_pre_hooks", "_backward_hooks", "_backward_pre_hooks")


def why_not_native(forecaster: Forecaster, windows: Windows, settings: Training, *, window: int) -> str:
    """Say why the native core does not train a forecaster.

    It minimizes the squared errors, or -ln of the likelihood, of the predictions after the last or after every step of
    shuffled windows; and the squared errors of a free run after each.

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
    if network.head != "point" and settings.horizon > 1:
        return f"it scores no likelihood of a free run, and `horizon` is {settings.horizon}"
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


def why_not_native_pairs(readout: Readout, pieces: Pieces, loss: OutputLoss) -> str:
    """Say why the native core does not train a readout.

    It minimizes squared errors, or the cross-entropy of classes, at every step of windows that start from zeros.

    Args:
        readout: The network, in the precision it is to be trained in.
        pieces: What it learns from.
        loss: Of outputs and targets.

    Returns:
        The reason, in words; empty if it does.

    Examples:
        >>> import numpy as np
        >>> from pendula.nn import Network, draw_readout
        >>> from pendula.optim import LOGISTIC
        >>> readout = draw_readout(Network(), 1, 1, seed=0, scored="every")
        >>> pieces = WindowPieces(Windows(torch.zeros(9, 1), np.array([[0, 9]]), length=5), torch.zeros(9, 1), 0)
        >>> why_not_native_pairs(readout, pieces, LOGISTIC)
        'it minimizes squared errors and the cross-entropy of classes, and the loss is logistic'
    """
    if not isinstance(pieces, WindowPieces):
        return "it learns from windows, and these are whole sequences"
    if not (loss in {SQUARED_ERROR, SOFTMAX} or loss.class_weights):
        return f"it minimizes squared errors and the cross-entropy of classes, and the loss is {loss.name}"
    if readout.start is not None:
        return "it learns no first state"
    values = pieces.windows.values
    if not available() or values.device.type != "cpu" or values.dtype not in BITS:
        return f"it takes float32 and float64 on the CPU, and the series is {values.dtype} on {values.device}"
    if not (_is_plain_readout(readout, values) and _suits(pieces.targets, readout, values, loss)):
        return "it takes no readout with hooks, frozen or exchanged parts, and targets like its outputs"
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


def _is_plain_readout(readout: Readout, values: Tensor) -> bool:
    stack, head = readout.recurrent, readout.head
    if type(readout) is not Readout or type(stack) not in CELLS.values() or type(head) is not nn.Linear:
        return False
    learned = {
        name: tuple(held.shape)
        for name, held in readout.named_parameters()
        if held.requires_grad and held.dtype is values.dtype
    }
    shapes = {"head.weight": (head.out_features, stack.hidden_size), "head.bias": (head.out_features,)}
    shapes |= _stack_shapes(stack, stack.input_size)
    return not _is_watched(readout) and stack.input_size == values.shape[1] and learned == shapes


def _suits(targets: Tensor, readout: Readout, values: Tensor, loss: OutputLoss) -> bool:
    outputs = readout.head.out_features
    if loss == SQUARED_ERROR:
        return targets.shape == (len(values), outputs) and targets.dtype is values.dtype and targets.is_cpu
    counted = len(loss.class_weights) or outputs
    named = targets.shape == (len(values),) and targets.dtype is torch.int64 and targets.is_cpu
    return named and int(targets.max()) < min(outputs, counted)


def _is_watched(module: nn.Module) -> bool:
    return any(getattr(part, hooks) for part in module.modules() for hooks in HOOKS)


def _is_plain(forecaster: Forecaster) -> bool:
    if type(forecaster) is not Forecaster or type(forecaster.recurrent) is not CELLS[forecaster.network.cell]:
        return False
    if _is_watched(forecaster):
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
    shapes: dict[str, tuple[int, ...]] = {
        "head.weight": (outputs, network.hidden_size),
        "head.bias": (outputs,),
        "output_scale": (network.leads, channels),
        "increment_scale": (channels,),
    }
    if network.linear_lags:
        shapes |= {"linear.weight": (network.linear_lags * (channels + controls), outputs), "linear.bias": (outputs,)}
    if forecaster.spread is not None:
        said = forecaster.spread.components * sum(forecaster.spread.sizes)
        shapes |= {"spread.linear.weight": (said, network.hidden_size), "spread.linear.bias": (said,)}
    return shapes | _stack_shapes(forecaster.recurrent, channels * (2 if network.increments else 1) + controls)


def _stack_shapes(stack: RecurrentLayer, input_size: int) -> dict[str, tuple[int, ...]]:
    hidden = stack.hidden_size
    width = {"LSTM": 4, "GRU": 3}.get(stack.mode, 1) * hidden
    shapes: dict[str, tuple[int, ...]] = {}
    for layer in range(stack.num_layers):
        inputs = hidden if layer else input_size
        parts = {"weight_ih": (width, inputs), "weight_hh": (width, hidden), "bias_ih": (width,), "bias_hh": (width,)}
        shapes |= {f"recurrent.{part}_l{layer}": shape for part, shape in parts.items()}
    return shapes
