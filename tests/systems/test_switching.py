"""A record whose dynamics switch: lengths, levels and the spectrum of the periodic regime."""

import numpy as np
import pytest

from pendula.errors import ArgumentError
from pendula.systems import REGIMES, Switching, draw_switching


def test_regimes_have_their_lengths_and_neither_level_nor_size_tells_them():
    settings = Switching(rows=12_000, shortest=100, longest=200, noise=0.0)
    record = draw_switching(settings, generator=np.random.default_rng(0))
    signal, regime = record["signal"].values, record["regime"].values
    cuts = np.flatnonzero(regime[1:] != regime[:-1]) + 1
    lengths = np.diff(cuts)
    assert settings.shortest <= lengths.min()
    assert lengths.max() <= settings.longest
    assert set(regime) == set(REGIMES)
    for name in REGIMES:
        # Lorenz's lobes make its mean wander over a few thousand rows.
        assert abs(signal[regime == name].mean()) < 0.3
        assert signal[regime == name].std() == pytest.approx(1.0, abs=0.15)
    start = next(cut for cut in cuts if regime[cut] == "periodic")
    assert np.allclose(signal[start : start + 75], signal[start + 25 : start + 100], atol=1e-9)


def test_noise_is_added_with_its_deviation():
    plain, noisy = (
        draw_switching(
            Switching(rows=3000, shortest=100, longest=200, noise=noise), generator=np.random.default_rng(3)
        )["signal"].values
        for noise in (0.0, 0.3)
    )
    assert np.std(noisy - plain) == pytest.approx(0.3, rel=0.05)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"period": 3}, "`period` must hold rows: expected 16 or more"),
        ({"shortest": 0}, "`shortest` must be 1 or more"),
        ({"rows": 100}, "`rows` must hold every regime: expected at least 2250, got 100"),
        ({"noise": -1.0}, "`noise` must not be negative"),
    ],
)
def test_impossible_records_are_refused(settings, message):
    with pytest.raises(ArgumentError, match=message):
        Switching(**settings)
