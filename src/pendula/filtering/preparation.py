"""A record of inputs and targets on its way to training: parts, scales, windows, a fresh filter."""

from collections.abc import Collection
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from pendula.errors import ArgumentError, DataError
from pendula.filtering.linear import SMALLEST_SCALE, choose_penalty, fit_linear_filter, run_linear
from pendula.filtering.stretches import Stretches, input_segments, stretches_for
from pendula.nn import CausalFilter, draw_filter, require_weights
from pendula.optim import SQUARED_ERROR, OutputLoss
from pendula.runs import Channels, PairedRecipe, fingerprint, present_inputs, run_segments
from pendula.series.record import Record
from pendula.series.scaling import fit_scaler
from pendula.series.split import Part, Split, default_by, split
from pendula.shapes import InputSeries, Int, TargetSeries, ndarray
from pendula.training import Errors

__all__ = [
    "Pairs",
    "channels_of",
    "default_window",
    "fresh_filter",
    "prepare_pairs",
    "scored",
    "split_pairs",
    "training_segments",
    "usual_recipe",
]

DEFAULT_WINDOW = 200
WASHOUT_SHARE = 4
"""A quarter of a window is its usual washout."""


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Pairs:
    """All that training needs of a record of inputs and targets.

    Attributes:
        split: The three parts.
        inputs: The columns that are shown, with the scale of the training part.
        targets: The columns to tell, with the scale of the training part.
        shown: Scaled inputs of the whole record, as the network is shown them.
        asked: Scaled targets of the whole record, NaN where unknown.
        segments: Half-open row ranges of the training part whose inputs are whole.
        validation: Where the epoch is chosen, or None.
        network: A fresh filter with its scale and its linear path.
        fingerprint: Of the record and the recipe.
    """

    split: Split
    inputs: Channels
    targets: Channels
    shown: InputSeries
    asked: TargetSeries
    segments: Int[ndarray, "segment 2"]
    validation: Stretches | None
    network: CausalFilter
    fingerprint: str

    @property
    def loss(self) -> OutputLoss:
        """The loss of the readout's outputs."""
        return SQUARED_ERROR

    def to_tell(self) -> Tensor:
        """Give what the readout is to tell: what the linear path leaves over, in units of the output scale.

        Returns:
            One row for each of the record, NaN where the target is unknown.
        """
        scale, path = self.network.output_scale.double().numpy(), self.network.linear
        known = 0.0 if path is None else run_linear(path, self.shown, self.segments)
        return torch.from_numpy((self.asked - known) / scale)

    def measure(self) -> Errors:
        """Measure the filter on the validation part.

        Returns:
            The root mean square error of its answers in scaled units, and None: there is no free run beside it.
        """
        assert self.validation is not None
        told = run_segments(self.network, self.shown, self.validation.segments)
        rows = self.validation.settled_rows()
        error = float(np.sqrt(np.square(told[rows] - self.asked[rows]).mean()))
        return error if np.isfinite(error) else float("inf"), None


