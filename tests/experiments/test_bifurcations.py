"""The bifurcation experiment: chaos where the textbook has it, a figure, words for mistakes."""

import io

import numpy as np
import pytest

from pendula.errors import ArgumentError
from pendula.experiments import EXPERIMENTS, BifurcationDiagram
from pendula.training import silent


def run(**settings):
    return EXPERIMENTS["bifurcations"].run(BifurcationDiagram(**settings), lambda _: silent)


def test_chaos_begins_at_the_end_of_the_period_doublings():
    made = run(low=3.0, values=201, duration=2000.0)
    values, chaotic = np.array(made.results["values"]), np.array(made.results["chaotic"])
    assert values[chaotic].min() == pytest.approx(3.5699, abs=0.01)  # May 1976
    assert not chaotic[np.abs(values - 3.835) < 0.005].any()  # the window of period three
    assert made.results["visited"][0] < made.results["visited"][-1]
    from matplotlib.image import imread

    (image,) = made.figures.values()
    assert imread(io.BytesIO(image))[..., :3].std() > 0.05


def test_values_that_diverge_are_told():
    made = run(system="henon", parameter="a", low=1.0, high=3.0, values=3, component="y", duration=100.0)
    assert made.results["exponents"][2] is None
    assert "At 2 of them the run left the finite numbers." in made.results["verdict"]


def test_mistakes_are_named():
    with pytest.raises(ArgumentError, match=r"`low` must be below `high`: got 4\.0 and 3\.0"):
        BifurcationDiagram(low=4.0, high=3.0)
    with pytest.raises(ArgumentError, match="`values` must be at least 2: got 1"):
        BifurcationDiagram(values=1)
    with pytest.raises(ArgumentError, match="`duration` must not be negative"):
        BifurcationDiagram(duration=-1.0)
    with pytest.raises(ArgumentError, match="`parameter` must name a parameter of `rossler`: got `r`"):
        run(system="rossler")
