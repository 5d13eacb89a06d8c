"""Training as it goes on: a bar on a terminal, a plain line every few seconds elsewhere."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pendula.cli.output import Output
from pendula.errors import InterruptedRunError

if TYPE_CHECKING:
    from pendula.training import EpochFinished, Event, Listener, ReservoirTried

__all__ = ["LINE_SECONDS", "BarProgress", "LineProgress", "progress", "reportable", "resumable"]

LINE_SECONDS = 5.0
"""Time between two lines, where there is no terminal."""


@contextmanager
def progress(output: Output, *, label: str = "") -> "Iterator[Listener]":
    """Show how training goes on.

    Args:
        output: Whether to show anything.
        label: Name of the network, where there are several.

    Yields:
        The listener to hand to training.
    """
    from pendula.training import silent

    if output.quiet:
        yield silent
    elif sys.stderr.isatty():
        with BarProgress(label=label) as bar:
            yield bar
    else:
        yield LineProgress(label=label)


@contextmanager
def resumable(run: Path, output: Output) -> "Iterator[Listener]":
    """Show how the training of a run goes on, and after an interrupt how to go on with it.

    Args:
        run: The run directory.
        output: Whether to show anything.

    Yields:
        The listener to hand to training.

    Raises:
        InterruptedRunError: If the user interrupts.
    """
    try:
        with progress(output) as listener:
            yield listener
    except InterruptedRunError as error:
        raise InterruptedRunError(f"{error} Go on with: pendula fit --resume {run}") from error


@contextmanager
def reportable(run: Path) -> "Iterator[None]":
    """Say after an interrupt that a run is whole, though what is made of it is not.

    Args:
        run: The run directory.

    Yields:
        Nothing.

    Raises:
        InterruptedRunError: If the user interrupts.
    """
    try:
        yield
    except KeyboardInterrupt as error:
        advice = f"Interrupted, but `{run}` is whole. Write its report with: pendula report {run}"
        raise InterruptedRunError(advice) from error


class LineProgress:
    """Plain lines, for `tail -f` and logs.

    Args:
        label: Starts each line.
        write: Prints a line; on standard error when left out.
        clock: Gives the time, in seconds.
    """

    def __init__(
        self,
        *,
        label: str = "",
        write: Callable[[str], None] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.label = f"{label}: " if label else ""
        self.write = write or _write_line
        self.clock = clock
        self.tally = _Tally(clock)
        self.written: float | None = None

    def __call__(self, event: "Event") -> None:
        """Hear an event.

        Args:
            event: The event.
        """
        self.tally(event)
        now = self.clock()
        # The first line comes at once, so that people see that something happens; the last one always.
        if self.tally.end or self.written is None or now - self.written >= LINE_SECONDS:
            self.written = now
            self.write(self.label + self.tally.line())


class BarProgress:
    """A bar with epoch, losses, best epoch and the time left.

    Args:
        label: Stands before the bar.
        console: rich's console; that of standard error when left out.
    """

    def __init__(self, *, label: str = "", console: Any = None) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

        self.tally = _Tally(time.monotonic)
        columns = (TextColumn("{task.description}"), BarColumn(bar_width=20), TextColumn("{task.fields[text]}"))
        self.bar = Progress(*columns, TimeRemainingColumn(), console=console or Console(stderr=True))
        self.task = self.bar.add_task(label or "training", total=None, text="")

    def __enter__(self) -> "BarProgress":
        self.bar.start()
        return self

    def __exit__(self, *error: object) -> None:
        self.bar.stop()

    def __call__(self, event: "Event") -> None:
        """Hear an event.

        Args:
            event: The event.
        """
        self.tally(event)
        total = self.tally.done if self.tally.end else self.tally.epochs
        self.bar.update(self.task, total=total or None, completed=self.tally.done, text=self.tally.text())


class _Tally:
    """What the events have told so far."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self.clock = clock
        self.began = clock()
        self.first: float | None = None  # where this sitting began: a resumed run has epochs behind it
        self.done, self.epochs = 0.0, 0
        self.train_loss: float | None = None
        self.validation: float | None = None
        self.best_epoch = 0
        self.trials: ReservoirTried | None = None
        self.end = ""

    def __call__(self, event: "Event") -> None:
        from pendula.training import EpochFinished, Progressed, ReservoirTried

        if isinstance(event, ReservoirTried):
            self.trials, self.done, self.epochs = event, float(event.number), event.count
        elif isinstance(event, Progressed):
            self.done, self.epochs, self.train_loss = event.epoch - 1 + event.share, event.epochs, event.loss
        elif isinstance(event, EpochFinished):
            self._finish_epoch(event)
        else:
            self.best_epoch = event.best_epoch
            self.end = f"{event.outcome.value} Training took {_clock_text(event.seconds)}."
        if self.first is None:
            self.first = self.done

    def _finish_epoch(self, event: "EpochFinished") -> None:
        record = event.record
        self.done, self.epochs, self.train_loss = float(record.epoch), event.epochs, record.train_loss
        free_run = record.validation_free_run
        self.validation = record.validation_one_step if free_run is None else free_run
        self.best_epoch = record.epoch if event.is_best else self.best_epoch

    def text(self) -> str:
        if self.trials is not None:
            return (
                f"reservoir {self.trials.number}/{self.trials.count}, smallest free-run error {self.trials.error:.3g}"
            )
        parts = [f"epoch {self.done:.4g}/{self.epochs}"]
        parts += [f"train loss {self.train_loss:.3g}"] if self.train_loss is not None else []
        parts += [f"validation error {self.validation:.3g}"] if self.validation is not None else []
        return ", ".join([*parts, f"best epoch {self.best_epoch}"])

    def line(self) -> str:
        if self.end:
            return f"{self.text()}. {self.end}" if self.epochs else self.end  # an equation has no epochs
        left = self._seconds_left()
        return self.text() + ("" if left is None else f", at most {_clock_text(left)} left")

    def _seconds_left(self) -> float | None:
        done = self.done - (self.first or 0.0)
        return (self.clock() - self.began) / done * (self.epochs - self.done) if done > 0 else None


def _clock_text(seconds: float) -> str:
    if seconds < 60:
        return f"{seconds:.1f} s" if seconds < 10 else f"{seconds:.0f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d} h" if hours else f"{minutes}:{rest:02d} min"


def _write_line(line: str) -> None:
    print(line, file=sys.stderr, flush=True)
