"""Fits, and the run directories that keep them."""

from pendula.runs.calibration import Calibration
from pendula.runs.directory import begin_run, building, finish_run
from pendula.runs.fingerprint import fingerprint
from pendula.runs.fit import Fit, load_fit, save_fit
from pendula.runs.loading import load
from pendula.runs.model import Model
from pendula.runs.model_file import load_model, save_model
from pendula.runs.recipe import Recipe
from pendula.runs.record_file import data_hash
from pendula.runs.start import Start, change_recipe, read_start, write_start

__all__ = [
    "Calibration",
    "Fit",
    "Model",
    "Recipe",
    "Start",
    "begin_run",
    "building",
    "change_recipe",
    "data_hash",
    "fingerprint",
    "finish_run",
    "load",
    "load_fit",
    "load_model",
    "read_start",
    "save_fit",
    "save_model",
    "write_start",
]
