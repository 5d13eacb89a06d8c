"""A linear autoregression beside the network."""

from collections.abc import Callable

import torch
from torch import Tensor, nn

from pendula.shapes import BatchTensor, Float

__all__ = ["LinearPath"]


class LinearPath(nn.Module):
    """A causal linear filter of the last `lags` values: y_t = b + Σ_k A_k x_(t−k), k = 0 … lags − 1.

    Its coefficients are buffers, not parameters: they are found by least squares before training and stay as they are.
    They are held in float64, whatever the network is converted to, and summed in it: the coefficients of smooth series
    nearly cancel.

    Args:
        channels: Channels of the series.
        lags: Length of the filter, in steps.
        outputs: Values it predicts.

    Attributes:
        weight: Coefficients, the newest lag first, channels within a lag.
        bias: Constant term.

    Examples:
        >>> path = LinearPath(1, 2, 1)
        >>> path.weight[:] = torch.tensor([[2.0], [-1.0]])  # the straight line through the last two values
        >>> path(torch.tensor([[[1.0], [2.0], [3.0]]]), path.empty(torch.zeros(1, 1, 1)))[0][0, :, 0]
        tensor([2., 3., 4.])
    """

    weight: Float[Tensor, "lag_channel output"]
    bias: Float[Tensor, " output"]

    def __init__(self, channels: int, lags: int, outputs: int) -> None:
        super().__init__()
        self.lags = lags
        self.register_buffer("weight", torch.zeros(channels * lags, outputs, dtype=torch.float64))
        self.register_buffer("bias", torch.zeros(outputs, dtype=torch.float64))

    def _apply(self, fn: Callable[[Tensor], Tensor], recurse: bool = True) -> "LinearPath":
        # `.to(dtype)` and its kin reach every buffer through here; the coefficients follow the device alone.
        weight, bias = self.weight, self.bias
        super()._apply(fn, recurse)  # type: ignore[no-untyped-call]
        self.weight, self.bias = weight.to(self.weight.device), bias.to(self.bias.device)
        return self

    def empty(self, series: BatchTensor) -> Float[Tensor, "batch lag channel"]:
        """Give the past of a series of which nothing is known: zeros.

        Args:
            series: Values whose batch, channels, type and device are taken.

        Returns:
            `lags − 1` steps of zeros.
        """
        return series.new_zeros(len(series), self.lags - 1, series.shape[2])

    def forward(
        self, series: BatchTensor, past: Float[Tensor, "batch lag channel"]
    ) -> tuple[Float[Tensor, "batch time output"], Float[Tensor, "batch lag channel"]]:
        """Filter a series.

        Args:
            series: Values, scaled.
            past: The `lags − 1` values before them.

        Returns:
            The filtered values, and the past of the step after the last.
        """
        joined = torch.cat([past, series], dim=1)
        # [batch, time, channel, lag], oldest lag first → newest lag first, channels within a lag
        lagged = joined.unfold(1, self.lags, 1).flip(-1).transpose(2, 3).flatten(2)
        filtered = lagged.to(self.weight.dtype) @ self.weight + self.bias
        return filtered.to(series.dtype), joined[:, joined.shape[1] - (self.lags - 1) :]
