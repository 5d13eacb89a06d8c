"""The native core's face: recurrent stacks as differentiable functions of torch."""

from pendula.nn.kernels.function import recurrent
from pendula.nn.kernels.layer import Backend, NativeLayer
from pendula.nn.kernels.native import available, why_absent

__all__ = ["Backend", "NativeLayer", "available", "recurrent", "why_absent"]
