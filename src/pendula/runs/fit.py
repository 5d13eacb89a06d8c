"""What a fit is: a model, how it came about, and what it is worth."""

from dataclasses import dataclass, field
from typing import Any

from pendula.runs.calibration import Calibration
from pendula.runs.model import Model
from pendula.runs.recipe import Recipe
from pendula.series.record import Record
from pendula.series.split import Part, Split
from pendula.training import EpochRecord, Outcome

__all__ = ["Fit"]


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Fit:
    """A trained model with its record, history and scores.

    Attributes:
        model: The trained network and its scaler.
        record: The whole record in physical units: training, validation and test part.
        train_stop: Row after the training part's last.
        validation_stop: Row after the validation part's last; the test part follows.
        recipe: Every choice that made this fit.
        history: One record for each epoch.
        best_epoch: The epoch whose weights were kept.
        outcome: Why training ended.
        seconds: Training time, in seconds.
        scores: Scores of the network and of the baselines on the test part; `{}` without a test part.
        calibration: Errors of free runs on the validation part, from which intervals are made; None without one.
        notes: What the user should know, in plain sentences.
    """

    model: Model
    record: Record
    train_stop: int
    validation_stop: int
    recipe: Recipe
    history: tuple[EpochRecord, ...]
    best_epoch: int
    outcome: Outcome
    seconds: float
    scores: dict[str, Any] = field(default_factory=dict)
    calibration: Calibration | None = None
    notes: tuple[str, ...] = ()

    @property
    def split(self) -> Split:
        """The three parts of the record."""
        cuts = (0, self.train_stop, self.validation_stop, len(self.record))
        train, validation, test = (
            Part(parent=self.record, start=start, stop=stop) for start, stop in zip(cuts[:-1], cuts[1:], strict=True)
        )
        return Split(train=train, validation=validation, test=test)
