"""The compiled core, and life without it."""

import os
import subprocess
import sys

import pytest
import torch

from pendula.errors import ArgumentError
from pendula.nn.kernels import native

WITHOUT = """
import torch
import pendula.nn as pn
from pendula.nn.kernels import available, recurrent, why_absent

assert not available()
assert why_absent() == "the environment variable PENDULA_NATIVE turns it off"
for ours, theirs in ((pn.RNN, torch.nn.RNN), (pn.GRU, torch.nn.GRU), (pn.LSTM, torch.nn.LSTM)):
    layer, reference = ours(2, 3, 2), theirs(2, 3, 2)
    layer.load_state_dict(reference.state_dict())
    assert layer.backend == "torch"
    rows = torch.randn(5, 4, 2)
    assert torch.equal(layer(rows)[0], reference(rows)[0])
    short = layer(rows, lengths=torch.tensor([5, 2, 0, 1]))[0]
    assert torch.allclose(short[:2, 1], layer(rows[:2])[0][:, 1], atol=1e-6)
    try:
        ours(2, 3, backend="native")
    except ValueError as error:
        assert "got native, but there is none: the environment variable PENDULA_NATIVE turns it off" in str(error)
    else:
        raise AssertionError
weights = [torch.zeros(1, 1), torch.zeros(1, 1), torch.tensor([0.5], requires_grad=True)]
output = recurrent("leaky", torch.zeros(1, 3, 1), torch.ones(1, 1, 1), weights)[0]
assert output.flatten().tolist() == [0.5, 0.25, 0.125]
output.sum().backward()
assert weights[2].grad is not None
"""


@pytest.mark.parametrize("word", ["OFF", "off", " 0 "])
def test_everything_runs_without_the_core(word):
    environment = {**os.environ, "PENDULA_NATIVE": word}
    subprocess.run([sys.executable, "-W", "error", "-c", WITHOUT], env=environment, check=True)


def test_who_cannot_do_without_the_core_is_told(monkeypatch):
    monkeypatch.setattr(native, "core", None)
    monkeypatch.setattr(native, "_absence", "no compiler was there")
    with pytest.raises(ArgumentError, match="without a compiled core, and there is none: no compiler was there"):
        native.compiled()


@pytest.mark.parametrize("cell", ["rnn_tanh", "rnn_relu", "gru", "lstm", "leaky"])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_every_instruction_set_gives_the_same_answer(stacks, core, cell, dtype):
    case = stacks.Case(cell, input_size=5, hidden_size=19, batch=7, time=6, dtype=dtype)
    expected = stacks.gradients(case.function(plain=True), case.leaves())
    best = native.compiled().instruction_set()
    sets = native.compiled().instruction_sets()
    assert sets[-1] == best
    try:
        for name in sets:
            native.compiled().use_instruction_set(name)
            got = stacks.gradients(case.function(), case.leaves())
            stacks.assert_near(got[0] + got[1], expected[0] + expected[1], stacks.TOLERANCE[dtype])
    finally:
        native.compiled().use_instruction_set(best)


def test_an_unknown_instruction_set_is_refused(core):
    with pytest.raises(ValueError, match="no such instruction set"):
        native.compiled().use_instruction_set("mmx")
