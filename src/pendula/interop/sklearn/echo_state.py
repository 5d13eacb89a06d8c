"""Reservoirs with a linear readout as estimators of scikit-learn."""

from typing import Any

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.preprocessing import StandardScaler

from pendula.interop.sklearn.estimating import SeriesRegressor, seed_from
from pendula.nn import Reservoir, Topology, draw_reservoir, drive_reservoir
from pendula.optim import ridge_problem
from pendula.shapes import Float, Series, ndarray

__all__ = ["EchoStateRegressor"]

PENALTIES = tuple(10.0**power for power in range(-12, 1))
"""Ridge penalties that are tried where none is given."""
JUDGING = 0.2
"""Share of the rows, from the end, that chooses among them."""


class EchoStateRegressor(SeriesRegressor, BaseEstimator):
    """A reservoir, drawn and never trained, whose linear readout tells quantities from the rows of a series up to now.

    It standardizes `X` by itself and computes in float64. In `fit` and in `predict` the reservoir starts as if the
    series had stood at its first row for the steps of the washout: what it predicts for the first rows is worth less.

    Args:
        units: Units of the reservoir.
        topology: random, delay-line or cycle.
        spectral_radius: Largest modulus of the eigenvalues of the reservoir's matrix.
        connections: How many units each unit listens to; 0 for all, and all of them where there are no more.
        input_scaling: Largest weight of an input.
        bias_scaling: Largest bias.
        leak: Share of its state that a unit renews at each step.
        direct: Whether the readout sees the row itself beside the state.
        penalty: Ridge penalty; when it is None, the last fifth of the rows chooses it, by themselves as in `predict`.
        washout: Rows at the start that are not learned from, at most half of them; and steps at the first row before.
        random_state: Of the matrices: a seed, a generator of NumPy's, or None. A seed gives the same bits.

    Attributes:
        weights_: The reservoir in numbers.
        readout_: The linear map from state and row to outputs.
        penalty_: The ridge penalty that was taken.
        scaler_: How `X` is standardized.

    Examples:
        >>> drive = np.sin(0.1 * np.arange(400.0))
        >>> model = EchoStateRegressor(units=50).fit(drive[:, None], np.roll(drive, 5))
        >>> model.score(drive[100:, None], np.roll(drive, 5)[100:]) > 0.99
        True
    """

    def __init__(
        self,
        *,
        units: int = 200,
        topology: Topology = "random",
        spectral_radius: float = 0.9,
        connections: int = 10,
        input_scaling: float = 0.5,
        bias_scaling: float = 0.5,
        leak: float = 1.0,
        direct: bool = True,
        penalty: float | None = None,
        washout: int = 50,
        random_state: Any = 0,
    ) -> None:
        self.units = units
        self.topology = topology
        self.spectral_radius = spectral_radius
        self.connections = connections
        self.input_scaling = input_scaling
        self.bias_scaling = bias_scaling
        self.leak = leak
        self.direct = direct
        self.penalty = penalty
        self.washout = washout
        self.random_state = random_state

    def _learn(self, X: Series, y: Float[ndarray, "time output"]) -> None:
        reservoir = Reservoir(
            topology=self.topology,
            spectral_radius=self.spectral_radius,
            connections=self.connections,
            input_scaling=self.input_scaling,
            bias_scaling=self.bias_scaling,
            leak=self.leak,
            direct=self.direct,
        )
        self.scaler_ = StandardScaler().fit(X)
        self.weights_ = draw_reservoir(
            reservoir, units=self.units, inputs=X.shape[1], seed=seed_from(self.random_state)
        )
        washout = min(self.washout, len(X) // 2)
        features = self._features(X)
        self.penalty_ = self._choose_penalty(X, features, y, washout) if self.penalty is None else self.penalty
        self.readout_ = ridge_problem([(features[washout:], y[washout:])]).solve(self.penalty_)

    def _tell(self, X: Series) -> Float[ndarray, "time output"]:
        return self.readout_(self._features(X))

    def _features(self, X: Series) -> Float[ndarray, "time feature"]:
        scaled = self.scaler_.transform(X)
        led_in = np.concatenate([np.repeat(scaled[:1], self.washout, axis=0), scaled])
        states = drive_reservoir(self.weights_, led_in[None])[0, self.washout :]
        return np.concatenate([states, scaled], axis=1) if self.direct else states

    def _choose_penalty(
        self, X: Series, features: Float[ndarray, "time feature"], targets: Float[ndarray, "time output"], washout: int
    ) -> float:
        cut = len(X) - int(JUDGING * len(X))
        if not washout < cut < len(X):
            return PENALTIES[-1]
        first = cut + min(washout, (len(X) - cut) // 2)
        judged = self._features(X[cut:])[first - cut :], targets[first:]
        errors = ridge_problem([(features[washout:cut], targets[washout:cut])]).errors([judged], PENALTIES)
        return PENALTIES[int(np.argmin((errors / targets.std(axis=0).clip(1e-300)).sum(axis=1)))]