def default_window(rows: Record, *, test: float | int, validation: float | int) -> int:
    """Choose the length of the pieces to learn from.

    Args:
        rows: The record.
        test: Fraction of the test part.
        validation: Fraction of the validation part of what remains.

    Returns:
        200 rows; or, if that is less, half of what the longest gap-free stretch leaves for training.
    """
    by_time = len(rows.blocks) < 3
    left = rows.longest * (1 - test) * (1 - validation) if by_time else rows.longest
    return max(2, min(DEFAULT_WINDOW, int(left) // (2 if by_time else 1)))


def usual_recipe(rows: Record, recipe: PairedRecipe, *, given: Collection[str] = ()) -> PairedRecipe:
    """Put what is usual for a record in the place of what was not chosen.

    Args:
        rows: The record.
        recipe: What was chosen.
        given: Names of the choices that were made; window, washout, initial_state, by and linear_lags are filled in
            otherwise.

    Returns:
        The recipe: a washout of a quarter of the window, none for a learned start; a linear path of a quarter, or as
        long as the washout; and a start at rest where there is a washout and no labels are told.
    """
    shown = rows.select(recipe.inputs)
    if recipe.missing != "gap":
        shown = replace(shown, segments=rows.blocks)
    window = (
        recipe.window
        if "window" in given
        else max(
            default_window(shown, test=recipe.test, validation=recipe.validation),
            recipe.washout + 1 if "washout" in given else 0,
        )
    )
    lags = recipe.washout if "washout" in given else window // WASHOUT_SHARE
    washout = 0 if recipe.initial_state == "learned" and "washout" not in given else lags
    if recipe.tells_labels:
        return _usual_labels(rows, recipe, window, washout, given=given)
    network = recipe.network if "linear_lags" in given else replace(recipe.network, linear_lags=max(1, lags))
    start = recipe.initial_state if "initial_state" in given or not washout else "rest"
    by = recipe.by if "by" in given else default_by(rows)
    return replace(recipe, window=window, washout=washout, network=network, initial_state=start, by=by)


def _usual_labels(
    rows: Record, recipe: PairedRecipe, window: int, washout: int, *, given: Collection[str]
) -> PairedRecipe:
    if recipe.task == "regimes":
        return replace(recipe, window=window, washout=washout)
    if "window" in given:
        raise ArgumentError(
            f"`window` must be left out where a trajectory has one label: got {recipe.window}. Each is learned whole."
        )
    return replace(recipe, window=max(2, int((rows.blocks[:, 1] - rows.blocks[:, 0]).max())))


def split_pairs(rows: Record, recipe: PairedRecipe) -> Split:
    """Split a record as a recipe says.

    Args:
        rows: The record.
        recipe: Its fractions.

    Returns:
        The three parts.
    """
    return split(rows, test=recipe.test, validation=recipe.validation, test_from=recipe.test_from, by=recipe.by)


def prepare_pairs(rows: Record, recipe: PairedRecipe) -> Pairs:
    """Split and scale a record, and draw a filter for it.

    Args:
        rows: The record: the recipe's inputs, then its targets.
        recipe: Every choice.

    Returns:
        All that training needs.

    Raises:
        ArgumentError: If the recipe does not suit the record.
        DataError: If a part is too short.
    """
    parts, count = split_pairs(rows, recipe), len(recipe.inputs)
    inputs, targets = (channels_of(parts.train, names, recipe) for names in (recipe.inputs, recipe.target))
    shown, asked = inputs.scaler.transform(rows.values[:, :count]), targets.scaler.transform(rows.values[:, count:])
    segments = training_segments(parts.train, recipe)
    validation = scored(parts.validation, recipe, "validation") if len(parts.validation) else None
    if len(parts.test):
        # A record that cannot be scored is refused before the training, not after it.
        scored(parts.test, recipe, "test")
    shown = present_inputs(shown, rows.blocks, missing=recipe.missing)
    network = fresh_filter(recipe, shown.shape[1], len(recipe.target))
    if network.linear is not None:
        _set_linear(network, shown, asked, segments, validation=validation, penalty=recipe.linear_penalty)
    return Pairs(
        split=parts,
        inputs=inputs,
        targets=targets,
        shown=shown,
        asked=asked,
        segments=segments,
        validation=validation,
        network=network.to(getattr(torch, recipe.training.precision)),
        fingerprint=fingerprint(rows, recipe),
    )


def fresh_filter(recipe: PairedRecipe, inputs: int, outputs: int) -> CausalFilter:
    """Draw the filter of a recipe.

    Args:
        recipe: Its architecture, start, washout and seed.
        inputs: Channels that it is shown.
        outputs: How many outputs it has.

    Returns:
        A filter in float32.

    Raises:
        TooLargeError: If its weights do not fit in memory, in the precision of the training.
    """
    require_weights(recipe.network, inputs, dtype=getattr(torch, recipe.training.precision))
    return draw_filter(
        recipe.network,
        inputs,
        outputs,
        seed=recipe.seed,
        washout=recipe.washout,
        initial_state=recipe.initial_state,
    )


def _set_linear(
    network: CausalFilter,
    shown: InputSeries,
    asked: TargetSeries,
    segments: Int[ndarray, "segment 2"],
    *,
    validation: Stretches | None,
    penalty: float | None,
) -> None:
    assert network.linear is not None
    lags = network.linear.lags
    if penalty is None:
        penalty = choose_penalty(shown, asked, segments, lags=lags, held_out=validation)
    known = fit_linear_filter(shown, asked, segments, lags=lags, penalty=penalty)
    network.linear.weight.copy_(torch.from_numpy(known.weight))
    network.linear.bias.copy_(torch.from_numpy(known.bias))
    network.output_scale.copy_(torch.from_numpy(np.maximum(known.rms, SMALLEST_SCALE)))


def channels_of(train: Part, names: tuple[str, ...], recipe: PairedRecipe) -> Channels:
    """Take columns of a record, with the scale of its training part.

    Args:
        train: The training part.
        names: The columns.
        recipe: How they are scaled.

    Returns:
        Names, units and scale.
    """
    own = train.parent.select(names)
    return Channels.of(own, names, fit_scaler(Part(parent=own, start=train.start, stop=train.stop), recipe.scaling))


def training_segments(train: Part, recipe: PairedRecipe) -> Int[ndarray, "segment 2"]:
    """Find where windows of the training part are cut from.

    Args:
        train: The training part.
        recipe: The recipe.

    Returns:
        Half-open row ranges.

    Raises:
        DataError: If none is as long as a window.
    """
    whole = input_segments(train.parent, inputs=len(recipe.inputs), gaps=recipe.missing == "gap")
    clipped = np.clip(whole, train.start, train.stop)
    segments = clipped[clipped[:, 1] > clipped[:, 0]]
    longest = int((segments[:, 1] - segments[:, 0]).max(initial=0))
    if longest < recipe.window:
        raise DataError(
            f"`window` must fit into the training part: expected at most {longest} rows, the longest stretch of inputs "
            f"without a gap, got {recipe.window}. Lower `window` and `washout`, or record more."
        )
    return np.asarray(segments)


def scored(part: Part, recipe: PairedRecipe, name: str) -> Stretches:
    """Find where to run for a part that is scored.

    Args:
        part: The part.
        recipe: The recipe.
        name: Of the part, for messages.

    Returns:
        The runs and the rows.

    Raises:
        DataError: If there is no row to score.
    """
    found = stretches_for(part, recipe)
    if not len(found.rows):
        raise DataError(
            f"`{name}` must have rows whose inputs and targets are known: expected one at least, got none of "
            f"{len(part)}. Fill the gaps with `--gaps fill`, or enlarge `{name}`."
        )
    return found
