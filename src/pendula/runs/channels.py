"""Some columns of a record: their names, their units, and how they are scaled."""

from dataclasses import dataclass

from pendula.series.record import Record
from pendula.series.scaling import Scaler

__all__ = ["Channels"]


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Channels:
    """Names, units and scale of some columns.

    Attributes:
        names: Names of the columns.
        units: Units of the columns; empty where unknown.
        scaler: From physical units to the network's, and back.
    """

    names: tuple[str, ...]
    units: tuple[str, ...]
    scaler: Scaler

    @classmethod
    def of(cls, record: Record, names: tuple[str, ...], scaler: Scaler) -> "Channels":
        """Take columns of a record.

        Args:
            record: The record.
            names: Columns of it.
            scaler: Of those columns.

        Returns:
            Their names, units and scale.
        """
        return cls(names=names, units=tuple(record.units[record.index(name)] for name in names), scaler=scaler)
