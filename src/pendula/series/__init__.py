"""Files and xarray, units, gaps, splits, scaling, windows, and the leak check."""

from pendula.series.axis import TimeAxis
from pendula.series.record import Record, record, to_dataset
from pendula.series.scaling import Scaler, fit_scaler
from pendula.series.split import Part, Split, split
from pendula.series.windows import Windows, window_segments, windows_for

__all__ = [
    "Part",
    "Record",
    "Scaler",
    "Split",
    "TimeAxis",
    "Windows",
    "fit_scaler",
    "record",
    "split",
    "to_dataset",
    "window_segments",
    "windows_for",
]
