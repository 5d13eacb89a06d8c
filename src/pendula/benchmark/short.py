"""What `pendula bench` measures: less than a minute, and enough to know how a machine does."""

from collections.abc import Sequence
from dataclasses import replace

from pendula.benchmark.gemm import SIZES
from pendula.benchmark.grid import ANCHOR
from pendula.benchmark.report import Report, report_of
from pendula.benchmark.session import Listener, Session, silent
from pendula.benchmark.turns import Pace
from pendula.benchmark.workload import GATES, PRECISIONS, Workload

__all__ = ["SHORT", "bench", "short_workloads"]

SHORT = Pace(seconds=1.0, fewest=5)


def short_workloads(threads: int) -> list[Workload]:
    """List what `pendula bench` measures.

    Args:
        threads: At most so many.

    Returns:
        The step of training of each cell in both precisions; a free run of one start, and one of a thousand.

    Examples:
        >>> [workload.name for workload in short_workloads(2)][-2:]
        ['lstm free run, batch 1, 1000 steps, 64 × 2, float32, 2 threads',
        'lstm free run, batch 1000, 100 steps, 64 × 2, float32, 2 threads']
    """
    steps = [
        replace(ANCHOR, cell=cell, precision=precision, threads=threads) for precision in PRECISIONS for cell in GATES
    ]
    one = replace(ANCHOR, task="free_run", batch=1, time=1000, threads=threads)
    return [*steps, one, replace(one, batch=1000, time=100)]


def bench(
    workloads: Sequence[Workload],
    *,
    pace: Pace = SHORT,
    gemm_sizes: tuple[int, ...] = SIZES,
    listener: Listener = silent,
) -> Report:
    """Measure Pendula against torch.

    Args:
        workloads: What to compute.
        pace: How long to measure each.
        gemm_sizes: Rows of the matrices that the machine's rate is measured with.
        listener: Hears each measurement, and the seconds that are probably left.

    Returns:
        Times, ratios, and the machine's rate at matrix products.

    Examples:
        >>> tiny = Workload(cell="rnn", batch=1, time=2, hidden_size=2)
        >>> report = bench([replace(tiny, task="free_run")], pace=Pace(seconds=1e-6, fewest=1))
        >>> report.measurements[0].names
        ['pendula', 'torch']
    """
    session = Session(pace=pace, listener=listener, again=0.0, gemm_sizes=gemm_sizes)
    session.run(workloads)
    return report_of(session)
