"""The layers' choice of a backend, and that they are torch's layers whichever it is."""

import copy
import io
import pickle
import warnings

import jaxtyping
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn
from torch.nn.utils import rnn

from pendula.errors import ArgumentError, TooLargeError
from pendula.nn import GRU, LSTM, RNN
from pendula.nn.kernels import available

PAIRS = [(RNN, nn.RNN), (GRU, nn.GRU), (LSTM, nn.LSTM)]
LAYERS = [RNN, GRU, LSTM]
TOLERANCE = {torch.float32: 1e-5, torch.float64: 1e-12}


def flat(value):
    if isinstance(value, torch.Tensor):
        return [value]
    if isinstance(value, rnn.PackedSequence):
        return [value.data]
    return [tensor for part in value for tensor in flat(part)]


def assert_same(got, expected, tolerance=None):
    for one, other in zip(flat(got), flat(expected), strict=True):
        limit = TOLERANCE[other.dtype] if tolerance is None else tolerance
        torch.testing.assert_close(one, other, rtol=limit, atol=limit)


def twins(ours, theirs, *sizes, **options):
    mine, reference = ours(*sizes, **options), theirs(*sizes, **options)
    mine.load_state_dict(reference.state_dict())
    return mine, reference


def state_of(layer, batch, seed=0):
    draw = torch.Generator().manual_seed(seed)
    h, c = torch.randn(2, layer.num_layers, batch, layer.hidden_size, generator=draw, dtype=torch.float64)
    h, c = h.to(layer.weight_hh_l0.dtype), c.to(layer.weight_hh_l0.dtype)
    return (h, c) if isinstance(layer, nn.LSTM) else h


@settings(max_examples=40)
@given(
    pair=st.sampled_from(PAIRS),
    sizes=st.tuples(st.integers(1, 9), st.integers(1, 20), st.integers(1, 3)),
    batch=st.integers(0, 6),
    time=st.integers(1, 9),
    options=st.fixed_dictionaries({
        "bias": st.booleans(),
        "batch_first": st.booleans(),
        "dtype": st.sampled_from([torch.float32, torch.float64]),
    }),
    start=st.booleans(),
)
def test_outputs_and_gradients_are_those_of_torch(pair, sizes, batch, time, options, start):
    torch.manual_seed(0)
    mine, reference = twins(*pair, *sizes, **options)
    axes = (batch, time) if options["batch_first"] else (time, batch)
    inputs = torch.randn(*axes, sizes[0], dtype=options["dtype"])
    results = []
    for layer in (mine, reference):
        seen = inputs.clone().requires_grad_()
        outputs = flat(layer(seen, state_of(layer, batch) if start else None))
        sum(output.square().sum() for output in outputs).backward()
        results.append([*outputs, seen.grad, *(parameter.grad for parameter in layer.parameters())])
    assert_same(*results)


@pytest.mark.parametrize(("ours", "theirs"), PAIRS)
@pytest.mark.parametrize("batch_first", [False, True])
def test_one_sequence_may_come_without_a_batch(ours, theirs, batch_first):
    mine, reference = twins(ours, theirs, 2, 3, 2, batch_first=batch_first)
    inputs = torch.randn(5, 2)
    assert_same(mine(inputs), reference(inputs))
    state = state_of(mine, 1)
    state = tuple(one[:, 0] for one in state) if isinstance(state, tuple) else state[:, 0]
    assert_same(mine(inputs, state), reference(inputs, state))


@pytest.mark.parametrize(("ours", "theirs"), PAIRS)
@pytest.mark.parametrize("ordered", [False, True])
@pytest.mark.parametrize("batch_first", [False, True])
@pytest.mark.parametrize("start", [False, True])
def test_packed_sequences_are_those_of_torch(ours, theirs, ordered, batch_first, start):
    mine, reference = twins(ours, theirs, 2, 3, 2, batch_first=batch_first)
    lengths = [5, 3, 3, 1] if ordered else [3, 5, 1, 3]
    inputs = torch.randn(*((4, 5) if batch_first else (5, 4)), 2)
    packed = rnn.pack_padded_sequence(inputs, torch.tensor(lengths), batch_first, enforce_sorted=ordered)
    state = state_of(mine, 4) if start else None
    (got, got_state), (expected, expected_state) = mine(packed, state), reference(packed, state)
    assert_same([got.data, got_state], [expected.data, expected_state])
    assert torch.equal(got.batch_sizes, expected.batch_sizes)
    for one, other in (
        (got.sorted_indices, expected.sorted_indices),
        (got.unsorted_indices, expected.unsorted_indices),
    ):
        assert (one is None and other is None) or torch.equal(one, other)


