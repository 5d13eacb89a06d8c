"""The training loop."""

from pathlib import Path

from pendula.nn import Forecaster
from pendula.series.windows import Windows
from pendula.training.engine import Engine, MakeForeign
from pendula.training.events import Listener, silent
from pendula.training.forecaster_trainer import ForecasterTrainer
from pendula.training.objective import check_objective
from pendula.training.settings import Training
from pendula.training.trained import Trained
from pendula.training.validation import Validation

__all__ = ["train"]


def train(
    forecaster: Forecaster,
    windows: Windows,
    settings: Training,
    *,
    window: int,
    seed: int = 0,
    validation: Validation | None = None,
    checkpoint: Path | None = None,
    resume: bool = False,
    fingerprint: str = "",
    listener: Listener = silent,
    engine: Engine | None = None,
    foreign: MakeForeign | None = None,
) -> Trained:
    """Train a forecaster.

    Where the settings allow it, the native core runs whole epochs: shuffled windows, scored one step ahead or along a
    free run (neither `carry_state` nor dropout), on the CPU. Everything else is trained step by step
    through torch's autograd. The two agree to rounding; `Trained.engine` tells which it was.

    All randomness of an epoch depends on the seed and the epoch alone, so that a run that was killed and resumed ends
    with the same bits as one that was not.

    Args:
        forecaster: The network; it is trained in place.
        windows: Windows of the training part: `window` steps of input and the values after them, scaled.
        settings: How to train.
        window: Steps of input.
        seed: Of order, noise, dropout and forcing.
        validation: Windows to select the best epoch by; without them the last epoch is kept.
        checkpoint: Folder for checkpoints; None keeps none.
        resume: Go on from the checkpoint in that folder, if there is one.
        fingerprint: Of data and settings; a checkpoint with another one is refused.
        listener: Hears the events.
        engine: native or autograd; whichever is faster when left out.
        foreign: Makes what runs the epochs where the settings' engine is another tool.

    Returns:
        The trained network and its history.

    Raises:
        ArgumentError: If lengths do not fit each other, the method makes no sense for the cell, or the native core is
            asked for and cannot.
        DivergedError: If the loss or a weight leaves the finite numbers.
        InterruptedRunError: If the user interrupts; the last whole epoch is in the checkpoint.
        RunError: If the checkpoint belongs to other data or settings.
    """
    check_objective(
        window=window,
        washout=settings.washout,
        horizon=settings.horizon,
        leads=forecaster.network.leads,
        carry_state=settings.carry_state,
    )
    trainer = ForecasterTrainer(
        forecaster,
        windows,
        settings,
        window=window,
        seed=seed,
        validation=validation,
        listener=listener,
        engine=engine,
        foreign=foreign,
    )
    trainer.carry_through(checkpoint, resume=resume, fingerprint=fingerprint)
    return trainer.finish()
