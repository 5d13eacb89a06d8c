"""The settings of training: their rules and messages, and the schedules in closed form."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pendula.errors import ArgumentError
from pendula.optim import momentum_at
from pendula.training import Training

CHOICES = {
    "method": ("adam, adamw, nesterov, hessian-free, ridge, gauss-newton", "adan", "adam"),
    "schedule": ("constant, cosine", "cosin", "cosine"),
    "loss": ("last, every", "evry", "every"),
    "select_by": ("one_step, free_run, last_epoch", "freerun", "free_run"),
    "precision": ("float32, float64", "float23", "float32"),
}


@pytest.mark.usefixtures("unchecked")
@pytest.mark.parametrize("name", CHOICES)
def test_an_unknown_choice_is_named_with_the_nearest_known(name):
    known, wrong, nearest = CHOICES[name]
    rule = rf"`{name}` must be a known choice: expected one of {known}, got {wrong}\. Did you mean `{nearest}`\?"
    with pytest.raises(ArgumentError, match=rule):
        Training(**{name: wrong})


@pytest.mark.usefixtures("unchecked")
@pytest.mark.parametrize("name", ["epochs", "batch_size", "patience", "horizon", "steps_per_epoch"])
@pytest.mark.parametrize("value", [0, -3, 1.5, True, "4"])
def test_counts_must_be_whole_and_positive(name, value):
    rule = rf"`{name}` must be a whole number: expected 1 or more, got {value}\. Count it up\."
    with pytest.raises(ArgumentError, match=rule):
        Training(**{name: value})


@pytest.mark.usefixtures("unchecked")
@pytest.mark.parametrize("value", [-1, 0.5, None])
def test_the_washout_must_be_whole(value):
    rule = rf"`washout` must be a whole number: expected 0 or more, got {value}\. Count it up\."
    with pytest.raises(ArgumentError, match=rule):
        Training(washout=value)


@pytest.mark.usefixtures("unchecked")
@pytest.mark.parametrize("name", ["epochs", "batch_size", "horizon"])
def test_only_optional_counts_may_be_left_open(name):
    assert Training(patience=None, steps_per_epoch=None).patience is None
    with pytest.raises(ArgumentError, match=f"`{name}` must be a whole number: expected 1 or more, got None"):
        Training(**{name: None})


@pytest.mark.usefixtures("unchecked")
@pytest.mark.parametrize("value", [1, None, "yes"])
def test_gradients_are_watched_or_not(value):
    with pytest.raises(ArgumentError, match=rf"`watch_gradients` must be True or False: got {value!r}\. Choose one\."):
        Training(watch_gradients=value)


@pytest.mark.parametrize("name", ["learning_rate", "clip_norm"])
@pytest.mark.parametrize("value", [0.0, -1.0, math.inf, math.nan])
def test_step_sizes_must_be_positive(name, value):
    rule = rf"`{name}` must be positive: expected a finite number, got {value}\. Choose another\."
    with pytest.raises(ArgumentError, match=rule):
        Training(**{name: value})


@pytest.mark.parametrize("name", ["weight_decay", "input_noise", "checkpoint_seconds"])
@pytest.mark.parametrize("value", [-0.1, math.inf, math.nan])
def test_amounts_must_not_be_negative(name, value):
    assert getattr(Training(**{name: 0.0}), name) == 0
    rule = rf"`{name}` must not be negative: expected a finite number, got {value}\. Choose another\."
    with pytest.raises(ArgumentError, match=rule):
        Training(**{name: value})


@pytest.mark.usefixtures("unchecked")
def test_only_clipping_may_be_left_out():
    assert Training(clip_norm=None).clip_norm is None
    with pytest.raises(ArgumentError, match="`learning_rate` must be positive: expected a finite number, got None"):
        Training(learning_rate=None)


@pytest.mark.parametrize("name", ["curriculum", "teacher_forcing_start", "teacher_forcing_end"])
@pytest.mark.parametrize("value", [-0.1, 1.1, math.nan])
def test_shares_must_lie_between_0_and_1(name, value):
    rule = rf"`{name}` must lie between 0 and 1: expected a fraction, got {value}\. 1 is all of it\."
    with pytest.raises(ArgumentError, match=rule):
        Training(**{name: value})


@pytest.mark.parametrize(("loss", "horizon"), [("last", 1), ("every", 2), ("last", 5)])
def test_carrying_a_state_goes_with_the_loss_of_every_step(loss, horizon):
    rule = (
        "`carry_state` must go with the loss of every step: expected loss='every' and horizon=1, "
        rf"got loss='{loss}' and horizon={horizon}\. Streams have no last step\."
    )
    with pytest.raises(ArgumentError, match=rule):
        Training(carry_state=True, loss=loss, horizon=horizon)


@given(st.floats(0, 1), st.floats(1e-6, 1))
def test_the_cosine_is_a_cosine(progress, rate):
    expected = rate * np.cos(np.pi * progress / 2) ** 2  # (1 + cos 2a) / 2 = cos² a
    assert Training(learning_rate=rate).learning_rate_at(progress) == pytest.approx(expected, rel=1e-9, abs=1e-12)
    assert Training(learning_rate=rate, schedule="constant").learning_rate_at(progress) == rate


def test_the_cosine_ends_at_zero():
    rates = [Training(learning_rate=0.5).learning_rate_at(progress) for progress in (0.0, 1.0, 1.5)]
    assert rates == pytest.approx([0.5, 0.0, 0.0], abs=1e-17)


@given(st.integers(1, 60), st.integers(1, 40), st.floats(0, 1))
def test_the_horizon_grows_to_its_full_length(epochs, horizon, curriculum):
    training = Training(epochs=epochs, horizon=horizon, curriculum=curriculum)
    lengths = [training.horizon_in(epoch) for epoch in range(epochs + 1)]
    assert lengths == sorted(lengths)
    assert lengths[0] >= 1
    assert lengths[-1] == horizon
    for epoch in range(1, epochs + 1):
        line = horizon * min(1.0, epoch / (curriculum * epochs)) if curriculum else horizon
        assert line - 1e-9 <= lengths[epoch] < line + 1 + 1e-9


def test_the_horizon_by_hand():
    training = Training(epochs=8, horizon=6, curriculum=0.5)
    assert [training.horizon_in(epoch) for epoch in range(1, 9)] == [2, 3, 5, 6, 6, 6, 6, 6]
    assert [Training(epochs=4, horizon=6, curriculum=0.0).horizon_in(epoch) for epoch in (1, 4)] == [6, 6]


def test_teacher_forcing_follows_a_straight_line_to_the_end_of_the_curriculum():
    training = Training(epochs=10, curriculum=0.6, teacher_forcing_start=0.9, teacher_forcing_end=0.4)
    got = [training.teacher_forcing_in(epoch) for epoch in range(1, 11)]
    assert got == pytest.approx([*np.linspace(0.9, 0.4, 6), 0.4, 0.4, 0.4, 0.4], abs=1e-12)


@given(st.integers(1, 60), st.floats(0, 1), st.floats(0, 1), st.floats(0, 1))
def test_teacher_forcing_stays_between_its_ends(epochs, curriculum, start, end):
    training = Training(epochs=epochs, curriculum=curriculum, teacher_forcing_start=start, teacher_forcing_end=end)
    shares = [training.teacher_forcing_in(epoch) for epoch in range(1, epochs + 1)]
    assert all(min(start, end) - 1e-12 <= share <= max(start, end) + 1e-12 for share in shares)
    assert shares[0] == pytest.approx(start if curriculum * epochs > 1 else end)
    assert shares[-1] == pytest.approx(end)


def test_without_a_curriculum_forcing_is_at_its_end_at_once():
    training = Training(curriculum=0.0, teacher_forcing_start=1.0, teacher_forcing_end=0.25)
    assert training.teacher_forcing_in(1) == 0.25


@pytest.mark.usefixtures("unchecked")
@pytest.mark.parametrize("value", [-0.1, 1.0, math.nan, True, "0.9"])
def test_the_momentum_must_be_below_1(value):
    assert Training(momentum=0.0).momentum == 0
    rule = (
        rf"`momentum` must be a number from 0 up to 1: expected less than 1, got {value}\. "
        r"Published values are 0\.9 to 0\.995\."
    )
    with pytest.raises(ArgumentError, match=rule):
        Training(momentum=value)


@given(st.integers(1, 12), st.integers(1, 40), st.floats(0, 0.999))
def test_the_momentum_of_the_next_step_is_that_of_the_next_step(epochs, steps, momentum):
    training = Training(epochs=epochs, momentum=momentum)
    pairs = [training.momenta_in(epoch, step, steps=steps) for epoch in range(1, epochs + 1) for step in range(steps)]
    assert [after for _, after in pairs[:-1]] == [now for now, _ in pairs[1:]]
    first = math.ceil(0.98 * epochs * steps)
    assert [now for now, _ in pairs[:first]] == [momentum_at(step, largest=momentum) for step in range(first)]
    assert all(now == min(0.9, momentum) for now, _ in pairs[first + 1 :])
