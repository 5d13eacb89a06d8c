"""Training on one series whose rows, or whose stretches, have targets of their own."""

from dataclasses import KW_ONLY, dataclass, replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from pendula.errors import ArgumentError
from pendula.nn import Readout
from pendula.optim import OutputLoss
from pendula.series.windows import Windows
from pendula.shapes import Int, SeriesTensor, ndarray
from pendula.training.batches import drawn
from pendula.training.device import usable_device
from pendula.training.engine import Engine, check_engine
from pendula.training.events import Listener, silent
from pendula.training.flat import FlatDescent
from pendula.training.native_descent import NativeDescent
from pendula.training.native_task import PairedTask
from pendula.training.obstacles import why_not_native_pairs
from pendula.training.optimizer import Optimizer, make_optimizer
from pendula.training.pieces import PiecedBatch, Pieces, WholePieces, WindowPieces
from pendula.training.randomness import epoch_generator
from pendula.training.settings import Training
from pendula.training.trained import Course
from pendula.training.trainer import Measure, Trainer
from pendula.training.watch import Watch

__all__ = ["PairedDescent", "train_paired"]


def train_paired(
    readout: Readout,
    inputs: SeriesTensor,
    targets: Tensor,
    training: Training,
    *,
    loss: OutputLoss,
    window: int | None,
    segments: Int[ndarray, "segment 2"] | None = None,
    seed: int = 0,
    measure: Measure | None = None,
    checkpoint: Path | None = None,
    resume: bool = False,
    fingerprint: str = "",
    listener: Listener = silent,
    engine: Engine | None = None,
) -> Course:
    """Train a readout to tell the target of each row from the rows up to it, or that of each stretch from all its rows.

    A readout that reads every step learns on windows. Each starts from zeros, or from the readout's learned start; its
    first steps, the washout, are not scored, and neither are rows whose target is missing, whatever stands there. A
    readout that reads the last step alone learns on whole segments, of whatever lengths, each with one target.

    Args:
        readout: The network; it is trained in place, in its own precision.
        inputs: What it is shown, scaled.
        targets: One for each row, or for each segment: numbers [time, output], NaN where unknown; or the indices of
            classes [time], −1 where unknown.
        training: Epochs, batch, rates and clipping; the method is one along the gradient.
        loss: Of outputs and targets.
        window: Rows in a window; None for whole segments.
        segments: Half-open row ranges that windows are cut from, or that are the sequences; all rows when left out.
        seed: Of the order of the windows.
        measure: Measures the readout on other rows, to select the best epoch by; without it the last epoch is kept.
        checkpoint: Folder for checkpoints; None keeps none.
        resume: Go on from the checkpoint in that folder, if there is one.
        fingerprint: Of data and settings; a checkpoint with another one is refused.
        listener: Hears the events.
        engine: native or autograd; the native core wherever it can when left out.

    Returns:
        How it went; the losses are means over the windows of an epoch.

    Raises:
        ArgumentError: If the readout does not read what there is to learn from, no step of a window is scored, or the
            native core is asked for and cannot.
        DataError: If no segment holds a window, or one has no rows.
        ShapeError: If there is not one target for each segment.
        DivergedError: If the loss or a weight leaves the finite numbers.
        InterruptedRunError: If the user interrupts; the last whole epoch is in the checkpoint.
        RunError: If the checkpoint belongs to other data or settings.

    Examples:
        >>> from pendula.nn import Network, draw_readout
        >>> from pendula.optim import SQUARED_ERROR
        >>> x = torch.sin(0.3 * torch.arange(200.0))[:, None]
        >>> readout = draw_readout(Network(cell="rnn", hidden_size=8), 1, 1, seed=0, scored="every", washout=2)
        >>> delayed = torch.cat([torch.zeros(1, 1), x[:-1]])  # the value before
        >>> course = train_paired(readout, x, delayed, Training(epochs=20, learning_rate=0.02), loss=SQUARED_ERROR,
        ...                       window=10)
        >>> course.history[-1].train_loss < 0.01 * course.history[1].train_loss
        True
    """
    _check_readout(readout, window)
    device = usable_device(training)
    ranges = np.array([[0, len(inputs)]]) if segments is None else segments
    shown, asked = inputs.to(device), targets.to(device)
    pieces: Pieces = (
        WholePieces(shown, ranges, asked)
        if window is None
        else WindowPieces(Windows(shown, ranges, length=window), asked, readout.washout)
    )
    optimizer = make_optimizer(readout.to(device), training)
    descent = _make_descent(
        readout, optimizer, pieces, training, loss=loss, seed=seed, listener=listener, engine=engine
    )
    trainer = Trainer(
        readout,
        descent=descent,
        optimizer=optimizer,
        settings=training,
        windows=len(pieces),
        measure=measure,
        listener=listener,
        engine="native" if isinstance(descent, NativeDescent) else "autograd",
    )
    trainer.carry_through(checkpoint, resume=resume, fingerprint=fingerprint)
    return trainer.finish()


