"""The likelihood head: how the next values scatter around what is predicted."""

import math

import torch
from torch import Tensor, nn

from pendula.nn.mixture import Mixture
from pendula.shapes import Float

__all__ = ["SMALLEST_DEVIATION", "Spread"]

SMALLEST_DEVIATION = 1e-4
"""The least deviation, in units of the output scale: a likelihood without a floor grows beyond bounds on a value that
is met exactly, and below it float32 does not resolve an error."""
_AT_ZERO = math.log(math.expm1(1 - SMALLEST_DEVIATION))
"""softplus of this and the floor are 1: a head that says zero says the deviation 1."""
APART = 0.5
"""Deviation of the first offsets of a mixture, in units of the output scale; equal components would stay equal."""


class Spread(nn.Module):
    r"""Weights, offsets and covariances of normal distributions around a prediction, from the recurrent state.

    All are linear functions of the state h, made fit: weights by softmax; offsets $d_k$ by taking off their mean
    $\sum_k w_k d_k$, so that the prediction stays the mean; and $W_k = \mathrm{diag}(1/\sigma_k)\,(1 + B_k)$ with
    $\sigma_k = \mathrm{softplus}(a_k) + 10^{-4}$ and B strictly lower triangular, all in units of the output scale. A
    fresh one says the output scale itself, whatever the state.

    Args:
        hidden_size: Units of the state.
        channels: Channels of the series.
        components: Normal distributions that are mixed.

    Examples:
        >>> spread = Spread(4, 2, 1)
        >>> mixture = spread(torch.ones(4), torch.zeros(2), torch.tensor([1.0, 3.0]))
        >>> mixture.covariance().detach()
        tensor([[1., 0.], [0., 9.]])
    """

    def __init__(self, hidden_size: int, channels: int, components: int) -> None:
        super().__init__()
        self.channels, self.components = channels, components
        below = channels * (channels - 1) // 2
        # A single component needs neither weight nor offset.
        self.sizes = [0 if components == 1 else 1, 0 if components == 1 else channels, channels, below]
        self.linear = nn.Linear(hidden_size, components * sum(self.sizes))
        nn.init.zeros_(self.linear.weight)
        nn.init.zeros_(self.linear.bias)

    def start_from(self, covariance: Float[Tensor, "channel channel"]) -> None:
        """Say a covariance, whatever the state.

        Args:
            covariance: Of what is not predicted, in units of the output scale.
        """
        whitening = torch.linalg.inv(torch.linalg.cholesky(covariance.double()))
        sigma = 1 / whitening.diagonal()
        rows, columns = torch.tril_indices(self.channels, self.channels, -1)
        # W = diag(1/σ) (1 + B) and σ = softplus(a + softplus⁻¹(1 − floor)) + floor
        above = (sigma - SMALLEST_DEVIATION).clamp(min=SMALLEST_DEVIATION)
        said = torch.cat([above.expm1().log() - _AT_ZERO, (sigma[:, None] * whitening)[rows, columns]])
        with torch.no_grad():
            self.linear.bias.view(self.components, -1)[:, sum(self.sizes[:2]) :] = said

    def start(self, generator: torch.Generator) -> None:
        """Move the components of a mixture apart.

        Args:
            generator: Where chance comes from.
        """
        with torch.no_grad():
            offsets = self.linear.bias.view(self.components, -1)[:, self.sizes[0] : sum(self.sizes[:2])]
            offsets.normal_(0.0, APART, generator=generator)

    def forward(
        self,
        state: Float[Tensor, "*batch hidden"],
        mean: Float[Tensor, "*batch channel"],
        scale: Float[Tensor, " channel"],
    ) -> Mixture:
        """Tell the distribution around a prediction.

        Args:
            state: The recurrent state.
            mean: The prediction, scaled.
            scale: The output scale.

        Returns:
            The distribution, in the precision of the prediction.
        """
        raw = self.linear(state).to(mean.dtype).unflatten(-1, (self.components, -1))
        weights, offsets, deviations, below = raw.split(self.sizes, dim=-1)
        log_weights, centered = self._mixed(weights, offsets)
        sigma = nn.functional.softplus(deviations + _AT_ZERO) + SMALLEST_DEVIATION
        scale = scale.to(mean.dtype)
        # W (x − m − d) with all lengths in units of the output scale
        whitening = self._triangle(below) / sigma[..., :, None] / scale
        return Mixture(mean, log_weights, centered * scale, whitening)

    def _mixed(self, weights: Tensor, offsets: Tensor) -> tuple[Tensor, Tensor]:
        if self.components == 1:
            return weights.new_zeros(weights.shape[:-1]), weights.new_zeros((*weights.shape[:-1], self.channels))
        log_weights = weights[..., 0].log_softmax(-1)
        return log_weights, offsets - (log_weights.exp()[..., None] * offsets).sum(-2, keepdim=True)

    def _triangle(self, below: Tensor) -> Tensor:
        square = below.new_zeros(*below.shape[:-1], self.channels, self.channels)
        rows, columns = torch.tril_indices(self.channels, self.channels, -1, device=below.device)
        square[..., rows, columns] = below
        return square + torch.eye(self.channels, dtype=below.dtype, device=below.device)
