"""Hessian-free optimization on the eight long-memory problems: a table and its picture.

    python benchmarks/long_memory.py docs/long-memory.json --minutes 30
    python benchmarks/long_memory.py docs/long-memory.json --lengths 30 50 --problems addition xor --minutes 5

Each cell of the table is one run of `pendula experiment long-memory --method hessian-free`, which ends when less than
1 % of 10 000 fresh sequences are answered wrongly, or when its minutes are over. Cells that the file holds already are
skipped, so that the table can be made in several sittings; file and picture are written after every cell. The minutes
pass on a busy machine, too: beside them stand the seconds that the processor worked.
"""

import argparse
import json
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import torch

from pendula.experiments.long_memory import LongMemoryRun, run
from pendula.figures import save, style
from pendula.figures.canvas import new_figure
from pendula.training import silent

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Row: TypeAlias = dict[str, Any]

PROBLEMS = (
    "addition", "multiplication", "xor", "temporal-order", "temporal-order-3", "permutation", "memory-5", "memory-20",
)  # fmt: skip
LENGTHS = (30, 50, 100, 200)
PICTURE = Path("docs/images/long-memory.png")


def main() -> None:
    """Run the cells that are missing and draw the table."""
    arguments = _arguments()
    torch.set_num_threads(arguments.threads)
    rows: list[Row] = json.loads(arguments.table.read_text(encoding="utf-8")) if arguments.table.exists() else []
    if arguments.again:
        rows = [row for row in rows if row["solved"]]
    done = {(row["problem"], row["length"], row["seed"]) for row in rows}
    for length in arguments.lengths:
        for problem in arguments.problems:
            if (problem, length, arguments.seed) in done:
                continue
            rows.append(measured(problem, length, seed=arguments.seed, minutes=arguments.minutes))
            print(json.dumps(rows[-1]), flush=True)
            write(rows, arguments.table)
    write(rows, arguments.table)


def measured(problem: str, length: int, *, seed: int, minutes: float) -> Row:
    """Train on one problem of one length.

    Args:
        problem: Its name.
        length: T, in steps.
        seed: Of weights and sequences.
        minutes: Longest time.

    Returns:
        What it came to, and at what cost.
    """
    settings = LongMemoryRun(problem=problem, length=length, method="hessian-free", minutes=minutes, seed=seed)
    began = os.times()
    results = run(settings, lambda _: silent).results
    now = os.times()
    return {
        "problem": problem,
        "length": length,
        "seed": seed,
        "solved": results["solved"][0],
        "wrong_fraction": results["wrong_fraction"][0],
        "sequence_gradients": results["sequence_gradients"][0],
        "seconds": results["seconds"][0],
        "processor_seconds": now.user + now.system - began.user - began.system,
        "minutes": minutes,
        "threads": torch.get_num_threads(),
    }


def write(rows: Iterable[Row], table: Path) -> None:
    """Write the table and its picture.

    Args:
        rows: The cells that were run.
        table: Where to.
    """
    ordered = sorted(rows, key=lambda row: (PROBLEMS.index(row["problem"]), row["length"], row["seed"]))
    text = ",\n".join(json.dumps(row) for row in ordered)
    table.write_text(f"[\n{text}\n]\n", encoding="utf-8")
    save(picture(ordered), PICTURE)


def picture(rows: Iterable[Row]) -> "Figure":
    """Draw the table: problems down, lengths across, the work in the color and in words.

    Args:
        rows: The cells that were run; of several seeds the first is drawn.

    Returns:
        The figure.
    """
    cells: dict[tuple[str, int], Row] = {}
    for row in rows:
        cells.setdefault((row["problem"], row["length"]), row)
    with style():
        figure = new_figure(width=7.2, height=4.4)
        _draw(cells, figure.add_subplot())
    return figure


def _draw(cells: Mapping[tuple[str, int], Row], axes: "Axes") -> None:
    from matplotlib.colors import LogNorm
    from numpy import full, nan

    work = full((len(PROBLEMS), len(LENGTHS)), nan)
    for (problem, length), row in cells.items():
        if row["solved"]:
            work[PROBLEMS.index(problem), LENGTHS.index(length)] = row["sequence_gradients"]
    image = axes.imshow(work, norm=LogNorm(1e4, 1e8), cmap="viridis_r", aspect="auto", alpha=0.6)
    for column, length in enumerate(LENGTHS):
        for line, problem in enumerate(PROBLEMS):
            row = cells.get((problem, length))
            words, color = ("not run", "0.6") if row is None else (_words(row), "0.1")
            axes.text(column, line, words, color=color, ha="center", va="center", fontsize=8)
    axes.set_xticks(range(len(LENGTHS)), [f"T = {length}" for length in LENGTHS])
    axes.set_yticks(range(len(PROBLEMS)), PROBLEMS)
    axes.tick_params(length=0)
    axes.grid(visible=False)
    axes.set_title("A tanh RNN of 100 units, trained by Hessian-free optimization")
    axes.figure.colorbar(image, label="sequence-gradients until solved")


def _words(row: Row) -> str:
    if row["solved"]:
        return f"{row['sequence_gradients']:.2g}\n{row['processor_seconds']:.0f} s"
    return f"{100 * row['wrong_fraction']:.0f} % wrong\nafter {row['processor_seconds']:.0f} s"


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("table", type=Path, help="JSON file of the table, read and written")
    parser.add_argument("--minutes", type=float, default=30.0, help="longest time of a cell")
    parser.add_argument("--problems", nargs="+", choices=PROBLEMS, default=PROBLEMS)
    parser.add_argument("--lengths", nargs="+", type=int, choices=LENGTHS, default=LENGTHS)
    parser.add_argument("--again", action="store_true", help="give unsolved cells another chance")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    return parser.parse_args()


if __name__ == "__main__":
    main()
