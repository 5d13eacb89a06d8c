"""The matrices of a reservoir: dense eigenvalues of LAPACK are the oracle of the spectral radius."""

import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_array
from scipy.sparse.linalg import ArpackError

from pendula.errors import ArgumentError
from pendula.nn import EchoMember, Reservoir, draw_reservoir, spectral_radius
from pendula.nn import reservoir_weights as module


def dense(matrix):
    return matrix.toarray() if isinstance(matrix, csr_array) else matrix


def radius_of(matrix):
    return np.abs(np.linalg.eigvals(dense(matrix))).max()


@pytest.mark.parametrize(("units", "connections"), [(7, 0), (50, 5), (300, 0), (350, 10), (500, 3), (400, 0)])
@pytest.mark.parametrize("radius", [0.3, 1.25])
def test_the_spectral_radius_is_the_one_asked_for(units, connections, radius):
    weights = draw_reservoir(
        Reservoir(spectral_radius=radius, connections=connections), units=units, inputs=1, seed=units
    )
    assert radius_of(weights.recurrent) == pytest.approx(radius, rel=1e-11)


def test_where_arnoldi_does_not_converge_all_eigenvalues_are_computed(monkeypatch):
    def fail(*_, **__):
        raise ArpackError(-9999)

    matrix = dense(draw_reservoir(Reservoir(), units=310, inputs=1, seed=0).recurrent)
    monkeypatch.setattr("scipy.sparse.linalg.eigs", fail)
    assert spectral_radius(csr_array(matrix)) == radius_of(matrix)


def test_each_unit_listens_to_as_many_as_were_asked_for():
    weights = draw_reservoir(Reservoir(connections=6), units=40, inputs=3, seed=4)
    assert isinstance(weights.recurrent, csr_array)
    np.testing.assert_array_equal(np.diff(weights.recurrent.indptr), np.full(40, 6))
    assert np.count_nonzero(dense(weights.recurrent)) == 240
    assert (weights.units, weights.inputs) == (40, 3)
    assert not isinstance(draw_reservoir(Reservoir(connections=0), units=40, inputs=1, seed=4).recurrent, csr_array)


@pytest.mark.parametrize("units", [1, 8, 10])
def test_in_a_reservoir_with_no_more_units_each_listens_to_all(units):
    few, all_ = (draw_reservoir(Reservoir(connections=links), units=units, inputs=1, seed=4) for links in (10, 0))
    np.testing.assert_array_equal(few.recurrent, all_.recurrent)
    member = EchoMember(Reservoir(), units, 1)
    member.put(few)
    np.testing.assert_array_equal(member.weights.recurrent, few.recurrent)


@given(st.integers(0, 2**32), st.floats(0.01, 2.0), st.floats(0.01, 5.0), st.floats(0.0, 5.0))
@settings(max_examples=15, deadline=None)
def test_scales_leave_all_else_of_a_draw_as_it_is(seed, radius, inward, bias):
    usual = draw_reservoir(
        Reservoir(spectral_radius=1.0, input_scaling=1.0, bias_scaling=1.0, connections=3),
        units=20,
        inputs=2,
        seed=seed,
    )
    scaled = draw_reservoir(
        Reservoir(spectral_radius=radius, input_scaling=inward, bias_scaling=bias, connections=3),
        units=20,
        inputs=2,
        seed=seed,
    )
    np.testing.assert_array_equal(dense(scaled.recurrent), radius * dense(usual.recurrent))
    np.testing.assert_array_equal(scaled.input, inward * usual.input)
    np.testing.assert_array_equal(scaled.bias, bias * usual.bias)
    assert np.abs(usual.input).max() <= 1
    assert np.abs(usual.bias).max() <= 1


def test_a_seed_gives_the_same_bits_and_another_seed_another_reservoir():
    first, other = (draw_reservoir(Reservoir(), units=400, inputs=1, seed=seed) for seed in (3, 4))
    module._random_unit_matrix.cache_clear()
    again = draw_reservoir(Reservoir(), units=400, inputs=1, seed=3)
    for name in ("input", "bias"):
        np.testing.assert_array_equal(getattr(first, name), getattr(again, name))
        assert not np.array_equal(getattr(first, name), getattr(other, name))
    np.testing.assert_array_equal(dense(first.recurrent), dense(again.recurrent))
    assert not np.array_equal(dense(first.recurrent), dense(other.recurrent))


def test_a_delay_line_passes_its_input_on_from_unit_to_unit():
    weights = draw_reservoir(Reservoir(topology="delay-line", spectral_radius=0.5), units=4, inputs=1, seed=0)
    np.testing.assert_array_equal(dense(weights.recurrent), 0.5 * np.eye(4, k=-1))


def test_the_signs_of_a_chain_follow_the_digits_of_pi():
    units, inputs = 600, 3
    weights = draw_reservoir(
        Reservoir(topology="cycle", spectral_radius=0.7, input_scaling=0.2, bias_scaling=0.1),
        units=units,
        inputs=inputs,
        seed=9,
    )
    with mpmath.workdps(units * (inputs + 1) + 20):
        digits = np.array([int(digit) for digit in mpmath.nstr(mpmath.pi, units * (inputs + 1) + 10)[2:]])
    signs = np.where(digits < 5, -1.0, 1.0)
    np.testing.assert_array_equal(weights.input.ravel(), 0.2 * signs[: units * inputs])
    np.testing.assert_array_equal(weights.bias, 0.1 * signs[units * inputs : units * (inputs + 1)])
    np.testing.assert_allclose(np.abs(np.linalg.eigvals(dense(weights.recurrent))), 0.7, rtol=1e-12)


def test_a_reservoir_is_converted_as_a_whole():
    weights = draw_reservoir(Reservoir(), units=20, inputs=1, seed=0).astype(np.float32)
    assert {weights.recurrent.dtype, weights.input.dtype, weights.bias.dtype} == {np.dtype(np.float32)}


@pytest.mark.parametrize("name", ["units", "inputs"])
def test_units_and_inputs_must_be_there(name):
    sizes = {"units": 20, "inputs": 1} | {name: 0}
    with pytest.raises(ArgumentError, match=rf"`{name}` must be positive: expected 1 or more, got 0\. Count them\."):
        draw_reservoir(Reservoir(), **sizes, seed=0)


def test_a_reservoir_without_loops_is_refused(monkeypatch):
    monkeypatch.setattr(module, "spectral_radius", lambda _: 0.0)
    with pytest.raises(ArgumentError, match=r"`connections` must leave loops: got 1 for each of 11 units, and no loop"):
        draw_reservoir(Reservoir(connections=1), units=11, inputs=1, seed=0)
