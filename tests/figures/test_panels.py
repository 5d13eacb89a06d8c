"""Every panel, with tame and with ugly data: what it shows, and that it is not blank."""

import io
import itertools
from collections.abc import Callable

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.colors import to_hex, to_rgb
from matplotlib.figure import Figure
from matplotlib.image import imread

from pendula.errors import ArgumentError, ShapeError
from pendula.figures import (
    Quantity,
    draw_error_histogram,
    draw_forecast,
    draw_free_runs,
    draw_lead_times,
    draw_losses,
    draw_phase_portrait,
    draw_predictions,
    draw_scores,
    draw_series,
    draw_summary,
    png,
)
from pendula.figures.lead_time import lead_quantile
from pendula.figures.style import PART_COLORS, strokes

METERS = Quantity(name="x", unit="m")
SECONDS = Quantity(name="t", unit="s")


def ink(figure: Figure) -> float:
    image = imread(io.BytesIO(png(figure, dpi=60)))[..., :3]
    return float(image.var())


def legend(axes: Axes) -> list[str]:
    return [text.get_text() for text in axes.get_legend().get_texts()]


def noise(*shape: int) -> np.ndarray:
    return np.random.default_rng(7).standard_normal(shape)


def _dates(count: int) -> np.ndarray:
    return np.datetime64("2001-03-01", "ns") + np.arange(count) * np.timedelta64(3600, "s")


def _exploding() -> np.ndarray:
    return np.concatenate([10.0 ** np.arange(0.0, 308.0, 4.0), [np.inf, np.inf, np.nan]])


CASES: dict[str, Callable[[], Axes]] = {
    "series": lambda: draw_series(np.arange(300.0), noise(300), parts={"train": (0, 200), "test": (200, 300)}),
    "series of one sample": lambda: draw_series(np.zeros(1), np.ones(1), parts={"train": (0, 1)}),
    "series of 10": lambda: draw_series(np.arange(10.0), noise(10), parts={"train": (0, 8), "test": (8, 10)}),
    "series of 100 000": lambda: draw_series(np.arange(100_000.0), noise(100_000)),
    "series of dates": lambda: draw_series(_dates(50), noise(50), parts={"train": (0, 40), "test": (40, 50)}),
    "series of integers": lambda: draw_series(np.arange(50), noise(50)),
    "series of channels": lambda: draw_series(
        np.arange(50.0), noise(50, 3), quantities=[Quantity(name="very long name " * 5, unit="K"), METERS, SECONDS]
    ),
    "series of nothing known": lambda: draw_series(np.arange(5.0), np.full(5, np.nan), parts={"test": (0, 5)}),
    "losses": lambda: draw_losses({"train": [1.0, 0.1], "validation": [1.0, 0.2]}, best_epoch=2),
    "losses that diverged": lambda: draw_losses({"train": [1.0, None, float("inf"), 1e300, 0.0, -1.0]}, best_epoch=9),
    "no finite loss": lambda: draw_losses({"train": [None, None]}),
    "predictions": lambda: draw_predictions(np.arange(90.0), noise(90), predictions={"lstm": noise(90) * 1.1}),
    "predictions with gaps": lambda: draw_predictions(
        np.delete(np.arange(90.0), slice(20, 50)),
        np.where(np.arange(60) % 7, noise(60), np.nan),
        predictions={"x" * 100: noise(60)},
    ),
    "free runs that diverged": lambda: draw_free_runs(
        np.arange(80.0),
        noise(80),
        runs={name: sign * _exploding() for name, sign in (("a", 1), ("b", -1), ("linear", 1))},
    ),
    "free run of dates": lambda: draw_free_runs(_dates(80), noise(80), runs={"lstm": _exploding()}),
    "free run, constant truth": lambda: draw_free_runs(
        np.arange(9.0), np.full(9, 3.0), runs={"lstm": np.full(9, np.nan)}
    ),
    "histogram": lambda: draw_error_histogram({"lstm": noise(500), "linear": 3 * noise(500)}),
    "histogram of all sizes": lambda: draw_error_histogram({
        "a": 1e-9 * noise(99),
        "b": noise(99),
        "c": 1e30 * noise(99),
        "d": np.full(9, np.inf),
        "e": np.full(9, np.nan),
    }),
    "histogram of zeros": lambda: draw_error_histogram({"linear": np.zeros(9)}),
    "scores": lambda: draw_scores({"models": {"lstm": {"rmse": 0.1, "free_run_rmse": 1e40}}}, noise_floor=0.05),
    "scores, all diverged": lambda: draw_scores({"models": {"lstm": {"rmse": None, "free_run_rmse": float("nan")}}}),
    "phase": lambda: draw_phase_portrait(np.cos(np.arange(90.0)), np.sin(np.arange(90.0))),
    "phase of 100 000": lambda: draw_phase_portrait(noise(100_000).cumsum(), noise(100_000)),
    "phase with a diverged run": lambda: draw_phase_portrait(
        noise(80), noise(80), runs={"a": (_exploding(), -_exploding())}
    ),
    "lead times": lambda: draw_lead_times(np.arange(1.0, 30.0), {"lstm": np.abs(noise(9, 29))}),
    "lead times, all diverged": lambda: draw_lead_times(np.arange(1.0, 9.0), {"lstm": np.full((4, 8), np.inf)}),
    "lead times, nothing known": lambda: draw_lead_times(np.ones(1), {"lstm": np.full((4, 1), np.nan)}),
    "forecast": lambda: draw_forecast(np.arange(90.0), noise(90), future=90 + np.arange(9.0), mean=noise(9)),
    "forecast that diverged": lambda: draw_forecast(
        _dates(90), noise(90), future=_dates(170)[90:], mean=_exploding(), lower=-_exploding(), upper=_exploding()
    ),
    "forecast after a gap": lambda: draw_forecast(
        np.arange(3.0),
        np.full(3, np.nan),
        future=3 + np.arange(2.0),
        mean=np.ones(2),
        lower=np.zeros(2),
        upper=np.ones(2),
    ),
    "summary": lambda: draw_summary({f"name {index}": "a value of many words " * 3 for index in range(12)}),
}


