"""A trained filter with all that it takes to use it on data in physical units."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from scipy.special import softmax

from pendula.nn import CausalFilter
from pendula.runs.channels import Channels
from pendula.runs.labels import NO_LABELS, Labels
from pendula.runs.paired_recipe import PairedTask
from pendula.runs.presence import Missing, present_inputs
from pendula.series.axis import TimeAxis
from pendula.shapes import Float, Int, Series, ndarray

__all__ = ["PairedModel", "run_segments"]

MOST_STATES = 2**22
"""States that a batch of stretches holds at most, so that memory stays bounded."""


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class PairedModel:
    """A causal filter, and the columns that it leads from and to.

    Attributes:
        network: The trained filter.
        inputs: The columns that it is shown.
        targets: The columns that it tells.
        axis: Time axis of the record it was trained on, whose step is the network's.
        window: Rows of the pieces it learned from.
        washout: Rows that a run needs before its answers count.
        task: What is told.
        labels: The labels, where such are told.
        missing: What becomes of missing inputs.
        irregular: Whether rows are steps whatever the time between them.
    """

    network: CausalFilter
    inputs: Channels
    targets: Channels
    axis: TimeAxis
    window: int
    washout: int
    task: PairedTask = "filter"
    labels: Labels = NO_LABELS
    missing: Missing = "gap"
    irregular: bool = False

    def run(self, inputs: Series, segments: Int[ndarray, "segment 2"] | None = None) -> Float[ndarray, "time target"]:
        """Tell the targets of every row from the inputs up to it, from the network's initial state.

        Args:
            inputs: The inputs in physical units.
            segments: Half-open row ranges without a gap, each of which starts anew; all rows when left out.

        Returns:
            The targets in physical units, NaN outside the segments.
        """
        return self.targets.scaler.inverse(self._outputs(inputs, segments))

    def probabilities(
        self, inputs: Series, segments: Int[ndarray, "segment 2"] | None = None
    ) -> Float[ndarray, "time class"]:
        """Tell how probable each label is in every row, from the inputs up to it and the initial state.

        Args:
            inputs: The inputs in physical units.
            segments: Half-open row ranges, each of which starts anew; all rows when left out.

        Returns:
            Probabilities, NaN outside the segments. Where classes were weighted in training, they are those of a
            record in which each comes so much more often.
        """
        return np.asarray(softmax(self._outputs(inputs, segments), axis=1))

    def _outputs(self, inputs: Series, segments: Int[ndarray, "segment 2"] | None) -> Float[ndarray, "time output"]:
        ranges = np.array([[0, len(inputs)]]) if segments is None else segments
        shown = present_inputs(self.inputs.scaler.transform(inputs), ranges, missing=self.missing)
        return run_segments(self.network.eval(), shown, ranges)


def run_segments(
    network: CausalFilter, inputs: Series, segments: Int[ndarray, "segment 2"]
) -> Float[ndarray, "time output"]:
    """Run a filter over the stretches of a series, many at once where there are many.

    Args:
        network: The filter.
        inputs: Scaled inputs; only rows within the segments are looked at.
        segments: Half-open row ranges without a gap, each of which starts from the network's initial state.

    Returns:
        Scaled outputs, NaN outside the segments.
    """
    told = np.full((len(inputs), network.outputs), np.nan)
    device = network.output_scale.device
    with torch.no_grad():
        for ranges in _batches(segments, width=max(network.inputs, network.readout.recurrent.hidden_size)):
            lengths = ranges[:, 1] - ranges[:, 0]
            padded = np.zeros((len(ranges), int(lengths.max()), network.inputs))
            for row, (start, stop) in zip(padded, ranges, strict=True):
                row[: stop - start] = inputs[start:stop]
            counts = None if len(ranges) == 1 else torch.from_numpy(lengths)
            made = network(torch.from_numpy(padded).to(device), counts).cpu().numpy()
            for row, (start, stop) in zip(made, ranges, strict=True):
                told[start:stop] = row[: stop - start]
    return told


def _batches(segments: Int[ndarray, "segment 2"], *, width: int) -> Iterator[Int[ndarray, "batch 2"]]:
    # Stretches of like length side by side, the longest first.
    lengths = segments[:, 1] - segments[:, 0]
    order = np.argsort(-lengths, kind="stable")
    order = order[lengths[order] > 0]
    first = 0
    while first < len(order):
        count = max(1, MOST_STATES // (int(lengths[order[first]]) * width))
        yield segments[order[first : first + count]]
        first += count
