"""The recurrent layers: torch's constructors, call signatures and state_dict keys, on the native core."""

from typing import TypeAlias

import torch
from torch import Tensor, nn

from pendula.nn.kernels import Backend, NativeLayer

__all__ = ["GRU", "LSTM", "RNN", "RecurrentLayer", "RecurrentState"]


class RNN(NativeLayer, nn.RNN):
    r"""The simple recurrent network, $h_t = \tanh(W_{ih} x_t + b_{ih} + W_{hh} h_{t-1} + b_{hh})$.

    A drop-in for `torch.nn.RNN`: same arguments, same call, same `state_dict`; the sizes have defaults. In the
    lecture's symbols U is `weight_ih_l0`, W is `weight_hh_l0`, and b is the sum of the two biases.

    References:
        J. L. Elman, "Finding structure in time", Cognitive Science 14 (1990) 179.

    Examples:
        >>> output, hidden = RNN(1, 4, batch_first=True)(torch.zeros(2, 5, 1))
        >>> output.shape, hidden.shape
        (torch.Size([2, 5, 4]), torch.Size([1, 2, 4]))
    """

    def __init__(
        self,
        input_size: int = 1,
        hidden_size: int = 64,
        num_layers: int = 1,
        nonlinearity: str = "tanh",
        bias: bool = True,
        batch_first: bool = False,
        dropout: float = 0.0,
        bidirectional: bool = False,
        device: torch.device | str | None = None,
        dtype: torch.dtype | None = None,
        *,
        backend: Backend = "auto",
    ) -> None:
        super().__init__(
            input_size,
            hidden_size,
            num_layers,
            nonlinearity,
            bias,
            batch_first,
            dropout,
            bidirectional,
            device=device,
            dtype=dtype,
        )
        self.backend = backend


class GRU(NativeLayer, nn.GRU):
    """The gated recurrent unit.

    A drop-in for `torch.nn.GRU`: same arguments, same call, same `state_dict`.

    References:
        K. Cho et al., "Learning phrase representations using RNN encoder-decoder", EMNLP 2014, section 2.3.

    Examples:
        >>> GRU(1, 4).weight_hh_l0.shape  # reset, update and new gate
        torch.Size([12, 4])
    """

    def __init__(
        self,
        input_size: int = 1,
        hidden_size: int = 64,
        num_layers: int = 1,
        bias: bool = True,
        batch_first: bool = False,
        dropout: float = 0.0,
        bidirectional: bool = False,
        device: torch.device | str | None = None,
        dtype: torch.dtype | None = None,
        *,
        backend: Backend = "auto",
    ) -> None:
        super().__init__(
            input_size,
            hidden_size,
            num_layers,
            bias,
            batch_first,
            dropout,
            bidirectional,
            device=device,
            dtype=dtype,
        )
        self.backend = backend


class LSTM(NativeLayer, nn.LSTM):
    """The long short-term memory.

    A drop-in for `torch.nn.LSTM`: same arguments, same call, same `state_dict`.

    References:
        S. Hochreiter and J. Schmidhuber, "Long short-term memory", Neural Computation 9 (1997) 1735; the forget gate is
        that of F. A. Gers, J. Schmidhuber and F. Cummins, Neural Computation 12 (2000) 2451.

    Examples:
        >>> _, (hidden, cell) = LSTM(1, 4)(torch.zeros(5, 1))
        >>> hidden.shape, cell.shape
        (torch.Size([1, 4]), torch.Size([1, 4]))
    """

    def __init__(
        self,
        input_size: int = 1,
        hidden_size: int = 64,
        num_layers: int = 1,
        bias: bool = True,
        batch_first: bool = False,
        dropout: float = 0.0,
        bidirectional: bool = False,
        proj_size: int = 0,
        device: torch.device | str | None = None,
        dtype: torch.dtype | None = None,
        *,
        backend: Backend = "auto",
    ) -> None:
        super().__init__(
            input_size,
            hidden_size,
            num_layers,
            bias,
            batch_first,
            dropout,
            bidirectional,
            proj_size,
            device=device,
            dtype=dtype,
        )
        self.backend = backend


RecurrentLayer: TypeAlias = RNN | GRU | LSTM
RecurrentState: TypeAlias = Tensor | tuple[Tensor, Tensor]
"""Hidden state [layer, batch, hidden]; for the LSTM the pair of hidden and cell state."""
