"""Models that know their own linearization: once forward, then any number of products with the Jacobian."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple, Protocol, runtime_checkable

from torch import Tensor

__all__ = ["Linearization", "Model", "Response", "Sample"]


class Sample(NamedTuple):
    """Sequences to learn from.

    Attributes:
        inputs: One entry of the first axis for each sequence.
        targets: The same.
        lengths: Steps of each sequence; all if left out.
    """

    inputs: Tensor
    targets: Tensor
    lengths: Tensor | None = None

    @property
    def size(self) -> int:
        """How many sequences there are."""
        return len(self.inputs)

    def part(self, start: int, stop: int) -> "Sample":
        """Take some of the sequences.

        Args:
            start: The first of them.
            stop: The first after them.

        Returns:
            A view of them.
        """
        lengths = None if self.lengths is None else self.lengths[start:stop]
        return Sample(self.inputs[start:stop], self.targets[start:stop], lengths)

    def chunks(self, size: int) -> Iterator["Sample"]:
        """Go through the sequences in groups, as large as fit in a processor's cache.

        Args:
            size: Sequences in a group.

        Yields:
            The groups, in order.
        """
        for start in range(0, self.size, size):
            yield self.part(start, start + size)


class Response(NamedTuple):
    """Outputs and hidden states of a model; or how they move; or a gradient with respect to them.

    Attributes:
        outputs: What the loss sees.
        hidden: States after every step, layer by layer; none if the model does not show them.
    """

    outputs: Tensor
    hidden: tuple[Tensor, ...] = ()


@runtime_checkable
class Linearization(Protocol):
    """A model near its present parameters, which do not move meanwhile, on a sample: z(θ + v) ≈ z + J v."""

    @property
    def response(self) -> Response:
        """z: outputs and hidden states."""

    def push(self, direction: Sequence[Tensor]) -> Response:
        """Multiply by the Jacobian: one tangent pass.

        Args:
            direction: v, one tensor for each parameter.

        Returns:
            J v.
        """

    def pull(self, vector: Response) -> list[Tensor]:
        """Multiply by the transposed Jacobian: one backward pass.

        Args:
            vector: w; without hidden states they are taken as zero.

        Returns:
            Jᵀ w, one tensor for each parameter.
        """


@runtime_checkable
class Model(Protocol):
    """What Hessian-free optimization can train."""

    @property
    def parameters(self) -> list[Tensor]:
        """What is trained."""

    def outputs(self, sample: Sample) -> Tensor:
        """Run forward alone.

        Args:
            sample: The sequences.

        Returns:
            What the loss sees.
        """

    def linearize(self, sample: Sample) -> Linearization:
        """Run forward and keep what products need.

        Args:
            sample: The sequences.

        Returns:
            The linearization at the present parameters.
        """
