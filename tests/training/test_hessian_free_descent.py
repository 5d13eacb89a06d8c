"""Hessian-free training of forecasters: the loop's own objective and a resumed run are the oracles."""

from dataclasses import replace

import pytest
import torch

from pendula.errors import ArgumentError, DivergedError, InterruptedRunError
from pendula.optim import SQUARED_ERROR, HessianFree, HessianFreeSettings, Sample
from pendula.training import EpochFinished, Training, read_checkpoint, train, train_ensemble
from pendula.training.objective import Objective

WINDOW = 10
SETTINGS = Training(
    method="hessian-free",
    epochs=6,
    precision="float64",
    checkpoint_seconds=0.0,
    hessian_free=HessianFreeSettings(iterations=20, gradient_size=120, curvature_size=60),
)


def first_step(module, windows, settings, monkeypatch):
    """Mean loss and gradient of the sample that the first step sees, and the sample."""
    seen = []
    step = HessianFree.step

    def watched(self, sample, curvature_sample=None):
        outputs = self.model.outputs(sample)
        seen.append((float(SQUARED_ERROR.value(outputs, sample.targets)) / sample.targets.numel(), sample))
        return step(self, sample, curvature_sample)

    monkeypatch.setattr(HessianFree, "step", watched)
    trained = train(module, windows, replace(settings, epochs=1), window=WINDOW)
    return seen[0], trained


@pytest.mark.parametrize("cell", ["rnn", "gru", "lstm"])
@pytest.mark.parametrize(
    ("network", "settings"),
    [
        ({}, {}),
        ({"num_layers": 2, "linear_lags": 3, "increments": False}, {"loss": "every", "washout": 4}),
        ({"leads": 2, "residual": False}, {"loss": "every"}),
    ],
)
def test_the_loss_is_that_of_the_training_loop(small, windows_of, monkeypatch, cell, network, settings):
    module = small(cell=cell, **network)
    with torch.no_grad():
        for parameter in module.head.parameters():
            parameter.uniform_(-0.5, 0.5)
        module.output_scale.fill_(0.3)
    settings = replace(SETTINGS, hessian_free=HessianFreeSettings(iterations=1), **settings)
    windows = windows_of(horizon=network.get("leads", 1), dtype=torch.float64)
    objective = Objective(
        window=WINDOW,
        loss=settings.loss,
        washout=settings.washout,
        horizon=1,
        teacher_forcing=0.0,
        input_noise=0.0,
        generator=torch.Generator(),
    )
    expected = objective(module.double(), windows.all())[0].item()
    (found, _), trained = first_step(module, windows, settings, monkeypatch)
    assert found == pytest.approx(expected, rel=1e-10)
    assert trained.history[1].train_loss == pytest.approx(expected, rel=1e-10)


@pytest.mark.parametrize("cell", ["rnn", "gru", "lstm"])
def test_it_trains_every_cell(small, windows_of, validation_of, cell):
    trained = train(
        small(cell=cell), windows_of(dtype=torch.float64), SETTINGS, window=WINDOW, validation=validation_of()
    )
    errors = [record.validation_one_step for record in trained.history]
    assert errors[trained.best_epoch] < 0.2 * errors[0]
    assert trained.engine == "autograd"


def test_samples_are_drawn_anew_in_each_epoch(small, windows_of, monkeypatch):
    seen: list[Sample] = []
    step = HessianFree.step

    def watched(self, sample, curvature_sample=None):
        seen.append(sample)
        return step(self, sample, curvature_sample)

    monkeypatch.setattr(HessianFree, "step", watched)
    train(small(), windows_of(dtype=torch.float64), replace(SETTINGS, epochs=2), window=WINDOW)
    assert [sample.size for sample in seen] == [120, 120]
    assert not torch.equal(seen[0].inputs, seen[1].inputs)


class Stop:
    """A listener that interrupts, as Ctrl-C does, when an epoch is done."""

    def __init__(self, epoch):
        self.epoch = epoch

    def __call__(self, event):
        if isinstance(event, EpochFinished) and event.record.epoch == self.epoch:
            raise KeyboardInterrupt


@pytest.mark.parametrize("precision", ["float32", "float64"])
def test_a_resumed_run_has_the_bits_of_one_that_went_on(small, windows_of, validation_of, tmp_path, precision):
    settings = replace(SETTINGS, precision=precision, input_noise=0.01)
    windows = windows_of(dtype=getattr(torch, precision))

    def go(folder, **options):
        return train(
            small(cell="rnn", num_layers=2),
            windows,
            settings,
            window=WINDOW,
            seed=5,
            validation=validation_of(),
            checkpoint=tmp_path / folder,
            resume=True,
            **options,
        )

    expected = go("whole")
    for epoch in (2, 3):
        with pytest.raises(InterruptedRunError):
            go("cut", listener=Stop(epoch))
    found = go("cut")
    assert found.history == expected.history
    assert found.best_epoch == expected.best_epoch
    states = [read_checkpoint(tmp_path / folder) for folder in ("whole", "cut")]
    for name in ("model", "best", "optimizer"):
        one, other = (getattr(state, name) for state in states)
        assert set(one) == set(other) != set()
        assert all(torch.equal(one[key], other[key]) for key in one)


def test_it_trains_beside_others(small, windows_of):
    settings = [replace(SETTINGS, epochs=2), Training(epochs=2, precision="float64")]
    forecasters = [small(seed=1), small(seed=1)]
    found = train_ensemble(forecasters, windows_of(dtype=torch.float64), settings, window=WINDOW, seeds=[3, 3])
    alone = train(small(seed=1), windows_of(dtype=torch.float64), settings[0], window=WINDOW, seed=3)
    assert found[0].history == alone.history
    assert len(found[1].history) == 3


def test_dropout_is_refused(small, windows_of):
    with pytest.raises(ArgumentError, match=r"`dropout` must be 0 with method hessian-free.*got 0\.3"):
        train(small(num_layers=2, dropout=0.3), windows_of(dtype=torch.float64), SETTINGS, window=WINDOW)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"horizon": 3}, "`horizon` must be 1 with method hessian-free.*got 3"),
        ({"carry_state": True, "loss": "every"}, "`carry_state` must be False with method hessian-free"),
        ({"weight_decay": 0.1}, r"`weight_decay` must be 0\.0 with method hessian-free.*got 0\.1"),
        ({"device": "cuda"}, "`device` must be cpu with method hessian-free"),
        ({"steps_per_epoch": 3}, "`steps_per_epoch` must be None with method hessian-free"),
    ],
)
def test_settings_that_it_does_not_know_are_refused(options, message):
    with pytest.raises(ArgumentError, match=message):
        Training(method="hessian-free", **options)


def test_a_loss_that_is_not_finite_is_named(small, windows_of):
    module = small()
    with torch.no_grad():
        module.head.bias.fill_(float("inf"))
    with pytest.raises(DivergedError, match="Training diverged before step 1"):
        train(module, windows_of(dtype=torch.float64), SETTINGS, window=WINDOW)
