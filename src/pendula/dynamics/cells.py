r"""One step of each recurrent layer, and what its derivative is made of.

A layer's gates see $U x + W h$, and its state is made of them component by component. The derivative of a component is
therefore a sum of rows of U and W with coefficients that depend on the state: `Step` holds the coefficients. The
symbols are the lecture's: x input, h state, W recurrent and U input weights.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple, TypeAlias

import torch

from pendula.shapes import Float, Tensor

__all__ = ["STEPS", "LayerWeights", "Part", "Step"]

Part: TypeAlias = Float[Tensor, "batch hidden"]
Gates: TypeAlias = tuple[Part | None, ...]
"""A coefficient for each gate; None stands for zero."""


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class LayerWeights:
    """The weights of one layer, in float64.

    Attributes:
        input: U of all gates, one above the other.
        hidden: W of all gates.
        input_bias: What is added to U x.
        hidden_bias: What is added to W h.
        leak: Share of the state that is replaced in a step, for leaky units.
    """

    input: Float[Tensor, "gate_hidden input"]
    hidden: Float[Tensor, "gate_hidden hidden"]
    input_bias: Float[Tensor, " gate_hidden"]
    hidden_bias: Float[Tensor, " gate_hidden"]
    leak: Float[Tensor, ""] | None = None

    @property
    def hidden_size(self) -> int:
        """Units of the layer."""
        return self.hidden.shape[1]

    @property
    def gates(self) -> int:
        """Gates of a unit."""
        return self.hidden.shape[0] // self.hidden_size

    def drive(self, x: Float[Tensor, "batch input"]) -> Float[Tensor, "batch gate_hidden"]:
        """Compute what the gates get from the input.

        Args:
            x: Inputs.

        Returns:
            U x and its bias.
        """
        return torch.addmm(self.input_bias, x, self.input.T)

    def recur(self, h: Part) -> Float[Tensor, "batch gate_hidden"]:
        """Compute what the gates get from the state.

        Args:
            h: States.

        Returns:
            W h and its bias.
        """
        return torch.addmm(self.hidden_bias, h, self.hidden.T)


class Step(NamedTuple):
    r"""A step and its derivative.

    $\delta h'_p = \sum_g \big(a_{pg} (W \delta h)_g + b_{pg} (U \delta x)_g\big) + \sum_q c_{pq} \delta h_q$

    Attributes:
        after: The parts of the next state: h, and for an LSTM c.
        recurrent: a, by part and gate.
        driven: b, by part and gate.
        carry: c, by part of the next state and part of the state.
        h_by_c: ∂h'/∂c' of an LSTM, within the step; None for other cells.
    """

    after: tuple[Part, ...]
    recurrent: tuple[Gates, ...]
    driven: tuple[Gates, ...]
    carry: tuple[Gates, ...]
    h_by_c: Part | None = None


def _tanh(weights: LayerWeights, x: Tensor, state: tuple[Part, ...]) -> Step:
    h = torch.tanh(weights.drive(x) + weights.recur(state[0]))
    slope = ((1 - h * h,),)
    return Step((h,), slope, slope, ((None,),))


def _relu(weights: LayerWeights, x: Tensor, state: tuple[Part, ...]) -> Step:
    a = weights.drive(x) + weights.recur(state[0])
    slope = (((a > 0).to(a.dtype),),)
    return Step((a.relu(),), slope, slope, ((None,),))


def _leaky(weights: LayerWeights, x: Tensor, state: tuple[Part, ...]) -> Step:
    assert weights.leak is not None
    t = torch.tanh(weights.drive(x) + weights.recur(state[0]))
    slope = ((weights.leak * (1 - t * t),),)
    kept = (1 - weights.leak).expand_as(t)
    return Step((kept * state[0] + weights.leak * t,), slope, slope, ((kept,),))


def _gru(weights: LayerWeights, x: Tensor, state: tuple[Part, ...]) -> Step:
    (h,) = state
    r_x, z_x, n_x = weights.drive(x).chunk(3, dim=1)
    r_h, z_h, n_h = weights.recur(h).chunk(3, dim=1)
    r, z = torch.sigmoid(r_x + r_h), torch.sigmoid(z_x + z_h)
    n = torch.tanh(n_x + r * n_h)
    d_n = (1 - z) * (1 - n * n)
    d_r, d_z = d_n * n_h * r * (1 - r), (h - n) * z * (1 - z)
    return Step((n + z * (h - n),), ((d_r, d_z, d_n * r),), ((d_r, d_z, d_n),), ((z,),))


def _lstm(weights: LayerWeights, x: Tensor, state: tuple[Part, ...]) -> Step:
    h, c = state
    i, f, g, o = (weights.drive(x) + weights.recur(h)).chunk(4, dim=1)
    i, f, g, o = torch.sigmoid(i), torch.sigmoid(f), torch.tanh(g), torch.sigmoid(o)
    after = f * c + i * g
    t = torch.tanh(after)
    through = o * (1 - t * t)
    d_c = (g * i * (1 - i), c * f * (1 - f), i * (1 - g * g), None)
    d_h = (through * d_c[0], through * d_c[1], through * d_c[2], t * o * (1 - o))
    return Step((o * t, after), (d_h, d_c), (d_h, d_c), ((None, through * f), (None, f)), through)


STEPS: dict[str, Callable[[LayerWeights, Tensor, tuple[Part, ...]], Step]] = {
    "rnn_tanh": _tanh,
    "rnn_relu": _relu,
    "leaky": _leaky,
    "gru": _gru,
    "lstm": _lstm,
}
"""The step of each kind of layer, as torch defines it; leaky: h' = (1 − leak) h + leak tanh(U x + W h + b)."""
