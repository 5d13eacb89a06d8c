"""Measured records that come with Pendula."""

from dataclasses import dataclass
from importlib.resources import as_file, files

import xarray as xr

from pendula.errors import ArgumentError, did_you_mean
from pendula.series.files import read

__all__ = ["DATASETS", "DatasetEntry", "load_dataset"]


@dataclass(frozen=True, kw_only=True, slots=True)
class DatasetEntry:
    """What is known of a shipped record.

    Attributes:
        file: Name of the file in the package's folder `data`.
        target: The variable that is usually forecast.
        description: What was measured, and when.
        source: Where the record comes from, and its license.
    """

    file: str
    target: str
    description: str
    source: str


DATASETS: dict[str, DatasetEntry] = {
    "sunspots": DatasetEntry(
        file="sunspots.csv",
        target="sunspots",
        description="Yearly mean sunspot number, 1700 to 2008; a cycle of about 11 years, never negative.",
        source="National Geophysical Data Center, NOAA; public domain; as distributed with statsmodels.",
    ),
    "co2": DatasetEntry(
        file="co2.csv",
        target="co2",
        description="Weekly carbon dioxide at Mauna Loa, March 1958 to December 2001, in ppm, with its gaps.",
        source="Keeling and Whorf (2004), Mauna Loa Observatory; public domain; as distributed with statsmodels.",
    ),
}


def load_dataset(name: str) -> xr.Dataset:
    """Load a measured record that comes with Pendula.

    Args:
        name: "sunspots" or "co2".

    Returns:
        The record, with its description and source among its attributes.

    Raises:
        ArgumentError: If there is no such record.

    Examples:
        >>> sunspots = load_dataset("sunspots")
        >>> sunspots["sunspots"].values[:3], sunspots["time"].values[-1]
        (array([ 5., 11., 16.]), np.int64(2008))
    """
    if name not in DATASETS:
        raise ArgumentError(
            f"`name` must be a shipped record: expected one of {', '.join(DATASETS)}, got {name}."
            + did_you_mean(name, DATASETS, listed=True)
        )
    entry = DATASETS[name]
    with as_file(files("pendula") / "data" / entry.file) as path:
        dataset = read(path)
    return dataset.assign_attrs(title=name, description=entry.description, source=entry.source)
