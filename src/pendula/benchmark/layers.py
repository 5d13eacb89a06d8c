"""The work of a benchmark done by layers with torch's interface: Pendula's, and torch's own."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import torch
from torch import Tensor, nn

from pendula.benchmark.numbers import Numbers, draw_numbers
from pendula.benchmark.workload import Workload
from pendula.nn import CELLS, Forecaster, Network, free_run
from pendula.nn.kernels.native import core
from pendula.training.flat_adam import FlatAdam

__all__ = ["LEARNING_RATE", "Made", "Maker", "make_forecaster", "make_layers"]

Maker: TypeAlias = Literal["pendula", "torch"]

LEARNING_RATE = 1e-3

_TORCH: dict[str, type[nn.RNNBase]] = {"rnn": nn.RNN, "gru": nn.GRU, "lstm": nn.LSTM}


@dataclass(frozen=True, kw_only=True, slots=True)
class Made:
    """Work that lies ready.

    Attributes:
        work: Does it once, and gives what it came to: the loss, or a sum over the results.
        backend: What computes it: torch or native.
        remark: What had to be done to make it work at all; empty where nothing had.
    """

    work: Callable[[], float | Tensor]
    backend: str
    remark: str = ""


def make_layers(maker: Maker, workload: Workload) -> Made:
    """Lay a workload ready for Pendula's layers or for torch's.

    Both run eagerly, and both take their fastest way that needs no other code: fused Adam on the side of torch, what
    Pendula's training uses on Pendula's.

    Args:
        maker: Whose layers.
        workload: What to compute.

    Returns:
        The work.

    Examples:
        >>> small = Workload(task="forward", cell="gru", batch=2, time=3, hidden_size=4)
        >>> ours, theirs = (float(make_layers(maker, small).work()) for maker in ("pendula", "torch"))
        >>> abs(ours - theirs) < 1e-5
        True
    """
    numbers = draw_numbers(workload)
    stack = _stack(maker, workload, numbers)
    backend = getattr(stack, "backend", "torch")
    if workload.task == "step":
        return Made(work=_step(maker, stack, _head(workload, numbers), numbers), backend=backend)
    if workload.task == "forward":
        return Made(work=_forward(stack, numbers), backend=backend)
    if workload.task == "tangent":
        without_onednn = isinstance(stack, nn.LSTM) and backend == "torch" and workload.precision == "float32"
        remark = "torch without oneDNN, which has no tangent pass" if without_onednn else ""
        return Made(work=_tangent(stack, numbers, without_onednn=without_onednn), backend=backend, remark=remark)
    if maker == "pendula":
        return Made(work=_free_run(workload, numbers), backend=backend)
    return Made(work=_loop(workload, stack, _head(workload, numbers), numbers), backend=backend)


def _stack(maker: Maker, workload: Workload, numbers: Numbers) -> nn.RNNBase:
    kind: Any = (CELLS if maker == "pendula" else _TORCH)[workload.cell]
    stack: nn.RNNBase = kind(
        workload.input_size,
        workload.hidden_size,
        workload.num_layers,
        batch_first=True,
        dtype=getattr(torch, workload.precision),
    )
    stack.load_state_dict({name: torch.from_numpy(array) for name, array in numbers.weights.items()})
    return stack


def _head(workload: Workload, numbers: Numbers) -> nn.Linear:
    head = nn.Linear(workload.hidden_size, 1, dtype=getattr(torch, workload.precision))
    head.load_state_dict({"weight": torch.from_numpy(numbers.head_weight), "bias": torch.from_numpy(numbers.head_bias)})
    return head


def _step(maker: Maker, stack: nn.RNNBase, head: nn.Linear, numbers: Numbers) -> Callable[[], Tensor]:
    inputs, targets = torch.from_numpy(numbers.inputs), torch.from_numpy(numbers.targets)
    optimizer = _optimizer(maker, nn.ModuleDict({"recurrent": stack, "head": head}))

    def work() -> Tensor:
        optimizer.zero_grad()
        output, _ = stack(inputs)
        loss: Tensor = (head(output[:, -1]) - targets).square().mean()
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        return loss.detach()

    return work


def _optimizer(maker: Maker, network: nn.Module) -> FlatAdam | torch.optim.Optimizer:
    if maker == "pendula" and hasattr(core, "adam_step"):
        return FlatAdam(network.named_parameters(), learning_rate=LEARNING_RATE)
    return torch.optim.Adam(network.parameters(), lr=LEARNING_RATE, fused=True)


def _forward(stack: nn.RNNBase, numbers: Numbers) -> Callable[[], Tensor]:
    inputs = torch.from_numpy(numbers.inputs)

    def work() -> Tensor:
        with torch.no_grad():
            output, _ = stack(inputs)
            total: Tensor = output.sum()
            return total

    return work


def _tangent(stack: nn.RNNBase, numbers: Numbers, *, without_onednn: bool) -> Callable[[], Tensor]:
    from torch.autograd import forward_ad

    dual: Any = forward_ad
    inputs = torch.from_numpy(numbers.inputs)
    weights = {name: torch.from_numpy(array) for name, array in numbers.weights.items()}
    tangents = {name: torch.from_numpy(array) for name, array in numbers.tangents.items()}

    # Dual numbers: torch.func.jvp does the same with more wrapping, and takes longer.
    def work() -> Tensor:
        with torch.no_grad(), dual.dual_level(), _onednn(off=without_onednn):
            duals = {name: dual.make_dual(weights[name], tangents[name]) for name in weights}
            output, _ = torch.func.functional_call(stack, duals, (inputs,))
            total: Tensor = dual.unpack_dual(output).tangent.sum()
            return total

    return work


@contextmanager
def _onednn(*, off: bool) -> Iterator[None]:
    if not off:
        yield
        return
    mkldnn: Any = torch.backends.mkldnn
    mkldnn.enabled = False
    try:
        yield
    finally:
        mkldnn.enabled = True


def make_forecaster(workload: Workload, numbers: Numbers) -> Forecaster:
    """Make the forecaster that is a recurrent stack with a linear head and nothing else.

    Args:
        workload: Whose cell, sizes and precision are taken.
        numbers: Its weights.

    Returns:
        A forecaster of one channel.
    """
    network = Network(
        cell=workload.cell,
        hidden_size=workload.hidden_size,
        num_layers=workload.num_layers,
        residual=False,
        increments=False,
    )
    forecaster = Forecaster(network, 1).to(getattr(torch, workload.precision))
    forecaster.recurrent.load_state_dict({name: torch.from_numpy(array) for name, array in numbers.weights.items()})
    forecaster.head.load_state_dict(_head(workload, numbers).state_dict())
    return forecaster


def _free_run(workload: Workload, numbers: Numbers) -> Callable[[], Tensor]:
    forecaster = make_forecaster(workload, numbers).eval()
    start = torch.from_numpy(numbers.inputs)
    return lambda: free_run(forecaster, start, workload.time).sum()


def _loop(workload: Workload, stack: nn.RNNBase, head: nn.Linear, numbers: Numbers) -> Callable[[], Tensor]:
    start = torch.from_numpy(numbers.inputs)

    def work() -> Tensor:
        value, state, values = start, None, []
        with torch.no_grad():
            for _ in range(workload.time):
                output, state = stack(value, state)
                value = head(output)
                values.append(value)
            return torch.cat(values, dim=1).sum()

    return work
