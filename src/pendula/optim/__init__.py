"""Ways to learn that torch.optim lacks: ridge regression and linear autoregression."""

from pendula.optim.autoregression import autoregression_problem, iterate, lagged, select_order
from pendula.optim.moments import Moments, moments
from pendula.optim.readout import ReadoutRows
from pendula.optim.ridge import LinearMap, RidgeProblem, ridge_problem

__all__ = [
    "LinearMap",
    "Moments",
    "ReadoutRows",
    "RidgeProblem",
    "autoregression_problem",
    "iterate",
    "lagged",
    "moments",
    "ridge_problem",
    "select_order",
]
