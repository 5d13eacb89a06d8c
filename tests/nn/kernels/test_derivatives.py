"""Derivatives of derivatives: through the tape, through torch.func, and through maps over them."""

import pytest
import torch
from torch.autograd import gradcheck, gradgradcheck

from pendula.nn.kernels.derivatives import gradient_of, pushforward, tangent_of

CELLS = ["rnn_tanh", "rnn_relu", "gru", "lstm", "leaky"]
TRANSFORMS = {
    "forward over reverse": lambda function: torch.func.jacfwd(torch.func.jacrev(function)),
    "reverse over forward": lambda function: torch.func.jacrev(torch.func.jacfwd(function)),
    "reverse over reverse": lambda function: torch.func.jacrev(torch.func.jacrev(function)),
    "forward over forward": lambda function: torch.func.jacfwd(torch.func.jacfwd(function)),
    "third": lambda function: torch.func.jacrev(torch.func.jacfwd(torch.func.grad(function))),
}


@pytest.fixture(params=CELLS)
def case(request, stacks):
    return stacks.Case(request.param, num_layers=1, time=2, hidden_size=2, batch=1)


def loss_of(function):
    return lambda *given: sum(result.pow(4).sum() for result in function(*given))


def test_second_derivatives_are_those_of_finite_differences(case):
    gradgradcheck(case.function(), case.leaves())


def test_second_derivatives_by_forward_mode_are_those_of_finite_differences(case):
    options = {"check_fwd_over_rev": True, "check_rev_over_rev": False, "check_undefined_grad": False}
    gradgradcheck(case.function(), case.leaves(), **options)


def test_second_derivatives_of_ragged_sequences_are_those_of_finite_differences(stacks):
    case = stacks.Case("lstm", time=3, hidden_size=2)
    gradgradcheck(case.function(lengths=torch.tensor([3, 1])), case.leaves())


@pytest.mark.parametrize("transform", TRANSFORMS)
def test_transforms_compose(stacks, case, transform):
    got = TRANSFORMS[transform](loss_of(case.function()))(*case.given)
    expected = TRANSFORMS[transform](loss_of(case.function(plain=True)))(*case.given)
    assert got.abs().max() > 0
    stacks.assert_near([got], [expected], 1e-11)


def test_mapped_gradients_and_tangents_are_those_of_finite_differences(case):
    gradcheck(
        case.function(), case.leaves(), check_forward_ad=True, check_batched_grad=True, check_batched_forward_grad=True
    )


@pytest.mark.parametrize("strategy", ["reverse-mode", "forward-mode"])
def test_vectorized_jacobians_are_those_of_a_loop(stacks, case, strategy):
    def outputs(sequences):
        return case.function()(sequences, *case.given[1:])[0]

    got = torch.autograd.functional.jacobian(outputs, case.sequences, vectorize=True, strategy=strategy)
    expected = torch.autograd.functional.jacobian(outputs, case.sequences)
    stacks.assert_near([got], [expected], 1e-13)


@pytest.mark.parametrize("mapped", [0, 1, -1])
def test_maps_over_any_tensor_are_those_of_a_loop(stacks, case, mapped):
    several = torch.stack([case.given[mapped], 2 * case.given[mapped], -case.given[mapped]], dim=1)
    axes = [None] * len(case.given)
    axes[mapped] = 1
    given = list(case.given)
    given[mapped] = several
    got = torch.func.vmap(case.function(), in_dims=tuple(axes))(*given)
    for index in range(3):
        given[mapped] = several[:, index]
        stacks.assert_near([result[index] for result in got], case.function()(*given), 1e-14)


def test_the_derivative_of_a_gradient_along_a_tangent_needs_no_tape(stacks, case):
    # Forward mode alone: the gradient is taken without a graph of its own, inside of a dual number's life.
    weights = case.leaves()
    moves = [torch.randn_like(one) for one in weights]
    with torch.autograd.forward_ad.dual_level():
        duals = [
            torch.autograd.forward_ad.make_dual(one.detach(), move) for one, move in zip(weights, moves, strict=True)
        ]
        duals = [dual.requires_grad_() for dual in duals]
        gradients = torch.autograd.grad(loss_of(case.function())(*duals), duals)
        got = [torch.autograd.forward_ad.unpack_dual(gradient).tangent for gradient in gradients]
    every = tuple(range(len(weights)))
    over = torch.func.grad(loss_of(case.function(plain=True)), argnums=every)
    _, expected = torch.func.jvp(over, tuple(case.given), tuple(moves))
    stacks.assert_near(got, expected, 1e-12)


def test_pushforward_is_the_jacobian_times_the_direction():
    matrix = torch.arange(6.0).reshape(2, 3)
    assert torch.equal(pushforward(lambda x: (matrix @ x,), [torch.ones(3)], [torch.ones(3)])[0], matrix.sum(1))


def test_gradient_and_tangent_are_functions_of_place_and_direction():
    def cube(x, y):
        return (x**3 * y,)

    x, y = torch.tensor(2.0), torch.tensor(5.0)
    assert gradient_of(cube, 2)(x, y, torch.tensor(1.0)) == (60.0, 8.0)
    assert tangent_of(cube, 2)(x, y, torch.tensor(1.0), torch.tensor(1.0)) == (68.0,)
