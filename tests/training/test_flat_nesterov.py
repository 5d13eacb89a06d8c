"""Nesterov's gradient over one vector: the same method over separate parameters is the oracle."""

import pytest
import torch

from pendula.nn import Network, build
from pendula.nn.kernels import available
from pendula.optim import Nesterov
from pendula.training import Training
from pendula.training.flat_nesterov import FlatNesterov
from pendula.training.optimizer import TorchDescent, make_optimizer

pytestmark = pytest.mark.skipif(not available(), reason="needs the native core")


def network(dtype=torch.float64):
    return build(Network(cell="rnn", hidden_size=7, num_layers=2, residual=False), 1).to(dtype)


def descend(forecaster, optimizer, steps, *, seed=1):
    """Take steps with changing rates against a changing loss; the norms of its gradients."""
    generator = torch.Generator().manual_seed(seed)
    norms = []
    for step in range(steps):
        series = torch.randn(4, 9, 1, generator=generator, dtype=torch.float64).to(forecaster.head.weight.dtype)
        optimizer.learning_rate = 0.02 * 0.98**step
        optimizer.momenta = (0.5 + 0.01 * step, 0.51 + 0.01 * step)
        optimizer.zero_grad()
        (forecaster(series)[0] - 1).square().mean().backward()
        norms.append(float(optimizer.step()))
    return norms


@pytest.mark.parametrize("clip_norm", [None, 0.3])
@pytest.mark.parametrize("weight_decay", [0.0, 0.1])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_the_steps_are_those_over_separate_parameters(clip_norm, weight_decay, dtype):
    settings = Training(method="nesterov", clip_norm=clip_norm, weight_decay=weight_decay)
    ours, theirs = network(dtype), network(dtype)
    one, other = make_optimizer(ours, settings), TorchDescent(theirs, settings)
    assert isinstance(one, FlatNesterov)
    rtol = 1e-11 if dtype is torch.float64 else 1e-4
    assert descend(ours, one, 25) == pytest.approx(descend(theirs, other, 25), rel=rtol)
    expected = theirs.state_dict() | other.tensors()
    assert one.tensors().keys() == other.tensors().keys()
    for name, value in (ours.state_dict() | one.tensors()).items():
        torch.testing.assert_close(value, expected[name], rtol=rtol, atol=rtol, msg=name)


@pytest.mark.parametrize("size", [1, 33, 4097, 70_001])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_vectors_of_every_length(size, dtype):
    start = torch.randn(size, generator=torch.Generator().manual_seed(size), dtype=dtype)
    ours, theirs = torch.nn.Parameter(start.clone()), torch.nn.Parameter(start.clone())
    one = FlatNesterov([("a", ours)], learning_rate=0.1, weight_decay=0.01)
    one.momenta = (0.9, 0.9)
    other = Nesterov([theirs], lr=0.1, momentum=0.9, weight_decay=0.01)
    for _ in range(3):
        ours.grad, theirs.grad = torch.sin(start * 3), torch.sin(start * 3)
        assert one.step() == pytest.approx(float(ours.grad.double().norm()), rel=1e-12)
        other.step()
    tolerance = 1e-5 if dtype is torch.float32 else 1e-13
    torch.testing.assert_close(ours, theirs, rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("kind", ["flat", "torch"])
def test_the_state_of_either_goes_on_in_this_one(kind):
    settings = Training(method="nesterov", precision="float64")
    reference, forecaster = network(), network()
    whole = make_optimizer(reference, settings)
    descend(reference, whole, 4)
    descend(reference, whole, 4, seed=2)
    first = make_optimizer(forecaster, settings) if kind == "flat" else TorchDescent(forecaster, settings)
    descend(forecaster, first, 4)
    tensors = {name: value.clone() for name, value in first.tensors().items()}
    second = network()
    second.load_state_dict(forecaster.state_dict())
    again = make_optimizer(second, settings)
    again.restore(tensors)
    descend(second, again, 4, seed=2)
    for name, value in second.state_dict().items():
        tolerance = 0.0 if kind == "flat" else 1e-12
        torch.testing.assert_close(value, reference.state_dict()[name], rtol=tolerance, atol=tolerance)


def test_a_state_of_another_network_is_refused():
    nesterov = FlatNesterov(network().named_parameters(), learning_rate=0.1)
    tensors = nesterov.tensors()
    with pytest.raises(KeyError, match=r"head\.bias/velocity"):
        nesterov.restore({name: value for name, value in tensors.items() if name != "head.bias/velocity"})
    with pytest.raises(ValueError, match=r"head\.weight/velocity must have shape \(1, 7\): got \(7,\)"):
        nesterov.restore(tensors | {"head.weight/velocity": torch.zeros(7, dtype=torch.float64)})
