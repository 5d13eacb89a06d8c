"""A model that follows a measurement."""

import numpy as np
import torch

from pendula.errors import ArgumentError, DataError
from pendula.nn import AnyForecaster, EnsembleForecaster, Forecaster, IntegratorForecaster, SolvedStream, Stream
from pendula.series.scaling import Scaler
from pendula.shapes import Float, Vector, ndarray

__all__ = ["ModelStream"]


class ModelStream:
    """A model that is shown a measurement value by value and predicts what comes next, in physical units.

    It remembers all that it was shown, where `Model.run` looks at the last `window` values alone: show it that many
    before its predictions are relied on.

    Args:
        forecaster: The trained network.
        scaler: From physical units to the network's, and back.
        start: Time of the first value, in units of time; only a driven equation asks for it.

    Raises:
        ArgumentError: If the network reads controls, or what is missing.
    """

    def __init__(self, forecaster: AnyForecaster, scaler: Scaler, *, start: float = 0.0) -> None:
        if isinstance(forecaster, Forecaster | EnsembleForecaster) and forecaster.controls:
            raise ArgumentError(
                "`forecaster` must read its own values alone to be followed value by value: got "
                f"{forecaster.controls} columns of controls or of what is missing. Show it windows with `Model.run`."
            )
        self._scaler = scaler
        self._stream: Stream | SolvedStream
        self._stream = Stream(forecaster) if isinstance(forecaster, Forecaster) else SolvedStream(forecaster)
        if isinstance(forecaster, IntegratorForecaster):
            self._stream.state = forecaster.first_state(1, start=start)

    def step(self, values: Vector) -> Float[ndarray, "lead channel"]:
        """Show the next value.

        Args:
            values: One value of each channel, in physical units.

        Returns:
            The predictions of the values that follow.

        Raises:
            DataError: If a value is not finite. It is not shown to the network, which would never forget it.
        """
        if not np.isfinite(values).all():
            raise DataError(
                f"`values` must be finite: got {values}. Show the prediction in place of a value that is missing."
            )
        scaled = torch.from_numpy(np.atleast_2d(self._scaler.transform(values)))
        predictions = self._stream.step(scaled)[0].numpy()
        with np.errstate(all="ignore"):
            return self._scaler.inverse(predictions)
