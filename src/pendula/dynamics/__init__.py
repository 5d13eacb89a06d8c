"""What goes on inside a network: linearized layers, the flow of gradients back through time, products of Jacobians."""

from pendula.dynamics.decay import EXPLODING, VANISHING, Decay, Flow, decay_of
from pendula.dynamics.gradient_flow import GradientFlow, forecast_error, forecast_flow, gradient_flow
from pendula.dynamics.jacobian_products import JacobianProducts, jacobian_products
from pendula.dynamics.linearized import LinearizedLayer, linearize, step_jacobians
from pendula.dynamics.watch import FlowRecord, GradientWatch, flow_records

__all__ = [
    "EXPLODING",
    "VANISHING",
    "Decay",
    "Flow",
    "FlowRecord",
    "GradientFlow",
    "GradientWatch",
    "JacobianProducts",
    "LinearizedLayer",
    "decay_of",
    "flow_records",
    "forecast_error",
    "forecast_flow",
    "gradient_flow",
    "jacobian_products",
    "linearize",
    "step_jacobians",
]
