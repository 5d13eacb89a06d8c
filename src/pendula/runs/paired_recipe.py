"""How a fit that tells targets from inputs is made: every choice, in plain values."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from typing import Any, Literal, TypeAlias, get_args

from pendula.errors import ArgumentError, did_you_mean
from pendula.nn import CELLS, InitialState, Network
from pendula.runs.build import build
from pendula.runs.labels import NO_LABELS, Labels
from pendula.runs.presence import Missing, check_missing
from pendula.runs.recipe import Recipe
from pendula.series.scaling import ScalerKind
from pendula.training import Training

__all__ = ["PairedRecipe", "PairedTask"]

PairedTask: TypeAlias = Literal["filter", "classify", "regimes"]


@dataclass(frozen=True, kw_only=True, slots=True)
class PairedRecipe:
    """Every choice that turns a record of inputs and targets into a fit.

    Attributes:
        inputs: Names of the columns that are shown.
        target: Names of the columns to tell from them.
        task: What is told: filter, the targets of every row from the inputs up to it; classify, one label for each
            trajectory; regimes, a label for every row.
        network: The architecture; `linear_lags` is the length of a linear filter of the inputs beside it. What is added
            to a forecaster (residual, increments, leads) is left as it is.
        training: How it is trained.
        window: Rows of a piece to learn from; each starts from a state of zeros, or from the learned one.
        washout: Rows at the start of a piece that are not scored; the scored part of the record is run up to over as
            many rows, if it has them before it.
        initial_state: The network's state before a run begins: zeros; rest, what it settles to while the inputs stand
            still at their mean, for a network whose washout is not scored; or learned with it, for one that is scored
            from the first row.
        scaling: How centers and scales are found on the training part.
        test: Fraction of the record kept for the test, from its end.
        validation: Fraction of what remains, from its end.
        test_from: Time at which the test part starts, in place of a fraction.
        by: Cut rows, or keep whole trajectories together.
        linear_penalty: Ridge penalty of the linear filter; chosen on the validation part when None.
        seed: Of weights and order.
        labels: The labels that are told, how much each counts, and when a regime is told to have ended.
        missing: What becomes of missing inputs: a gap, after which a run starts anew; or a zero, or the last value
            known, beside which a further input says whether there was one.
        irregular: Whether rows are steps whatever the time between them, which the network is shown as one more input.

    Examples:
        >>> recipe = PairedRecipe(inputs=("u",), target=("y",), window=100, washout=20)
        >>> PairedRecipe.from_dict(recipe.to_dict()) == recipe
        True
    """

    inputs: tuple[str, ...]
    target: tuple[str, ...]
    task: PairedTask = "filter"
    network: Network = field(default_factory=Network)
    training: Training = field(default_factory=Training)
    window: int = 200
    washout: int = 50
    initial_state: InitialState = "zeros"
    scaling: ScalerKind = "standard"
    test: float | int = 0.25
    validation: float | int = 0.2
    test_from: float | int | str | None = None
    by: Literal["time", "trajectory"] = "time"
    linear_penalty: float | None = None
    seed: int = 0
    labels: Labels = NO_LABELS
    missing: Missing = "gap"
    irregular: bool = False

    def __post_init__(self) -> None:
        _check_columns(self.inputs, self.target)
        _check_network(self.network)
        _check_labels(self)
        _check_training(self.training)
        if not _is_whole(self.window) or self.window < 2:
            raise ArgumentError(f"`window` must hold rows: expected 2 or more, got {self.window}. Count it in rows.")
        if not _is_whole(self.washout) or not 0 <= self.washout < self.window:
            raise ArgumentError(
                f"`washout` must leave rows of a window to score: expected 0 to {self.window - 1}, got {self.washout}. "
                "Lower it, or lengthen `window`."
            )
        _check_start(self)
        if self.linear_penalty is not None and not 0 <= self.linear_penalty < float("inf"):
            raise ArgumentError(
                f"`linear_penalty` must not be negative: expected a finite number, got {self.linear_penalty}. "
                "Leave it out to have it chosen."
            )
        if not _is_whole(self.seed) or not 0 <= self.seed < 2**63:
            raise ArgumentError(
                f"`seed` must be a whole number: expected 0 or more and below 2⁶³, got {self.seed}. Choose another."
            )

    @property
    def tells_labels(self) -> bool:
        """Whether labels are told, and no quantities."""
        return self.task != "filter"

    @property
    def columns(self) -> tuple[str, ...]:
        """Inputs and targets, in the order of the record's channels."""
        return (*self.inputs, *self.target)

    def to_dict(self) -> dict[str, Any]:
        """Give the recipe as plain values.

        Returns:
            Nested dictionaries of numbers, texts, booleans and None.
        """
        return asdict(self)

    @classmethod
    def from_dict(cls, content: dict[str, Any]) -> "PairedRecipe":
        """Make a recipe from what `to_dict` gave; keys that are left out take their defaults.

        Args:
            content: Nested dictionaries.

        Returns:
            The recipe.

        Raises:
            ArgumentError: If a choice is one of a forecaster alone.
            ConfigError: If a key is unknown, or a value has the wrong type.
        """
        for name, value in content.items():
            if name in _FORECASTERS_ALONE:
                raise ArgumentError(_not_here(name, value))
        return build(cls, content)


