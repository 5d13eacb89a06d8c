"""The learned Lorenz attractor, held against the flow's."""

import pytest

from pendula.errors import ArgumentError
from pendula.experiments import EXPERIMENTS, LorenzAttractor


@pytest.mark.slow
def test_the_reservoir_has_the_attractor_of_the_flow():
    results = EXPERIMENTS["lorenz-attractor"].run(LorenzAttractor(), lambda _: None).results
    assert results["relative_error"] < 0.03
    assert abs(results["D_stsp"]["above_floor"]) < 0.1
    assert abs(results["D_H"]["above_floor"]) < 0.02


@pytest.mark.parametrize(("setting", "message"), [({"units": 0}, "`units`"), ({"dt": 0.5}, "must resolve the flow")])
def test_settings_are_checked(setting, message):
    with pytest.raises(ArgumentError, match=message):
        LorenzAttractor(**setting)
