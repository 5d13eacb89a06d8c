"""Race Pendula's recurrent layers against torch's, and against JAX and Keras where they are installed.

    python benchmarks/cells.py --quick                            # minutes: the shape that most figures are quoted for
    python benchmarks/cells.py --json FILE --figure FILE          # the grid
    python benchmarks/cells.py --cells gru --batch 1 32 --threads 2
    python benchmarks/cells.py --python OTHER/bin/python          # where JAX and Keras live

Everything runs in turns, one of each, so that a busy machine slows all of them alike; a ratio is the median over the
turns' own ratios. Pendula and torch run in this process. JAX and Keras keep the threads that they started with, so they
run in a process for each number of threads, which is told when it is its turn and measures itself. Everybody starts
with the same weights and inputs, and what they come to is compared first.
"""

import argparse
import json
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from rich.console import Console
from rivals import FRAMEWORKS, Framework

from pendula.benchmark import (
    PRECISIONS,
    QUICK,
    SIZES,
    TASKS,
    Grid,
    Measurement,
    Pace,
    Report,
    Session,
    Workload,
    available_threads,
    bearable,
    differences,
    expected_seconds,
    gemm_table,
    measurement_table,
    report_of,
    summary_table,
)

LINE_SECONDS = 5.0
RIVAL_SECONDS = {"jax": 8.0, "keras": 8.0}
"""What compiling takes, about."""


def main() -> None:
    """Run the races that were asked for, print them and write them."""
    arguments = _arguments()
    pace = Pace(seconds=arguments.seconds, fewest=arguments.fewest, patience=arguments.patience)
    every = _grid(arguments).workloads()
    workloads = bearable(every, pace, most=arguments.most)
    skipped = len(every) - len(workloads)
    with ExitStack() as stack:
        frameworks = [
            stack.enter_context(Framework(name, python=arguments.python, wanted=_wanted(arguments.among)))
            for name in arguments.against
        ]
        missing = [each.name for each in frameworks if not each.is_installed]
        frameworks = [each for each in frameworks if each.name not in missing]
        seconds = expected_seconds(workloads, pace) + sum(
            RIVAL_SECONDS[each.name] * sum(map(each.wanted, workloads)) for each in frameworks
        )
        _tell(f"{len(workloads)} workloads, about {seconds / 60:.0f} minutes on a machine that does nothing else")
        _tell(*([f"{skipped} left out, which would take longer than {arguments.most:g} s each"] if skipped else []))
        _tell(*([f"not installed: {', '.join(missing)}"] if missing else []))
        session = Session(
            pace=pace, rivals=frameworks, listener=_Progress(len(workloads)), gemm_sizes=tuple(arguments.gemm)
        )
        try:
            session.run(workloads)
        except KeyboardInterrupt:
            _tell("interrupted: here is what was measured")
        versions = {each.name: each.version for each in frameworks}
        report = report_of(session, versions=versions, skipped=skipped)
        for each in frameworks:
            _tell(*(f"{each.name} cannot: {name}: {reason}" for name, reason in each.refusals.items()))
    _deliver(report, arguments)


def _deliver(report: Report, arguments: argparse.Namespace) -> None:
    console = Console(width=None if sys.stdout.isatty() else 140)
    console.print(gemm_table(report.gemms))
    shown = report.measurements if arguments.all or len(report.measurements) <= 60 else _noteworthy(report)
    console.print(measurement_table(shown))
    console.print(summary_table(report.measurements))
    console.print(f"{len(report.slower)} of {len(report.measurements)} slower than torch by more than 5 %")
    content = report.to_dict()
    if arguments.json is not None:
        arguments.json.write_text(_lines(content), encoding="utf-8")
    if arguments.figure is not None:
        from speed_figure import speed_figure

        from pendula.figures import save

        save(speed_figure(content), arguments.figure)


def _noteworthy(report: Report) -> list[Measurement]:
    return [each for each in report.measurements if each.is_slower or not differences(each.workload)]