_FORECASTERS_ALONE = frozenset(Recipe.__dataclass_fields__) - frozenset(PairedRecipe.__dataclass_fields__)


def _check_columns(inputs: tuple[str, ...], target: tuple[str, ...]) -> None:
    for name, columns in (("input", inputs), ("target", target)):
        if not columns:
            raise ArgumentError(f"`{name}` must name a column: expected one at least, got none. Name it.")
        if len(set(columns)) < len(columns):
            raise ArgumentError(f"`{name}` must name different columns: got {', '.join(columns)}. Name each once.")
    both = [name for name in target if name in inputs]
    if both:
        raise ArgumentError(
            f"`target` must not be an input, too: got {both[0]} on both sides. A network that is shown {both[0]} has "
            "nothing to tell; leave it out of the inputs, or forecast it."
        )


def _check_network(network: Network) -> None:
    if network.cell not in CELLS:
        raise ArgumentError(
            f"`cell` must be one that is trained where inputs are given: expected {', '.join(CELLS)}, got "
            f"{network.cell}. Choose one of them."
        )
    _check_usual(
        network, Network(cell=network.cell), ("dropout", "leads", "residual", "increments", "head", "components")
    )


def _check_labels(recipe: PairedRecipe) -> None:
    if recipe.task not in get_args(PairedTask):
        raise ArgumentError(
            f"`task` must be a known one: expected {', '.join(get_args(PairedTask))}, got {recipe.task}."
            + did_you_mean(recipe.task, get_args(PairedTask))
        )
    check_missing(recipe.missing)
    if not recipe.tells_labels:
        if recipe.labels != NO_LABELS:
            raise ArgumentError(
                "`labels` must go with a task that tells labels: got settings of labels and the task filter. "
                "Choose the task classify or regimes, or leave them out."
            )
        return
    if len(recipe.target) > 1:
        raise ArgumentError(
            f"`target` must be one column of labels: got {', '.join(recipe.target)}. Train a fit for each."
        )
    if recipe.network.linear_lags:
        raise ArgumentError(
            f"`linear_lags` must be 0 where labels are told: got {recipe.network.linear_lags}. Leave it out."
        )
    if recipe.task == "classify":
        _check_classify(recipe)


def _check_classify(recipe: PairedRecipe) -> None:
    for name, usual in (("minimum_duration", 1), ("hysteresis", 0.0)):
        if (value := getattr(recipe.labels, name)) != usual:
            raise ArgumentError(
                f"`{name}` must be left out where a trajectory has one label: got {value}. Choose the task regimes."
            )
    if recipe.by != "trajectory":
        raise ArgumentError(
            f"`by` must be trajectory where each has one label: got {recipe.by}. A part must hold whole trajectories."
        )
    if recipe.washout:
        raise ArgumentError(
            f"`washout` must be 0 where a trajectory has one label: got {recipe.washout}. Its last row alone is read."
        )


def _check_start(recipe: PairedRecipe) -> None:
    if recipe.initial_state not in get_args(InitialState):
        raise ArgumentError(
            f"`initial_state` must be a known start: expected {', '.join(get_args(InitialState))}, got "
            f"{recipe.initial_state}." + did_you_mean(recipe.initial_state, get_args(InitialState))
        )
    if recipe.initial_state == "rest" and not recipe.washout:
        raise ArgumentError(
            "`initial_state` must be zeros or learned where pieces are scored from their first row: got rest and a "
            "washout of 0. The network learns to start from zeros, or from what it learns."
        )
    if recipe.initial_state == "learned" and recipe.washout:
        raise ArgumentError(
            f"`washout` must be 0 for a learned start: got {recipe.washout}. Where the first rows are not scored, "
            "nothing is learned of the start."
        )


def _check_training(training: Training) -> None:
    if training.method not in {None, "adam", "adamw", "nesterov"}:
        raise ArgumentError(
            f"`method` must be one along the gradient where inputs are given: expected adam, adamw or nesterov, got "
            f"{training.method}. Choose one of them."
        )
    if training.select_by == "free_run":
        raise ArgumentError(_not_here("select_by", "free_run"))
    _check_usual(training, Training(), _OF_FORECASTERS)


_OF_FORECASTERS = (
    "loss", "washout", "horizon", "curriculum", "teacher_forcing_start", "teacher_forcing_end", "input_noise",
    "carry_state", "engine", "watch_gradients",
)  # fmt: skip


def _check_usual(settings: object, usual: object, names: Iterable[str]) -> None:
    for name in names:
        if getattr(settings, name) != getattr(usual, name):
            raise ArgumentError(_not_here(name, getattr(settings, name)))


def _not_here(name: str, value: object) -> str:
    return (
        f"`{name}` must be left out where inputs are given: got {value}. It is a choice of forecasts, and the targets "
        "are told from the inputs alone."
    )


def _is_whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)