@pytest.mark.parametrize("ours", LAYERS)
@pytest.mark.parametrize("backend", ["auto", "torch"])
@pytest.mark.parametrize("batch_first", [False, True])
@pytest.mark.parametrize("start", [False, True])
def test_with_lengths_each_sequence_runs_as_if_it_were_alone(ours, backend, batch_first, start):
    layer = ours(2, 3, 2, batch_first=batch_first, backend=backend, dtype=torch.float64)
    lengths = torch.tensor([3, 0, 5, 1])
    rows = torch.randn(4, 5, 2, dtype=torch.float64)
    rows[torch.arange(5) >= lengths[:, None]] = torch.nan
    rows.requires_grad_()
    state = state_of(layer, 4) if start else None
    output, last = layer(rows if batch_first else rows.transpose(0, 1), state, lengths=lengths)
    output = output if batch_first else output.transpose(0, 1)
    for row, length in enumerate(lengths.tolist()):
        own = None if state is None else [one[:, row : row + 1] for one in flat(state)]
        own = tuple(own) if ours is LSTM and own else own and own[0]
        assert not output[row, length:].any()
        if length:
            alone = rows[row : row + 1, :length]
            expected, expected_last = layer(alone if batch_first else alone.transpose(0, 1), own)
            expected = expected if batch_first else expected.transpose(0, 1)
            assert_same(output[row, :length], expected[0])
            assert_same([one[:, row : row + 1] for one in flat(last)], flat(expected_last))
        else:
            starts = flat(own) if start else [torch.zeros(2, 1, 3, dtype=torch.float64) for _ in flat(last)]
            assert all(torch.equal(one[:, row : row + 1], first) for one, first in zip(flat(last), starts, strict=True))
    gradients = torch.autograd.grad(sum(one.sum() for one in [output, *flat(last)]), [rows, *layer.parameters()])
    assert all(gradient.isfinite().all() for gradient in gradients)


@pytest.mark.parametrize("options", [{"bidirectional": True}, {"proj_size": 2}])
def test_lengths_are_there_for_what_the_core_does_not_run(options):
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="LSTM with projections")
        layer = LSTM(2, 3, batch_first=True, **options)
        rows = torch.randn(3, 4, 2)
        output, (h, c) = layer(rows, lengths=torch.tensor([4, 0, 2]))
        alone, (h_alone, c_alone) = layer(rows[2:, :2])
    assert_same([output[2, :2], h[:, 2:], c[:, 2:]], [alone[0], h_alone, c_alone])
    assert not output[1].any()
    assert not h[:, 1].any()
    assert not layer(rows, lengths=torch.tensor([0, 0, 0]))[0].any()


def test_lengths_that_do_not_fit_are_refused():
    layer, rows = GRU(2, 3, batch_first=True), torch.zeros(2, 4, 2)
    for backend in ("auto", "torch"):
        layer.backend = backend
        with pytest.raises(ArgumentError, match="`lengths` must lie within the steps: expected 0 to 4, got 1 to 5"):
            layer(rows, lengths=torch.tensor([5, 1]))
    packed = rnn.pack_padded_sequence(rows, torch.tensor([4, 2]), batch_first=True)
    with pytest.raises(ArgumentError, match="`lengths` must be left out with a packed sequence"):
        layer(packed, lengths=torch.tensor([4, 2]))


@pytest.mark.parametrize("ours", LAYERS)
def test_the_backend_is_the_core_where_it_can_be(core, ours):
    assert ours(2, 3).backend == "native"
    assert ours(2, 3, dtype=torch.float64).backend == "native"
    assert ours(2, 3, backend="torch").backend == "torch"
    assert ours(2, 3, bidirectional=True).backend == "torch"
    assert ours(2, 3, dtype=torch.bfloat16).backend == "torch"
    assert ours(2, 3, device="meta").backend == "torch"
    assert LSTM(2, 3, proj_size=2).backend == "torch"
    assert ours(2, 3).half().backend == "torch"


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"bidirectional": True}, "it runs no bidirectional layer"),
        ({"proj_size": 2}, "it runs no projection"),
        ({"dtype": torch.bfloat16}, "it computes in float32 and float64, and the weights are torch.bfloat16"),
        ({"device": "meta"}, "it runs on the CPU, and the weights are on meta"),
    ],
)
def test_the_core_is_refused_where_it_cannot_be(core, options, reason):
    with pytest.raises(ArgumentError, match=f"`backend` must be one that can run the layer: got native, but {reason}"):
        LSTM(2, 3, **options, backend="native")


def test_the_core_is_refused_when_the_weights_have_moved(core):
    layer = GRU(2, 3, backend="native").to(torch.bfloat16)
    with pytest.raises(ArgumentError, match=r"the weights are torch.bfloat16. Choose backend='auto'"):
        layer(torch.zeros(2, 3, 2, dtype=torch.bfloat16))


