"""Unequal lengths, missing values, irregular times: no bit depends on batch, padding, or what is masked."""

from typing import get_args

import numpy as np
import pytest
import torch
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st

import pendula
from pendula.filtering import tell
from pendula.nn import InitialState, Network, draw_filter
from pendula.nn.kernels import available
from pendula.runs import present_inputs, run_segments
from pendula.training import Training

steady = settings(deadline=None, derandomize=True, max_examples=25)
lengths = st.lists(st.integers(1, 23), min_size=2, max_size=9)
seeds = st.integers(0, 2**31)
CELLS = ("rnn", "gru", "lstm")
native = pytest.mark.skipif(not available(), reason="matrix products of torch depend on how many rows there are")


def drawn(cell, *, inputs=2, lags=3, start="zeros"):
    architecture = Network(cell=cell, hidden_size=7, num_layers=2, linear_lags=lags)
    network = draw_filter(architecture, inputs, 3, seed=1, initial_state=start)
    generator = torch.Generator().manual_seed(2)
    with torch.no_grad():
        # A head that starts at zero would tell nothing of the states, and so would a start at zero of itself.
        network.readout.head.weight.normal_(generator=generator)
        for weight in () if network.readout.start is None else network.readout.start.parameters():
            weight.normal_(generator=generator)
    return network


NETWORKS = {(cell, start): drawn(cell, start=start) for cell in CELLS for start in get_args(InitialState)}
starts = st.sampled_from(get_args(InitialState))


def batch_of(rows, seed, *, fill):
    generator = np.random.default_rng(seed)
    padded = np.full((len(rows), max(rows), 2), fill)
    for row, length in zip(padded, rows, strict=True):
        row[:length] = generator.normal(size=(length, 2))
    return torch.from_numpy(padded), torch.tensor(rows)


def told_by(network, inputs, rows):
    with torch.no_grad():
        answers = network(inputs, rows)
    return [answer[:length].numpy() for answer, length in zip(answers, rows.tolist(), strict=True)]


def same_bits(ours, theirs):
    return all(np.array_equal(one, other) for one, other in zip(ours, theirs, strict=True))


@native
@pytest.mark.parametrize("cell", CELLS)
@steady
@given(lengths, seeds, starts)
def test_permuting_a_batch_changes_no_bit(cell, rows, seed, start):
    network = NETWORKS[cell, start]
    inputs, counts = batch_of(rows, seed, fill=0.0)
    order = np.random.default_rng(seed).permutation(len(rows))
    told = told_by(network, inputs, counts)
    assert same_bits([told[at] for at in order], told_by(network, inputs[order], counts[order]))


@native
@pytest.mark.parametrize("cell", CELLS)
@steady
@given(lengths, seeds, starts, st.sampled_from([np.nan, np.inf, 1e30, -3.5]), st.integers(0, 11))
def test_padding_a_batch_changes_no_bit(cell, rows, seed, start, fill, more):
    told = told_by(NETWORKS[cell, start], *batch_of(rows, seed, fill=0.0))
    inputs, counts = batch_of(rows, seed, fill=fill)
    longer = torch.cat([inputs, torch.full((len(rows), more, 2), fill, dtype=inputs.dtype)], dim=1)
    assert same_bits(told, told_by(NETWORKS[cell, start], longer, counts))


@native
@pytest.mark.parametrize("cell", CELLS)
@steady
@given(lengths, seeds, starts)
def test_splitting_a_batch_changes_no_bit(cell, rows, seed, start):
    network = NETWORKS[cell, start]
    inputs, counts = batch_of(rows, seed, fill=0.0)
    alone = [told_by(network, inputs[[at], :length], counts[[at]])[0] for at, length in enumerate(rows)]
    assert same_bits(told_by(network, inputs, counts), alone)


@native
@pytest.mark.parametrize("missing", ["zero", "last"])
@steady
@given(lengths, seeds)
def test_stretches_tell_the_same_bits_alone_and_together_whatever_is_missing(missing, rows, seed):
    generator = np.random.default_rng(seed)
    stops = np.cumsum(rows)
    segments = np.stack([stops - rows, stops], axis=1)
    values = np.where(generator.random((stops[-1], 2)) < 0.3, np.nan, generator.normal(size=(stops[-1], 2)))
    network = SHOWN
    together = run_segments(network, present_inputs(values, segments, missing=missing), segments)
    assert np.isfinite(together).all()
    for start, stop in segments:
        own = values[start:stop]
        alone = run_segments(
            network, present_inputs(own, np.array([[0, len(own)]]), missing=missing), np.array([[0, len(own)]])
        )
        assert np.array_equal(together[start:stop], alone)


