"""Nesterov's accelerated gradient with the momentum schedule of deep and recurrent networks."""

import math
from collections.abc import Callable, Iterable
from typing import Any, overload

import torch
from torch import Tensor, nn

__all__ = ["Nesterov", "momentum_at"]

DOUBLING = 250
"""Steps between two increases of the momentum."""


def momentum_at(step: int, *, largest: float = 0.99) -> float:
    r"""Give the momentum of a step, $\mu_t = \min(1 - 2^{-1-\log_2(\lfloor t/250 \rfloor + 1)}, \mu_{\max})$.

    It is ½ in the first 250 steps and comes closer to 1 from one 250 steps to the next, as the method of Nesterov has
    it for functions that are not strongly convex, until it reaches the largest.

    Args:
        step: Counted from 0.
        largest: The limit.

    Returns:
        A number from 0 to 1.

    References:
        I. Sutskever, J. Martens, G. Dahl and G. Hinton, ICML 2013, section 3, equation 5.

    Examples:
        >>> [momentum_at(step) for step in (0, 250, 750, 1_000_000)]
        [0.5, 0.75, 0.875, 0.99]
    """
    return min(1 - 2 ** (-1 - math.log2(step // DOUBLING + 1)), largest)


class Nesterov(torch.optim.Optimizer):
    r"""Nesterov's accelerated gradient, of which momentum and step size may change from step to step.

    With θ the weights, v their velocity, ε the step size and μ the momentum,

    $v_t = \mu_t v_{t-1} - \varepsilon_t \nabla f(\theta_{t-1} + \mu_t v_{t-1})$, $\theta_t = \theta_{t-1} + v_t$.

    The parameters hold $\theta_{t-1} + \mu_t v_{t-1}$, where the gradient is to be taken; the momentum of the next step
    therefore has to be known. With a constant μ and ε these are the steps of `torch.optim.SGD` with `nesterov=True`.

    Args:
        params: The parameters, or groups of them.
        lr: Step size ε.
        momentum: μ of the step, and of the next one where `next_momentum` is not given.
        next_momentum: μ of the step after it.
        weight_decay: Pull of the weights towards zero.

    References:
        I. Sutskever, J. Martens, G. Dahl and G. Hinton, ICML 2013, equations 3 and 4; the parameters that run ahead are
        those of Y. Bengio, N. Boulanger-Lewandowski and R. Pascanu, ICASSP 2013, section 3.5.

    Examples:
        >>> weight = nn.Parameter(torch.ones(()))
        >>> descent = Nesterov([weight], lr=0.1, momentum=0.5)
        >>> weight.square().backward()  # the gradient is 2, v = −0.2, and the weight runs ahead by μv
        >>> descent.step()
        >>> round(weight.item(), 6)
        0.7
    """

    def __init__(
        self,
        params: Iterable[nn.Parameter] | Iterable[dict[str, Any]],
        lr: float | Tensor = 1e-3,
        *,
        momentum: float | Tensor = 0.9,
        next_momentum: float | Tensor | None = None,
        weight_decay: float = 0.0,
    ) -> None:
        following = momentum if next_momentum is None else next_momentum
        rates = {"lr": lr, "momentum": momentum, "next_momentum": following, "weight_decay": weight_decay}
        super().__init__(params, rates)

    @overload
    def step(self, closure: None = None) -> None: ...

    @overload
    def step(self, closure: Callable[[], float]) -> float: ...

    def step(self, closure: Callable[[], float] | None = None) -> float | None:
        """Take a step against the gradient.

        Args:
            closure: Computes the loss and its gradient, if that is not done yet.

        Returns:
            What `closure` gave.
        """
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        with torch.no_grad():
            for group in self.param_groups:
                self._glide(group)
        return loss

    def _glide(self, group: dict[str, Any]) -> None:
        for parameter in (held for held in group["params"] if held.grad is not None):
            if not self.state[parameter]:
                self.state[parameter] = {"velocity": torch.zeros_like(parameter)}
            velocity = self.state[parameter]["velocity"]
            fall = parameter.grad if not group["weight_decay"] else parameter.grad + group["weight_decay"] * parameter
            fall = fall * group["lr"]
            velocity.mul_(group["momentum"]).sub_(fall)  # v ← μ v − ε g
            parameter.add_(velocity * group["next_momentum"]).sub_(fall)  # from θ + μ v to the next step's
