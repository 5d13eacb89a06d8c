"""The derivatives of one step of a cell, unit by unit, in closed form."""

from collections.abc import Callable
from typing import NamedTuple, TypeAlias

import torch
from torch import Tensor

from pendula.nn.kernels.problem import CELLS, LEAKY, LSTM
from pendula.shapes import Float

__all__ = ["Slopes", "slopes_of"]


class Slopes(NamedTuple):
    r"""How the state after a step depends on the gates and on the state before it.

    The gates are the sum of a part from the input and one from the state, $W_{ih} x + b_{ih}$ and
    $W_{hh} h + b_{hh}$; what follows acts on each unit by itself, so that its derivatives are numbers and not matrices.
    The state has one part, h, and for the LSTM two, h and c.

    Attributes:
        by_input: By the input's part of the gates.
        by_state: By the state's part of the gates; the same but for the GRU, whose reset gate acts on it.
        past_gates: By the state before, past the gates: parts after the step, parts before it.
        h_by_c: ∂h/∂c of the LSTM within a step; None for other cells.
    """

    by_input: Float[Tensor, "batch time part gate hidden"]
    by_state: Float[Tensor, "batch time part gate hidden"]
    past_gates: Float[Tensor, "batch time part part hidden"]
    h_by_c: Float[Tensor, "batch time hidden"] | None


def slopes_of(
    cell: int,
    from_input: Float[Tensor, "batch time gates"],
    from_state: Float[Tensor, "batch time gates"],
    before: Float[Tensor, "batch time hidden"],
    *,
    first_c: Float[Tensor, "batch hidden"] | None = None,
    leak: Float[Tensor, " hidden"] | None = None,
) -> Slopes:
    """Differentiate every step of a layer at once.

    Args:
        cell: Number of the cell.
        from_input: The input's part of the gates at each step.
        from_state: The state's part.
        before: h before each step.
        first_c: c before the first step of an LSTM.
        leak: Of the leaky cell.

    Returns:
        The slopes.

    Examples:
        >>> gates = torch.zeros(1, 1, 1)
        >>> slopes_of(CELLS["rnn_tanh"], gates, gates, gates).by_state.item()  # 1 − tanh² 0
        1.0
    """
    if cell == LSTM:
        assert first_c is not None
        return _lstm(from_input + from_state, first_c)
    if cell == LEAKY:
        assert leak is not None
        return _single(leak * _tanh_slope(from_input + from_state), (1 - leak).expand_as(before))
    return _SIMPLE[cell](from_input, from_state, before)


def _tanh(from_input: Tensor, from_state: Tensor, before: Tensor) -> Slopes:
    return _single(_tanh_slope(from_input + from_state), torch.zeros_like(before))


def _relu(from_input: Tensor, from_state: Tensor, before: Tensor) -> Slopes:
    return _single((from_input + from_state > 0).to(before.dtype), torch.zeros_like(before))


def _gru(from_input: Tensor, from_state: Tensor, before: Tensor) -> Slopes:
    r_x, z_x, n_x = from_input.chunk(3, dim=-1)
    r_h, z_h, n_h = from_state.chunk(3, dim=-1)
    r, z = torch.sigmoid(r_x + r_h), torch.sigmoid(z_x + z_h)
    n = torch.tanh(n_x + r * n_h)
    by_n = (1 - z) * (1 - n**2)  # h' = (1 − z) n + z h
    by_r, by_z = by_n * n_h * r * (1 - r), (before - n) * z * (1 - z)
    by_input, by_state = (torch.stack([by_r, by_z, each], dim=2)[:, :, None] for each in (by_n, by_n * r))
    return Slopes(by_input, by_state, z[:, :, None, None], None)


def _lstm(gates: Tensor, c: Tensor) -> Slopes:
    i, f, g, o = gates.chunk(4, dim=-1)
    i, f, g, o = torch.sigmoid(i), torch.sigmoid(f), torch.tanh(g), torch.sigmoid(o)
    cells = [c]
    for t in range(gates.shape[1]):
        cells.append(f[:, t] * cells[-1] + i[:, t] * g[:, t])
    before, after = torch.stack(cells[:-1], dim=1), torch.tanh(torch.stack(cells[1:], dim=1))
    h_by_c = o * (1 - after**2)  # h = o tanh c
    zero = torch.zeros_like(o)
    c_by_gates = torch.stack([g * i * (1 - i), before * f * (1 - f), i * (1 - g**2), zero], dim=2)
    h_by_gates = h_by_c[:, :, None] * c_by_gates
    h_by_gates[:, :, 3] = after * o * (1 - o)
    by_gates = torch.stack([h_by_gates, c_by_gates], dim=2)
    past_gates = torch.stack([torch.stack([zero, h_by_c * f], dim=2), torch.stack([zero, f], dim=2)], dim=2)
    return Slopes(by_gates, by_gates, past_gates, h_by_c)


def _single(slope: Tensor, past_gates: Tensor) -> Slopes:
    # One part of the state, one gate.
    by_gates = slope[:, :, None, None]
    return Slopes(by_gates, by_gates, past_gates[:, :, None, None], None)


def _tanh_slope(a: Tensor) -> Tensor:
    return 1 - torch.tanh(a) ** 2


_Simple: TypeAlias = Callable[[Tensor, Tensor, Tensor], Slopes]
_SIMPLE: dict[int, _Simple] = {CELLS["rnn_tanh"]: _tanh, CELLS["rnn_relu"]: _relu, CELLS["gru"]: _gru}