@pytest.mark.parametrize("case", CASES)
def test_panels_are_not_blank_and_warn_of_nothing(case: str) -> None:
    axes = CASES[case]()
    assert ink(axes.figure) > 1e-3
    assert axes.get_title(loc="left")


@pytest.mark.parametrize("case", CASES)
def test_panels_name_both_axes(case: str) -> None:
    axes = CASES[case]()
    if axes.axison:
        assert axes.get_xlabel()
        assert axes.get_ylabel() or axes.get_yticklabels() or axes.get_legend() is not None


def test_panels_draw_on_the_callers_axes() -> None:
    panels = Figure().subplots(2, 2).ravel()
    time, values = np.arange(9.0), noise(9)
    assert draw_series(time, values, axes=panels[0]) is panels[0]
    assert draw_losses({"train": [1.0, 0.5]}, axes=panels[1]) is panels[1]
    assert draw_free_runs(time, values, runs={"a": values}, axes=panels[2]) is panels[2]
    assert draw_error_histogram({"a": values}, axes=panels[3]) is panels[3]


def test_series_shades_each_part_and_shows_every_sample() -> None:
    time, values = np.linspace(0.0, 9.9, 100), noise(100)
    parts = {"train": (0, 60), "validation": (60, 80), "test": (80, 100)}
    axes = draw_series(time, values, quantities=[METERS], clock=SECONDS, parts=parts)
    np.testing.assert_array_equal(axes.lines[0].get_ydata(), values)
    assert axes.get_xlabel() == "t (s)"
    assert axes.get_ylabel() == "x (m)"
    assert legend(axes) == ["train", "validation", "test"]
    edges = [(patch.get_x(), patch.get_x() + patch.get_width()) for patch in axes.patches]
    np.testing.assert_allclose(edges, [(time[0], time[60]), (time[60], time[80]), (time[80], time[99])])
    assert [to_hex(patch.get_facecolor()).upper() for patch in axes.patches] == [*PART_COLORS.values()]


