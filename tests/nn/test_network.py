"""The architecture: its rules and their messages, and the ways to name one."""

import pytest
from torch import nn

from pendula.errors import ArgumentError
from pendula.nn import CELLS, GRU, LSTM, RNN, Network, NextGeneration, Reservoir, as_network
from pendula.nn.network import MAX_SIZE


@pytest.mark.usefixtures("unchecked")
def test_an_unknown_cell_is_named_with_the_nearest_known():
    rule = r"`cell` must be a known recurrent layer: .* lstm, esn, ngrc, integrator, got lstn\. Did you mean `lstm`\?"
    with pytest.raises(ArgumentError, match=rule):
        Network(cell="lstn")


@pytest.mark.parametrize("name", ["hidden_size", "num_layers", "leads", "linear_lags"])
@pytest.mark.usefixtures("unchecked")
@pytest.mark.parametrize("value", [-1, MAX_SIZE + 1, 2.0, True, "8"])
def test_sizes_must_be_whole_numbers_in_range(name, value):
    low = 0 if name == "linear_lags" else 1
    rule = rf"`{name}` must be a whole number: expected {low} to 65536, got {value}\. Choose one in that range\."
    with pytest.raises(ArgumentError, match=rule):
        Network(**{name: value})


@pytest.mark.parametrize("name", ["hidden_size", "num_layers", "leads"])
def test_only_the_linear_path_may_have_no_size(name):
    assert Network(linear_lags=0).linear_lags == 0
    with pytest.raises(ArgumentError, match=f"`{name}` must be a whole number: expected 1 to 65536, got 0"):
        Network(**{name: 0})


@pytest.mark.parametrize("value", [-0.1, 1.0, float("nan")])
def test_dropout_must_be_a_probability(value):
    rule = rf"`dropout` must be a probability: expected a number from 0 up to 1, got {value}\. 0 drops nothing\."
    with pytest.raises(ArgumentError, match=rule):
        Network(dropout=value)


def test_the_largest_size_is_allowed():
    assert Network(hidden_size=MAX_SIZE).hidden_size == MAX_SIZE


@pytest.mark.parametrize("cell", list(CELLS))
def test_a_name_gives_the_usual_network_of_that_cell(cell):
    assert as_network(cell) == Network(cell=cell)


def test_a_network_is_taken_as_it_is():
    network = Network(cell="gru", hidden_size=3)
    assert as_network(network) is network


@pytest.mark.parametrize(("kind", "cell"), [(RNN, "rnn"), (GRU, "gru"), (LSTM, "lstm")])
def test_a_layer_gives_its_cell_sizes_and_dropout(kind, cell):
    layer = kind(3, 16, 2, dropout=0.25, batch_first=True)
    assert as_network(layer) == Network(cell=cell, hidden_size=16, num_layers=2, dropout=0.25)


@pytest.mark.parametrize(
    ("layer", "name"),
    [
        (GRU(1, 4, bidirectional=True), "bidirectional"),
        (LSTM(1, 4, proj_size=2), "proj_size"),
        (LSTM(1, 4, bias=False), "bias"),
        (RNN(1, 4, nonlinearity="relu"), "nonlinearity"),
    ],
)
def test_a_layer_that_no_forecaster_can_use_is_refused(layer, name):
    rule = f"`model` must be a causal layer with its usual settings: got one with another `{name}`"
    with pytest.raises(ArgumentError, match=rule):
        as_network(layer)


@pytest.mark.usefixtures("unchecked")
def test_another_name_for_a_cell_is_refused():
    with pytest.raises(ArgumentError, match=r"`cell` must be a known recurrent layer: .* Did you mean `gru`\?"):
        as_network("gruu")


@pytest.mark.usefixtures("unchecked")
@pytest.mark.parametrize("model", [nn.Linear(1, 1), nn.LSTM(1, 4), 3])
def test_a_foreign_model_is_refused(model):
    name = type(model).__name__
    rule = rf"`model` must be a pendula\.nn\.Network, the name of a cell, or a layer of pendula\.nn: got {name}\. Write"
    with pytest.raises(ArgumentError, match=rule):
        as_network(model)


def test_dropout_needs_a_layer_to_act_between():
    with pytest.raises(
        ArgumentError, match=r"`dropout` must be 0 with one layer, since it acts between layers: got 0\.1"
    ):
        Network(dropout=0.1)


@pytest.mark.parametrize("name", ["residual", "increments"])
def test_switches_must_be_true_or_false(name):
    # The test hook checks constructors; a user has no such hook.
    network = Network()
    object.__setattr__(network, name, "no")
    with pytest.raises(ArgumentError, match=f"`{name}` must be True or False: got 'no'"):
        network.__post_init__()


def test_a_reservoir_has_a_usual_size_of_its_own():
    assert (Network().hidden_size, Network(cell="esn").hidden_size) == (64, 200)
    assert Network(cell="esn", hidden_size=400).hidden_size == 400


@pytest.mark.parametrize(("name", "value", "usual"), [
    ("num_layers", 2, 1), ("leads", 3, 1), ("linear_lags", 4, 0), ("residual", False, True),
    ("increments", False, True),
])  # fmt: skip
def test_a_reservoir_takes_no_settings_of_the_trained_cells(name, value, usual):
    rule = f"`{name}` must be left out for an echo state network: expected {usual}, got {value}"
    with pytest.raises(ArgumentError, match=rule):
        Network(cell="esn", **{name: value})


def test_settings_of_a_reservoir_go_with_the_cell_esn_alone():
    with pytest.raises(ArgumentError, match="`reservoir` must go with the cell esn: got settings of a reservoir and"):
        Network(cell="gru", reservoir=Reservoir())


def test_a_next_generation_reservoir_has_no_units():
    assert Network(cell="ngrc").hidden_size == 0
    rule = r"`hidden_size` must be left out for a next-generation reservoir: expected 0, got 8\. Its size follows from"
    with pytest.raises(ArgumentError, match=rule):
        Network(cell="ngrc", hidden_size=8)


def test_settings_of_a_polynomial_go_with_the_cell_ngrc_alone():
    polynomial = NextGeneration(delays=3)
    assert Network(cell="ngrc", polynomial=polynomial).asked is polynomial
    rule = "`polynomial` must go with the cell ngrc: got settings of a next-generation reservoir and the cell esn"
    with pytest.raises(ArgumentError, match=rule):
        Network(cell="esn", polynomial=polynomial)
    with pytest.raises(ArgumentError, match="`reservoir` must go with the cell esn: got settings of a reservoir and"):
        Network(cell="ngrc", reservoir=Reservoir())


def test_a_next_generation_reservoir_takes_no_settings_of_the_trained_cells():
    with pytest.raises(ArgumentError, match="`leads` must be left out for a next-generation reservoir: expected 1"):
        Network(cell="ngrc", leads=2)
