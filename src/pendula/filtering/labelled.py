"""A record of inputs and labels on its way to training: codes, pieces, a fresh network."""

from dataclasses import dataclass

import numpy as np
import torch
from scipy.special import log_softmax
from torch import Tensor

from pendula.errors import DataError
from pendula.filtering.preparation import channels_of, fresh_filter, scored, split_pairs, training_segments
from pendula.filtering.stretches import Stretches, stretches_for
from pendula.nn import CausalFilter
from pendula.optim import SOFTMAX, OutputLoss, weighted_softmax
from pendula.runs import Channels, PairedRecipe, fingerprint, present_inputs, run_segments
from pendula.series.labels import codes_of
from pendula.series.record import Record
from pendula.series.scaling import Scaler
from pendula.series.split import Split
from pendula.shapes import InputSeries, Int, ndarray
from pendula.training import Errors

__all__ = ["LabelledPairs", "prepare_labels"]


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class LabelledPairs:
    """All that training needs of a record of inputs and labels.

    Attributes:
        split: The three parts.
        inputs: The columns that are shown, with the scale of the training part.
        targets: The column of labels.
        shown: Scaled inputs of the whole record, as the network is shown them.
        codes: The class of each row, −1 where unknown.
        segments: Half-open row ranges of the training part; where each trajectory has one label, those with a label.
        whole: Whether each trajectory has one label.
        validation: Where the epoch is chosen, or None.
        network: A fresh network.
        loss: Of its outputs.
        fingerprint: Of the record and the recipe.
    """

    split: Split
    inputs: Channels
    targets: Channels
    shown: InputSeries
    codes: Int[ndarray, " time"]
    segments: Int[ndarray, "segment 2"]
    whole: bool
    validation: Stretches | None
    network: CausalFilter
    loss: OutputLoss
    fingerprint: str

    def to_tell(self) -> Tensor:
        """Give what the network is to tell.

        Returns:
            The class of each row, or of each trajectory of the training part.
        """
        return torch.from_numpy(self.codes[self.segments[:, 1] - 1] if self.whole else self.codes)

    def measure(self) -> Errors:
        """Measure the network on the validation part.

        Returns:
            The mean of −ln p of the true labels, in nats, and None: there is no free run beside it.
        """
        assert self.validation is not None
        told = run_segments(self.network, self.shown, self.validation.segments)
        rows = self.validation.settled_rows()
        loss = float(-log_softmax(told[rows], axis=1)[np.arange(len(rows)), self.codes[rows]].mean())
        return loss if np.isfinite(loss) else float("inf"), None


def prepare_labels(rows: Record, recipe: PairedRecipe) -> LabelledPairs:
    """Split and scale a record of labels, and draw a network for it.

    Args:
        rows: The record: the recipe's inputs, then the codes of the labels.
        recipe: Every choice.

    Returns:
        All that training needs.

    Raises:
        ArgumentError: If the recipe does not suit the record.
        DataError: If a part is too short, or a label appears in the validation or test part alone.
    """
    parts, count, name = split_pairs(rows, recipe), len(recipe.inputs), recipe.target[0]
    inputs, codes, whole = channels_of(parts.train, recipe.inputs, recipe), codes_of(rows, name), _is_whole(recipe)
    if whole:
        _check_constant(rows, codes, name)
    _check_seen(parts, codes, recipe)
    validation = scored(parts.validation, recipe, "validation") if len(parts.validation) else None
    if len(parts.test):
        # A record that cannot be scored is refused before the training, not after it.
        scored(parts.test, recipe, "test")
    scaled = inputs.scaler.transform(rows.values[:, :count])
    shown = present_inputs(scaled, rows.blocks, missing=recipe.missing)
    network = fresh_filter(recipe, shown.shape[1], len(recipe.labels.classes))
    if whole:
        network.readout.scored = "last"
    segments = _labelled_trajectories(parts, codes, recipe) if whole else training_segments(parts.train, recipe)
    seen = codes[segments[:, 1] - 1] if whole else codes[parts.train.start : parts.train.stop]
    counted = recipe.labels.counted(seen)
    return LabelledPairs(
        split=parts,
        inputs=inputs,
        targets=Channels(names=(name,), units=("",), scaler=_AS_THEY_ARE),
        shown=shown,
        codes=codes,
        segments=segments,
        whole=whole,
        validation=validation,
        network=network.to(getattr(torch, recipe.training.precision)),
        loss=SOFTMAX if counted is None else weighted_softmax(counted.tolist()),
        fingerprint=fingerprint(rows, recipe),
    )


_AS_THEY_ARE = Scaler(kind="none", link="none", center=np.zeros(1), scale=np.ones(1))


def _is_whole(recipe: PairedRecipe) -> bool:
    return recipe.task == "classify"


def _labelled_trajectories(
    parts: Split, codes: Int[ndarray, " time"], recipe: PairedRecipe
) -> Int[ndarray, "segment 2"]:
    own = stretches_for(parts.train, recipe).segments
    return np.asarray(own[codes[own[:, 1] - 1] >= 0])


def _check_constant(rows: Record, codes: Int[ndarray, " time"], name: str) -> None:
    for start, stop in rows.blocks:
        # A row that was put back for a missing sample has no label of its own.
        kinds = np.unique(codes[start:stop])
        if len(kinds[kinds >= 0]) > 1:
            which = "" if rows.trajectory is None else f" {rows.trajectory[start]}"
            raise DataError(
                f"`{name}` must be one label in each trajectory: got {len(kinds[kinds >= 0])} in trajectory{which}. "
                "Choose the task regimes for labels that change, or name the column of trajectories."
            )
        codes[start:stop] = kinds.max()


def _check_seen(parts: Split, codes: Int[ndarray, " time"], recipe: PairedRecipe) -> None:
    known = set(codes[parts.train.start : parts.train.stop].tolist())
    for part, name in ((parts.validation, "validation"), (parts.test, "test")):
        new = sorted(set(codes[part.start : part.stop].tolist()) - known - {-1})
        if new:
            labels = ", ".join(recipe.labels.classes[code] for code in new)
            raise DataError(
                f"`{recipe.target[0]}` must have every label in the training part: got {labels} in the {name} part "
                f"alone. {_MIX[recipe.task]}"
            )


_MIX = {
    "classify": "The last trajectories of the file are the test part; mix their order, or record more of that label.",
    "regimes": "The end of the record is the test part; record longer, or change `test`.",
}
