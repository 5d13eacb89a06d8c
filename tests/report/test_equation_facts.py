"""What is said of an equation: a warning where it does not describe its record, nothing where there is none."""

import numpy as np
import pytest
import xarray as xr

import pendula
from pendula.nn import Equation, Network
from pendula.report.equation_facts import (
    equation_facts,
    equation_note,
    equation_references,
    initial_state,
    parameter_rows,
)


@pytest.fixture(scope="module")
def wrong():
    # White noise obeys no oscillator.
    values = np.random.default_rng(0).normal(size=80)
    series = xr.Dataset({"x": ("time", values, {"units": "V"})}, coords={"time": ("time", 0.5 * np.arange(80.0))})
    equation = Equation(system="oscillator", known={"drive": 0.0, "omega0": 1.0})
    return pendula.fit(series, model=Network(cell="integrator", equation=equation), window=10)


def test_an_equation_of_another_record_is_warned_of(wrong):
    (note,) = equation_note(wrong)
    assert "misses its training part by" in note
    assert "network.equation.guess" in note


def test_facts_tell_equation_state_and_what_is_given(wrong):
    facts = equation_facts(wrong)
    assert facts["State"] == "x, v"
    assert facts["omega0"] == "1, given"
    assert facts["Measured"] == "x"
    assert set(initial_state(wrong)) == {"time", "x", "v"}
    assert {row["unit"] for row in parameter_rows(wrong)} == {""}
    assert "Landau" in equation_references([wrong])[0].citation


def test_other_networks_have_none():
    series = xr.Dataset({"x": ("time", np.sin(0.1 * np.arange(100)))})
    other = pendula.fit(
        series, model=Network(hidden_size=2), window=5, training=pendula.Training(epochs=1), test=0, validation=0
    )
    assert (equation_note(other), parameter_rows(other), initial_state(other)) == ([], [], {})
