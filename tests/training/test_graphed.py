"""Recorded training steps: when they are recorded, and that they train as steps of single operations do."""

from dataclasses import replace

import pytest
import torch

from pendula.errors import ArgumentError, InterruptedRunError
from pendula.training import EpochFinished, Training, graphed, silent, train
from pendula.training.descent import Descent
from pendula.training.graphed import WARM_UP, GraphedSteps, make_graphs, why_not_graphed
from pendula.training.objective import Draws
from pendula.training.optimizer import TorchDescent

WINDOW = 10
# 190 windows in batches of 40: four full ones and a smaller one, so that an epoch holds a replay after the warm-up.
PLAIN = Training(epochs=3, batch_size=40, learning_rate=0.01)
RUN = replace(
    PLAIN, method="adamw", weight_decay=0.01, horizon=3, curriculum=1.0, input_noise=0.02, teacher_forcing_start=0.9,
    teacher_forcing_end=0.1,
)  # fmt: skip
CASES = {
    "plain": PLAIN,
    "run": RUN,
    "draws": replace(RUN, steps_per_epoch=5),
    "unclipped": replace(PLAIN, clip_norm=None),
}

needs_cuda = pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")


class Recorder:
    """A recorder that counts, and replays by taking the step with the batch and draws it is given."""

    def __init__(self, *, fails=False):
        self.fails = fails
        self.recorded, self.replayed = [], []

    def __call__(self, step, pieces, _draws):
        if self.fails:
            raise RuntimeError("operation not permitted\nwhen stream is capturing")
        self.recorded.append(tuple(pieces.shape))

        def replay(pieces, draws):
            self.replayed.append(tuple(pieces.shape))
            return step(pieces, draws)

        return replay


@pytest.fixture
def descent(small, windows_of):
    """Make the descent of a case, with a recorder or without."""

    def make(settings, record=None, **network):
        forecaster = small(**network)
        optimizer = TorchDescent(forecaster, settings)
        graphs = record and GraphedSteps(optimizer, device=torch.device("cpu"), record=record)
        windows = windows_of(horizon=settings.horizon)
        return Descent(forecaster, optimizer, windows, settings, window=WINDOW, seed=1, listener=silent, graphs=graphs)

    return make


@pytest.fixture
def losses(small, windows_of, validation_of, monkeypatch):
    """Train a case on the GPU, with steps recorded or not; give what happened in each epoch."""

    def go(settings, *, recorded=True, cell="gru", **options):
        with monkeypatch.context() as patch:
            if not recorded:
                patch.setattr(graphed, "WARM_UP", 10**9)
            trained = train(
                small(cell=cell, linear_lags=2),
                windows_of(horizon=settings.horizon, dtype=getattr(torch, settings.precision)),
                replace(settings, device="cuda"),
                window=WINDOW,
                validation=validation_of(),
                **options,
            )
        return [
            (record.train_loss or 0.0, record.gradient_norm or 0.0, record.validation_one_step)
            for record in trained.history
        ]

    return go


@pytest.mark.parametrize(
    ("options", "network", "reason"),
    [
        ({}, {}, "its steps run on the cpu"),
        ({"input_noise": 0.1, "horizon": 3, "teacher_forcing_start": 0.5}, {}, "its steps run on the cpu"),
        ({"carry_state": True, "loss": "every"}, {}, "its state goes from step to step"),
        ({}, {"dropout": 0.2, "num_layers": 2}, "cuDNN draws the units to drop from a state of its own"),
    ],
)
def test_what_is_not_recorded_says_why(small, options, network, reason):
    settings, forecaster = Training(**options), small(**network)
    assert why_not_graphed(forecaster, settings) == reason
    assert make_graphs(forecaster, TorchDescent(forecaster, settings), settings) is None


def test_a_hook_is_not_left_out(small):
    forecaster = small()
    forecaster.head.register_forward_hook(lambda *_: None)
    assert why_not_graphed(forecaster, PLAIN) == "its hooks are Python, which a replay leaves out"


@pytest.mark.parametrize("case", CASES)
def test_full_batches_are_replayed_after_real_steps(descent, case):
    settings = replace(CASES[case], curriculum=0.0)
    recorder = Recorder()
    recording, plain = descent(settings, recorder), descent(settings)
    for epoch in (1, 2, 3):
        assert recording.run(epoch) == plain.run(epoch)
    for got, expected in zip(recording.forecaster.parameters(), plain.forecaster.parameters(), strict=True):
        assert torch.equal(got, expected)
    full = 5 if settings.steps_per_epoch else 4
    shape = (40, WINDOW + settings.horizon, 1)
    assert recorder.recorded == [shape]
    assert recorder.replayed == [shape] * (3 * full - WARM_UP)


