"""The training loop, losses, forcing, checkpoints and events."""

from pendula.training.batches import Batch, shuffled, streamed
from pendula.training.checkpoint import CHECKPOINT_FILE, Checkpoint, read_checkpoint, write_checkpoint
from pendula.training.encoder_decoder import train_encoder_decoder
from pendula.training.engine import Engine, ForeignDescent, MakeForeign
from pendula.training.ensemble import EnsembleListener, silent_ensemble, train_ensemble
from pendula.training.equation import train_equation
from pendula.training.events import (
    EpochFinished,
    EpochRecord,
    Event,
    Listener,
    Outcome,
    Progressed,
    ReservoirTried,
    TrainingFinished,
    silent,
)
from pendula.training.identification import Identification, Identified, identify
from pendula.training.loop import train
from pendula.training.method import method_for
from pendula.training.objective import Objective
from pendula.training.online import OnlineRecord, OnlineTrained, train_online
from pendula.training.online_steps import OnlineSettings
from pendula.training.paired import train_paired
from pendula.training.physics_loss import physics_loss, physics_residuals
from pendula.training.randomness import derived_seed, epoch_generator, seeded
from pendula.training.readout import solve_readouts, train_reservoirs
from pendula.training.reservoir_choices import LIGHT, POLYNOMIALS, USUAL, Budget
from pendula.training.sequence_pairs import SequencePairs, pairs_from
from pendula.training.settings import Method, Schedule, Tool, Training
from pendula.training.shooting import Shooting, sensitivities
from pendula.training.start import PENALTIES, start_forecaster
from pendula.training.trained import Course, Trained
from pendula.training.trainer import Errors, Measure
from pendula.training.used_settings import idle_settings, used_settings
from pendula.training.validation import Validation

__all__ = [
    "CHECKPOINT_FILE",
    "LIGHT",
    "PENALTIES",
    "POLYNOMIALS",
    "USUAL",
    "Batch",
    "Budget",
    "Checkpoint",
    "Course",
    "Engine",
    "EnsembleListener",
    "EpochFinished",
    "EpochRecord",
    "Errors",
    "Event",
    "ForeignDescent",
    "Identification",
    "Identified",
    "Listener",
    "MakeForeign",
    "Measure",
    "Method",
    "Objective",
    "OnlineRecord",
    "OnlineSettings",
    "OnlineTrained",
    "Outcome",
    "Progressed",
    "ReservoirTried",
    "Schedule",
    "SequencePairs",
    "Shooting",
    "Tool",
    "Trained",
    "Training",
    "TrainingFinished",
    "Validation",
    "derived_seed",
    "epoch_generator",
    "identify",
    "idle_settings",
    "method_for",
    "pairs_from",
    "physics_loss",
    "physics_residuals",
    "read_checkpoint",
    "seeded",
    "sensitivities",
    "shuffled",
    "silent",
    "silent_ensemble",
    "solve_readouts",
    "start_forecaster",
    "streamed",
    "train",
    "train_encoder_decoder",
    "train_ensemble",
    "train_equation",
    "train_online",
    "train_paired",
    "train_reservoirs",
    "used_settings",
    "write_checkpoint",
]
