"""The linear path: a loop over lags is the oracle."""

import copy

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from pendula.nn import LinearPath


def drawn(channels, lags, outputs, *, seed=0, dtype=torch.float64):
    generator = torch.Generator().manual_seed(seed)
    path = LinearPath(channels, lags, outputs)
    path.weight.copy_(torch.randn(path.weight.shape, generator=generator, dtype=torch.float64))
    path.bias.copy_(torch.randn(path.bias.shape, generator=generator, dtype=torch.float64))
    return path, torch.randn(2, 9, channels, generator=generator, dtype=torch.float64).to(dtype)


@pytest.mark.parametrize(("channels", "lags", "outputs"), [(1, 1, 1), (1, 4, 2), (3, 1, 3), (2, 5, 4), (3, 12, 3)])
def test_it_equals_a_loop_over_lags(oracle, channels, lags, outputs):
    path, series = drawn(channels, lags, outputs)
    filtered, _ = path(series, path.empty(series))
    for got, values in zip(filtered, series, strict=True):
        expected = oracle.filtered(values.numpy(), path.weight.numpy(), path.bias.numpy(), lags)
        np.testing.assert_allclose(got.numpy(), expected, rtol=0, atol=1e-12)


@given(st.integers(1, 3), st.integers(1, 11), st.lists(st.integers(0, 9), max_size=4))
def test_splitting_a_series_anywhere_gives_the_same(channels, lags, cuts):
    path, series = drawn(channels, lags, 2)
    whole, end = path(series, path.empty(series))
    past, parts = path.empty(series), []
    for start, stop in zip([0, *sorted(cuts)], [*sorted(cuts), 9], strict=True):
        if stop > start:
            part, past = path(series[:, start:stop], past)
            parts.append(part)
    torch.testing.assert_close(torch.cat(parts, dim=1), whole, rtol=0, atol=1e-13)
    assert torch.equal(past, end)
    assert past.shape == (2, lags - 1, channels)


def test_a_known_past_is_used():
    path, series = drawn(2, 3, 1)
    whole, _ = path(series, path.empty(series))
    later, _ = path(series[:, 4:], series[:, 2:4])
    torch.testing.assert_close(later, whole[:, 4:], rtol=0, atol=1e-13)


def test_the_coefficients_are_learned_by_no_optimizer_and_kept_with_the_weights():
    path, _ = drawn(2, 3, 1)
    assert list(path.parameters()) == []
    assert set(path.state_dict()) == {"weight", "bias"}


def test_the_coefficients_keep_their_digits_when_the_network_changes_precision():
    path, series = drawn(2, 5, 1)
    exact = copy.deepcopy(path)
    single = path.to(torch.float32)
    assert single.weight.dtype == single.bias.dtype == torch.float64
    assert torch.equal(copy.deepcopy(single).double().weight, exact.weight)
    filtered, past = single(series.float(), single.empty(series.float()))
    assert filtered.dtype == past.dtype == torch.float32


def test_single_precision_loses_only_what_its_input_loses():
    # Coefficients that nearly cancel, as those of a smooth series do: the 8th difference.
    path = LinearPath(1, 9, 1)
    path.weight[:, 0] = torch.tensor([
        (-1.0) ** k * 1e3 / 3 * c for k, c in enumerate([1, 8, 28, 56, 70, 56, 28, 8, 1])
    ])
    series = torch.sin(torch.arange(50.0) / 100)[None, :, None]
    exact, _ = path(series.double(), path.empty(series.double()))
    single, _ = path.float()(series, path.empty(series))
    torch.testing.assert_close(single, exact.float(), rtol=1e-6, atol=1e-6)