def test_each_horizon_has_its_own_recording(descent):
    recorder = Recorder()
    recording = descent(RUN, recorder)
    assert [RUN.horizon_in(epoch) for epoch in (1, 2, 3)] == [1, 2, 3]
    for epoch in (1, 2, 3):
        recording.run(epoch)
    assert len(recorder.recorded) == 3
    assert len(recorder.replayed) == 3 * (4 - WARM_UP)


def test_moved_moments_are_recorded_anew(descent):
    recorder = Recorder()
    recording = descent(PLAIN, recorder)
    recording.run(1)
    recording.run(2)
    assert (len(recorder.recorded), len(recorder.replayed)) == (1, 5)
    recording.optimizer.restore(recording.optimizer.tensors())
    recording.run(3)
    assert (len(recorder.recorded), len(recorder.replayed)) == (2, 6)


def test_what_cannot_be_recorded_is_trained_without(descent):
    recording, plain = descent(PLAIN, Recorder(fails=True)), descent(PLAIN)
    with pytest.warns(RuntimeWarning, match=r"\(operation not permitted when stream is capturing\); training goes on"):
        assert recording.run(1) == plain.run(1)
    # It is said once.
    assert recording.run(2) == plain.run(2)


def test_a_device_that_is_not_there_is_named(small, windows_of):
    if torch.cuda.is_available():
        pytest.skip("needs a machine without a CUDA device")
    with pytest.raises(ArgumentError, match="`device` must be there"):
        train(small(), windows_of(), replace(PLAIN, device="cuda"), window=WINDOW)


@needs_cuda
@pytest.mark.parametrize("cell", ["rnn", "gru", "lstm"])
@pytest.mark.parametrize("case", CASES)
def test_recorded_steps_train_as_others_do(losses, case, cell):
    recorded, others = (losses(CASES[case], recorded=how, cell=cell) for how in (True, False))
    assert len(recorded) == 4
    for got, expected in zip(recorded, others, strict=True):
        assert got == pytest.approx(expected, rel=1e-5, abs=1e-5)


@needs_cuda
@pytest.mark.parametrize("precision", ["float32", "float64"])
def test_the_gpu_trains_as_the_cpu_does(losses, small, windows_of, validation_of, precision):
    settings = replace(RUN, precision=precision)
    windows = windows_of(horizon=settings.horizon, dtype=getattr(torch, precision))
    cpu = train(small(linear_lags=2), windows, settings, window=WINDOW, validation=validation_of())
    expected = [record.train_loss or 0.0 for record in cpu.history]
    # cuDNN multiplies float32 as TF32, ten bits; the step size is float32 in both.
    tolerance = {"float32": 2e-2, "float64": 1e-6}[precision]
    assert [loss for loss, _, _ in losses(settings)] == pytest.approx(expected, rel=tolerance, abs=1e-6)


@needs_cuda
def test_a_schedule_reaches_the_replays(small, windows_of):
    settings = replace(PLAIN, device="cuda", schedule="constant", steps_per_epoch=8)
    forecaster = small().cuda()
    optimizer = TorchDescent(forecaster, settings)
    graphs = make_graphs(forecaster, optimizer, settings)
    generator = torch.Generator("cuda").manual_seed(0)
    pieces, draws = torch.randn(40, WINDOW + 1, 1, generator=generator, device="cuda"), Draws(None, None)

    def step(pieces, _draws):
        loss = forecaster(pieces)[0].square().mean()
        optimizer.zero_grad()
        loss.backward()
        return loss.detach(), optimizer.step()

    with graphs.aside():
        for _ in range(WARM_UP + 2):
            graphs.take(step, pieces, draws, horizon=1)
        before = forecaster.head.weight.detach().clone()
        optimizer.learning_rate = 0.0
        graphs.take(step, pieces, draws, horizon=1)
        stayed = forecaster.head.weight.detach().clone()
        optimizer.learning_rate = 0.1
        graphs.take(step, pieces, draws, horizon=1)
    assert torch.equal(before, stayed)
    assert not torch.equal(forecaster.head.weight, stayed)


@needs_cuda
def test_a_resumed_run_ends_the_same(losses, tmp_path):
    def stop(event):
        if isinstance(event, EpochFinished) and event.record.epoch == 2:
            raise KeyboardInterrupt

    settings = replace(PLAIN, epochs=4, checkpoint_seconds=0.0)
    with pytest.raises(InterruptedRunError):
        losses(settings, checkpoint=tmp_path / "run", listener=stop)
    resumed = losses(settings, checkpoint=tmp_path / "run", resume=True)
    for got, expected in zip(resumed, losses(settings), strict=True):
        assert got == pytest.approx(expected, rel=1e-5, abs=1e-5)
