"""The curvature of a model's loss on a sample, as Hessian-free optimization sees it."""

from collections.abc import Sequence

import torch

from pendula.errors import ArgumentError
from pendula.optim.flat_vectors import flat, like
from pendula.optim.linearization import Linearization, Model, Response, Sample
from pendula.optim.output_losses import OutputLoss
from pendula.optim.structural_damping import StructuralDamping
from pendula.shapes import Float, Tensor

__all__ = ["Curvature", "gauss_newton_product"]

PROBES = 32
"""Parts of the sample whose random gradients estimate the diagonal."""


def gauss_newton_product(
    linearization: Linearization,
    loss: OutputLoss,
    direction: Sequence[Tensor],
    *,
    structural: StructuralDamping | None = None,
    strength: float = 0.0,
) -> list[Tensor]:
    r"""Multiply by the generalized Gauss–Newton matrix of a sample's summed loss: one tangent and one backward pass.

    $(J_z^\top H J_z + s\,J_h^\top D'' J_h)\,v$, with the Jacobians J of outputs z and hidden states h, the Hessian H of
    the loss with respect to z, and the curvature D'' of structural damping.

    Args:
        linearization: The model on the sample.
        loss: The loss, with its matching curvature.
        direction: v, one tensor for each parameter.
        structural: The distance of hidden states.
        strength: s.

    Returns:
        The product, one tensor for each parameter.

    References:
        N. N. Schraudolph, "Fast curvature matrix-vector products for second-order gradient descent", Neural
        Computation 14 (2002) 1723.
    """
    response = linearization.response
    moved = linearization.push(direction)
    held: tuple[Tensor, ...] = ()
    if structural is not None and strength:
        pairs = zip(response.hidden, moved.hidden, strict=True)
        held = tuple(strength * structural.curve(hidden, move) for hidden, move in pairs)
    return linearization.pull(Response(loss.curve(response.outputs, moved.outputs), held))


class Curvature:
    r"""The damped curvature $B = G + \lambda I + \lambda\mu S$ on a fixed sample, as products with vectors.

    G is the generalized Gauss–Newton matrix of the mean loss, S that of the mean over the sequences of the states'
    distances, summed over steps and units. The model is linearized when this is made; its parameters are to stay
    where they are as long as products are taken.

    Args:
        model: What is trained.
        loss: Its loss.
        sample: The sequences.
        damping: λ.
        structural: μ and the distance.
        chunk: Sequences that are run together.

    Raises:
        ArgumentError: If structural damping is asked of a model that shows no hidden states.
    """

    def __init__(
        self,
        model: Model,
        loss: OutputLoss,
        sample: Sample,
        *,
        damping: float,
        structural: StructuralDamping,
        chunk: int = 128,
    ) -> None:
        self._model, self._loss, self._sample = model, loss, sample
        self._parameters, self._structural, self.damping = model.parameters, structural, damping
        self._linearizations = [model.linearize(part) for part in sample.chunks(chunk)]
        self._terms = sample.targets.numel()
        # Sums over a chunk are divided by the loss's terms; the states' distances are to be divided by the sequences.
        self._strength = damping * structural.weight * self._terms / sample.size
        if structural.weight and not self._linearizations[0].response.hidden:
            raise ArgumentError(
                "`structural` must have weight 0 for a module that gives its outputs alone: "
                f"got {structural.weight}. Return a pair of outputs and hidden states, or set the weight to 0."
            )

    def __matmul__(self, vector: Float[Tensor, " parameter"]) -> Float[Tensor, " parameter"]:
        """Multiply by B.

        Args:
            vector: v.

        Returns:
            B v.
        """
        direction = like(self._parameters, vector)
        total = torch.zeros_like(vector)
        for linearization in self._linearizations:
            total += flat(
                gauss_newton_product(
                    linearization, self._loss, direction, structural=self._structural, strength=self._strength
                )
            )
        return total / self._terms + self.damping * vector

    def diagonal(self, generator: torch.Generator) -> Float[Tensor, " parameter"]:
        r"""Estimate the diagonal of $G + \lambda\mu S$.

        With random signs ε, the gradient $J^\top A \varepsilon$ of a root A of the curvature has the covariance
        $J^\top A A^\top J$: the squares of such gradients, summed over parts of the sample, are the diagonal in the
        mean.

        Args:
            generator: Of the signs.

        Returns:
            The estimate; it is not negative.

        References:
            O. Chapelle and D. Erhan, "Improved preconditioner for Hessian free optimization", NIPS workshop on deep
            learning 2011.
        """
        total = torch.zeros(sum(parameter.numel() for parameter in self._parameters), dtype=torch.float64)
        for part in self._sample.chunks(-(-self._sample.size // PROBES)):
            total += flat(self._probe(self._model.linearize(part), generator)).square()
        return total / self._terms

    def _probe(self, linearization: Linearization, generator: torch.Generator) -> list[Tensor]:
        outputs, hidden = linearization.response
        held: tuple[Tensor, ...] = ()
        if self._strength:
            root = self._strength**0.5
            held = tuple(root * self._structural.root(states, _signs(states, generator)) for states in hidden)
        return linearization.pull(Response(self._loss.root(outputs, _signs(outputs, generator)), held))


def _signs(tensor: Tensor, generator: torch.Generator) -> Tensor:
    return torch.randint(0, 2, tensor.shape, generator=generator, dtype=tensor.dtype).mul_(2).sub_(1)
