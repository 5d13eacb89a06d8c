"""The training loop: torch's optimizers in a plain loop are the oracle."""

import itertools
import math
from dataclasses import replace

import numpy as np
import pytest
import torch

from pendula.errors import ArgumentError, DivergedError
from pendula.series.windows import Windows
from pendula.training import (
    EpochFinished,
    Outcome,
    Progressed,
    Training,
    TrainingFinished,
    epoch_generator,
    seeded,
    streamed,
    train,
)

WINDOW = 10


def assert_same(forecaster, other, *, atol=0.0):
    for name, value in forecaster.state_dict().items():
        torch.testing.assert_close(value, other.state_dict()[name], rtol=0, atol=atol)


def squared_errors(forecaster, pieces, state=None, *, first=WINDOW - 1):
    predictions, end = forecaster(pieces[:, :WINDOW], state)
    errors = (predictions[:, first:, 0] - pieces[:, first + 1 : WINDOW + 1]) / forecaster.output_scale
    return errors.square().mean(), end


def test_the_first_step_of_adam_by_hand(small, windows_of):
    windows, forecaster = windows_of(dtype=torch.float64), small(residual=False).double()
    squared_errors(forecaster, windows.all())[0].backward()
    expected = {
        # m̂ = g, v̂ = g²: the first step is −η g / (|g| + ε).
        name: parameter.detach() - 0.01 * parameter.grad / (parameter.grad.abs() + 1e-8)
        for name, parameter in forecaster.named_parameters()
    }
    norm = math.sqrt(sum(float(parameter.grad.square().sum()) for parameter in forecaster.parameters()))
    settings = Training(
        epochs=1, batch_size=500, learning_rate=0.01, schedule="constant", clip_norm=None, precision="float64"
    )
    trained = train(small(residual=False), windows, settings, window=WINDOW)
    for name, parameter in trained.forecaster.named_parameters():
        # In double precision the start is the single precision one.
        torch.testing.assert_close(parameter.detach(), expected[name], rtol=0, atol=1e-9)
    assert trained.history[1].gradient_norm == pytest.approx(norm, rel=1e-10)


@pytest.mark.parametrize("method", ["adam", "adamw"])
@pytest.mark.parametrize("clip_norm", [None, 0.05])
def test_training_is_a_plain_loop(small, windows_of, method, clip_norm):
    windows = windows_of(dtype=torch.float64)
    settings = Training(
        epochs=3, batch_size=32, method=method, weight_decay=0.1, learning_rate=0.01, clip_norm=clip_norm,
        precision="float64",
    )  # fmt: skip
    trained = train(small(), windows, settings, window=WINDOW, seed=5)

    plain = small().double()
    kind = {"adam": torch.optim.Adam, "adamw": torch.optim.AdamW}[method]
    descent = kind(plain.parameters(), lr=0.01, weight_decay=0.1)
    steps = math.ceil(len(windows) / 32)
    for epoch in range(3):
        order, losses, norms = torch.randperm(len(windows), generator=epoch_generator(5, epoch + 1)), [], []
        for step, chosen in enumerate(torch.split(order, 32)):
            descent.param_groups[0]["lr"] = 0.005 * (1 + math.cos(math.pi * (epoch + step / steps) / 3))
            descent.zero_grad()
            loss, _ = squared_errors(plain, windows.gather(chosen))
            loss.backward()
            norms.append(math.sqrt(sum(float(p.grad.square().sum()) for p in plain.parameters())))
            if clip_norm is not None and norms[-1] > clip_norm:
                for parameter in plain.parameters():
                    parameter.grad *= clip_norm / (norms[-1] + 1e-6)
            descent.step()
            losses.append(loss.item() * len(chosen))
        record = trained.history[epoch + 1]
        assert record.train_loss == pytest.approx(sum(losses) / len(windows), rel=1e-9)
        assert record.gradient_norm == pytest.approx(max(norms), rel=1e-9)
        assert record.learning_rate == pytest.approx(descent.param_groups[0]["lr"], rel=1e-12)
    assert_same(trained.forecaster, plain, atol=1e-10)


def test_the_epoch_loss_counts_every_sample_once(small, windows_of):
    # So small a step changes nothing; the last batch holds one window only.
    windows = windows_of(rows=75)
    assert len(windows) == 65
    settings = Training(epochs=1, batch_size=32, learning_rate=1e-30)
    trained = train(small(residual=False), windows, settings, window=WINDOW)
    expected = squared_errors(small(residual=False), windows.all())[0].item()
    assert trained.history[1].train_loss == pytest.approx(expected, rel=1e-5)


