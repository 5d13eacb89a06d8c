"""The forecaster's equations written out step by step: slow, obviously right."""

import numpy as np
import torch
from torch import nn


def rnn_states(inputs, layers):
    """Loop h_t = tanh(U x_t + W h_(t−1) + b) over time, layer upon layer, for one series."""
    for U, W, b in layers:
        h, states = np.zeros(len(W)), []
        for x in inputs:
            h = np.tanh(U @ x + W @ h + b)
            states.append(h)
        inputs = np.array(states)
    return inputs


def rnn_layers(recurrent):
    """Read U, W and b of every layer."""
    weights = {name: value.detach().double().numpy() for name, value in recurrent.named_parameters()}
    return [
        (weights[f"weight_ih_l{k}"], weights[f"weight_hh_l{k}"], weights[f"bias_ih_l{k}"] + weights[f"bias_hh_l{k}"])
        for k in range(recurrent.num_layers)
    ]


def cell_states(inputs, recurrent):
    """Loop torch's own cells over time, layer upon layer, for one series."""
    kind = {"GRU": nn.GRUCell, "LSTM": nn.LSTMCell}[recurrent.mode]
    inputs = torch.as_tensor(inputs)
    for k in range(recurrent.num_layers):
        cell = kind(inputs.shape[1], recurrent.hidden_size, dtype=inputs.dtype)
        cell.load_state_dict({
            name: getattr(recurrent, f"{name}_l{k}") for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
        })
        state, states = None, []
        with torch.no_grad():
            for x in inputs:
                state = cell(x[None], state)
                states.append(state[0][0] if recurrent.mode == "LSTM" else state[0])
        inputs = torch.stack(states)
    return inputs.numpy()


def filtered(series, weight, bias, lags):
    """Loop y_t = b + Σ_k A_k x_(t−k) over time, lags and channels; before the series everything is 0."""
    time, channels = series.shape
    output = np.tile(bias, (time, 1))
    for t in range(time):
        for k in range(min(lags, t + 1)):
            for c in range(channels):
                output[t] += weight[k * channels + c] * series[t - k, c]
    return output


def predict(forecaster, series):
    """Predict for one series [time, channel, and controls behind]: an array [time, lead, channel]."""
    network, channels = forecaster.network, forecaster.channels
    known, controls = series[:, :channels], series[:, channels:]
    buffers = {name: value.double().numpy() for name, value in forecaster.named_buffers()}
    features = series
    if network.increments:
        steps = np.diff(known, axis=0, prepend=known[:1])
        features = np.concatenate([known, steps / buffers["increment_scale"], controls], axis=1)
    recurrent = forecaster.recurrent
    states = rnn_states(features, rnn_layers(recurrent)) if network.cell == "rnn" else cell_states(features, recurrent)
    V, c = (value.detach().double().numpy() for value in (forecaster.head.weight, forecaster.head.bias))
    predictions = np.zeros((len(series), network.leads, channels))
    for t, h in enumerate(states):
        predictions[t] = (V @ h + c).reshape(network.leads, channels) * buffers["output_scale"]
        if network.residual:
            predictions[t] += known[t]
    if network.linear_lags:
        linear = filtered(series, buffers["linear.weight"], buffers["linear.bias"], network.linear_lags)
        predictions += linear.reshape(predictions.shape)
    return predictions


def run_on(forecaster, history, steps, controls=None):
    """Run freely by showing the network its whole history anew for every block of predictions."""
    history = np.array(history)
    first = len(history)
    while len(history) < first + steps:
        block = predict(forecaster, history)[-1]
        if controls is not None:
            block = np.concatenate([block, controls[len(history) - first :][: len(block)]], axis=1)
        history = np.concatenate([history, block])
    return history[first : first + steps, : forecaster.channels]
