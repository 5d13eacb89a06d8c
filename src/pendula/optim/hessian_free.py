"""Hessian-free optimization: Newton's method by conjugate gradients, for networks that gradients alone teach badly."""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn

from pendula.errors import ArgumentError, DivergedError, ShapeError
from pendula.nn.readout import Readout
from pendula.optim.adaptive_damping import LEAST, adapted, reduction_ratio
from pendula.optim.conjugate_gradient import conjugate_gradient
from pendula.optim.curvature import Curvature
from pendula.optim.flat_vectors import flat, like
from pendula.optim.hessian_free_settings import HessianFreeSettings
from pendula.optim.line_search import backtrack, line_search
from pendula.optim.linearization import Model, Response, Sample
from pendula.optim.module_model import ModuleModel
from pendula.optim.output_losses import OutputLoss, matching_loss
from pendula.optim.readout_model import ReadoutModel, runs_natively

__all__ = ["HessianFree", "HessianFreeStep"]

FORWARD, GRADIENT, PRODUCT = 1 / 3, 1.0, 4 / 3
"""Work of the passes of a sequence in units of its gradient, by their matrix products: one forward, two backward, two
for a tangent."""


@dataclass(frozen=True, kw_only=True, slots=True)
class HessianFreeStep:
    """What a step did.

    Attributes:
        before: The mean loss before it.
        after: The mean loss after it, on the same sequences.
        gradient_norm: Norm of the gradient before it.
        damping: λ that the step was found with.
        iterations: Steps of conjugate gradients.
        chosen: The one that was taken.
        ratio: ρ, by how much the loss fell in units of what the quadratic model promised.
        rate: Share of the step that was taken; 0 if none.
    """

    before: float
    after: float
    gradient_norm: float
    damping: float
    iterations: int
    chosen: int
    ratio: float = 0.0
    rate: float = 0.0


