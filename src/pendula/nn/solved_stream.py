"""Follow a series value by value with a network of members, or one that is solved for."""

from typing import Any

from pendula.errors import ArgumentError, ShapeError
from pendula.nn.ensemble import EnsembleForecaster
from pendula.nn.integrator_forecaster import IntegratorForecaster
from pendula.nn.reservoir_forecaster import ReservoirForecaster
from pendula.shapes import Float, Tensor

__all__ = ["SolvedStream"]


class SolvedStream:
    """An ensemble, reservoirs or a differential equation, shown one value at a time: they predict what comes next.

    Its predictions are those of the network shown the whole series.

    Args:
        forecaster: The network.
        batch: How many series go side by side.

    Attributes:
        state: All that is remembered; None before the first value. Set it to go on from there.

    Raises:
        ArgumentError: If `batch` is below 1.

    Examples:
        >>> import torch
        >>> from pendula.nn import Network, Reservoir
        >>> network = Network(cell="esn", hidden_size=20, reservoir=Reservoir())
        >>> stream = SolvedStream(ReservoirForecaster(network, 1, [network.reservoir]))
        >>> stream.step(torch.tensor([[0.1]])).shape  # batch, lead, channel
        torch.Size([1, 1, 1])
    """

    def __init__(
        self, forecaster: EnsembleForecaster | ReservoirForecaster | IntegratorForecaster, *, batch: int = 1
    ) -> None:
        if batch < 1:
            raise ArgumentError(
                f"`batch` must be positive: expected 1 or more, got {batch}. Follow one series at least."
            )
        controls = forecaster.controls if isinstance(forecaster, EnsembleForecaster) else 0
        self._forecaster, self._shape = forecaster, (batch, forecaster.channels + controls)
        self.state: Any = None

    def step(self, values: Float[Tensor, "batch column"]) -> Float[Tensor, "batch lead channel"]:
        """Show the next value of each series.

        Args:
            values: The values, scaled, with controls if there are any.

        Returns:
            The predictions of the values that follow, scaled.

        Raises:
            ShapeError: If `values` does not hold one value of each channel and control of each series.
        """
        if tuple(values.shape) != self._shape:
            raise ShapeError(
                "`values` must hold one value of each channel and control of each series: expected shape "
                f"{self._shape}, got {tuple(values.shape)}. Make a stream of that many series."
            )
        predictions: Tensor
        predictions, self.state = self._forecaster(values[:, None], self.state)
        return predictions[:, 0]
