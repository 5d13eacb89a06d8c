"""Adam over one vector: torch.optim's Adam and AdamW are the oracle."""

import copy
import pickle

import pytest
import torch

from pendula.errors import ArgumentError
from pendula.nn import Network, build
from pendula.nn.kernels import available
from pendula.training import Training
from pendula.training.flat_adam import FlatAdam
from pendula.training.optimizer import TorchDescent, make_optimizer

pytestmark = pytest.mark.skipif(not available(), reason="needs the native core")
NETWORK = Network(cell="gru", hidden_size=7, num_layers=2, residual=False)


def network(dtype=torch.float64, *, seed=0):
    return build(NETWORK, 1, seed=seed).to(dtype)


def flat(forecaster, **options):
    return FlatAdam(forecaster.named_parameters(), **({"learning_rate": 0.01} | options))


def descend(forecaster, optimizer, steps, *, seed=1):
    """Take steps against a changing loss; the norms of its gradients."""
    generator = torch.Generator().manual_seed(seed)
    norms = []
    for _ in range(steps):
        series = torch.randn(4, 9, 1, generator=generator, dtype=torch.float64).to(forecaster.head.weight.dtype)
        optimizer.zero_grad()
        (forecaster(series)[0] - 1).square().mean().backward()
        norms.append(float(optimizer.step()))
    return norms


def assert_same(forecaster, other, *, rtol=0.0):
    for name, value in forecaster.state_dict().items():
        torch.testing.assert_close(value, other.state_dict()[name], rtol=rtol, atol=rtol, msg=name)


@pytest.mark.parametrize("method", ["adam", "adamw"])
@pytest.mark.parametrize("clip_norm", [None, 0.3, 1e3])
@pytest.mark.parametrize("weight_decay", [0.0, 0.1])
def test_the_steps_are_those_of_torch(method, clip_norm, weight_decay):
    settings = Training(
        method=method, clip_norm=clip_norm, weight_decay=weight_decay, learning_rate=0.01, precision="float64"
    )
    ours, theirs = network(), network()
    one, other = make_optimizer(ours, settings), TorchDescent(theirs, settings)
    assert isinstance(one, FlatAdam)
    assert descend(ours, one, 25) == pytest.approx(descend(theirs, other, 25), rel=1e-11)
    assert_same(ours, theirs, rtol=1e-12)
    tensors = other.tensors()
    assert one.tensors().keys() == tensors.keys()
    for name, value in one.tensors().items():
        torch.testing.assert_close(value, tensors[name], rtol=1e-10, atol=1e-16, check_dtype=False, msg=name)


def test_single_precision_agrees_to_rounding():
    ours, theirs = network(torch.float32), network(torch.float32)
    settings = Training(learning_rate=0.01)
    norms = descend(ours, make_optimizer(ours, settings), 10)
    assert norms == pytest.approx(descend(theirs, TorchDescent(theirs, settings), 10), rel=1e-4)
    assert_same(ours, theirs, rtol=1e-5)


@pytest.mark.parametrize("size", [1, 31, 32, 33, 4096, 4097, 70_001])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_vectors_of_every_length(size, dtype):
    generator = torch.Generator().manual_seed(size)
    start = torch.randn(size, generator=generator, dtype=dtype)
    gradient = torch.randn(size, generator=generator, dtype=dtype)
    ours, theirs = torch.nn.Parameter(start.clone()), torch.nn.Parameter(start.clone())
    one = FlatAdam([("a", ours)], learning_rate=0.1, weight_decay=0.01)
    other = torch.optim.Adam([theirs], lr=0.1, weight_decay=0.01)
    for _ in range(3):
        ours.grad, theirs.grad = gradient.clone(), gradient.clone()
        norm = one.step()
        other.step()
        assert norm == pytest.approx(float(gradient.double().norm()), rel=1e-12)
    tolerance = 1e-5 if dtype is torch.float32 else 1e-13
    torch.testing.assert_close(ours, theirs, rtol=tolerance, atol=tolerance)


