"""Fits, and the run directories that keep them."""

from pendula.runs.calibration import Calibration
from pendula.runs.channels import Channels
from pendula.runs.directory import begin_run, building, finish_run
from pendula.runs.fingerprint import fingerprint
from pendula.runs.fit import Fit, load_fit, save_fit
from pendula.runs.labels import NO_LABELS, Labels
from pendula.runs.loading import AnyFit, load, load_forecast
from pendula.runs.manifest import AnyRecipe
from pendula.runs.model import Model
from pendula.runs.model_file import load_model, save_model
from pendula.runs.paired_fit import PairedFit, load_paired_fit, save_paired_fit
from pendula.runs.paired_model import PairedModel, run_segments
from pendula.runs.paired_model_file import load_paired_model, save_paired_model
from pendula.runs.paired_recipe import PairedRecipe, PairedTask
from pendula.runs.presence import Missing, present_inputs, shown_channels
from pendula.runs.recipe import Recipe
from pendula.runs.record_file import data_hash
from pendula.runs.start import Start, change_recipe, read_start, write_start

__all__ = [
    "NO_LABELS",
    "AnyFit",
    "AnyRecipe",
    "Calibration",
    "Channels",
    "Fit",
    "Labels",
    "Missing",
    "Model",
    "PairedFit",
    "PairedModel",
    "PairedRecipe",
    "PairedTask",
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
    "load_forecast",
    "load_model",
    "load_paired_fit",
    "load_paired_model",
    "present_inputs",
    "read_start",
    "run_segments",
    "save_fit",
    "save_model",
    "save_paired_fit",
    "save_paired_model",
    "shown_channels",
    "write_start",
]
