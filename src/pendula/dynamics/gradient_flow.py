"""The gradient of the last step's loss on its way back through time."""

import copy
import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy import ndarray
from torch import Tensor, nn

from pendula.dynamics.decay import Decay, decay_of
from pendula.dynamics.linearized import LinearizedLayer, Recurrence, State, linearize
from pendula.dynamics.scaled import Scaled, scaled, shifted, zeros
from pendula.errors import ShapeError
from pendula.nn import Forecaster
from pendula.shapes import BatchTensor, Float
from pendula.training import Objective

__all__ = ["GradientFlow", "forecast_error", "forecast_flow", "gradient_flow"]


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class GradientFlow:
    r"""Derivatives of the loss L_T of the last step, by lag k = T − t.

    All norms are Euclidean, and are kept as natural logarithms: over a thousand steps they leave the range of float64.

    Attributes:
        log_norms: $\log |\partial L_T / \partial h_{T-k}|$ of each layer and sequence, through everything that follows
            from a state: the steps after it, and the layers above.
        log_cell_norms: The same by the cell state c of an LSTM, which h of its own step follows from, too; None for
            other cells.
        log_contributions: What each lag contributes to the gradient of a layer's weights and biases, averaged over the
            sequences.
        gradient_norm: Norm of the gradient of all weights and biases of the stack: the norm of the sum of what the lags
            contribute.
    """

    log_norms: Float[ndarray, "layer sequence lag"]
    log_cell_norms: Float[ndarray, "layer sequence lag"] | None
    log_contributions: Float[ndarray, "layer lag"]
    gradient_norm: float

    @property
    def norms(self) -> Float[ndarray, "layer sequence lag"]:
        """The norms by the states; 0 or infinite where float64 ends."""
        with np.errstate(over="ignore"):
            return np.asarray(np.exp(self.log_norms))

    @property
    def typical_log_norms(self) -> Float[ndarray, "layer lag"]:
        """Means of the logarithms over the sequences that have a gradient; minus infinity where none has."""
        known = np.isfinite(self.log_norms)
        total = np.where(known, self.log_norms, 0.0).sum(axis=1)
        return np.where(known.any(axis=1), total / np.maximum(known.sum(axis=1), 1), -np.inf)

    def decay(self, layer: int = 0) -> Decay:
        """Fit an exponential law to a layer's norms by the states, and classify it.

        Args:
            layer: Counted from 0, the lowest; -1 is the highest.

        Returns:
            Rate, uncertainty and class.
        """
        return decay_of(self.log_norms[layer])

    def clipping_factor(self, clip_norm: float) -> float:
        """Tell by how much clipping shortens the gradient of these weights.

        It multiplies what every lag contributes by the same number: an exploding gradient gets a bounded length, and
        the lags that vanish stay as small beside the others as they were.

        Args:
            clip_norm: Longest gradient that is not shortened.

        Returns:
            A factor, 1 where nothing is clipped.
        """
        return min(1.0, clip_norm / self.gradient_norm) if self.gradient_norm > 0 else 1.0


def gradient_flow(
    layer: Recurrence,
    inputs: BatchTensor,
    error: Float[Tensor, "batch hidden"],
    *,
    state: State | None = None,
) -> GradientFlow:
    """Follow an error back from the last step of some sequences through a stack of recurrent layers.

    Everything is computed in float64 with closed-form derivatives of the cells.

    Args:
        layer: An RNN, GRU or LSTM of Pendula or torch, or a reservoir.
        inputs: Sequences; batch comes first, whatever the layer's `batch_first` says.
        error: ∂L_T/∂h_T of each sequence's own loss by the highest layer's last state.
        state: First states; zeros if left out.

    Returns:
        The norms by layer, sequence and lag.

    Raises:
        ArgumentError: If the layer is bidirectional or has a projection.
        ShapeError: If sequences or errors do not fit the layer.

    Examples:
        >>> layer = nn.RNN(1, 2, bias=False)
        >>> _ = layer.weight_hh_l0.data.copy_(0.5 * torch.eye(2))
        >>> flow = gradient_flow(layer, torch.zeros(1, 4, 1), torch.ones(1, 2))
        >>> flow.norms[0, 0] / flow.norms[0, 0, 0]  # at rest every step back halves it
        array([1.   , 0.5  , 0.25 , 0.125])
    """
    layers = linearize(layer, inputs, state=state)
    shape = (len(inputs), layers[-1].before.shape[-1])
    if error.shape != shape:
        raise ShapeError(
            f"`error` must hold a derivative by each last state: expected shape {shape}, "
            f"got {tuple(error.shape)}. Check its axes."
        )
    nothing = zeros(layers[0].before[:, 0])
    above = [nothing] * (inputs.shape[1] - 1) + [scaled(error.detach().double().cpu())]
    passes = []
    for linearized in reversed(layers):
        passes.append(_Pass.through(linearized, above))
        above = passes[-1].to_inputs
    passes.reverse()
    cells = [each.log_cell_norms for each in passes if each.log_cell_norms is not None]
    return GradientFlow(
        log_norms=np.stack([each.log_norms for each in passes]),
        log_cell_norms=np.stack(cells) if cells else None,
        log_contributions=np.stack([each.log_contributions for each in passes]),
        gradient_norm=math.hypot(*(each.gradient_norm for each in passes)),
    )


