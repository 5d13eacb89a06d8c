"""The forecaster as the native core runs it: step after step, without Python in between."""

from typing import Any

import torch
from torch import Tensor
from torch._C import _are_functorch_transforms_active as transforming
from torch.autograd import forward_ad

from pendula.nn.forecaster import Forecaster, ForecasterState
from pendula.nn.kernels.memory import require
from pendula.nn.kernels.native import core
from pendula.nn.kernels.problem import BITS, CELLS
from pendula.shapes import AheadTensor, BatchTensor, Float, ShownTensor

__all__ = ["NativeForecaster", "beside", "misfits", "room_for", "runs_natively"]

PRODUCTS_PER_CALL = 20_000_000_000
"""A call of the core does about so many multiplications, a second's work at most, so that it can be interrupted."""
WORTHWHILE_PRODUCTS = 500_000
"""Work that is done before a second thread has woken up is not worth one."""


def runs_natively(forecaster: Forecaster, values: ShownTensor, state: ForecasterState | None = None) -> bool:
    """Tell whether the native core can run a forecaster on from given values.

    It can where the forecaster's layers are native, nothing random happens in them, nobody looks on or differentiates,
    and all tensors are of the kind that it takes.

    Args:
        forecaster: The network.
        values: Scaled values, with controls if there are any.
        state: What was seen before them.

    Returns:
        Whether `NativeForecaster` takes them; if not, torch has to.

    Examples:
        >>> from pendula.nn import Network, build
        >>> runs_natively(build(Network(), 1).to(torch.bfloat16), torch.zeros(1, 2, 1))
        False
    """
    stack, dtype = forecaster.recurrent, forecaster.head.weight.dtype
    if core is None or stack.backend != "native" or {dtype, values.dtype} - BITS.keys():
        return False
    if (stack.training and stack.dropout) or _is_watched(forecaster):
        return False
    if values.dim() != 3 or values.shape[2] != forecaster.channels + forecaster.controls or not values.numel():
        return False
    scales = [forecaster.output_scale, forecaster.increment_scale]
    linear = [] if forecaster.linear is None else [forecaster.linear.weight, forecaster.linear.bias]
    expected = [(part, dtype) for part in (*stack.parameters(), *forecaster.head.parameters(), *scales)]
    expected += [(part, torch.float64) for part in linear]
    return (
        values.is_cpu
        and all(part.is_cpu and part.dtype == kind for part, kind in expected)
        and (state is None or not misfits(state, room_for(forecaster, values)))
    )


def _is_watched(forecaster: Forecaster) -> bool:
    # Hooks and automatic casts are of the forecaster's own passes; forward-mode derivatives flow without gradients too.
    if any(part._forward_hooks or part._forward_pre_hooks for part in forecaster.modules()):  # noqa: SLF001
        return True
    return torch.is_autocast_enabled("cpu") or transforming() or forward_ad._current_level >= 0  # noqa: SLF001


def beside(block: BatchTensor, controls: AheadTensor | None, first: int) -> ShownTensor:
    """Show predictions as the rows that they become.

    Args:
        block: Predictions.
        controls: The controls beside all predictions of a run; None where there are none.
        first: Which of these predictions the block begins with.

    Returns:
        The predictions with the controls beside them.

    Examples:
        >>> beside(torch.zeros(1, 1, 1), torch.tensor([[[1.0], [2.0]]]), 1)
        tensor([[[0., 2.]]])
    """
    return block if controls is None else torch.cat([block, controls[:, first : first + block.shape[1]]], dim=-1)


def room_for(forecaster: Forecaster, values: Float[Tensor, " batch *rest"]) -> ForecasterState:
    """Make a state to write into.

    Args:
        forecaster: The network.
        values: Values of each series, whose number, type and device are taken.

    Returns:
        Tensors that hold no particular values.
    """
    network, channels, batch = forecaster.network, forecaster.channels, len(values)
    columns = channels + forecaster.controls
    shape = (network.num_layers, batch, network.hidden_size)
    h, c = forecaster.head.weight.new_empty(shape), forecaster.head.weight.new_empty(shape)
    return ForecasterState(
        (h, c) if network.cell == "lstm" else h,
        values.new_empty(batch, 1, channels),
        values.new_empty(batch, network.linear_lags - 1, columns) if network.linear_lags else None,
    )


def misfits(state: ForecasterState, room: ForecasterState) -> list[str]:
    """Name the parts of a state that are not of the shape, type and device of another's.

    Args:
        state: The state; parts that it does not have are left out.
        room: The other.

    Returns:
        Names among h, c, last and past.
    """
    named = zip(("h", "c", "last", "past"), _parts(state), _parts(room), strict=True)
    return [
        name
        for name, part, like in named
        if part is not None
        and (like is None or (part.shape, part.dtype, part.device) != (like.shape, like.dtype, like.device))
    ]