def test_the_number_of_threads_changes_no_bit():
    before, ends = torch.get_num_threads(), []
    try:
        for threads in (1, 3):
            torch.set_num_threads(threads)
            weight = torch.nn.Parameter(torch.linspace(-1, 1, 200_001))
            adam = FlatAdam([("a", weight)], learning_rate=0.1, clip_norm=1.0)
            for _ in range(3):
                weight.grad = torch.sin(weight.detach() * 50)
                norm = adam.step()
            ends.append((norm, weight.detach().clone()))
    finally:
        torch.set_num_threads(before)
    assert ends[0][0] == ends[1][0]
    assert torch.equal(ends[0][1], ends[1][1])


@pytest.mark.parametrize("value", [float("inf"), float("nan")])
@pytest.mark.parametrize("clip_norm", [None, 1.0])
def test_a_gradient_that_is_not_finite_spoils_the_weights_as_in_torch(value, clip_norm):
    ours, theirs = torch.nn.Parameter(torch.ones(3)), torch.nn.Parameter(torch.ones(3))
    adam = FlatAdam([("a", ours)], learning_rate=0.1, clip_norm=clip_norm)
    ours.grad, theirs.grad = (torch.tensor([1.0, value, -1.0]) for _ in range(2))
    norm = adam.step()
    expected = torch.nn.utils.clip_grad_norm_([theirs], clip_norm or float("inf"))
    other = torch.optim.Adam([theirs], lr=0.1)
    if clip_norm is None:
        theirs.grad = torch.tensor([1.0, value, -1.0])
    other.step()
    torch.testing.assert_close(torch.tensor(norm), expected, equal_nan=True, check_dtype=False)
    torch.testing.assert_close(ours, theirs, equal_nan=True)


def test_parameters_and_gradients_are_views_of_two_vectors():
    forecaster = network()
    before = {name: value.clone() for name, value in forecaster.state_dict().items()}
    adam = flat(forecaster)
    for name, value in forecaster.state_dict().items():
        assert torch.equal(value, before[name])
    adam.zero_grad()
    forecaster(torch.ones(1, 4, 1, dtype=torch.float64))[0].sum().backward()
    adam.gather()
    for name, parameter in forecaster.named_parameters():
        start = adam.offsets[name]
        for held, vector in ((parameter, adam.weights), (parameter.grad, adam.gradients)):
            assert held.data_ptr() == vector[start:].data_ptr()
            assert torch.equal(held.detach().flatten(), vector[start : start + held.numel()])
    assert bool(adam.gradients.any())
    adam.zero_grad()
    assert all(parameter.grad is None for parameter in forecaster.parameters())
    adam.gather()
    assert not adam.gradients.any()


def test_a_conversion_of_the_network_is_noticed():
    ours, theirs = network(), network()
    settings = Training(learning_rate=0.01, precision="float64")
    one = make_optimizer(ours, settings)
    descend(ours, one, 5)
    tensors = one.tensors()
    ours.float().double()  # other memory, and float32 in between
    theirs.load_state_dict(ours.state_dict())
    other = TorchDescent(theirs, settings)
    other.restore(tensors)
    assert descend(ours, one, 5, seed=2) == pytest.approx(descend(theirs, other, 5, seed=2), rel=1e-11)
    assert_same(ours, theirs, rtol=1e-12)
    ours.float()
    assert len(descend(ours, one, 2)) == 2
    assert ours.head.weight.dtype is one.weights.dtype is one.moments[0].dtype is torch.float32
    assert ours.head.weight.data_ptr() == one.weights[one.offsets["head.weight"] :].data_ptr()


def test_loading_weights_keeps_the_views():
    forecaster, other = network(), network(seed=1)
    adam = flat(forecaster)
    weights = adam.weights
    forecaster.load_state_dict(other.state_dict())
    adam.gather()
    assert adam.weights is weights
    assert torch.equal(weights[adam.offsets["head.weight"] :][:7], other.head.weight.detach().flatten())


def test_copies_have_memory_of_their_own():
    forecaster = network()
    adam = flat(forecaster)
    for twin in (copy.deepcopy(forecaster), pickle.loads(pickle.dumps(forecaster))):
        before = {name: value.clone() for name, value in twin.state_dict().items()}
        descend(forecaster, adam, 2)
        for name, value in twin.state_dict().items():
            assert torch.equal(value, before[name])
        assert not torch.equal(forecaster.head.weight, twin.head.weight)