def test_an_unknown_backend_is_refused():
    jaxtyping.config.update("jaxtyping_disable", True)
    try:
        with pytest.raises(
            ArgumentError, match=r"expected one of auto, native, torch, got nativ. Did you mean `native`"
        ):
            GRU(2, 3, backend="nativ")
    finally:
        jaxtyping.config.update("jaxtyping_disable", False)


def test_the_backend_can_be_changed(core):
    layer, rows = GRU(2, 3), torch.randn(2, 4, 2)
    native = layer(rows)
    assert type(native[0].grad_fn).__name__ == "RecurrentBackward"
    layer.backend = "torch"
    assert type(layer(rows)[0].grad_fn).__name__ != "RecurrentBackward"
    assert_same(native, layer(rows))
    assert repr(layer) == "GRU(2, 3, backend='torch')"
    assert repr(GRU(2, 3)) == "GRU(2, 3)"


@pytest.mark.parametrize(("ours", "theirs"), PAIRS)
@pytest.mark.parametrize("backend", ["auto", "native" if available() else "torch"])
@pytest.mark.parametrize(
    "arguments",
    [
        (torch.zeros(2, 3, 5),),
        (torch.zeros(2, 0, 2),),
        (torch.zeros(2),),
        (torch.zeros(2, 3, 4, 2),),
        (torch.zeros(2, 3, 2, dtype=torch.float64),),
        (torch.zeros(2, 3, 2, dtype=torch.int64),),
        (torch.zeros(2, 3, 2), "another batch"),
        (torch.zeros(2, 3, 2), "another axis"),
        (torch.zeros(2, 2), "another axis too"),
    ],
)
def test_what_does_not_fit_is_an_error_of_torch(ours, theirs, backend, arguments):
    options = {"batch_first": True}
    mine, reference = ours(2, 3, **options, backend=backend), theirs(2, 3, **options)
    wrong = {
        "another batch": torch.zeros(1, 7, 3),
        "another axis": torch.zeros(1, 3),
        "another axis too": torch.zeros(1, 2, 3),
    }
    inputs, *state = arguments
    state = [wrong[state[0]] if ours is not LSTM else (wrong[state[0]],) * 2] if state else []
    with pytest.raises((RuntimeError, ValueError)) as expected:
        reference(inputs, *state)
    with pytest.raises(type(expected.value)) as got:
        mine(inputs, *state)
    assert str(got.value) == str(expected.value)


def test_what_does_not_fit_in_memory_is_refused_in_words(core):
    with pytest.raises(TooLargeError, match="`sequences` must fit in memory"):
        GRU(1, 4)(torch.zeros(1, 1, 1).expand(10**12, 1, 1))


def test_the_pair_of_states_may_be_a_list():
    layer, rows = LSTM(2, 3), torch.randn(4, 5, 2)
    state = state_of(layer, 5)
    assert_same(layer(rows, list(state)), layer(rows, state))
    alone = [one[:, 0] for one in state]
    assert_same(layer(rows[:, 0], alone), layer(rows[:, 0], tuple(alone)))


@pytest.mark.filterwarnings("ignore")
def test_traces_and_exports_are_torchs():
    layer, rows = GRU(2, 3), torch.randn(4, 5, 2)
    exported = torch.export.export(layer, (rows,), strict=False)
    assert "pendula" not in str(exported.graph)
    assert_same(exported.module()(2 * rows), layer(2 * rows))
    with torch.no_grad():
        assert_same(torch.jit.trace(layer, (rows,))(2 * rows), layer(2 * rows))


def test_a_state_of_another_type_is_refused(core):
    with pytest.raises(RuntimeError):
        GRU(2, 3)(torch.zeros(2, 4, 2), torch.zeros(1, 4, 3, dtype=torch.float64))


@pytest.mark.parametrize("ours", LAYERS)
def test_dropout_acts_between_layers_while_training(ours):
    layer = ours(2, 64, 3, dropout=0.5, batch_first=True)
    rows = torch.randn(4, 6, 2)
    torch.manual_seed(5)
    once, last = layer(rows)
    torch.manual_seed(5)
    again, _ = layer(rows)
    other, _ = layer(rows)
    assert torch.equal(once, again)
    assert not torch.equal(once, other)
    assert torch.equal(once[:, -1], flat(last)[0][-1])
    assert torch.equal(layer.eval()(rows)[0], layer(rows)[0])
    # What is left is scaled up: the mean over many draws is near the undisturbed input of the next layer.
    certain = ours(2, 64, 3, dropout=1.0, batch_first=True)
    certain.load_state_dict(layer.state_dict())
    silenced = certain(rows)[0]
    alone = ours(64, 64, 1, batch_first=True)
    alone.load_state_dict({
        name.replace("l2", "l0"): value for name, value in layer.state_dict().items() if "l2" in name
    })
    assert_same(silenced, alone(torch.zeros(4, 6, 64))[0])


