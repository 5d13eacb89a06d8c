"""The rule by which layers choose a backend."""

import pytest
import torch

from pendula.nn import GRU, LSTM, RNN
from pendula.nn.kernels.choice import is_faster


@pytest.mark.parametrize("mode", ["RNN_TANH", "RNN_RELU", "GRU", "LSTM"])
@pytest.mark.parametrize("hidden_size", [8, 64, 256, 512])
def test_whoever_is_faster_over_few_steps_is_so_over_many(mode, hidden_size):
    for learning in (False, True):
        verdicts = [is_faster(mode, 2, time, hidden_size, learning=learning) for time in (1, 2, 4, 8, 32, 128, 512)]
        assert verdicts == sorted(verdicts)
        assert verdicts[-1]
        learned = [is_faster(mode, 2, time, hidden_size, learning=True) for time in (1, 2, 4, 8, 32, 128, 512)]
        assert all(one <= other for one, other in zip(verdicts, learned, strict=True))


@pytest.mark.parametrize("kind", [RNN, GRU, LSTM])
def test_a_single_step_of_a_wide_layer_is_torchs_and_a_forced_one_is_not(core, kind):
    rows = torch.zeros(1, 1, 2)
    assert type(kind(2, 256)(rows)[0].grad_fn).__name__ != "RecurrentBackward"
    assert type(kind(2, 256, backend="native")(rows)[0].grad_fn).__name__ == "RecurrentBackward"
    assert type(kind(2, 64)(torch.zeros(50, 32, 2))[0].grad_fn).__name__ == "RecurrentBackward"
