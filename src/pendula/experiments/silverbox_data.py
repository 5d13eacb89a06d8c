"""The Silverbox, an electronic Duffing oscillator, and its usual protocol."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from pendula.errors import DataError
from pendula.metrics import rmse
from pendula.series import read
from pendula.shapes import Float, ndarray

__all__ = ["RATE", "Silverbox", "read_silverbox", "silverbox_scores"]

RATE = 1e7 / 2**14
"""Sampling rate, in Hz."""
MULTISINE, ARROW = slice(40_650, 127_400), slice(100, 40_575)
"""Rows of the two experiments."""
KNOWN = 0.75
"""Share of the multisine that may be learned from; the rest tests."""
LEAST_ROWS = 127_400
SKIPPED = 50
"""Samples at the start of the multisine's test part that the protocol does not score."""
INSIDE = 32_000
"""Rows of the arrow whose amplitude does not exceed that of the multisine."""


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Silverbox:
    """Input and output in volts, each part by itself.

    Attributes:
        known: Rows of the multisine that may be learned from.
        multisine: Rows of the multisine that test.
        arrow: Rows of the arrow, noise of a growing amplitude, which only tests.
    """

    known: Float[ndarray, "known_row 2"]
    multisine: Float[ndarray, "row 2"]
    arrow: Float[ndarray, "arrow_row 2"]


def read_silverbox(file: str | Path) -> Silverbox:
    """Read the record.

    Args:
        file: A table with the columns V1, the input, and V2, the output, in volts.

    Returns:
        Its parts.

    Raises:
        DataError: If the file has other columns, or too few rows.

    References:
        T. Wigren and J. Schoukens, "Three free data sets for development and benchmarking in nonlinear system
        identification", European Control Conference (2013) 2933. Parts and scores: arXiv 2405.10779.
    """
    series = read(file)
    if not {"V1", "V2"} <= set(map(str, series.data_vars)):
        raise DataError(
            f"`data` must be the record of the Silverbox: expected the columns V1 and V2, got "
            f"{', '.join(map(str, series.data_vars))}. Name the file of the benchmark."
        )
    values = np.stack([series[name].values.astype(np.float64) for name in ("V1", "V2")], axis=1)
    if len(values) < LEAST_ROWS or not np.isfinite(values[:LEAST_ROWS]).all():
        raise DataError(
            f"`data` must be the whole record of the Silverbox: expected {LEAST_ROWS} whole rows, got {len(values)}. "
            "Name the file of the benchmark."
        )
    multisine = values[MULTISINE]
    cut = int(KNOWN * len(multisine))
    return Silverbox(known=multisine[:cut], multisine=multisine[cut:], arrow=values[ARROW])


def silverbox_scores(
    data: Silverbox, *, multisine: Float[ndarray, " row"], arrow: Float[ndarray, " arrow_row"]
) -> dict[str, float]:
    """Score what was told from the inputs of the two test parts, each from a state of rest.

    Args:
        data: The record.
        multisine: What was told of the multisine's test part, in volts.
        arrow: What was told of the arrow, in volts.

    Returns:
        Root mean square errors in mV: of the multisine without its first 50 samples and with all of them, of the first
        32 000 samples of the arrow, which do not extrapolate, and of all of it.
    """
    truth, arrow_truth = data.multisine[:, 1], data.arrow[:, 1]
    return {
        "multisine_mv": 1e3 * rmse(truth[SKIPPED:], multisine[SKIPPED:]),
        "multisine_all_mv": 1e3 * rmse(truth, multisine),
        "arrow_no_extrapolation_mv": 1e3 * rmse(arrow_truth[:INSIDE], arrow[:INSIDE]),
        "arrow_full_mv": 1e3 * rmse(arrow_truth, arrow),
    }
