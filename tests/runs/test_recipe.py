"""Recipes come back from plain values, and unknown or mistyped ones are refused."""

from dataclasses import replace

import pytest

from pendula.errors import ArgumentError, ConfigError
from pendula.nn import Network
from pendula.runs import Recipe
from pendula.training import Training

RECIPES = [
    Recipe(),
    Recipe(network=Network(cell="rnn", linear_lags=3), window=5, test_from="1998-05-30", seed=2**40),
    Recipe(training=Training(clip_norm=None, patience=None, steps_per_epoch=4), test=0, transform="asinh"),
]


@pytest.mark.parametrize("recipe", RECIPES)
def test_a_recipe_comes_back(recipe):
    assert Recipe.from_dict(recipe.to_dict()) == recipe


def test_what_is_left_out_takes_its_default():
    assert Recipe.from_dict({"network": {"cell": "gru"}}) == Recipe(network=Network(cell="gru"))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({"windw": 3}, r"`windw` must be a known setting\. Did you mean `window`"),
        ({"network": {"hidden": 3}}, r"`network\.hidden` must be a known setting"),
        ({"network": 3}, "`network` must be a table: expected names and values, got 3"),
        ({"training": None}, "`training` must be a table"),
        ({"window": "3"}, "`window` must have the right type"),
        ({"window": {}}, "`window` must have the right type"),
        ({"network": {"residual": {}}}, r"`network\.residual` must have the right type"),
        ({"network": {"residual": 1}}, r"`network\.residual` must have the right type"),
        ({"training": {"epochs": 2.5}}, r"`training\.epochs` must have the right type"),
        ({"scaling": "other"}, "`scaling` must have the right type"),
    ],
)
def test_plain_values_that_are_not_sound_are_refused(content, message):
    with pytest.raises(ConfigError, match=message):
        Recipe.from_dict(content)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"window": 0}, "`window` must be positive"),
        ({"window": True}, "`window` must be positive"),
        ({"seed": -1}, "`seed` must be a whole number"),
        ({"baseline_lags": 0}, "`baseline_lags` must fit into the window: expected 1 to 50, got 0"),
        ({"baseline_lags": 51}, "`baseline_lags` must fit into the window: expected 1 to 50, got 51"),
        ({"linear_penalty": -1.0}, "`linear_penalty` must not be negative: expected a finite number, got -1.0"),
        ({"linear_penalty": float("nan")}, "`linear_penalty` must not be negative"),
        ({"network": Network(linear_lags=51)}, "`linear_lags` must fit into the window: expected at most 50, got 51"),
    ],
)
def test_choices_that_break_a_rule_are_refused(change, message):
    with pytest.raises(ArgumentError, match=message):
        replace(Recipe(), **change)
