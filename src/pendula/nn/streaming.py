"""Follow a series value by value, as it is measured."""

import copy
from typing import Any

import torch

from pendula.errors import ArgumentError, ShapeError
from pendula.nn.forecaster import Forecaster, ForecasterState
from pendula.nn.native_forecaster import NativeForecaster, misfits, room_for, runs_natively
from pendula.shapes import Float, Tensor

__all__ = ["Stream"]


class Stream:
    """A forecaster that is shown one value at a time, remembers what it has seen, and predicts what comes next.

    Its predictions are those of the forecaster shown the whole series. It takes the network's weights as they are when
    it is made, and works without dropout and without gradients. A forecaster of native layers goes a step within
    microseconds, on the calling thread; any other, in torch. A forecaster under controls is shown, behind its
    values, the controls that drive the step to the next ones.

    Args:
        forecaster: The network.
        batch: How many series go side by side.
        dtype: Precision of the series.

    Raises:
        ArgumentError: If `batch` is below 1, or `dtype` is no floating-point type.

    Examples:
        >>> from pendula.nn import Network, build
        >>> stream = Stream(build(Network(cell="lstm", hidden_size=8, num_layers=2), 1))
        >>> for value in (0.1, 0.2, 0.3):
        ...     prediction = stream.step(torch.tensor([[value]]))
        >>> prediction[0, :, 0]  # batch, lead, channel; untrained: the same as now
        tensor([0.3000], dtype=torch.float64)

        A state can be kept and gone back to: here, after a look at the next ten steps.

        >>> kept = stream.state
        >>> for _ in range(10):
        ...     prediction = stream.step(prediction[:, 0])
        >>> stream.state = kept
    """

    def __init__(self, forecaster: Forecaster, *, batch: int = 1, dtype: torch.dtype = torch.float64) -> None:
        if batch < 1:
            raise ArgumentError(
                f"`batch` must be positive: expected 1 or more, got {batch}. Follow one series at least."
            )
        if not dtype.is_floating_point:
            raise ArgumentError(f"`dtype` must be a floating-point type: got {dtype}. Choose torch.float64.")
        self._forecaster = copy.deepcopy(forecaster).eval()
        device = forecaster.output_scale.device
        self._like = torch.zeros(batch, forecaster.channels + forecaster.controls, dtype=dtype, device=device)
        self._shape = self._like.shape
        self._predictions = (batch, forecaster.network.leads, forecaster.channels)
        native = runs_natively(self._forecaster, self._like[:, None])
        self._native = NativeForecaster(self._forecaster, dtype) if native else None
        self._steps: Any = None
        self._state = ForecasterState(None, None, None)
        self._is_ahead = False  # whether the core has gone on from that state
        self.state = self._state

    def step(self, values: Float[Tensor, "batch column"]) -> Float[Tensor, "batch lead channel"]:
        """Show the next value of each series.

        Args:
            values: The values, scaled, with controls if there are any.

        Returns:
            The predictions of the `leads` values that follow, scaled.

        Raises:
            ShapeError: If `values` does not hold one value of each channel and control of each series.
        """
        if values.shape != self._shape:
            raise ShapeError(
                "`values` must hold one value of each channel and control of each series: expected shape "
                f"{tuple(self._shape)}, got {tuple(values.shape)}. Make a stream of that many series."
            )
        values = values.to(self._like).contiguous()
        if self._native is None:
            return self._torch_step(values)
        predictions = torch.empty(self._predictions, dtype=values.dtype)
        self._steps.step(values.data_ptr(), predictions.data_ptr())
        self._is_ahead = True
        return predictions

    def _torch_step(self, values: Tensor) -> Tensor:
        predictions: Tensor
        with torch.no_grad():
            # The state holds the value: not the caller's memory, which the next measurement may be written to.
            predictions, self._state = self._forecaster(values[:, None].clone(), self._state)
        return predictions[:, 0]

    @property
    def state(self) -> ForecasterState:
        """All that is remembered, a copy. Set it to go on from there; its parts are None before the first value."""
        if self._native is None or not self._is_ahead:
            return _copy(self._state)
        return self._native.state_of(self._steps, self._like)

    @state.setter
    def state(self, state: ForecasterState) -> None:
        wrong = misfits(state, room_for(self._forecaster, self._like))
        if wrong:
            raise ShapeError(
                f"`state` must fit the stream: expected the shapes, types and device of its own state, got another "
                f"`{wrong[0]}`. Take the state of a stream of the same network, batch and dtype."
            )
        self._state, self._is_ahead = _copy(state), False
        if self._native is not None:
            self._steps = self._native.stream(len(self._like), self._state)


def _copy(state: ForecasterState) -> ForecasterState:
    hidden, last, past = state
    if isinstance(hidden, tuple):
        hidden = (hidden[0].detach().clone(), hidden[1].detach().clone())
    elif hidden is not None:
        hidden = hidden.detach().clone()
    return ForecasterState(
        hidden, None if last is None else last.detach().clone(), None if past is None else past.detach().clone()
    )
