import warnings

import numpy as np
import pytest
from matplotlib.axes import Axes

from pendula.errors import ArgumentError
from pendula.figures import PredictorCurves, Quantity, lecture_oscillator_figure, lecture_sine_figure, png

TIME = np.linspace(0.0, 10 * np.pi, 400)
VALUES = np.sin(TIME) + 0.05 * np.random.default_rng(0).standard_normal(400)
PARTS = {"train": (0, 240), "validation": (240, 300), "test": (300, 400)}
TRUTH = VALUES[300:]
LOSSES = {"train": [1.0, 0.1, 0.02], "validation": [1.0, 0.2, 0.03]}
METERS, SECONDS = Quantity(name="x", unit="m"), Quantity(name="t", unit="s")


def _predictor(error: float) -> PredictorCurves:
    return PredictorCurves(one_step=TRUTH + error, free_run=TRUTH + 3 * error, losses=LOSSES, best_epoch=3)


def _scores(*names: str) -> dict[str, dict[str, dict[str, float | None]]]:
    return {
        "models": {name: {"rmse": 0.1, "free_run_rmse": 0.3} for name in names},
        "baselines": {"linear": {"rmse": 0.2}},
    }


def _titles(panels: list[Axes]) -> list[str]:
    return [axes.get_title(loc="left") for axes in panels]


def test_sine_figure_has_nine_panels_with_the_networks_in_columns() -> None:
    networks = {name: _predictor(error) for name, error in (("rnn", 0.1), ("lstm", 0.05), ("gru", 0.07))}
    figure = lecture_sine_figure(
        TIME,
        VALUES,
        parts=PARTS,
        networks=networks,
        baselines={"linear": _predictor(0.02), "persistence": _predictor(0.3)},
        scores=_scores(*networks),
        quantity=METERS,
        clock=SECONDS,
        noise_floor=0.05,
    )
    assert sorted(_titles(figure.axes)) == sorted([
        "Series and split",
        "One-step errors",
        "Networks and baselines",
        *(f"{name}: {what}" for name in networks for what in ("learning curves", "test part")),
    ])
    panels = dict(zip(_titles(figure.axes), figure.axes, strict=True))
    for name, curves in networks.items():
        learning, test = panels[f"{name}: learning curves"], panels[f"{name}: test part"]
        assert learning.get_yscale() == "log"
        assert learning.get_ylim() == panels["rnn: learning curves"].get_ylim()
        np.testing.assert_allclose(test.lines[1].get_ydata(), curves.free_run)
        np.testing.assert_allclose(test.lines[2].get_ydata(), curves.one_step)
        assert (test.get_xlabel(), test.get_ylabel()) == ("t (s)", "x (m)")
    histogram = [text.get_text().split(",")[0] for text in panels["One-step errors"].get_legend().get_texts()]
    assert histogram == ["rnn", "lstm", "gru", "linear"]


@pytest.mark.parametrize("count", [1, 2, 5])
def test_sine_figure_takes_any_number_of_networks(count: int) -> None:
    networks = {f"net {index}": _predictor(0.1 * index) for index in range(count)}
    figure = lecture_sine_figure(TIME, VALUES, parts=PARTS, networks=networks, baselines={}, scores=_scores(*networks))
    assert len(figure.axes) == 3 + 2 * count
    assert len(png(figure, dpi=40)) > 5000


def test_panels_do_not_overlap() -> None:
    networks = {"a network with a long name": _predictor(0.1), "b": _predictor(0.2), "c": _predictor(1e200)}
    figure = lecture_sine_figure(TIME, VALUES, parts=PARTS, networks=networks, baselines={}, scores=_scores(*networks))
    figure.draw_without_rendering()
    boxes = [axes.get_tightbbox() for axes in figure.axes]
    for index, box in enumerate(boxes):
        assert box is not None
        for other in boxes[index + 1 :]:
            assert other is not None
            width = min(box.x1, other.x1) - max(box.x0, other.x0)
            height = min(box.y1, other.y1) - max(box.y0, other.y0)
            assert width < 2 or height < 2


def test_oscillator_figure_has_six_panels() -> None:
    states = np.stack([np.cos(TIME), -np.sin(TIME)], axis=1)
    run = np.cos(TIME[300:])
    lstm = PredictorCurves(one_step=run + 0.01, free_run=run, losses=LOSSES, best_epoch=2)
    linear = PredictorCurves(one_step=run, free_run=run * 10.0 ** np.linspace(0, 300, 100))
    figure = lecture_oscillator_figure(
        TIME,
        states,
        parts=PARTS,
        networks={"lstm": lstm},
        baselines={"linear": linear},
        summary={"network": "lstm"},
        clock=SECONDS,
    )
    series, phase, losses, test, errors, summary = figure.axes
    assert _titles(figure.axes) == [
        "Solution and split",
        "Phase space",
        "lstm: learning curves",
        "Test part: free runs",
        "One-step errors",
        "Summary",
    ]
    assert (phase.get_xlabel(), phase.get_ylabel()) == ("x (m)", "v (m/s)")
    # The velocity of the free run of cos t is -sin t, up to the error of a central difference.
    np.testing.assert_allclose(phase.lines[2].get_ydata()[1:-1], -np.sin(TIME[301:399]), atol=2e-3)
    assert [text.get_text() for text in test.get_legend().get_texts()] == ["truth", "lstm", "linear", "lstm, one step"]
    assert "linear" in test.texts[0].get_text()
    assert series.get_ylabel() == "x (m)"
    assert losses.get_yscale() == "log"
    assert errors.has_data()
    assert [text.get_text() for text in summary.texts] == ["network", "lstm"]


def test_oscillator_figure_of_dates_and_a_dead_run_renders() -> None:
    dates = np.datetime64("2001-01-01", "ns") + np.arange(400) * np.timedelta64(1, "D")
    dead = PredictorCurves(one_step=np.full(100, np.nan), free_run=np.full(100, np.inf), losses={"train": [None]})
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        figure = lecture_oscillator_figure(
            dates,
            np.stack([VALUES, VALUES], axis=1),
            parts=PARTS,
            networks={"lstm": dead},
            baselines={},
            summary={"a": "b"},
        )
        assert len(png(figure, dpi=40)) > 5000


def test_composites_need_a_test_part_and_a_network() -> None:
    with pytest.raises(ArgumentError, match=r"`parts` must have a test part: expected the key 'test', got \['train'\]"):
        lecture_sine_figure(
            TIME, VALUES, parts={"train": (0, 9)}, networks={"a": _predictor(0.1)}, baselines={}, scores={}
        )
    with pytest.raises(ArgumentError, match="`networks` must not be empty: expected at least one network, got none"):
        lecture_sine_figure(TIME, VALUES, parts=PARTS, networks={}, baselines={}, scores={})
