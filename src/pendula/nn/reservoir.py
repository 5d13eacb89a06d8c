"""What a reservoir is, in numbers."""

from dataclasses import dataclass
from math import isfinite
from typing import Any, Literal, TypeAlias, get_args

from pendula.errors import ArgumentError, did_you_mean

__all__ = ["TOPOLOGIES", "Reservoir", "Topology"]

Topology: TypeAlias = Literal["random", "delay-line", "cycle"]
TOPOLOGIES: tuple[str, ...] = get_args(Topology)


@dataclass(frozen=True, kw_only=True, slots=True)
class Reservoir:
    r"""The recurrent part of an echo state network: drawn once, never trained.

    $h_t = (1 - a)\, h_{t-1} + a \tanh(W h_{t-1} + U x_t + b)$; a linear readout of $h_t$ and $x_t$ predicts what
    follows. Where the prediction is the next $x$, feeding it back closes the loop: output feedback is nothing else.

    Attributes:
        topology: random; delay-line, a chain of units; or cycle, a chain whose end is its beginning. The last two are
            deterministic, and the signs of their U and b follow the digits of π.
        spectral_radius: Largest modulus of the eigenvalues of W, exactly; of a delay line, which has no eigenvalue but
            0, the weight of each link.
        connections: How many units each unit listens to; 0 for all, and all of them in a reservoir that has no more.
            Chains have one.
        input_scaling: Largest modulus of U, for inputs of the size of 1.
        bias_scaling: Largest modulus of b. Without a bias a reservoir cannot tell x from −x but by the sign of h.
        leak: a, the share of its state that a unit renews at each step.
        direct: Whether the readout sees x_t beside h_t.

    References:
        H. Jaeger, "The 'echo state' approach to analysing and training recurrent neural networks", GMD report 148
        (2001). A. Rodan and P. Tiňo, "Minimum complexity echo state network", IEEE Trans. Neural Networks 22 (2011)
        131. M. Lukoševičius, "A practical guide to applying echo state networks" (2012), eqs. (2) and (3).

    Examples:
        >>> Reservoir(topology="cycle", spectral_radius=0.8).leak
        1.0
    """

    topology: Topology = "random"
    spectral_radius: float = 0.9
    connections: int = 10
    input_scaling: float = 0.5
    bias_scaling: float = 0.5
    leak: float = 1.0
    direct: bool = True

    def __post_init__(self) -> None:
        if self.topology not in TOPOLOGIES:
            raise ArgumentError(
                f"`topology` must be a known one: expected one of {', '.join(TOPOLOGIES)}, got {self.topology}."
                + did_you_mean(str(self.topology), TOPOLOGIES, listed=True)
            )
        for name in ("spectral_radius", "input_scaling"):
            _check_positive(name, getattr(self, name))
        if not (_is_number(self.bias_scaling) and self.bias_scaling >= 0):
            raise ArgumentError(
                f"`bias_scaling` must not be negative: expected 0 or more, got {self.bias_scaling}. 0 leaves b out."
            )
        if not (_is_number(self.leak) and 0 < self.leak <= 1):
            raise ArgumentError(
                f"`leak` must be a share: expected a number above 0 and up to 1, got {self.leak}. "
                "1 renews the state at each step."
            )
        if not isinstance(self.connections, int) or isinstance(self.connections, bool) or self.connections < 0:
            raise ArgumentError(
                f"`connections` must be a whole number: expected 0 or more, got {self.connections}. "
                "0 connects each unit with all."
            )
        if not isinstance(self.direct, bool):
            raise ArgumentError(f"`direct` must be True or False: got {self.direct!r}. Choose one.")

    def links(self, units: int) -> int:
        """Count the units that each unit listens to.

        Args:
            units: How many units the reservoir has.

        Returns:
            Their number: `connections`, or as many as there are.

        Examples:
            >>> Reservoir().links(200), Reservoir().links(8), Reservoir(topology="cycle").links(200)
            (10, 8, 1)
        """
        return min(self.connections or units, units) if self.topology == "random" else 1


def _check_positive(name: str, value: Any) -> None:
    if not (_is_number(value) and value > 0):
        raise ArgumentError(f"`{name}` must be positive: expected a finite number above 0, got {value}. Take 0.9, say.")


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and isfinite(value)
