r"""Information processing capacity: which functions of its past inputs a net's state holds.

Under inputs that are independent and uniform in [−1, 1], products of Legendre polynomials of delayed inputs form an
orthonormal basis of all functions of the past. The capacity for one of them is the share of its variance that a linear
read-out of the state recovers; capacities for all functions sum up to the number of independent components of the
state. Estimates from a finite run are too large: each is corrected for the number of fitted weights, and counts only
if chance hardly explains it.
"""

import itertools
import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch

from pendula.dynamics.driven import DrivenNet
from pendula.errors import ArgumentError, DataError
from pendula.shapes import Float, Tensor

__all__ = ["Capacities", "CapacitySettings", "capacities", "drive"]

INDEPENDENT = 1e-10
"""Directions in which the states vary less than this, relative to the largest, are rounding."""

BLOCK = 512
"""Functions that are scored at a time."""


@dataclass(frozen=True, kw_only=True, slots=True)
class CapacitySettings:
    """Which functions are scored, and on how long a run.

    Attributes:
        lags: Longest delay of each degree 1, 2, …; degrees beyond are not scored.
        steps: Steps that are scored, over all sequences.
        sequences: Runs side by side.
        washout: Steps before each run is looked at.
        significance: Chance that a net without any memory is credited with some.
        seed: Of the inputs.
    """

    lags: tuple[int, ...] = (100, 20, 8)
    steps: int = 8000
    sequences: int = 16
    washout: int = 200
    significance: float = 0.01
    seed: int = 0

    def __post_init__(self) -> None:
        if not self.lags or min(self.lags) < 0:
            raise ArgumentError(f"`lags` must hold a delay for each degree: got {self.lags}. (100, 20) scores two.")
        for name, low in (("steps", 100), ("sequences", 1), ("washout", 0)):
            if getattr(self, name) < low:
                raise ArgumentError(f"`{name}` must be at least {low}: got {getattr(self, name)}. Choose more.")
        if not 0 < self.significance < 1:
            raise ArgumentError(f"`significance` must be a probability: got {self.significance}. 0.01 is usual.")


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Capacities:
    """What a net's state holds of its past inputs.

    Attributes:
        linear: Capacity for the input k steps back, summed over input channels; 0 where it is not significant.
        by_degree: The sum over all functions of each degree.
        total: The sum over all functions.
        error: Standard error of the total.
        rank: Independent components of the state: what the total cannot exceed.
        threshold: An estimate below this is put down to chance.
        scored: How many functions were scored.
    """

    linear: Float[Tensor, " lag"]
    by_degree: tuple[float, ...]
    total: float
    error: float
    rank: int
    threshold: float
    scored: int


def drive(
    net: DrivenNet,
    settings: CapacitySettings,
    *,
    channels: int,
    encode: Callable[[Tensor], Tensor] | None = None,
) -> tuple[Float[Tensor, "sequence time channel"], Float[Tensor, "sequence time state"]]:
    """Run a net under independent uniform inputs.

    Args:
        net: The net.
        settings: How long.
        channels: Channels of the input before it is encoded.
        encode: Takes numbers in [−1, 1] [sequence, time, channel] to what the net is shown; the numbers themselves if
            left out.

    Returns:
        The numbers and the states, the washout included.
    """
    generator = torch.Generator().manual_seed(settings.seed)
    time = settings.washout + max(settings.lags) + math.ceil(settings.steps / settings.sequences)
    numbers = 2 * torch.rand(settings.sequences, time, channels, generator=generator, dtype=torch.float64) - 1
    shown = numbers if encode is None else encode(numbers)
    state = torch.zeros(settings.sequences, net.size, dtype=torch.float64)
    states = torch.empty(settings.sequences, time, net.size, dtype=torch.float64)
    for step in range(time):
        state = net.advance(state, shown[:, step])
        states[:, step] = state
    return numbers, states


