"""Training on one series whose every row has a target of its own."""

import numpy as np
import torch
from torch import Tensor

from pendula.errors import ArgumentError
from pendula.nn import Readout
from pendula.optim import OutputLoss
from pendula.series.windows import Windows
from pendula.shapes import SeriesTensor
from pendula.training.batches import drawn
from pendula.training.events import Listener, silent
from pendula.training.optimizer import make_optimizer
from pendula.training.randomness import epoch_generator
from pendula.training.settings import Training
from pendula.training.watch import Watch

__all__ = ["train_paired"]


def train_paired(
    readout: Readout,
    inputs: SeriesTensor,
    targets: Tensor,
    training: Training,
    *,
    loss: OutputLoss,
    window: int,
    seed: int = 0,
    listener: Listener = silent,
) -> tuple[float, ...]:
    """Train a readout to tell the target of each row from the rows up to it, on windows of one series.

    Each window starts from a state of zeros; its first steps, the readout's washout, are not scored.

    Args:
        readout: The network, which reads every step; it is trained in place.
        inputs: What it is shown, scaled.
        targets: One row for each: numbers [time, output], or the indices of classes [time].
        training: Epochs, batch, rates and clipping; the method is one along the gradient.
        loss: Of outputs and targets.
        window: Rows in a window.
        seed: Of the order of the windows.
        listener: Hears the progress.

    Returns:
        The mean loss of each epoch.

    Raises:
        ArgumentError: If the readout reads the last step alone, or no step of a window is scored.
        DivergedError: If the loss or a weight leaves the finite numbers.

    Examples:
        >>> from pendula.nn import Network, draw_readout
        >>> from pendula.optim import SQUARED_ERROR
        >>> x = torch.sin(0.3 * torch.arange(200.0))[:, None]
        >>> readout = draw_readout(Network(cell="rnn", hidden_size=8), 1, 1, seed=0, scored="every", washout=2)
        >>> delayed = torch.cat([torch.zeros(1, 1), x[:-1]])  # the value before
        >>> losses = train_paired(readout, x, delayed, Training(epochs=20, learning_rate=0.02), loss=SQUARED_ERROR,
        ...                       window=10)
        >>> losses[-1] < 0.01 * losses[0]
        True
    """
    if readout.scored != "every" or readout.washout >= window:
        raise ArgumentError(
            f"`readout` must read steps of each window of {window} rows: expected scored='every' and a washout below "
            f"{window}, got scored='{readout.scored}' and {readout.washout}. Shorten the washout."
        )
    windows = Windows(inputs, np.array([[0, len(inputs)]]), length=window)
    scored = torch.arange(readout.washout, window)
    optimizer = make_optimizer(readout, training)
    history: list[float] = []
    for epoch in range(1, training.epochs + 1):
        order = drawn(
            windows, training.batch_size, generator=epoch_generator(seed, epoch), steps=training.steps_per_epoch
        )
        batches = torch.split(windows.starts(order), training.batch_size)
        watch = Watch(epoch, training.epochs, last_loss=history[-1] if history else None, listener=listener)
        losses: list[float] = []
        for step, starts in enumerate(batches):
            optimizer.learning_rate = training.learning_rate_in(epoch, step / len(batches))
            optimizer.momenta = training.momenta_in(epoch, step, steps=len(batches))
            optimizer.zero_grad()
            losses.append(_backward(readout, windows.at(starts), targets[starts[:, None] + scored], loss))
            optimizer.step()
            if watch.is_due():
                watch.check_losses(torch.tensor(losses))
                watch.tell(step / len(batches), losses[-1])
        watch.check_losses(torch.tensor(losses))
        watch.check_weights(readout.parameters(), losses[-1])
        history.append(sum(losses) / len(losses))
    return tuple(history)


def _backward(readout: Readout, inputs: Tensor, targets: Tensor, loss: OutputLoss) -> float:
    outputs = readout(inputs).outputs
    seen, answers = outputs.detach(), targets.numel()
    outputs.backward(loss.gradient(seen, targets) / answers)
    return float(loss.value(seen, targets)) / answers
