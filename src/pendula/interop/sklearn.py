"""scikit-learn: recurrent networks and reservoirs as estimators, for pipelines, cross-validation and grid search.

The rows of `X` are the successive steps of one series, in their order: what is predicted for a row depends on the rows
before it. So split with `TimeSeriesSplit` and leave `shuffle` off; do not hand on rows that are drawn at random.
"""

from typing import Any, Literal

import numpy as np
import torch
from scipy.special import softmax

from pendula.errors import ArgumentError, missing_extra
from pendula.nn import Network, Reservoir, Topology, draw_readout, draw_reservoir, drive_reservoir
from pendula.optim import SOFTMAX, SQUARED_ERROR, OutputLoss, ridge_problem
from pendula.shapes import Float, Series, SeriesTensor, Tensor, ndarray
from pendula.training import Training, train_paired

try:
    from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
    from sklearn.preprocessing import StandardScaler
    from sklearn.utils import Tags, check_random_state, column_or_1d
    from sklearn.utils.multiclass import check_classification_targets
    from sklearn.utils.validation import check_is_fitted, validate_data
except ImportError as error:
    raise missing_extra("Using Pendula in scikit-learn", "scikit-learn", "sklearn") from error

__all__ = ["EchoStateRegressor", "PendulaClassifier", "PendulaRegressor"]


PENALTIES = tuple(10.0**power for power in range(-12, 1))
"""Ridge penalties that are tried where none is given."""
JUDGING = 0.2
"""Share of the rows, from the end, that chooses among them."""


class _SeriesRegressor(RegressorMixin):
    """What the regressors share: they tell one or more quantities from the rows of a series up to now."""

    def fit(self, X: Any, y: Any) -> "_SeriesRegressor":
        """Learn from a series.

        Args:
            X: What is known at each step, [time, feature].
            y: What is to be told at each step, [time] or [time, output].

        Returns:
            The estimator.
        """
        X, y = validate_data(self, X, y, multi_output=True, y_numeric=True, ensure_min_samples=2, dtype=np.float64)
        self._flat = y.ndim == 1
        self._learn(X, y.reshape(len(y), -1).astype(np.float64))
        return self

    def predict(self, X: Any) -> ndarray:
        """Run through a series from its first row on.

        Args:
            X: What is known at each step, [time, feature].

        Returns:
            What it tells at each step, in the units of `y`.
        """
        told: ndarray = self._tell(_series(self, X))
        return told[:, 0] if self._flat else told

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags


