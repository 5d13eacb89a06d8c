"""What a reservoir's readout is learned from."""

from typing import TypeAlias

from pendula.nn import Member, PolynomialMember
from pendula.optim import PolynomialRows, ReadoutRows
from pendula.shapes import Int, Series, ndarray

__all__ = ["Lesson", "lesson_for"]

Lesson: TypeAlias = ReadoutRows | PolynomialRows


def lesson_for(member: Member, values: Series, segments: Int[ndarray, "segment 2"], *, washout: int) -> Lesson:
    """Lay out the regression that finds the readout of a member.

    Args:
        member: The reservoir.
        values: The scaled series.
        segments: Half-open row ranges to learn from.
        washout: Steps at the start of each that are not learned from. A next-generation reservoir knows all that it
            remembers after its memory, and needs none.

    Returns:
        Features and targets, made as they are asked for.
    """
    if isinstance(member, PolynomialMember):
        return PolynomialRows(settings=member.reservoir, values=values, segments=segments)
    return ReadoutRows(
        weights=member.weights, values=values, segments=segments, washout=washout, direct=member.reservoir.direct
    )
