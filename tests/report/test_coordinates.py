import numpy as np
import xarray as xr

from pendula.report.coordinates import clock_of, drawn_times, has_one_unit, lead_times, quantities
from pendula.series.record import Record, record


def rows(time: np.ndarray, units: str = "", trajectory: np.ndarray | None = None, **columns: str) -> Record:
    variables = {
        name: ("time", np.sin(np.arange(len(time))), {"units": unit}) for name, unit in (columns or {"x": "m"}).items()
    }
    coords: dict[str, object] = {"time": ("time", time, {"units": units} if units else {})}
    if trajectory is not None:
        coords["trajectory"] = ("time", trajectory)
    return record(xr.Dataset(variables, coords=coords))


def test_times_are_those_of_the_record() -> None:
    made = rows(0.5 * np.arange(4), "s")
    time, clock = drawn_times(made)
    np.testing.assert_array_equal(time, [0.0, 0.5, 1.0, 1.5])
    assert clock.label == "time (s)"


def test_trajectories_are_drawn_one_after_the_other_with_a_hole_between() -> None:
    made = rows(np.tile(np.arange(3.0), 2), "s", trajectory=np.repeat([0, 1], 3))
    time, clock = drawn_times(made)
    np.testing.assert_array_equal(time, [0, 1, 2, 4, 5, 6])
    assert clock.label == "row"


def test_an_axis_named_after_its_unit_says_it_once() -> None:
    years = rows(np.arange(1700, 1704), "year")
    assert clock_of(years).label == "time (year)"
    axis = xr.Dataset(
        {"x": ("time", [1.0, 2.0, 4.0])}, coords={"time": ("time", [0, 1, 2], {"units": "year", "name": "year"})}
    )
    assert clock_of(record(axis)).label == "year"


def test_lead_times_have_the_unit_of_the_axis() -> None:
    lead, clock = lead_times(rows(0.5 * np.arange(4), "s"), 3)
    np.testing.assert_array_equal(lead, [0.5, 1.0, 1.5])
    assert clock.label == "lead time (s)"


def test_lead_times_without_a_unit_are_counted_in_steps() -> None:
    lead, clock = lead_times(rows(0.5 * np.arange(4)), 3)
    np.testing.assert_array_equal(lead, [1.0, 2.0, 3.0])
    assert clock.label == "lead time (steps)"


def test_lead_times_of_dates_are_counted_in_steps() -> None:
    weeks = np.datetime64("2001-01-01", "ns") + np.arange(5) * np.timedelta64(7, "D")
    lead, clock = lead_times(rows(weeks), 2)
    np.testing.assert_array_equal(lead, [1, 2])
    assert clock.label == "lead time (steps of 7 days)"


def test_channels_have_names_and_units() -> None:
    made = rows(np.arange(4.0), x="m", v="m/s")
    assert [quantity.label for quantity in quantities(made)] == ["x (m)", "v (m/s)"]
    assert not has_one_unit(made)
    assert has_one_unit(rows(np.arange(4.0), x="m", y="m"))
