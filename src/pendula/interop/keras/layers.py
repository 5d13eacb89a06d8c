"""The layers of a Keras model, from the configuration that Keras writes."""

from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from pendula.errors import ModelError
from pendula.interop.keras.values import Values

__all__ = ["CELLS", "Chain", "Dense", "Recurrent", "chain_of"]

KerasCell: TypeAlias = Literal["rnn", "gru", "lstm"]
CELLS: dict[str, KerasCell] = {"SimpleRNN": "rnn", "GRU": "gru", "LSTM": "lstm"}
"""Keras's names for the recurrent layers."""
IDLE = frozenset({
    "InputLayer", "Dropout", "SpatialDropout1D", "AlphaDropout", "GaussianNoise", "GaussianDropout",
    "ActivityRegularization",
})  # fmt: skip
"""Layers that hand their input on as it is, once training is over."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Recurrent:
    """A recurrent layer.

    Attributes:
        name: What its author called it.
        place: Where the weights lie in a `.keras` file.
        cell: rnn, gru or lstm.
        units: How many.
        activation: tanh, or relu for the simple network.
        use_bias: Whether there are biases.
        every_step: Whether it gives its states after every step, not the last one alone.
        reset_after: Of a GRU: whether the reset gate acts after the recurrent matrix.
    """

    name: str
    place: str
    cell: KerasCell
    units: int
    activation: str
    use_bias: bool
    every_step: bool
    reset_after: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Dense:
    """A linear layer.

    Attributes:
        name: What its author called it.
        place: Where the weights lie in a `.keras` file.
        units: How many outputs.
        use_bias: Whether there is a constant.
    """

    name: str
    place: str
    units: int
    use_bias: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Chain:
    """A model whose layers follow one another.

    Attributes:
        recurrent: The recurrent layers, at least one, all of one kind.
        dense: The linear layers after them.
        window: Steps of the input, if the model says how many.
    """

    recurrent: tuple[Recurrent, ...]
    dense: tuple[Dense, ...]
    window: int | None


def chain_of(config: Any, *, source: str) -> Chain:
    """Read the configuration of a model.

    Args:
        config: As Keras 2 and 3 write it into their files.
        source: What messages call the model.

    Returns:
        Its layers.

    Raises:
        ModelError: If the model has a layer, or an argument of a layer, that Pendula does not have.

    Examples:
        >>> layers = [{"class_name": "GRU", "config": {"name": "gru", "units": 4, "batch_input_shape": [None, 20, 1]}},
        ...           {"class_name": "Dense", "config": {"name": "dense", "units": 1}}]
        >>> chain = chain_of({"class_name": "Sequential", "config": {"layers": layers}}, source="model.h5")
        >>> chain.recurrent[0].cell, chain.dense[0].units, chain.window
        ('gru', 1, 20)
    """
    values = Values(source)
    kind, content = values.text(config, "class_name"), values.table(config, "config")
    layers = values.layers(content)
    if kind in {"Functional", "Model"}:
        layers = _in_order(values, layers)
    elif kind != "Sequential":
        raise ModelError(
            f"`{source}` must be a Sequential or a Functional model: got {kind}, whose code is not in the file. Build "
            "it of Keras's own layers, and save it again."
        )
    recurrent, dense = _take_apart(values, layers)
    return Chain(recurrent=recurrent, dense=dense, window=_window(layers, content))


def _take_apart(values: Values, layers: list[dict[str, Any]]) -> tuple[tuple[Recurrent, ...], tuple[Dense, ...]]:
    recurrent: list[Recurrent] = []
    dense: list[Dense] = []
    counts: dict[str, int] = {}
    for layer in layers:
        kind, config = values.kind(layer), values.table(layer, "config")
        number = counts.get(kind, 0)
        counts[kind] = number + 1
        if kind in CELLS:
            made = _recurrent(values, kind, config, number)
            _check_order(values, made, recurrent, dense, named=values.named(kind, config))
            recurrent.append(made)
        elif kind not in IDLE:
            dense.append(_dense(values, kind, config, number))
            if not recurrent:
                raise values.refusal(f"{values.named(kind, config)} before any of them", _ORDER)
    if not recurrent:
        raise values.refusal("none of them", "Pendula reads recurrent networks.")
    return tuple(recurrent), tuple(dense)


def _recurrent(values: Values, kind: str, config: dict[str, Any], number: int) -> Recurrent:
    cell, named = CELLS[kind], values.named(kind, config)
    _check_activation(values, named, config, "activation", ("tanh", "relu") if cell == "rnn" else ("tanh",))
    if cell != "rnn":
        _check_activation(values, named, config, "recurrent_activation", ("sigmoid",))
    for flag, reason in _UNUSUAL.items():
        if config.get(flag, False):
            raise values.refusal(f"{flag}=True in {named}", reason)
    return Recurrent(
        name=values.text(config, "name"),
        place=f"layers/{_place(kind, number)}/cell",
        cell=cell,
        units=values.units(config),
        activation=config.get("activation", "tanh"),
        use_bias=bool(config.get("use_bias", True)),
        every_step=bool(config.get("return_sequences", False)),
        reset_after=bool(config.get("reset_after", True)),
    )


def _dense(values: Values, kind: str, config: dict[str, Any], number: int) -> Dense:
    place, name = f"layers/{_place(kind, number)}", config.get("name")
    if kind == "TimeDistributed":
        inner = values.table(config, "layer")
        kind, config, place = values.kind(inner), values.table(inner, "config"), f"{place}/layer"
    if kind != "Dense":
        raise values.refusal(values.named(kind, config), "Nothing of it was run.")
    _check_activation(values, values.named(kind, config), config, "activation", ("linear",))
    return Dense(
        name=values.text({"name": name}, "name"),
        place=place,
        units=values.units(config),
        use_bias=bool(config.get("use_bias", True)),
    )


def _check_order(
    values: Values, layer: Recurrent, recurrent: list[Recurrent], dense: list[Dense], *, named: str
) -> None:
    if dense:
        raise values.refusal(f"{named} after Dense", _ORDER)
    if recurrent and not recurrent[-1].every_step:
        raise values.refusal(f"{named} after a layer that gives its last state alone", _ORDER)
    first = recurrent[0] if recurrent else layer
    if (first.cell, first.activation) != (layer.cell, layer.activation):
        raise values.refusal(
            f"{named} on layers of another kind", "In a network of Pendula all recurrent layers are of one kind."
        )


def _check_activation(values: Values, named: str, config: dict[str, Any], name: str, known: tuple[str, ...]) -> None:
    value = config.get(name, known[0])
    if isinstance(value, dict):  # a function that is not Keras's own
        value = value.get("registered_name") or value.get("config") or value.get("class_name")
    if value is None:
        value = "linear"
    if value not in known:
        raise values.refusal(f"{name}={str(value)[:60]} in {named}", f"There it has {' or '.join(known)} alone.")


def _in_order(values: Values, layers: list[dict[str, Any]]) -> list[dict[str, Any]]:
    # Follow the connections of a functional model from its one input on.
    followers: dict[str | None, list[dict[str, Any]]] = {}
    for layer in layers:
        before = _names_before(layer.get("inbound_nodes", []))
        followers.setdefault(before[0] if before else None, []).append(layer)
        if len(before) > 1:
            raise _branching(values, values.text(layer, "name"))
    ordered: list[dict[str, Any]] = []
    name: str | None = None
    while len(followers.get(name, ())) == 1 and len(ordered) < len(layers):
        ordered += followers[name]
        name = values.text(ordered[-1], "name")
    if len(ordered) != len(layers):
        raise _branching(values, name or "the input")
    return ordered


def _names_before(nodes: Any) -> list[str]:
    # The layers that a layer takes its input from, in the forms of Keras 3 and of Keras 2.
    if isinstance(nodes, dict):
        history = nodes.get("keras_history")
        if isinstance(history, list) and history and isinstance(history[0], str):
            return [history[0]]
        return [name for value in nodes.values() for name in _names_before(value)]
    if not isinstance(nodes, list):
        return []
    if len(nodes) >= 3 and isinstance(nodes[0], str) and type(nodes[1]) is int and type(nodes[2]) is int:
        return [nodes[0], *(name for value in nodes[3:] for name in _names_before(value))]
    return [name for value in nodes for name in _names_before(value)]


def _branching(values: Values, name: str) -> ModelError:
    return ModelError(
        f"`{values.source}` must be a chain of layers: expected one input, one output and a line between them, got a "
        f"branch or a loop at `{name}`. Pendula has recurrent layers in one line, and one head."
    )


def _window(layers: list[dict[str, Any]], content: dict[str, Any]) -> int | None:
    first = layers[0].get("config", {})
    for shape in (first.get("batch_shape"), first.get("batch_input_shape"), content.get("build_input_shape")):
        if isinstance(shape, list) and len(shape) == 3 and type(shape[1]) is int and shape[1] > 0:
            return shape[1]
    return None


def _place(kind: str, number: int) -> str:
    # Keras names what it saves after the class, and counts.
    name = _SNAKE.get(kind, kind)
    return f"{name}_{number}" if number else name


_ORDER = "Recurrent layers on whole sequences come first, then Dense."
_UNUSUAL = {
    "go_backwards": "A forecaster reads from the past to the future.",
    "return_state": "A network of Pendula keeps its state beside its output.",
    "time_major": "Axes are batch, time, channel.",
}
_SNAKE = {
    "SimpleRNN": "simple_rnn", "GRU": "gru", "LSTM": "lstm", "Dense": "dense", "TimeDistributed": "time_distributed",
}  # fmt: skip