def test_released_parameters_have_memory_of_their_own():
    forecaster = network()
    adam = flat(forecaster)
    descend(forecaster, adam, 1)
    before = {name: value.clone() for name, value in forecaster.state_dict().items()}
    adam.release()
    adam.weights.fill_(7)
    for name, parameter in forecaster.named_parameters():
        assert torch.equal(parameter.detach(), before[name])
        assert parameter.grad is None
        assert parameter.untyped_storage().nbytes() == parameter.numel() * 8


def test_a_gradient_from_elsewhere_counts_and_none_counts_as_zero():
    one, other = (torch.nn.Parameter(torch.ones(2)) for _ in range(2))
    adam = FlatAdam([("a", one), ("b", other)], learning_rate=0.1)
    one.grad, other.grad = torch.tensor([3.0, 4.0]), None
    assert adam.step() == 5.0
    assert one.detach().tolist() == pytest.approx([0.9, 0.9])
    assert other.detach().tolist() == [1.0, 1.0]


def test_frozen_parameters_stay_as_they_are():
    forecaster = network()
    forecaster.recurrent.weight_hh_l0.requires_grad_(False)
    before = forecaster.recurrent.weight_hh_l0.clone()
    adam = flat(forecaster)
    descend(forecaster, adam, 3)
    assert torch.equal(forecaster.recurrent.weight_hh_l0, before)
    assert "recurrent.weight_hh_l0" not in adam.offsets


@pytest.mark.parametrize("kind", ["flat", "torch"])
def test_the_state_of_either_optimizer_goes_on_in_this_one(kind):
    settings = Training(learning_rate=0.01, method="adamw", weight_decay=0.1, precision="float64")
    reference, forecaster = network(), network()
    whole = make_optimizer(reference, settings)
    descend(reference, whole, 4)
    descend(reference, whole, 4, seed=2)
    first = make_optimizer(forecaster, settings) if kind == "flat" else TorchDescent(forecaster, settings)
    descend(forecaster, first, 4)
    tensors = {name: value.clone() for name, value in first.tensors().items()}
    second = network()
    second.load_state_dict(forecaster.state_dict())
    adam = make_optimizer(second, settings)
    adam.restore(tensors)
    descend(second, adam, 4, seed=2)
    assert_same(second, reference, rtol=0.0 if kind == "flat" else 1e-12)


def test_an_empty_state_is_that_before_the_first_step():
    forecaster = network()
    adam = flat(forecaster)
    assert adam.tensors() == {}
    descend(forecaster, adam, 3)
    adam.restore({})
    assert adam.steps == 0
    assert not torch.cat(adam.moments).any()


def test_a_state_of_another_network_is_refused():
    forecaster = network()
    adam = flat(forecaster)
    descend(forecaster, adam, 1)
    tensors = adam.tensors()
    with pytest.raises(KeyError, match=r"head\.bias/step"):
        adam.restore({name: value for name, value in tensors.items() if name != "head.bias/step"})
    with pytest.raises(KeyError, match="surprise"):
        adam.restore(tensors | {"surprise/step": torch.tensor(1.0)})
    with pytest.raises(ValueError, match=r"head\.weight/exp_avg must have shape \(1, 7\): got \(7,\)"):
        adam.restore(tensors | {"head.weight/exp_avg": torch.zeros(7, dtype=torch.float64)})
    with pytest.raises(ValueError, match=r"the same number of steps: got \[1, 2\]"):
        adam.restore(tensors | {"head.bias/step": torch.tensor(2.0)})


def test_what_the_core_cannot_hold_is_refused():
    mixed = [torch.nn.Parameter(torch.ones(2, dtype=dtype)) for dtype in (torch.float32, torch.float64)]
    rule = (
        r"must lie on the CPU and be float32 or float64, all of them: got torch\.float32 on cpu, torch\.float64 on cpu"
    )
    with pytest.raises(ArgumentError, match=rule):
        FlatAdam(zip("ab", mixed, strict=True), learning_rate=0.1)
    with pytest.raises(ArgumentError, match=r"got torch\.float16 on cpu\. Convert them all"):
        FlatAdam([("a", torch.nn.Parameter(torch.ones(2, dtype=torch.float16)))], learning_rate=0.1)
    with pytest.raises(ArgumentError, match="got none"):
        FlatAdam([], learning_rate=0.1)
