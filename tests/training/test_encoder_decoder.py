"""Training an encoder and decoder: it learns what has an answer, and a plain loop is the oracle of a step."""

import math

import numpy as np
import pytest
import torch
from torch import nn

from pendula.errors import ArgumentError, ShapeError
from pendula.nn import Network, draw_encoder_decoder
from pendula.optim import SOFTMAX, SQUARED_ERROR
from pendula.training import SequencePairs, Training, pairs_from, train_encoder_decoder
from pendula.training.randomness import epoch_generator


def test_it_forecasts_one_channel_from_another():
    t = 0.3 * torch.arange(260.0)
    pairs = pairs_from(torch.sin(t)[:, None], torch.cos(t)[:, None], window=8, steps=5)
    known, unseen = pairs.select(torch.arange(150)), pairs.select(torch.arange(200, len(pairs)))
    model = draw_encoder_decoder(Network(cell="gru", hidden_size=12), 1, 1, seed=0)
    settings = Training(epochs=20, batch_size=25, learning_rate=0.01, teacher_forcing_start=1.0)
    losses = train_encoder_decoder(model, known, settings, loss=SQUARED_ERROR)
    with torch.no_grad():
        error = (model(unseen.inputs, 5) - unseen.targets).square().mean()
    assert losses[-1] < 0.1 * losses[0]
    assert math.sqrt(error) < 0.1  # a tenth of the amplitude; the mean has 0.7


def reversals(pairs, *, symbols=3, longest=3, seed=0):
    """Words of two or three symbols, and the same backwards, padded."""
    generator = torch.Generator().manual_seed(seed)
    lengths = torch.randint(2, longest + 1, (pairs,), generator=generator)
    words = torch.randint(symbols, (pairs, longest), generator=generator)
    turned = torch.zeros_like(words)
    for row, length in enumerate(lengths.tolist()):
        turned[row, :length] = words[row, :length].flip(0)
    shown = nn.functional.one_hot(words, symbols).float()
    return SequencePairs(inputs=shown, targets=turned, input_lengths=lengths, target_lengths=lengths)


def test_it_turns_words_of_unequal_length_around():
    pairs = reversals(320)
    model = draw_encoder_decoder(Network(cell="gru", hidden_size=24), 3, 3, written="classes", seed=0)
    settings = Training(epochs=14, batch_size=40, learning_rate=0.02, teacher_forcing_start=1.0)
    train_encoder_decoder(model, pairs, settings, loss=SOFTMAX)
    unseen = reversals(200, seed=1)
    with torch.no_grad():
        told = model(unseen.inputs, 3, lengths=unseen.input_lengths).argmax(-1)
    right = (told == unseen.targets)[unseen.scored].double().mean()
    assert right > 0.95  # chance alone has a third


def test_a_step_is_that_of_a_plain_loop():
    draw = torch.Generator().manual_seed(5)
    pairs = SequencePairs(
        inputs=torch.randn(10, 4, 2, generator=draw).double(),
        targets=torch.randn(10, 3, 1, generator=draw).double(),
        target_lengths=torch.tensor([3, 2, 1, 3, 3, 2, 1, 1, 3, 2]),
    )
    settings = Training(epochs=1, batch_size=4, learning_rate=0.01, schedule="constant", clip_norm=0.3)
    ours, theirs = (draw_encoder_decoder(Network(hidden_size=4), 2, 1, seed=2).double() for _ in "ab")
    (loss,) = train_encoder_decoder(ours, pairs, settings, loss=SQUARED_ERROR, seed=7)
    descent, total, count = torch.optim.Adam(theirs.parameters(), lr=0.01), 0.0, 0
    for rows in torch.randperm(10, generator=epoch_generator(7, 1)).split(4):
        outputs = theirs(pairs.inputs[rows], 3)
        errors = (outputs - pairs.targets[rows])[pairs.scored[rows]].square()
        descent.zero_grad()
        errors.mean().backward()
        nn.utils.clip_grad_norm_(theirs.parameters(), 0.3)
        descent.step()
        total, count = total + float(errors.detach().sum()), count + len(errors)
    assert loss == pytest.approx(total / count, rel=1e-9)
    for mine, other in zip(ours.parameters(), theirs.parameters(), strict=True):
        torch.testing.assert_close(mine, other, rtol=1e-7, atol=1e-9)


def test_what_lies_beyond_a_length_changes_no_bit():
    pairs = reversals(60)
    numbers = pairs.inputs.clone()
    targets = torch.randn(60, 3, 2, generator=torch.Generator().manual_seed(2))
    histories = []
    for filling in (0.0, float("nan")):
        inputs, asked = numbers.clone(), targets.clone()
        for row, length in enumerate(pairs.input_lengths.tolist()):
            inputs[row, length:], asked[row, length:] = filling, filling
        padded = SequencePairs(
            inputs=inputs, targets=asked, input_lengths=pairs.input_lengths, target_lengths=pairs.input_lengths
        )
        model = draw_encoder_decoder(Network(hidden_size=4), 3, 2, seed=0)
        settings = Training(epochs=2, batch_size=20, teacher_forcing_start=0.5, teacher_forcing_end=0.5)
        histories.append(train_encoder_decoder(model, padded, settings, loss=SQUARED_ERROR))
    assert histories[0] == histories[1]
    assert np.isfinite(histories).all()


def test_same_seed_same_bits():
    pairs, settings = reversals(60), Training(epochs=2, batch_size=20, teacher_forcing_start=0.5, steps_per_epoch=3)
    network = Network(hidden_size=4, num_layers=2, dropout=0.3)
    models = [draw_encoder_decoder(network, 3, 3, written="classes", seed=0) for _ in range(3)]
    histories = [
        train_encoder_decoder(model, pairs, settings, loss=SOFTMAX, seed=seed)
        for model, seed in zip(models, (1, 1, 2), strict=True)
    ]
    assert histories[0] == histories[1] != histories[2]
    assert torch.equal(models[0].head.weight, models[1].head.weight)


def test_bad_use_says_so(unchecked):
    pairs, model = reversals(8), draw_encoder_decoder(Network(hidden_size=2), 3, 3, written="classes")
    with pytest.raises(ArgumentError, match="`method` must go along the gradient to train an encoder and decoder"):
        train_encoder_decoder(model, pairs, Training(method="hessian-free"), loss=SOFTMAX)
    with pytest.raises(ShapeError, match="`targets` must hold one for each input: expected 8, got 3"):
        SequencePairs(inputs=pairs.inputs, targets=pairs.targets[:3])
    with pytest.raises(ShapeError, match="`target_lengths` must hold one for each sequence: expected 8, got 2"):
        SequencePairs(inputs=pairs.inputs, targets=pairs.targets, target_lengths=torch.tensor([1, 1]))
    with pytest.raises(ArgumentError, match="`input_lengths` must lie within the steps: expected 1 to 3, got 0 to 3"):
        SequencePairs(inputs=pairs.inputs, targets=pairs.targets, input_lengths=torch.tensor([0] + [3] * 7))
    rows = torch.zeros(9, 1)
    with pytest.raises(
        ArgumentError, match="`window` and `steps` must fit into the series: expected at most 9 rows tog"
    ):
        pairs_from(rows, rows, window=6, steps=4)
    with pytest.raises(ArgumentError, match="`steps` must be positive: expected 1 or more, got 0"):
        pairs_from(rows, rows, window=6, steps=0)
    with pytest.raises(ShapeError, match="`targets` must have the rows of `inputs`: expected 9, got 8"):
        pairs_from(rows, rows[:8], window=3, steps=2)
