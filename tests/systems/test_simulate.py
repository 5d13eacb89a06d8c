import numpy as np
import pytest
import xarray
from hypothesis import given, settings
from hypothesis import strategies as st

from pendula.errors import ArgumentError, DivergedError, ShapeError
from pendula.systems import SYSTEMS, Lorenz96, Oscillator, Tolerance, simulate

SHORT = {"lorenz96": 1.0, "mackey-glass": 30.0, "logistic": 50, "henon": 50, "oscillator": 1.0}


def short(name, **how):
    return simulate(name, duration=SHORT.get(name, 5.0), **how)


def test_the_lectures_noisy_sine_bit_for_bit():
    generator = np.random.RandomState(42)
    t = np.linspace(0, 10 * np.pi, 1000)
    y = np.sin(t)
    y += generator.normal(0, 0.05, size=y.shape)
    series = simulate("sine", noise=0.05, noise_generator="mt19937", seed=42)
    np.testing.assert_array_equal(series["time"], t)
    np.testing.assert_array_equal(series["x"], y)


def test_the_lectures_other_sine():
    series = simulate("sine", parameters={"points": 500, "t_max": 100})
    np.testing.assert_array_equal(series["x"], np.sin(np.linspace(0, 100, 500)))


@pytest.mark.parametrize(("dt", "duration", "count"), [(0.002, 10.0, 5000), (0.001, 20, 20_000)])
def test_the_lectures_forced_motion(dt, duration, count):
    series = simulate("oscillator", dt=dt, duration=duration)
    assert series.sizes == {"time": count}
    t = np.arange(count) / round(1 / dt)
    np.testing.assert_array_equal(series["time"], t)
    np.testing.assert_allclose(np.stack((series["x"], series["v"]), axis=1), Oscillator().exact(t), atol=1e-10)


@pytest.mark.parametrize("name", SYSTEMS)
def test_every_system_makes_a_series_with_units(name):
    series = short(name)
    system = SYSTEMS[name]()
    assert list(series.dims) == ["time"]
    assert list(series.data_vars) == [state.name for state in system.states]
    for state in system.states:
        assert series[state.name].dtype == np.float64
        assert series[state.name].attrs == {"units": state.unit, "long_name": state.meaning}
        assert np.isfinite(series[state.name]).all()
    assert series["time"].attrs["units"] == system.time_unit
    assert (np.diff(series["time"]) > 0).all()
    assert series.attrs["system"] == name
    assert series.attrs["equation"] == system.equation
    assert {"method", "dt", "seed", "noise", *system.settings} <= set(series.attrs)
    if system.initial_state:
        np.testing.assert_allclose([float(series[each][0]) for each in series], system.initial_state)


@pytest.mark.parametrize("name", SYSTEMS)
def test_every_series_survives_netcdf(name, tmp_path):
    series = short(name, trajectories=2, noise=0.01)
    series.to_netcdf(tmp_path / "series.nc", engine="h5netcdf")
    with xarray.open_dataset(tmp_path / "series.nc", engine="h5netcdf") as read:
        xarray.testing.assert_equal(read.load(), series)
        assert {key: str(value) for key, value in read.attrs.items()} == {
            key: str(value) for key, value in series.attrs.items()
        }


def test_maps_count_their_steps():
    series = simulate("henon", duration=20)
    assert series["time"].dtype == np.int64
    assert series["time"].attrs == {"units": "1", "long_name": "step"}
    np.testing.assert_array_equal(series["time"], np.arange(20))
    assert series.attrs["method"] == "iteration"


def test_attributes_tell_how_the_series_was_made():
    series = simulate("oscillator", parameters={"gamma": 0.3}, duration=1.0, noise=0.1, seed=9)
    expected = {"gamma": 0.3, "omega0": 1.0, "method": "rk4", "dt": 0.002, "substeps": 1, "seed": 9, "noise": 0.1}
    assert {key: series.attrs[key] for key in expected} == expected
    assert series.attrs["noise_generator"] == "pcg64"
    assert "noise_generator" not in simulate("sine").attrs


def test_noise_is_added_to_the_clean_series():
    clean, noisy = simulate("oscillator"), simulate("oscillator", noise=0.2, seed=1)
    added = np.stack([noisy[name] - clean[name] for name in ("x", "v")], axis=1)
    np.testing.assert_allclose(added, np.random.default_rng(1).normal(0, 0.2, (5000, 2)), atol=1e-12)


@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 2**31), trajectories=st.integers(1, 3))
def test_same_seed_same_bits(seed, trajectories):
    runs = [
        simulate("lorenz63", duration=0.2, noise=0.1, seed=seed, trajectories=trajectories, spread=0.5) for _ in "ab"
    ]
    xarray.testing.assert_identical(*runs)


def test_another_seed_other_noise():
    assert not simulate("sine", noise=0.1, seed=0).equals(simulate("sine", noise=0.1, seed=1))


