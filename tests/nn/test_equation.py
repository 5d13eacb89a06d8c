"""Which equation a cell takes steps of: what is learned, and every message for what cannot be."""

import pytest

from pendula.errors import ArgumentError
from pendula.nn import Equation, Network, observed_components
from pendula.systems import SYSTEMS, Flow

FLOWS = [name for name, kind in SYSTEMS.items() if issubclass(kind, Flow)]


@pytest.mark.parametrize("name", FLOWS)
def test_all_parameters_that_have_an_effect_are_learned(name):
    flow = SYSTEMS[name]()
    expected = {each for each, quantity in flow.quantities().items() if quantity.role == "parameter"} - {"sites"}
    if flow.settings.get("drive") == 0:
        expected -= {"drive_frequency"}
    assert set(Equation(system=name).learned) == expected


def test_what_is_known_is_not_learned_and_what_is_guessed_is():
    equation = Equation(system="duffing", known={"drive": 0.0, "alpha": 2.0}, guess={"delta": 0.05})
    assert equation.learned == ("delta", "beta")
    assert (equation.flow.alpha, equation.flow.delta) == (2.0, 0.05)


def test_whole_numbers_may_come_as_floats():
    assert len(Equation(system="lorenz96", known={"sites": 6.0}).components) == 6


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"system": "pendulm"}, r"`system` must name a differential equation.*got `pendulm`. Did you mean `pendulum`"),
        ({"system": "henon"}, "`system` must name a differential equation: .*got `henon`. Known are `oscillator`"),
        ({"system": "pendulum", "known": {"gama": 1.0}}, r"`known` must name parameters of `pendulum`.*got gama"),
        ({"system": "pendulum", "guess": {"theta0": 1.0}}, r"`guess` must name parameters of `pendulum`.*got theta0"),
        ({"system": "pendulum", "known": {"omega0": -1.0}}, "`omega0` must be above 0"),
        ({"system": "pendulum", "known": {"gamma": 1.0}, "guess": {"gamma": 1.0}}, "`guess` must name parameters that"),
        ({"system": "pendulum", "observed": ("x",)}, r"`observed` must name components.*theta, v, got x"),
        ({"system": "pendulum", "writes": ("w",)}, r"`writes` must name components.*theta, v, got w"),
        ({"system": "pendulum", "reads": ("v", "v")}, "`reads` must name different components: got v, v"),
        ({"system": "pendulum", "substeps": 0}, "`substeps` must be a whole number: expected 1 to 10000, got 0"),
    ],
)
def test_bad_settings_are_told(settings, message):
    with pytest.raises(ArgumentError, match=message):
        Equation(**settings)


@pytest.mark.parametrize(
    ("names", "observed", "expected"),
    [(["angle"], (), ("theta",)), (["v"], (), ("v",)), (["v", "theta"], (), ("v", "theta")), (["q"], ("v",), ("v",))],
)
def test_columns_are_found_among_the_components(names, observed, expected):
    assert observed_components(Equation(system="pendulum", observed=observed), names) == expected


@pytest.mark.parametrize(
    ("names", "observed", "message"),
    [
        (
            ["a", "b", "c"],
            (),
            r"`target` must not name more columns than `pendulum` has components: .*at most 2",
        ),
        (["a"], ("theta", "v"), r"`observed` must name a component of the state for each column: expected 1, for a"),
        (["v", "a"], (), r"`observed` must be given where some columns have names of components.*got a"),
    ],
)
def test_columns_that_cannot_be_told_apart_are_refused(names, observed, message):
    with pytest.raises(ArgumentError, match=message):
        observed_components(Equation(system="pendulum", observed=observed), names)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"cell": "integrator"}, "`equation` must name a system for the cell integrator: got none"),
        ({"cell": "gru", "equation": Equation(system="pendulum")}, "`equation` must go with the cell integrator"),
        ({"cell": "integrator", "equation": Equation(system="pendulum"), "num_layers": 2}, "`num_layers` must be left"),
        (
            {"cell": "integrator", "equation": Equation(system="pendulum"), "linear_lags": 3},
            "for a differential eq",
        ),
    ],
)
def test_an_equation_goes_with_its_cell(settings, message):
    with pytest.raises(ArgumentError, match=message):
        Network(**settings)
