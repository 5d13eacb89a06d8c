"""A stream against the forecaster that is shown the whole series at once."""

import itertools
import math

import pytest
import torch

from pendula.errors import ArgumentError, ShapeError
from pendula.nn import ForecasterState, Network, Stream, build, free_run, kernels, streaming

native = pytest.mark.skipif(not kernels.available(), reason="there is no compiled core")
OPTIONS = [
    {"residual": residual, "increments": increments, "linear_lags": lags, "leads": leads}
    for residual, increments, lags, leads in itertools.product([True, False], [True, False], [0, 1, 4], [1, 3])
]
KINDS = [
    *itertools.product([torch.float32, torch.float64], [torch.float32, torch.float64], [0]),
    (torch.float32, torch.float64, 3),
    (torch.float64, torch.float64, 3),
]


def randomized(network, channels, controls=0, *, seed=0):
    """Build a forecaster in which nothing is 0 or 1."""
    forecaster = build(network, channels, controls, seed=seed).double()
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for tensor in itertools.chain(forecaster.head.parameters(), forecaster.buffers()):
            tensor.copy_(0.2 * torch.randn(tensor.shape, generator=generator, dtype=torch.float64))
        forecaster.increment_scale.abs_().add_(0.1)
    return forecaster


def series_of(columns, *, batch=3, time=8):
    return torch.randn(batch, time, columns, generator=torch.Generator().manual_seed(2), dtype=torch.float64)


def follow(stream, series):
    """Show a series to a stream, value by value."""
    return torch.stack([stream.step(series[:, t]) for t in range(series.shape[1])], dim=1)


@pytest.fixture(params=[pytest.param(True, marks=native, id="native"), pytest.param(False, id="torch")])
def backend(request, monkeypatch):
    """Go step by step in the core, and in torch."""
    if not request.param:
        monkeypatch.setattr(streaming, "runs_natively", lambda *_: False)
    return request.param


def same(state, other):
    for part, like in zip(state, other, strict=True):
        for one, two in zip(*(each if isinstance(each, tuple) else (each,) for each in (part, like)), strict=True):
            assert (one is None and two is None) or torch.equal(one, two)


@pytest.mark.parametrize("cell", ["rnn", "gru", "lstm"])
@pytest.mark.parametrize("options", OPTIONS)
@pytest.mark.parametrize(("weights", "values", "controls"), KINDS, ids=str)
def test_a_stream_predicts_what_the_forecaster_predicts(backend, cell, options, controls, weights, values):
    forecaster = randomized(Network(cell=cell, hidden_size=5, num_layers=2, **options), 2, controls).to(weights)
    series, tolerance = series_of(2 + controls).to(values), 1e-12 if weights == values == torch.float64 else 1e-5
    stream = Stream(forecaster, batch=3, dtype=values)
    with torch.no_grad():
        whole, end = forecaster(series)
    made = follow(stream, series)
    assert made.dtype is values
    torch.testing.assert_close(made, whole, rtol=tolerance, atol=tolerance)
    torch.testing.assert_close(flat(stream.state), flat(end), rtol=tolerance, atol=tolerance)


def flat(state):
    hidden = state.hidden if isinstance(state.hidden, tuple) else (state.hidden,)
    return [part for part in (*hidden, state.last, state.past) if part is not None]


@pytest.mark.parametrize("cell", ["gru", "lstm"])
@pytest.mark.parametrize("leads", [1, 3])
def test_a_stream_that_is_fed_its_predictions_runs_freely(backend, cell, leads):
    network = Network(cell=cell, hidden_size=7, num_layers=2, leads=leads, linear_lags=3, residual=False)
    forecaster, series = randomized(network, 2), series_of(2)
    stream = Stream(forecaster, batch=3)
    blocks = [follow(stream, series)[:, -1]]
    for _ in range(4):
        blocks.append(follow(stream, blocks[-1])[:, -1])
    made, run = torch.cat(blocks, dim=1), free_run(forecaster, series, 5 * leads)
    torch.testing.assert_close(made, run, rtol=0, atol=1e-12)


