"""The program `pendula`: its commands, its exit codes, and errors as one line.

Exit codes: 0, 1 (the work failed), 2 (bad usage).
"""

import gc
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from types import FrameType

from cyclopts import App, CycloptsError, Parameter

from pendula import __version__
from pendula.cli import (
    analyze,
    bench,
    compare,
    evaluate,
    experiment,
    export,
    fit,
    forecast,
    importing,
    report,
    simulate,
)
from pendula.errors import ArgumentError, ConfigError, PendulaError

__all__ = ["COMMANDS", "app", "main", "run"]

COMMANDS: dict[str, tuple[Callable[..., None], str]] = {
    "simulate": (simulate.simulate, simulate.EXAMPLE),
    "fit": (fit.fit, fit.EXAMPLE),
    "forecast": (forecast.forecast, forecast.EXAMPLE),
    "evaluate": (evaluate.evaluate, evaluate.EXAMPLE),
    "analyze": (analyze.analyze, analyze.EXAMPLE),
    "compare": (compare.compare, compare.EXAMPLE),
    "import": (importing.import_model, importing.EXAMPLE),
    "report": (report.report, report.EXAMPLE),
    "export": (export.export, export.EXAMPLE),
    "experiment": (experiment.experiment, experiment.EXAMPLE),
    "demo": (experiment.demo, experiment.DEMO_EXAMPLE),
    "bench": (bench.bench, bench.EXAMPLE),
}
"""Every command with its function and its example."""

FAILED, MISUSED = 1, 2

OBJECTS_BETWEEN_COLLECTIONS = 100_000
"""Python looks for garbage after so many new objects; its own number is 700."""

_NO_MEMORY = "the memory is not enough for this. Ask for less: fewer rows, units or steps, a smaller window or batch."


def _app() -> App:
    examples = "\n".join(example.splitlines()[0] for _, example in COMMANDS.values())
    made = App(
        name="pendula",
        help="Learn ordered physical data with recurrent networks, and tell what was learned.",
        help_format="markdown",
        help_epilogue=f"Examples:\n\n```\n{examples}\n```\n\n`pendula COMMAND --help` tells more of each.",
        version=__version__,
        default_parameter=Parameter(negative="", show_default=False),
        result_action="return_value",
        suppress_keyboard_interrupt=False,
    )
    for order, (name, (function, example)) in enumerate(COMMANDS.items()):
        made.command(function, name=name, sort_key=order, help_epilogue=f"Example:\n\n```\n{example}```")
    return made


app = _app()


def run() -> None:
    """Run the program, and end the process with its exit code.

    It works on one thread unless `OMP_NUM_THREADS` says otherwise: small networks gain little from more, and lose much
    on a busy machine, and the bits of a result do not depend on how many cores a machine has.
    """
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    # Most of what a command makes are modules that live as long as it does: looking through them for garbage each time
    # that they have grown by a quarter took a fifth of the time to import them.
    gc.set_threshold(OBJECTS_BETWEEN_COLLECTIONS)
    code = main()
    # The interpreter looks for garbage once more before it ends, for most of a second; the system takes it all anyway.
    gc.freeze()
    sys.exit(code)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the program.

    Args:
        arguments: What stands on the command line after the program's name; that of the process when left out.

    Returns:
        The exit code: 0, 1 (the work failed) or 2 (bad usage).

    Raises:
        Exception: If an error is unexpected and `--debug` is given.

    Examples:
        >>> main(["--version"])
        0.1...
        0
    """
    words = list(sys.argv[1:] if arguments is None else arguments)
    try:
        with _terminable():
            app(words, exit_on_error=False, print_error=False)
            sys.stdout.flush()
    except BrokenPipeError:
        return _close_quietly()
    except (CycloptsError, ArgumentError, ConfigError) as error:
        return _tell(f"{error}\nSee: pendula {_command(words)}--help", MISUSED)
    except (PendulaError, OSError, MemoryError) as error:
        return _tell(_words_of(error), FAILED)
    except KeyboardInterrupt:
        return _tell("interrupted.", FAILED)
    except Exception as error:
        if _lacks_memory(error):
            return _tell(_NO_MEMORY, FAILED)
        # Nobody should see a traceback who has not asked for it.
        if "--debug" in words:
            raise
        kind = type(error).__name__
        return _tell(f"unexpected {kind}: {error}. Please report it, with what --debug prints.", FAILED)
    return 0


def _tell(message: str, code: int) -> int:
    with suppress(OSError):
        print(f"pendula: error: {message}", file=sys.stderr)
    return code


def _words_of(error: Exception) -> str:
    if isinstance(error, PendulaError):
        return str(error)
    if isinstance(error, MemoryError):
        return _NO_MEMORY
    named = f"`{error.filename}`: " if isinstance(error, OSError) and error.filename else ""
    return f"{named}{getattr(error, 'strerror', None) or error}."


def _lacks_memory(error: Exception) -> bool:
    # torch has an error of its own for graphics cards alone.
    words = str(error)
    return isinstance(error, RuntimeError) and ("allocate memory" in words or "out of memory" in words)


def _command(words: Sequence[str]) -> str:
    return f"{words[0]} " if words and words[0] in COMMANDS else ""


def _close_quietly() -> int:
    # The interpreter flushes standard output once more at its end, into what is no longer there.
    with suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return FAILED


@contextmanager
def _terminable() -> Iterator[None]:
    """Treat a request to terminate like Ctrl-C, so that a checkpoint is kept."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, _interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _interrupt(number: int, frame: FrameType | None) -> None:
    del number, frame
    raise KeyboardInterrupt