@pytest.mark.parametrize("trajectories", [3, 12])
def test_trajectories_are_contiguous_blocks(trajectories):
    series = simulate("oscillator", duration=0.1, trajectories=trajectories, spread=0.3, seed=4)
    assert series.sizes == {"time": 50 * trajectories}
    assert series["trajectory"].dtype == np.int64
    np.testing.assert_array_equal(series["trajectory"], np.repeat(np.arange(trajectories), 50))
    np.testing.assert_array_equal(series["time"], np.tile(np.arange(50) / 500, trajectories))
    assert series.attrs["trajectories"] == trajectories
    assert "x0" not in series.attrs
    for k in range(trajectories):
        block = series.isel(time=slice(50 * k, 50 * (k + 1)))
        start = {"x": float(block["x"][0]), "v": float(block["v"][0])}
        alone = simulate("oscillator", duration=0.1, initial=start)
        np.testing.assert_allclose(block["x"], alone["x"], rtol=1e-12)
        np.testing.assert_allclose(block["v"], alone["v"], rtol=1e-12, atol=1e-14)


def test_one_trajectory_starts_where_it_is_told():
    assert "trajectory" not in simulate("oscillator", duration=0.1).coords
    assert float(simulate("oscillator", duration=0.1, spread=1.0)["x"][0]) == 1.0


def test_initial_states_by_order_by_name_and_as_parameters():
    ways = [
        {"initial": [1.0, 3.0]},
        {"initial": {"v": 3}},
        {"parameters": {"v0": 3.0}},
        {"initial": np.array([1.0, 3.0])},
    ]
    runs = [simulate("oscillator", duration=0.1, **way) for way in ways]
    for run in runs:
        xarray.testing.assert_identical(run, runs[0])
    assert runs[0].attrs["v0"] == 3.0
    moved = simulate(Lorenz96(sites=5), initial={"x2": 1.0}, duration=0.1)
    assert [float(moved[name][0]) for name in moved] == [8.01, 1.0, 8.0, 8.0, 8.0]


def test_methods_agree_and_differ_as_they_should():
    exact = Oscillator().exact(np.arange(500) * 0.02)[:, 0]
    how = {"dt": 0.02, "duration": 10.0}
    assert np.abs(simulate("oscillator", method="rk4", **how)["x"] - exact).max() < 1e-7
    assert np.abs(simulate("oscillator", method="dop853", **how)["x"] - exact).max() < 1e-8
    loose = Tolerance(relative=1e-4, absolute=1e-4)
    assert np.abs(simulate("oscillator", method="dop853", tolerance=loose, **how)["x"] - exact).max() > 1e-8
    coarse = np.abs(simulate("oscillator", method="euler", **how)["x"] - exact).max()
    fine = np.abs(simulate("oscillator", method="euler", substeps=10, **how)["x"] - exact).max()
    np.testing.assert_allclose(coarse / fine, 10, rtol=0.15)


@pytest.mark.parametrize(
    ("system", "arguments", "kind", "message"),
    [
        ("oscilator", {}, ArgumentError, r"`system` must name a system: got `oscilator`. Did you mean `oscillator`\?"),
        ("oscillator", {"parameters": {"gama": 1}}, ArgumentError, r"got `gama`. Did you mean `gamma`\?"),
        (
            "oscillator",
            {"parameters": {"gamma": "a"}},
            ArgumentError,
            "`gamma` must be a number: expected a float, got 'a'",
        ),
        ("sine", {"parameters": {"points": 10.5}}, ArgumentError, "`points` must be a whole number"),
        (
            "oscillator",
            {"initial": [1.0]},
            ShapeError,
            r"one number per component: expected 2 \(x, v\), got shape \(1,\)",
        ),
        (
            "oscillator",
            {"initial": {"z": 1.0}},
            ArgumentError,
            "`initial` must name components of `oscillator`: got `z`",
        ),
        ("oscillator", {"initial": {"x": "one"}}, ArgumentError, "`initial` must hold numbers"),
        ("oscillator", {"initial": [1.0, float("nan")]}, ArgumentError, "`initial` must be finite"),
        ("sine", {"initial": [1.0]}, ArgumentError, "`initial` must be left out for `sine`: it is a signal"),
        ("oscillator", {"dt": 0}, ArgumentError, "`dt` must be positive"),
        ("oscillator", {"duration": -1.0}, ArgumentError, "`duration` must be positive"),
        ("oscillator", {"duration": 1e9}, ArgumentError, "fits into memory"),
        ("oscillator", {"method": "heun"}, ArgumentError, "`method` must name an integrator: got `heun`. Known are"),
        ("oscillator", {"noise": -1.0}, ArgumentError, "`noise` must not be negative"),
        ("sine", {"noise_generator": "mt"}, ArgumentError, "`noise_generator` must name a generator: got `mt`"),
        ("sine", {"seed": -1}, ArgumentError, "`seed` must be a whole number"),
        (
            "sine",
            {"trajectories": 0},
            ArgumentError,
            "`trajectories` must be a positive whole number: expected at least 1",
        ),
        ("sine", {"trajectories": True}, ArgumentError, "`trajectories` must be a positive whole number"),
        ("oscillator", {"trajectories": 2, "spread": -1}, ArgumentError, "`spread` must not be negative"),
        ("oscillator", {"trajectories": 10**6}, ArgumentError, "fits into memory"),
        ("logistic", {"parameters": {"x0": 1.5}}, DivergedError, r"left the finite numbers at t = \d+ \(sample \d+\)"),
        ("lorenz63", {"dt": 0.2}, DivergedError, "Lower `dt`, raise `substeps`, or start elsewhere"),
    ],
)
def test_bad_arguments_are_refused(system, arguments, kind, message):
    with pytest.raises(kind, match=message):
        simulate(system, **arguments)
