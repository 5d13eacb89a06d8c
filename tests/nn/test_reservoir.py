"""The settings of a reservoir: each rule, and what its message says."""

import pytest

from pendula.errors import ArgumentError
from pendula.nn import TOPOLOGIES, Reservoir


def check(**changes):
    """Check settings whose types the test hook would refuse before their rules were asked."""
    settings = Reservoir()
    for name, value in changes.items():
        object.__setattr__(settings, name, value)
    settings.__post_init__()


def test_the_defaults_keep_the_rules():
    assert Reservoir() == Reservoir(topology="random", spectral_radius=0.9, leak=1.0)
    assert TOPOLOGIES == ("random", "delay-line", "cycle")


def test_an_unknown_topology_is_named():
    rule = r"expected one of random, delay-line, cycle, got cyle\. Did you mean `cycle`\?"
    with pytest.raises(ArgumentError, match=rule):
        check(topology="cyle")


@pytest.mark.parametrize("value", [0.0, -1.0, float("nan"), float("inf"), True, "1"])
@pytest.mark.parametrize("name", ["spectral_radius", "input_scaling"])
def test_scales_must_be_positive(name, value):
    rule = rf"`{name}` must be positive: expected a finite number above 0, got {value}\. Take 0\.9, say\."
    with pytest.raises(ArgumentError, match=rule):
        check(**{name: value})


@pytest.mark.parametrize("value", [-0.1, float("nan")])
def test_a_bias_may_be_left_out_and_no_less(value):
    assert Reservoir(bias_scaling=0.0).bias_scaling == 0
    with pytest.raises(ArgumentError, match=rf"`bias_scaling` must not be negative: .* got {value}\. 0 leaves b out\."):
        check(bias_scaling=value)


@pytest.mark.parametrize("value", [0.0, -0.3, 1.0001, float("nan")])
def test_a_leak_is_a_share(value):
    with pytest.raises(
        ArgumentError, match=rf"`leak` must be a share: expected a number above 0 and up to 1, got {value}"
    ):
        check(leak=value)


@pytest.mark.parametrize("value", [-1, 2.0, True])
def test_connections_are_counted(value):
    with pytest.raises(
        ArgumentError, match=rf"`connections` must be a whole number: expected 0 or more, got {value}\. 0 c"
    ):
        check(connections=value)


def test_direct_links_are_there_or_not():
    with pytest.raises(ArgumentError, match=r"`direct` must be True or False: got 1\. Choose one\."):
        check(direct=1)
