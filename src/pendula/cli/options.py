"""Options that several commands share, and the settings they stand for."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any, Literal

from cyclopts import Parameter

from pendula.cli.whole import Whole
from pendula.errors import ArgumentError

__all__ = [
    "AS_RECORDED",
    "AS_USUAL",
    "UNPAIRED",
    "PairedOptions",
    "RecipeOptions",
    "RecordOptions",
    "listed",
    "units_of",
]

_DATA, _RECIPE = "Data", "Recipe"


@Parameter(name="*", group=_DATA)
@dataclass(frozen=True, kw_only=True, slots=True)
class RecordOptions:
    """How a file of data is read.

    Attributes:
        time: The time column; recognized by name when left out.
        trajectory: The column that tells trajectories apart; `trajectory` when left out, if there is one.
        group: The group of an HDF5 or NetCDF file; its root when left out.
        unit: Unit of a column, in place of the file's, as in x=rad. May be repeated.
        gaps: Keep missing samples as gaps that no window covers, or fill them by linear interpolation within each part
            of the split. [default: keep]
        resample: Put the record on a regular axis of this step: a number in the units of time, or a duration such as
            1h for dates.
    """

    time: str | None = None
    trajectory: str | None = None
    group: str | None = None
    unit: tuple[str, ...] = ()
    gaps: Literal["keep", "fill"] | None = None
    resample: str | None = None


@Parameter(name="*", group=_RECIPE)
@dataclass(frozen=True, kw_only=True, slots=True)
class RecipeOptions:
    """How a fit is made; the most used choices by name, all others by --set.

    Attributes:
        cell: The recurrent layer; esn is an echo state network, whose reservoirs are found in about a second; ngrc is a
            next-generation reservoir, a polynomial of the last values; integrator is a step of a differential
            equation, whose parameters are found. [default: gru]
        system: The differential equation of the cell integrator, as pendulum; what is known of it goes by --set, as in
            network.equation.known.drive=0.
        hidden_size: Units in each recurrent layer, or of a network beside the equation. [default: 64, 200 in a
            reservoir, 0 beside an equation]
        num_layers: How many recurrent layers are stacked. [default: 1]
        linear_lags: Length of a linear path beside the network, in steps; 0 for none. [default: 0]
        head: What is told of the next value: a point, a normal distribution, or a mixture of several, which are trained
            by their likelihood and can be drawn from. [default: point]
        window: Steps of known past that the network sees. [default: 50, 300 for esn, 100 for integrator, fewer
            for short records]
        epochs: How often the training part is gone through, at most. [default: 100]
        batch_size: Windows in a step. [default: 32]
        method: The way to learn. [default: adam, ridge for esn and ngrc, gauss-newton
            for an equation]
        engine: What trains: Pendula, or Keras with its own layers, which needs pendula[keras]. [default: pendula]
        learning_rate: Step size of the method, at its largest. [default: 0.001]
        horizon: Steps that are scored in training; those after the first are a free run, whose mean square error is
            added to that one step ahead. [default: 1]
        input_noise: Standard deviation of noise on the inputs while training, in scaled units. [default: 0]
        watch_gradients: Record after a few epochs how the gradient flows back through time. [default: no]
        transform: Function applied before scaling. [default: none]
        scaling: How center and scale are found on the training part. [default: standard, none for an equation]
        test: Fraction of the record kept for the test, from its end. [default: 0.25]
        validation: Fraction of what remains, from its end, that chooses the epoch. [default: 0.2]
        test_from: Time at which the test part starts, in place of --test.
        by: Cut along time, or keep whole trajectories together. [default: time, trajectory with three or more]
        members: How many networks are trained, each from a seed of its own; their median forecasts. [default: 1]
        seed: Of weights, order and noise; the same seed gives the same bits. [default: 0]
        set: Any other setting by its dotted name, as in training.patience=10. May be repeated.
    """

    cell: Literal["rnn", "gru", "lstm", "esn", "ngrc", "integrator"] | None = None
    system: str | None = None
    hidden_size: Whole | None = None
    num_layers: Whole | None = None
    linear_lags: Whole | None = None
    head: Literal["point", "gaussian", "mixture"] | None = None
    window: Whole | None = None
    epochs: Whole | None = None
    batch_size: Whole | None = None
    method: Literal["adam", "adamw", "nesterov", "hessian-free", "ridge", "gauss-newton"] | None = None
    engine: Literal["pendula", "keras"] | None = None
    learning_rate: float | None = None
    horizon: Whole | None = None
    input_noise: float | None = None
    watch_gradients: bool | None = None
    transform: Literal["none", "sqrt", "log", "asinh"] | None = None
    scaling: Literal["standard", "range", "none"] | None = None
    test: float | None = None
    validation: float | None = None
    test_from: str | None = None
    by: Literal["time", "trajectory"] | None = None
    members: Whole | None = None
    seed: Whole | None = None
    set: tuple[str, ...] = ()

    def choices(self) -> dict[str, Any]:
        """Give what was chosen, as `pendula.config.build` reads it.

        Returns:
            Values by name, tables within tables; --set has the last word.

        Examples:
            >>> RecipeOptions(epochs=3, window=20, set=("training.patience=2",)).choices()
            {'window': 20, 'training': {'epochs': 3, 'patience': 2}}
        """
        from pendula.config import assignments, merge

        made: dict[str, Any] = {}
        for field in fields(self):
            value = getattr(self, field.name)
            if field.name != "set" and value is not None:
                placed: Any = {field.name: value}
                for table in reversed(_TABLES.get(field.name, ())):
                    placed = {table: placed}
                made = merge(made, placed)
        return merge(made, assignments(self.set))


@Parameter(name="*", group="Targets told from inputs")
@dataclass(frozen=True, kw_only=True, slots=True)
class PairedOptions:
    """How targets are told from inputs, in place of a forecast.

    Attributes:
        input: The columns that the target is told from, joined by commas; without any it is forecast from its own past.
            Labels are told from all other columns with numbers when left out.
        task: forecast; filter, which tells the target of every row from the inputs up to it; classify, which tells one
            label for each trajectory; or regimes, a label for every row. [default: filter with --input]
        washout: Rows at the start of a piece of --window rows that are not scored: so long the network forgets that it
            began with nothing. [default: a quarter of the window]
        initial_state: The network's state before a run begins: zeros; rest, what it settles to while the inputs stand
            still at their mean; or learned, trained with it, where no row is left unscored. [default: rest; zeros for
            labels]
        class_weights: balanced lets every label count alike in training, however rare it is; or weights of labels, as
            in alpha=3,beta=1. [default: rows count alike]
        minimum_duration: Rows in a row for which another regime must lead before it is told. [default: 1]
        hysteresis: By how much its probability must lead. [default: 0]
        missing: What becomes of missing inputs, or of missing targets of a forecast: gap, after which a run starts
            anew; zero or last (the last value known), beside which the network is shown whether there was one.
            [default: gap]
        irregular: Take rows as steps whatever the time between them, which the network is shown as one more input; a
            forecast as a control. [default: no]
    """

    input: str | None = None
    task: Literal["forecast", "filter", "classify", "regimes"] | None = None
    washout: Whole | None = None
    initial_state: Literal["zeros", "rest", "learned"] | None = None
    class_weights: str | None = None
    minimum_duration: Whole | None = None
    hysteresis: float | None = None
    missing: Literal["gap", "zero", "last"] | None = None
    irregular: bool | None = None

    @property
    def is_paired(self) -> bool:
        """Whether targets are told from inputs.

        Raises:
            ArgumentError: If the options contradict each other.
        """
        if self.task == "forecast" or (self.task is None and self.input is None):
            for option in (field.name for field in fields(self) if field.name not in {"task", "missing", "irregular"}):
                if getattr(self, option) is not None:
                    raise ArgumentError(
                        f"`--{option.replace('_', '-')}` must go with a target told from inputs: got it without "
                        f"{'--task filter' if option == 'input' else '--input'}. Name inputs, or leave it out."
                    )
            return False
        if self.input is None and self.task == "filter":
            raise ArgumentError(f"`--input` must name a column for the task {self.task}: got none. Write --input u.")
        return True

    def shown(self) -> dict[str, Any]:
        """Give what was chosen of how a forecast is shown its record.

        Returns:
            Values by name, as a recipe reads them.

        Examples:
            >>> PairedOptions(irregular=True).shown()
            {'irregular': True}
        """
        return {name: value for name in ("missing", "irregular") if (value := getattr(self, name)) is not None}

    def choices(self) -> dict[str, Any]:
        """Give what was chosen, as a recipe of pairs reads it.

        Returns:
            Values by name, tables within tables.

        Examples:
            >>> PairedOptions(washout=5, class_weights="balanced").choices()
            {'washout': 5, 'labels': {'balanced': True}}
        """
        flat = {name: getattr(self, name) for name in ("washout", "initial_state", "missing", "irregular")}
        labels = {name: getattr(self, name) for name in ("minimum_duration", "hysteresis")}
        made: dict[str, Any] = {name: value for name, value in flat.items() if value is not None}
        known = {name: value for name, value in labels.items() if value is not None} | _weights(self.class_weights)
        return made | ({"labels": known} if known else {})


def _weights(text: str | None) -> dict[str, Any]:
    if text is None:
        return {}
    if text.strip() == "balanced":
        return {"balanced": True}
    pairs = [each.partition("=") for each in text.split(",")]
    try:
        return {"weights": {name.strip(): float(weight) for name, _, weight in pairs}}
    except ValueError:
        raise ArgumentError(
            f"`--class-weights` must be balanced, or weights of labels: got {text!r}. Write --class-weights a=3,b=1."
        ) from None


_TABLES = {
    "system": ("network", "equation"),
    **dict.fromkeys(("cell", "hidden_size", "num_layers", "linear_lags", "head"), ("network",)),
    **dict.fromkeys(
        ("epochs", "batch_size", "method", "engine", "learning_rate", "horizon", "input_noise", "watch_gradients"),
        ("training",),
    ),
}

AS_RECORDED = RecordOptions()
AS_USUAL = RecipeOptions()
UNPAIRED = PairedOptions()


def listed(text: str | None) -> tuple[str, ...]:
    """Take names apart that are joined by commas.

    Args:
        text: The names.

    Returns:
        The names; none for None.

    Examples:
        >>> listed("x, v"), listed(None)
        (('x', 'v'), ())
    """
    return tuple(name.strip() for name in text.split(",") if name.strip()) if text else ()


def units_of(texts: Sequence[str]) -> dict[str, str]:
    """Read units of the form `column=unit`.

    Args:
        texts: The assignments.

    Returns:
        Units by column.

    Raises:
        ArgumentError: If one is no assignment.

    Examples:
        >>> units_of(["x=rad", "v=rad/s"])
        {'x': 'rad', 'v': 'rad/s'}
    """
    pairs = [text.partition("=") for text in texts]
    for text, (name, equals, unit) in zip(texts, pairs, strict=True):
        if not (name.strip() and equals and unit.strip()):
            raise ArgumentError(
                f"`--unit` must name a column and its unit: expected column=unit, got {text!r}. Write --unit x=rad."
            )
    return {name.strip(): unit.strip() for name, _, unit in pairs}