def test_series_of_channels_names_each_with_its_unit() -> None:
    axes = draw_series(np.arange(5.0), noise(5, 2), quantities=[METERS, Quantity(name="$v$", unit="m/s")])
    assert legend(axes) == ["x (m)", r"\$v\$ (m/s)"]
    np.testing.assert_array_equal(axes.lines[1].get_ydata(), noise(5, 2)[:, 1])


def test_series_needs_a_quantity_for_each_column() -> None:
    with pytest.raises(ShapeError, match="`quantities` must name each column: expected 2 quantities, got 1"):
        draw_series(np.arange(5.0), noise(5, 2))


def test_losses_are_logarithmic_with_the_kept_epoch_marked() -> None:
    axes = draw_losses({"train": [1.0, 0.1, np.inf], "validation": [2.0, 0.2, 0.3]}, best_epoch=2)
    assert axes.get_yscale() == "log"
    np.testing.assert_array_equal(axes.lines[0].get_ydata(), [1.0, 0.1, np.nan])
    np.testing.assert_array_equal(axes.lines[1].get_xdata(), [1, 2, 3])
    np.testing.assert_array_equal(np.concatenate(axes.lines[3].get_data()), [2, 0.2])
    assert legend(axes) == ["train", "validation", "kept: epoch 2"]
    assert axes.texts[0].get_text() == "train: 1 epoch not drawable"


def test_losses_may_start_before_training_and_miss_epochs() -> None:
    axes = draw_losses({"one step": [2.0, 1.0, 0.5], "free run": [None, None, 3.0]}, best_epoch=0, first_epoch=0)
    np.testing.assert_array_equal(axes.lines[0].get_xdata(), [0, 1, 2])
    np.testing.assert_array_equal(np.concatenate(axes.lines[3].get_data()), [0, 2])
    assert legend(axes) == ["one step", "free run", "kept: epoch 0"]
    assert not axes.texts
    assert axes.get_xlim()[0] < 0


def test_learning_curves_of_several_networks_look_like_the_networks() -> None:
    axes = draw_losses({"lstm": [2.0, 1.0], "wide": [3.0, 1.0]})
    assert [line.get_color() for line in axes.lines] == [line.color for line in strokes(["lstm", "wide"]).values()]


@pytest.mark.parametrize("losses", [[1.0, 0.99], [1.0, 0.5], [3.1e-5, 2.9e-5], [9.0, 1.1]])
def test_learning_curves_within_a_decade_have_numbers_on_their_axis(losses: list[float]) -> None:
    axes = draw_losses({"train": losses})
    figure = axes.get_figure(root=True)
    assert figure is not None
    png(figure)
    low, high = axes.get_ylim()
    assert high / low > 2
    shown = [float(text.get_text()) for text in axes.get_yticklabels() if low <= text.get_position()[1] <= high]
    assert len(shown) >= 2
    assert all(low <= number <= high for number in shown)


def test_bands_of_lead_times_may_be_left_out() -> None:
    errors = {"lstm": np.abs(noise(20, 3)), "linear": np.abs(noise(20, 3))}
    assert len(draw_lead_times(np.arange(1.0, 4.0), errors).collections) == 2
    assert len(draw_lead_times(np.arange(1.0, 4.0), errors, banded=["lstm"]).collections) == 1
    bare = draw_lead_times(np.arange(1.0, 4.0), errors, banded=[])
    assert not bare.collections
    assert bare.texts[0].get_text() == "line: median"


def test_an_interval_may_end_before_its_forecast() -> None:
    future, mean = np.arange(20.0, 30.0), np.zeros(10)
    half = np.where(np.arange(10) < 4, 0.5, np.nan)
    axes = draw_forecast(np.arange(20.0), np.sin(np.arange(20.0)), future=future, mean=mean, lower=-half, upper=half)
    assert not axes.texts
    axes.figure.draw_without_rendering()
    assert all(tick == int(tick) for tick in axes.get_xticks())


def test_predictions_show_truth_and_curves() -> None:
    time, truth = np.arange(9.0), noise(9)
    axes = draw_predictions(
        time, truth, predictions={"lstm": truth + 0.1, "linear": truth}, quantity=METERS, clock=SECONDS
    )
    np.testing.assert_array_equal(axes.lines[0].get_ydata(), truth)
    np.testing.assert_allclose(axes.lines[1].get_ydata(), truth + 0.1)
    assert legend(axes) == ["truth", "lstm", "linear"]
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("t (s)", "x (m)")
    assert not axes.texts


