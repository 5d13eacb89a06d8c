"""Which reservoirs are tried where no settings are given."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import product

from pendula.errors import ArgumentError
from pendula.nn import NEXT_GENERATION, Network, NextGeneration, Reservoir

__all__ = ["LIGHT", "POLYNOMIALS", "USUAL", "Budget", "budget_for"]

MOST_TRIED = 500
"""Next-generation reservoirs of more features are not tried: they take longer than all others together."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Budget:
    """How much is tried, and how many of the best are kept.

    Attributes:
        settings: The settings of reservoirs that are tried.
        draws: Each is tried with so many draws of its matrices.
        members: So many of the best reservoirs forecast together.
        penalties: Ridge penalties that are tried, in scaled units squared: from noise-free to noisy data.
    """

    settings: tuple[Reservoir | NextGeneration, ...]
    draws: int
    members: int
    penalties: tuple[float, ...] = (1e-11, 1e-9, 1e-7, 1e-5, 1e-3)


def _reservoirs(*choices: Sequence[float]) -> tuple[Reservoir, ...]:
    # Memory, nonlinearity and pace, from weak to strong.
    return tuple(
        Reservoir(spectral_radius=radius, input_scaling=scaling, leak=leak)
        for radius, scaling, leak in product(*choices)
    )


def _polynomials(*choices: Sequence[int]) -> tuple[NextGeneration, ...]:
    # A single value has no stride.
    return tuple(
        NextGeneration(degree=degree, delays=delays, stride=stride)
        for degree, delays, stride in product(*choices)
        if delays > 1 or stride == 1
    )


USUAL = Budget(settings=_reservoirs((0.4, 0.8, 1.2), (0.1, 0.5, 1.5), (0.3, 0.6, 1.0)), draws=2, members=5)
LIGHT = Budget(settings=_reservoirs((0.8, 1.2), (0.2, 1.0), (0.3, 1.0)), draws=1, members=3)
"""For a baseline beside other fits."""
POLYNOMIALS = Budget(settings=_polynomials((1, 2, 3), (1, 2, 3, 4, 6), (1, 2, 4, 8)), draws=1, members=5)


def budget_for(network: Network, channels: int, *, memory: int) -> Budget:
    """Choose what is tried for a network.

    Args:
        network: The architecture, of the cell esn or ngrc.
        channels: Channels of the series.
        memory: How many steps a next-generation reservoir may look back at most.

    Returns:
        The settings that were asked for alone; without any, the usual ones, of which next-generation reservoirs that
        look back further or have very many features are left out.

    Raises:
        ArgumentError: If settings were asked for that look back further, or have more features than a regression can
            bear.

    Examples:
        >>> budget_for(Network(cell="ngrc", polynomial=NextGeneration(degree=3)), 1, memory=50).settings
        (NextGeneration(delays=2, stride=1, degree=3),)
    """
    usual = POLYNOMIALS if network.cell == NEXT_GENERATION else USUAL
    if isinstance(network.asked, NextGeneration):
        _check_memory(network.asked, memory)
        network.asked.features(channels)
    if network.asked is not None:
        return replace(usual, settings=(network.asked,), draws=1)
    return replace(usual, settings=tuple(each for each in usual.settings if _is_tried(each, channels, memory)))


def _is_tried(reservoir: Reservoir | NextGeneration, channels: int, memory: int) -> bool:
    if isinstance(reservoir, Reservoir):
        return True
    return reservoir.memory <= memory and reservoir.count(channels) <= MOST_TRIED


def _check_memory(polynomial: NextGeneration, memory: int) -> None:
    if polynomial.memory > memory:
        raise ArgumentError(
            f"`delays` must look back no further than is known: expected a memory of at most {memory} steps, a quarter "
            f"of the longest gap-free stretch of the training part, got {polynomial.memory}. Lower `delays` or "
            "`stride`, or record more."
        )
