"""The recurrent layers are drop-ins: torch's own layers are the oracle."""

import copy
import inspect

import pytest
import torch
from torch import nn

from pendula.nn import GRU, LSTM, RNN

PAIRS = [(RNN, nn.RNN), (GRU, nn.GRU), (LSTM, nn.LSTM)]
CASES = [
    (ours, theirs, arguments)
    for ours, theirs in PAIRS
    for arguments in (
        {},
        {"num_layers": 2, "batch_first": True},
        {"bidirectional": True, "bias": False},
        {"num_layers": 2, "bidirectional": True, "dtype": torch.float64},
    )
]
CASES += [(RNN, nn.RNN, {"nonlinearity": "relu"}), (LSTM, nn.LSTM, {"proj_size": 2, "num_layers": 2})]


def tensors(value):
    return [value] if isinstance(value, torch.Tensor) else [each for part in value for each in tensors(part)]


def assert_near(got, expected):
    tolerance = {torch.float32: 1e-5, torch.float64: 1e-12}[expected.dtype]
    torch.testing.assert_close(got, expected, rtol=tolerance, atol=tolerance)


@pytest.mark.filterwarnings("ignore:LSTM with projections is not supported with oneDNN")
@pytest.mark.parametrize(("ours", "theirs", "arguments"), CASES)
def test_outputs_and_gradients_are_those_of_torch(ours, theirs, arguments):
    torch.manual_seed(0)
    mine, reference = ours(3, 5, **arguments), theirs(3, 5, **arguments)
    assert list(mine.state_dict()) == list(reference.state_dict())
    mine.load_state_dict(reference.state_dict())
    inputs = torch.randn(4, 7, 3, dtype=arguments.get("dtype"))
    results = []
    for layer in (mine, reference):
        seen = inputs.clone().requires_grad_()
        outputs = tensors(layer(seen))
        sum(output.square().sum() for output in outputs).backward()
        results.append([*outputs, seen.grad, *(parameter.grad for parameter in layer.parameters())])
    for got, expected in zip(*results, strict=True):
        assert_near(got, expected)


@pytest.mark.parametrize(("ours", "theirs"), PAIRS)
def test_a_given_state_is_the_start(ours, theirs):
    torch.manual_seed(1)
    mine, reference = ours(2, 4, 2), theirs(2, 4, 2)
    mine.load_state_dict(reference.state_dict())
    hidden = torch.randn(2, 3, 4)
    state = (hidden, torch.randn(2, 3, 4)) if ours is LSTM else hidden
    inputs = torch.randn(6, 3, 2)
    for got, expected in zip(tensors(mine(inputs, state)), tensors(reference(inputs, state)), strict=True):
        assert_near(got, expected)


@pytest.mark.parametrize(("ours", "theirs"), PAIRS)
def test_the_same_seed_draws_the_same_weights(ours, theirs):
    torch.manual_seed(2)
    mine = ours(2, 4, 2)
    torch.manual_seed(2)
    for got, expected in zip(mine.parameters(), theirs(2, 4, 2).parameters(), strict=True):
        assert torch.equal(got, expected)


@pytest.mark.parametrize("ours", [RNN, GRU, LSTM])
def test_arguments_and_defaults_are_those_of_torch(ours):
    expected = {
        name: parameter.default
        for name, parameter in inspect.signature(nn.RNNBase.__init__).parameters.items()
        if name not in {"self", "mode", "input_size", "hidden_size"} and (ours is LSTM or name != "proj_size")
    }
    order = ["input_size", "hidden_size", *expected]
    if ours is RNN:  # torch.nn.RNN takes the nonlinearity as its fourth argument
        order.insert(3, "nonlinearity")
        expected["nonlinearity"] = "tanh"
    got = {name: parameter.default for name, parameter in inspect.signature(ours).parameters.items()}
    assert got.pop("backend") == "auto"
    assert list(got) == order
    assert {name: got[name] for name in expected} == expected


@pytest.mark.parametrize(
    ("ours", "theirs", "positional"),
    [
        (RNN, nn.RNN, (2, 3, 2, "relu", False, True, 0.25, True)),
        (GRU, nn.GRU, (2, 3, 2, False, True, 0.25, True)),
        (LSTM, nn.LSTM, (2, 3, 2, False, True, 0.25, True, 1)),
    ],
)
def test_positional_arguments_come_in_the_order_of_torch(ours, theirs, positional):
    mine, reference = ours(*positional), theirs(*positional)
    names = ["input_size", "hidden_size", "num_layers", "bias", "batch_first", "dropout", "bidirectional", "proj_size"]
    assert [getattr(mine, name) for name in names] == [getattr(reference, name) for name in names]
    assert mine.mode == reference.mode
    assert {name: value.shape for name, value in mine.state_dict().items()} == {
        name: value.shape for name, value in reference.state_dict().items()
    }


@pytest.mark.parametrize("ours", [RNN, GRU, LSTM])
def test_sizes_have_defaults(ours):
    layer = ours()
    assert (layer.input_size, layer.hidden_size, layer.num_layers) == (1, 64, 1)


@pytest.mark.parametrize("ours", [RNN, GRU, LSTM])
def test_a_deep_copy_is_equal_and_apart(ours):
    torch.manual_seed(3)
    layer = ours(2, 4)
    twin = copy.deepcopy(layer)
    inputs = torch.randn(5, 2)
    assert torch.equal(layer(inputs)[0], twin(inputs)[0])
    with torch.no_grad():
        twin.weight_hh_l0.zero_()
    assert not torch.equal(layer(inputs)[0], twin(inputs)[0])


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
@pytest.mark.parametrize("ours", [RNN, GRU, LSTM])
def test_layers_run_in_cudnn_on_a_gpu(ours):
    torch.manual_seed(0)
    here = ours(3, 5, num_layers=2, dtype=torch.float64)
    there = copy.deepcopy(here).cuda()
    assert there.backend == "torch"
    results = []
    for layer in (here, there):
        seen = torch.ones(4, 7, 3, dtype=torch.float64, device=layer.weight_hh_l0.device).cumsum(0).requires_grad_()
        outputs = tensors(layer(seen))
        sum(output.square().sum() for output in outputs).backward()
        results.append([*outputs, seen.grad, *(parameter.grad for parameter in layer.parameters())])
    for expected, got in zip(*results, strict=True):
        assert_near(got.cpu(), expected)
