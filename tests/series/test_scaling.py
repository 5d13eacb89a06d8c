"""Scalers: what they are fitted on, and that they are undone."""

import inspect
import json

import numpy as np
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from pendula.errors import ArgumentError, DataError, ShapeError
from pendula.series.record import record
from pendula.series.scaling import Scaler, fit_scaler
from pendula.series.split import split


def series(*channels):
    return record(xr.Dataset({f"x{index}": ("time", np.asarray(c, dtype=float)) for index, c in enumerate(channels)}))


def test_standard_scaling_gives_mean_0_and_deviation_1():
    made = series([1.0, 2.0, 6.0, 7.0], [10.0, 30.0, -10.0, 0.0])
    scaled = fit_scaler(made).transform(made.values)
    np.testing.assert_allclose(scaled.mean(axis=0), 0, atol=1e-15)
    np.testing.assert_allclose(scaled.std(axis=0), 1, rtol=1e-15)


def test_range_scaling_gives_minus_1_to_1():
    made = series([1.0, 2.0, 6.0, 7.0])
    np.testing.assert_array_equal(fit_scaler(made, "range").transform(made.values)[[0, 3], 0], [-1, 1])


def test_none_leaves_the_values_alone():
    made = series([1.0, 2.0, 6.0, 7.0])
    np.testing.assert_array_equal(fit_scaler(made, "none").transform(made.values), made.values)


def test_only_whole_rows_of_the_part_count():
    made = series([1.0, 3.0, np.nan, 5.0, 1e6, 2e6], [1.0, 2.0, 1e9, 3.0, 4.0, 5.0])
    scaler = fit_scaler(split(made, test=0.34, validation=0.0).train)
    np.testing.assert_allclose(scaler.center, [3.0, 2.0])


def test_a_part_without_a_whole_row_is_refused():
    made = series([np.nan, np.nan, 1.0, 2.0])
    with pytest.raises(DataError, match=r"`part` must have rows without a gap: expected at least 1, got none of 2"):
        fit_scaler(made.slice(0, 2))


@pytest.mark.parametrize("constant", [0.0, 0.1, 5.0, 1e-300])
@pytest.mark.parametrize("kind", ["standard", "range"])
def test_a_channel_constant_in_the_part_is_only_centered(kind, constant):
    made = series([constant] * 7 + [1.0], np.arange(8.0))
    scaler = fit_scaler(made.slice(0, 7), kind)
    assert (scaler.center[0], scaler.scale[0]) == (constant, 1.0)


@pytest.mark.parametrize("kind", ["standard", "range", "none"])
def test_values_too_small_to_be_told_apart_are_refused(kind):
    wave = np.sin(np.arange(20.0))
    with pytest.raises(
        DataError,
        match=r"`x1` must have values that can be told apart, or one value: expected differences of 1e-150 or more, "
        r"got 1\.99e-200 at most, whose squares vanish in double precision\. Rescale it, to a smaller unit, say\.",
    ):
        fit_scaler(series(wave, 1e-200 * wave), kind)
    fit_scaler(series(wave, 1e-149 * wave), kind)


finite = arrays(np.float64, (20, 2), elements=st.floats(-1e6, 1e6, allow_subnormal=False))


@given(finite, st.sampled_from(["standard", "range", "none"]), st.sampled_from(["none", "asinh", "sqrt", "log"]))
def test_the_inverse_undoes_the_scaling(values, kind, link):
    if link in {"sqrt", "log"}:
        values = np.abs(values) + 1e-3
    values = values + np.arange(20)[:, None]
    made = series(*values.T)
    scaler = fit_scaler(made, kind, transform=link)
    back = scaler.inverse(scaler.transform(made.values))
    # Rounding of z · scale + center is relative to the largest value; a link's inverse stretches it by at most 20.
    np.testing.assert_allclose(back, made.values, rtol=1e-12, atol=1e-13 * np.abs(made.values).max())


@given(finite, st.sampled_from(["standard", "range"]), st.sampled_from(["none", "asinh"]))
def test_json_keeps_a_scaler_bit_for_bit(values, kind, link):
    scaler = fit_scaler(series(*(values + np.arange(20)[:, None]).T), kind, transform=link)
    again = Scaler.from_dict(json.loads(json.dumps(scaler.to_dict())))
    assert np.array_equal(again.center, scaler.center)
    assert np.array_equal(again.scale, scaler.scale)
    assert (again.kind, again.link) == (scaler.kind, scaler.link)


