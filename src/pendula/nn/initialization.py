"""How the weights of a recurrent layer start."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, TypeAlias, get_args

import torch
from torch import Tensor, nn

from pendula.errors import ArgumentError, did_you_mean
from pendula.shapes import Float

__all__ = ["Initialization", "InitializationKind", "initialize", "orthogonal_blocks", "sparse_matrix", "with_radius"]

InitializationKind: TypeAlias = Literal["torch", "sparse", "orthogonal", "identity", "forget-bias", "chrono"]

SUITING: dict[str, tuple[str, ...]] = {
    "torch": ("rnn", "gru", "lstm"),
    "sparse": ("rnn",),
    "orthogonal": ("rnn", "gru", "lstm"),
    "identity": ("rnn",),
    "forget-bias": ("gru", "lstm"),
    "chrono": ("gru", "lstm"),
}
"""The cells for which each makes sense."""
KEEPING_GATE = {"gru": 1, "lstm": 1}
"""The block of the gate that keeps the old state: the update gate in torch's convention, and the forget gate."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Initialization:
    """How the weights of a recurrent stack start.

    Attributes:
        kind: torch, uniform numbers as torch draws them; sparse, few connections a unit and a set spectral radius
            (rnn); orthogonal, an orthogonal recurrent matrix in each gate; identity, the unit matrix (rnn);
            forget-bias, a constant in the gate that keeps the state (gru, lstm); chrono, such constants drawn so that
            units forget over all times up to `longest` (gru, lstm).
        connections: Of a unit to those of the step before, with sparse; all of them in a smaller layer.
        radius: Largest absolute eigenvalue of the recurrent matrix, with sparse.
        input_scale: Standard deviation of the input weights, with sparse and identity.
        output_scale: Standard deviation of the weights of the readout, with sparse.
        forget_bias: The constant of forget-bias.
        longest: The longest time of chrono, in steps.

    References:
        sparse: J. Martens, ICML 2010, section 5; I. Sutskever et al., ICML 2013, table 4. identity: Q. V. Le, N. Jaitly
        and G. E. Hinton, arXiv:1504.00941, there with rectified units. forget-bias: F. A. Gers et al., Neural
        Computation 12 (2000) 2451; R. Jozefowicz et al., ICML 2015. chrono: C. Tallec and Y. Ollivier, ICLR 2018,
        equation 16.

    Examples:
        >>> Initialization(kind="sparse").radius
        1.1
    """

    kind: InitializationKind = "torch"
    connections: int = 15
    radius: float = 1.1
    input_scale: float = 0.001
    output_scale: float = 0.1
    forget_bias: float = 1.0
    longest: int = 100

    def __post_init__(self) -> None:
        if self.kind not in get_args(InitializationKind):
            raise ArgumentError(
                f"`kind` must be a known initialization: expected one of {', '.join(SUITING)}, got {self.kind}."
                + did_you_mean(str(self.kind), SUITING, listed=True)
            )
        for name in ("radius", "input_scale", "output_scale"):
            if not 0 < (value := getattr(self, name)) < math.inf:
                raise ArgumentError(
                    f"`{name}` must be positive: expected a finite number, got {value}. Choose another."
                )
        if not math.isfinite(self.forget_bias):
            raise ArgumentError(f"`forget_bias` must be finite: got {self.forget_bias}. 1 is usual.")
        if self.connections < 1:
            raise ArgumentError(
                f"`connections` must be positive: expected 1 or more, got {self.connections}. 15 is usual."
            )
        if self.longest < 3:
            raise ArgumentError(
                f"`longest` must leave a choice of times: expected 3 steps or more, got {self.longest}. "
                "Take the longest dependency that is to be learned."
            )

    def check_cell(self, cell: str) -> None:
        """Make sure that the initialization makes sense for a cell.

        Args:
            cell: Its name.

        Raises:
            ArgumentError: If it does not.
        """
        suiting = SUITING[self.kind]
        if cell not in suiting and self.kind != "torch":
            others = [kind for kind, cells in SUITING.items() if cell in cells]
            raise ArgumentError(
                f"`initialization` must suit the cell: expected {' or '.join(suiting)} for {self.kind}, got {cell}. "
                + (
                    f"Choose {' or '.join(others)} for it."
                    if others
                    else "Its weights are drawn in a way of their own."
                )
            )


def initialize(
    layer: nn.RNNBase, head: nn.Linear | None, settings: Initialization, *, generator: torch.Generator
) -> None:
    """Set the weights of a recurrent stack, and of its readout where the scheme has a say in them.

    Args:
        layer: The stack; it is changed in place.
        head: Its readout, or None to leave that alone.
        settings: How.
        generator: Draws what is drawn.

    Raises:
        ArgumentError: If the initialization makes no sense for the cell.
    """
    settings.check_cell(layer.mode.split("_")[0].lower())
    with torch.no_grad():
        for number in range(layer.num_layers):
            _SCHEMES[settings.kind](layer, number, settings, generator)
        if settings.kind == "sparse" and head is not None:
            head.weight.normal_(std=settings.output_scale, generator=generator)
            head.bias.zero_()


