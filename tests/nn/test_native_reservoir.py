"""The native core's reservoirs: NumPy and SciPy are the oracle; bits depend on neither batch nor threads."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_array

from pendula.nn import Reservoir, ReservoirWeights, draw_reservoir, drive_reservoir, native_reservoir, run_reservoir
from pendula.nn import reservoir_states as states_module
from pendula.nn.kernels import available

pytestmark = pytest.mark.skipif(not available(), reason="there is no native core")


@pytest.fixture
def threads():
    before = torch.get_num_threads()
    yield torch.set_num_threads
    torch.set_num_threads(before)


def drawn(*, units, inputs=2, connections=5, leak=0.6, kind=np.float64):
    chosen = Reservoir(connections=min(connections, units), leak=leak)
    return draw_reservoir(chosen, units=units, inputs=inputs, seed=units).astype(kind)


def problem(weights, *, batch, time, given=0, direct=True):
    random = np.random.default_rng(batch)
    outputs = weights.inputs - given
    features = weights.units + (weights.inputs if direct else 0)
    return {
        "readout": random.normal(size=(features, outputs)) / features,
        "bias": random.normal(size=outputs),
        "states": random.uniform(-1, 1, size=(batch, weights.units)),
        "values": random.normal(size=(batch, weights.inputs)),
        "steps": time,
        "external": random.normal(size=(batch, time, given)) if given else None,
    }


def slow(monkeypatch):
    monkeypatch.setattr(states_module, "takes", lambda _: False)


@given(
    units=st.integers(1, 140),
    inputs=st.integers(1, 4),
    batch=st.integers(0, 70),
    time=st.integers(0, 5),
    connections=st.sampled_from([0, 1, 7]),
    kind=st.sampled_from([np.float32, np.float64]),
)
@settings(max_examples=40, deadline=None)
def test_states_are_those_of_numpy(units, inputs, batch, time, connections, kind):
    weights = drawn(units=max(units, 12), inputs=inputs, connections=connections, kind=kind)
    random = np.random.default_rng(time)
    x, first = random.normal(size=(batch, time, inputs)), random.uniform(-1, 1, size=(batch, weights.units))
    got = drive_reservoir(weights, x, first=first)
    with pytest.MonkeyPatch.context() as patch:
        slow(patch)
        expected = drive_reservoir(weights, x, first=first)
    assert got.dtype == kind
    np.testing.assert_allclose(got, expected, rtol=0, atol=1e-5 if kind is np.float32 else 1e-14)


@given(
    units=st.integers(12, 140),
    batch=st.integers(0, 70),
    given=st.integers(0, 1),
    direct=st.booleans(),
    connections=st.sampled_from([0, 7]),
    kind=st.sampled_from([np.float32, np.float64]),
)
@settings(max_examples=40, deadline=None)
def test_free_runs_are_those_of_numpy(units, batch, given, direct, connections, kind):
    weights = drawn(units=units, connections=connections, kind=kind)
    run = problem(weights, batch=batch, time=4, given=given, direct=direct)
    got = run_reservoir(weights, **run)
    with pytest.MonkeyPatch.context() as patch:
        slow(patch)
        expected = run_reservoir(weights, **run)
    np.testing.assert_allclose(got, expected, rtol=0, atol=1e-5 if kind is np.float32 else 1e-13)


@pytest.mark.parametrize("kind", [np.float32, np.float64])
@pytest.mark.parametrize("connections", [0, 9, 300])
def test_neither_batch_nor_threads_change_a_bit(threads, kind, connections):
    weights = drawn(units=330, connections=connections, kind=kind)
    random = np.random.default_rng(0)
    x = random.normal(size=(70, 20, 2))
    run = problem(weights, batch=70, time=20)
    threads(1)
    driven, free = drive_reservoir(weights, x), run_reservoir(weights, **run)
    for count in (1, 2, 3):
        threads(count)
        for part in (slice(0, 70), slice(3, 4), slice(69, 70), slice(5, 7), slice(10, 31), slice(20, 60)):
            np.testing.assert_array_equal(drive_reservoir(weights, x[part]), driven[part])
            few = run | {"states": run["states"][part], "values": run["values"][part]}
            np.testing.assert_array_equal(run_reservoir(weights, **few), free[part])


def test_rows_of_unequal_length_and_inputs_in_any_layout(monkeypatch):
    random = np.random.default_rng(1)
    dense = random.normal(size=(50, 50)) * (random.random((50, 50)) < random.random((50, 1)) * 0.2) / 5
    weights = ReservoirWeights(
        recurrent=csr_array(dense), input=random.normal(size=(2, 50)).T, bias=random.normal(size=50), leak=0.3
    )
    x = random.normal(size=(2, 3, 9)).transpose(1, 2, 0)
    got = drive_reservoir(weights, x)
    slow(monkeypatch)
    np.testing.assert_allclose(got, drive_reservoir(weights, x), rtol=0, atol=1e-14)


def test_without_a_core_reservoirs_are_left_to_numpy(monkeypatch):
    weights = drawn(units=20)
    assert native_reservoir.takes(weights)
    monkeypatch.setattr(native_reservoir, "core", None)
    assert not native_reservoir.takes(weights)
