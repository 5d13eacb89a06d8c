"""What goes on inside a network, or any map: fixed points, cycles, exponents, regimes, memory, flow of gradients."""

from pendula.dynamics.bifurcations import Bifurcations, bifurcations
from pendula.dynamics.capacity import Capacities, CapacitySettings, capacities, drive
from pendula.dynamics.certificate import Certificate, certify
from pendula.dynamics.closed_loop import ForecasterDynamics
from pendula.dynamics.cycles import Cycle, find_cycles
from pendula.dynamics.decay import EXPLODING, VANISHING, Decay, Flow, decay_of
from pendula.dynamics.driven import DrivenNet, as_net, hold_input
from pendula.dynamics.fixed_point_search import FixedPointSearch
from pendula.dynamics.fixed_points import FixedPoint, FixedPoints, SlowPoint, find_fixed_points
from pendula.dynamics.gradient_flow import GradientFlow, forecast_error, forecast_flow, gradient_flow
from pendula.dynamics.integrator_dynamics import IntegratorDynamics
from pendula.dynamics.jacobian_products import JacobianProducts, jacobian_products
from pendula.dynamics.linear_memory import LinearMemory, linear_memory
from pendula.dynamics.linearized import LinearizedLayer, linearize, step_jacobians
from pendula.dynamics.lyapunov import (
    LyapunovSettings,
    LyapunovSpectrum,
    conditional_spectrum,
    kaplan_yorke,
    lyapunov_spectrum,
)
from pendula.dynamics.memory import Forgetting, forgetting, input_sensitivity
from pendula.dynamics.polynomial_dynamics import PolynomialDynamics
from pendula.dynamics.regime import Regime, judge, run_on
from pendula.dynamics.stability import Mode, Stability, stability_of
from pendula.dynamics.state_map import StateMap, as_map, power
from pendula.dynamics.system_map import system_map, system_spectrum
from pendula.dynamics.watch import FlowRecord, GradientWatch, flow_records

__all__ = [
    "EXPLODING",
    "VANISHING",
    "Bifurcations",
    "Capacities",
    "CapacitySettings",
    "Certificate",
    "Cycle",
    "Decay",
    "DrivenNet",
    "FixedPoint",
    "FixedPointSearch",
    "FixedPoints",
    "Flow",
    "FlowRecord",
    "ForecasterDynamics",
    "Forgetting",
    "GradientFlow",
    "GradientWatch",
    "IntegratorDynamics",
    "JacobianProducts",
    "LinearMemory",
    "LinearizedLayer",
    "LyapunovSettings",
    "LyapunovSpectrum",
    "Mode",
    "PolynomialDynamics",
    "Regime",
    "SlowPoint",
    "Stability",
    "StateMap",
    "as_map",
    "as_net",
    "bifurcations",
    "capacities",
    "certify",
    "conditional_spectrum",
    "decay_of",
    "drive",
    "find_cycles",
    "find_fixed_points",
    "flow_records",
    "forecast_error",
    "forecast_flow",
    "forgetting",
    "gradient_flow",
    "hold_input",
    "input_sensitivity",
    "jacobian_products",
    "judge",
    "kaplan_yorke",
    "linear_memory",
    "linearize",
    "lyapunov_spectrum",
    "power",
    "run_on",
    "stability_of",
    "step_jacobians",
    "system_map",
    "system_spectrum",
]
