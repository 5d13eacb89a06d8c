"""Facts of a record in words: what a fit was made from."""

from pendula.figures.style import label
from pendula.report.numbers import counted, format_moment
from pendula.runs import AnyFit, PairedFit
from pendula.series.record import Record

__all__ = ["data_facts"]


def data_facts(fit: AnyFit) -> dict[str, object]:
    """Say what a fit was made from.

    Args:
        fit: The fit.

    Returns:
        Facts of the record, by name.
    """
    record = fit.record
    facts: dict[str, object] = {
        **_columns(fit),
        **({} if record.controls is None else {"Controls": _labels(record.controls)}),
        "Rows": len(record),
        f"From {record.axis.name}": _moment(record, 0),
        f"To {record.axis.name}": _moment(record, -1),
        "Step": record.axis.step_text,
        "Gaps": _gaps(record),
    }
    if record.trajectory is not None:
        facts["Trajectories"] = len(record.blocks)
    ranges = fit.split.ranges
    sizes = {name: ranges[part][1] - ranges[part][0] if part in ranges else 0 for part, name in _PARTS.items()}
    return facts | {name: counted(size, "row") if size else "none" for name, size in sizes.items()}


def _columns(fit: AnyFit) -> dict[str, object]:
    if not isinstance(fit, PairedFit):
        return {"Channels": _labels(fit.record)}
    count = len(fit.recipe.inputs)
    shown, told = (fit.record.select(names) for names in (fit.record.names[:count], fit.record.names[count:]))
    return {"Inputs": _labels(shown), "Target" if len(told.names) == 1 else "Targets": _labels(told)}


def _labels(record: Record) -> str:
    return ", ".join(label(name, unit) for name, unit in zip(record.names, record.units, strict=True))


_PARTS = {"train": "Training part", "validation": "Validation part", "test": "Test part"}


def _gaps(record: Record) -> str:
    missing = int((~record.present).sum())
    if not missing:
        return "none"
    longest = counted(record.longest, "row")
    return f"{counted(missing, 'row')} missing; the longest stretch without a gap has {longest}"


def _moment(record: Record, row: int) -> str:
    unit = "" if record.axis.units == record.axis.name else record.axis.units
    return f"{format_moment(record.time[row])} {unit}".rstrip()