def forecast_flow(forecaster: Forecaster, pieces: BatchTensor) -> GradientFlow:
    """Follow the error of a forecaster's prediction after the last step of some windows back through its layers.

    The loss is that of training one step ahead: the squared error in units of `output_scale`, averaged over leads and
    channels. The forecaster itself, its training mode and the global random state are left alone.

    Args:
        forecaster: The network, fresh or trained.
        pieces: Windows of input and, behind them, the values that the network predicts; scaled.

    Returns:
        The norms by layer, sequence and lag; with a head that is still zero, as a residual network's before training,
        the gradient is zero, and its class silent.

    Raises:
        ShapeError: If a window has no step of input.

    Examples:
        >>> from pendula.nn import Network, build
        >>> windows = torch.sin(torch.arange(20.0)).reshape(2, 10, 1)
        >>> forecast_flow(build(Network(cell="gru", hidden_size=4, residual=False), 1), windows).norms.shape
        (1, 2, 9)
        >>> forecast_flow(build(Network(cell="gru", hidden_size=4), 1), windows).decay().flow.name
        'SILENT'
    """
    return gradient_flow(*forecast_error(forecaster, pieces))


def forecast_error(
    forecaster: Forecaster, pieces: BatchTensor
) -> tuple[nn.RNNBase, Float[Tensor, "batch window input"], Float[Tensor, "batch hidden"]]:
    """Find the error with which a forecaster's gradient sets out on its way back.

    Args:
        forecaster: The network; it is left alone.
        pieces: As for `forecast_flow`.

    Returns:
        What `gradient_flow` takes: a copy of the recurrent stack in float64, its inputs, and ∂L_T/∂h_T.

    Raises:
        ShapeError: If a window has no step of input.
    """
    window = pieces.shape[1] - forecaster.network.leads
    if window < 1:
        raise ShapeError(
            f"`pieces` must hold inputs and {forecaster.network.leads} values after them: expected more steps than "
            f"that, got {pieces.shape[1]}. Cut longer windows."
        )
    twin = copy.deepcopy(forecaster).double().cpu().eval()
    seen: dict[str, Tensor] = {}

    def cut(_: nn.Module, arguments: Any, results: Any) -> Any:
        # What comes after the stack is differentiated by autograd, from a leaf in its place.
        seen["inputs"], seen["states"] = arguments[0], results[0].detach().requires_grad_()
        return seen["states"], results[1]

    twin.recurrent.register_forward_hook(cut)
    objective = Objective(
        window=window, loss="last", washout=0, horizon=1, teacher_forcing=0.0, input_noise=0.0,
        generator=torch.Generator(),
    )  # fmt: skip
    with torch.enable_grad():
        loss, _ = objective(twin, pieces.detach().double().cpu())
        (by_states,) = torch.autograd.grad(loss * len(pieces), seen["states"])
    return twin.recurrent, seen["inputs"], by_states[:, -1]


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class _Pass:
    """The way back through one layer.

    Attributes:
        log_norms: By h.
        log_cell_norms: By c of an LSTM.
        log_contributions: To the gradient of the weights.
        gradient_norm: Of the weights.
        to_inputs: Errors at each step's input, which the layer below gets.
    """

    log_norms: Float[ndarray, "sequence lag"]
    log_cell_norms: Float[ndarray, "sequence lag"] | None
    log_contributions: Float[ndarray, " lag"]
    gradient_norm: float
    to_inputs: list[Scaled]

    @classmethod
    def through(cls, layer: LinearizedLayer, above: list[Scaled]) -> "_Pass":
        steps = len(above)
        errors = zeros(layer.before.new_zeros(len(layer.before), layer.parts, layer.before.shape[-1]))
        norms, cells, parts, to_inputs = [], [], [], []
        for t in reversed(range(steps)):
            errors = errors.plus(_at_h(above[t], layer.parts))
            norms.append(_only(errors, 0).log_norm())
            if layer.h_by_c is not None:
                h, c = errors.values.unbind(dim=1)
                cells.append(Scaled(c + layer.h_by_c[:, t] * h, errors.exponents).log_norm())
            rows = errors.values[:, None]
            past, by_state = layer.pull_back(t, rows)
            below, by_input = layer.to_input(t, rows)
            to_inputs.append(scaled(below[:, 0], errors.exponents))
            parts.append(_contribution(layer, t, by_input[:, 0], by_state[:, 0], errors.exponents))
            errors = scaled(past[:, 0], errors.exponents)
        to_inputs.reverse()
        return cls(
            log_norms=torch.stack(norms, dim=1).numpy(),
            log_cell_norms=torch.stack(cells, dim=1).numpy() if cells else None,
            log_contributions=torch.cat([part.log_norm() for part in parts]).numpy(),
            gradient_norm=float(_sum(parts).log_norm().exp()),
            to_inputs=to_inputs,
        )


def _at_h(error: Scaled, parts: int) -> Scaled:
    batch, hidden = error.values.shape
    values = error.values.new_zeros(batch, parts, hidden)
    values[:, 0] = error.values
    return Scaled(values, error.exponents)


def _only(errors: Scaled, part: int) -> Scaled:
    return Scaled(errors.values[:, part], errors.exponents)


def _contribution(layer: LinearizedLayer, t: int, by_input: Tensor, by_state: Tensor, exponents: Tensor) -> Scaled:
    # One step's part of the gradient: ∂L/∂gates times what the gates were made of, averaged over the sequences.
    largest = exponents.max()
    by_input, by_state = (shifted(each, exponents - largest) / len(exponents) for each in (by_input, by_state))
    pieces = (by_input.T @ layer.inputs[:, t], by_state.T @ layer.before[:, t], by_input.sum(0), by_state.sum(0))
    return scaled(torch.cat([piece.flatten() for piece in pieces])[None], largest[None])


def _sum(parts: list[Scaled]) -> Scaled:
    total = parts[0]
    for part in parts[1:]:
        total = total.plus(part)
    return total
