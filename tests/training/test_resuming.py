"""Training that is interrupted and resumed ends with the same bits as training that is not."""

from dataclasses import dataclass, replace

import pytest
import torch

from pendula.errors import InterruptedRunError, RunError
from pendula.nn.kernels import available
from pendula.training import (
    CHECKPOINT_FILE,
    EpochFinished,
    Training,
    Validation,
    read_checkpoint,
    train,
)
from pendula.training.flat_adam import FlatAdam
from pendula.training.optimizer import TorchDescent

WINDOW = 10
EVERYTHING = Training(
    epochs=8, batch_size=40, learning_rate=0.02, weight_decay=0.01, method="adamw", horizon=4, curriculum=0.8,
    teacher_forcing_start=0.9, teacher_forcing_end=0.1, input_noise=0.02, select_by="free_run", patience=6,
    checkpoint_seconds=0.0,
)  # fmt: skip
SETTINGS = {
    "everything": (EVERYTHING, {"num_layers": 2, "dropout": 0.3, "linear_lags": 3}),
    "double": (replace(EVERYTHING, precision="float64"), {"cell": "lstm"}),
    "streams": (
        Training(epochs=8, batch_size=3, loss="every", washout=1, carry_state=True, checkpoint_seconds=0.0),
        {"cell": "rnn", "residual": False},
    ),
    "draws": (replace(EVERYTHING, steps_per_epoch=3), {}),
    "nesterov": (replace(EVERYTHING, method="nesterov"), {"cell": "lstm"}),
    "plain nesterov": (replace(EVERYTHING, method="nesterov", horizon=1, patience=None), {"cell": "rnn"}),
    "likelihood": (replace(EVERYTHING, horizon=1, select_by="one_step"), {"head": "mixture", "linear_lags": 2}),
    "plain": (replace(EVERYTHING, horizon=1), {"cell": "rnn", "num_layers": 2, "linear_lags": 2}),
}


class Stop:
    """A listener that interrupts, as Ctrl-C does, when an epoch is done."""

    def __init__(self, epoch):
        self.epoch = epoch

    def __call__(self, event):
        if isinstance(event, EpochFinished) and event.record.epoch == self.epoch:
            raise KeyboardInterrupt


@pytest.fixture
def run(small, windows_of, validation_of, tmp_path):
    """Run the training of a case in one folder; a sitting starts with fresh objects."""

    def go(case, *, folder="interrupted", validation=None, resume=True, **options):
        settings, network = SETTINGS[case]
        return train(
            small(**network),
            windows_of(horizon=settings.horizon),
            settings,
            window=WINDOW,
            seed=7,
            validation=validation or validation_of(),
            checkpoint=tmp_path / folder,
            resume=resume,
            **options,
        )

    return go


def assert_same(got, expected):
    assert set(got) == set(expected)
    for name, value in got.items():
        assert torch.equal(value, expected[name]), name


def assert_same_end(trained, reference, folder):
    assert trained.history == reference.history
    assert (trained.best_epoch, trained.outcome) == (reference.best_epoch, reference.outcome)
    assert_same(trained.forecaster.state_dict(), reference.forecaster.state_dict())
    last, other = read_checkpoint(folder / "interrupted"), read_checkpoint(folder / "whole")
    assert (last.epoch, last.best_epoch, last.best_error) == (other.epoch, other.best_epoch, other.best_error)
    for name in ("model", "best", "optimizer"):
        assert_same(getattr(last, name), getattr(other, name))


@pytest.mark.parametrize("case", SETTINGS)
def test_a_run_interrupted_at_an_epoch_and_resumed_is_the_same(run, tmp_path, case):
    reference = run(case, folder="whole")
    with pytest.raises(InterruptedRunError, match=r"interrupted after epoch 3; the checkpoint of epoch 3 is kept\."):
        run(case, listener=Stop(3))
    kept = read_checkpoint(tmp_path / "interrupted")
    assert (kept.epoch, len(kept.history)) == (3, 4)
    assert_same_end(run(case), reference, tmp_path)


@pytest.mark.parametrize("case", ["everything", "streams", "plain", "plain nesterov"])
def test_a_run_interrupted_after_every_epoch_is_the_same(run, tmp_path, case):
    reference = run(case, folder="whole")
    for epoch in range(8):
        with pytest.raises(InterruptedRunError, match=f"after epoch {epoch};"):
            run(case, listener=Stop(epoch))
    assert_same_end(run(case), reference, tmp_path)


@dataclass(frozen=True, kw_only=True)
class Interrupting(Validation):
    """A validation part that is interrupted while it is measured."""

    calls: list

    def one_step_error(self, forecaster):
        self.calls.append(1)
        if len(self.calls) == 4:
            raise KeyboardInterrupt
        return Validation.one_step_error(self, forecaster)


