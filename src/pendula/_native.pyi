"""The native core: passes of recurrent networks over memory at given addresses.

Addresses are integers, 0 where there is nothing; strides count elements; `bits` is 32 or 64. The caller has checked
that what lies at an address has the shape that `problem` says: nothing here can.
"""

from collections.abc import Sequence
from typing import TypeAlias

from torch import Tensor

_Problem: TypeAlias = tuple[int, int, int, int, int, int, int, int]
"""Cell, input size, hidden size, layers, batch, time, address of the rows' lengths, threads."""
_Parameters: TypeAlias = Sequence[int]
"""Addresses of w_ih, w_hh, b_ih, b_hh and leak, layer by layer."""
_View: TypeAlias = tuple[int, int, int, int]
"""Address and the strides of batch, time and feature."""
_State: TypeAlias = tuple[int, int]
"""Addresses of h and c."""
_Frame: TypeAlias = Sequence[int]
"""Of a forecaster: channels, controls, leads, lags, increments, residual, and the addresses of head_weight, head_bias,
output_scale, increment_scale, linear_weight and linear_bias."""
_Reservoir: TypeAlias = tuple[int, int, int, int, int, int, int]
"""Units, inputs, and the addresses of the rows' starts (0: dense), columns, values, input weights and bias."""
_Readout: TypeAlias = tuple[int, int, int, bool]
"""Addresses of weight and bias, outputs, and whether values are read beside states."""
_Memory: TypeAlias = tuple[int, int, int, int]
"""Addresses of h, c, the last value and the past."""

def reserve_size(bits: int, problem: _Problem) -> int: ...
def lasting(bits: int, elements: int) -> Tensor: ...
def forward(
    bits: int,
    problem: _Problem,
    parameters: _Parameters,
    input: _View,  # noqa: A002
    first: _State,
    output: _View,
    last: _State,
    reserve: int,
) -> None: ...
def backward(
    bits: int,
    problem: _Problem,
    parameters: _Parameters,
    input: _View,  # noqa: A002
    first: _State,
    reserve: int,
    output_gradient: _View,
    last_gradient: _State,
    input_gradient: _View,
    parameter_gradients: _Parameters,
    first_gradient: _State,
) -> None: ...
def tangent(
    bits: int,
    problem: _Problem,
    parameters: _Parameters,
    input: _View,  # noqa: A002
    first: _State,
    reserve: int,
    parameter_tangents: _Parameters,
    input_tangent: _View,
    first_tangent: _State,
    output_tangent: _View,
    last_tangent: _State,
) -> None: ...
def instruction_sets() -> list[str]: ...
def instruction_set() -> str: ...
def use_instruction_set(name: str) -> None: ...
def free_run(
    bits: int,
    value_bits: int,
    problem: _Problem,
    parameters: _Parameters,
    frame: _Frame,
    known: _View,
    first: _Memory,
    steps: int,
    ahead: _View,
    output: _View,
    last: _Memory,
) -> None: ...
def drive_reservoir(
    bits: int,
    reservoir: _Reservoir,
    leak: float,
    batch: int,
    time: int,
    inputs: _View,
    first: int,
    states: _View,
    threads: int,
) -> None: ...
def run_reservoir(
    bits: int,
    reservoir: _Reservoir,
    leak: float,
    readout: _Readout,
    batch: int,
    time: int,
    states: int,
    values: int,
    external: _View,
    predictions: _View,
    threads: int,
) -> None: ...

class Stream:
    def step(self, row: int, predictions: int) -> None: ...
    def memory(self, now: _Memory) -> None: ...

def make_stream(
    bits: int, value_bits: int, problem: _Problem, parameters: _Parameters, frame: _Frame, first: _Memory
) -> Stream: ...

class Learner:
    cell: int
    threads: int
    input_size: int
    hidden_size: int
    num_layers: int
    batch_size: int
    window: int
    channels: int
    controls: int
    components: int
    leads: int
    lags: int
    first_scored: int
    run: int
    increments: bool
    residual: bool
    output_scale: int
    increment_scale: int
    linear_weight: int
    linear_bias: int
    weights: int
    gradients: int
    first_moments: int
    second_moments: int
    size: int
    offsets: list[int]
    beta1: float
    beta2: float
    epsilon: float
    weight_decay: float
    clip_norm: float
    decoupled: bool
    series: int
    series_bits: int
    series_row: int
    series_column: int
    asked: int
    class_weights: int
    asked_classes: bool
    asked_row: int
    asked_column: int
    outputs: int
    noise_scale: float
    steps: int
    windows: int
    taken: int
    done: int
    starts: int
    learning_rates: int
    momenta: int
    noise: int
    forced: int
    losses: int
    norms: int
    seconds: float

def descend(bits: int, learner: Learner) -> None: ...
def adam_step(
    bits: int,
    size: int,
    weights: int,
    gradients: int,
    first_moments: int,
    second_moments: int,
    learning_rate: float,
    step: int,
    beta1: float,
    beta2: float,
    epsilon: float,
    weight_decay: float,
    decoupled: bool,
    clip_norm: float,
    threads: int,
) -> float: ...
def nesterov_step(
    bits: int,
    size: int,
    weights: int,
    gradients: int,
    velocity: int,
    learning_rate: float,
    momentum: float,
    next_momentum: float,
    weight_decay: float,
    clip_norm: float,
    threads: int,
) -> float: ...