def test_diverged_runs_do_not_flatten_the_truth() -> None:
    time, truth = np.arange(80.0), np.sin(np.arange(80.0))
    axes = draw_free_runs(time, truth, runs={"lstm": truth, "linear": _exploding()}, quantity=METERS, clock=SECONDS)
    low, high = axes.get_ylim()
    assert high - low < 2.5 * np.ptp(truth)
    assert axes.texts[0].get_text() == "off scale: linear from t = 1 s"
    drawn = np.asarray(axes.lines[2].get_ydata())
    assert np.nanmax(drawn) < 100
    assert drawn[5] > high  # the curve is seen to leave


def test_observations_are_dots_beneath_the_truth() -> None:
    time, truth = np.arange(30.0), np.sin(np.arange(30.0))
    axes = draw_free_runs(time, truth, runs={"lstm": truth}, observed=truth + 5)
    assert legend(axes)[0] == "observed"
    assert axes.lines[0].get_linestyle() == "None"
    np.testing.assert_array_equal(axes.lines[0].get_ydata(), truth + 5)
    assert axes.lines[0].get_zorder() < axes.lines[1].get_zorder()


def test_runs_that_end_in_nan_are_noted_and_gaps_are_not() -> None:
    truth = np.sin(np.arange(30.0))
    ended, gap = truth.copy(), truth.copy()
    ended[20:] = np.nan
    gap[5:9] = np.nan
    axes = draw_free_runs(_dates(30), truth, runs={"ended": ended, "gap": gap}, clock=Quantity(name="time"))
    assert axes.texts[0].get_text() == "off scale: ended from time = 2001-03-01 20:00"


def test_many_runs_off_scale_are_counted() -> None:
    axes = draw_free_runs(np.arange(80.0), noise(80), runs={f"n{index}": _exploding() for index in range(5)})
    assert axes.texts[0].get_text().endswith("and 2 more")


def test_histogram_shares_sum_to_one_hundred() -> None:
    axes = draw_error_histogram({"lstm": 0.1 * noise(400), "linear": 0.15 * noise(400)}, quantity=METERS)
    for stairs in axes.patches:
        assert 98.0 <= np.sum(stairs.get_data().values) <= 100.0 + 1e-9
    assert axes.get_xscale() == "linear"
    assert axes.get_xlabel() == "x (m)"
    assert axes.get_ylabel() == "samples (%)"
    assert legend(axes)[0] == f"lstm, MAE {np.abs(0.1 * noise(400)).mean():.3g}"


def test_histogram_of_unlike_widths_shows_both() -> None:
    axes = draw_error_histogram({"narrow": 1e-4 * noise(400), "broad": noise(400)})
    assert axes.get_xscale() == "symlog"
    for stairs in axes.patches:
        values = np.asarray(stairs.get_data().values)
        assert np.sum(values > 0) >= 4
        assert values.sum() > 98.0


def test_histogram_says_what_is_off_scale() -> None:
    axes = draw_error_histogram({
        "a": 1e-9 * noise(99),
        "c": 1e30 + noise(99),
        "d": np.full(9, np.inf),
        "e": np.full(9, np.nan),
    })
    assert legend(axes)[1:] == ["c, MAE 1e+30 (100 % off scale)", "d, diverged (100 % off scale)", "e, no numbers"]


def test_scores_show_one_step_and_free_run_of_each_predictor() -> None:
    scores = {
        "models": {"lstm": {"rmse": 0.1, "free_run_rmse": 0.5}},
        "baselines": {"persistence": {"rmse": 0.2, "free_run_rmse": None}, "linear": {"rmse": 0.0}},
    }
    axes = draw_scores(scores, quantity=Quantity(name="RMSE", unit="m"), noise_floor=0.05)
    dots = [
        (line.get_marker(), *(float(value[0]) for value in line.get_data()))
        for line in axes.lines
        if len(line.get_xdata()) == 1
    ]
    assert dots[:3] == [("o", 0.1, 0.0), ("D", 0.5, 0.0), ("o", 0.2, 1.0)]
    assert [(marker, place) for marker, _, place in dots[3:]] == [("o", 2.0)]  # at the edge, beside its word
    assert [(text.get_text(), text.get_position()[1]) for text in axes.texts] == [("diverged", 1), ("exact", 2)]
    assert [text.get_text() for text in axes.get_yticklabels()] == ["lstm", "persistence", "linear"]
    assert legend(axes) == ["one step", "free run", "persistence", "noise floor"]
    assert axes.get_xscale() == "log"
    assert axes.get_ylim()[0] > axes.get_ylim()[1]  # networks on top


