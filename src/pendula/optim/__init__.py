"""Ways to learn that torch.optim lacks: ridge regression and linear autoregression."""

from pendula.optim.autoregression import autoregression_problem, iterate, lagged, select_order
from pendula.optim.ridge import LinearMap, RidgeProblem, ridge_problem

__all__ = [
    "LinearMap",
    "RidgeProblem",
    "autoregression_problem",
    "iterate",
    "lagged",
    "ridge_problem",
    "select_order",
]
