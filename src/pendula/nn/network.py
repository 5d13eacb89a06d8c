"""What a network is, in numbers."""

from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias, get_args

from pendula.errors import ArgumentError, did_you_mean
from pendula.nn.equation import Equation
from pendula.nn.initialization import Initialization
from pendula.nn.next_generation import NextGeneration
from pendula.nn.recurrent import GRU, LSTM, RNN, RecurrentLayer
from pendula.nn.reservoir import Reservoir

__all__ = [
    "CELLS",
    "INTEGRATOR",
    "NEXT_GENERATION",
    "RESERVOIR",
    "RESERVOIRS",
    "SOLVED",
    "Cell",
    "Head",
    "Network",
    "as_network",
]

Cell: TypeAlias = Literal["rnn", "gru", "lstm", "esn", "ngrc", "integrator"]
Head: TypeAlias = Literal["point", "gaussian", "mixture"]
CELLS: dict[str, type[RecurrentLayer]] = {"rnn": RNN, "gru": GRU, "lstm": LSTM}
"""The recurrent layers that are trained."""
RESERVOIR = "esn"
"""The cell that is drawn and not trained."""
NEXT_GENERATION = "ngrc"
"""The cell that is a polynomial of the last values."""
INTEGRATOR = "integrator"
"""The cell that is a step of a differential equation."""
RESERVOIRS = frozenset({RESERVOIR, NEXT_GENERATION})
"""The cells with a linear readout that ridge regression finds."""
SOLVED = RESERVOIRS | {INTEGRATOR}
"""The cells that are solved for, without epochs."""
USUAL_SIZES = {RESERVOIR: 200, NEXT_GENERATION: 0, INTEGRATOR: 0}
USUAL_SIZE = 64
USUAL_COMPONENTS = 3
MAX_SIZE = 65_536
"""Sizes above this are taken for a mistake, or for a hostile file."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Network:
    """The architecture of a forecaster: a recurrent stack, a linear head, and what is added to them.

    Or, with the cell esn, an echo state network: a reservoir that is drawn and never trained, and a linear readout of
    its state and of the last value. Or, with the cell ngrc, a next-generation reservoir: a polynomial of the last
    values. Or, with the cell integrator, a differential equation whose state is estimated from the known values, in
    their own units. What belongs to the trained cells alone (layers, dropout, leads, residual, increments, the linear
    path) is then left as it is.

    Attributes:
        cell: The recurrent layer: rnn, gru or lstm; or esn, a reservoir; or ngrc, a next-generation reservoir; or
            integrator, a differential equation.
        hidden_size: Units in each recurrent layer, or in the reservoir, or of a network beside the equation; 64 when
            left out, 200 in a reservoir, 0 (no network) beside an equation. A next-generation reservoir has none.
        num_layers: How many recurrent layers are stacked.
        dropout: Probability to drop a unit between layers, while training.
        leads: How many steps ahead the head predicts at once; above 1 the forecast is direct multi-step.
        residual: Predict the increment from the last value, not the value.
        increments: Show the network the increments of the series beside its values.
        linear_lags: Length of a linear path beside the network, in steps; 0 for none. The path is a linear
            autoregression; the network learns what that cannot explain.
        head: What is told of the next value: point, a number; gaussian, a normal distribution around it; or mixture,
            several of them. Both are joint distributions of all channels, and are trained by their likelihood.
        components: Normal distributions in a mixture.
        reservoir: What the reservoir is like; None to have several chosen by the training part.
        polynomial: What the next-generation reservoir is like; None to have several chosen by the training part.
        equation: Which differential equation, and what is known of it.
        initialization: How the recurrent weights start.

    Examples:
        >>> Network(cell="gru", hidden_size=32).cell
        'gru'
        >>> Network(cell="esn").hidden_size, Network(cell="esn", reservoir=Reservoir(leak=0.3)).reservoir.leak
        (200, 0.3)
        >>> Network(cell="ngrc", polynomial=NextGeneration(delays=3)).polynomial.degree
        2
        >>> Network(cell="integrator", equation=Equation(system="lorenz63")).equation.learned
        ('sigma', 'rho', 'beta')
    """

    cell: Cell = "gru"
    hidden_size: int = None  # type: ignore[assignment] # the cell's usual size, put in below
    num_layers: int = 1
    dropout: float = 0.0
    leads: int = 1
    residual: bool = True
    increments: bool = True
    linear_lags: int = 0
    head: Head = "point"
    components: int = USUAL_COMPONENTS
    reservoir: Reservoir | None = None
    polynomial: NextGeneration | None = None
    equation: Equation | None = None
    initialization: Initialization = field(default_factory=Initialization)

    def __post_init__(self) -> None:
        if self.cell not in get_args(Cell):
            raise ArgumentError(
                f"`cell` must be a known recurrent layer: expected one of {', '.join(get_args(Cell))}, got {self.cell}."
                + did_you_mean(str(self.cell), get_args(Cell), listed=True)
            )
        if self.hidden_size is None:
            object.__setattr__(self, "hidden_size", USUAL_SIZES.get(self.cell, USUAL_SIZE))
        for name, low in (
            ("hidden_size", 0 if self.cell in {NEXT_GENERATION, INTEGRATOR} else 1),
            ("num_layers", 1),
            ("leads", 1),
            ("linear_lags", 0),
            ("components", 1),
        ):
            _check_whole(name, getattr(self, name), low)
        self.initialization.check_cell(self.cell)
        for name in ("residual", "increments"):
            if not isinstance(getattr(self, name), bool):
                raise ArgumentError(f"`{name}` must be True or False: got {getattr(self, name)!r}. Choose one.")
        if isinstance(self.dropout, bool) or not isinstance(self.dropout, float | int) or not 0 <= self.dropout < 1:
            raise ArgumentError(
                f"`dropout` must be a probability: expected a number from 0 up to 1, got {self.dropout}. "
                "0 drops nothing."
            )
        if self.dropout and self.num_layers == 1:
            raise ArgumentError(
                f"`dropout` must be 0 with one layer, since it acts between layers: got {self.dropout}. Stack two."
            )
        if self.cell in SOLVED:
            _check_untouched(self)
        _check_head(self)
        _check_reservoir(self)
        _check_polynomial(self)
        _check_equation(self)

    @property
    def mixed(self) -> int:
        """How many normal distributions the head mixes; 0 for a point."""
        return {"point": 0, "gaussian": 1}.get(self.head, self.components)

    @property
    def asked(self) -> Reservoir | NextGeneration | None:
        """The settings of its reservoir, of whichever kind; None where they are to be chosen, or there is none."""
        return self.polynomial if self.cell == NEXT_GENERATION else self.reservoir


def as_network(model: "Network | RecurrentLayer | str") -> Network:
    """Take a network's architecture from the ways people name it.

    Args:
        model: A `Network`, the name of a cell, or a recurrent layer, of which cell, sizes and dropout are taken and no
            weights.

    Returns:
        The architecture.

    Raises:
        ArgumentError: If `model` is none of these, or a layer that no forecaster can use.

    Examples:
        >>> as_network("gru") == Network(cell="gru")
        True
        >>> as_network(LSTM(1, 16, num_layers=2)).num_layers
        2
    """
    if isinstance(model, Network):
        return model
    if isinstance(model, str):
        return Network(cell=model)  # type: ignore[arg-type] # Network checks the name
    if not isinstance(model, RNN | GRU | LSTM):
        raise ArgumentError(
            "`model` must be a pendula.nn.Network, the name of a cell, or a layer of pendula.nn: "
            f"got {type(model).__name__}. Write model='lstm', for example."
        )
    return _of_layer(model)


def _of_layer(layer: RecurrentLayer) -> Network:
    unusable = [
        name
        for name, usual in (("bidirectional", False), ("proj_size", 0), ("bias", True))
        if getattr(layer, name) != usual
    ]
    if isinstance(layer, RNN) and layer.nonlinearity != "tanh":
        unusable.append("nonlinearity")
    if unusable:
        raise ArgumentError(
            f"`model` must be a causal layer with its usual settings: got one with another `{unusable[0]}`. "
            "Leave that argument out."
        )
    cell: Any = next(name for name, kind in CELLS.items() if isinstance(layer, kind))
    return Network(cell=cell, hidden_size=layer.hidden_size, num_layers=layer.num_layers, dropout=float(layer.dropout))


def _check_untouched(network: Network) -> None:
    for name, usual in _TRAINED_ALONE.items():
        if getattr(network, name) != usual:
            raise ArgumentError(
                f"`{name}` must be left out for {_NAMED[network.cell]}: expected {usual}, got "
                f"{getattr(network, name)}. {_INSTEAD[network.cell]}"
            )


def _check_head(network: Network) -> None:
    if network.head not in get_args(Head):
        raise ArgumentError(
            f"`head` must be a known head: expected one of {', '.join(get_args(Head))}, got {network.head}."
            + did_you_mean(str(network.head), get_args(Head))
        )
    if network.head != "mixture" and network.components != USUAL_COMPONENTS:
        raise ArgumentError(
            f"`components` must be left out with the head {network.head}: got {network.components}. Choose the head "
            "mixture."
        )
    if network.head != "point" and network.leads > 1:
        raise ArgumentError(
            f"`leads` must be 1 with the head {network.head}, which tells the distribution of the next value: got "
            f"{network.leads}. Draw samples for later ones."
        )


def _check_reservoir(network: Network) -> None:
    if network.reservoir is not None and network.cell != RESERVOIR:
        raise ArgumentError(
            f"`reservoir` must go with the cell esn: got settings of a reservoir and the cell {network.cell}. "
            "Choose cell='esn', or leave them out."
        )


def _check_polynomial(network: Network) -> None:
    if network.polynomial is not None and network.cell != NEXT_GENERATION:
        raise ArgumentError(
            f"`polynomial` must go with the cell ngrc: got settings of a next-generation reservoir and the cell "
            f"{network.cell}. Choose cell='ngrc', or leave them out."
        )
    if network.cell == NEXT_GENERATION and network.hidden_size:
        raise ArgumentError(
            f"`hidden_size` must be left out for a next-generation reservoir: expected 0, got {network.hidden_size}. "
            "Its size follows from `polynomial.delays` and `polynomial.degree`."
        )


def _check_equation(network: Network) -> None:
    if network.cell != INTEGRATOR and network.equation is not None:
        raise ArgumentError(
            f"`equation` must go with the cell integrator: got an equation and the cell {network.cell}. "
            "Choose cell='integrator', or leave it out."
        )
    if network.cell == INTEGRATOR and network.equation is None:
        raise ArgumentError(
            "`equation` must name a system for the cell integrator: got none. Write `--system pendulum`, or "
            "equation=Equation(system='pendulum')."
        )


_NAMED = {
    RESERVOIR: "an echo state network",
    NEXT_GENERATION: "a next-generation reservoir",
    INTEGRATOR: "a differential equation",
}
_INSTEAD = {
    RESERVOIR: "Its one reservoir is followed by a linear readout of its state and of the last value.",
    NEXT_GENERATION: "Its polynomial of the last values is followed by a linear readout.",
    INTEGRATOR: "Its state is the equation's, and what it forecasts are components of it.",
}

_TRAINED_ALONE = {
    "num_layers": 1, "dropout": 0.0, "leads": 1, "residual": True, "increments": True, "linear_lags": 0,
    "head": "point",
}  # fmt: skip
"""What the trained cells alone have, and what it is when left out."""


def _check_whole(name: str, value: int, low: int) -> None:
    if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= MAX_SIZE:
        raise ArgumentError(
            f"`{name}` must be a whole number: expected {low} to {MAX_SIZE}, got {value}. Choose one in that range."
        )
