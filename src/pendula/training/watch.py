"""What is watched while an epoch runs: how far it is, and whether its numbers stay finite."""

import time
from collections.abc import Iterable

import torch
from torch import Tensor

from pendula.errors import DivergedError
from pendula.training.events import Listener, Progressed

__all__ = ["Watch"]

PROGRESS_SECONDS = 2.0
"""Least time between two looks at the loss within an epoch."""
ADVICE = "Lower `learning_rate`, or clip the gradient with `clip_norm`."


class Watch:
    """The watch over one epoch.

    Args:
        epoch: Counted from 1.
        epochs: How many there are at most.
        last_loss: Loss of the epoch before, to be named if the first step diverges.
        listener: Hears the progress.
    """

    def __init__(self, epoch: int, epochs: int, *, last_loss: float | None, listener: Listener) -> None:
        self._epoch = epoch
        self._epochs = epochs
        self._last_loss = last_loss
        self._listener = listener
        self._heard = time.monotonic()

    def is_due(self) -> bool:
        """Say whether it is time to look at the loss.

        Returns:
            Whether the last look was some seconds ago.
        """
        return time.monotonic() - self._heard > PROGRESS_SECONDS

    def tell(self, share: float, loss: float) -> None:
        """Tell how far the epoch is.

        Args:
            share: Share of the epoch that is done.
            loss: The last step's.
        """
        self._listener(Progressed(epoch=self._epoch, epochs=self._epochs, share=share, loss=loss))
        self._heard = time.monotonic()

    def check_losses(self, losses: Tensor) -> None:
        """Check that all losses are finite.

        Args:
            losses: Those of all steps up to now.

        Raises:
            DivergedError: If one is not.
        """
        finite = torch.isfinite(losses)
        if bool(finite[-1]) and bool(finite.all()):
            return
        step = int((~finite).to(torch.int64).argmax())
        last = float(losses[step - 1]) if step else self._last_loss
        named = "none was finite" if last is None else f"last finite value {last:.3g}"
        raise DivergedError(
            f"Training diverged at step {step + 1} of epoch {self._epoch}: the loss became {float(losses[step])} "
            f"({named}). {ADVICE}"
        )

    def check_weights(self, weights: Iterable[Tensor], loss: float) -> None:
        """Check that all weights are finite.

        A gradient can overflow while the loss is finite; after an epoch's last step no loss would tell.

        Args:
            weights: Of the network.
            loss: The last step's.

        Raises:
            DivergedError: If one is not.
        """
        if all(bool(torch.isfinite(torch.stack(torch.aminmax(weight))).all()) for weight in weights):
            return
        raise DivergedError(
            f"Training diverged at the end of epoch {self._epoch}: a weight became infinite or nan "
            f"(last finite loss {loss:.3g}). {ADVICE}"
        )
