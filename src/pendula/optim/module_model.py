"""Any module of torch, linearized by `torch.func`."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

from pendula.optim.linearization import Response, Sample

__all__ = ["ModuleLinearization", "ModuleModel"]


class ModuleModel:
    """A module as Hessian-free optimization sees it.

    It is called with a sample's inputs, and with its lengths if there are any. It gives the outputs, or a pair of them
    and of the hidden states (a tensor, or a tuple of tensors) that structural damping holds.

    Args:
        module: Trained in place; parameters that require no gradient stay as they are.
    """

    def __init__(self, module: nn.Module) -> None:
        self.module = module
        self._names = [name for name, parameter in module.named_parameters() if parameter.requires_grad]

    @property
    def parameters(self) -> list[Tensor]:
        """The module's parameters that require a gradient."""
        held = dict(self.module.named_parameters())
        return [held[name] for name in self._names]

    def outputs(self, sample: Sample) -> Tensor:
        """Run forward alone.

        Args:
            sample: The sequences.

        Returns:
            What the loss sees.
        """
        with torch.no_grad():
            return _response(self.module(*_arguments(sample))).outputs

    def linearize(self, sample: Sample) -> "ModuleLinearization":
        """Run forward and keep the graph.

        Args:
            sample: The sequences.

        Returns:
            The linearization at the present parameters.
        """
        return ModuleLinearization(self, sample)

    def respond(self, sample: Sample, parameters: Sequence[Tensor]) -> tuple[Tensor, tuple[Tensor, ...]]:
        """Run forward as a function of the parameters.

        Args:
            sample: The sequences.
            parameters: In place of the module's own.

        Returns:
            Outputs and hidden states.
        """
        held = dict(zip(self._names, parameters, strict=True))
        outputs, hidden = _response(torch.func.functional_call(self.module, held, _arguments(sample)))
        return outputs, hidden


class ModuleLinearization:
    """A module near its present parameters, on a sample.

    A product with the Jacobian runs forward again, one with its transpose does not.

    Args:
        model: The module.
        sample: The sequences.
    """

    def __init__(self, model: ModuleModel, sample: Sample) -> None:
        self._at = tuple(parameter.detach() for parameter in model.parameters)
        self._function = lambda *parameters: model.respond(sample, parameters)
        (outputs, hidden), self._pull, *_ = torch.func.vjp(self._function, *self._at)
        self.response = Response(outputs, hidden)

    def push(self, direction: Sequence[Tensor]) -> Response:
        """Multiply by the Jacobian.

        Args:
            direction: One tensor for each parameter.

        Returns:
            How outputs and hidden states move.
        """
        _, (outputs, hidden), *_ = torch.func.jvp(self._function, self._at, tuple(direction))
        return Response(outputs, hidden)

    def pull(self, vector: Response) -> list[Tensor]:
        """Multiply by the transposed Jacobian.

        Args:
            vector: Like outputs and hidden states; without these they are taken as zero.

        Returns:
            One tensor for each parameter.
        """
        hidden = vector.hidden or tuple(torch.zeros_like(states) for states in self.response.hidden)
        return list(self._pull((vector.outputs, hidden)))


def _arguments(sample: Sample) -> tuple[Tensor, ...]:
    return (sample.inputs,) if sample.lengths is None else (sample.inputs, sample.lengths)


def _response(given: Any) -> Response:
    if isinstance(given, Tensor):
        return Response(given)
    outputs, hidden = given
    return Response(outputs, hidden if isinstance(hidden, tuple) else (hidden,))