@native
@pytest.mark.parametrize("controls", [0, 2])
def test_a_native_stream_has_the_bits_of_a_free_run(controls):
    forecaster = randomized(Network(hidden_size=9, linear_lags=3, residual=False), 1, controls).float()
    series, ahead = series_of(1 + controls), series_of(controls) if controls else None
    stream = Stream(forecaster, batch=3)
    made = [follow(stream, series)[:, -1]]
    for step in range(6):
        beside = [] if ahead is None else [ahead[:, step]]
        made.append(stream.step(torch.cat([made[-1][:, 0], *beside], dim=1)))
    assert torch.equal(torch.cat(made, dim=1), free_run(forecaster, series, 7, controls=ahead))


@pytest.mark.parametrize("cell", ["rnn", "gru", "lstm"])
@pytest.mark.parametrize("lags", [0, 1, 4])
@pytest.mark.parametrize("controls", [0, 2])
def test_a_state_can_be_gone_back_to(backend, cell, lags, controls):
    forecaster = randomized(Network(cell=cell, hidden_size=4, linear_lags=lags), 2, controls)
    series, stream = series_of(2 + controls), Stream(forecaster, batch=3)
    follow(stream, series[:, :5])
    kept = stream.state
    after = follow(stream, series[:, 5:])
    stream.state = kept
    same(stream.state, kept)
    assert torch.equal(follow(stream, series[:, 5:]), after)
    other = Stream(forecaster, batch=3)
    other.state = kept
    assert torch.equal(follow(other, series[:, 5:]), after)


def test_a_forecasters_state_can_be_gone_on_from(backend):
    forecaster, series = randomized(Network(cell="lstm", hidden_size=4, linear_lags=3), 2), series_of(2)
    with torch.no_grad():
        whole, _ = forecaster(series)
        _, state = forecaster(series[:, :5])
    stream = Stream(forecaster, batch=3)
    stream.state = state
    torch.testing.assert_close(follow(stream, series[:, 5:]), whole[:, 5:], rtol=0, atol=1e-12)


def test_a_fresh_stream_remembers_nothing_and_can_be_made_fresh_again(backend):
    forecaster, series = randomized(Network(hidden_size=4, linear_lags=3), 2), series_of(2)
    stream = Stream(forecaster, batch=3)
    assert stream.state == ForecasterState(None, None, None)
    first = follow(stream, series)
    stream.state = ForecasterState(None, None, None)
    assert torch.equal(follow(stream, series), first)


def test_a_state_is_a_copy(backend):
    stream, series = Stream(randomized(Network(hidden_size=4, linear_lags=3), 2), batch=3), series_of(2)
    follow(stream, series[:, :5])
    kept, again = stream.state, stream.state
    for part in flat(kept):
        part.zero_()
    same(stream.state, again)
    stream.state = again
    for part in flat(again):
        part.zero_()
    assert not all(bool((part == 0).all()) for part in flat(stream.state))


def test_the_callers_memory_may_be_written_to_again(backend):
    forecaster, series = randomized(Network(hidden_size=4, linear_lags=3), 2), series_of(2)
    measured, stream = torch.empty(3, 2, dtype=torch.float64), Stream(forecaster, batch=3)
    made = [stream.step(measured.copy_(series[:, t])) for t in range(8)]
    assert torch.equal(torch.stack(made, dim=1), follow(Stream(forecaster, batch=3), series))


def test_a_stream_keeps_the_weights_it_was_made_with(backend):
    forecaster, series = randomized(Network(hidden_size=4, linear_lags=3), 2), series_of(2)
    expected, stream = follow(Stream(forecaster, batch=3), series), Stream(forecaster, batch=3)
    with torch.no_grad():
        for tensor in itertools.chain(forecaster.parameters(), forecaster.buffers()):
            tensor.zero_()
    assert torch.equal(follow(stream, series), expected)


