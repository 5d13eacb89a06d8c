from dataclasses import replace

import numpy as np
import pytest
import xarray

import pendula as library


def test_units_and_names_come_from_the_file_that_was_learned(pendula, fitted):
    answer = pendula("forecast", "run", "--steps", "3")
    assert answer.code == 0
    lines = answer.out.splitlines()
    assert lines[0] == "t [s],x [rad],x_lower [rad],x_upper [rad],effective_origins"
    assert [float(line.split(",")[0]) for line in lines[1:]] == pytest.approx([12.0, 12.1, 12.2])


def test_a_file_holds_what_standard_output_would(pendula, fitted, folder):
    printed = pendula("forecast", "run", "--steps", "4").out
    answer = pendula("forecast", "run", "--steps", "4", "-o", "future.csv")
    assert answer.out == "Wrote 4 steps of x to future.csv.\n"
    assert (folder / "future.csv").read_text() == printed


@pytest.mark.parametrize("suffix", [".nc", ".npz", ".h5", ".parquet", ".tsv"])
def test_every_format_reads_back(pendula, fitted, folder, suffix):
    expected = library.forecast(library.load(fitted), 4)
    assert pendula("forecast", "run", "--steps", "4", "-o", f"future{suffix}").code == 0
    read = library.read(folder / f"future{suffix}")
    np.testing.assert_array_equal(read["x"], expected["x"])
    np.testing.assert_array_equal(read["x_upper"], expected["x_upper"])
    assert read["x"].attrs["units"] == "rad"


def test_json(pendula, fitted):
    content = pendula("forecast", "run", "--steps", "30", "--coverage", "0.5", "--json").content
    expected = library.forecast(library.load(fitted), 30, coverage=0.5)
    band = content["forecast"]["x"]
    assert band["units"] == "rad"
    assert band["mean"] == expected["x"].values.tolist()
    assert band["lower"][-1] is None
    assert content["time"] == {"column": "t", "units": "s", "values": expected["time"].values.tolist()}
    assert content["calibrated_steps"] < 30
    assert content["calibration_origins"] > 0


def test_what_the_intervals_were_worth_on_the_test_part_is_said(pendula, fitted):
    tested = library.load(fitted).scores["intervals"]
    held = f"{100 * tested['mean']:.1f} % on average, {100 * tested['least']:.1f} % at least"
    assert f"such intervals held {held}" in pendula("forecast", "run", "--steps", "5").err
    assert "such intervals held" not in pendula("forecast", "run", "--steps", "5", "--coverage", "0.5").err
    narrow = {**tested, "mean": 0.7, "least": 0.6, "least_lead": 3}
    fit = library.load(fitted)
    replace(fit, scores={**fit.scores, "intervals": narrow}).save("narrow")
    assert (
        "warning: on the test part such intervals held 70.0 % on average, 60.0 % at least (step 3): these are likely "
        "too narrow, too." in pendula("forecast", "narrow", "--steps", "5").err
    )


def test_what_stands_behind_the_interval_is_said(pendula, fitted):
    answer = pendula("forecast", "run", "--steps", "30", "--coverage", "0.5")
    origins = library.load(fitted).calibration.origins
    assert (
        f"The 50 % interval rests on free runs from {origins} origins in the validation part; as far as they depend"
        in answer.err
    )
    assert "warning: the interval ends after" in answer.err
    assert "of 30 steps" in answer.err


def test_too_few_origins_for_the_coverage_is_said(pendula, fitted):
    answer = pendula("forecast", "run", "--steps", "3", "--coverage", "0.999")
    assert answer.code == 0
    assert "warning: that is too few for an interval of 99.9 %; ask for a lower --coverage." in answer.err


def test_start_lies_in_the_record(pendula, fitted):
    lines = pendula("forecast", "run", "--steps", "2", "--start", "5.0").out.splitlines()
    assert lines[1].startswith("5.0,")
    refused = pendula("forecast", "run", "--steps", "2", "--start", "99")
    assert refused.code == 2
    assert "`start` must lie within the record" in refused.err


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("--steps 0", "`steps` must be positive"),
        ("--steps 3 --coverage 1", "`coverage` must lie between 0 and 1"),
        ("--steps x", "expected a whole number, got x"),
        ("", "`--steps` must be given to a fit that forecasts"),
    ],
)
def test_bad_usage(pendula, fitted, words, message):
    answer = pendula("forecast", "run", *words.split())
    assert answer.code == 2
    assert message in answer.err
    assert answer.out == ""