def test_a_run_interrupted_while_it_validates_is_the_same(run, validation_of, tmp_path):
    reference = run("everything", folder="whole")
    whole = validation_of()
    validation = Interrupting(window=whole.window, one_step=whole.one_step, free_run=whole.free_run, calls=[])
    # The fourth measurement is that of epoch 3, whose weights are there, but not its record.
    with pytest.raises(InterruptedRunError, match=r"interrupted after epoch 2; the checkpoint of epoch 2 is kept\."):
        run("everything", validation=validation)
    kept = read_checkpoint(tmp_path / "interrupted")
    assert (kept.epoch, len(kept.history), kept.history) == (2, 3, reference.history[:3])
    assert_same_end(run("everything"), reference, tmp_path)


@pytest.mark.parametrize("moment", [0, 1, 7, 20, 33])
def test_a_run_interrupted_within_an_epoch_is_the_same(run, tmp_path, monkeypatch, moment):
    reference = run("everything", folder="whole")
    kind, taken = FlatAdam if available() else TorchDescent, []
    step = kind.step

    def interrupted(self):
        if len(taken) == moment:
            monkeypatch.undo()
            raise KeyboardInterrupt
        taken.append(1)
        return step(self)

    monkeypatch.setattr(kind, "step", interrupted)
    # 187 windows in batches of 40 are 5 steps an epoch.
    with pytest.raises(InterruptedRunError, match=f"after epoch {moment // 5};"):
        run("everything")
    assert_same_end(run("everything"), reference, tmp_path)


def test_a_run_that_is_done_stays_as_it_is(run, tmp_path):
    reference = run("everything", folder="whole")
    run("everything")
    before = (tmp_path / "interrupted" / CHECKPOINT_FILE).read_bytes()
    assert_same_end(run("everything"), reference, tmp_path)
    assert (tmp_path / "interrupted" / CHECKPOINT_FILE).read_bytes() == before


def test_a_folder_without_a_checkpoint_starts_anew(run, tmp_path):
    # A process that was killed while it wrote its first checkpoint leaves just this.
    (tmp_path / "interrupted").mkdir()
    (tmp_path / "interrupted" / ".state.01234567.partial.safetensors").write_bytes(b"half of it")
    assert_same_end(run("draws"), run("draws", folder="whole"), tmp_path)


def test_without_resuming_a_checkpoint_is_replaced(run, tmp_path):
    with pytest.raises(InterruptedRunError):
        run("draws", listener=Stop(5))
    with pytest.raises(InterruptedRunError, match="after epoch 2;"):
        run("draws", listener=Stop(2), resume=False)
    assert read_checkpoint(tmp_path / "interrupted").epoch == 2


def test_an_interrupt_without_a_folder_says_so(small, windows_of):
    with pytest.raises(InterruptedRunError, match=r"interrupted after epoch 1; no checkpoint was asked for\."):
        train(small(), windows_of(), Training(), window=WINDOW, listener=Stop(1))


def test_the_time_of_all_sittings_counts(run, tmp_path):
    with pytest.raises(InterruptedRunError):
        run("draws", listener=Stop(5))
    assert run("draws").seconds > read_checkpoint(tmp_path / "interrupted").seconds > 0


def test_checkpoints_are_not_written_more_often_than_asked(small, windows_of, tmp_path):
    train(small(), windows_of(), Training(epochs=4, checkpoint_seconds=1e6), window=WINDOW, checkpoint=tmp_path)
    assert read_checkpoint(tmp_path).epoch == 1


def test_the_checkpoint_of_other_settings_is_refused(run):
    with pytest.raises(InterruptedRunError):
        run("draws", listener=Stop(2), fingerprint="one")
    rule = (
        r"must belong to the same data and settings: its checkpoint has others\. "
        r"Resume with the run's own settings, or start a new run\."
    )
    with pytest.raises(RunError, match=rule):
        run("draws", fingerprint="another")
    assert run("draws", fingerprint="one").history[-1].epoch == 8


@pytest.mark.parametrize("network", [{"hidden_size": 7}, {"num_layers": 2}, {"cell": "lstm"}])
def test_the_checkpoint_of_another_network_is_refused(run, small, windows_of, tmp_path, network):
    with pytest.raises(InterruptedRunError):
        run("draws", listener=Stop(2))
    with pytest.raises(RunError, match=r"The checkpoint must belong to this network: .* Start the run anew\."):
        train(
            small(**network),
            windows_of(horizon=4),
            SETTINGS["draws"][0],
            window=WINDOW,
            checkpoint=tmp_path / "interrupted",
            resume=True,
        )


def test_a_damaged_checkpoint_is_refused(run, tmp_path):
    with pytest.raises(InterruptedRunError):
        run("draws", listener=Stop(2))
    path = tmp_path / "interrupted" / CHECKPOINT_FILE
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(RunError, match=r"must be a checkpoint: .* It is damaged; start the run anew\."):
        run("draws")
