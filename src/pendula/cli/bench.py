"""The command `bench`."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from pendula.cli.output import PLAIN, Output
from pendula.errors import ArgumentError

if TYPE_CHECKING:
    from pendula.benchmark import Listener, Measurement, Report

__all__ = ["EXAMPLE", "bench"]

EXAMPLE = """\
pendula bench
pendula bench --threads 1 --json
"""


def bench(*, threads: int | None = None, seed: int | None = None, out: Output = PLAIN) -> None:
    """Measure how fast this machine trains and runs recurrent networks, with Pendula and with torch.

    A step of training of 32 sequences of 50 steps through two layers of 64 units, and free runs of one start and of a
    thousand; both in turns, medians. It takes under a minute where nothing else works, and longer on a busy machine:
    runs that had to wait for a processor are repeated, and rows that had to nearly always are marked.

    Args:
        threads: How many threads to work on; one for each processor when left out.
        seed: Has no effect: the numbers are always the same.
        out: How to print.

    Raises:
        ArgumentError: If `threads` is below 1.
    """
    del seed
    if threads is not None and threads < 1:
        raise ArgumentError(f"`--threads` must be positive: expected 1 or more, got {threads}. Leave it out for all.")
    from pendula.benchmark import available_threads, short_workloads
    from pendula.benchmark import bench as measured

    count = available_threads() if threads is None else threads
    report = measured(short_workloads(count), listener=_listener(out))
    content = report.to_dict()
    out.show(*_machine_lines(content["machine"], report, count), "", *_row_lines(report))
    out.show(*_busy_lines(content["machine"], disturbed=sum(each.is_disturbed for each in report.measurements)))
    out.result({"threads": count, **content})


def _listener(out: Output) -> "Listener":
    def listen(measurement: "Measurement", left: float) -> None:
        out.remark(f"{measurement.workload.name}; about {left:.0f} s left")

    return listen


def _machine_lines(machine: Mapping[str, Any], report: "Report", threads: int) -> list[str]:
    kernels = f"kernels for {machine['instruction_set']}" if machine["instruction_set"] else "no kernels of its own"
    rates = ", ".join(f"{gemm.rate / 1e9:.0f} GFLOP/s in {gemm.precision}" for gemm in report.gemms)
    work = "1 thread" if threads == 1 else f"{threads} threads"
    return [
        f"{machine['processor']}, {machine['cores']} processors, {work}",
        f"Pendula with {kernels}, torch {machine['torch']}",
        *([f"Matrix products: {rates}"] if rates else []),
    ]


def _row_lines(report: "Report") -> list[str]:
    from pendula.benchmark import clock_text

    lines = [f"{'':32}{'Pendula':>10}{'torch':>10}{'faster':>9}{'of GEMM':>9}"]
    for each in report.measurements:
        # A free run is told by its step.
        parts = each.workload.time if each.workload.task == "free_run" else 1
        ours, theirs = (clock_text(each.times.of(name).median / parts) for name in ("pendula", "torch"))
        share = f"{each.share.median:.0%}" if each.share else ""
        mark = " ◀ disturbed" if each.is_disturbed else " ◀ slower" if each.is_slower else ""
        ratio = f"{each.faster['torch'].median:.1f} ×"
        lines.append(f"{_label(each):32}{ours:>10}{theirs:>10}{ratio:>9}{share:>9}{mark}".rstrip())
    return lines


def _label(measurement: "Measurement") -> str:
    workload = measurement.workload
    if workload.task == "free_run":
        starts = "1 start" if workload.batch == 1 else f"{workload.batch} starts"
        return f"free run {workload.cell}, {starts}, a step"
    return f"training {workload.cell} {workload.precision}, a step"


def _busy_lines(machine: Mapping[str, Any], *, disturbed: int) -> list[str]:
    load, cores, lines = machine["load"], machine["cores"], []
    if load is not None and load >= 0.5 * cores:
        lines.append(
            f"The machine was busy with other work (load {load:.1f}): the times are too long, the ratios uncertain."
        )
    if disturbed:
        lines.append("Nothing follows from rows marked disturbed, whose threads had to wait for a processor.")
    return ["", *lines] if lines else []