def test_any_leading_axes_and_single_precision():
    scaler = fit_scaler(series([0.0, 2.0], [0.0, 4.0]), "range")
    batch = np.ones((3, 5, 2), dtype=np.float32)
    scaled = scaler.transform(batch)
    assert scaled.shape == (3, 5, 2)
    assert scaled.dtype == np.float64
    np.testing.assert_array_equal(scaled[0, 0], [0.0, -0.5])
    np.testing.assert_array_equal(scaler.inverse(np.array([1.0, 1.0])), [2.0, 4.0])


def test_nan_stays_nan():
    for link in ("none", "sqrt", "log", "asinh"):
        scaler = fit_scaler(series([1.0, 2.0, 3.0]), transform=link)
        assert np.isnan(scaler.transform(np.array([[np.nan]]))).all()
        assert np.isnan(scaler.inverse(np.array([[np.nan]]))).all()


def test_sqrt_clips_predictions_below_its_range():
    scaler = fit_scaler(series([0.0, 1.0, 4.0]), transform="sqrt")
    assert scaler.inverse(np.array([[-100.0]]))[0, 0] == 0.0


def test_select_keeps_some_channels():
    scaler = fit_scaler(series([0.0, 2.0], [0.0, 4.0]), "range")
    np.testing.assert_array_equal(scaler.select([1]).center, [2.0])
    np.testing.assert_array_equal(scaler.select([1, 0]).scale, [2.0, 1.0])


def test_values_outside_a_link_are_named():
    made = series([1.0, -2.5, 3.0])
    with pytest.raises(DataError, match=r"`x0` must not be negative for the transform sqrt: .* from 0, got -2.5. Use"):
        fit_scaler(made, transform="sqrt")
    with pytest.raises(DataError, match=r"`x0` must be positive for the transform log: .* above 0, got 0.0. Use"):
        fit_scaler(series([1.0, 0.0]), transform="log")
    with pytest.raises(DataError, match=r"`channel 0` must not be negative"):
        fit_scaler(series([1.0, 2.0]), transform="sqrt").transform(np.array([[-1.0]]))


def test_wrong_names_shapes_and_files_are_refused():
    made = series([1.0, 2.0])
    with pytest.raises(ArgumentError, match=r"`kind` must be a known name: .* got standart. Did you mean `standard`"):
        # The shape checks of the tests would object first to a name that the annotation does not list.
        inspect.unwrap(fit_scaler)(made, "standart")
    with pytest.raises(ShapeError, match=r"`values` must hold the scaler's channels along .* \(..., 1\), got \(4, 2\)"):
        fit_scaler(made).transform(np.zeros((4, 2)))
    for content in (
        {},
        {"kind": "standard", "link": "cube", "center": [0.0], "scale": [1.0]},
        {"kind": "standard", "link": "none", "center": [0.0], "scale": [0.0]},
        {"kind": "standard", "link": "none", "center": [0.0], "scale": [1.0, 1.0]},
        {"kind": "standard", "link": "none", "center": ["a"], "scale": [1.0]},
    ):
        with pytest.raises(DataError, match=r"`content` must hold a scaler"):
            Scaler.from_dict(content)


@pytest.mark.parametrize("link", ["none", "sqrt", "log", "asinh"])
def test_the_slope_is_that_of_finite_differences(link):
    scaler = Scaler(kind="standard", link=link, center=np.array([0.3, -1.0]), scale=np.array([2.0, 0.1]))
    values = np.array([[0.5, 3.0], [2.0, 70.0]])
    slopes = (scaler.transform(values + 1e-6) - scaler.transform(values - 1e-6)) / 2e-6
    np.testing.assert_allclose(scaler.log_slope(values), np.log(np.abs(slopes)).sum(axis=1), rtol=1e-7)


@pytest.mark.parametrize(("link", "low"), [("none", -40.0), ("asinh", -2e4), ("log", 1e-9)])
def test_a_density_that_is_brought_to_physical_units_integrates_to_one(link, low):
    scaler = Scaler(kind="standard", link=link, center=np.array([0.5]), scale=np.array([1.5]))
    # A grid that is even on the network's scale reaches far and stays fine where the density is steep.
    grid = scaler.inverse(np.linspace(*scaler.transform(np.array([[low], [4e4]]))[:, 0], 40_001)[:, None])
    density = np.exp(-0.5 * scaler.transform(grid)[:, 0] ** 2) / np.sqrt(2 * np.pi) * np.exp(scaler.log_slope(grid))
    assert np.trapezoid(density, grid[:, 0]) == pytest.approx(1, abs=1e-4)


def test_a_square_root_has_no_slope_at_0():
    scaler = Scaler(kind="none", link="sqrt", center=np.zeros(1), scale=np.ones(1))
    assert scaler.log_slope(np.array([[0.0]]))[0] == np.inf
