"""The vocabulary of array shapes.

Axes always come in the order batch, time, channel. The names are jaxtyping's; they are bare annotations in the
library and are checked when the tests run.
"""

from jaxtyping import Bool, Float, Int
from numpy import ndarray
from torch import Tensor

__all__ = [
    "BatchSeries",
    "BatchTensor",
    "Bool",
    "Float",
    "InputSeries",
    "Int",
    "Mask",
    "Series",
    "SeriesTensor",
    "TargetSeries",
    "Tensor",
    "Vector",
    "ndarray",
]

Vector = Float[ndarray, " channel"]
Series = Float[ndarray, "time channel"]
InputSeries = Float[ndarray, "time input"]
TargetSeries = Float[ndarray, "time target"]
Mask = Bool[ndarray, " time"]
BatchSeries = Float[ndarray, "batch time channel"]
SeriesTensor = Float[Tensor, "time channel"]
BatchTensor = Float[Tensor, "batch time channel"]