def capacities(
    numbers: Float[Tensor, "sequence time channel"],
    states: Float[Tensor, "sequence time state"],
    settings: CapacitySettings | None = None,
) -> Capacities:
    """Score which functions of the inputs are linear functions of the states.

    Args:
        numbers: Independent inputs, uniform in [−1, 1].
        states: The states after each of them.
        settings: Which functions; the first `washout` steps and those without a full past are left out.

    Returns:
        The capacities with an error bar.

    Raises:
        DataError: If the run is too short for so many components.

    References:
        J. Dambre, D. Verstraeten, B. Schrauwen and S. Massar, "Information processing capacity of dynamical systems",
        Scientific Reports 2 (2012) 514, eq. (5), and its supplement for the bias. The threshold is the exact quantile
        of R² for independent Gaussian variables, for the chance that one of all functions passes.

    Examples:
        >>> u = 2 * torch.rand(1, 5000, 1, generator=torch.Generator().manual_seed(0), dtype=torch.float64) - 1
        >>> delayed = torch.stack([u.roll(3, dims=1)[..., 0], u[..., 0] ** 2], dim=2)
        >>> found = capacities(u, delayed, CapacitySettings(lags=(5, 2)))
        >>> [round(float(value), 2) for value in found.linear], round(found.by_degree[1], 2)
        ([0.0, 0.0, 0.0, 1.0, 0.0, 0.0], 1.0)
    """
    settings = settings or CapacitySettings()
    first = max(settings.washout, *settings.lags)
    rows = numbers.shape[0] * max(0, numbers.shape[1] - first)
    basis = _orthonormal(states[:, first:].flatten(0, 1)) if rows > 1 else torch.empty(0, 0)
    rank = basis.shape[1]
    if rows < 10 * rank + 10:
        raise DataError(
            f"`states` must be many more than their components: expected {10 * rank + 10} steps or more after the "
            f"washout, got {rows}. Run longer."
        )
    functions = _functions(settings.lags, numbers.shape[2])
    raw = _scores(numbers, basis, functions, first=first)
    threshold = _threshold(rank, rows, settings.significance / len(functions))
    corrected = 1 - (1 - raw) * (rows - 1) / (rows - rank - 1)
    kept = torch.where(raw > threshold, corrected.clamp(0, 1), 0.0)
    variance = 4 * kept * (1 - kept) ** 2 / rows + 2 * rank * (1 - kept) ** 2 / rows**2
    degrees = torch.tensor([sum(degree for _, degree in function) for function in functions])
    linear = torch.zeros(settings.lags[0] + 1, dtype=torch.float64)
    for function, value in zip(functions, kept.tolist(), strict=True):
        ((_, lag), degree), *others = function
        if degree == 1 and not others:
            linear[lag] += value
    return Capacities(
        linear=linear,
        by_degree=tuple(float(kept[degrees == degree].sum()) for degree in range(1, len(settings.lags) + 1)),
        total=float(kept.sum()),
        error=float(variance[kept > 0].sum().sqrt()),
        rank=rank,
        threshold=threshold,
        scored=len(functions),
    )


Function = tuple[tuple[tuple[int, int], int], ...]
"""A product: of each factor the channel and delay of its input, and the degree of its polynomial."""


def _functions(lags: tuple[int, ...], channels: int) -> list[Function]:
    functions: list[Function] = []
    for degree, longest in enumerate(lags, start=1):
        inputs = list(itertools.product(range(channels), range(longest + 1)))
        functions += [
            tuple((each, chosen.count(each)) for each in dict.fromkeys(chosen))
            for chosen in itertools.combinations_with_replacement(inputs, degree)
        ]
    return functions


def _scores(numbers: Tensor, basis: Tensor, functions: list[Function], *, first: int) -> Tensor:
    highest = max(degree for function in functions for _, degree in function)
    polynomials = _legendre(numbers, highest)
    time = numbers.shape[1]

    def target(function: Function) -> Tensor:
        factors = [polynomials[degree - 1][:, first - lag : time - lag, channel] for (channel, lag), degree in function]
        return math.prod(factors[1:], start=factors[0]).flatten()

    scores = []
    for start in range(0, len(functions), BLOCK):
        targets = torch.stack([target(function) for function in functions[start : start + BLOCK]], dim=1)
        targets = targets - targets.mean(dim=0)
        explained = (basis.T @ targets).square().sum(dim=0)
        scores.append(explained / targets.square().sum(dim=0).clamp(min=1e-300))
    return torch.cat(scores)


def _legendre(x: Tensor, highest: int) -> list[Tensor]:
    # (n + 1) P_(n+1) = (2n + 1) x P_n − n P_(n−1)
    values = [torch.ones_like(x), x]
    for n in range(1, highest):
        values.append(((2 * n + 1) * x * values[n] - n * values[n - 1]) / (n + 1))
    return values[1 : highest + 1]


def _orthonormal(states: Float[Tensor, "row state"]) -> Float[Tensor, "row rank"]:
    # Units of very different size count alike: what matters is what a read-out can recover.
    centered = states - states.mean(dim=0)
    size = centered.square().mean(dim=0).sqrt()
    scaled = centered[:, size > 0] / size[size > 0]
    if not scaled.shape[1]:
        return scaled
    left, singular, _ = torch.linalg.svd(scaled, full_matrices=False)
    kept: Tensor = left[:, singular > INDEPENDENT * singular[0]]
    return kept


def _threshold(rank: int, rows: int, chance: float) -> float:
    from scipy.stats import beta

    return float(np.asarray(beta.isf(chance, rank / 2, (rows - rank - 1) / 2))) if rank else 0.0
