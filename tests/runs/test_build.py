import pytest

from pendula.config import DataSettings, build
from pendula.errors import ArgumentError, ConfigError
from pendula.runs.build import known_paths, plain
from pendula.runs.recipe import Recipe


def test_nested_tables_become_nested_settings():
    made = build(Recipe, {"window": 7, "network": {"cell": "gru"}, "training": {"epochs": 2, "learning_rate": 1}})
    assert (made.window, made.network.cell, made.training.epochs, made.training.learning_rate) == (7, "gru", 2, 1)


def test_what_is_left_out_takes_its_default():
    assert build(Recipe, {}) == Recipe()


def test_none_is_written_out():
    made = build(Recipe, {"training": {"clip_norm": "none", "patience": "none"}})
    assert made.training.clip_norm is None
    assert made.training.patience is None


def test_the_name_none_stays_a_name_where_it_is_one():
    assert build(Recipe, {"transform": "none"}).transform == "none"


def test_every_setting_goes_there_and_back():
    recipe = build(Recipe, {"window": 9, "test_from": "1990", "network": {"dropout": 0.5, "num_layers": 2}})
    assert build(Recipe, plain(recipe)) == recipe


def test_lists_become_tuples():
    assert build(DataSettings, {"target": ["x", "v"]}).target == ("x", "v")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({"windw": 3}, r"`windw` must be a known setting. Did you mean `window`\?"),
        ({"hidden_size": 3}, r"`hidden_size` must be a known setting. Did you mean `network.hidden_size`\?"),
        ({"training": {"epoch": 3}}, r"`training.epoch` must be a known setting. Did you mean `training.epochs`\?"),
        ({"network": {"reservoir": {"spectral": 1}}}, r" Did you mean `network\.reservoir\.spectral_radius`\?"),
        ({"network": {"reservoir": {"foo": 1}}}, r" Known are `network\.reservoir\.topology`, .*reservoir\.direct`\."),
        ({"training": {"cell": "rnn"}}, r"`training.cell` must be a known setting."),
        ({"network": 3}, r"`network` must be a table: expected names and values, got 3. Name one of `network.cell`"),
        ({"window": "ten"}, r"`window` must have the right type: input should be a valid integer, got 'ten'"),
        ({"window": True}, r"`window` must have the right type: input should be a valid integer, got True"),
        ({"window": 3.5}, r"`window` must have the right type: .*, got 3.5"),
        ({"test": float("nan")}, r"`test` must have the right type: input should be a finite number, got nan"),
        ({"training": {"carry_state": 1}}, r"`training.carry_state` must have the right type: .*boolean, got 1"),
        (
            {"network": {"cell": "elman"}},
            r"`network.cell` must have the right type: .*'gru', 'lstm', 'esn', 'ngrc' or 'integrator', got 'elman'",
        ),
    ],
)
def test_bad_settings_are_named_with_their_place(content, message):
    with pytest.raises(ConfigError, match=message):
        build(Recipe, content)


def test_rules_of_the_settings_hold():
    with pytest.raises(ArgumentError, match="`window` must be positive"):
        build(Recipe, {"window": 0})


def test_paths_name_every_setting():
    paths = list(known_paths(Recipe))
    assert {"window", "network.cell", "training.patience"} <= set(paths)
    assert "network" not in paths
