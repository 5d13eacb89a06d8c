"""Race the two engines of Pendula's training: the native core, and torch's autograd step by step over the same layers.

    python benchmarks/engines.py                 # both numbers of threads, a minute or two
    python benchmarks/engines.py --threads 1 --hidden 16 64 --cells gru

Each row is one kind of training with 32 sequences in a batch: windows of 50 values one step ahead, with a likelihood
head, or with 20 scored steps of a free run after each; and targets told from inputs over pieces of 200 rows. Trainings
by the two take turns, from the same weights on the same batches; a time is a step's share of the median epoch.
"""

import argparse
import statistics
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import torch
from torch import Tensor

from pendula.nn import Cell, Network, build, draw_readout
from pendula.optim import SQUARED_ERROR
from pendula.series.windows import Windows
from pendula.training import Training, train, train_paired
from pendula.training.engine import Engine
from pendula.training.events import EpochFinished, Event

BATCH, WINDOW, PIECE, HORIZON = 32, 50, 200, 20
STEPS = 22
KINDS = ("one step ahead", f"free run of {HORIZON} steps", "likelihood", "told from inputs")


class Train(Protocol):
    """Trains for some epochs, and tells a listener of each."""

    def __call__(self, engine: Engine, listener: Callable[[Event], None]) -> object:
        """Do it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """A kind of training, and what its steps took.

    Attributes:
        name: In words.
        native: Milliseconds of a step in the native core.
        autograd: The same through autograd.
    """

    name: str
    native: float
    autograd: float


def main() -> None:
    """Run the races that were asked for, and print them as a table of Markdown."""
    arguments = _arguments()
    for threads in arguments.threads:
        torch.set_num_threads(threads)
        print(
            f"\n| {threads} thread{'s' if threads > 1 else ''} | native | autograd | times longer |\n|---|---|---|---|"
        )
        for row in _rows(arguments):
            ratio = row.autograd / row.native
            print(f"| {row.name} | {row.native:.2f} ms | {row.autograd:.2f} ms | {ratio:.1f} |", flush=True)


def _rows(arguments: argparse.Namespace) -> Iterator[Row]:
    for kind in KINDS:
        for cell in arguments.cells:
            for hidden_size in arguments.hidden:
                training = _told(cell, hidden_size) if kind == KINDS[-1] else _forecast(kind, cell, hidden_size)
                native, autograd = race(training, arguments.turns)
                yield Row(name=f"{kind}, {cell} {hidden_size}", native=native, autograd=autograd)


def race(training: Train, turns: int) -> tuple[float, float]:
    """Time epochs of the two engines in turns.

    Args:
        training: Trains for an epoch and another.
        turns: How often; the first epoch of each is not counted.

    Returns:
        Milliseconds of a step: natively, and through autograd.
    """
    times: dict[Engine, list[float]] = {"native": [], "autograd": []}
    for _ in range(turns):
        for engine in times:
            ends: list[float] = []

            def listen(event: Event, ends: list[float] = ends) -> None:
                if isinstance(event, EpochFinished):
                    ends.append(time.perf_counter())

            training(engine, listen)
            times[engine] += np.diff(ends[1:]).tolist()
    native, autograd = (1e3 * statistics.median(taken) / STEPS for taken in times.values())
    return native, autograd


def _forecast(kind: str, cell: Cell, hidden_size: int) -> Train:
    horizon = HORIZON if kind == KINDS[1] else 1
    network = Network(cell=cell, hidden_size=hidden_size, head="gaussian" if kind == KINDS[2] else "point")
    windows = _windows(WINDOW + horizon)
    settings = Training(epochs=4, batch_size=BATCH, horizon=horizon, curriculum=0.0)

    def training(engine: Engine, listener: Callable[[Event], None]) -> object:
        return train(build(network, 1), windows, settings, window=WINDOW, engine=engine, listener=listener)

    return training


def _told(cell: Cell, hidden_size: int) -> Train:
    network, values = Network(cell=cell, hidden_size=hidden_size), _windows(PIECE).values

    def training(engine: Engine, listener: Callable[[Event], None]) -> object:
        readout = draw_readout(network, 1, 1, seed=0, scored="every", washout=PIECE // 4)
        return train_paired(
            readout,
            values,
            values.square(),
            Training(epochs=4, batch_size=BATCH),
            loss=SQUARED_ERROR,
            window=PIECE,
            engine=engine,
            listener=listener,
        )

    return training


def _windows(length: int) -> Windows:
    # So many rows that an epoch has STEPS full batches.
    rows = STEPS * BATCH + length - 1
    draws: Tensor = torch.randn(rows, 1, generator=torch.Generator().manual_seed(0))
    values = torch.sin(torch.arange(rows)[:, None] / 9) + 0.1 * draws
    return Windows(values, np.array([[0, rows]]), length=length)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--cells", nargs="+", choices=("rnn", "gru", "lstm"), default=["rnn", "gru", "lstm"])
    parser.add_argument("--hidden", type=int, nargs="+", default=[16, 64])
    parser.add_argument("--turns", type=int, default=2, help="trainings of each engine (default: 2)")
    return parser.parse_args()


if __name__ == "__main__":
    main()
