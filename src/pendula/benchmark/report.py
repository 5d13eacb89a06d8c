"""What a run of a benchmark came to, with the machine that it ran on."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pendula.benchmark.gemm import Gemm
from pendula.benchmark.measurement import Measurement
from pendula.benchmark.session import Session
from pendula.nn.kernels.native import core
from pendula.runs.machine import describe_machine

__all__ = ["FORMAT", "Report", "instruction_set", "report_of"]

FORMAT = 1
"""Number of the layout of `Report.to_dict`."""


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Report:
    """A run of a benchmark.

    Attributes:
        measurements: What was measured.
        gemms: The machine's rates at matrix products.
        versions: Of the others, by name.
        skipped: How many workloads were left out, since they would have taken too long.
        load: How many other programs kept the machine busy when it began; None where the system does not tell.
    """

    measurements: Sequence[Measurement]
    gemms: Sequence[Gemm]
    versions: Mapping[str, str] = field(default_factory=dict)
    skipped: int = 0
    load: float | None = None

    @property
    def slower(self) -> list[Measurement]:
        """Those in which Pendula takes longer than torch by more than 5 %."""
        return [each for each in self.measurements if each.is_slower]

    def to_dict(self) -> dict[str, Any]:
        """Give all figures by name.

        Returns:
            Plain values.
        """
        return {
            "format": FORMAT,
            "machine": {**describe_machine(), "instruction_set": instruction_set(), "load": self.load},
            "versions": dict(self.versions),
            "gemm": [gemm.to_dict() for gemm in self.gemms],
            "skipped": self.skipped,
            "slower": len(self.slower),
            "rows": [each.to_dict() for each in self.measurements],
        }


def report_of(session: Session, *, versions: Mapping[str, str] | None = None, skipped: int = 0) -> Report:
    """Put together what a session has measured up to now.

    Args:
        session: The session.
        versions: Of the others, by name.
        skipped: How many workloads were left out.

    Returns:
        The report.
    """
    return Report(
        measurements=list(session.measured.values()),
        gemms=list(session.gemms.values()),
        versions=versions or {},
        skipped=skipped,
        load=session.load,
    )


def instruction_set() -> str | None:
    """Name the instruction set that Pendula's own kernels use.

    Returns:
        Its name; None where the kernels are not built and torch does the work.

    Examples:
        >>> isinstance(instruction_set(), str | None)
        True
    """
    return None if core is None else str(core.instruction_set())
