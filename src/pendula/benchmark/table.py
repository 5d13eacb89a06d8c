"""Measurements as tables for people."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from pendula.benchmark.gemm import Gemm
from pendula.benchmark.measurement import Measurement
from pendula.benchmark.turns import EPOCH, OURS

if TYPE_CHECKING:
    from rich.table import Table

__all__ = ["clock_text", "gemm_table", "measurement_table", "summary_table"]

SLOWER, DISTURBED = "◀ slower", "◀ disturbed"


def clock_text(seconds: float) -> str:
    """Write a short time with three digits.

    Args:
        seconds: The time.

    Returns:
        It, in s, ms or µs.

    Examples:
        >>> clock_text(0.00071), clock_text(0.0213), clock_text(12.34)
        ('710 µs', '21.3 ms', '12.3 s')
    """
    for unit, factor in (("s", 1.0), ("ms", 1e3)):
        if seconds * factor >= 1:
            return f"{_digits(seconds * factor)} {unit}"
    return f"{_digits(seconds * 1e6)} µs"


def measurement_table(measurements: Sequence[Measurement]) -> "Table":
    """Lay measurements out, a row for each.

    Args:
        measurements: What was measured.

    Returns:
        A table of rich, with a mark where Pendula is slower than torch by more than 5 %, and where threads had to wait
        for a processor in half of the turns.

    Examples:
        >>> measurement_table([]).columns[0].header
        'cell'
    """
    others = list(dict.fromkeys(name for each in measurements for name in each.faster))
    shares, epochs = any(each.share for each in measurements), any(each.epoch_faster for each in measurements)
    heads = ["cell", "task", "batch", "steps", "units", "bits", "threads", "Pendula", *(f"× {name}" for name in others)]
    heads += ["in epochs"] if epochs else []
    table = _table([*heads, *(["of GEMM"] if shares else []), ""], words=2)
    for each in measurements:
        workload, faster, share = each.workload, each.faster, each.share
        table.add_row(
            workload.cell,
            workload.task.replace("_", " "),
            str(workload.batch),
            str(workload.time),
            f"{workload.hidden_size} × {workload.num_layers}",
            workload.precision.removeprefix("float"),
            str(workload.threads),
            clock_text(each.times.of(OURS).median),
            *(f"{faster[name].median:.2f}" if name in faster else "" for name in others),
            *([clock_text(each.times.of(EPOCH).median) if each.epoch_faster else ""] if epochs else []),
            *([f"{share.median:.0%}" if share else ""] if shares else []),
            DISTURBED if each.is_disturbed else SLOWER if each.is_slower else "",
        )
    return table


def summary_table(measurements: Sequence[Measurement]) -> "Table":
    """Lay out how many times faster than torch Pendula is, a row for each task, cell and precision.

    Args:
        measurements: What was measured.

    Returns:
        A table of rich: the smallest, the median and the largest ratio, and how many are slower by more than 5 %.

    Examples:
        >>> summary_table([]).row_count
        0
    """
    groups: dict[tuple[str, str, str], list[Measurement]] = {}
    for each in measurements:
        workload = each.workload
        groups.setdefault((workload.task, workload.cell, workload.precision), []).append(each)
    table = _table(["task", "cell", "precision", "shapes", "× torch: least", "median", "most", "slower"], words=3)
    for (task, cell, precision), members in groups.items():
        ratios = np.array([each.faster["torch"].median for each in members])
        slower = sum(each.is_slower for each in members)
        numbers = (ratios.min(), np.median(ratios), ratios.max())
        texts = [f"{number:.2f}" for number in numbers]
        table.add_row(task.replace("_", " "), cell, precision, str(len(members)), *texts, str(slower or ""))
    return table


def gemm_table(gemms: Mapping[object, Gemm] | Sequence[Gemm]) -> "Table":
    """Lay out the machine's rates at matrix products.

    Args:
        gemms: The rates.

    Returns:
        A table of rich.
    """
    listed = list(gemms.values()) if isinstance(gemms, Mapping) else list(gemms)
    table = _table(["torch.mm", "threads", "GFLOP/s", "at size"], words=1)
    for gemm in listed:
        best = max(gemm.rates, key=lambda size: gemm.rates[size])
        table.add_row(gemm.precision, str(gemm.threads), f"{gemm.rate / 1e9:.0f}", str(best))
    return table


def _table(heads: Sequence[str], *, words: int) -> "Table":
    from rich import box
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for place, head in enumerate(heads):
        table.add_column(head, justify="left" if place < words else "right", no_wrap=True)
    return table


def _digits(number: float) -> str:
    return f"{number:.3g}" if number < 1000 else f"{number:.0f}"
