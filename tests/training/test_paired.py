"""Training on a series with a target for each row: a plain loop over torch's own layers is the oracle."""

import numpy as np
import pytest
import torch
from torch import nn

from pendula.errors import ArgumentError, DivergedError, InterruptedRunError
from pendula.nn import Network, draw_readout
from pendula.optim import SOFTMAX, SQUARED_ERROR
from pendula.training import Training, train_paired
from pendula.training.randomness import epoch_generator

NETWORK = Network(cell="gru", hidden_size=5)
PLAIN = Training(epochs=2, batch_size=7, learning_rate=0.01, schedule="constant", clip_norm=0.5)


@pytest.fixture
def inputs():
    return torch.randn(30, 2, generator=torch.Generator().manual_seed(0), dtype=torch.float64)


def drawn(outputs, *, washout=3):
    return draw_readout(NETWORK, 2, outputs, seed=1, scored="every", washout=washout).double()


def plain_loop(inputs, targets, loss, *, outputs, window, washout, seed):
    start = drawn(outputs).state_dict()
    layer, head = nn.GRU(2, 5, batch_first=True).double(), nn.Linear(5, outputs).double()
    layer.load_state_dict({name[10:]: value for name, value in start.items() if name.startswith("recurrent.")})
    head.load_state_dict({name[5:]: value for name, value in start.items() if name.startswith("head.")})
    weights = [*layer.parameters(), *head.parameters()]
    descent, losses = torch.optim.Adam(weights, lr=PLAIN.learning_rate), []
    count = len(inputs) - window + 1
    for epoch in (1, 2):
        seen = []
        for batch in torch.split(torch.randperm(count, generator=epoch_generator(seed, epoch)), PLAIN.batch_size):
            shown = torch.stack([inputs[start : start + window] for start in batch])
            asked = torch.stack([targets[start + washout : start + window] for start in batch])
            answers = head(layer(shown)[0][:, washout:])
            value = loss(answers.flatten(0, 1), asked.flatten(0, 1))
            descent.zero_grad()
            value.backward()
            nn.utils.clip_grad_norm_(weights, PLAIN.clip_norm)
            descent.step()
            seen.append(value.item())
        losses.append(np.average(seen, weights=[7, 7, 7, 2]))
    return losses, weights


@pytest.mark.parametrize("kind", ["numbers", "classes"])
def test_it_is_a_plain_loop(inputs, kind):
    generator = torch.Generator().manual_seed(2)
    if kind == "numbers":
        targets, loss, oracle, outputs = (
            torch.randn(30, 2, generator=generator).double(),
            SQUARED_ERROR,
            nn.MSELoss(),
            2,
        )
    else:
        targets = torch.randint(3, (30,), generator=generator)
        loss, oracle, outputs = SOFTMAX, nn.CrossEntropyLoss(), 3
    readout = drawn(outputs)
    course = train_paired(readout, inputs, targets, PLAIN, loss=loss, window=8, seed=4)
    losses, weights = plain_loop(inputs, targets, oracle, outputs=outputs, window=8, washout=3, seed=4)
    # Sums in another order, over some ten steps.
    assert [record.train_loss for record in course.history[1:]] == pytest.approx(losses, rel=1e-9)
    for ours, theirs in zip(readout.parameters(), weights, strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-7, atol=1e-9)


def test_a_number_of_steps_replaces_the_windows(inputs):
    heard = []
    training = Training(epochs=3, batch_size=4, steps_per_epoch=2)
    readout = drawn(1)
    before = readout.head.weight.clone()
    course = train_paired(readout, inputs, inputs[:, :1], training, loss=SQUARED_ERROR, window=8, listener=heard.append)
    assert len(course.history) == 4
    assert [type(event).__name__ for event in heard] == 4 * ["EpochFinished"] + ["TrainingFinished"]
    assert (readout.head.weight != before).all()


def test_what_it_refuses(inputs):
    late = draw_readout(NETWORK, 2, 1, seed=0)
    with pytest.raises(ArgumentError, match="expected scored='every' and a washout below 8, got scored='last' and 0"):
        train_paired(late, inputs, inputs[:, :1], PLAIN, loss=SQUARED_ERROR, window=8)
    with pytest.raises(ArgumentError, match="got scored='every' and 8"):
        train_paired(drawn(1, washout=8), inputs, inputs[:, :1], PLAIN, loss=SQUARED_ERROR, window=8)