def test_scores_of_those_that_are_not_told_the_controls_are_pale() -> None:
    row = {"rmse": 0.2, "free_run_rmse": 0.4}
    scores = {"models": {"esn": row}, "baselines": {"persistence": row, "linear": row}}
    told, told_less = draw_scores(scores), draw_scores(scores, untold=("persistence", "esn"))

    def colors(axes: Axes) -> list[str]:
        return [str(line.get_markeredgecolor()) for line in axes.lines if len(line.get_xdata()) == 1]

    # Networks are told: the names are those of baselines.
    assert colors(told_less)[:2] == colors(told)[:2]
    assert colors(told_less)[4:] == colors(told)[4:]
    persistence = np.array(to_rgb(colors(told)[2]))
    for pale in colors(told_less)[2:4]:
        np.testing.assert_allclose(to_rgb(pale), 1 - 0.45 * (1 - persistence), atol=1 / 255)
    assert [text.get_text() for text in told_less.get_yticklabels()] == ["esn", "persistence †", "linear"]
    assert legend(told_less) == ["one step", "free run", "† not told the controls", "persistence"]
    assert legend(told) == ["one step", "free run", "persistence"]


@pytest.mark.parametrize("highest", [0.11, 0.9, 5.0, 20.0, 1e4])
def test_scores_have_readable_ticks(highest: float) -> None:
    axes = draw_scores({"models": {"lstm": {"rmse": 0.1, "free_run_rmse": highest}}})
    axes.figure.draw_without_rendering()
    low, high = axes.get_xlim()
    shown = [tick for tick in axes.get_xticklabels() if tick.get_text() and low <= tick.get_position()[0] <= high]
    boxes = [tick.get_window_extent() for tick in shown]
    assert len(boxes) >= 3
    assert all(left.x1 < right.x0 for left, right in itertools.pairwise(boxes))


def test_scores_far_off_are_written_and_do_not_stretch_the_axis() -> None:
    axes = draw_scores({"models": {"lstm": {"rmse": 0.1, "free_run_rmse": 1e40}}})
    assert axes.texts[0].get_text() == "off scale: 1e+40"
    assert axes.get_xlim()[1] < 10


def test_exact_baselines_stand_at_the_edge_and_leave_the_axis_to_the_networks() -> None:
    scores = {
        "models": {"rnn": {"rmse": 2e-3, "free_run_rmse": 0.65}},
        "baselines": {
            "persistence": {"rmse": 0.14, "free_run_rmse": 1.1},
            "linear": {"rmse": 3.8e-15, "free_run_rmse": 4.2e-15},
            "esn": {"rmse": 1.6e-7, "free_run_rmse": 3.3e-7},
        },
    }
    axes = draw_scores(scores)
    low, high = axes.get_xlim()
    assert 1e-10 < low < 1.6e-7
    assert 1.1 < high < 1e3
    data = [line for line in axes.lines if len(line.get_xdata()) == 1 and line.get_transform() == axes.transData]
    assert {(line.get_marker(), float(line.get_xdata()[0])) for line in data} == {
        ("o", 2e-3), ("D", 0.65), ("o", 0.14), ("D", 1.1), ("o", 1.6e-7), ("D", 3.3e-7)
    }  # fmt: skip
    assert {(text.get_text(), text.get_position()[1]) for text in axes.texts} == {("exact", 2)}


def test_a_persistence_of_a_power_of_ten_is_drawn() -> None:
    scores = {"models": {"rnn": {"rmse": 1e-4}}, "baselines": {"persistence": {"rmse": 1e-3, "free_run_rmse": 1.0}}}
    assert draw_scores(scores).get_xlim()[0] < 1e-4  # matplotlib warned of limits that fall together


