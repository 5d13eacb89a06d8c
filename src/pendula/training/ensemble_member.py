"""One network of an ensemble on its way, in pieces that any thread may take on."""

import math
import time
from dataclasses import dataclass
from pathlib import Path

from pendula.errors import DivergedError
from pendula.training.checkpoint import CHECKPOINT_FILE, read_matching, write_checkpoint
from pendula.training.events import Outcome
from pendula.training.forecaster_trainer import ForecasterTrainer
from pendula.training.native_descent import NativeDescent
from pendula.training.native_epoch import NativeEpoch
from pendula.training.trainer import Errors

__all__ = ["EnsembleMember"]


@dataclass(kw_only=True, slots=True)
class EnsembleMember:
    """A network on its way.

    Attributes:
        trainer: Its training.
        folder: Of its checkpoint, or None.
        fingerprint: Of data, settings and seed.
        failure: Why it stopped, if it diverged.
        epoch: That it is in, if it is in one.
        found: What that epoch came to, once its steps are done.
    """

    trainer: ForecasterTrainer
    folder: Path | None
    fingerprint: str
    failure: DivergedError | None = None
    epoch: NativeEpoch | None = None
    found: tuple[float, float] | None = None

    def restore(self) -> None:
        """Go back to the member's checkpoint, if there is one."""
        if self.folder is not None and (self.folder / CHECKPOINT_FILE).is_file():
            self.trainer.restore(read_matching(self.folder, self.fingerprint))

    def is_unfinished(self) -> bool:
        """Find out whether another epoch is to come.

        Returns:
            Whether training goes on.
        """
        return self.failure is None and self.trainer.is_unfinished()

    @property
    def seconds_left(self) -> float:
        """What training will still take, at the rate up to now; infinite before the first steps."""
        done, seconds = float(self.trainer.epoch), self.trainer.seconds
        if self.epoch is not None:
            done, seconds = done + self.epoch.share, seconds + self.epoch.seconds
        return seconds / done * (self.trainer.settings.epochs - done) if done else math.inf

    def advance(self) -> Errors | None:
        """Train for about a second, and measure the network if that ends an epoch; any thread may, one at a time.

        Returns:
            The errors, if it was measured.

        Raises:
            DivergedError: If the loss or a weight leaves the finite numbers.
        """
        if not self.trainer.history:
            return self._measure()
        if self.epoch is None:
            assert isinstance(self.trainer.descent, NativeDescent)
            self.epoch = self.trainer.descent.begin(self.trainer.epoch + 1, last_loss=self.trainer.last_loss)
        self.epoch.advance()
        if not self.epoch.is_done:
            return None
        self.trainer.stopwatch.spend(self.epoch.seconds)
        self.found = self.epoch.finish()
        return self._measure()

    def take_in(self, errors: Errors | None) -> None:
        """Tell and keep what `advance` came to.

        Args:
            errors: What it gave.
        """
        if self.found is not None and errors is not None:
            self.trainer.conclude(self.found, errors)
            self.epoch = self.found = None
            self.trainer.save(self.folder, self.fingerprint)
        elif errors is not None:
            self.trainer.begin(errors)
        elif self.epoch is not None:
            self.epoch.tell()

    def stop(self, failure: DivergedError) -> None:
        """End training before its time.

        Args:
            failure: Why.
        """
        self.failure, self.trainer.outcome = failure, Outcome.DIVERGED

    def train_alone(self) -> None:
        """Train to the end."""
        try:
            self.trainer.run(self.folder, self.fingerprint)
        except DivergedError as failure:
            self.stop(failure)

    def keep(self) -> None:
        """Write the last whole epoch down."""
        if self.folder is not None:
            write_checkpoint(self.trainer.snapshot(self.fingerprint), self.folder)

    def _measure(self) -> Errors:
        began = time.perf_counter()
        errors = self.trainer.validate()
        self.trainer.stopwatch.spend(time.perf_counter() - began)
        return errors
