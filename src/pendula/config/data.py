"""Which data an experiment learns from."""

from dataclasses import dataclass, field
from typing import Literal

from pendula.errors import ConfigError

__all__ = ["DataSettings"]


@dataclass(frozen=True, kw_only=True, slots=True)
class DataSettings:
    """Where the record is, and what is taken from it.

    Attributes:
        file: The file of data, or the name of a record that comes with Pendula; None where it is told elsewhere.
        target: The columns to learn; none for the only one.
        control: The columns that are known for the future of a forecast, too.
        time: The time column; None to recognize it by name.
        trajectory: The column that tells trajectories apart; None for `trajectory`, if there is one.
        group: The group of an HDF5 or NetCDF file; None for its root.
        units: Units by column, in place of the file's.
        gaps: Keep missing samples as gaps, or fill them by linear interpolation within each part of the split.
        resample: New time step: a number in the units of time, or a duration such as "1h" for dates; None keeps the
            record's own.

    Examples:
        >>> DataSettings(file="pendulum.csv", target=("x",)).gaps
        'keep'
    """

    file: str | None = None
    target: tuple[str, ...] = ()
    control: tuple[str, ...] = ()
    time: str | None = None
    trajectory: str | None = None
    group: str | None = None
    units: dict[str, str] = field(default_factory=dict)
    gaps: Literal["keep", "fill"] = "keep"
    resample: float | str | None = None

    def __post_init__(self) -> None:
        if self.file is not None and not self.file.strip():
            raise ConfigError(
                "`data.file` must name a file: expected a path, got an empty text. Leave it out, or fill it."
            )