def test_divergence_is_told(inputs):
    wild = Training(epochs=1, batch_size=4, learning_rate=1e300, clip_norm=None)
    with pytest.raises(DivergedError, match="Lower `learning_rate`"):
        train_paired(drawn(1), inputs, inputs[:, :1], wild, loss=SQUARED_ERROR, window=8)


@pytest.mark.parametrize("kind", ["numbers", "classes"])
def test_unknown_targets_are_not_scored_whatever_stands_there(inputs, kind):
    generator = torch.Generator().manual_seed(2)
    if kind == "numbers":
        targets, loss, outputs = torch.randn(30, 2, generator=generator).double(), SQUARED_ERROR, 2
        blank = torch.nan
    else:
        targets, loss, outputs, blank = torch.randint(3, (30,), generator=generator), SOFTMAX, 3, -1
    targets[5:12] = blank
    readout = drawn(outputs)
    course = train_paired(readout, inputs, targets, PLAIN, loss=loss, window=8, seed=4)
    assert all(np.isfinite(record.train_loss) for record in course.history[1:])
    # The oracle: windows that score a known row, one at a time, weighted by how many they score.
    other = drawn(outputs)
    if kind == "numbers":
        targets[5:12, 1] = 7.0  # one of two is known: the row is still unknown
    else:
        targets[5:12] = -5
    train_paired(other, inputs, targets, PLAIN, loss=loss, window=8, seed=4)
    for ours, theirs in zip(readout.parameters(), other.parameters(), strict=True):
        assert torch.equal(ours, theirs)


def test_windows_stay_within_the_segments(inputs):
    # What lies between the segments may be anything.
    segments = np.array([[0, 12], [16, 30]])
    made = []
    for stray in (0.0, 1e6):
        shown = inputs.clone()
        shown[12:16] = stray
        readout = drawn(2)
        train_paired(readout, shown, inputs, PLAIN, loss=SQUARED_ERROR, window=8, segments=segments, seed=4)
        made.append([weights.detach().clone() for weights in readout.parameters()])
    assert all(torch.equal(ours, theirs) for ours, theirs in zip(*made, strict=True))


def test_the_best_epoch_is_kept(inputs):
    errors = iter([5.0, 1.0, 3.0, 2.0])
    training = Training(epochs=3, batch_size=4, steps_per_epoch=2)
    readout = drawn(1)
    seen = []

    def measure():
        seen.append(readout.head.weight.detach().clone())
        return next(errors), None

    course = train_paired(readout, inputs, inputs[:, :1], training, loss=SQUARED_ERROR, window=8, measure=measure)
    assert course.best_epoch == 1
    assert torch.equal(readout.head.weight, seen[1])


def test_an_interrupted_training_goes_on_with_the_same_bits(inputs, tmp_path):
    training = Training(epochs=4, batch_size=4, steps_per_epoch=3, checkpoint_seconds=0.0)

    def train(readout, measure, *, resume=False):
        return train_paired(
            readout,
            inputs,
            inputs[:, :1],
            training,
            loss=SQUARED_ERROR,
            window=8,
            measure=measure,
            checkpoint=tmp_path / "checkpoint",
            resume=resume,
            fingerprint="one",
        )

    counted = []

    def interrupt():
        counted.append(1)
        if len(counted) == 4:
            raise KeyboardInterrupt
        return 1.0, None

    with pytest.raises(InterruptedRunError, match="after epoch 2; the checkpoint of epoch 2 is kept"):
        train(drawn(1), interrupt)
    resumed, whole = drawn(1), drawn(1)
    course = train(resumed, lambda: (1.0, None), resume=True)
    again = train(whole, lambda: (1.0, None))
    assert [record.train_loss for record in course.history] == [record.train_loss for record in again.history]
    for ours, theirs in zip(resumed.parameters(), whole.parameters(), strict=True):
        assert torch.equal(ours, theirs)