def test_a_file_of_an_unknown_format(pendula, fitted, folder):
    answer = pendula("forecast", "run", "--steps", "2", "-o", "future.xyz")
    assert answer.code == 2
    assert "must have a known suffix" in answer.err
    assert not (folder / "future.xyz").exists()


def test_a_table_on_a_terminal(pendula, fitted, monkeypatch):
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    lines = pendula("forecast", "run", "--steps", "45").out.splitlines()
    assert lines[0].split() == ["t", "[s]", "x", "[rad]", "x_lower", "[rad]", "x_upper", "[rad]", "effective_origins"]
    assert len(lines) == 42
    assert lines[-1] == "… and 5 more rows; -o FILE writes all of them."


def test_a_file_is_not_written_over_unasked(pendula, fitted, folder):
    before = (folder / "swing.csv").read_bytes()
    answer = pendula("forecast", "run", "--steps", "2", "-o", "swing.csv")
    assert answer.code == 1
    assert "`swing.csv` must be a new file: expected none of that name, got one." in answer.err
    assert (folder / "swing.csv").read_bytes() == before
    assert pendula("forecast", "run", "--steps", "2", "-o", "swing.csv", "--overwrite").code == 0
    assert len((folder / "swing.csv").read_text().splitlines()) == 3


@pytest.fixture(scope="module")
def noisy(tmp_path_factory):
    """A run whose network has a Gaussian head."""
    series = library.simulate("ar1", duration=200)
    network = library.Network(hidden_size=2, linear_lags=1, head="gaussian")
    training = library.Training(epochs=1, batch_size=64)
    fit = library.fit(series, model=network, training=training, window=5, test=0)
    return fit.save(tmp_path_factory.mktemp("noisy") / "run")


def test_samples_give_quantiles_and_say_so(pendula, noisy):
    answer = pendula(
        "forecast", str(noisy), "--steps", "3", "--samples", "50", "--seed", "2", "--coverage", "0.8", "--json"
    )
    expected = library.forecast(library.load(noisy), 3, samples=50, seed=2, coverage=0.8)
    band = answer.content["forecast"]["x"]
    assert band["lower"] == expected["x_lower"].values.tolist()
    assert "samples" not in band
    assert (answer.content["interval"], answer.content["samples"], answer.content["seed"]) == ("samples", 50, 2)
    assert "The 80 % interval lies between quantiles of 50 runs drawn from the likelihood head." in answer.err


def test_samples_too_few_for_the_coverage_are_said(pendula, noisy):
    words = ("forecast", str(noisy), "--steps", "3", "--coverage", "0.9", "--samples")
    assert "warning: 19 runs do not reach its ends" in pendula(*words, "19").err
    assert "warning" not in pendula(*words, "20").err


def test_samples_can_be_kept(pendula, noisy, folder, monkeypatch):
    monkeypatch.setattr("pendula.forecasting.drawing.TRANSIENT", 20)
    how = ("--steps", "4", "--samples", "3", "--start", "nothing", "--keep-samples")
    assert pendula("forecast", str(noisy), *how, "-o", "drawn.nc").code == 0
    with xarray.open_dataset(folder / "drawn.nc", engine="h5netcdf") as drawn:
        assert drawn["x_samples"].dims == ("sample", "time")
        assert drawn["x_samples"].shape == (3, 4)
    shown = pendula("forecast", str(noisy), *how, "--json").content["forecast"]["x"]["samples"]
    assert np.shape(shown) == (3, 4)


def test_a_table_cannot_keep_samples(pendula, noisy):
    answer = pendula("forecast", str(noisy), "--steps", "4", "--samples", "3", "--keep-samples", "-o", "drawn.csv")
    assert answer.code == 2
    assert "`--keep-samples` must go with a file that can hold them: expected -o with .nc, got drawn.csv" in answer.err


def test_a_point_has_no_samples(pendula, fitted):
    answer = pendula("forecast", "run", "--steps", "3", "--samples", "10")
    assert answer.code == 2
    assert (
        "`head` must tell a distribution to draw samples from it: expected gaussian or mixture, got point" in answer.err
    )
