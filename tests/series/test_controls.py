"""Records under controls, and the one shift that lays a control beside the value whose next one it drives."""

import numpy as np
import pytest
import xarray as xr

from pendula.errors import ArgumentError, DataError
from pendula.series import fill_gaps, to_dataset
from pendula.series.controls import ahead, beside, controlled_record
from pendula.series.scaling import fit_scaler

NAN = np.nan


def make(y, u, **more):
    columns = {"y": ("time", np.array(y, dtype=float), {"units": "K"}), "u": ("time", np.array(u, dtype=float))}
    return xr.Dataset(columns | more, coords={"time": ("time", 0.5 * np.arange(len(y)), {"units": "s"})})


def test_targets_and_controls_share_their_rows_and_gaps():
    made = controlled_record(make([0, 1, NAN, 3, 4, 6], [1, 1, 1, 1, NAN, 1]), "y", "u")
    assert (made.names, made.units, made.controls.names, made.controls.units) == (("y",), ("K",), ("u",), ("",))
    assert made.segments.tolist() == [[0, 2], [3, 4], [5, 6]]
    assert made.present.tolist() == [True, True, False, True, False, True]
    part = made.slice(1, 5)
    assert part.controls.values[:, 0].tolist() == made.controls.values[1:5, 0].tolist() or np.isnan(
        part.controls.values[3, 0]
    )
    assert part.segments.tolist() == [[0, 1], [2, 3]]
    assert fit_scaler(made).center == pytest.approx(np.mean([0, 1, 3, 6]))


def test_rows_after_the_last_target_are_a_plan_and_no_record():
    made = controlled_record(make([0, 1, 3, NAN, NAN], [1, 2, 3, 4, 5]), "y", "u")
    assert len(made) == len(made.controls) == 3
    assert made.axis.extend(1)[0] == 1.5


def test_without_controls_it_is_a_record_like_any_other():
    series = make([0, 1, 3, NAN], [1, 2, 3, 4])
    assert controlled_record(series, "y").controls is None
    assert len(controlled_record(series, "y")) == 4


def test_joined_and_apart_undo_each_other():
    made = controlled_record(make([0, 1, NAN, 3, 4], [1, NAN, 1, 2, 3]), "y", "u")
    joined = made.joined
    assert (joined.names, joined.controls) == (("y", "u"), None)
    again = joined.apart(1)
    assert again.segments.tolist() == made.segments.tolist()
    np.testing.assert_array_equal(again.values, made.values)
    np.testing.assert_array_equal(again.controls.values, made.controls.values)
    assert list(to_dataset(made).data_vars) == ["y", "u"]


def test_gaps_of_controls_are_filled_too():
    filled, count = fill_gaps(controlled_record(make([0, 1, NAN, 3, 4], [1, NAN, 1, 2, 3]), "y", "u"))
    assert count == 2
    assert filled.segments.tolist() == [[0, 5]]
    assert filled.values[2, 0] == 2.0
    assert filled.controls.values[1, 0] == 1.0


def test_the_shift_lays_the_next_control_beside_a_value():
    values, controls = np.arange(4.0)[:, None], np.array([[10.0, 0], [20, 1], [30, 2], [40, 3]])
    np.testing.assert_array_equal(ahead(controls)[:, 0], [20, 30, 40, NAN])
    np.testing.assert_array_equal(beside(values, controls)[1], [1, 30, 2])
    batch = np.stack([controls, 2 * controls])
    np.testing.assert_array_equal(ahead(batch)[1], 2 * ahead(controls))


@pytest.mark.parametrize(
    ("controls", "error", "message"),
    [
        (
            "y",
            ArgumentError,
            "`controls` must not be forecast, too: expected other columns than y, got y. What is known",
        ),
        ("w", DataError, "`controls` must name variables of the data: expected some of y, u, got w"),
    ],
)
def test_what_is_no_control_is_refused(controls, error, message):
    with pytest.raises(error, match=message):
        controlled_record(make([0, 1, 3], [1, 2, 3]), "y", controls)


def test_a_control_may_be_constant_but_not_empty():
    assert controlled_record(make([0, 1, 3], [1, 1, 1]), "y", "u").controls.values.tolist() == [[1], [1], [1]]
    with pytest.raises(DataError, match="`u` must have values to be a control: expected numbers, got none"):
        controlled_record(make([0, 1, 3], [NAN, NAN, NAN]), "y", "u")
