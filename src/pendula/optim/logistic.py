"""Multinomial logistic regression in float64: the linear classifier that a network has to beat."""

from dataclasses import dataclass

import numpy as np
from scipy.special import log_softmax, softmax

from pendula.errors import DataError
from pendula.optim.ridge import check_penalty
from pendula.shapes import Float, Int, ndarray

__all__ = ["LogisticMap", "fit_logistic"]


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class LogisticMap:
    """p = softmax(`weight`ᵀ z + `bias`), with z = (x − `center`) / `scale`.

    Attributes:
        weight: Coefficients.
        bias: Constant terms.
        center: Mean of the features.
        scale: Standard deviation of the features; 1 where they do not vary.
    """

    weight: Float[ndarray, "feature class"]
    bias: Float[ndarray, " class"]
    center: Float[ndarray, " feature"]
    scale: Float[ndarray, " feature"]

    def __call__(self, features: Float[ndarray, "row feature"]) -> Float[ndarray, "row class"]:
        """Tell the probabilities of the classes.

        Args:
            features: The features.

        Returns:
            A row of probabilities for each.
        """
        return np.asarray(softmax((features - self.center) / self.scale @ self.weight + self.bias, axis=1))


def fit_logistic(
    features: Float[ndarray, "row feature"],
    classes: Int[ndarray, " row"],
    *,
    count: int,
    penalty: float = 1e-3,
    weights: Float[ndarray, " class"] | None = None,
) -> LogisticMap:
    """Minimize the mean of −ln p of the true classes, + `penalty` / 2 · |weight|², by L-BFGS.

    Args:
        features: The features; they are standardized first.
        classes: The class of each row, from 0.
        count: How many classes there are.
        penalty: Of the coefficients of standardized features; the bias is not penalized.
        weights: By how much the rows of each class count; all alike when left out.

    Returns:
        The classifier.

    Raises:
        ArgumentError: If the penalty is negative or not finite.
        DataError: If there is no row.

    Examples:
        >>> x = np.array([[-2.0], [-1.0], [1.0], [2.0]])
        >>> fit_logistic(x, np.array([0, 0, 1, 1]), count=2)(np.zeros((1, 1)))
        array([[0.5, 0.5]])
    """
    from scipy.optimize import minimize

    check_penalty(penalty)
    if not len(features):
        raise DataError("`features` must have rows: expected one at least, got none. Learn from a longer record.")
    center, spread = features.mean(axis=0), features.std(axis=0)
    scale = np.where(spread > 0, spread, 1.0)
    z = (features - center) / scale
    counted = np.ones(len(z)) if weights is None else weights[classes]
    shares = counted / counted.sum()
    rows, width = np.arange(len(z)), z.shape[1]
    asked = np.zeros((len(z), count))
    asked[rows, classes] = 1.0

    def loss(flat: ndarray) -> tuple[float, ndarray]:
        weight, bias = flat[: width * count].reshape(width, count), flat[width * count :]
        outputs = z @ weight + bias
        logarithms = log_softmax(outputs, axis=1)
        value = -shares @ logarithms[rows, classes] + penalty / 2 * np.square(weight).sum()
        slope = shares[:, None] * (np.exp(logarithms) - asked)
        return float(value), np.concatenate([(z.T @ slope + penalty * weight).ravel(), slope.sum(axis=0)])

    start = np.zeros((width + 1) * count)
    found = minimize(loss, start, jac=True, method="L-BFGS-B", options={"maxiter": 1000, "gtol": 1e-8, "ftol": 1e-14})
    flat = np.asarray(found.x)
    return LogisticMap(
        weight=flat[: width * count].reshape(width, count), bias=flat[width * count :], center=center, scale=scale
    )
