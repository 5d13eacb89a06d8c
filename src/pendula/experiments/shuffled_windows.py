"""The split of the lecture's second Keras example: overlapping windows, dealt out at random. It leaks."""

from dataclasses import dataclass

import numpy as np
import torch

from pendula.forecasting import Predictor, predict_from
from pendula.forecasting.learning import foreign_for
from pendula.nn import build
from pendula.runs import Fit, Model, Recipe
from pendula.series import Record
from pendula.series.scaling import fit_scaler
from pendula.series.split import Part
from pendula.series.windows import Windows
from pendula.shapes import Int, Series, ndarray
from pendula.training import Listener, Validation, train

__all__ = ["HeldOut", "fit_shuffled", "one_step_errors"]

TEST_SHARE = 0.2


@dataclass(frozen=True, slots=True, eq=False)
class HeldOut:
    """Rows that a network is scored on.

    Attributes:
        rows: The rows, in order.
    """

    rows: Int[ndarray, " row"]

    @classmethod
    def of_part(cls, part: Part) -> "HeldOut":
        """Hold a part out.

        Args:
            part: The part.

        Returns:
            All of its rows.
        """
        return cls(np.arange(part.start, part.stop))


def one_step_errors(predictor: Predictor, rows: Record, held_out: HeldOut) -> Series:
    """Measure how wrong a predictor is on the rows that were held out.

    Args:
        predictor: The predictor.
        rows: The record.
        held_out: The rows.

    Returns:
        Prediction minus truth, in the record's units.
    """
    predictions: Series = predict_from(predictor, rows.values, held_out.rows, steps=1)[:, 0]
    errors: Series = predictions - rows.values[held_out.rows]
    return errors


def fit_shuffled(rows: Record, recipe: Recipe, *, listener: Listener) -> tuple[Fit, HeldOut]:
    """Fit a network to four fifths of all windows, drawn at random, with the scaling of the whole record.

    Args:
        rows: A record without gaps.
        recipe: Network, training, window and seed; without a test and a validation part, since rows are in both.
        listener: Hears the training's events.

    Returns:
        The fit, whose history is watched on the windows that were held out, and the rows that these predict.
    """
    window = recipe.window
    scaler = fit_scaler(rows, kind=recipe.scaling)
    scaled = torch.from_numpy(scaler.transform(rows.values))
    kept, held_out = _deal(len(rows) - window, seed=recipe.seed)
    values = scaled.to(getattr(torch, recipe.training.precision))
    trained = train(
        build(recipe.network, len(rows.names), seed=recipe.seed),
        _windows(values, kept, window),
        recipe.training,
        window=window,
        seed=recipe.seed,
        validation=Validation(window=window, one_step=_windows(scaled, held_out, window), free_run=None),
        listener=listener,
        foreign=foreign_for(recipe.training),
    )
    made = Fit(
        model=Model.of(rows, trained.forecaster, scaler=scaler, window=window),
        record=rows,
        train_stop=len(rows),
        validation_stop=len(rows),
        recipe=recipe,
        history=trained.history,
        best_epoch=trained.best_epoch,
        outcome=trained.outcome,
        seconds=trained.seconds,
        notes=("Windows were dealt out to training and test at random, as in the lecture: its scores leak.",),
    )
    return made, HeldOut(held_out + window)


def _deal(count: int, *, seed: int) -> tuple[Int[ndarray, " kept"], Int[ndarray, " held"]]:
    # As scikit-learn's train_test_split deals with the same number as `random_state`.
    order = np.random.RandomState(seed).permutation(count)  # its generator is the lecture's
    held = int(np.ceil(TEST_SHARE * count))
    return np.sort(order[held:]), np.sort(order[:held])


def _windows(values: torch.Tensor, starts: Int[ndarray, " window"], window: int) -> Windows:
    return Windows(values, np.stack([starts, starts + window + 1], axis=1), length=window + 1)
