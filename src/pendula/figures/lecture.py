"""Whole figures: an experiment with several networks on nine panels, one with an oscillator on six."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from jaxtyping import Float, Shaped
from numpy import ndarray

from pendula.errors import ArgumentError
from pendula.figures.annotations import draw_legend
from pendula.figures.canvas import new_figure
from pendula.figures.curves import draw_curves
from pendula.figures.histogram import draw_error_histogram
from pendula.figures.losses import draw_losses
from pendula.figures.phase import draw_phase_portrait
from pendula.figures.scores import draw_scores
from pendula.figures.series import draw_series
from pendula.figures.style import CLOCK, VALUE, Quantity, Stroke, plain, shorten, strokes, style
from pendula.figures.summary import draw_summary

if TYPE_CHECKING:
    import matplotlib.axes
    import matplotlib.figure

__all__ = ["PredictorCurves", "lecture_oscillator_figure", "lecture_sine_figure"]

_ONE_STEP = (0, (1, 2))
"""One-step predictions are dotted where a free run of the same color stands beside them."""

_OSCILLATOR = (Quantity(name="x", unit="m"), Quantity(name="v", unit="m/s"))


@dataclass(frozen=True, kw_only=True, slots=True)
class PredictorCurves:
    """What one network or baseline gives to a figure.

    Attributes:
        one_step: Its one-step predictions on the test part, in physical units.
        free_run: Its free run over the test part, in physical units.
        losses: For networks: the losses by part, one an epoch.
        best_epoch: For networks: the epoch whose weights were kept, counted from 1.

    Examples:
        >>> PredictorCurves(one_step=np.zeros(3), free_run=np.zeros(3)).best_epoch
    """

    one_step: Float[ndarray, " test"]
    free_run: Float[ndarray, " test"]
    losses: Mapping[str, Sequence[float | None]] = field(default_factory=dict)
    best_epoch: int | None = None


def lecture_sine_figure(
    time: Shaped[ndarray, " time"],
    values: Float[ndarray, " time"],
    *,
    parts: Mapping[str, tuple[int, int]],
    networks: Mapping[str, PredictorCurves],
    baselines: Mapping[str, PredictorCurves],
    scores: Mapping[str, Any],
    quantity: Quantity = VALUE,
    clock: Quantity = CLOCK,
    noise_floor: float | None = None,
) -> "matplotlib.figure.Figure":
    """Draw an experiment with several networks: nine panels where there are three of them.

    Above: series and split, one-step errors, all scores. Middle: the learning curves of each network. Below: one-step
    predictions and free run of each network over the test part.

    Args:
        time: Of the whole record.
        values: The whole record.
        parts: Half-open row ranges of "train", "validation" and "test".
        networks: What each network gives.
        baselines: What each baseline gives.
        scores: As for `draw_scores`.
        quantity: Name and unit of the values.
        clock: Name and unit of the time.
        noise_floor: The RMSE that no predictor can undercut; None where it is not known.

    Returns:
        The figure.

    Raises:
        ArgumentError: If there is no network, or no test part.

    Examples:
        >>> time = np.arange(8.0)
        >>> flat = PredictorCurves(one_step=np.zeros(4), free_run=np.zeros(4), losses={"train": [1.0, 0.5]})
        >>> scores = {"models": {"rnn": {"rmse": 0.7, "free_run_rmse": 0.7}}}
        >>> figure = lecture_sine_figure(
        ...     time, np.sin(time), parts={"train": (0, 4), "test": (4, 8)}, networks={"rnn": flat}, baselines={},
        ...     scores=scores)
        >>> [axes.get_title(loc="left") for axes in figure.axes]
        ['Series and split', 'One-step errors', 'Networks and baselines', 'rnn: learning curves', 'rnn: test part']
    """
    test = _test_rows(parts, networks)
    truth = values[test]
    lines = strokes([*networks, *baselines])
    with style():
        figure = new_figure(width=max(11.0, 3.6 * len(networks)), height=8.4)
        rows = figure.add_gridspec(3, 1)
        top = rows[0].subgridspec(1, 3)
        draw_series(time, values, quantities=(quantity,), clock=clock, parts=parts, axes=figure.add_subplot(top[0]))
        shown = {name: curves.one_step - truth for name, curves in {**networks, **_only(baselines, "linear")}.items()}
        draw_error_histogram(shown, quantity=_error_of(quantity), axes=figure.add_subplot(top[1]))
        rmse = Quantity(name="RMSE", unit=quantity.unit)
        draw_scores(scores, quantity=rmse, noise_floor=noise_floor, axes=figure.add_subplot(top[2]))
        middle, bottom = (row.subgridspec(1, len(networks)) for row in (rows[1], rows[2]))
        learning = [figure.add_subplot(middle[column]) for column in range(len(networks))]
        tests = [figure.add_subplot(bottom[column]) for column in range(len(networks))]
        for column, (name, curves) in enumerate(networks.items()):
            _draw_learning(learning[column], name, curves)
            _draw_test(tests[column], name, curves, time=time[test], truth=truth, stroke=lines[name], clock=clock)
            tests[column].set_ylabel(quantity.label)
        _align(learning)
        _align(tests)
        return figure


def lecture_oscillator_figure(
    time: Shaped[ndarray, " time"],
    states: Float[ndarray, "time 2"],
    *,
    parts: Mapping[str, tuple[int, int]],
    networks: Mapping[str, PredictorCurves],
    baselines: Mapping[str, PredictorCurves],
    summary: Mapping[str, str],
    quantities: tuple[Quantity, Quantity] = _OSCILLATOR,
    clock: Quantity = CLOCK,
) -> "matplotlib.figure.Figure":
    """Draw an experiment with an oscillator on six panels.

    Solution and split, phase space, learning curves; free runs of networks and baselines, one-step errors, summary.

    Args:
        time: Of the whole record.
        states: Position and velocity.
        parts: Half-open row ranges of "train", "validation" and "test".
        networks: What each network gives: the position. The first one's learning curves and path are drawn.
        baselines: What each baseline gives: the position.
        summary: Names and values for the panel of text.
        quantities: Names and units of position and velocity.
        clock: Name and unit of the time.

    Returns:
        The figure. Velocities of free runs are differences of their positions.

    Raises:
        ArgumentError: If there is no network, or no test part.

    Examples:
        >>> time = np.arange(8.0)
        >>> flat = PredictorCurves(one_step=np.zeros(4), free_run=np.zeros(4), losses={"train": [1.0, 0.5]})
        >>> figure = lecture_oscillator_figure(
        ...     time, np.stack([np.sin(time), np.cos(time)], axis=1), parts={"train": (0, 4), "test": (4, 8)},
        ...     networks={"lstm": flat}, baselines={}, summary={"network": "lstm"})
        >>> len(figure.axes)
        6
    """
    test = _test_rows(parts, networks)
    truth = states[test, 0]
    position = quantities[0]
    predictors = {**networks, **baselines}
    name, first = next(iter(networks.items()))
    with style():
        figure = new_figure(width=11.0, height=6.2)
        panels = figure.subplots(2, 3).ravel()
        draw_series(
            time, states[:, 0], quantities=(position,), clock=clock, parts=parts, title="Solution and split",
            axes=panels[0],
        )  # fmt: skip
        path = (first.free_run, _velocity(first.free_run, time[test]))
        draw_phase_portrait(
            states[:, 0], states[:, 1], runs={f"{name}, free run": path}, quantities=quantities, axes=panels[1]
        )
        _draw_learning(panels[2], name, first)
        _draw_all(panels[3], predictors, name, time=time[test], truth=truth, clock=clock)
        panels[3].set_ylabel(position.label)
        errors = {predictor: curves.one_step - truth for predictor, curves in predictors.items()}
        draw_error_histogram(errors, quantity=_error_of(position), axes=panels[4])
        draw_summary(summary, axes=panels[5])
        return figure


def _test_rows(parts: Mapping[str, tuple[int, int]], networks: Mapping[str, PredictorCurves]) -> slice:
    if "test" not in parts:
        raise ArgumentError(
            f"`parts` must have a test part: expected the key 'test', got {sorted(parts)}. Give its row range."
        )
    if not networks:
        raise ArgumentError("`networks` must not be empty: expected at least one network, got none. Train one first.")
    return slice(*parts["test"])


def _only(baselines: Mapping[str, PredictorCurves], name: str) -> dict[str, PredictorCurves]:
    return {name: baselines[name]} if name in baselines else {}


def _error_of(quantity: Quantity) -> Quantity:
    return Quantity(name=f"error of {quantity.name}", unit=quantity.unit)


def _draw_learning(axes: "matplotlib.axes.Axes", name: str, curves: PredictorCurves) -> None:
    title = f"{shorten(name, width=16)}: learning curves"
    # Losses are those of scaled values, and carry no unit.
    draw_losses(curves.losses, best_epoch=curves.best_epoch, quantity=Quantity(name="loss"), title=title, axes=axes)


def _draw_test(
    axes: "matplotlib.axes.Axes",
    name: str,
    curves: PredictorCurves,
    *,
    time: Shaped[ndarray, " test"],
    truth: Float[ndarray, " test"],
    stroke: Stroke,
    clock: Quantity,
) -> None:
    both = {"free run": curves.free_run, "one step": curves.one_step}
    lines = {"free run": stroke, "one step": Stroke(color=stroke.color, linestyle=_ONE_STEP)}
    draw_curves(axes, time, truth=truth, curves=both, lines=lines, clock=clock)
    axes.set_title(plain(f"{shorten(name, width=16)}: test part"))
    draw_legend(axes)


def _draw_all(
    axes: "matplotlib.axes.Axes",
    predictors: Mapping[str, PredictorCurves],
    first: str,
    *,
    time: Shaped[ndarray, " test"],
    truth: Float[ndarray, " test"],
    clock: Quantity,
) -> None:
    colors = strokes(predictors)
    curves = {name: predictor.free_run for name, predictor in predictors.items()}
    curves[f"{first}, one step"] = predictors[first].one_step
    lines = {**colors, f"{first}, one step": Stroke(color=colors[first].color, linestyle=_ONE_STEP)}
    draw_curves(axes, time, truth=truth, curves=curves, lines=lines, clock=clock)
    axes.set_title("Test part: free runs")
    draw_legend(axes)


def _align(panels: Sequence["matplotlib.axes.Axes"]) -> None:
    # Networks can be compared by eye only on a common scale.
    limits = [panel.get_ylim() for panel in panels if panel.get_yscale() == panels[0].get_yscale()]
    for panel in panels:
        panel.set_ylim(min(low for low, _ in limits), max(high for _, high in limits))


def _velocity(positions: Float[ndarray, " test"], time: Shaped[ndarray, " test"]) -> Float[ndarray, " test"]:
    if len(positions) < 2:
        return np.full(len(positions), np.nan)
    seconds = time.astype(np.float64) if not np.issubdtype(time.dtype, np.datetime64) else np.arange(len(time)) * 1.0
    # A diverged run overflows here; it leaves the panel anyway.
    with np.errstate(over="ignore", invalid="ignore"):
        velocity: Float[ndarray, " test"] = np.gradient(positions, seconds)
    return velocity
