"""How a fit is made from a record: every choice, in plain values."""

from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from pendula.errors import ArgumentError
from pendula.nn import INTEGRATOR, RESERVOIRS, SOLVED, Network
from pendula.runs.build import build
from pendula.runs.presence import Missing, check_missing
from pendula.series.scaling import ScalerKind, ScalerLink
from pendula.training import Method, Training, method_for

__all__ = ["MAX_MEMBERS", "Recipe"]

USUAL_FOLDS, MAX_FOLDS = 5, 20
MAX_MEMBERS = 100
"""More networks than this are taken for a mistake."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Recipe:
    """Every choice that turns a record into a fit.

    Attributes:
        network: The architecture.
        training: How it is trained.
        window: Steps of known past that the network sees.
        scaling: How center and scale are found on the training part: standard when left out; none for a differential
            equation, which works in the units of the record.
        transform: Function applied before scaling: none, sqrt, log or asinh.
        test: Fraction of the record kept for the test, from its end.
        validation: Fraction of what remains, from its end.
        test_from: Time at which the test part starts, in place of a fraction.
        by: Cut rows, or keep whole trajectories together.
        cut: Whether the test fraction counts rows, or windows (as the lecture does: 950 windows of 1000 points).
        watch: The part whose errors are recorded in each epoch. Watching the test part leaks, and is allowed only where
            the last epoch is kept whatever the errors are.
        linear_penalty: Ridge penalty of the linear path; chosen on the validation part when None.
        baseline_lags: Memory of the linear baseline; chosen by Akaike's criterion when None.
        calibration_folds: Intervals are calibrated on as many blocks of all known rows, each forecast by a network that
            was made without it; 0 calibrates on the validation part. When None, 5 for reservoirs, whose readouts
            are solved for again, and 0 else.
        missing: What becomes of missing values of a target: a gap that no window covers; or a zero, or the last value
            known, beside which the network is shown whether there was one.
        irregular: Whether rows are steps whatever the time between them, which is then one more control.
        members: How many networks are trained, with seeds of their own; their median forecasts.
        seed: Of weights, order and noise; of several members that of the first, whom the others follow.

    Examples:
        >>> Recipe.from_dict(Recipe(window=20).to_dict()).window
        20
    """

    network: Network = field(default_factory=Network)
    training: Training = field(default_factory=Training)
    window: int = 50
    scaling: ScalerKind = None  # type: ignore[assignment] # the usual of the cell, put in below
    transform: ScalerLink = "none"
    test: float | int = 0.25
    validation: float | int = 0.2
    test_from: float | int | str | None = None
    by: Literal["time", "trajectory"] = "time"
    cut: Literal["rows", "windows"] = "rows"
    watch: Literal["validation", "test"] = "validation"
    linear_penalty: float | None = None
    baseline_lags: int | None = None
    calibration_folds: int | None = None
    missing: Missing = "gap"
    irregular: bool = False
    members: int = 1
    seed: int = 0

    def __post_init__(self) -> None:
        if self.scaling is None:
            object.__setattr__(self, "scaling", "none" if self.network.cell == INTEGRATOR else "standard")
        if not isinstance(self.window, int) or isinstance(self.window, bool) or self.window < 1:
            raise ArgumentError(f"`window` must be positive: expected 1 or more, got {self.window}. Count it in rows.")
        method_for(self.network, self.training)
        if self.network.linear_lags > self.window:
            raise ArgumentError(
                f"`linear_lags` must fit into the window: expected at most {self.window}, got "
                f"{self.network.linear_lags}. Lower it, or lengthen `window`."
            )
        if self.network.polynomial is not None and self.network.polynomial.memory > self.window:
            raise ArgumentError(
                f"`delays` must look back no further than the window: expected a memory of at most {self.window} steps,"
                f" got {self.network.polynomial.memory}. Lower `delays` or `stride`, or lengthen `window`."
            )
        if self.watch == "test" and (self.training.select_by != "last_epoch" or self.network.linear_lags):
            raise ArgumentError(
                "`watch` must be validation where errors choose something: expected select_by='last_epoch' and no "
                f"linear path, got '{self.training.select_by}' and {self.network.linear_lags} lags. The test part "
                "must not choose."
            )
        if self.baseline_lags is not None and not 1 <= self.baseline_lags <= self.window:
            raise ArgumentError(
                f"`baseline_lags` must fit into the window: expected 1 to {self.window}, got {self.baseline_lags}. "
                "Leave it out to have it chosen."
            )
        check_missing(self.missing)
        if self.network.cell == INTEGRATOR:
            _check_plain(self)
        _check_members(self)
        _check_folds(self)
        if self.linear_penalty is not None and not 0 <= self.linear_penalty < float("inf"):
            raise ArgumentError(
                f"`linear_penalty` must not be negative: expected a finite number, got {self.linear_penalty}. "
                "Leave it out to have it chosen."
            )
        if not isinstance(self.seed, int) or isinstance(self.seed, bool) or not 0 <= self.seed < 2**63:
            raise ArgumentError(
                f"`seed` must be a whole number: expected 0 or more and below 2⁶³, got {self.seed}. Choose another."
            )

    @property
    def folds(self) -> int:
        """Blocks that intervals are calibrated on; 0 for the validation part."""
        if self.calibration_folds is not None:
            return self.calibration_folds
        return USUAL_FOLDS if self.network.cell in RESERVOIRS and self.validation else 0

    @property
    def calibrated_on(self) -> str:
        """The rows that intervals are calibrated on, in words."""
        return f"{self.folds} blocks of the known rows" if self.folds else "the validation part"

    @property
    def method(self) -> Method:
        """What trains the network."""
        return method_for(self.network, self.training)

    def to_dict(self) -> dict[str, Any]:
        """Give the recipe as plain values.

        Returns:
            Nested dictionaries of numbers, texts, booleans and None.
        """
        return asdict(self)

    @classmethod
    def from_dict(cls, content: dict[str, Any]) -> "Recipe":
        """Make a recipe from what `to_dict` gave; keys that are left out take their defaults.

        Args:
            content: Nested dictionaries.

        Returns:
            The recipe.

        Raises:
            ConfigError: If a key is unknown, or a value has the wrong type.
        """
        return build(cls, content)


def _check_members(recipe: Recipe) -> None:
    if (
        not isinstance(recipe.members, int)
        or isinstance(recipe.members, bool)
        or not 1 <= recipe.members <= MAX_MEMBERS
    ):
        raise ArgumentError(
            f"`members` must be a whole number: expected 1 to {MAX_MEMBERS}, got {recipe.members}. Usual are 5."
        )
    if recipe.members > 1 and recipe.network.cell in SOLVED:
        raise ArgumentError(
            f"`members` must be 1 for the cell {recipe.network.cell}: got {recipe.members}. Reservoirs are "
            "several by themselves, and an equation has one solution."
        )
    if recipe.members > 1 and recipe.training.engine != "pendula":
        raise ArgumentError(
            f"`members` must be 1 where another tool trains: got {recipe.members} and the engine "
            f"{recipe.training.engine}. Leave the engine out."
        )


def _check_folds(recipe: Recipe) -> None:
    folds = recipe.calibration_folds
    if folds is None:
        return
    if not isinstance(folds, int) or isinstance(folds, bool) or not (folds == 0 or 2 <= folds <= MAX_FOLDS):
        raise ArgumentError(
            f"`calibration_folds` must be a number of blocks: expected 0, or 2 to {MAX_FOLDS}, got {folds}. "
            "Usual are 5."
        )
    if folds and recipe.network.cell == INTEGRATOR:
        raise ArgumentError(
            f"`calibration_folds` must be 0 for a differential equation, which is found in one stretch: got {folds}. "
            "Leave it out."
        )


def _check_plain(recipe: Recipe) -> None:
    for name, expected in _OF_EQUATIONS.items():
        if getattr(recipe, name) != expected:
            raise ArgumentError(
                f"`{name}` must be {expected} for a differential equation: got {getattr(recipe, name)}. It works in "
                "the units of the record; leave it out."
            )


_OF_EQUATIONS = {"scaling": "none", "transform": "none", "watch": "validation", "linear_penalty": None}