def test_dropout_is_off_and_the_network_is_left_as_it_was(backend):
    forecaster = randomized(Network(hidden_size=8, num_layers=2, dropout=0.5), 1).train()
    series = series_of(1)
    stream, other = Stream(forecaster, batch=3), Stream(forecaster, batch=3)
    assert torch.equal(follow(stream, series), follow(other, series))
    assert forecaster.training


def test_values_of_another_type_and_layout_are_taken(backend):
    forecaster, series = randomized(Network(hidden_size=4), 2), series_of(2)
    expected = follow(Stream(forecaster, batch=3), series.float().double())
    stream = Stream(forecaster, batch=3)
    made = [stream.step(series[:, t].float().t().contiguous().t()) for t in range(8)]
    assert torch.equal(torch.stack(made, dim=1), expected)


def test_predictions_carry_no_graph(backend):
    stream = Stream(randomized(Network(hidden_size=4), 1))
    assert not stream.step(torch.ones(1, 1, dtype=torch.float64, requires_grad=True)).requires_grad
    assert not any(part.requires_grad for part in flat(stream.state))


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_values_that_are_not_finite_go_on(backend, value):
    stream = Stream(randomized(Network(hidden_size=4), 1), batch=2)
    assert not stream.step(torch.tensor([[value], [1.0]])).isfinite().all(dim=(1, 2)).tolist()[0]
    assert stream.step(torch.ones(2, 1)).isfinite().all(dim=(1, 2)).tolist() == [False, True]


@pytest.mark.parametrize("shape", [(2, 2), (3, 1), (3,)])
def test_values_of_another_shape_are_refused(unchecked, backend, shape):
    rule = r"`values` must hold one value of each channel and control of each series: expected shape \(3, 2\), got "
    with pytest.raises(ShapeError, match=rule):
        Stream(randomized(Network(hidden_size=4), 2), batch=3).step(torch.zeros(shape))
    with pytest.raises(ShapeError, match=rule):
        Stream(randomized(Network(hidden_size=4), 1, 1), batch=3).step(torch.zeros(shape))


@pytest.mark.parametrize(
    ("own", "other", "part"),
    [
        ({}, {"hidden_size": 5}, "h"),
        ({}, {"num_layers": 2}, "h"),
        ({}, {"cell": "lstm"}, "c"),
        ({}, {"linear_lags": 2}, "past"),
        ({"linear_lags": 3}, {"linear_lags": 5}, "past"),
    ],
)
def test_a_state_of_another_network_is_refused(backend, own, other, part):
    stream, giver = (
        Stream(randomized(Network(**{"cell": "gru", "hidden_size": 4, **options}), 2), batch=3)
        for options in (own, other)
    )
    follow(giver, series_of(2))
    rule = (
        "`state` must fit the stream: expected the shapes, types and device of its own state, got another "
        rf"`{part}`\. Take the state of a stream of the same network, batch and dtype\."
    )
    with pytest.raises(ShapeError, match=rule):
        stream.state = giver.state


def test_a_state_of_another_batch_or_precision_is_refused(backend):
    forecaster = randomized(Network(hidden_size=4), 2)
    for batch, dtype in ((2, torch.float64), (3, torch.float32)):
        giver = Stream(forecaster, batch=batch, dtype=dtype)
        giver.step(torch.zeros(batch, 2))
        with pytest.raises(ShapeError, match=r"`state` must fit the stream"):
            Stream(forecaster, batch=3).state = giver.state


def test_a_stream_needs_a_series_of_real_numbers():
    forecaster = build(Network(hidden_size=4), 1)
    with pytest.raises(ArgumentError, match=r"`batch` must be positive: expected 1 or more, got 0\."):
        Stream(forecaster, batch=0)
    with pytest.raises(ArgumentError, match=r"`dtype` must be a floating-point type: got torch\.int64\."):
        Stream(forecaster, dtype=torch.int64)