class HessianFree:
    r"""An optimizer that minimizes a quadratic model of the loss at each step, with damped Gauss–Newton curvature.

    $q(v) = \nabla f^\top v + \frac{1}{2} v^\top (G + \lambda I + \lambda\mu S) v$ is minimized by preconditioned
    conjugate gradients, which start from the last solution, shrunk. The objective picks among their iterates, a line
    search shortens the step, and the fall of the objective sets λ for the next one. All products of a step see one
    sample.

    Args:
        module: What is trained, in place: a `Readout` (in the native core, where that can), any other module of torch
            (by `torch.func`; for structural damping it gives a pair of outputs and hidden states), or a `Model`.
        loss: A loss with a matching curvature.
        settings: Damping and conjugate gradients.
        seed: Of the preconditioner's random signs.

    Attributes:
        damping: λ of the next step; 0 before the first, which sets it from the loss.
        steps: How many were taken.
        sequence_gradients: Work up to now, in gradients of one sequence: one with its gradient, 4/3 for a curvature
            product, 1/3 for a forward pass.

    Raises:
        ArgumentError: If the loss has no matching curvature, or the module nothing to train.

    References:
        J. Martens, "Deep learning via Hessian-free optimization", ICML 2010. J. Martens and I. Sutskever, "Learning
        recurrent neural networks with Hessian-free optimization", ICML 2011; "Training deep and recurrent networks with
        Hessian-free optimization", in Neural Networks: Tricks of the Trade, 2nd ed., Springer 2012.

    Examples:
        >>> from pendula.optim import StructuralDamping
        >>> x = torch.tensor([[0.0], [1.0], [2.0]])
        >>> line = nn.Linear(1, 1)
        >>> settings = HessianFreeSettings(damping=1e-9, structural=StructuralDamping(weight=0.0))
        >>> HessianFree(line, nn.MSELoss(), settings).step(Sample(x, 3 * x + 1)).after < 1e-8
        True
    """

    def __init__(
        self,
        module: nn.Module | Model,
        loss: nn.Module | OutputLoss,
        settings: HessianFreeSettings | None = None,
        *,
        seed: int = 0,
    ) -> None:
        self.model = _model(module)
        self.loss = matching_loss(loss)
        self.settings = settings or HessianFreeSettings()
        self.seed = seed
        self.damping = 0.0
        self.steps = 0
        self.sequence_gradients = 0.0
        self._last: Tensor | None = None
        if not self.model.parameters:
            raise ArgumentError(
                "`module` must have parameters to train: got none that require a gradient. Switch them on."
            )

    @torch.no_grad()
    def step(self, sample: Sample, curvature_sample: Sample | None = None) -> HessianFreeStep:
        """Take one step.

        Args:
            sample: What the loss and its gradient are computed on, in random order.
            curvature_sample: What the curvature is computed on; the first `curvature_size` of the sample when left out.

        Returns:
            What it did.

        Raises:
            DivergedError: If the loss or its gradient is not finite.
        """
        settings, here = self.settings, flat(self.model.parameters)
        before, gradient = self._differentiate(sample)
        self.damping = self.damping or max(settings.damping * before, LEAST)
        curvature, preconditioner = self._curve(curvature_sample or sample.part(0, settings.curvature_size))
        iterates = conjugate_gradient(
            curvature,
            -gradient,
            start=None if self._last is None else settings.decay * self._last,
            preconditioner=preconditioner,
            most=settings.iterations,
            tolerance=settings.tolerance,
        )
        damping, self.steps = self.damping, self.steps + 1
        taken = HessianFreeStep(
            before=before, after=before, gradient_norm=float(gradient.norm()), damping=damping, iterations=0, chosen=0
        )
        if not iterates:
            self._last = None
            return taken

        def objective(step: Tensor) -> float:
            self._move(here + step)
            return self._evaluate(sample)

        chosen = backtrack(iterates, objective)
        step, slope = chosen.iterate.at, float(torch.dot(gradient, chosen.iterate.at))
        ratio = reduction_ratio(before, chosen.value, chosen.iterate.value)
        reached = line_search(lambda rate: objective(rate * step), before=before, slope=slope, full=chosen.value)
        self._move(here + reached.rate * step if reached.rate else here)
        # What did not lead downhill is no place to start from.
        self._last = iterates[-1].at if reached.rate else None
        self.damping = adapted(damping, ratio)
        return replace(
            taken,
            after=reached.value,
            iterations=iterates[-1].step,
            chosen=chosen.iterate.step,
            ratio=ratio,
            rate=reached.rate,
        )

    def state_dict(self) -> dict[str, Tensor]:
        """Copy all that the next steps depend on beside the parameters.

        Returns:
            Tensors by name, in float64: a run that goes on from them has the bits of one that was not interrupted.
        """
        numbers = torch.tensor([self.damping, self.steps, self.sequence_gradients], dtype=torch.float64)
        return {"numbers": numbers} if self._last is None else {"numbers": numbers, "last": self._last.clone()}

    def load_state_dict(self, state: dict[str, Tensor]) -> None:
        """Put a copied state back.

        Args:
            state: What `state_dict` gave.

        Raises:
            ShapeError: If it belongs to a module with other parameters.
        """
        last, size = state.get("last"), sum(parameter.numel() for parameter in self.model.parameters)
        if last is not None and len(last) != size:
            raise ShapeError(
                f"`state` must belong to this module: expected {size} parameters, got {len(last)}. "
                "Load it into the module that it was taken with."
            )
        self.damping, steps, self.sequence_gradients = state["numbers"].tolist()
        self.steps, self._last = int(steps), None if last is None else last.clone()

    def _differentiate(self, sample: Sample) -> tuple[float, Tensor]:
        value, total = 0.0, torch.zeros(())
        for part in sample.chunks(self.settings.chunk):
            linearization = self.model.linearize(part)
            outputs = linearization.response.outputs
            value += float(self.loss.value(outputs, part.targets))
            total = total + flat(linearization.pull(Response(self.loss.gradient(outputs, part.targets))))
        self.sequence_gradients += GRADIENT * sample.size
        terms = sample.targets.numel()
        value, gradient = value / terms, total / terms
        if not (math.isfinite(value) and bool(gradient.isfinite().all())):
            raise DivergedError(
                f"Training diverged before step {self.steps + 1}: the loss became {value}, its gradient's norm "
                f"{float(gradient.norm())}. Start from smaller weights, or scale the data."
            )
        return value, gradient

    def _curve(self, sample: Sample) -> tuple[Callable[[Tensor], Tensor], Tensor | None]:
        curvature = Curvature(
            self.model,
            self.loss,
            sample,
            damping=self.damping,
            structural=self.settings.structural,
            chunk=self.settings.chunk,
        )
        self.sequence_gradients += FORWARD * sample.size

        def product(vector: Tensor) -> Tensor:
            self.sequence_gradients += PRODUCT * sample.size
            return curvature @ vector

        if not self.settings.exponent:
            return product, None
        self.sequence_gradients += GRADIENT * sample.size
        diagonal = curvature.diagonal(torch.Generator().manual_seed(self.seed * 1_000_003 + self.steps))
        return product, (diagonal + self.damping) ** self.settings.exponent

    def _evaluate(self, sample: Sample) -> float:
        parts = sample.chunks(self.settings.chunk)
        total = sum(float(self.loss.value(self.model.outputs(part), part.targets)) for part in parts)
        self.sequence_gradients += FORWARD * sample.size
        return total / sample.targets.numel()

    def _move(self, vector: Tensor) -> None:
        parameters = self.model.parameters
        for parameter, value in zip(parameters, like(parameters, vector), strict=True):
            parameter.copy_(value)


def _model(module: nn.Module | Model) -> Model:
    if isinstance(module, Readout) and runs_natively(module):
        return ReadoutModel(module)
    return ModuleModel(module) if isinstance(module, nn.Module) else module