def test_scores_without_predictors_are_refused() -> None:
    with pytest.raises(ArgumentError, match="`scores` must hold a predictor: expected models or baselines, got none"):
        draw_scores({"models": {}})


def test_phase_limits_come_from_the_record() -> None:
    turn = np.linspace(0.0, 6.0, 200)
    axes = draw_phase_portrait(
        np.cos(turn),
        np.sin(turn),
        runs={"good": (np.cos(turn), np.sin(turn)), "bad": (np.exp(turn * 50), turn)},
        quantities=(METERS, Quantity(name="v", unit="m/s")),
    )
    assert axes.get_xlim()[1] < 2
    assert legend(axes) == ["record", "start", "good", "bad"]
    assert axes.texts[0].get_text() == "off scale: bad"
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("x (m)", "v (m/s)")
    np.testing.assert_array_equal(axes.lines[0].get_xdata(), np.cos(turn))


def test_lead_quantiles_agree_with_sorting_and_count_divergence() -> None:
    errors = np.abs(noise(11, 4))
    np.testing.assert_array_equal(lead_quantile(errors, 0.5), np.median(errors, axis=0))
    np.testing.assert_array_equal(lead_quantile(errors, 1.0), errors.max(axis=0))
    np.testing.assert_array_equal(lead_quantile(errors, 0.0), errors.min(axis=0))
    errors[:6, 1] = np.inf  # more than half
    errors[:10, 2] = np.nan
    middle = lead_quantile(errors, 0.5)
    assert np.isinf(middle[1])
    assert middle[2] == errors[10, 2]


def test_lead_times_draw_median_and_band_and_name_the_diverged() -> None:
    lead, errors = np.arange(1.0, 31.0), np.abs(noise(20, 30))
    bad = errors.copy()
    bad[:12, 15:] = np.inf
    axes = draw_lead_times(lead, {"lstm": errors, "linear": bad}, quantity=METERS, clock=SECONDS)
    np.testing.assert_array_equal(axes.lines[0].get_ydata(), lead_quantile(errors, 0.5))
    assert np.isnan(np.asarray(axes.lines[1].get_ydata())[15:]).all()
    assert axes.get_yscale() == "log"
    assert axes.get_ylim()[1] < 1e3
    assert len(axes.collections) == 2
    assert axes.texts[0].get_text() == "line: median, band: 10–90 % of origins\ndiverged from some origins: linear"


def test_forecast_continues_the_record_with_its_band() -> None:
    time, values = np.arange(50.0), noise(50)
    future, mean = 50 + np.arange(10.0), noise(10)
    axes = draw_forecast(
        time,
        values,
        future=future,
        mean=mean,
        lower=mean - 1,
        upper=mean + 1,
        coverage=0.95,
        quantity=METERS,
        clock=SECONDS,
    )
    np.testing.assert_array_equal(axes.lines[1].get_xdata(), [49.0, *future])
    np.testing.assert_array_equal(axes.lines[1].get_ydata(), [values[-1], *mean])
    assert len(axes.lines[0].get_xdata()) == 20
    assert legend(axes) == ["record", "95 % interval", "forecast"]
    assert not axes.texts


def test_forecast_that_leaves_is_noted_and_does_not_flatten_the_record() -> None:
    values = np.sin(np.arange(50.0))
    axes = draw_forecast(np.arange(50.0), values, future=50 + np.arange(80.0), mean=_exploding())
    assert axes.texts[0].get_text() == "the forecast leaves the scale"
    assert np.ptp(axes.get_ylim()) < 5 * np.ptp(values)


def test_summary_wraps_long_values_in_their_column() -> None:
    axes = draw_summary({"network": "lstm", "note": "many words " * 12})
    texts = [text.get_text() for text in axes.texts]
    assert texts[:3] == ["network", "lstm", "note"]
    assert " ".join(texts[3:]) == ("many words " * 12).strip()
    heights = [text.get_position()[1] for text in axes.texts if text.get_position()[0] > 0]
    assert heights == sorted(set(heights), reverse=True)