def test_training_lowers_the_loss_and_beats_persistence(small, windows_of, validation_of):
    trained = train(
        small(), windows_of(), Training(epochs=20, learning_rate=0.01), window=WINDOW, validation=validation_of()
    )
    losses = [record.train_loss for record in trained.history[1:]]
    assert losses[-1] < losses[0] / 10
    assert trained.history[trained.best_epoch].validation_one_step < trained.history[0].validation_one_step / 5
    assert trained.history[0].train_loss is trained.history[0].gradient_norm is None
    assert [record.epoch for record in trained.history] == list(range(21))
    assert trained.seconds > 0


def test_the_same_seed_gives_the_same_bits(small, windows_of, validation_of):
    settings = Training(epochs=3, input_noise=0.05, horizon=3, teacher_forcing_start=0.5)
    windows = windows_of(horizon=3)
    runs = [
        train(small(num_layers=2, dropout=0.2), windows, settings, window=WINDOW, seed=seed, validation=validation_of())
        for seed in (3, 3, 4)
    ]
    assert_same(runs[0].forecaster, runs[1].forecaster)
    assert runs[0].history == runs[1].history
    assert runs[0].history != runs[2].history


def test_training_leaves_the_global_generator_alone(small, windows_of):
    torch.manual_seed(3)
    before = torch.random.get_rng_state()
    first = train(small(num_layers=2, dropout=0.5), windows_of(), Training(epochs=1), window=WINDOW)
    assert torch.equal(torch.random.get_rng_state(), before)
    torch.manual_seed(4)
    again = train(small(num_layers=2, dropout=0.5), windows_of(), Training(epochs=1), window=WINDOW)
    assert_same(first.forecaster, again.forecaster)


@pytest.mark.parametrize("select_by", ["one_step", "free_run"])
def test_the_best_epoch_is_put_back(small, windows_of, validation_of, select_by):
    # Steps this large make some later epochs worse.
    settings = Training(epochs=5, learning_rate=0.1, schedule="constant", select_by=select_by, patience=None)
    validation = validation_of()
    trained = train(small(), windows_of(), settings, window=WINDOW, validation=validation)
    errors = [getattr(record, f"validation_{select_by}") for record in trained.history]
    assert trained.best_epoch == int(np.argmin(errors)) < 5
    network = trained.forecaster
    error = validation.one_step_error(network) if select_by == "one_step" else validation.free_run_error(network)
    assert error == min(errors)
    assert not trained.forecaster.training
    assert (trained.history[1].validation_free_run is None) == (select_by == "one_step")
    assert (len(errors), trained.outcome) == (6, Outcome.COMPLETED)


def test_the_last_epoch_can_be_kept(small, windows_of, validation_of):
    settings = Training(epochs=4, learning_rate=0.3, schedule="constant", select_by="last_epoch", patience=1)
    trained = train(small(), windows_of(), settings, window=WINDOW, validation=validation_of())
    errors = [record.validation_one_step for record in trained.history]
    assert np.argmin(errors) < 4
    assert (trained.best_epoch, trained.outcome) == (4, Outcome.COMPLETED)
    assert validation_of().one_step_error(trained.forecaster) == errors[-1]


def test_without_validation_the_last_epoch_is_kept(small, windows_of):
    trained = train(small(), windows_of(), Training(epochs=4, patience=1), window=WINDOW)
    assert (trained.best_epoch, trained.outcome) == (4, Outcome.COMPLETED)
    assert {record.validation_one_step for record in trained.history} == {None}


def test_without_room_for_free_runs_the_last_epoch_is_kept(small, windows_of, validation_of):
    settings = Training(epochs=3, patience=1, select_by="free_run")
    trained = train(small(), windows_of(), settings, window=WINDOW, validation=validation_of(run=0))
    assert trained.best_epoch == 3


@pytest.mark.parametrize("patience", [1, 3])
def test_training_stops_when_nothing_gets_better(small, windows_of, validation_of, patience):
    settings = Training(epochs=50, learning_rate=1.0, schedule="constant", patience=patience)
    trained = train(small(), windows_of(), settings, window=WINDOW, validation=validation_of())
    assert trained.outcome is Outcome.STOPPED_EARLY
    assert trained.history[-1].epoch == trained.best_epoch + patience < 50
    errors = [record.validation_one_step for record in trained.history]
    assert min(errors) == errors[trained.best_epoch]


def test_the_record_of_an_epoch_tells_its_horizon_and_forcing(small, windows_of):
    settings = Training(epochs=6, horizon=4, curriculum=0.5, teacher_forcing_start=1.0, teacher_forcing_end=0.0)
    trained = train(small(), windows_of(horizon=4), settings, window=WINDOW)
    assert [record.horizon for record in trained.history[1:]] == [2, 3, 4, 4, 4, 4]
    assert [record.teacher_forcing for record in trained.history[1:]] == [1.0, 0.5, 0.0, 0.0, 0.0, 0.0]