class _Recurrent(BaseEstimator):
    """What the trained estimators share: a readout of every step of the standardized series."""

    def __init__(
        self,
        *,
        cell: Literal["rnn", "gru", "lstm"] = "gru",
        hidden_size: int = 32,
        num_layers: int = 1,
        window: int = 50,
        washout: int = 10,
        epochs: int = 100,
        batch_size: int = 32,
        steps_per_epoch: int | None = None,
        learning_rate: float = 3e-3,
        random_state: Any = 0,
    ) -> None:
        self.cell = cell
        self.hidden_size = hidden_size
        self.num_layers = num_layers
        self.window = window
        self.washout = washout
        self.epochs = epochs
        self.batch_size = batch_size
        self.steps_per_epoch = steps_per_epoch
        self.learning_rate = learning_rate
        self.random_state = random_state

    def _train(self, X: Series, targets: Tensor, *, outputs: int, loss: OutputLoss) -> None:
        seed, window = _seed(self.random_state), min(self.window, len(X))
        network = Network(cell=self.cell, hidden_size=self.hidden_size, num_layers=self.num_layers)
        training = Training(
            epochs=self.epochs,
            batch_size=self.batch_size,
            steps_per_epoch=self.steps_per_epoch,
            learning_rate=self.learning_rate,
        )
        washout = min(self.washout, window // 2)
        self.scaler_ = StandardScaler().fit(X)
        self.readout_ = draw_readout(network, X.shape[1], outputs, seed=seed, scored="every", washout=washout)
        course = train_paired(self.readout_, self._scaled(X), targets, training, loss=loss, window=window, seed=seed)
        self.loss_curve_ = tuple(record.train_loss for record in course.history if record.train_loss is not None)

    def _outputs(self, X: Series) -> Float[ndarray, "time output"]:
        with torch.no_grad():
            states, _ = self.readout_.recurrent(self._scaled(X)[None])
            return np.asarray(self.readout_.head(states)[0].double().numpy())

    def _scaled(self, X: Series) -> SeriesTensor:
        return torch.from_numpy(self.scaler_.transform(X).astype(np.float32))


class PendulaRegressor(_SeriesRegressor, _Recurrent):
    """A recurrent network that tells one or more quantities from the rows of a series up to now.

    It standardizes `X` and `y` by itself. Training cuts the series into windows, each of which starts from a state of
    zeros, and does not score their first steps; prediction runs through all of `X` at once, from zeros too. What it
    predicts for the first rows is therefore worth less: begin `X` some rows earlier, or leave them out of the score.

    Args:
        cell: The recurrent layer: rnn, gru or lstm.
        hidden_size: Units in each recurrent layer.
        num_layers: How many recurrent layers are stacked.
        window: Rows that the network learns from at once; all rows if there are fewer.
        washout: Rows at the start of a window that are not scored; at most half of it.
        epochs: How often the windows are gone through.
        batch_size: Windows in a step.
        steps_per_epoch: Draw this many random batches an epoch instead of going through all windows, for long series.
        learning_rate: Step size of Adam at the start; it falls to zero along half a cosine.
        random_state: Of weights and order: a seed, a generator of NumPy's, or None. A seed gives the same bits.

    Attributes:
        readout_: The trained network, a `pendula.nn.Readout` in scaled units.
        scaler_: How `X` is standardized.
        target_scaler_: How `y` is.
        loss_curve_: Mean squared error of each epoch, in scaled units.

    Examples:
        >>> drive = np.sin(0.1 * np.arange(400.0))
        >>> response = np.roll(drive, 5)  # five rows later
        >>> model = PendulaRegressor(hidden_size=8, epochs=8, learning_rate=0.03).fit(drive[:, None], response)
        >>> model.score(drive[20:, None], response[20:]) > 0.95
        True
    """

    def _learn(self, X: Series, y: Float[ndarray, "time output"]) -> None:
        self.target_scaler_ = StandardScaler().fit(y)
        targets = torch.from_numpy(self.target_scaler_.transform(y).astype(np.float32))
        self._train(X, targets, outputs=y.shape[1], loss=SQUARED_ERROR)

    def _tell(self, X: Series) -> Float[ndarray, "time output"]:
        return np.asarray(self.target_scaler_.inverse_transform(self._outputs(X)))


class PendulaClassifier(ClassifierMixin, _Recurrent):
    """A recurrent network that names the class of each row of a series from the rows up to it.

    Its arguments, and what it does with the series, are those of `PendulaRegressor`; the loss is cross-entropy.

    Attributes:
        classes_: The classes, sorted.
        readout_: The trained network, a `pendula.nn.Readout` with one output for each class.
        scaler_: How `X` is standardized.
        loss_curve_: Mean cross-entropy of each epoch, in nats.

    Examples:
        >>> x = np.sin(0.2 * np.arange(400.0))
        >>> moving = np.where(np.diff(x, prepend=0) > 0, "up", "down")  # no single row tells
        >>> model = PendulaClassifier(hidden_size=8, epochs=8, learning_rate=0.03).fit(x[:, None], moving)
        >>> model.score(x[20:, None], moving[20:]) > 0.95
        True
    """

    def fit(self, X: Any, y: Any) -> "PendulaClassifier":
        """Train on a series.

        Args:
            X: What is known at each step, [time, feature].
            y: The class of each step.

        Returns:
            The estimator.

        Raises:
            ArgumentError: If there is one class alone.
        """
        X, y = validate_data(self, X, y, dtype=np.float64)
        check_classification_targets(y)
        self.classes_, codes = np.unique(column_or_1d(y, warn=True), return_inverse=True)
        if len(self.classes_) < 2:
            raise ArgumentError(
                f"`y` must hold several classes: expected 2 or more, got one class, {self.classes_[0]}. "
                "There is nothing to tell apart."
            )
        self._train(X, torch.from_numpy(codes.astype(np.int64)), outputs=len(self.classes_), loss=SOFTMAX)
        return self

    def predict_proba(self, X: Any) -> Float[ndarray, "time class"]:
        """Run through a series from a state of zeros.

        Args:
            X: What is known at each step, [time, feature].

        Returns:
            The probability of each class at each step, in the order of `classes_`.
        """
        return np.asarray(softmax(self._outputs(_series(self, X)), axis=1))

    def predict(self, X: Any) -> ndarray:
        """Name the likeliest class of each step.

        Args:
            X: What is known at each step, [time, feature].

        Returns:
            The classes.
        """
        likeliest = self._outputs(_series(self, X)).argmax(axis=1)
        return np.asarray(self.classes_[likeliest])


class EchoStateRegressor(_SeriesRegressor, BaseEstimator):
    """A reservoir, drawn and never trained, whose linear readout tells quantities from the rows of a series up to now.

    It standardizes `X` by itself and computes in float64. In `fit` and in `predict` the reservoir starts as if the
    series had stood at its first row for the steps of the washout: what it predicts for the first rows is worth less.

    Args:
        units: Units of the reservoir.
        topology: random, delay-line or cycle.
        spectral_radius: Largest modulus of the eigenvalues of the reservoir's matrix.
        connections: How many units each unit listens to; 0 for all.
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
        self.weights_ = draw_reservoir(reservoir, units=self.units, inputs=X.shape[1], seed=_seed(self.random_state))
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


def _series(estimator: BaseEstimator, X: Any) -> Series:
    check_is_fitted(estimator)
    return np.asarray(validate_data(estimator, X, reset=False, dtype=np.float64))


def _seed(random_state: Any) -> int:
    if isinstance(random_state, int | np.integer):
        return int(random_state)
    return int(check_random_state(random_state).randint(2**31 - 1))