class NativeForecaster:
    """A forecaster's parts as the core takes them, for series of one precision.

    The tensors whose addresses are handed over are kept alive here; they are copies where they are not contiguous.

    Args:
        forecaster: The network.
        dtype: Of the series.
    """

    def __init__(self, forecaster: Forecaster, dtype: torch.dtype) -> None:
        network, stack, linear = forecaster.network, forecaster.recurrent, forecaster.linear
        self._forecaster = forecaster
        self._core: Any = core
        self._bits = BITS[forecaster.head.weight.dtype], BITS[dtype]
        self._stack = _contiguous([
            getattr(stack, f"{name}_l{layer}", None)
            for layer in range(network.num_layers)
            for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh", "leak")
        ])
        head = [forecaster.head.weight, forecaster.head.bias, forecaster.output_scale, forecaster.increment_scale]
        self._around = _contiguous([*head, *([None, None] if linear is None else [linear.weight.T, linear.bias])])
        numbers = (
            forecaster.channels,
            forecaster.controls,
            network.leads,
            network.linear_lags,
            network.increments,
            network.residual,
        )
        self._where = _addresses(self._stack), (*numbers, *_addresses(self._around))

    def run(
        self, known: ShownTensor, state: ForecasterState | None, steps: int, *, controls: AheadTensor | None = None
    ) -> Float[Tensor, "batch steps channel"]:
        """Show known values to the forecaster and let it run on by itself.

        Args:
            known: Scaled values, with controls if there are any.
            state: What was seen before them.
            steps: How many steps to run.
            controls: What stands beside the predictions, in the type of `known`; at least `steps` − 1 rows of it are
                there, or as many as are handed on in whole blocks.

        Returns:
            The next `steps` values, scaled.

        Raises:
            TooLargeError: If they do not fit in memory.
        """
        (batch, time, _), channels = known.shape, self._forecaster.channels
        require(batch * steps * channels * known.element_size(), f"{batch} free runs of {steps} steps")
        run = known.new_empty(batch, steps, channels)
        leads = self._forecaster.network.leads
        products = batch * sum(part.numel() for part in self._stack if part is not None)
        threads = torch.get_num_threads() if products * (time + steps) > WORTHWHILE_PRODUCTS else 1
        most = leads * max(1, PRODUCTS_PER_CALL // (products * leads))
        first, memory = _parts(state), _parts(room_for(self._forecaster, known))
        for start in range(0, steps, most):
            piece = run[:, start : start + most]
            if start:
                known, first = beside(run[:, start - leads : start], controls, start - leads), memory
            self._core.free_run(
                *self._bits,
                self._problem(batch, known.shape[1], threads=threads),
                *self._where,
                _view(known),
                _addresses(first),
                piece.shape[1],
                _view(None if controls is None else controls[:, start:]),
                _view(piece),
                _addresses(memory),
            )
        return run

    def stream(self, batch: int, state: ForecasterState) -> Any:
        """Make the core's object that goes step by step.

        Args:
            batch: How many series go side by side.
            state: What was seen before.

        Returns:
            The object, which reads memory that is kept alive here.
        """
        first = _parts(state)  # copies that must outlive the call
        return self._core.make_stream(*self._bits, self._problem(batch, 1, threads=1), *self._where, _addresses(first))

    def state_of(self, stream: Any, values: Float[Tensor, "batch channel"]) -> ForecasterState:
        """Copy out what such an object remembers.

        Args:
            stream: The object.
            values: Values of each series, whose number and type are taken.

        Returns:
            Its state.
        """
        state = room_for(self._forecaster, values)
        stream.memory(_addresses(_parts(state)))
        return state

    def _problem(self, batch: int, time: int, *, threads: int) -> tuple[int, ...]:
        stack = self._forecaster.recurrent
        cell = CELLS[stack.mode.lower()]
        return cell, stack.input_size, stack.hidden_size, stack.num_layers, batch, time, 0, threads


def _parts(state: ForecasterState | None) -> list[Tensor | None]:
    # h, c, the last value and the past
    hidden, last, past = state or (None, None, None)
    h, c = hidden if isinstance(hidden, tuple) else (hidden, None)
    return _contiguous([h, c, last, past])


def _contiguous(parts: list[Tensor | None]) -> list[Tensor | None]:
    return [None if part is None else part.detach().contiguous() for part in parts]


def _view(tensor: Tensor | None) -> tuple[int, ...]:
    return (0, 0, 0, 0) if tensor is None else (tensor.data_ptr(), *tensor.stride())


def _addresses(parts: list[Tensor | None]) -> tuple[int, ...]:
    return tuple(0 if part is None else part.data_ptr() for part in parts)
