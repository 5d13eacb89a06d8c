"""One workload measured: who took how long, how much faster, and how near to the machine's rate."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from pendula.benchmark.gemm import Gemm, gemm_contender
from pendula.benchmark.layers import Made, make_layers
from pendula.benchmark.statistics import Spread, spread_of
from pendula.benchmark.threads import threads_set_to
from pendula.benchmark.turns import EPOCH, OURS, Contender, Pace, Times, race, stopwatch
from pendula.benchmark.workload import Workload
from pendula.errors import DivergedError

__all__ = ["TOLERATED", "Measurement", "Rival", "measure"]

TOLERATED = 0.05
"""A backend that takes longer than torch by more than this share is marked."""

AGREEMENT = {"float32": 2e-2, "float64": 1e-6}
"""Relative differences above these are no rounding: somebody does other work."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Rival:
    """Somebody else who does the same work.

    Attributes:
        contender: Who.
        value: What the work came to after the third time; None where it is not known.
        remark: How it does the work.
    """

    contender: Contender
    value: float | None = None
    remark: str = ""


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Measurement:
    """What a workload came to.

    Attributes:
        workload: What was computed.
        times: Seconds of each contender in each turn; pendula's first.
        gemm: The machine's rate at matrix products; None where it was not measured beside.
        backend: What computed Pendula's.
        remarks: How the others did it.
    """

    workload: Workload
    times: Times
    gemm: Gemm | None = None
    backend: str = "torch"
    remarks: dict[str, str] = field(default_factory=dict)

    @property
    def names(self) -> list[str]:
        """Who was measured, Pendula's layers first."""
        return [name for name in self.times.seconds if not name.startswith("gemm ")]

    @property
    def faster(self) -> dict[str, Spread]:
        """How many times faster than each of the others Pendula's layers are."""
        return self._faster(OURS)

    @property
    def epoch_faster(self) -> dict[str, Spread]:
        """How many times faster than each of the others Pendula's own training is, for each of its steps."""
        return self._faster(EPOCH) if EPOCH in self.times.seconds else {}

    @property
    def is_slower(self) -> bool:
        """Whether Pendula takes longer than torch by more than 5 %."""
        faster = self.faster.get("torch")
        return faster is not None and faster.median < 1 / (1 + TOLERATED)

    @property
    def is_disturbed(self) -> bool:
        """Whether in half of the turns threads had to wait for a processor, so that nothing follows from the times."""
        return 2 * self.times.disturbed >= self.times.turns

    @property
    def share(self) -> Spread | None:
        """The part of the machine's rate that Pendula reaches, turn by turn."""
        if self.gemm is None:
            return None
        seconds = self.times.seconds
        product = 2 * self.gemm.size**3 / seconds[f"gemm {self.gemm.size}"]
        return spread_of(self.workload.work / seconds[OURS] / product)

    def _faster(self, fast: str) -> dict[str, Spread]:
        return {name: self.times.ratio(name, fast) for name in self.names if name not in {OURS, EPOCH}}

    def joined(self, other: "Measurement") -> "Measurement":
        """Add the turns of a second measurement of the same workload.

        Args:
            other: By the same contenders.

        Returns:
            Both.
        """
        return Measurement(
            workload=self.workload,
            times=self.times.joined(other.times),
            gemm=self.gemm,
            backend=other.backend,
            remarks=other.remarks,
        )

    def to_dict(self) -> dict[str, Any]:
        """Give all figures by name.

        Returns:
            Plain values; seconds are medians, quartiles and the best over the turns.
        """
        return {
            **self.workload.to_dict(),
            "work": self.workload.work,
            "backend": self.backend,
            "turns": self.times.turns,
            "disturbed_turns": self.times.disturbed,
            "seconds": {
                name: {**self.times.of(name).to_dict(), "best": float(self.times.seconds[name].min())}
                for name in self.names
            },
            "faster": {name: spread.to_dict() for name, spread in self.faster.items()},
            "epoch_faster": {name: spread.to_dict() for name, spread in self.epoch_faster.items()},
            "gemm_share": self.share.to_dict() if self.share else None,
            "slower": self.is_slower,
            "disturbed": self.is_disturbed,
            "remarks": self.remarks,
        }


def measure(
    workload: Workload,
    *,
    pace: Pace | None = None,
    gemm: Gemm | None = None,
    rivals: Sequence[Callable[[Workload], Rival | None]] = (),
) -> Measurement:
    """Measure Pendula against torch, and against others, in turns.

    Args:
        workload: What to compute.
        pace: How long to measure.
        gemm: The machine's rate at matrix products, whose best size runs along in every turn.
        rivals: Lay the workload ready for others; None where they cannot do it.

    Returns:
        The times.

    Raises:
        DivergedError: If two of them come to different results: then they do not do the same work.

    Examples:
        >>> small = Workload(cell="rnn", batch=2, time=3, hidden_size=4)
        >>> measure(small, pace=Pace(fewest=2, most=2)).names
        ['pendula', 'torch']
    """
    with threads_set_to(workload.threads):
        made = {OURS: make_layers("pendula", workload), "torch": make_layers("torch", workload)}
        entrants = [_entrant(name, each) for name, each in made.items()]
        entrants += [rival for make in rivals if (rival := make(workload)) is not None]
        _check_agreement(workload, entrants)
        contenders = [each.contender for each in entrants]
        if gemm is not None:
            contenders.append(gemm_contender(gemm.precision, gemm.size))
        times = race(contenders, pace)
    return Measurement(
        workload=workload,
        times=times,
        gemm=gemm,
        backend=made[OURS].backend,
        remarks={each.contender.name: each.remark for each in entrants if each.remark},
    )


def _entrant(name: str, made: Made) -> Rival:
    # The third time: two steps of the optimizer lie behind it.
    value = [float(made.work()) for _ in range(3)][-1]
    return Rival(contender=Contender(name=name, run=stopwatch(made.work)), value=value, remark=made.remark)


def _check_agreement(workload: Workload, entrants: Sequence[Rival]) -> None:
    values = {each.contender.name: each.value for each in entrants if each.value is not None}
    expected = values["torch"]
    for name, value in values.items():
        if not abs(value - expected) <= AGREEMENT[workload.precision] * max(1.0, abs(expected)):
            raise DivergedError(
                f"`{name}` must come to the same as torch: expected {expected:.6g}, got {value:.6g} "
                f"in {workload.name}. Times of different work are not compared."
            )
