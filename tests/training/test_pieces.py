"""Whole sequences side by side, against the same sequences one at a time."""

import numpy as np
import pytest
import torch
from torch import nn

from pendula.errors import ArgumentError, DataError, ShapeError
from pendula.nn import Network, draw_readout
from pendula.optim import SOFTMAX
from pendula.training import Training, train_paired
from pendula.training.pieces import WholePieces
from pendula.training.randomness import epoch_generator

SEGMENTS = np.array([[0, 5], [5, 8], [8, 15], [15, 16], [16, 26]])
PLAIN = Training(epochs=2, batch_size=2, learning_rate=0.01, schedule="constant", clip_norm=0.5)


def test_training_on_whole_sequences_is_that_of_torch_on_each_alone():
    inputs = torch.randn(26, 2, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    targets = torch.tensor([0, 2, 1, 1, 0])
    readout = draw_readout(Network(cell="gru", hidden_size=5), 2, 3, seed=1, scored="last").double()
    layer, head = nn.GRU(2, 5, batch_first=True).double(), nn.Linear(5, 3).double()
    layer.load_state_dict(readout.recurrent.state_dict())
    head.load_state_dict(readout.head.state_dict())
    course = train_paired(readout, inputs, targets, PLAIN, loss=SOFTMAX, window=None, segments=SEGMENTS, seed=3)
    weights = [*layer.parameters(), *head.parameters()]
    descent, losses = torch.optim.Adam(weights, lr=PLAIN.learning_rate), []
    for epoch in (1, 2):
        seen = []
        for batch in torch.split(torch.randperm(5, generator=epoch_generator(3, epoch)), 2):
            answers = [head(layer(inputs[None, slice(*SEGMENTS[index])])[0][0, -1]) for index in batch]
            value = nn.functional.cross_entropy(torch.stack(answers), targets[batch])
            descent.zero_grad()
            value.backward()
            nn.utils.clip_grad_norm_(weights, PLAIN.clip_norm)
            descent.step()
            seen.append(value.item())
        losses.append(np.average(seen, weights=[2, 2, 1]))
    # Rounding alone: the core sums in another order.
    assert [record.train_loss for record in course.history[1:]] == pytest.approx(losses, rel=1e-9)
    for ours, theirs in zip(readout.parameters(), weights, strict=True):
        assert torch.allclose(ours, theirs, atol=1e-9)


@pytest.mark.parametrize(
    ("segments", "targets", "error", "message"),
    [
        ([[0, 3], [3, 3]], [0, 1], DataError, "`segments` must be sequences with rows: .* got one of 0"),
        (np.zeros((0, 2), dtype=int), [], DataError, "`segments` must be sequences with rows: .* got none"),
        ([[0, 3]], [0, 1], ShapeError, "`targets` must be one for each sequence: expected 1, got 2"),
    ],
)
def test_lengths_of_zero_and_missing_targets_are_refused(segments, targets, error, message):
    with pytest.raises(error, match=message):
        WholePieces(torch.zeros(5, 1), np.asarray(segments), torch.tensor(targets))


def test_a_readout_of_every_step_has_no_whole_sequences():
    readout = draw_readout(Network(cell="gru", hidden_size=2), 1, 2, seed=0, scored="every")
    with pytest.raises(ArgumentError, match="`readout` must read the last step of each sequence"):
        train_paired(readout, torch.zeros(5, 1), torch.tensor([0]), PLAIN, loss=SOFTMAX, window=None)
