"""The vocabulary of array shapes.

Axes always come in the order batch, time, channel. The names are jaxtyping's; they are bare annotations in the
library and are checked when the tests run.
"""

from jaxtyping import Bool, Float, Int
from numpy import ndarray
from torch import Tensor

__all__ = [
    "AheadTensor",
    "BatchControls",
    "BatchSeries",
    "BatchTensor",
    "Bool",
    "ControlSeries",
    "Float",
    "InputSeries",
    "Int",
    "Mask",
    "Series",
    "SeriesTensor",
    "ShownTensor",
    "TargetSeries",
    "Tensor",
    "Vector",
    "ndarray",
]

Vector = Float[ndarray, " channel"]
Series = Float[ndarray, "time channel"]
InputSeries = Float[ndarray, "time input"]
TargetSeries = Float[ndarray, "time target"]
ControlSeries = Float[ndarray, "time control"]
Mask = Bool[ndarray, " time"]
BatchSeries = Float[ndarray, "batch time channel"]
BatchControls = Float[ndarray, "batch row control"]
SeriesTensor = Float[Tensor, "time channel"]
BatchTensor = Float[Tensor, "batch time channel"]
ShownTensor = Float[Tensor, "batch time column"]
"""Channels, and behind them the controls that drive each row's next one, where there are any."""
AheadTensor = Float[Tensor, "batch ahead control"]
"""The controls beside rows that are forecast."""
