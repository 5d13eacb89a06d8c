"""ONNX: forecasters as graphs that run wherever onnxruntime does, from physical values to physical values.

Nothing here reads an ONNX file: there is no way in for a hostile one.
"""

from pendula.interop.onnx.export import export_onnx, to_onnx
from pendula.interop.onnx.forecaster import Kind, Precision, state_size

__all__ = ["Kind", "Precision", "export_onnx", "state_size", "to_onnx"]
