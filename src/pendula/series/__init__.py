"""Files and xarray, units, gaps, splits, scaling, windows, and the leak check."""

from pendula.series.axis import TimeAxis
from pendula.series.datasets import DATASETS, DatasetEntry, load_dataset
from pendula.series.files import read, write
from pendula.series.gaps import fill_gaps
from pendula.series.leaks import leak_check
from pendula.series.record import Record, record, to_dataset
from pendula.series.resampling import resample
from pendula.series.scaling import Scaler, fit_scaler
from pendula.series.split import Part, Split, split
from pendula.series.windows import Windows, window_segments, windows_for

__all__ = [
    "DATASETS",
    "DatasetEntry",
    "Part",
    "Record",
    "Scaler",
    "Split",
    "TimeAxis",
    "Windows",
    "fill_gaps",
    "fit_scaler",
    "leak_check",
    "load_dataset",
    "read",
    "record",
    "resample",
    "split",
    "to_dataset",
    "window_segments",
    "windows_for",
    "write",
]