def sparse_matrix(
    rows: int, columns: int, *, connections: int, generator: torch.Generator
) -> Float[Tensor, "row column"]:
    """Draw a matrix with few normal numbers in each row, in float64.

    Args:
        rows: How many there are.
        columns: How many there are.
        connections: Non-zero numbers in each row; all of a shorter row.
        generator: Draws places and numbers.

    Returns:
        The matrix.

    Examples:
        >>> drawn = sparse_matrix(4, 20, connections=15, generator=torch.Generator().manual_seed(0))
        >>> (drawn != 0).sum(dim=1)
        tensor([15, 15, 15, 15])
    """
    kept = min(connections, columns)
    matrix = torch.zeros(rows, columns, dtype=torch.float64)
    order = torch.rand(rows, columns, generator=generator, dtype=torch.float64).argsort(dim=1)[:, :kept]
    return matrix.scatter_(1, order, torch.randn(rows, kept, generator=generator, dtype=torch.float64))


def with_radius(matrix: Float[Tensor, "unit unit"], radius: float) -> Float[Tensor, "unit unit"]:
    """Scale a matrix to a spectral radius.

    Args:
        matrix: A matrix, not nilpotent.
        radius: Its largest absolute eigenvalue afterwards.

    Returns:
        The scaled matrix.

    Raises:
        ArgumentError: If all eigenvalues vanish.

    Examples:
        >>> with_radius(torch.diag(torch.tensor([1.0, -4.0])), 1.0)
        tensor([[ 0.2500,  0.0000],
                [ 0.0000, -1.0000]])
    """
    largest = float(torch.linalg.eigvals(matrix).abs().max())
    if largest == 0:
        raise ArgumentError(
            "`matrix` must have an eigenvalue that is not 0: expected one to scale, got none. Draw anew."
        )
    return matrix * (radius / largest)


def orthogonal_blocks(blocks: int, size: int, *, generator: torch.Generator) -> Float[Tensor, "row size"]:
    """Draw orthogonal matrices, uniformly over all of them, one below the other in float64.

    Args:
        blocks: How many.
        size: Of each.
        generator: Draws them.

    Returns:
        The matrices.

    References:
        F. Mezzadri, Notices of the AMS 54 (2007) 592, section 5.

    Examples:
        >>> drawn = orthogonal_blocks(1, 3, generator=torch.Generator().manual_seed(0))
        >>> bool((drawn.T @ drawn - torch.eye(3)).abs().max() < 1e-14)
        True
    """
    made = []
    for _ in range(blocks):
        q, r = torch.linalg.qr(torch.randn(size, size, generator=generator, dtype=torch.float64))
        made.append(q * r.diagonal().sign())
    return torch.cat(made)


def _as_drawn(layer: nn.RNNBase, number: int, settings: Initialization, generator: torch.Generator) -> None:
    del layer, number, settings, generator


def _sparse(layer: nn.RNNBase, number: int, settings: Initialization, generator: torch.Generator) -> None:
    inputs, recurrent = _weights(layer, number)
    size = layer.hidden_size
    drawn = sparse_matrix(size, size, connections=settings.connections, generator=generator)
    recurrent.copy_(with_radius(drawn, settings.radius))
    if number:
        # Between layers of the same kind the published scheme has its few connections too.
        inputs.copy_(sparse_matrix(size, inputs.shape[1], connections=settings.connections, generator=generator))
    else:
        inputs.normal_(std=settings.input_scale, generator=generator)
    _zero_biases(layer, number)


def _orthogonal(layer: nn.RNNBase, number: int, settings: Initialization, generator: torch.Generator) -> None:
    del settings
    _, recurrent = _weights(layer, number)
    size = layer.hidden_size
    recurrent.copy_(orthogonal_blocks(len(recurrent) // size, size, generator=generator))


def _identity(layer: nn.RNNBase, number: int, settings: Initialization, generator: torch.Generator) -> None:
    inputs, recurrent = _weights(layer, number)
    recurrent.copy_(torch.eye(layer.hidden_size))
    inputs.normal_(std=settings.input_scale, generator=generator)
    _zero_biases(layer, number)


def _forget_bias(layer: nn.RNNBase, number: int, settings: Initialization, generator: torch.Generator) -> None:
    del generator
    _set_gate(layer, number, KEEPING_GATE[layer.mode.lower()], torch.full((layer.hidden_size,), settings.forget_bias))


def _chrono(layer: nn.RNNBase, number: int, settings: Initialization, generator: torch.Generator) -> None:
    times = 1 + (settings.longest - 2) * torch.rand(layer.hidden_size, generator=generator, dtype=torch.float64)
    cell = layer.mode.lower()
    _set_gate(layer, number, KEEPING_GATE[cell], times.log())
    if cell == "lstm":
        _set_gate(layer, number, 0, -times.log())


def _weights(layer: nn.RNNBase, number: int) -> tuple[Tensor, Tensor]:
    return getattr(layer, f"weight_ih_l{number}"), getattr(layer, f"weight_hh_l{number}")


def _set_gate(layer: nn.RNNBase, number: int, gate: int, values: Tensor) -> None:
    rows = slice(gate * layer.hidden_size, (gate + 1) * layer.hidden_size)
    getattr(layer, f"bias_ih_l{number}")[rows] = values
    getattr(layer, f"bias_hh_l{number}")[rows] = 0


def _zero_biases(layer: nn.RNNBase, number: int) -> None:
    for name in ("bias_ih", "bias_hh"):
        getattr(layer, f"{name}_l{number}").zero_()


_SCHEMES: dict[str, Callable[[nn.RNNBase, int, Initialization, torch.Generator], None]] = {
    "torch": _as_drawn,
    "sparse": _sparse,
    "orthogonal": _orthogonal,
    "identity": _identity,
    "forget-bias": _forget_bias,
    "chrono": _chrono,
}
