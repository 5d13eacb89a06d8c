"""Configurations of models: what Pendula does not have is refused by name."""

import pytest

from pendula.errors import ModelError
from pendula.interop.keras import from_keras, keras_library
from pendula.interop.keras.layers import chain_of


def lstm(**config):
    return {"class_name": "LSTM", "config": {"name": "memory", "units": 3, **config}}


def dense(**config):
    return {"class_name": "Dense", "config": {"name": "head", "units": 1, **config}}


def sequential(*layers):
    return {"class_name": "Sequential", "config": {"name": "model", "layers": list(layers)}}


def refused(*layers, match):
    with pytest.raises(ModelError, match=match):
        chain_of(sequential(*layers), source="m.keras")


def test_a_lambda_is_refused_by_name():
    layer = {"class_name": "Lambda", "config": {"name": "evil", "function": ["4wEAAAA=", None, None]}}
    refused(lstm(), layer, dense(), match=r"Dense ones after them, got Lambda `evil`\. Nothing of it was run\.")


@pytest.mark.parametrize(
    ("module", "registered"), [("mine.layers", None), ("keras.layers", "mine>LSTM"), ("__main__", "LSTM")]
)
def test_a_class_of_ones_own_is_refused_whatever_it_calls_itself(module, registered):
    layer = {**lstm(), "module": module, "registered_name": registered}
    refused(layer, dense(), match=r"got LSTM `memory`, a class of its author's\. Its code is not Keras's and was not")


@pytest.mark.parametrize("kind", ["Bidirectional", "Conv1D", "Flatten", "Masking", "mine>Thing", "CuDNNLSTM"])
def test_layers_that_pendula_does_not_have_are_named(kind):
    refused(lstm(), {"class_name": kind, "config": {"name": "it"}}, match=rf"got {kind} `it`")


@pytest.mark.parametrize(
    ("config", "match"),
    [
        ({"activation": "relu"}, r"got activation=relu in LSTM `memory`\. There it has tanh alone"),
        ({"recurrent_activation": "hard_sigmoid"}, r"recurrent_activation=hard_sigmoid in LSTM .*sigmoid alone"),
        ({"activation": {"class_name": "function", "config": "mine", "registered_name": "mine"}}, "activation=mine in"),
        ({"go_backwards": True}, "go_backwards=True in LSTM `memory`. A forecaster reads from the past"),
        ({"return_state": True}, "return_state=True in LSTM `memory`"),
    ],
)
def test_arguments_that_pendula_does_not_have_are_named(config, match):
    refused(lstm(**config), dense(), match=match)


def test_an_activation_of_the_head_is_refused():
    refused(lstm(), dense(activation="sigmoid"), match=r"activation=sigmoid in Dense `head`. There it has linear alone")


def test_the_order_of_layers_is_checked():
    refused(lstm(), lstm(), match=r"LSTM `memory` after a layer that gives its last state alone")
    refused(lstm(return_sequences=True), dense(), lstm(), match=r"LSTM `memory` after Dense")
    refused(dense(), lstm(), match=r"Dense `head` before any of them")
    refused(match=r"got none of them\. Pendula reads recurrent networks")
    gru = {"class_name": "GRU", "config": {"name": "gate", "units": 3}}
    refused(lstm(return_sequences=True), gru, match=r"GRU `gate` on layers of another kind")


@pytest.mark.parametrize(
    "config",
    [
        None,
        [],
        {"class_name": "Sequential"},
        {"class_name": "Sequential", "config": {"layers": "none"}},
        {"class_name": "Sequential", "config": {"layers": [lstm()] * 300}},
        sequential({"class_name": "LSTM", "config": 3}),
        sequential({"class_name": "x" * 300, "config": {}}),
        sequential(lstm(units=10**9)),
        sequential(lstm(units=True)),
    ],
)
def test_a_damaged_configuration_is_refused(config):
    with pytest.raises(ModelError, match=r"`m\.keras` must be a model of Keras: expected `\w+` to be"):
        chain_of(config, source="m.keras")


def test_a_subclassed_model_is_refused():
    with pytest.raises(ModelError, match=r"must be a Sequential or a Functional model: got Mine, whose code is not in"):
        chain_of({"class_name": "Mine", "config": {"layers": []}}, source="m.keras")


def test_branches_are_refused():
    keras = keras_library()
    entrance = keras.Input((None, 1))
    states = keras.layers.LSTM(3)(entrance)
    both = keras.layers.Dense(1)(states) + keras.layers.Dense(1)(states)
    with pytest.raises(ModelError, match=r"must be a chain of layers: .* got a branch or a loop at"):
        from_keras(keras.Model(entrance, both))


def test_the_connections_of_keras_2_are_followed():
    def placed(layer, before):
        return {**layer, "name": layer["config"]["name"], "inbound_nodes": [[[before, 0, 0, {}]]] if before else []}

    entrance = {"class_name": "InputLayer", "config": {"name": "entrance", "batch_input_shape": [None, 12, 1]}}
    layers = [placed(dense(), "memory"), placed(entrance, None), placed(lstm(), "entrance")]
    chain = chain_of({"class_name": "Functional", "config": {"layers": layers}}, source="m.h5")
    assert (chain.recurrent[0].name, chain.dense[0].name) == ("memory", "head")
    loop = [placed(entrance, None), placed(lstm(), "head"), placed(dense(), "memory")]
    with pytest.raises(ModelError, match="a branch or a loop"):
        chain_of({"class_name": "Functional", "config": {"layers": loop}}, source="m.h5")