def _make_descent(
    readout: Readout,
    optimizer: Optimizer,
    pieces: Pieces,
    training: Training,
    *,
    loss: OutputLoss,
    seed: int,
    listener: Listener,
    engine: Engine | None,
) -> "PairedDescent | NativeDescent":
    obstacle = why_not_native_pairs(readout, pieces, loss)
    check_engine(engine, obstacle)
    if engine != "autograd" and not obstacle and isinstance(optimizer, FlatDescent):
        assert isinstance(pieces, WindowPieces)
        # Noise on the inputs and free runs are a matter of forecasts.
        settings = replace(training, input_noise=0.0, horizon=1)
        task = PairedTask(readout, pieces, loss)
        return NativeDescent(task, optimizer, settings, seed=seed, listener=listener)
    return PairedDescent(readout, optimizer, pieces, training, loss=loss, seed=seed, listener=listener)


@dataclass(frozen=True, slots=True, eq=False)
class PairedDescent:
    """All that an epoch on rows with targets needs.

    Attributes:
        readout: The network; it is trained in place.
        optimizer: Of its parameters.
        pieces: What it learns from.
        settings: How to train.
        loss: Of outputs and targets.
        seed: Of the order of the windows.
        listener: Hears the progress.
    """

    readout: Readout
    optimizer: Optimizer
    pieces: Pieces
    settings: Training
    _: KW_ONLY
    loss: OutputLoss
    seed: int
    listener: Listener

    def run(self, epoch: int, *, last_loss: float | None = None) -> tuple[float, float]:
        """Go through the windows once, or take the steps that the settings tell.

        Args:
            epoch: Counted from 1.
            last_loss: Loss of the epoch before, to be named if the first step diverges.

        Returns:
            Mean loss over the windows, and the largest gradient norm.

        Raises:
            DivergedError: If the loss or a weight leaves the finite numbers.
        """
        watch = Watch(epoch, self.settings.epochs, last_loss=last_loss, listener=self.listener)
        batches = self._batches(epoch)
        losses: list[float] = []
        norms: list[float] = []
        for step, indices in enumerate(batches):
            self.optimizer.learning_rate = self.settings.learning_rate_in(epoch, step / len(batches))
            self.optimizer.momenta = self.settings.momenta_in(epoch, step, steps=len(batches))
            self.optimizer.zero_grad()
            losses.append(self._backward(self.pieces.at(indices)))
            norms.append(float(self.optimizer.step()))
            if watch.is_due():
                watch.check_losses(torch.tensor(losses))
                watch.tell(step / len(batches), losses[-1])
        watch.check_losses(torch.tensor(losses))
        watch.check_weights(self.readout.parameters(), losses[-1])
        return float(np.average(losses, weights=[len(indices) for indices in batches])), max(norms)

    def _batches(self, epoch: int) -> tuple[Int[Tensor, " batch"], ...]:
        order = drawn(
            self.pieces,
            self.settings.batch_size,
            generator=epoch_generator(self.seed, epoch),
            steps=self.settings.steps_per_epoch,
        )
        return torch.split(order, self.settings.batch_size)

    def _backward(self, batch: PiecedBatch) -> float:
        outputs, targets = self.readout(batch.inputs, batch.lengths).outputs, batch.targets
        known = _known(targets)
        seen, asked = (outputs, targets) if bool(known.all()) else (outputs[known], targets[known])
        answers = max(1, asked.numel())
        seen.backward(self.loss.gradient(seen.detach(), asked) / answers)
        return float(self.loss.value(seen.detach(), asked)) / answers


def _check_readout(readout: Readout, window: int | None) -> None:
    if window is None:
        if readout.scored != "last":
            raise ArgumentError(
                "`readout` must read the last step of each sequence: expected scored='last', got "
                f"scored='{readout.scored}'. Give a `window` to learn from every step."
            )
    elif readout.scored != "every" or readout.washout >= window:
        raise ArgumentError(
            f"`readout` must read steps of each window of {window} rows: expected scored='every' and a washout below "
            f"{window}, got scored='{readout.scored}' and {readout.washout}. Shorten the washout."
        )


def _known(targets: Tensor) -> Tensor:
    return torch.isfinite(targets).all(dim=-1) if targets.is_floating_point() else targets >= 0
