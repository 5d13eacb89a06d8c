"""Products of Jacobians: what is left, some steps later, of a small change of the state."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy import ndarray

from pendula.dynamics.decay import Decay, decay_of
from pendula.dynamics.linearized import LinearizedLayer, Recurrence, State, identity_rows, linearize
from pendula.dynamics.scaled import scaled
from pendula.errors import ArgumentError
from pendula.shapes import BatchTensor, Float

__all__ = ["JacobianProducts", "jacobian_products"]


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class JacobianProducts:
    r"""The matrices $\partial s_T / \partial s_{T-k}$ of each layer, as their singular values.

    The state s of a layer is what one step hands on to the next: h, and for the LSTM h and c together, so that there
    are twice as many singular values. The input, and so the layers below, are held fixed.

    Attributes:
        lags: k, increasing; 0 is the unit matrix.
        log_singular_values: Natural logarithms, the largest first; minus infinity where a change dies out wholly.
            Singular values smaller than the largest by 10¹⁵ are rounding.
        log_rms: Of the root mean square of the singular values, at every lag from 0 to the last: the norm that an error
            in a random direction keeps on average.
    """

    lags: tuple[int, ...]
    log_singular_values: Float[ndarray, "layer sequence lag value"]
    log_rms: Float[ndarray, "layer sequence every_lag"]

    def decay(self, layer: int = 0) -> Decay:
        """Fit an exponential law to the root mean square of a layer's singular values, and classify it.

        Args:
            layer: Counted from 0, the lowest; -1 is the highest.

        Returns:
            Rate, uncertainty and class.
        """
        return decay_of(self.log_rms[layer])


def jacobian_products(
    layer: Recurrence, inputs: BatchTensor, *, lags: Sequence[int] | None = None, state: State | None = None
) -> JacobianProducts:
    """Multiply the Jacobians of the last steps of some sequences, and decompose the products.

    All products of all sequences grow step by step, in float64 with exponents of their own; none is computed twice.

    Args:
        layer: An RNN, GRU or LSTM of Pendula or torch, or a reservoir.
        inputs: Sequences; batch comes first, whatever the layer's `batch_first` says.
        lags: The products to decompose, k ≥ 0; about twelve from 0 to the length of the sequences if left out.
        state: First states; zeros if left out.

    Returns:
        Singular values by layer, sequence and lag.

    Raises:
        ArgumentError: If the layer is bidirectional or has a projection, or a lag is longer than the sequences.
        ShapeError: If the sequences do not fit the layer.

    Examples:
        >>> layer = torch.nn.RNN(1, 2, bias=False)
        >>> _ = layer.weight_hh_l0.data.copy_(torch.diag(torch.tensor([0.5, 2.0])))
        >>> products = jacobian_products(layer, torch.zeros(1, 3, 1), lags=[0, 3])
        >>> np.exp(products.log_singular_values[0, 0])  # at rest the product is W³
        array([[1.   , 1.   ],
               [8.   , 0.125]])
    """
    layers = linearize(layer, inputs, state=state)
    steps = inputs.shape[1]
    chosen = _spaced(steps) if lags is None else tuple(sorted(set(lags)))
    if not chosen or chosen[0] < 0 or chosen[-1] > steps:
        raise ArgumentError(
            f"`lags` must lie within the sequences: expected numbers from 0 to {steps}, got "
            f"{', '.join(map(str, chosen)) or 'none'}. Take longer sequences."
        )
    found = [_decompose(each, chosen) for each in layers]
    return JacobianProducts(
        lags=chosen,
        log_singular_values=np.stack([values for values, _ in found]),
        log_rms=np.stack([rms for _, rms in found]),
    )


def _decompose(
    layer: LinearizedLayer, lags: tuple[int, ...]
) -> tuple[Float[ndarray, "sequence lag value"], Float[ndarray, "sequence every_lag"]]:
    batch, steps, _ = layer.before.shape
    rows = identity_rows(layer)
    size = len(rows)
    product = scaled(rows.expand(batch, *rows.shape))
    logs, rms = [], []
    for lag in range(lags[-1] + 1):
        if lag:
            past, _ = layer.pull_back(steps - lag, product.values)
            product = scaled(past, product.exponents)
        rms.append(product.log_norm() - 0.5 * np.log(size))
        if lag in lags:
            values = torch.linalg.svdvals(product.values.reshape(batch, size, size))
            logs.append(values.log() + product.log_scale[:, None])
    return torch.stack(logs, dim=1).numpy(), torch.stack(rms, dim=1).numpy()


def _spaced(steps: int) -> tuple[int, ...]:
    # Close to each other at first, where most happens, and evenly spaced on a logarithmic scale.
    return tuple(sorted({0, *(int(lag) for lag in np.geomspace(1, steps, 11).round())}))