def _lines(content: dict[str, Any]) -> str:
    # One row on a line: such files can be compared.
    rows = ",\n".join(json.dumps(_rounded(row), ensure_ascii=False) for row in content["rows"])
    head = json.dumps({name: value for name, value in content.items() if name != "rows"}, indent=1, ensure_ascii=False)
    return head.removesuffix("\n}") + f',\n "rows": [\n{rows}\n]}}\n'


def _rounded(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _rounded(inner) for name, inner in value.items()}
    return float(f"{value:.4g}") if isinstance(value, float) else value


def _grid(arguments: argparse.Namespace) -> Grid:
    usual = QUICK if arguments.quick else Grid()
    usual_threads = tuple(sorted({1, min(2, available_threads())}))
    return Grid(
        tasks=tuple(arguments.tasks or usual.tasks),
        cells=tuple(arguments.cells or usual.cells),
        batches=tuple(arguments.batch or usual.batches),
        times=tuple(arguments.time or usual.times),
        hidden_sizes=tuple(arguments.hidden or usual.hidden_sizes),
        num_layers=tuple(arguments.layers or usual.num_layers),
        precisions=tuple(arguments.precision or usual.precisions),
        threads=tuple(arguments.threads or usual_threads),
    )


def _wanted(among: str) -> Callable[[Workload], bool]:
    # Compiling takes seconds, so that the others see the shapes that differ from the usual one in one thing.
    most = {"anchor": 0, "star": 1, "all": 5}[among]
    return lambda workload: len(differences(workload)) <= most


class _Progress:
    """One line every few seconds.

    Args:
        total: How many workloads there are.
    """

    def __init__(self, total: int) -> None:
        self.total, self.heard, self.written = total, 0, float("-inf")

    def __call__(self, measurement: Measurement, left: float) -> None:
        self.heard += 1
        now = time.monotonic()
        if now - self.written < LINE_SECONDS and not measurement.is_slower and self.heard != self.total:
            return
        self.written = now
        place = f"{self.heard}/{self.total}" if self.heard <= self.total else "again"
        ratios = ", ".join(f"{spread.median:.2f} × {name}" for name, spread in measurement.faster.items())
        _tell(f"{place}, {left / 60:.1f} min left: {measurement.workload.name}: {ratios}")


def _tell(*lines: str) -> None:
    for line in lines:
        print(line, file=sys.stderr, flush=True)


def _arguments(words: Sequence[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    grid = parser.add_argument_group("the part of the grid")
    grid.add_argument("--quick", action="store_true", help="batch 1 and 32, 50 steps, 64 units, two layers")
    grid.add_argument("--tasks", nargs="+", choices=TASKS)
    grid.add_argument("--cells", nargs="+", choices=("rnn", "gru", "lstm"))
    for name in ("batch", "time", "hidden", "layers", "threads"):
        grid.add_argument(f"--{name}", nargs="+", type=int)
    grid.add_argument("--precision", nargs="+", choices=PRECISIONS)
    grid.add_argument("--most", type=float, default=3.0, help="leave out what takes longer, in seconds (default: 3)")
    others = parser.add_argument_group("the others")
    others.add_argument("--against", nargs="*", choices=FRAMEWORKS, default=["jax"], help="beside torch (default: jax)")
    others.add_argument(
        "--among",
        choices=("anchor", "star", "all"),
        default="star",
        help="where they run: the usual shape, those that differ from it in one thing, or all (default: star)",
    )
    others.add_argument("--python", default=sys.executable, help="the interpreter that has them")
    how = parser.add_argument_group("how")
    how.add_argument("--seconds", type=float, default=0.25, help="for each workload (default: 0.25)")
    how.add_argument("--fewest", type=int, default=5, help="turns of each in any case (default: 5)")
    how.add_argument(
        "--patience",
        type=float,
        default=2.0,
        help="seconds that a race may lose on turns which other programs disturb (default: 2)",
    )
    how.add_argument("--gemm", nargs="+", type=int, default=SIZES, help="rows of the matrices for the machine's rate")
    how.add_argument("--all", action="store_true", help="print every row of a large grid")
    how.add_argument("--json", type=Path, metavar="FILE")
    how.add_argument("--figure", type=Path, metavar="FILE", help="a picture: .png, .pdf or .svg")
    return parser.parse_args(words)


if __name__ == "__main__":
    main()
