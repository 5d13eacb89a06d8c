"""Trained recurrent networks as estimators of scikit-learn."""

from typing import Any, Literal

import numpy as np
import torch
from scipy.special import softmax
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.preprocessing import StandardScaler
from sklearn.utils import column_or_1d
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import validate_data

from pendula.errors import ArgumentError, did_you_mean
from pendula.interop.sklearn.estimating import SeriesRegressor, seed_from, series_for
from pendula.nn import CELLS, Network, draw_readout
from pendula.optim import SOFTMAX, SQUARED_ERROR, OutputLoss
from pendula.shapes import Float, Series, SeriesTensor, Tensor, ndarray
from pendula.training import Training, train_paired

__all__ = ["PendulaClassifier", "PendulaRegressor"]


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
        self._check_arguments()
        seed, window = seed_from(self.random_state), min(self.window, len(X))
        network = Network(cell=self.cell, hidden_size=int(self.hidden_size), num_layers=self.num_layers)
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

    def _check_arguments(self) -> None:
        if self.cell not in CELLS:
            raise ArgumentError(
                f"`cell` must be one that is trained: expected {', '.join(CELLS)}, got {self.cell}."
                + (did_you_mean(str(self.cell), CELLS, listed=True) or " Choose one of them.")
            )
        for name, least in (("hidden_size", 1), ("window", 1), ("washout", 0)):
            value = getattr(self, name)
            if not isinstance(value, int | np.integer) or isinstance(value, bool) or value < least:
                raise ArgumentError(
                    f"`{name}` must be a whole number: expected {least} or more, got {value!r}. "
                    "Choose one in that range."
                )

    def _outputs(self, X: Series) -> Float[ndarray, "time output"]:
        with torch.no_grad():
            states, _ = self.readout_.recurrent(self._scaled(X)[None])
            return np.asarray(self.readout_.head(states)[0].double().numpy())

    def _scaled(self, X: Series) -> SeriesTensor:
        return torch.from_numpy(self.scaler_.transform(X).astype(np.float32))


class PendulaRegressor(SeriesRegressor, _Recurrent):
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
        return np.asarray(softmax(self._outputs(series_for(self, X)), axis=1))

    def predict(self, X: Any) -> ndarray:
        """Name the likeliest class of each step.

        Args:
            X: What is known at each step, [time, feature].

        Returns:
            The classes.
        """
        likeliest = self._outputs(series_for(self, X)).argmax(axis=1)
        return np.asarray(self.classes_[likeliest])
