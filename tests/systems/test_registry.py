import json

import pytest

import pendula.systems
from pendula.errors import ArgumentError
from pendula.systems import SYSTEMS, Oscillator, System, citation, describe, make_system

NAMES = [
    "sine",
    "cosine",
    "combined",
    "damped",
    "oscillator",
    "duffing",
    "van-der-pol",
    "pendulum",
    "fitzhugh-nagumo",
    "lorenz63",
    "rossler",
    "lorenz96",
    "mackey-glass",
    "logistic",
    "henon",
    "ar1",
    "ornstein-uhlenbeck",
]
RESERVED = {
    "system",
    "equation",
    "reference",
    "method",
    "dt",
    "substeps",
    "seed",
    "noise",
    "noise_generator",
    "trajectories",
    "spread",
    "relative_tolerance",
    "absolute_tolerance",
}


def test_the_registry_is_complete_and_keyed_by_name():
    assert list(SYSTEMS) == NAMES
    assert all(each.name == name for name, each in SYSTEMS.items())
    exported = [getattr(pendula.systems, name) for name in pendula.systems.__all__]
    assert all(each in exported for each in SYSTEMS.values())


@pytest.mark.parametrize("name", NAMES)
def test_every_system_tells_what_a_user_needs(name):
    told = describe(name)
    assert json.loads(json.dumps(told, allow_nan=False)) == told
    assert told["name"] == name
    assert told["equation"]
    assert citation(name) == told["reference"]
    assert told["states"]
    for part in (*told["parameters"], *told["states"]):
        assert part["unit"]
        assert part["meaning"]
    for fact in told["facts"]:
        assert fact["source"]
        assert fact["unit"]
    assert told["facts"], "every system has at least one known number at its defaults"


@pytest.mark.parametrize("name", NAMES)
def test_every_setting_is_documented_in_the_class(name):
    system = SYSTEMS[name]
    documented = "".join(base.__doc__ for base in system.__mro__ if issubclass(base, System))
    for setting in system.quantities():
        assert f"        {setting}: " in documented or f"    {setting}: " in documented
    assert "References:" in system.__doc__
    assert "$" in system.__doc__


@pytest.mark.parametrize("name", NAMES)
def test_no_setting_hides_an_attribute_of_the_dataset(name):
    system = SYSTEMS[name]()
    assert not RESERVED & set(system.settings)
    assert not {"time", "trajectory"} & {state.name for state in system.states}


def test_kinds():
    kinds = {describe(name)["kind"] for name in NAMES}
    assert kinds == {"signal", "flow", "delay equation", "map", "random process"}


def test_overrides_are_applied_to_names_and_systems():
    assert make_system("oscillator", {"gamma": 0.3, "x0": 2}).initial_state == (2.0, 0.0)
    assert make_system(Oscillator(gamma=0.5), {"drive": 0.0}).settings["gamma"] == 0.5
    system = Oscillator()
    assert make_system(system) is system


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("lorens63", r"`system` must name a system: got `lorens63`. Did you mean `lorenz63`\?"),
        ("Oscillator", r"got `Oscillator`. Did you mean `oscillator`\?"),
        ("weather", r"got `weather`. Known are `sine`, `cosine`"),
    ],
)
def test_unknown_names_are_refused(name, message):
    with pytest.raises(ArgumentError, match=message):
        make_system(name)


def test_facts_follow_the_parameters():
    told = describe(make_system("lorenz63", {"rho": 20.0}))
    assert "Lyapunov exponents" not in {fact["name"] for fact in told["facts"]}
