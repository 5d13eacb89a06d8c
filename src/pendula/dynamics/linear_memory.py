r"""The memory of a linear net $h_t = A h_{t-1} + b x_t$, without the ill-conditioned matrices in its definition.

Its capacity for the input k steps back is the squared length of the k-th unit sequence's projection onto the row space
of the controllability matrix $[b, Ab, A^2 b, \dots]$, and the capacities sum up to that matrix's rank. Its singular
values span hundreds of decades, so nothing is computed from it. The rank is that of a Krylov space, found by Arnoldi's
method with every vector orthogonalized twice. The row space is spanned by the sequences $\lambda_i^k$, whatever b is,
and has an orthonormal basis in closed form, that of Takenaka and Malmquist: the impulse responses of a cascade of
all-pass filters, each of which is stable.
"""

import math
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Complex

from pendula.errors import ArgumentError, ShapeError
from pendula.shapes import Float, Tensor

__all__ = ["LinearMemory", "controllable", "linear_memory"]

LONGEST = 100_000
"""The curve is followed up to this delay at most."""

TAIL = 1e-10
"""Of every mode's memory no more than this share may lie beyond the last delay."""


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class LinearMemory:
    """What a linear net remembers of an input without correlations.

    Attributes:
        capacities: Share of the variance of the input k steps back that a linear read-out recovers, k = 0, 1, …
        rank: Of the controllability matrix: the total over all delays.
    """

    capacities: Float[Tensor, " lag"]
    rank: int

    @property
    def total(self) -> float:
        """The sum of the capacities up to the last delay."""
        return float(self.capacities.sum())


def linear_memory(
    matrix: Float[Tensor, "state state"], mask: Float[Tensor, " state"], *, lags: int | None = None
) -> LinearMemory:
    """Compute the memory curve of a linear net.

    Args:
        matrix: A, whose eigenvalues lie within the unit circle.
        mask: b, the weights of the input.
        lags: How many delays; as many as hold all but a ten-billionth of the memory if left out.

    Returns:
        The capacities and the rank.

    Raises:
        ShapeError: If the shapes do not fit.
        ArgumentError: If the net does not forget.

    References:
        H. Jaeger, "Short term memory in echo state networks", GMD report 152 (2001); G. Ballarin, L. Grigoryeva and
        J.-P. Ortega, "Memory of recurrent networks: Do we compute it right?" (2023), for the rank and for why other
        methods fail; P. S. C. Heuberger, P. M. J. Van den Hof and B. Wahlberg, *Modelling and Identification with
        Rational Orthogonal Basis Functions* (2005), section 2.2, for the basis.

    Examples:
        >>> shift = torch.diag(torch.ones(4), -1)  # a delay line of five units remembers five inputs
        >>> found = linear_memory(shift, torch.eye(5)[0])
        >>> found.rank, found.capacities[:6]
        (5, tensor([1., 1., 1., 1., 1., 0.], dtype=torch.float64))
    """
    reduced = controllable(matrix, mask)
    poles = torch.linalg.eigvals(reduced)
    radius = float(poles.abs().max()) if len(poles) else 0.0
    if radius >= 1 - 1e-12:
        raise ArgumentError(
            f"`matrix` must forget: expected eigenvalues within the unit circle, got one of size {radius:.4g}. "
            "Scale it down; a net that does not forget has no stationary state."
        )
    return LinearMemory(capacities=_curve(poles, lags or _longest(radius, len(poles))), rank=len(reduced))


def controllable(
    matrix: Float[Tensor, "state state"], mask: Float[Tensor, " state"]
) -> Float[Tensor, "reached reached"]:
    """Reduce a linear net to the states that its input reaches.

    Args:
        matrix: A.
        mask: b.

    Returns:
        A within the Krylov space of b, a Hessenberg matrix, by Arnoldi's method; its size is the rank of the
        controllability matrix.

    Raises:
        ShapeError: If the shapes do not fit.

    Examples:
        >>> len(controllable(0.5 * torch.eye(3), torch.ones(3)))  # all units do the same
        1
    """
    a, b = matrix.to(torch.float64), mask.to(torch.float64)
    if a.ndim != 2 or a.shape[0] != a.shape[1] or b.shape != a.shape[:1]:
        raise ShapeError(
            f"`matrix` and `mask` must fit together: expected (n, n) and (n,), got {tuple(a.shape)} and "
            f"{tuple(b.shape)}. Pass the recurrent weights and one column of the input weights."
        )
    size, scale = len(b), float(torch.linalg.matrix_norm(a, ord=2))
    length = float(torch.linalg.vector_norm(b))
    basis = b[:, None] / length if length > 0 else b[:, None][:, :0]
    hessenberg = torch.zeros(size + 1, size, dtype=torch.float64)
    while 0 < basis.shape[1] <= size:
        k = basis.shape[1] - 1
        new = a @ basis[:, k]
        for _ in range(2):  # once is not enough, twice is (Kahan and Parlett)
            along = basis.T @ new
            hessenberg[: k + 1, k] += along
            new = new - basis @ along
        left = float(torch.linalg.vector_norm(new))
        if k + 1 == size or left <= 1e-13 * size * scale:
            break
        hessenberg[k + 1, k] = left
        basis = torch.cat([basis, new[:, None] / left], dim=1)
    return hessenberg[: basis.shape[1], : basis.shape[1]]


def _curve(poles: Complex[Tensor, " pole"], lags: int) -> Float[Tensor, " lag"]:
    from scipy.signal import lfilter

    # φ_n(z) = √(1 − |λ_n|²) / (1 − λ_n z) · Π_(j<n) (z − λ̄_j) / (1 − λ_j z)
    passed = np.zeros(lags, dtype=np.complex128)
    passed[0] = 1.0
    capacities = np.zeros(lags)
    for pole in sorted(poles.tolist(), key=abs):
        response = lfilter([1.0], [1.0, -pole], passed)
        capacities += (1 - abs(pole) ** 2) * np.abs(response) ** 2
        passed = np.concatenate([[0], response[:-1]]) - np.conj(pole) * response
    return torch.from_numpy(capacities)


def _longest(radius: float, poles: int) -> int:
    # Beyond k delays a mode keeps λ^(2k) of its memory, and the cascade delays it by a few times the number of poles.
    fall = math.log(TAIL) / (2 * math.log(radius)) if radius > 0 else 0.0
    return min(LONGEST, int(2 * fall) + 20 * poles + 1)
