"""A record on its way to training: targets, window, split, scaling, a fresh network."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
import xarray as xr

from pendula.errors import ArgumentError, DataError
from pendula.forecasting.controls import check_bridges, check_controls
from pendula.nn import INTEGRATOR, RESERVOIR, SOLVED, Cell, Forecaster, build, require_weights, seen_channels
from pendula.runs import Channels, Recipe, fingerprint, present_inputs
from pendula.series.controls import beside
from pendula.series.record import Record, column_names
from pendula.series.scaling import Scaler, ScalerKind, fit_scaler
from pendula.series.split import Part, Split, default_by, split
from pendula.series.windows import window_segments, windows_for
from pendula.shapes import Float, Int, Series, SeriesTensor, ndarray
from pendula.training import Validation, start_forecaster

__all__ = [
    "MOST_RUN_STEPS",
    "RESERVOIR_WINDOW",
    "Prepared",
    "choose_target",
    "default_by",
    "default_window",
    "gap_free",
    "prepare",
    "split_record",
    "window_cut",
]

DEFAULT_WINDOW = 50
RESERVOIR_WINDOW = 300
"""A reservoir starts from zeros, and forgets them only slowly."""
EQUATION_WINDOW = 100
"""The more noisy measurements there are, the better is the state known from which an equation runs on."""
MOST_RUN_STEPS = 500
"""Free runs on the validation part go at most so far."""


def choose_target(
    series: xr.Dataset, target: str | Sequence[str] | None, controls: str | Sequence[str] | None = None
) -> tuple[str, ...]:
    """Find the variables to learn.

    Args:
        series: Variables along `time`.
        target: The ones asked for; the only one when left out.
        controls: Variables that are known for the future, too; none of them is learned unless it is asked for.

    Returns:
        Their names.

    Raises:
        ArgumentError: If none is asked for and there are several.
    """
    if target is not None:
        return column_names(series, target)
    known = column_names(series, controls, argument="controls") if controls else ()
    names = tuple(name for name in column_names(series) if name not in known)
    if len(names) != 1:
        raise ArgumentError(
            f"`target` must be named where there are several columns: expected some of {', '.join(names)}, got none. "
            f"Write `--target {names[0]}`, or `--target {','.join(names)}` to learn them together."
        )
    return names


def default_window(
    rows: Record,
    *,
    test: float | int,
    validation: float | int,
    test_from: float | int | str | None = None,
    cell: Cell = "gru",
) -> int:
    """Choose a window for a record.

    Args:
        rows: The record.
        test: Fraction of the test part.
        validation: Fraction of the validation part of what remains.
        test_from: Time at which the test part starts, in place of its fraction.
        cell: The recurrent layer.

    Returns:
        50 steps, or 300 for a reservoir, 100 for an equation; or a quarter of what the longest gap-free stretch leaves
        for training, if that is less.

    Examples:
        >>> import numpy as np
        >>> from pendula.series import record
        >>> default_window(record(xr.Dataset({"x": ("time", np.arange(100.0))})), test=0.25, validation=0.2)
        15
    """
    if test_from is not None:
        test = len(split(rows, validation=0, test_from=test_from).test) / len(rows)
    usual = {RESERVOIR: RESERVOIR_WINDOW, INTEGRATOR: EQUATION_WINDOW}.get(cell, DEFAULT_WINDOW)
    return max(1, min(usual, int(rows.longest * (1 - test) * (1 - validation)) // 4))


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Prepared:
    """All that training needs of a record.

    Attributes:
        split: The three parts.
        scaler: Fitted on the training part.
        controls: What is known for the future, too, with its scale; None where there is nothing of the kind.
        values: The scaled record, in the training's precision; in float64 for networks that are solved for. Controls
            stand beside the values whose next ones they drive.
        validation: Windows that choose the epoch, or None.
        forecasters: Fresh networks with their scales and their linear path, one for each member; none for reservoirs or
            an equation, which are made when they are trained.
        fingerprint: Of the record and the recipe.
    """

    split: Split
    scaler: Scaler
    controls: Channels | None
    values: SeriesTensor
    validation: Validation | None
    forecasters: tuple[Forecaster, ...]
    fingerprint: str

    @property
    def forecaster(self) -> Forecaster | None:
        """The first of the fresh networks, if there are any."""
        return self.forecasters[0] if self.forecasters else None


def prepare(rows: Record, recipe: Recipe) -> Prepared:
    """Split and scale a record, and draw a network for it.

    Args:
        rows: The record.
        recipe: Every choice.

    Returns:
        All that training needs.

    Raises:
        ArgumentError: If the recipe does not suit the record.
        DataError: If a part is too short for a window.
        TooLargeError: If the weights of its networks do not fit in memory, as training holds them.
    """
    check_controls(rows, recipe)
    check_bridges(recipe)
    rows = replace(rows, bridged=recipe.missing != "gap")
    parts = split_record(rows, recipe)
    if len(parts.test):
        # A record that cannot be scored is refused before the training, not after it.
        window_segments(rows, parts.test.start, parts.test.stop, length=recipe.window, reach_back=True)
    scaler = fit_scaler(parts.train, kind=recipe.scaling, transform=recipe.transform)
    controls = _scaled_controls(parts.train, recipe.scaling)
    scaled = scaler.transform(rows.values)
    if controls is not None and rows.controls is not None:
        scaled = beside(scaled, controls.scaler.transform(rows.controls.values))
    scaled = _shown(rows, scaled, recipe)
    validation = _validation(parts, torch.from_numpy(scaled), recipe)
    is_solved = recipe.network.cell in SOLVED
    precision = getattr(torch, recipe.training.precision)
    seen = seen_channels(recipe.network, len(rows.names), scaled.shape[1] - len(rows.names))
    require_weights(recipe.network, seen, networks=recipe.members, dtype=precision)
    return Prepared(
        split=parts,
        scaler=scaler,
        controls=controls,
        values=torch.from_numpy(scaled).to(torch.float64 if is_solved else precision),
        validation=validation,
        forecasters=()
        if is_solved
        else tuple(
            _fresh(parts, scaled, validation, recipe, seed=recipe.seed + number) for number in range(recipe.members)
        ),
        fingerprint=fingerprint(rows, recipe),
    )


def _shown(rows: Record, scaled: Series, recipe: Recipe) -> Float[ndarray, "time column"]:
    # With something in the place of what is missing, and beside it whether it is known.
    if recipe.missing == "gap":
        return scaled
    channels = len(rows.names)
    shown = present_inputs(scaled[:, :channels], rows.blocks, missing=recipe.missing)
    return np.concatenate([shown[:, :channels], scaled[:, channels:], shown[:, channels:]], axis=1)


def _scaled_controls(train: Part, kind: ScalerKind) -> Channels | None:
    controls = train.record.controls
    return None if controls is None else Channels.of(controls, controls.names, fit_scaler(controls, kind))


def gap_free(part: Part) -> Int[ndarray, "segment 2"]:
    """Find the gap-free stretches of a part.

    Args:
        part: The part.

    Returns:
        Half-open row ranges of the record.
    """
    return part.parent.slice(part.start, part.stop).segments + part.start


def _fresh(parts: Split, scaled: Series, validation: Validation | None, recipe: Recipe, *, seed: int) -> Forecaster:
    channels = len(parts.train.parent.names)
    forecaster = build(recipe.network, channels, scaled.shape[1] - channels, seed=seed)
    start_forecaster(
        forecaster,
        scaled,
        gap_free(parts.train),
        validation=validation,
        select_by=recipe.training.select_by,
        penalty=recipe.linear_penalty,
    )
    return forecaster


def split_record(rows: Record, recipe: Recipe) -> Split:
    """Split a record as a recipe says.

    Args:
        rows: The record.
        recipe: Its `cut` counts rows, or windows as the lecture does.

    Returns:
        The three parts.

    Raises:
        ArgumentError: If the recipe does not suit the record.

    Examples:
        >>> import numpy as np
        >>> from pendula.series import record
        >>> rows = record(xr.Dataset({"x": ("time", np.arange(100.0))}))
        >>> split_record(rows, Recipe(window=20)).ranges
        {'train': (0, 60), 'validation': (60, 75), 'test': (75, 100)}
        >>> split_record(rows, Recipe(window=20, cut="windows", validation=0)).ranges
        {'train': (0, 80), 'test': (80, 100)}
    """
    if recipe.cut == "rows":
        return split(rows, test=recipe.test, validation=recipe.validation, test_from=recipe.test_from, by=recipe.by)
    windows, stop = len(rows) - recipe.window, window_cut(rows, recipe)
    if windows < 2 or stop <= recipe.window or len(rows.segments) > 1 or recipe.validation:
        raise ArgumentError(
            "`cut` must be rows for this record: windows are counted in one gap-free stretch that holds several of "
            "them, without a validation part. Leave `cut` out."
        )
    return Split(
        train=Part(parent=rows, start=0, stop=stop),
        validation=Part(parent=rows, start=stop, stop=stop),
        test=Part(parent=rows, start=stop, stop=len(rows)),
    )


def window_cut(rows: Record, recipe: Recipe) -> int:
    """Find where the test part starts if windows are counted as in the lecture: the first ⌊(1 − test) n⌋ of n train.

    Args:
        rows: The record.
        recipe: Its window and its fraction for the test.

    Returns:
        The first row of the test part.
    """
    return recipe.window + int((1 - recipe.test) * (len(rows) - recipe.window))


def _validation(parts: Split, scaled: SeriesTensor, recipe: Recipe) -> Validation | None:
    # Inputs may reach back into the training part: the past is known.
    part, window = (parts.test if recipe.watch == "test" else parts.validation), recipe.window
    if not len(part):
        return None
    leads = recipe.network.leads
    one_step = windows_for(part, length=window, horizon=leads, reach_back=True, values=scaled)
    steps = min(len(part) // 2, MOST_RUN_STEPS)
    try:
        runs = windows_for(part, length=window, horizon=steps, reach_back=True, values=scaled) if steps else None
    except DataError:  # gaps leave no stretch that long
        runs = None
    if runs is None and recipe.training.select_by == "free_run":
        raise DataError(
            "`validation` must be long enough to select by free runs: expected a gap-free stretch of "
            f"{max(steps, 1)} steps, got none. Select by one_step, or enlarge `validation`."
        )
    return Validation(window=window, one_step=one_step, free_run=runs)
