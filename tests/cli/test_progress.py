import io
from contextlib import contextmanager

import pytest
from rich.console import Console

from pendula.cli.output import Output
from pendula.cli.progress import LINE_SECONDS, BarProgress, LineProgress, _clock_text, progress
from pendula.cli.trainings import trainings
from pendula.training import EpochFinished, EpochRecord, Outcome, Progressed, TrainingFinished, silent


def finished(epoch, *, best=True, epochs=10):
    record = EpochRecord(
        epoch=epoch,
        train_loss=None if epoch == 0 else 0.5 / epoch,
        validation_one_step=1.0 / (epoch + 1),
        validation_free_run=None,
        learning_rate=1e-3,
        gradient_norm=None,
        horizon=1,
        teacher_forcing=0.0,
    )
    return EpochFinished(record=record, epochs=epochs, is_best=best, seconds=1.0)


END = TrainingFinished(outcome=Outcome.STOPPED_EARLY, best_epoch=3, seconds=75.0)


class Clock:
    def __init__(self):
        self.now = 0.0

    def __call__(self):
        return self.now


def test_lines_come_at_once_then_every_few_seconds_and_at_the_end():
    lines, clock = [], Clock()
    listener = LineProgress(label="gru", write=lines.append, clock=clock)
    for epoch in range(5):
        listener(finished(epoch, best=epoch < 4))
        clock.now += LINE_SECONDS / 2
    listener(END)
    assert lines == [
        "gru: epoch 0/10, validation error 1, best epoch 0",
        "gru: epoch 2/10, train loss 0.25, validation error 0.333, best epoch 2, at most 20 s left",
        "gru: epoch 4/10, train loss 0.125, validation error 0.2, best epoch 3, at most 15 s left",
        (
            "gru: epoch 4/10, train loss 0.125, validation error 0.2, best epoch 3. "
            "The validation error no longer fell. Training took 1:15 min."
        ),
    ]


def test_a_long_epoch_is_told_in_parts():
    lines, clock = [], Clock()
    listener = LineProgress(write=lines.append, clock=clock)
    listener(finished(0))
    clock.now = 10.0
    listener(Progressed(epoch=1, epochs=10, share=0.5, loss=0.75))
    assert lines[-1] == "epoch 0.5/10, train loss 0.75, validation error 1, best epoch 0, at most 3:10 min left"


def test_a_resumed_run_counts_its_time_from_where_it_goes_on():
    lines, clock = [], Clock()
    listener = LineProgress(write=lines.append, clock=clock)
    listener(finished(8))
    clock.now = 6.0
    listener(finished(9))
    assert lines[-1].endswith("at most 6.0 s left")


def test_what_has_no_epochs_tells_its_end_alone():
    lines = []
    LineProgress(write=lines.append)(TrainingFinished(outcome=Outcome.IDENTIFIED, best_epoch=0, seconds=2.0))
    assert lines == ["The equation was fitted to the training part by least squares. Training took 2.0 s."]


def test_the_bar_tells_the_same():
    stream = io.StringIO()
    console = Console(file=stream, force_terminal=True, width=120)
    with BarProgress(label="gru", console=console) as bar:
        bar(finished(0))
        bar(finished(3))
        bar(END)
    said = stream.getvalue()
    assert "gru" in said
    assert "epoch 3/10, train loss 0.167, validation error 0.25, best epoch 3" in said


def test_a_terminal_has_a_bar_and_a_log_has_lines(monkeypatch):
    with progress(Output()) as listener:
        assert isinstance(listener, LineProgress)
    with progress(Output(quiet=True)) as listener:
        assert listener is silent
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    with progress(Output()) as listener:
        assert isinstance(listener, BarProgress)


def test_trainings_tell_their_names(capsys):
    with trainings(Output()) as listeners:
        first, second = listeners("rnn"), listeners("gru")
        first(finished(0))
        second(finished(0))
    assert [line.split(":")[0] for line in capsys.readouterr().err.splitlines()] == ["rnn", "gru"]


def test_one_bar_at_a_time(monkeypatch):
    heard = []

    @contextmanager
    def opened(output, *, label):
        heard.append(f"open {label}")
        yield silent
        heard.append(f"close {label}")

    monkeypatch.setattr("pendula.cli.trainings.progress", opened)
    with trainings(Output()) as listeners:
        first, second = listeners("rnn"), listeners("gru")
        for listener in (first, first, second):
            listener(finished(0))
    assert heard == ["open rnn", "close rnn", "open gru", "close gru"]


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.04, "0.0 s"), (9.5, "9.5 s"), (59.0, "59 s"), (61.0, "1:01 min"), (3725.0, "1:02:05 h")]
)
def test_times_as_people_read_them(seconds, text):
    assert _clock_text(seconds) == text
