"""The same weights in the two conventions: Keras's columns of gates, and torch's rows of gates.

Keras computes x K + h U + b with the gates side by side in the columns, torch W_ih x + b_ih + W_hh h + b_hh with one
below the other in the rows. The LSTM's gates have one order in both: input, forget, cell, output. Keras's GRU has
update, reset, new; torch's has reset, update, new.
"""

from typing import TypeAlias

import numpy as np

from pendula.shapes import Float, ndarray

__all__ = ["GATES", "LayerWeights", "from_columns", "pad_units", "to_columns"]

GATES = {"rnn": 1, "gru": 3, "lstm": 4}
ORDER = {"rnn": (0,), "gru": (1, 0, 2), "lstm": (0, 1, 2, 3)}
"""Which of Keras's gates is which of torch's; the permutation is its own inverse."""
KEEPING_GATE = {"gru": 1, "lstm": 1}
"""The block, in torch's order, of the gate that keeps the old state."""
SHUT = -100.0
"""Bias of a gate that lets through exp(-100), nothing even in double precision."""

LayerWeights: TypeAlias = tuple[ndarray, ndarray, ndarray, ndarray]
"""w_ih [row, input], w_hh [row, unit], b_ih and b_hh [row] of a layer of torch; a row for each gate of each unit."""


def from_columns(
    cell: str,
    kernel: Float[ndarray, "input column"],
    recurrent: Float[ndarray, "unit column"],
    bias: Float[ndarray, "2 column"],
) -> LayerWeights:
    """Bring a layer's weights into torch's convention.

    Args:
        cell: rnn, gru or lstm.
        kernel: K.
        recurrent: U.
        bias: b beside x K, and the one beside h U.

    Returns:
        w_ih, w_hh, b_ih, b_hh.

    Examples:
        >>> K, U, b = np.array([[1.0, 2.0, 3.0]]), np.array([[4.0, 5.0, 6.0]]), np.zeros((2, 3))  # update, reset, new
        >>> from_columns("gru", K, U, b)[0][:, 0].tolist()
        [2.0, 1.0, 3.0]
    """
    rows = _gate_order(cell, recurrent.shape[0])
    return kernel.T[rows], recurrent.T[rows], bias[0][rows], bias[1][rows]


def to_columns(
    cell: str, weights: LayerWeights
) -> tuple[Float[ndarray, "input column"], Float[ndarray, "unit column"], Float[ndarray, "..."]]:
    """Bring a layer's weights into Keras's convention.

    Args:
        cell: rnn, gru or lstm.
        weights: w_ih, w_hh, b_ih, b_hh.

    Returns:
        Kernel, recurrent kernel and bias: two rows of it for a GRU, and the sum of both for the others.
    """
    w_ih, w_hh, b_ih, b_hh = weights
    columns = _gate_order(cell, w_hh.shape[1])
    bias = np.stack([b_ih, b_hh])[:, columns] if cell == "gru" else (b_ih + b_hh)[columns]
    return w_ih[columns].T, w_hh[columns].T, bias


def pad_units(cell: str, weights: LayerWeights, *, units: int, inputs: int) -> LayerWeights:
    """Add units that stay at zero, so that layers of unequal sizes become layers of one size.

    Nothing leads into such a unit or out of it, and it forgets at once what it might be started with: outputs are the
    same to the bit, and the leading exponents and slow modes of the dynamics are those of the real units.

    Args:
        cell: rnn, gru or lstm.
        weights: Of a layer.
        units: How many it is to have.
        inputs: How many inputs it is to have.

    Returns:
        The padded weights.
    """
    w_ih, w_hh, b_ih, b_hh = weights
    gates, real = GATES[cell], w_hh.shape[1]

    def grown(matrix: ndarray, width: int) -> ndarray:
        blocks = matrix.reshape(gates, real, matrix.shape[1])
        return np.pad(blocks, ((0, 0), (0, units - real), (0, width - matrix.shape[1]))).reshape(gates * units, width)

    b_ih, b_hh = (grown(bias[:, None], 1)[:, 0] for bias in (b_ih, b_hh))
    if cell in KEEPING_GATE:
        b_ih.reshape(gates, units)[KEEPING_GATE[cell], real:] = SHUT
    return grown(w_ih, inputs), grown(w_hh, units), b_ih, b_hh


def _gate_order(cell: str, units: int) -> ndarray:
    gates = np.arange(GATES[cell] * units).reshape(GATES[cell], units)
    return np.concatenate([gates[gate] for gate in ORDER[cell]])
