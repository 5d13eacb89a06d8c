"""The matrices of a reservoir, drawn from a seed."""

from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, TypeAlias

import numpy as np

from pendula.errors import ArgumentError
from pendula.nn.reservoir import Reservoir
from pendula.shapes import Float, ndarray

__all__ = ["Recurrent", "ReservoirWeights", "draw_reservoir", "spectral_radius"]

Recurrent: TypeAlias = Any
"""W: a `csr_array` of SciPy's, which takes half a second to load and is loaded when one is made; or a dense array."""
DENSE_UNITS = 300
"""Up to here all eigenvalues of a matrix cost less than its largest."""


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class ReservoirWeights:
    """A reservoir in numbers: h_t = (1 − a) h_(t−1) + a tanh(W h_(t−1) + U x_t + b).

    Attributes:
        recurrent: W.
        input: U.
        bias: b.
        leak: a.
    """

    recurrent: Recurrent
    input: Float[ndarray, "unit input"]
    bias: Float[ndarray, " unit"]
    leak: float

    @property
    def units(self) -> int:
        """How many units there are."""
        return len(self.bias)

    @property
    def inputs(self) -> int:
        """How many channels x has."""
        return int(self.input.shape[1])

    def astype(self, kind: Any) -> "ReservoirWeights":
        """Convert the matrices; everything computed with them is then of that precision.

        Args:
            kind: np.float32 or np.float64.

        Returns:
            The reservoir in that precision.
        """
        return replace(
            self,
            recurrent=self.recurrent.astype(kind),
            input=self.input.astype(kind),
            bias=self.bias.astype(kind),
        )


def draw_reservoir(settings: Reservoir, *, units: int, inputs: int, seed: int) -> ReservoirWeights:
    """Draw the matrices of a reservoir; settings that only scale leave all else of the draw as it is.

    Args:
        settings: What the reservoir is.
        units: How many units.
        inputs: How many channels x has.
        seed: Of all that is random.

    Returns:
        The matrices, in float64.

    Raises:
        ArgumentError: If there are no units or inputs, or if so few connections leave no loop.

    Examples:
        >>> chain = draw_reservoir(Reservoir(topology="cycle", spectral_radius=0.5), units=3, inputs=1, seed=0)
        >>> chain.recurrent.toarray()
        array([[0. , 0. , 0.5],
               [0.5, 0. , 0. ],
               [0. , 0.5, 0. ]])
    """
    for name, value in (("units", units), ("inputs", inputs)):
        if value < 1:
            raise ArgumentError(f"`{name}` must be positive: expected 1 or more, got {value}. Count them.")
    if settings.topology == "random":
        recurrent = _random_unit_matrix(units, settings.links(units), seed)
        u, b = _random_pattern(units, inputs, seed)
    else:
        recurrent = _chain(units, closed=settings.topology == "cycle")
        u, b = _pi_pattern(units, inputs)
    return ReservoirWeights(
        recurrent=settings.spectral_radius * recurrent,
        input=settings.input_scaling * u,
        bias=settings.bias_scaling * b,
        leak=float(settings.leak),
    )


def spectral_radius(matrix: Recurrent) -> float:
    """Find the largest modulus of a matrix's eigenvalues, to rounding.

    Args:
        matrix: A square matrix, sparse or dense.

    Returns:
        The spectral radius; always the same of the same matrix, since Arnoldi's method starts from a fixed vector.

    References:
        R. B. Lehoucq, D. C. Sorensen and C. Yang, *ARPACK Users' Guide* (1998), chapter 4.

    Examples:
        >>> spectral_radius(np.array([[0.0, -4.0], [1.0, 0.0]]))
        2.0
    """
    units = matrix.shape[0]
    if units > DENSE_UNITS:
        from scipy.sparse.linalg import ArpackError, eigs

        # The largest eigenvalues of a random matrix crowd at the rim of a disk: the subspace must be wide to part them.
        try:
            start = np.random.default_rng(0).standard_normal(units)
            values = eigs(matrix, k=4, v0=start, ncv=min(units, 120), tol=0, maxiter=200, return_eigenvectors=False)
            return float(np.abs(values).max())
        except ArpackError:
            pass
    dense = matrix if isinstance(matrix, ndarray) else matrix.toarray()
    return float(np.abs(np.linalg.eigvals(dense)).max())


@lru_cache(maxsize=16)
def _random_unit_matrix(units: int, connections: int, seed: int) -> Recurrent:
    # A matrix of spectral radius 1: a search over settings pays for its eigenvalues once.
    random = np.random.default_rng([seed, 0])
    for _ in range(100):
        matrix = _random_matrix(random, units, connections)
        radius = spectral_radius(matrix)
        if radius > 1e-6:
            return matrix / radius
    raise ArgumentError(
        f"`connections` must leave loops: got {connections} for each of {units} units, and no loop in 100 draws. "
        "Raise it."
    )


def _random_matrix(random: np.random.Generator, units: int, connections: int) -> Recurrent:
    from scipy.sparse import csr_array

    if connections == units:
        return random.uniform(-1.0, 1.0, size=(units, units))
    columns = np.stack([np.sort(random.choice(units, connections, replace=False)) for _ in range(units)])
    values = random.uniform(-1.0, 1.0, size=columns.size)
    starts = np.arange(units + 1) * connections
    return csr_array((values, columns.ravel(), starts), shape=(units, units))


def _random_pattern(units: int, inputs: int, seed: int) -> tuple[Float[ndarray, "unit input"], Float[ndarray, " unit"]]:
    random = np.random.default_rng([seed, 1])
    return random.uniform(-1.0, 1.0, size=(units, inputs)), random.uniform(-1.0, 1.0, size=units)


def _chain(units: int, *, closed: bool) -> Recurrent:
    from scipy.sparse import csr_array

    links = units if closed else units - 1
    to = (np.arange(links) + 1) % units
    return csr_array((np.ones(links), (to, np.arange(links))), shape=(units, units))


def _pi_pattern(units: int, inputs: int) -> tuple[Float[ndarray, "unit input"], Float[ndarray, " unit"]]:
    # Rodan and Tiňo: all of one size, a minus where π's decimal digit is below 5.
    signs = np.where(_digits_of_pi(units * (inputs + 1)) < 5, -1.0, 1.0)
    return signs[: units * inputs].reshape(units, inputs), signs[units * inputs :]


def _digits_of_pi(count: int) -> np.ndarray[Any, np.dtype[np.int64]]:
    # Machin: π = 16 arctan(1/5) − 4 arctan(1/239), in whole numbers; the digits after the point.
    one = 10 ** (count + 10)
    pi = 16 * _arctangent_of_inverse(5, one) - 4 * _arctangent_of_inverse(239, one)
    return np.array([int(digit) for digit in _decimals(pi // 10**10 - 3 * 10**count, count)])


def _decimals(number: int, count: int) -> str:
    # In halves: Python refuses to write very long numbers out at once.
    if count <= 1000:
        return f"{number:0{count}d}"
    high, low = divmod(number, 10 ** (count // 2))
    return _decimals(high, count - count // 2) + _decimals(low, count // 2)


def _arctangent_of_inverse(x: int, one: int) -> int:
    power, total, k = one // x, one // x, 1
    while power:
        power //= -x * x
        k += 2
        total += power // k
    return total
