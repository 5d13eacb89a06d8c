"""The picture of a benchmark."""

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from pendula.benchmark import ANCHOR
from pendula.figures import draw_seconds, draw_speedups, style
from pendula.figures.canvas import new_figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure

CELLS = ("rnn", "gru", "lstm")
TASKS = {"step": "step", "forward": "forward", "tangent": "tangent", "free_run": "free run"}
NAMES = {"pendula": "Pendula", "pendula epoch": "Pendula, in epochs", "torch": "torch", "jax": "JAX", "keras": "Keras"}
SHAPE = ("batch", "time", "hidden_size", "num_layers")
_HALVES = {"A step of training": ("step",), "The other passes": ("forward", "tangent", "free_run")}


def speed_figure(content: Mapping[str, Any]) -> "Figure":
    """Draw a benchmark: the usual shape in both precisions, and the ratios to torch over all shapes.

    Args:
        content: What `Report.to_dict` gives.

    Returns:
        A figure of four panels.
    """
    rows = content["rows"]
    threads = max(row["threads"] for row in rows)
    with style():
        figure = new_figure(width=9.0, height=6.6)
        panels = figure.subplots(2, 2, height_ratios=(1.0, 1.25))
        for panel, precision in zip(panels[0], ("float32", "float64"), strict=True):
            usual = [
                row for row in rows if is_usual(row) and (row["precision"], row["threads"]) == (precision, threads)
            ]
            if usual:
                draw_seconds(_seconds(usual), bound=_bounds(usual), title=_title(precision, threads), axes=panel)
            else:
                panel.set_axis_off()
        for panel, (title, tasks) in zip(panels[1], _HALVES.items(), strict=True):
            ratios = _ratios([row for row in rows if row["task"] in tasks], by=tasks[0])
            if ratios:
                shapes = sum(map(len, ratios.values()))
                draw_speedups(ratios, title=f"{title}: {shapes} shapes, medians at the right", axes=panel)
            else:
                panel.set_axis_off()
    return figure


def is_usual(row: Mapping[str, Any]) -> bool:
    """Say whether a row is a step of training on the shape that most figures are quoted for.

    Args:
        row: Of `Report.to_dict`.

    Returns:
        Whether it is.
    """
    return row["task"] == "step" and all(row[name] == getattr(ANCHOR, name) for name in SHAPE)


def _title(precision: str, threads: int) -> str:
    shape = f"batch {ANCHOR.batch}, {ANCHOR.time} steps, {ANCHOR.hidden_size} × {ANCHOR.num_layers} units"
    return f"{precision}: {shape}" + ("" if threads == 1 else f", {threads} threads")


def _seconds(rows: Iterable[Mapping[str, Any]]) -> dict[str, dict[str, float]]:
    return {
        row["cell"].upper(): {NAMES[name]: spread["median"] for name, spread in row["seconds"].items()} for row in rows
    }


def _bounds(rows: Iterable[Mapping[str, Any]]) -> dict[str, float]:
    return {
        row["cell"].upper(): row["seconds"]["pendula"]["median"] * row["gemm_share"]["median"]
        for row in rows
        if row["gemm_share"]
    }


def _ratios(rows: Sequence[Mapping[str, Any]], *, by: str) -> dict[str, Any]:
    found: dict[str, list[float]] = {}
    for row in sorted(rows, key=lambda row: (CELLS.index(row["cell"]), list(TASKS).index(row["task"]))):
        what = row["precision"] if by == "step" else TASKS[row["task"]]
        found.setdefault(f"{row['cell'].upper()} {what}", []).append(row["faster"]["torch"]["median"])
    return {label: np.array(ratios) for label, ratios in found.items()}