SHOWN = drawn("gru", inputs=4, start="rest")


@steady
@given(seeds, starts, st.sampled_from([np.nan, 0.0, 1e30, -1e-30]))
def test_what_stands_outside_the_stretches_has_no_effect(seed, start, fill):
    generator = np.random.default_rng(seed)
    values, segments = generator.normal(size=(30, 2)), np.array([[3, 11], [15, 16], [20, 29]])
    other = np.full_like(values, fill)
    for first, stop in segments:
        other[first:stop] = values[first:stop]
    network = NETWORKS["gru", start]
    assert np.array_equal(
        run_segments(network, values, segments), run_segments(network, other, segments), equal_nan=True
    )


@pytest.mark.parametrize("fill", [1e6, np.nan])
def test_gradients_do_not_see_the_padding(fill):
    inputs, counts = batch_of([3, 8, 5], 0, fill=0.0)
    dirty, _ = batch_of([3, 8, 5], 0, fill=fill)
    gradients = []
    for shown in (inputs, dirty):
        network = drawn("gru")
        answers = network(shown, counts)
        sum(answer[:length].square().sum() for answer, length in zip(answers, counts.tolist(), strict=True)).backward()
        gradients.append([weight.grad for weight in network.parameters()])
    assert all(torch.equal(one, other) for one, other in zip(*gradients, strict=True))


@pytest.mark.parametrize(
    ("missing", "expected"),
    [
        ("zero", [[0, 5, 0, 1], [1, 0, 1, 0], [0, 0, 0, 0], [2, 7, 1, 1]]),
        ("last", [[0, 5, 0, 1], [1, 5, 1, 0], [0, 0, 0, 0], [2, 7, 1, 1]]),
    ],
)
def test_missing_inputs_are_shown_as_zero_or_the_last_value_with_a_mask(missing, expected):
    nan = np.nan
    values = np.array([[nan, 5.0], [1.0, nan], [nan, nan], [2.0, 7.0]])
    # The third row begins another stretch: nothing is carried into it.
    assert np.array_equal(present_inputs(values, np.array([[0, 2], [2, 4]]), missing=missing), expected)


def made(size=400, *, seed=0, holes=0.0, irregular=False):
    """A leaky memory of what drives it, sampled at any times."""
    generator = np.random.default_rng(seed)
    interval = generator.exponential(size=size) + 0.05 if irregular else np.full(size, 0.5)
    u, y = generator.normal(size=size), np.zeros(size)
    for t in range(1, size):
        y[t] = np.exp(-interval[t]) * y[t - 1] + u[t]
    shown = np.where(generator.random(size) < holes, np.nan, u)
    return xr.Dataset({"u": ("time", shown), "y": ("time", y)}, coords={"time": ("time", np.cumsum(interval))})


SMALL = {"model": Network(cell="gru", hidden_size=8), "window": 30, "washout": 8}
QUICK = Training(epochs=12, learning_rate=0.03, batch_size=16)


def test_a_network_that_is_shown_the_intervals_tells_what_depends_on_them():
    series = made(irregular=True)
    counted = series.assign_coords(time=np.arange(series.sizes["time"]))
    blind, seeing = (
        pendula.fit(each, "y", inputs="u", training=QUICK, irregular=irregular, **SMALL)
        for each, irregular in ((counted, False), (series, True))
    )
    errors = [fit.scores["models"]["network"]["rmse"] for fit in (blind, seeing)]
    assert errors[1] < 0.7 * errors[0]
    told = tell(seeing, series)
    assert np.array_equal(told["time"].values, series["time"].values)


def test_irregular_times_are_refused_where_nothing_is_said():
    from pendula.errors import DataError

    with pytest.raises(DataError, match="`time` must be regular"):
        pendula.fit(made(irregular=True), "y", inputs="u", training=QUICK, **SMALL)


@pytest.mark.parametrize("missing", ["zero", "last"])
def test_missing_inputs_end_no_run_and_a_kept_fit_tells_the_same_bits(missing, tmp_path):
    holes = made(holes=0.1)
    fit = pendula.fit(holes, "y", inputs="u", training=Training(epochs=1), missing=missing, **SMALL)
    told = tell(fit, holes)
    assert np.isfinite(told["y"].values).all()
    assert np.isfinite(fit.scores["baselines"]["linear"]["rmse"])
    fit.save(tmp_path / "run")
    assert tell(pendula.load(tmp_path / "run"), holes).identical(told)
