"""Training an encoder and decoder on pairs of sequences, with a schedule of teacher forcing."""

import torch

from pendula.errors import ArgumentError
from pendula.nn import EncoderDecoder
from pendula.optim import OutputLoss
from pendula.shapes import Bool, Tensor
from pendula.training.events import Listener, silent
from pendula.training.optimizer import Optimizer, make_optimizer
from pendula.training.randomness import epoch_generator, seeded
from pendula.training.sequence_pairs import SequencePairs
from pendula.training.settings import Training
from pendula.training.watch import Watch

__all__ = ["train_encoder_decoder"]

METHODS = (None, "adam", "adamw", "nesterov")


def train_encoder_decoder(
    model: EncoderDecoder,
    pairs: SequencePairs,
    training: Training,
    *,
    loss: OutputLoss,
    seed: int = 0,
    listener: Listener = silent,
) -> tuple[float, ...]:
    """Train an encoder and decoder.

    A step of the decoder is shown the truth with the probability of `teacher_forcing_in` the epoch, the forcing that
    free runs of forecasters are trained with, too.

    Args:
        model: Both stacks; they are trained in place.
        pairs: What to read, and what to write.
        training: Epochs, batch, rates, clipping and forcing; the method is one along the gradient.
        loss: Of outputs and targets.
        seed: Of order, forcing and dropout; the same seed gives the same bits.
        listener: Hears the progress.

    Returns:
        The mean loss of each epoch over the steps that count.

    Raises:
        ArgumentError: If the method is not one along the gradient.
        DivergedError: If the loss or a weight leaves the finite numbers.

    Examples:
        >>> from pendula.nn import Network, draw_encoder_decoder
        >>> from pendula.optim import SQUARED_ERROR
        >>> from pendula.training import pairs_from
        >>> t = 0.3 * torch.arange(200.0)
        >>> pairs = pairs_from(torch.sin(t)[:, None], torch.cos(t)[:, None], window=10, steps=4)
        >>> model = draw_encoder_decoder(Network(hidden_size=8), 1, 1)
        >>> losses = train_encoder_decoder(model, pairs, Training(epochs=20, learning_rate=0.02), loss=SQUARED_ERROR)
        >>> losses[-1] < 0.1 * losses[0]
        True
    """
    if training.method not in METHODS:
        raise ArgumentError(
            "`method` must go along the gradient to train an encoder and decoder: expected adam, adamw or nesterov, "
            f"got {training.method}. Choose one of them."
        )
    optimizer = make_optimizer(model, training)
    history: list[float] = []
    model.train()
    for epoch in range(1, training.epochs + 1):
        watch = Watch(epoch, training.epochs, last_loss=history[-1] if history else None, listener=listener)
        with seeded(seed, epoch):
            history.append(_epoch(model, pairs, training, optimizer, loss=loss, seed=seed, epoch=epoch, watch=watch))
    model.eval()
    return tuple(history)


def _epoch(
    model: EncoderDecoder,
    pairs: SequencePairs,
    training: Training,
    optimizer: Optimizer,
    *,
    loss: OutputLoss,
    seed: int,
    epoch: int,
    watch: Watch,
) -> float:
    generator = epoch_generator(seed, epoch)
    batches = torch.split(_order(len(pairs), training, generator), training.batch_size)
    losses: list[float] = []
    counts: list[int] = []
    for step, rows in enumerate(batches):
        optimizer.learning_rate = training.learning_rate_in(epoch, step / len(batches))
        optimizer.momenta = training.momenta_in(epoch, step, steps=len(batches))
        optimizer.zero_grad()
        batch = pairs.select(rows)
        forced = torch.rand(batch.scored.shape, generator=generator) < training.teacher_forcing_in(epoch)
        losses.append(_backward(model, batch, forced, loss))
        counts.append(int(batch.scored.sum()))
        optimizer.step()
        if watch.is_due():
            watch.check_losses(torch.tensor(losses))
            watch.tell(step / len(batches), losses[-1])
    watch.check_losses(torch.tensor(losses))
    watch.check_weights(model.parameters(), losses[-1])
    return sum(each * count for each, count in zip(losses, counts, strict=True)) / sum(counts)


def _order(size: int, training: Training, generator: torch.Generator) -> Tensor:
    if training.steps_per_epoch is None:
        return torch.randperm(size, generator=generator)
    return torch.randint(size, (training.steps_per_epoch * training.batch_size,), generator=generator)


def _backward(
    model: EncoderDecoder, batch: SequencePairs, forced: Bool[Tensor, "batch step"], loss: OutputLoss
) -> float:
    scored = batch.scored
    outputs = model(batch.inputs, scored.shape[1], lengths=batch.input_lengths, truth=batch.targets, forced=forced)[
        scored
    ]
    seen, targets = outputs.detach(), batch.targets[scored]
    outputs.backward(loss.gradient(seen, targets) / targets.numel())
    return float(loss.value(seen, targets)) / targets.numel()
