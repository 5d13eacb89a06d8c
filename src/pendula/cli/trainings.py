"""Several trainings, one after the other, each with its own progress."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

from pendula.cli.output import Output
from pendula.cli.progress import progress

if TYPE_CHECKING:
    from pendula.training import Event, Listener

__all__ = ["trainings"]


@contextmanager
def trainings(output: Output) -> "Iterator[Callable[[str], Listener]]":
    """Show how trainings go on, of which only one works at a time.

    Args:
        output: Whether to show anything.

    Yields:
        Gives the listener of the training with that name.
    """
    with ExitStack() as shown:

        def listener(label: str) -> "Listener":
            opened: list[Listener] = []

            def hear(event: "Event") -> None:
                # A terminal has room for one bar: it opens with the training's first event.
                if not opened:
                    shown.close()
                    opened.append(shown.enter_context(progress(output, label=label)))
                opened[0](event)

            return hear

        yield listener