def test_clipping_shortens_the_step_and_not_the_recorded_norm(small, windows_of):
    start = small(residual=False)
    changes, norms = {}, {}
    for limit in (None, 1e-12):
        settings = Training(epochs=1, batch_size=500, clip_norm=limit, learning_rate=0.01, schedule="constant")
        trained = train(small(residual=False), windows_of(), settings, window=WINDOW)
        pairs = zip(trained.forecaster.parameters(), start.parameters(), strict=True)
        changes[limit] = max(float((after - before).detach().abs().max()) for after, before in pairs)
        norms[limit] = trained.history[1].gradient_norm
    assert norms[None] == norms[1e-12] > 0.01
    assert changes[None] == pytest.approx(0.01, rel=1e-3)
    # |g| ≤ 1e-12 is small beside Adam's ε = 1e-8: the step is at most 0.01 · 1e-12 / 1e-8, but for rounding.
    assert changes[1e-12] < 2e-6


def test_some_batches_make_an_epoch(small, windows_of):
    heard = []
    trained = train(small(), windows_of(), Training(epochs=2, steps_per_epoch=3), window=WINDOW, listener=heard.append)
    other = train(small(), windows_of(), Training(epochs=2), window=WINDOW)
    assert trained.history[1].train_loss != other.history[1].train_loss
    # The last of three steps of the second epoch, at 5/6 of the way.
    assert trained.history[2].learning_rate == pytest.approx(0.0005 * (1 + math.cos(math.pi * 5 / 6)))


def test_truncated_back_propagation_is_a_plain_loop(small, windows_of):
    windows = windows_of(dtype=torch.float64)
    settings = Training(
        epochs=3, batch_size=3, loss="every", washout=2, carry_state=True, learning_rate=0.02, schedule="constant",
        clip_norm=None, precision="float64",
    )  # fmt: skip
    trained = train(small(residual=False, linear_lags=3), windows, settings, window=WINDOW, seed=1)

    plain = small(residual=False, linear_lags=3).double()
    descent = torch.optim.Adam(plain.parameters(), lr=0.02)
    for epoch in (1, 2, 3):
        state = None
        for batch in streamed(
            windows.values, windows.segments, window=WINDOW, batch_size=3, generator=epoch_generator(1, epoch)
        ):
            descent.zero_grad()
            loss, end = squared_errors(plain, batch.pieces, state, first=0 if batch.carries_on else 2)
            loss.backward()  # would fail if it reached the graph of the batch before, which is freed
            descent.step()
            state = type(end)(end.hidden.detach(), end.last.detach(), end.past.detach())
    assert_same(trained.forecaster, plain, atol=1e-10)


@pytest.mark.parametrize("cell", ["rnn", "gru", "lstm"])
def test_training_with_a_carried_state_learns(small, windows_of, validation_of, cell):
    settings = Training(epochs=40, batch_size=2, loss="every", carry_state=True, learning_rate=0.01)
    trained = train(small(cell=cell), windows_of(), settings, window=WINDOW, validation=validation_of())
    assert trained.history[trained.best_epoch].validation_one_step < trained.history[0].validation_one_step / 3


@pytest.mark.parametrize("given", [torch.float32, torch.float64])
@pytest.mark.parametrize("precision", ["float32", "float64"])
def test_the_precision_is_that_of_the_settings(small, windows_of, given, precision):
    settings = Training(epochs=1, precision=precision)
    trained = train(small(linear_lags=2), windows_of(dtype=given), settings, window=WINDOW)
    assert {parameter.dtype for parameter in trained.forecaster.parameters()} == {getattr(torch, precision)}
    assert trained.forecaster.linear.weight.dtype == torch.float64


def test_training_leaves_the_linear_path_as_it_was_found(small, windows_of):
    forecaster = small(linear_lags=2)
    weight = torch.tensor([[1 / 3], [-1 / 7]], dtype=torch.float64)
    forecaster.linear.weight.copy_(weight)
    trained = train(forecaster, windows_of(), Training(epochs=2), window=WINDOW)
    assert torch.equal(trained.forecaster.linear.weight, weight)


def test_dropout_is_drawn_from_the_seed_of_the_epoch(small, windows_of):
    forecaster = small(num_layers=2, dropout=0.5, residual=False)
    settings = Training(epochs=1, batch_size=500, learning_rate=1e-30)
    trained = train(small(num_layers=2, dropout=0.5, residual=False), windows_of(), settings, window=WINDOW, seed=9)
    order = torch.randperm(190, generator=epoch_generator(9, 1))
    with seeded(9, 1):
        loss, _ = squared_errors(forecaster.train(), windows_of().gather(order))
    assert trained.history[1].train_loss == pytest.approx(loss.item(), rel=1e-6)