@pytest.mark.parametrize("ours", LAYERS)
def test_dropout_leads_back_to_every_layer(ours):
    layer = ours(2, 8, 2, dropout=0.25)
    state = state_of(layer, 3)
    for one in flat(state):
        one.requires_grad_()
    output, last = layer(torch.randn(5, 3, 2), state)
    sum(one.square().sum() for one in [output, *flat(last)]).backward()
    assert all(parameter.grad.any() for parameter in [*layer.parameters(), *flat(state)])


@pytest.mark.parametrize(("ours", "theirs"), PAIRS)
def test_copies_pickles_and_state_dicts_carry_over(ours, theirs):
    layer = ours(2, 3, 2, backend="torch")
    rows = torch.randn(4, 5, 2)
    expected = layer(rows)
    for twin in (copy.deepcopy(layer), pickle.loads(pickle.dumps(layer))):
        assert twin.backend == "torch"
        assert_same(twin(rows), expected)
    stored = io.BytesIO()
    torch.save(layer.state_dict(), stored)
    stored.seek(0)
    reference = theirs(2, 3, 2)
    reference.load_state_dict(torch.load(stored))
    assert_same(reference(rows), expected)
    native = ours(2, 3, 2)
    native.load_state_dict(reference.state_dict())
    for twin in (native, copy.deepcopy(native), pickle.loads(pickle.dumps(native))):
        assert_same(twin(rows), expected)


@pytest.mark.parametrize(("ours", "theirs"), PAIRS)
def test_replaced_and_moved_weights_are_used(ours, theirs):
    mine, reference = twins(ours, theirs, 2, 3)
    rows = torch.randn(4, 5, 2)
    mine(rows)
    with torch.no_grad():
        for layer in (mine, reference):
            layer.weight_hh_l0 = nn.Parameter(reference.weight_hh_l0.mT.contiguous().mT * 2)
            layer.bias_ih_l0.data = torch.ones_like(layer.bias_ih_l0)
    assert_same(mine(rows), reference(rows))
    mine, reference = mine.double(), reference.double()
    assert_same(mine(rows.double()), reference(rows.double()))


def test_weights_may_be_parametrized_and_swapped():
    layer, rows = GRU(2, 3, dtype=torch.float64), torch.randn(4, 5, 2, dtype=torch.float64)
    doubled = {name: 2 * value for name, value in layer.named_parameters()}
    expected = torch.func.functional_call(layer, doubled, (rows,))
    with torch.no_grad():
        for parameter in layer.parameters():
            parameter.mul_(2)
    assert_same(layer(rows), expected)

    class Half(nn.Module):
        def forward(self, weight):
            return weight / 2

    nn.utils.parametrize.register_parametrization(layer, "weight_hh_l0", Half())
    plain = nn.GRU(2, 3, dtype=torch.float64)
    plain.load_state_dict({name: getattr(layer, name).detach() for name in plain.state_dict()})
    assert_same(layer(rows), plain(rows))


def test_frozen_weights_get_no_gradient():
    layer, rows = GRU(2, 3), torch.randn(4, 5, 2)
    layer.weight_hh_l0.requires_grad_(False)
    layer(rows)[0].sum().backward()
    assert layer.weight_hh_l0.grad is None
    assert layer.weight_ih_l0.grad is not None
    with torch.no_grad():
        assert layer(rows)[0].grad_fn is None
    with torch.inference_mode():
        assert layer(rows)[0].is_inference()


def test_ensembles_of_stacked_weights_run(core):
    members = [GRU(2, 3) for _ in range(3)]
    weights, _ = torch.func.stack_module_state(members)
    rows = torch.randn(4, 5, 2)
    together = torch.func.vmap(lambda own: torch.func.functional_call(members[0], own, (rows,))[0])(weights)
    for got, member in zip(together, members, strict=True):
        assert_same(got, member(rows)[0])


def test_under_automatic_casts_torch_runs(core):
    layer, rows = LSTM(2, 3), torch.randn(4, 5, 2)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert type(layer(rows)[0].grad_fn).__name__ != "RecurrentBackward"


def test_checkpointed_layers_give_the_same_gradients():
    layer, rows = GRU(2, 3), torch.randn(4, 5, 2, requires_grad=True)
    torch.utils.checkpoint.checkpoint(lambda x: layer(x)[0], rows, use_reentrant=False).sum().backward()
    got, rows.grad = rows.grad, None
    layer(rows)[0].sum().backward()
    assert torch.equal(got, rows.grad)
