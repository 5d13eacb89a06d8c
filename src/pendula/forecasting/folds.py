"""Calibration by leaving out: the same network, made again without each of several blocks of the known rows."""

from collections.abc import Sequence
from copy import deepcopy
from dataclasses import replace
from itertools import pairwise

import numpy as np

from pendula.forecasting.calibrating import calibrate, calibrate_across
from pendula.forecasting.learning import learn_side_by_side
from pendula.forecasting.preparation import Prepared, prepare
from pendula.nn import ReservoirForecaster
from pendula.runs import Calibration, Model, Recipe
from pendula.series.record import Record
from pendula.series.split import Part
from pendula.training import Trained, silent, solve_readouts

__all__ = ["calibrate_fit"]


def calibrate_fit(model: Model, prepared: Prepared, recipe: Recipe, trained: Trained) -> Calibration | None:
    """Measure the errors from which the intervals of a fit are made, as its recipe says.

    On the validation part the epoch was chosen, and it may be short. Folds use all rows that are known: each block of
    them is forecast by a network that was made without it. The readouts of reservoirs are solved for again;
    any other network is trained again, for as many epochs as were best.

    Args:
        model: The network of the fit.
        prepared: The record, its parts and values.
        recipe: Every choice.
        trained: What training came to.

    Returns:
        The errors by lead time; None where there are no rows for them.

    References:
        R. F. Barber, E. J. Candès, A. Ramdas and R. J. Tibshirani, "Predictive inference with the jackknife+", Annals
        of Statistics 49 (2021) 486, section 3: cross-validation.
    """
    parts = prepared.split
    if not recipe.folds:
        return calibrate(model, parts.validation) if len(parts.validation) else None
    blocks = _blocks(parts.train.parent, recipe.window, parts.validation.stop, recipe.folds)
    if isinstance(model.forecaster, ReservoirForecaster):
        made = [_solved_without(block, model, prepared, recipe) for block in blocks]
    else:
        made = _trained_without(blocks, model, recipe, epochs=max(1, trained.best_epoch))
    return calibrate_across(list(zip(made, blocks, strict=True)), model.scaler)


def _blocks(rows: Record, start: int, stop: int, count: int) -> list[Part]:
    # The first rows are the window of the first origin: windows reach back from their block.
    cuts = np.linspace(min(start, stop), stop, count + 1).round().astype(int).tolist()
    return [Part(parent=rows, start=start, stop=end) for start, end in pairwise(cuts)]


def _solved_without(block: Part, model: Model, prepared: Prepared, recipe: Recipe) -> Model:
    rows = _masked(block, prepared.split.validation.stop)
    forecaster = deepcopy(model.forecaster)
    assert isinstance(forecaster, ReservoirForecaster)
    solve_readouts(forecaster, prepared.values.numpy(), rows.segments, washout=recipe.training.washout)
    return replace(model, forecaster=forecaster)


def _trained_without(blocks: Sequence[Part], model: Model, recipe: Recipe, *, epochs: int) -> list[Model]:
    training = replace(recipe.training, epochs=epochs, watch_gradients=False)
    again = replace(
        recipe, test=0, test_from=None, validation=0, by="time", cut="rows", watch="validation", training=training
    )
    made = [prepare(_masked(block, blocks[-1].stop), again) for block in blocks]
    learned = learn_side_by_side(made, [again] * len(made), [silent] * len(made))
    return [
        replace(model, forecaster=trained.forecaster, scaler=each.scaler, controls=each.controls)
        for each, (trained, _) in zip(made, learned, strict=True)
    ]


def _masked(block: Part, stop: int) -> Record:
    # What is not to be seen is missing; no window covers it.
    known = block.parent.slice(0, stop)
    values = known.values.copy()
    values[block.start : block.stop] = np.nan
    return known.with_values(values)
