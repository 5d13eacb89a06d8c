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


@pytest.mark.parametrize("learning", [False, True])
@pytest.mark.parametrize("threads", [1, 2, 8])
def test_a_wide_fused_lstm_is_torchs_until_there_are_sequences_for_every_thread(threads, learning):
    def verdicts(mode, hidden_size, *, fused):
        batches = (1, 2, 3, 4, 6, 8, 16, 32, 64)
        return [
            is_faster(mode, batch, 200, hidden_size, learning=learning, fused=fused, threads=threads)
            for batch in batches
        ]

    wide = verdicts("LSTM", 256, fused=True)
    assert wide == sorted(wide)
    assert wide[-1]
    assert wide[0] == (learning and threads == 1)
    for mode, hidden_size, fused in (("LSTM", 256, False), ("LSTM", 128, True), ("GRU", 256, True)):
        assert all(verdicts(mode, hidden_size, fused=fused))


def test_the_precision_and_the_threads_are_the_layers(core, monkeypatch):
    monkeypatch.setattr(torch, "get_num_threads", lambda: 2)
    monkeypatch.setattr("pendula.nn.kernels.layer.FUSED", {torch.float32})

    def runs_natively(batch, dtype):
        output, _ = LSTM(2, 256, batch_first=True, dtype=dtype)(torch.zeros(batch, 50, 2, dtype=dtype))
        return type(output.grad_fn).__name__ == "RecurrentBackward"

    assert not runs_natively(1, torch.float32)
    assert runs_natively(8, torch.float32)
    assert runs_natively(1, torch.float64)
