"""Training on a series with a target for each row: a plain loop over torch's own layers is the oracle."""

import pytest
import torch
from torch import nn

from pendula.errors import ArgumentError, DivergedError
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
        losses.append(sum(seen) / len(seen))
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
    history = train_paired(readout, inputs, targets, PLAIN, loss=loss, window=8, seed=4)
    losses, weights = plain_loop(inputs, targets, oracle, outputs=outputs, window=8, washout=3, seed=4)
    # Sums in another order, over some ten steps.
    assert history == pytest.approx(losses, rel=1e-9)
    for ours, theirs in zip(readout.parameters(), weights, strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-7, atol=1e-9)


def test_a_number_of_steps_replaces_the_windows(inputs):
    heard = []
    training = Training(epochs=3, batch_size=4, steps_per_epoch=2)
    readout = drawn(1)
    before = readout.head.weight.clone()
    history = train_paired(
        readout, inputs, inputs[:, :1], training, loss=SQUARED_ERROR, window=8, listener=heard.append
    )
    assert len(history) == 3
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
