"""A mixture of normal distributions: what a likelihood head says of the next value."""

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from pendula.shapes import Float

__all__ = ["Mixture"]


@dataclass(frozen=True, slots=True, eq=False)
class Mixture:
    r"""The density $p(x) = \sum_k w_k\,\mathcal N\big(x;\, m + d_k,\, (W_k^\top W_k)^{-1}\big)$ of several channels.

    With $\sum_k w_k d_k = 0$, m is the mean of the whole. One component is a normal distribution. A factor of the
    inverse covariance whitens what it multiplies: a density then needs no decomposition.

    Attributes:
        mean: m.
        log_weights: ln w_k; the weights add up to 1.
        offsets: d_k.
        whitening: W_k, lower triangles with a positive diagonal.

    References:
        C. M. Bishop, "Mixture density networks", Aston University NCRG/94/004 (1994), section 3; the factor of the
        inverse covariance: P. M. Williams, Neural Computation 8 (1996) 843, section 2.

    Examples:
        >>> normal = Mixture(torch.zeros(1), torch.zeros(1), torch.zeros(1, 1), torch.tensor([[[0.5]]]))  # deviation 2
        >>> normal.log_density(torch.tensor([2.0])).exp()  # exp(−1/2) / (2 √(2π))
        tensor(0.1210)
    """

    mean: Float[Tensor, "*batch channel"]
    log_weights: Float[Tensor, "*batch component"]
    offsets: Float[Tensor, "*batch component channel"]
    whitening: Float[Tensor, "*batch component channel channel"]

    def log_density(self, values: Float[Tensor, "*batch channel"]) -> Float[Tensor, "*batch"]:
        """Evaluate the logarithm of the density.

        Args:
            values: One value for each distribution.

        Returns:
            In nats, per unit of the values.
        """
        apart = (values - self.mean)[..., None, :] - self.offsets
        white = (self.whitening * apart[..., None, :]).sum(-1)
        # ln N = −|W (x − m − d)|²/2 + ln det W − (channels/2) ln 2π
        determinant = self.whitening.diagonal(dim1=-2, dim2=-1).log().sum(-1)
        constant = 0.5 * values.shape[-1] * math.log(2 * math.pi)
        return torch.logsumexp(self.log_weights + determinant - 0.5 * white.square().sum(-1) - constant, dim=-1)

    def covariance(self) -> Float[Tensor, "*batch channel channel"]:
        """Compute the covariance of the channels.

        Returns:
            Σ_k w_k (Σ_k + d_k d_kᵀ), in squared units of the values.
        """
        spread = torch.linalg.solve_triangular(self.whitening, _unit_like(self.whitening), upper=False)
        each = spread @ spread.mT + self.offsets[..., :, None] * self.offsets[..., None, :]
        mixed: Tensor = (self.log_weights.exp()[..., None, None] * each).sum(-3)
        return mixed

    def draw(self, generator: torch.Generator) -> Float[Tensor, "*batch channel"]:
        """Draw one value from each distribution.

        Args:
            generator: Where chance comes from; on the device of the numbers.

        Returns:
            The values.
        """
        normal = torch.randn(self.mean.shape, generator=generator, dtype=self.mean.dtype, device=self.mean.device)
        offsets, whitening = self.offsets[..., 0, :], self.whitening[..., 0, :, :]
        if self.log_weights.shape[-1] > 1:
            chosen = self._choose(generator)[..., None, None]
            offsets = self.offsets.take_along_dim(chosen, dim=-2)[..., 0, :]
            whitening = self.whitening.take_along_dim(chosen[..., None], dim=-3)[..., 0, :, :]
        # x = m + d + W⁻¹ ε
        apart: Tensor = torch.linalg.solve_triangular(whitening, normal[..., None], upper=False)
        return self.mean + offsets + apart[..., 0]

    def repeated(self, times: int) -> "Mixture":
        """Repeat each distribution along the first axis.

        Args:
            times: How often.

        Returns:
            Each distribution so many times, one after the other.
        """
        parts = (self.mean, self.log_weights, self.offsets, self.whitening)
        return Mixture(*(part.repeat_interleave(times, 0) for part in parts))

    def _choose(self, generator: torch.Generator) -> Tensor:
        shape, like = self.log_weights.shape[:-1], self.log_weights
        uniform = torch.rand(shape, generator=generator, dtype=like.dtype, device=like.device)
        below = like.exp().cumsum(-1) <= uniform[..., None]
        return below[..., :-1].sum(-1)


def _unit_like(square: Tensor) -> Tensor:
    size = square.shape[-1]
    return torch.eye(size, dtype=square.dtype, device=square.device).expand_as(square)
