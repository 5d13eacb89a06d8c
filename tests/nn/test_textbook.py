"""The textbook's network: torch's autograd, an independent loop and finite differences are the oracles."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from pendula.errors import ArgumentError, ShapeError
from pendula.nn import RNN
from pendula.nn.textbook import Gradients, backward, draw_parameters, forward, loss

SIZES = st.integers(1, 6)


def task(*, time, sizes, seed, output):
    """Draw a network with biases, a sequence, targets and how much each step counts."""
    inputs, hidden, outputs = sizes
    random = np.random.default_rng(seed)
    drawn = draw_parameters(inputs, hidden, output_size=outputs, seed=seed)
    parameters = drawn._replace(b=random.normal(size=hidden), c=random.normal(size=outputs))
    targets = random.normal(size=(time, outputs))
    if output == "softmax":
        targets = np.eye(outputs)[random.integers(0, outputs, time)]
    return parameters, random.normal(size=(time, inputs)), targets, random.uniform(0, 2, time)


def by_autograd(parameters, x, targets, scored, *, output, start):
    """Loss and gradients as torch finds them, the states among the leaves."""
    U, W, V, b, c = leaves = [torch.tensor(each, requires_grad=True) for each in parameters]
    h, states, total = torch.tensor(start), [], torch.zeros(())
    for x_t, target, s in zip(*map(torch.tensor, (x, targets, scored)), strict=True):
        h = torch.tanh(U @ x_t + W @ h + b)
        states.append(h)
        y = V @ h + c
        if output == "softmax":
            total = total + s * torch.nn.functional.cross_entropy(y[None], target[None])
        else:
            total = total + s * 0.5 * torch.nn.functional.mse_loss(y, target, reduction="sum")
    found = torch.autograd.grad(total, [*leaves, *states])
    return float(total.detach()), [*(each.numpy() for each in found[:5]), torch.stack(found[5:]).numpy()]


@pytest.mark.parametrize("output", ["identity", "softmax"])
@settings(max_examples=40)
@given(time=st.integers(1, 12), sizes=st.tuples(SIZES, SIZES, SIZES), seed=st.integers(0, 2**16))
def test_loss_and_gradients_are_those_of_autograd(output, time, sizes, seed):
    parameters, x, targets, scored = task(time=time, sizes=sizes, seed=seed, output=output)
    start = np.random.default_rng(seed + 1).normal(size=sizes[1])
    activities = forward(parameters, x, start=start, output=output)
    expected_loss, expected = by_autograd(parameters, x, targets, scored, output=output, start=start)
    got = backward(parameters, x, activities, targets, scored=scored)
    assert loss(activities, targets, scored=scored, output=output) == pytest.approx(expected_loss, rel=1e-12, abs=1e-12)
    for name, one, other in zip(Gradients._fields, got, expected, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-12, atol=1e-12, err_msg=name)


def test_the_states_are_those_of_the_recurrent_layer():
    parameters, x, _, _ = task(time=9, sizes=(2, 5, 1), seed=3, output="identity")
    layer = RNN(2, 5, batch_first=True, dtype=torch.float64)
    with torch.no_grad():
        for name, value in (("ih", parameters.U), ("hh", parameters.W)):
            getattr(layer, f"weight_{name}_l0").copy_(torch.tensor(value))
        layer.bias_ih_l0.copy_(torch.tensor(parameters.b))
        layer.bias_hh_l0.zero_()
        expected = layer(torch.tensor(x[None]))[0][0].numpy()
    np.testing.assert_allclose(forward(parameters, x).h[1:], expected, rtol=0, atol=1e-13)


def test_a_loss_at_the_last_step_alone_reaches_back_to_the_first():
    parameters, x, targets, _ = task(time=6, sizes=(1, 4, 1), seed=0, output="identity")
    last = np.eye(6)[-1]
    activities = forward(parameters, x)
    got = backward(parameters, x, activities, targets, scored=last)
    # One entry of W at a time, by central differences: the truncation error is of the order of the step squared.
    step = 1e-6
    for i, j in np.ndindex(4, 4):
        moved = [parameters.W.copy() for _ in range(2)]
        moved[0][i, j] += step
        moved[1][i, j] -= step
        up, down = (loss(forward(parameters._replace(W=W), x), targets, scored=last) for W in moved)
        assert got.W[i, j] == pytest.approx((up - down) / (2 * step), rel=1e-6, abs=1e-8)
    assert np.abs(got.h[0]).max() > 0


def test_twice_the_error_is_twice_the_gradient_to_the_last_bit():
    parameters, x, targets, scored = task(time=8, sizes=(2, 5, 3), seed=1, output="identity")
    activities = forward(parameters, x)
    once = backward(parameters, x, activities, targets, scored=scored)
    twice = backward(parameters, x, activities, targets, scored=2 * scored)
    assert all(np.array_equal(2 * one, two) for one, two in zip(once, twice, strict=True))
    # The forward pass is not linear: twice the input is not twice the state.
    assert not np.allclose(forward(parameters, 2 * x).h, 2 * activities.h, rtol=0.1)


def test_the_softmax_does_not_overflow():
    parameters, x, targets, _ = task(time=2, sizes=(1, 2, 2), seed=0, output="softmax")
    activities = forward(parameters._replace(c=np.array([1e4, 0.0])), x, output="softmax")
    np.testing.assert_allclose(activities.prediction, [[1.0, 0.0]] * 2)
    assert np.isfinite(loss(activities, targets, output="softmax"))


def test_what_does_not_fit_is_named(unchecked):
    parameters = draw_parameters(2, 3, output_size=1)
    with pytest.raises(ShapeError, match=r"`x` must hold steps that fit U: expected shape \(1 or more, 2\), got \(4,"):
        forward(parameters, np.ones((4, 3)))
    with pytest.raises(ShapeError, match=r"`x` must hold steps that fit U: .* got \(0, 2\)"):
        forward(parameters, np.ones((0, 2)))
    with pytest.raises(ShapeError, match=r"`start` must hold a state: expected shape \(3,\), got \(2,\)\. Check"):
        forward(parameters, np.ones((4, 2)), start=np.zeros(2))
    activities = forward(parameters, np.ones((4, 2)))
    for call in (
        lambda targets: loss(activities, targets),
        lambda targets: backward(parameters, np.ones((4, 2)), activities, targets),
    ):
        with pytest.raises(ShapeError, match=r"`targets` must fit the outputs: expected shape \(4, 1\), got \(3, 1\)"):
            call(np.zeros((3, 1)))


def test_an_unknown_output_function_is_named(unchecked):
    parameters = draw_parameters(1, 3, output_size=1)
    with pytest.raises(ArgumentError, match=r"`output` must be known: expected identity or softmax, got relu\. Choose"):
        forward(parameters, np.ones((4, 1)), output="relu")
