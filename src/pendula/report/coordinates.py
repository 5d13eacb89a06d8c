"""What the axes of a report's panels show: times, lead times and channels, with their units."""

import numpy as np

from pendula.figures.style import Quantity
from pendula.forecasting.scoring import time_scale
from pendula.series.record import Record
from pendula.shapes import Float, ndarray

__all__ = ["clock_of", "drawn_times", "has_one_unit", "lead_times", "quantities"]


def clock_of(record: Record) -> Quantity:
    """Name the time axis of a record.

    Args:
        record: The record.

    Returns:
        Its name and unit; an axis that has the name of its unit, such as year, keeps the name alone.
    """
    axis = record.axis
    return Quantity(name=axis.name, unit="" if axis.units == axis.name else axis.units)


def drawn_times(record: Record) -> tuple[ndarray, Quantity]:
    """Find the horizontal place of each row on a panel.

    Args:
        record: The record.

    Returns:
        Its times and their name; rows, with a hole between trajectories, where there are several: their times overlap.
    """
    if record.trajectory is None:
        return record.time, clock_of(record)
    places = np.arange(len(record), dtype=np.float64)
    for start in record.blocks[1:, 0]:
        places[start:] += 1.0
    return places, Quantity(name="row")


def lead_times(record: Record, leads: int) -> tuple[Float[ndarray, " lead"], Quantity]:
    """Find the lead times of a forecast.

    Args:
        record: The record whose step is taken.
        leads: How many there are.

    Returns:
        The lead times in the unit of the time axis; counted in steps where it holds dates or has no unit.
    """
    steps = np.arange(1.0, leads + 1)
    if record.axis.kind == "datetime":
        return steps, Quantity(name=f"lead time (steps of {record.axis.step_text})")
    per_step, unit = time_scale(record.axis)
    return steps * per_step, Quantity(name="lead time", unit=unit)


def quantities(record: Record) -> tuple[Quantity, ...]:
    """Name the channels of a record.

    Args:
        record: The record.

    Returns:
        Name and unit of each channel.
    """
    return tuple(Quantity(name=name, unit=unit) for name, unit in zip(record.names, record.units, strict=True))


def has_one_unit(record: Record) -> bool:
    """Tell whether errors of all channels may be averaged.

    Args:
        record: The record.

    Returns:
        Whether all channels have the same unit.
    """
    return len(set(record.units)) == 1
