"""What the recurrent layers share: the choice between the compiled core and torch's own kernels."""

from typing import Any, Literal, TypeAlias, get_args

import torch
from torch import Tensor, nn
from torch._C import _is_tracing as is_tracing
from torch.nn.utils.rnn import PackedSequence

from pendula.errors import ArgumentError, did_you_mean
from pendula.nn.kernels.choice import is_faster
from pendula.nn.kernels.dropout import run_with_dropout
from pendula.nn.kernels.function import run
from pendula.nn.kernels.native import available, why_absent
from pendula.nn.kernels.packing import run_packed, run_padded
from pendula.nn.kernels.problem import BITS, CELLS, Stack
from pendula.nn.kernels.states import LayerState, mapped, split

__all__ = ["Backend", "NativeLayer"]

Backend: TypeAlias = Literal["auto", "native", "torch"]

FUSED = frozenset({torch.float32} if torch.backends.mkldnn.is_available() else ())  # type: ignore[no-untyped-call]
"""Types of numbers for which torch has a fused LSTM, that of oneDNN."""


class NativeLayer(nn.RNNBase):
    """A recurrent layer of torch that runs in the compiled core where that can run it, and is faster.

    It comes before torch's layer among the base classes: what the core does not do is torch's. Torch's words are used
    for inputs that do not fit.
    """

    _wanted: Backend = "auto"

    @property
    def backend(self) -> str:
        """What runs the layer: native or torch.

        It follows from the layer's options and from the type and place of its weights. With `backend="auto"`, torch
        also runs those shapes at which it is faster.
        """
        return "torch" if self._wanted == "torch" or self._obstacle() else "native"

    @backend.setter
    def backend(self, wanted: Backend) -> None:
        if wanted not in get_args(Backend):
            raise ArgumentError(
                f"`backend` must be known: expected one of {', '.join(get_args(Backend))}, got {wanted}."
                + did_you_mean(str(wanted), get_args(Backend), listed=True)
            )
        self._wanted = wanted
        if wanted == "native":
            self._refuse_obstacle()

    def forward(self, input: Any, hx: Any = None, *, lengths: Tensor | None = None) -> Any:  # noqa: A002
        """Run sequences through the layer.

        Args:
            input: Sequences, as `torch.nn` takes them.
            hx: First states; zeros if left out.
            lengths: Steps of each sequence, [batch], int64; all if left out.

        Returns:
            States after every step, zero where a sequence has ended, and after the last.

        Raises:
            ArgumentError: If the compiled core is asked for and cannot run the layer, or if lengths do not fit.
        """
        if isinstance(input, PackedSequence):
            return self._run_packed(input, hx, lengths)
        hx = tuple(hx) if isinstance(hx, list) else hx
        if input.dim() == 2 and all(state is None or state.dim() == 2 for state in split(hx)):
            return self._run_unbatched(input, hx, lengths)
        parameters = self._ready(input, hx)
        if parameters is None:
            return self._run_in_torch(input, hx, lengths)
        stack = Stack(CELLS[self.mode.lower()], self.num_layers, self.batch_first, True)
        h, c = hx if isinstance(hx, tuple) else (hx, None)
        output: Tensor | None
        if self.dropout and self.training and self.num_layers > 1:
            output, h_n, c_n = run_with_dropout(stack, self.dropout, lengths, input, h, c, parameters)
        else:
            output, h_n, c_n = run(stack, lengths, input, h, c, parameters)
        return output, h_n if c_n is None else (h_n, c_n)

    def extra_repr(self) -> str:
        """Name the layer's arguments.

        Returns:
            Those of torch, and the backend if one was asked for.
        """
        words = super().extra_repr()
        return words if self._wanted == "auto" else f"{words}, backend={self._wanted!r}"

    def _obstacle(self) -> str:
        if not available():
            return f"there is none: {why_absent()}"
        if self.bidirectional:
            return "it runs no bidirectional layer"
        if self.proj_size:
            return "it runs no projection"
        weight = self.weight_hh_l0
        if not weight.is_cpu:
            return f"it runs on the CPU, and the weights are on {weight.device}"
        if weight.dtype not in BITS:
            return f"it computes in float32 and float64, and the weights are {weight.dtype}"
        return ""

    def _refuse_obstacle(self) -> None:
        if obstacle := self._obstacle():
            raise ArgumentError(
                f"`backend` must be one that can run the layer: got native, but {obstacle}. Choose backend='auto'."
            )

    def _ready(self, input: Tensor, hx: Any) -> list[Tensor] | None:  # noqa: A002
        # The parameters, if the core can take the input and is to; what does not fit is left to torch and its words.
        if self._wanted == "torch" or not available() or self.bidirectional or self.proj_size or input.dim() != 3:
            return None
        if self._wanted == "auto" and _is_for_torch():
            return None
        batch, time, channels = input.shape if self.batch_first else (input.shape[1], input.shape[0], input.shape[2])
        if channels != self.input_size or batch == 0 or time == 0:
            return None
        parameters, dtype = self._weights(), input.dtype
        if dtype not in BITS or parameters[0].dtype is not dtype or not (input.is_cpu and parameters[0].is_cpu):
            return None
        if hx is not None and not self._is_state(hx, (self.num_layers, batch, self.hidden_size), dtype):
            return None
        if self._wanted == "native":
            return parameters
        learning = torch.is_grad_enabled() and parameters[0].requires_grad
        faster = is_faster(
            self.mode,
            batch,
            time,
            self.hidden_size,
            learning=learning,
            fused=dtype in FUSED,
            threads=_threads(),
        )
        return parameters if faster else None

    def _weights(self) -> list[Tensor]:
        own, names = self._parameters, self._flat_weights_names
        try:
            return [own[name] for name in names]  # type: ignore[misc]
        except KeyError:  # a parametrization or a pruning has put an attribute in a parameter's place
            return [getattr(self, name) for name in names]

    def _is_state(self, hx: Any, shape: tuple[int, ...], dtype: torch.dtype) -> bool:
        states = hx if self.mode == "LSTM" else (hx,)
        if not isinstance(states, tuple) or len(states) != (2 if self.mode == "LSTM" else 1):
            return False
        return all(isinstance(one, Tensor) and one.shape == shape and one.dtype is dtype for one in states)

    def _run_in_torch(self, input: Tensor, hx: Any, lengths: Tensor | None) -> Any:  # noqa: A002
        if self._wanted == "native":
            self._refuse_obstacle()
        if lengths is None or 0 in input.shape:
            return super().forward(input, hx)
        self.check_input(input, None)
        return run_packed(self, super().forward, input, hx, lengths)

    def _run_packed(self, input: PackedSequence, hx: Any, lengths: Tensor | None) -> Any:  # noqa: A002
        if lengths is not None:
            raise ArgumentError(
                "`lengths` must be left out with a packed sequence, which has its own: got both. Leave them out."
            )
        if self._wanted == "native":
            self._refuse_obstacle()
        fits = input.data.dim() == 2 and input.data.is_cpu and input.data.dtype in BITS
        if self.backend == "torch" or not fits:
            return super().forward(input, hx)
        return run_padded(self, lambda padded, state, counts: self(padded, state, lengths=counts), input, hx)

    def _run_unbatched(self, input: Tensor, hx: LayerState, lengths: Tensor | None) -> Any:  # noqa: A002
        axis = 0 if self.batch_first else 1
        output, last = self.forward(input.unsqueeze(axis), mapped(hx, lambda one: one.unsqueeze(1)), lengths=lengths)
        return output.squeeze(axis), mapped(last, lambda one: one.squeeze(1))


def _is_for_torch() -> bool:
    # Automatic casts, traces and exports know torch's own operations.
    if torch.is_autocast_enabled("cpu") or torch.compiler.is_exporting():
        return True
    return not torch.compiler.is_compiling() and is_tracing()


def _threads() -> int:
    # torch.compile cannot take the number of threads in.
    return 1 if torch.compiler.is_compiling() else torch.get_num_threads()
