"""A model that follows a measurement."""

import numpy as np
import torch

from pendula.errors import ArgumentError, DataError, ShapeError
from pendula.nn import AnyForecaster, Forecaster, IntegratorForecaster, SolvedStream, Stream
from pendula.runs.channels import Channels
from pendula.runs.presence import Missing, present_inputs
from pendula.series.scaling import Scaler
from pendula.shapes import Float, Vector, ndarray

__all__ = ["ModelStream"]

_NOTHING = np.empty(0)


class ModelStream:
    """A model that is shown a measurement value by value and predicts what comes next, in physical units.

    It remembers all that it was shown, where `Model.run` looks at the last `window` values alone: show it that many
    before its predictions are relied on. Its predictions are those of the network shown the whole measurement.

    Args:
        forecaster: The trained network.
        scaler: From physical units to the network's, and back.
        controls: What is known for the future, too; None where there is nothing of the kind.
        missing: What becomes of missing values.
        start: Time of the first value, in units of time; only a driven equation asks for it.
    """

    def __init__(
        self,
        forecaster: AnyForecaster,
        scaler: Scaler,
        *,
        controls: Channels | None = None,
        missing: Missing = "gap",
        start: float = 0.0,
    ) -> None:
        self._scaler, self._controls, self._missing = scaler, controls, missing
        self._last = np.zeros(forecaster.channels)  # what was shown of the row before, scaled
        self._stream: Stream | SolvedStream
        self._stream = Stream(forecaster) if isinstance(forecaster, Forecaster) else SolvedStream(forecaster)
        if isinstance(forecaster, IntegratorForecaster):
            self._stream.state = forecaster.first_state(1, start=start)

    def step(
        self, values: Vector, controls: Float[ndarray, " control"] | None = None
    ) -> Float[ndarray, "lead channel"]:
        """Show the next value.

        Args:
            values: One value of each channel, in physical units. A model that is shown what is missing takes NaN, too.
            controls: What drives the step from this row to the next: those of the next row, in physical units and in
                the order of `Model.controls`. Where times are irregular the last of them is the wait until then. A
                model without controls is given none.

        Returns:
            The predictions of the values that follow.

        Raises:
            ArgumentError: If controls are missing, or given to a model that has none.
            DataError: If a value or a control is not finite. It is not shown to the network, which would never forget
                it.
            ShapeError: If there is not one value of each channel, or of each control.
        """
        scaled, driving = self._scaler.transform(self._checked(values)), self._driving(controls)
        filled, known = self._present(scaled)
        columns = torch.from_numpy(np.concatenate([filled, driving, known]))
        predictions = self._stream.step(columns[None])[0].numpy()
        with np.errstate(all="ignore"):
            return self._scaler.inverse(predictions)

    def _checked(self, values: Vector) -> Vector:
        if values.shape != self._last.shape:
            raise ShapeError(
                f"`values` must hold one value of each channel: expected shape {self._last.shape}, got "
                f"{values.shape}. Show one row at a time."
            )
        lost = ~np.isfinite(values) if self._missing == "gap" else np.isinf(values)
        if lost.any():
            raise DataError(
                f"`values` must be finite: got {values}. Show "
                + ("the prediction in place of a value that is missing." if self._missing == "gap" else "NaN instead.")
            )
        return values

    def _present(self, scaled: Vector) -> tuple[Vector, Float[ndarray, " known"]]:
        # What is shown, and beside it whether it was known, where the network is told that.
        if self._missing == "gap":
            return scaled, _NOTHING
        shown = present_inputs(np.stack([self._last, scaled]), np.array([[0, 2]]), missing=self._missing)[-1]
        self._last, known = np.split(shown, 2)
        return self._last, known

    def _driving(self, controls: Float[ndarray, " control"] | None) -> Float[ndarray, " control"]:
        # Scaled.
        if self._controls is None:
            if controls is not None:
                raise ArgumentError(
                    f"`controls` must be left out for a model that has none: got {controls}. Fit it with `controls`."
                )
            return _NOTHING
        named = ", ".join(self._controls.names)
        if controls is None:
            raise ArgumentError(
                f"`controls` must be given to a model under controls: expected {named} of the next row, got none. They "
                "are known for the future."
            )
        if controls.shape != (len(self._controls.names),):
            raise ShapeError(
                f"`controls` must hold one value of each control: expected {named}, got shape {controls.shape}. Those "
                "of the next row alone."
            )
        if not np.isfinite(controls).all():
            raise DataError(
                f"`controls` must be finite: expected {named} of the next row, got {controls}. Show what is planned."
            )
        return self._controls.scaler.transform(controls)
