"""Recurrent stacks unrolled into torch's single cells, every state a node of the graph: slow, obviously right."""

import torch
from torch import nn

KINDS = {
    "RNN_TANH": nn.RNNCell,
    "RNN_RELU": lambda *sizes, **options: nn.RNNCell(*sizes, nonlinearity="relu", **options),
    "GRU": nn.GRUCell,
    "LSTM": nn.LSTMCell,
}


def cell_of(layer, k):
    """Make a single cell with the weights of one layer of a stack."""
    names = [name.removesuffix(f"_l{k}") for name in layer._flat_weights_names if name.endswith(f"_l{k}")]
    weights = {name: getattr(layer, f"{name}_l{k}").detach().double() for name in names}
    cell = KINDS[layer.mode](
        weights["weight_ih"].shape[1], layer.hidden_size, bias="bias_ih" in weights, dtype=torch.float64
    )
    cell.load_state_dict(weights)
    return cell


def unroll(layer, inputs, state=None):
    """Run a stack with weights of their own at each step.

    Gives the cells, by layer and step, and the states h and c, by layer and step; the step 0 is the first state.
    """
    rows, cells, hs, cs = list(inputs.double().unbind(dim=1)), [], [], []
    h0, c0 = state if isinstance(state, tuple) else (state, None)
    zero = torch.zeros(layer.num_layers, len(inputs), layer.hidden_size, dtype=torch.float64)
    for k in range(layer.num_layers):
        h = (zero if h0 is None else h0.double())[k].clone().requires_grad_()
        c = (zero if c0 is None else c0.double())[k].clone().requires_grad_()
        at_step, h_path, c_path = [], [h], [c]
        for x in rows:
            cell = cell_of(layer, k)
            if layer.mode == "LSTM":
                h, c = lstm_step(cell, x, h, c)
                c_path.append(c)
            else:
                h = cell(x, h)
            at_step.append(cell)
            h_path.append(h)
        cells.append(at_step)
        hs.append(h_path)
        cs.append(c_path)
        rows = h_path[1:]
    return cells, hs, cs


def lstm_step(cell, x, h, c):
    """Take the step with c as a node that h follows from; torch's own cell makes both in one node."""
    gates = nn.functional.linear(x, cell.weight_ih, cell.bias_ih) + nn.functional.linear(
        h, cell.weight_hh, cell.bias_hh
    )
    i, f, g, o = gates.chunk(4, dim=-1)
    c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
    return torch.sigmoid(o) * torch.tanh(c), c
