"""Watching the flow of gradients while a fit is made."""

from pathlib import Path

from pendula.dynamics import FlowRecord, GradientWatch
from pendula.nn import Forecaster
from pendula.runs import Recipe
from pendula.runs.gradients_file import GRADIENTS_FILE, read_gradients, write_gradients
from pendula.series.windows import Windows
from pendula.training import Event, Listener

__all__ = ["Watching"]


class Watching:
    """A listener that watches gradients if the recipe says so, and hands every event on.

    Args:
        forecaster: What is trained.
        recipe: Every choice.
        windows: Of the training part.
        listener: Hears the events, too.
        folder: Where a run is built up; what is in it from before an interruption is gone on with.

    Raises:
        ArgumentError: If there are no steps to look back on.
        RunError: If what was recorded before is damaged.
    """

    def __init__(
        self,
        forecaster: Forecaster,
        recipe: Recipe,
        windows: Windows,
        *,
        listener: Listener,
        folder: Path | None = None,
    ) -> None:
        self.listener = listener
        self.watch: GradientWatch | None = None
        if recipe.training.watch_gradients:
            file = None if folder is None else folder / GRADIENTS_FILE
            self.watch = GradientWatch(
                forecaster,
                windows,
                window=recipe.window,
                earlier=read_gradients(file) if file is not None and file.is_file() else (),
                keep=None if file is None else lambda records: write_gradients(file, records),
            )

    @property
    def records(self) -> tuple[FlowRecord, ...]:
        """What was recorded; nothing where nothing is watched."""
        return () if self.watch is None else self.watch.records

    def __call__(self, event: Event) -> None:
        """Hear an event.

        Args:
            event: The event.
        """
        if self.watch is not None:
            self.watch(event)
        self.listener(event)
