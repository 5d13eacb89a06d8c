"""The operators: torch's own checks of them, what they refuse, and that shapes are known without values."""

import subprocess
import sys
from pathlib import Path

import pytest
import torch
from torch._subclasses import FakeTensorMode
from torch.utils._python_dispatch import TorchDispatchMode

from pendula.errors import ArgumentError, ShapeError
from pendula.nn import LSTM
from pendula.nn.kernels.operators import backward_operator, forward_operator, tangent_operator
from pendula.nn.kernels.problem import CELLS

pytestmark = pytest.mark.usefixtures("core")


@pytest.fixture(params=CELLS)
def case(request, stacks):
    return stacks.Case(request.param)


def arguments(case, *, lengths=None, every_step=True, leaves=False):
    places = [place if place is None else place.clone().requires_grad_(leaves) for place in case.places]
    sequences, h, c, *parameters = places
    stack = (CELLS[case.cell], case.num_layers, case.batch_first, every_step)
    return (sequences, h, c, lengths, parameters, *stack)


def test_the_operators_keep_torchs_rules():
    # In a process of its own, since the test hook's types do not know torch's symbolic sizes.
    script = Path(__file__).with_name("checked_operators.py")
    ran = subprocess.run([sys.executable, str(script)], capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr[-3000:]


def test_the_forward_operator_can_be_differentiated_in_both_modes(case):
    given = arguments(case, leaves=True)

    def outputs(sequences, *parameters):
        return forward_operator(sequences, *given[1:4], list(parameters), *given[5:], True)[:2]

    torch.autograd.gradcheck(outputs, (given[0], *given[4]), check_forward_ad=True)


def test_shapes_are_known_without_values(stacks):
    case = stacks.Case("lstm", dtype=torch.float32)
    layer, rows = LSTM(2, 3, 2, batch_first=True), case.sequences
    expected = layer(rows)
    with FakeTensorMode(allow_non_fake_inputs=True) as mode:
        output, (h, c) = layer(mode.from_tensor(rows))
        output.sum().backward()
    assert output.shape == expected[0].shape
    assert output.stride() == expected[0].stride()
    assert h.shape == c.shape == expected[1][0].shape


def test_modes_that_watch_operators_see_the_passes(stacks):
    seen = []

    class Watch(TorchDispatchMode):
        def __torch_dispatch__(self, function, types, args=(), kwargs=None):
            seen.append(str(function))
            return function(*args, **(kwargs or {}))

    layer = LSTM(2, 3)
    with Watch():
        layer(torch.zeros(4, 2, 2))[0].sum().backward()
    assert [name for name in seen if "pendula" in name] == [
        "pendula.recurrent.default",
        "pendula.recurrent_backward.default",
    ]


def test_a_reserve_of_another_call_is_refused(stacks):
    case = stacks.Case("gru")
    given = arguments(case)
    output, *_, reserve = forward_operator(*given, True)
    wanted = [True] + [False] * (2 + len(case.parameters))
    for wrong in (reserve[:-1], reserve.float(), reserve.repeat(2)[::2]):
        with pytest.raises(ShapeError, match=r"`reserve` must be what the forward pass kept: expected .* elements"):
            backward_operator(*given, wrong, torch.ones_like(output), None, None, wanted)
        with pytest.raises(ShapeError, match="`reserve` must be what the forward pass kept"):
            tangent_operator(*given, wrong, None, None, None, [None] * len(case.parameters))


def test_gradients_and_tangents_of_other_shapes_are_refused(stacks):
    case = stacks.Case("gru")
    given = arguments(case)
    output, h_n, _, reserve = forward_operator(*given, True)
    wanted = [True] + [False] * (2 + len(case.parameters))
    with pytest.raises(
        ShapeError, match=r"`gradient` must be like the result that it belongs to: .* shape \(2, 3, 3\)"
    ):
        backward_operator(*given, reserve, output[:, :3], None, None, wanted)
    with pytest.raises(ShapeError, match=r"`gradient` must be like .* got torch\.float32 of shape"):
        backward_operator(*given, reserve, None, h_n.float(), None, wanted)
    with pytest.raises(
        ShapeError, match=r"`tangent` must be like the tensor that it moves: .* got .* shape \(2, 4, 1\)"
    ):
        tangent_operator(*given, reserve, case.sequences[:, :, :1], None, None, [None] * len(case.parameters))


def test_memory_that_was_given_up_is_refused(stacks):
    case = stacks.Case("gru")
    given = arguments(case)
    given[4][1].untyped_storage().resize_(0)
    with pytest.raises(ArgumentError, match="`tensor` must hold memory: its storage was given up"):
        forward_operator(*given, True)


@pytest.mark.parametrize("layout", ["to_sparse", "to_mkldnn"])
def test_other_layouts_are_refused(stacks, layout):
    case = stacks.Case("gru", dtype=torch.float32)
    _, *rest = arguments(case)
    with pytest.raises(NotImplementedError, match="Could not run 'pendula::recurrent'"):
        forward_operator(getattr(case.sequences, layout)(), *rest, True)


def test_an_empty_batch_has_empty_results_and_no_gradients(stacks):
    case = stacks.Case("lstm", batch=0)
    given = arguments(case)
    output, h_n, c_n, reserve = forward_operator(*given, True)
    assert [tuple(result.shape) for result in (output, h_n, c_n)] == [(0, 4, 3), (2, 0, 3), (2, 0, 3)]
    gradients = backward_operator(*given, reserve, output, None, None, [True] * (3 + len(case.parameters)))
    assert not any(gradient.any() for gradient in gradients)
    moves = [torch.ones_like(parameter) for parameter in case.parameters]
    assert tangent_operator(*given, reserve, None, None, None, moves)[0].shape == (0, 4, 3)
