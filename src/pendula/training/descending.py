"""What training asks of what runs its epochs, and of what moves the weights."""

from typing import Protocol, runtime_checkable

from pendula.shapes import Tensor

__all__ = ["Descends", "Remembers"]


@runtime_checkable
class Descends(Protocol):
    """What runs the epochs."""

    def run(self, epoch: int, *, last_loss: float | None = None) -> tuple[float, float | None]:
        """Train for an epoch.

        Args:
            epoch: Counted from 1.
            last_loss: Loss of the epoch before.

        Returns:
            Mean loss, and the largest gradient norm where it is known.
        """


@runtime_checkable
class Remembers(Protocol):
    """What moves the weights, with the state that a checkpoint keeps."""

    @property
    def learning_rate(self) -> float:
        """The step size of the last step."""

    def tensors(self) -> dict[str, Tensor]:
        """Copy the state."""

    def restore(self, tensors: dict[str, Tensor]) -> None:
        """Put a copied state back.

        Args:
            tensors: What `tensors` gave.
        """

    def release(self) -> None:
        """Let go of the network."""
