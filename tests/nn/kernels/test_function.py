"""The stacks against torch's own layers and against the plain loop: values, derivatives, extremes, bits."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.autograd import gradcheck
from torch.utils._pytree import tree_leaves

from pendula.errors import ArgumentError, ShapeError, TooLargeError
from pendula.nn.kernels import recurrent

CELLS = ["rnn_tanh", "rnn_relu", "gru", "lstm", "leaky"]
TORCHS = CELLS[:4]
SIZES = {
    "input_size": st.integers(1, 20),
    "hidden_size": st.integers(1, 40),
    "num_layers": st.integers(1, 3),
    "batch": st.integers(1, 12),
    "time": st.integers(1, 12),
    "bias": st.booleans(),
    "state": st.booleans(),
    "batch_first": st.booleans(),
    "dtype": st.sampled_from([torch.float32, torch.float64]),
    "seed": st.integers(0, 1000),
}


@settings(max_examples=40)
@given(cell=st.sampled_from(TORCHS), **SIZES)
def test_results_and_gradients_are_those_of_torch(stacks, cell, **sizes):
    case = stacks.Case(cell, **sizes)
    got, got_gradients = stacks.gradients(case.function(), case.leaves())
    expected, expected_gradients = stacks.gradients(case.torch_function(), case.leaves())
    stacks.assert_near(got + got_gradients, expected + expected_gradients, stacks.TOLERANCE[case.dtype])


@settings(max_examples=40)
@given(cell=st.sampled_from(CELLS), every_step=st.booleans(), ragged=st.booleans(), **SIZES)
def test_results_and_gradients_are_those_of_the_loop(stacks, cell, every_step, ragged, **sizes):
    case = stacks.Case(cell, **sizes)
    draw = torch.Generator().manual_seed(case.seed)
    lengths = torch.randint(0, case.time + 1, (case.batch,), generator=draw) if ragged else None
    options = {"every_step": every_step, "lengths": lengths}
    got, got_gradients = stacks.gradients(case.function(**options), case.leaves())
    expected, expected_gradients = stacks.gradients(case.function(**options, plain=True), case.leaves())
    stacks.assert_near(got + got_gradients, expected + expected_gradients, stacks.TOLERANCE[case.dtype])


@settings(max_examples=25)
@given(cell=st.sampled_from(CELLS), ragged=st.booleans(), **SIZES)
def test_tangents_are_those_of_the_loop(stacks, cell, ragged, **sizes):
    case = stacks.Case(cell, **sizes)
    draw = torch.Generator().manual_seed(case.seed)
    lengths = torch.randint(0, case.time + 1, (case.batch,), generator=draw) if ragged else None
    moves = tuple(torch.randn(one.shape, generator=draw, dtype=torch.float64).to(one.dtype) for one in case.given)
    _, got = torch.func.jvp(case.function(lengths=lengths), tuple(case.given), moves)
    _, expected = torch.func.jvp(case.function(lengths=lengths, plain=True), tuple(case.given), moves)
    stacks.assert_near(got, expected, 3 * stacks.TOLERANCE[case.dtype])


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("options", [{}, {"lengths": torch.tensor([3, 0])}, {"every_step": False}])
def test_gradients_in_both_modes_are_those_of_finite_differences(stacks, cell, options):
    case = stacks.Case(cell)
    gradcheck(case.function(**options), case.leaves(), check_forward_ad=True)


@pytest.mark.parametrize("cell", CELLS)
def test_gradients_without_bias_and_state_are_those_of_finite_differences(stacks, cell):
    case = stacks.Case(cell, bias=False, state=False)
    gradcheck(case.function(), case.leaves(), check_forward_ad=True)


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("transform", [torch.func.jacrev, torch.func.jacfwd])
def test_jacobians_are_those_of_the_loop(stacks, cell, transform):
    case = stacks.Case(cell, time=3, batch=1, num_layers=1)
    every = tuple(range(len(case.given)))
    got = transform(case.function(), argnums=every)(*case.given)
    expected = transform(case.function(plain=True), argnums=every)(*case.given)
    for one, other in zip(got, expected, strict=True):
        stacks.assert_near(one, other, 1e-12)


def test_the_functional_derivatives_agree_with_the_tape(stacks):
    case = stacks.Case("gru")
    function = case.function()
    results, pull = torch.func.vjp(function, *case.given)
    ones = tuple(torch.ones_like(result) for result in results)
    leaves = case.leaves()
    expected = torch.autograd.grad(sum(result.sum() for result in function(*leaves)), leaves)
    stacks.assert_near(pull(ones), expected, 1e-14)
    total = torch.func.grad(lambda *given: sum(result.sum() for result in function(*given)))(*case.given)
    stacks.assert_near([total], expected[:1], 1e-14)


@pytest.mark.parametrize("wanted", [0, 1, 2, 3, 4, 5])
def test_one_gradient_alone_is_the_same(stacks, wanted):
    case = stacks.Case("lstm")
    leaves = case.leaves()
    expected = torch.autograd.grad(case.function()(*leaves)[0].sum(), leaves[wanted])
    alone = [leaf if index == wanted else leaf.detach() for index, leaf in enumerate(leaves)]
    got = torch.autograd.grad(case.function()(*alone)[0].sum(), alone[wanted])
    assert torch.equal(got[0], expected[0])


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("index", [0, 1])
def test_each_result_alone_leads_back(stacks, cell, index):
    case = stacks.Case(cell)
    leaves = case.leaves()
    got = torch.autograd.grad(case.function()(*leaves)[index].sum(), leaves)
    expected = torch.autograd.grad(case.function(plain=True)(*leaves)[index].sum(), leaves, materialize_grads=True)
    stacks.assert_near(got, expected, 1e-12)


@pytest.mark.parametrize("cell", CELLS)
def test_inputs_of_any_strides_give_the_same_bits(stacks, core, cell):
    case = stacks.Case(cell, input_size=3, batch=5, time=4, dtype=torch.float32)
    expected = case.function()(*case.given)
    wide = torch.zeros(10, 8, 6)
    wide[::2, ::2, ::2] = case.sequences
    backwards = case.sequences.flip(1).contiguous()
    views = [
        case.sequences.transpose(0, 1).contiguous().transpose(0, 1),
        case.sequences.permute(2, 0, 1).contiguous().permute(1, 2, 0),
        wide[::2, ::2, ::2],
        torch.flip(backwards, (1,)),
    ]
    for view in views:
        for got, other in zip(case.function()(view, *case.given[1:]), expected, strict=True):
            assert torch.equal(got, other)


@pytest.mark.parametrize("cell", CELLS)
def test_weights_and_states_of_any_strides_give_the_same_bits(stacks, core, cell):
    case = stacks.Case(cell, batch=4)
    expected, expected_gradients = stacks.gradients(case.function(), case.leaves())
    strided = [
        place.mT.contiguous().mT if place.dim() > 1 else place[:, None].repeat(1, 2)[:, 0] for place in case.given
    ]
    assert not any(place.is_contiguous() for place in strided)
    leaves = [place.detach().requires_grad_() for place in strided]
    got, got_gradients = stacks.gradients(case.function(), leaves)
    for one, other in zip(got + got_gradients, expected + expected_gradients, strict=True):
        assert torch.equal(one, other)


def test_an_expanded_input_is_read_as_it_is(stacks):
    case = stacks.Case("gru", batch=3, time=5)
    still = case.sequences[:1, :1].expand(3, 5, 2)
    got = case.function()(still, *case.given[1:])
    expected = case.function()(still.contiguous(), *case.given[1:])
    assert all(torch.equal(one, other) for one, other in zip(got, expected, strict=True))


def test_a_gradient_of_any_strides_leads_back(stacks):
    case = stacks.Case("gru", batch=3, time=5)
    leaves = case.leaves()
    output = case.function()(*leaves)[0]
    weights = torch.randn(5, 3, 3, dtype=torch.float64).transpose(0, 1)
    got = torch.autograd.grad(output, leaves, weights, retain_graph=True)
    expected = torch.autograd.grad(output, leaves, weights.contiguous())
    assert all(torch.equal(one, other) for one, other in zip(got, expected, strict=True))


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("threads", [1, 2, 4])
def test_the_same_call_gives_the_same_bits(stacks, cell, dtype, threads):
    case = stacks.Case(cell, input_size=7, hidden_size=33, batch=17, time=40, dtype=dtype)
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        runs = [stacks.gradients(case.function(), case.leaves()) for _ in range(3)]
    finally:
        torch.set_num_threads(before)
    for results, gradients in runs[1:]:
        assert all(torch.equal(one, other) for one, other in zip(results, runs[0][0], strict=True))
        assert all(torch.equal(one, other) for one, other in zip(gradients, runs[0][1], strict=True))


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("lengths", [None, torch.tensor([6, 0, 3, 5, 1])])
def test_nothing_is_read_that_was_not_written(stacks, cell, lengths):
    case = stacks.Case(cell, input_size=3, hidden_size=5, batch=5, time=6, dtype=torch.float32)
    moves = tuple(torch.ones_like(one) for one in case.given)
    function = case.function(lengths=lengths)
    expected = stacks.gradients(function, case.leaves()), torch.func.jvp(function, tuple(case.given), moves)
    # What is allocated is then filled with NaN.
    torch.use_deterministic_algorithms(True)
    try:
        got = stacks.gradients(function, case.leaves()), torch.func.jvp(function, tuple(case.given), moves)
    finally:
        torch.use_deterministic_algorithms(False)
    for one, other in zip(tree_leaves(got), tree_leaves(expected), strict=True):
        assert torch.equal(one, other)


@pytest.mark.parametrize("cell", CELLS)
def test_each_sequence_runs_as_if_it_were_alone(stacks, core, cell):
    case = stacks.Case(cell, batch=6, time=9, hidden_size=5, dtype=torch.float32)
    lengths = torch.tensor([9, 1, 4, 0, 8, 2])
    case.sequences[torch.arange(9) >= lengths[:, None]] = torch.nan
    leaves = case.leaves()
    results = case.function(lengths=lengths)(*leaves)
    for row, length in enumerate(lengths.tolist()):
        assert torch.equal(results[0][row, length:], torch.zeros(9 - length, 5))
        if length == 0:
            assert all(
                torch.equal(last[:, row], first[:, row]) for last, first in zip(results[1:], leaves[1:], strict=False)
            )
            continue
        alone = [leaves[0][row : row + 1, :length], *(one[:, row : row + 1] for one in leaves[1 : len(results)])]
        expected = case.function()(*alone, *leaves[len(results) :])
        assert torch.equal(results[0][row, :length], expected[0][0])
        assert all(torch.equal(got[:, row], one[:, 0]) for got, one in zip(results[1:], expected[1:], strict=True))
    gradients = torch.autograd.grad(sum(result.square().sum() for result in results), leaves)
    assert all(gradient.isfinite().all() for gradient in gradients)
    assert not gradients[0][torch.arange(9) >= lengths[:, None]].any()


EXTREMES = {
    "large": lambda x: x * 1e4,
    "tiny": lambda x: x * 1e-40,
    "nan": lambda x: x.masked_fill(torch.rand(x.shape, generator=torch.Generator().manual_seed(1)) < 0.1, torch.nan),
    "inf": lambda x: x.masked_fill(torch.rand(x.shape, generator=torch.Generator().manual_seed(2)) < 0.1, torch.inf),
    "-inf": lambda x: x.masked_fill(torch.rand(x.shape, generator=torch.Generator().manual_seed(3)) < 0.1, -torch.inf),
}


@pytest.mark.parametrize("cell", TORCHS)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("extreme", EXTREMES)
@pytest.mark.parametrize("where", ["input", "state", "weights"])
def test_extreme_values_give_torchs_answer(stacks, cell, dtype, extreme, where):
    case = stacks.Case(cell, batch=5, time=6, hidden_size=7, dtype=dtype)
    change = EXTREMES[extreme]
    if where == "input":
        case.sequences = change(case.sequences)
    elif where == "state":
        case.h = change(case.h)
    else:
        case.parameters[1] = change(case.parameters[1])
    got = case.function()(*case.given)
    expected = case.torch_function()(*case.given)
    tolerance = {torch.float32: 1e-4, torch.float64: 1e-11}[dtype]
    for one, other in zip(got, expected, strict=True):
        torch.testing.assert_close(one, other, rtol=tolerance, atol=tolerance, equal_nan=True)


@pytest.mark.parametrize("cell", TORCHS)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize(
    "sizes",
    [
        {"batch": 1},
        {"time": 1},
        {"hidden_size": 1, "input_size": 1},
        {"hidden_size": 513, "batch": 3, "num_layers": 1},
        {"input_size": 513, "batch": 3},
        {"batch": 257, "time": 2},
        {"batch": 0},
        {"batch": 1, "time": 1, "hidden_size": 1, "input_size": 1, "num_layers": 1},
    ],
)
def test_extreme_sizes_give_torchs_answer(stacks, cell, dtype, sizes):
    case = stacks.Case(cell, dtype=dtype, **sizes)
    got, got_gradients = stacks.gradients(case.function(), case.leaves())
    expected, expected_gradients = stacks.gradients(case.torch_function(), case.leaves())
    stacks.assert_near(got + got_gradients, expected + expected_gradients, stacks.TOLERANCE[dtype])


@pytest.mark.parametrize("threads", [1, 2, 3])
def test_more_threads_give_the_same_answer(stacks, threads):
    case = stacks.Case("gru", batch=32, time=30, hidden_size=24)
    before = torch.get_num_threads()
    expected = stacks.gradients(case.function(plain=True), case.leaves())
    torch.set_num_threads(threads)
    try:
        got = stacks.gradients(case.function(), case.leaves())
    finally:
        torch.set_num_threads(before)
    stacks.assert_near(got[0] + got[1], expected[0] + expected[1], 1e-12)


def test_what_does_not_fit_in_memory_is_refused_before_anything_is_allocated(stacks, core):
    case = stacks.Case("gru", input_size=1)
    endless = torch.zeros(1, 1, 1, dtype=torch.float64).expand(1, 10**12, 1)
    with pytest.raises(TooLargeError, match=r"`sequences` must fit in memory.*expected at most .* GiB, got .* GiB"):
        recurrent("gru", endless, None, case.parameters, num_layers=2)
    with pytest.raises(MemoryError, match="1 sequences of 1000000000000 steps"), torch.no_grad():
        recurrent("gru", endless, None, case.parameters, num_layers=2)


def test_a_changed_input_is_noticed_on_the_way_back(stacks):
    case = stacks.Case("gru")
    leaves = case.leaves()
    sequences = leaves[0] * 1
    output = case.function()(sequences, *leaves[1:])[0]
    sequences.mul_(2)
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        output.sum().backward()


def test_results_may_be_changed_in_place(stacks):
    case = stacks.Case("lstm")
    leaves = case.leaves()
    changed = case.function()(*leaves)[0].mul_(2)
    got = torch.autograd.grad(changed.sum(), leaves)
    expected = torch.autograd.grad(2 * case.function()(*leaves)[0].sum(), leaves)
    stacks.assert_near(got, expected, 1e-14)


def test_negated_and_conjugated_views_are_read_right(stacks):
    case = stacks.Case("gru")
    expected = case.function()(-case.sequences, *case.given[1:])[0]
    turned = torch.complex(case.sequences, case.sequences).conj().imag
    assert turned.is_neg()
    assert torch.equal(case.function()(turned, *case.given[1:])[0], expected)


@pytest.mark.parametrize(
    ("change", "error", "words"),
    [
        (
            {"cell": "grru"},
            ArgumentError,
            "`cell` must be a known cell: expected one of .*, got grru. Did you mean `gru`",
        ),
        ({"num_layers": 0}, ArgumentError, "`num_layers` must be positive: expected 1 or more, got 0"),
        ({"num_layers": 3}, ArgumentError, "`parameters` must hold every layer's weights: .* got 8"),
        ({"sequences": (2, 4)}, ShapeError, r"`sequences` must have three axes: expected .*, got \(2, 4\)"),
        ({"sequences": (2, 4, 3)}, ShapeError, r"`sequences` must have the stack's channels: .* got \(2, 4, 3\)"),
        ({"sequences": (2, 0, 2)}, ShapeError, r"`sequences` must hold one step at least: .* got \(2, 0, 2\)"),
        ({"h": (2, 3, 3)}, ShapeError, r"`h` must hold a state of each layer and sequence: expected shape \(2, 2, 3\)"),
        ({"lengths": torch.tensor([4])}, ShapeError, r"`lengths` must hold a number for each sequence: .* got \(1\)"),
        (
            {"lengths": torch.tensor([4, 5])},
            ArgumentError,
            "`lengths` must lie within the steps: .* 0 to 4, got 4 to 5",
        ),
        ({"lengths": torch.tensor([-1, 4])}, ArgumentError, "got -1 to 4. Pad the sequences"),
        (
            {"lengths": torch.tensor([1.0, 4.0])},
            ArgumentError,
            "`lengths` must hold whole numbers: .* got torch.float32",
        ),
        ({"dtype": torch.float32}, ArgumentError, "expected torch.float64, got torch.float32. Convert it"),
    ],
)
def test_what_does_not_fit_is_named(stacks, core, change, error, words):
    case = stacks.Case("gru")
    sequences = torch.zeros(*change["sequences"], dtype=torch.float64) if "sequences" in change else case.sequences
    with pytest.raises(error, match=words):
        recurrent(
            change.get("cell", "gru"),
            sequences.to(change.get("dtype", torch.float64)),
            torch.zeros(*change["h"], dtype=torch.float64) if "h" in change else case.h,
            case.parameters,
            num_layers=change.get("num_layers", 2),
            lengths=change.get("lengths"),
        )


def test_a_parameter_of_another_shape_is_named(stacks):
    case = stacks.Case("gru")
    case.parameters[4] = case.parameters[4][:, :2]
    with pytest.raises(
        ShapeError, match=r"`parameters\[4\]` must fit the other parameters: expected shape \(9, 3\), got \(9, 2\)"
    ):
        case.function()(*case.given)
    with pytest.raises(ShapeError, match=r"`parameters` must start with two matrices"):
        recurrent("gru", case.sequences, None, [torch.zeros(3), torch.zeros(3)])


def test_half_precision_runs_in_the_loop(stacks):
    case = stacks.Case("gru", dtype=torch.float64)
    halves = [place.to(torch.bfloat16) for place in case.given]
    with pytest.raises(ArgumentError, match=r"`sequences` must hold float32 or float64: got torch\.bfloat16"):
        case.function()(*halves)
