"""The workloads of a benchmark: a grid of shapes."""

import itertools
from dataclasses import dataclass, fields

from pendula.benchmark.workload import GATES, PRECISIONS, TASKS, Precision, Task, Workload
from pendula.nn import Cell

__all__ = ["ANCHOR", "QUICK", "Grid", "differences"]

ANCHOR = Workload(batch=32, time=50, hidden_size=64, num_layers=2, precision="float32")
"""The shape that most figures are quoted for."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Grid:
    """Every combination of these is a workload.

    Attributes:
        tasks: step, forward, tangent, free_run.
        cells: rnn, gru, lstm.
        batches: Sequences.
        times: Steps of each.
        hidden_sizes: Units in each layer.
        num_layers: How many layers are stacked.
        precisions: float32, float64.
        threads: At most so many.
    """

    tasks: tuple[Task, ...] = TASKS
    cells: tuple[Cell, ...] = tuple(GATES)
    batches: tuple[int, ...] = (1, 8, 32, 256)
    times: tuple[int, ...] = (10, 50, 200, 1000)
    hidden_sizes: tuple[int, ...] = (16, 64, 256)
    num_layers: tuple[int, ...] = (1, 2)
    precisions: tuple[Precision, ...] = PRECISIONS
    threads: tuple[int, ...] = (1, 2)

    def workloads(self) -> list[Workload]:
        """List the workloads, those of one number of threads behind each other.

        Returns:
            All combinations.

        Examples:
            >>> len(Grid().workloads())
            4608
            >>> Grid(cells=("gru",)).workloads()[0].name
            'gru step, batch 1, 10 steps, 16 × 1, float32, 1 thread'
        """
        axes = [getattr(self, each.name) for each in fields(self)]
        names = ("threads", "task", "cell", "batch", "time", "hidden_size", "num_layers", "precision")
        combinations = itertools.product(axes[-1], *axes[:-1])
        return [Workload(**dict(zip(names, values, strict=True))) for values in combinations]


QUICK = Grid(batches=(1, 32), times=(50,), hidden_sizes=(64,), num_layers=(2,))
"""The shape that most figures are quoted for, and a single sequence beside it."""


def differences(workload: Workload, other: Workload = ANCHOR) -> set[str]:
    """Name what the shapes of two workloads differ in; task, cell and threads are left out.

    Args:
        workload: The one.
        other: The other.

    Returns:
        Names of fields.

    Examples:
        >>> from dataclasses import replace
        >>> differences(replace(ANCHOR, time=200, cell="rnn"))
        {'time'}
    """
    names = ("batch", "time", "hidden_size", "num_layers", "precision")
    return {name for name in names if getattr(workload, name) != getattr(other, name)}