def test_the_events_tell_every_epoch(small, windows_of, validation_of):
    heard = []
    trained = train(
        small(),
        windows_of(),
        Training(epochs=5, learning_rate=0.1, schedule="constant"),
        window=WINDOW,
        validation=validation_of(),
        listener=heard.append,
    )
    *epochs, end = heard
    assert all(isinstance(event, EpochFinished) and event.epochs == 5 for event in epochs)
    assert tuple(event.record for event in epochs) == trained.history
    best = np.minimum.accumulate([record.validation_one_step for record in trained.history])
    assert [event.is_best for event in epochs] == [True, *(b < a for a, b in itertools.pairwise(best))]
    assert [event.seconds for event in epochs] == sorted(event.seconds for event in epochs)
    assert end == TrainingFinished(
        outcome=Outcome.COMPLETED,
        best_epoch=trained.best_epoch,
        seconds=trained.seconds,
        sequence_gradients=5.0 * len(windows_of()),
    )


def test_progress_is_told_within_an_epoch(small, windows_of, monkeypatch):
    monkeypatch.setattr("pendula.training.watch.PROGRESS_SECONDS", -1.0)
    heard = []
    settings = Training(epochs=2, batch_size=38)
    train(small(), windows_of(), settings, window=WINDOW, listener=heard.append, engine="autograd")
    told = [event for event in heard if isinstance(event, Progressed)]
    assert [(event.epoch, event.share) for event in told] == [(e, step / 5) for e in (1, 2) for step in range(5)]
    assert all(event.epochs == 2 and event.loss > 0 for event in told)


def test_divergence_names_the_step_the_last_finite_loss_and_what_to_do(small, windows_of):
    settings = Training(epochs=5, learning_rate=1e30, clip_norm=None)
    first = train(
        small(), windows_of(), replace(settings, epochs=1, steps_per_epoch=1, learning_rate=1e-9), window=WINDOW
    )
    assert first.history[1].train_loss < 1
    rule = (
        r"Training diverged at step 2 of epoch 1: the loss became (inf|nan) \(last finite value 0\.\d+\)\. "
        r"Lower `learning_rate`, or clip the gradient with `clip_norm`\."
    )
    with pytest.raises(DivergedError, match=rule):
        train(small(), windows_of(), settings, window=WINDOW)


def test_divergence_at_the_start_of_an_epoch_names_the_loss_of_the_one_before(small, windows_of):
    settings = Training(epochs=5, learning_rate=1e30, steps_per_epoch=1)
    rule = r"diverged at step 1 of epoch 2: the loss became (inf|nan) \(last finite value 0\.\d+\)"
    with pytest.raises(DivergedError, match=rule):
        train(small(), windows_of(), settings, window=WINDOW)


def test_divergence_is_noticed_between_two_reports(small, windows_of, monkeypatch):
    monkeypatch.setattr("pendula.training.watch.PROGRESS_SECONDS", -1.0)
    heard = []
    with pytest.raises(DivergedError, match="diverged at step 2 of epoch 1"):
        train(
            small(), windows_of(), Training(learning_rate=1e30), window=WINDOW, listener=heard.append, engine="autograd"
        )
    assert sum(isinstance(event, Progressed) for event in heard) == 1


def test_values_that_are_not_finite_are_noticed(small, sine):
    values = sine.float().clone()
    values[50:60] = math.nan
    windows = Windows(values, np.array([[0, 100]]), length=WINDOW + 1)
    rule = r"diverged at step 1 of epoch 1: the loss became nan \(none was finite\)"
    with pytest.raises(DivergedError, match=rule):
        train(small(), windows, Training(batch_size=100), window=WINDOW)


def test_weights_that_are_not_finite_are_noticed_after_the_last_step(small, sine):
    forecaster = small()
    # Errors of 1e-8 in units of 1e-25: their squares fit into single precision, the gradient does not.
    forecaster.output_scale.fill_(1e-25)
    windows = Windows(1e-7 * sine.float(), np.array([[0, 100]]), length=WINDOW + 1)
    rule = (
        r"Training diverged at the end of epoch 1: a weight became infinite or nan "
        r"\(last finite loss \d\.\d+e\+\d+\)\. Lower `learning_rate`, or clip the gradient with `clip_norm`\."
    )
    with pytest.raises(DivergedError, match=rule):
        train(forecaster, windows, Training(epochs=1, batch_size=100), window=WINDOW, engine="autograd")


def test_lengths_that_do_not_fit_each_other_are_refused(small, windows_of):
    with pytest.raises(ArgumentError, match="`washout` must be shorter than the window"):
        train(small(), windows_of(), Training(loss="every", washout=WINDOW), window=WINDOW)
    with pytest.raises(ArgumentError, match="`horizon` must be 1 for a direct forecaster"):
        train(small(leads=2), windows_of(horizon=3), Training(horizon=3), window=WINDOW)
