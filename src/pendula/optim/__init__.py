"""Ways to learn that torch.optim lacks: ridge regression, Hessian-free optimization, Nesterov's growing momentum."""

from pendula.optim.autoregression import autoregression_problem, iterate, lagged, select_order
from pendula.optim.hessian_free import HessianFree, HessianFreeStep
from pendula.optim.hessian_free_settings import HessianFreeSettings
from pendula.optim.linearization import Sample
from pendula.optim.logistic import LogisticMap, fit_logistic
from pendula.optim.moments import Moments, moments
from pendula.optim.nesterov import Nesterov, momentum_at
from pendula.optim.output_losses import LOGISTIC, SOFTMAX, SQUARED_ERROR, OutputLoss, matching_loss, weighted_softmax
from pendula.optim.readout import PolynomialRows, ReadoutRows
from pendula.optim.ridge import LinearMap, RidgeProblem, ridge_problem
from pendula.optim.structural_damping import StructuralDamping

__all__ = [
    "LOGISTIC",
    "SOFTMAX",
    "SQUARED_ERROR",
    "HessianFree",
    "HessianFreeSettings",
    "HessianFreeStep",
    "LinearMap",
    "LogisticMap",
    "Moments",
    "Nesterov",
    "OutputLoss",
    "PolynomialRows",
    "ReadoutRows",
    "RidgeProblem",
    "Sample",
    "StructuralDamping",
    "autoregression_problem",
    "fit_logistic",
    "iterate",
    "lagged",
    "matching_loss",
    "moments",
    "momentum_at",
    "ridge_problem",
    "select_order",
    "weighted_softmax",
]
