"""Batches: what an epoch covers, in which order, and what streams never cross."""

import itertools

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from pendula.errors import DataError
from pendula.series.windows import Windows
from pendula.training import shuffled, streamed


def numbered(rows):
    return torch.arange(float(rows))[:, None]


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


@given(st.integers(1, 40), st.integers(1, 12), st.integers(0, 5))
def test_an_epoch_holds_every_window_once(rows, batch_size, seed):
    windows = Windows(numbered(rows + 6), np.array([[0, 4], [5, rows + 6]]), length=2)
    batches = list(shuffled(windows, batch_size, generator=generator(seed)))
    assert [len(batch.pieces) for batch in batches[:-1]] == [batch_size] * (len(batches) - 1)
    assert 1 <= len(batches[-1].pieces) <= batch_size
    starts = torch.cat([batch.pieces[:, 0, 0] for batch in batches])
    assert sorted(starts.tolist()) == sorted(windows.all()[:, 0, 0].tolist())
    assert not any(batch.carries_on for batch in batches)


def test_the_order_belongs_to_the_generator():
    windows = Windows(numbered(60), np.array([[0, 60]]), length=3)
    first, again, other = (
        torch.cat([batch.pieces for batch in shuffled(windows, 7, generator=generator(seed))]) for seed in (1, 1, 2)
    )
    assert torch.equal(first, again)
    assert not torch.equal(first, other)
    assert not torch.equal(first, windows.all())


def test_some_batches_can_be_drawn_at_random():
    windows = Windows(numbered(60), np.array([[0, 60]]), length=3)
    batches = list(shuffled(windows, 8, generator=generator(), steps=50))
    assert [len(batch.pieces) for batch in batches] == [8] * 50
    starts = torch.cat([batch.pieces[:, 0, 0] for batch in batches])
    counts = torch.bincount(starts.to(torch.int64), minlength=58)
    # 400 draws from 58 windows: χ² with 57 degrees of freedom stays below 100 but for one seed in 2500.
    assert float(((counts - 400 / 58) ** 2 / (400 / 58)).sum()) < 100


@st.composite
def stream_settings(draw):
    lengths = draw(st.lists(st.integers(1, 80), min_size=1, max_size=4))
    gaps = draw(st.lists(st.integers(0, 3), min_size=len(lengths), max_size=len(lengths)))
    segments, row = [], 0
    for length, gap in zip(lengths, gaps, strict=True):
        segments.append([row, row + length])
        row += length + gap
    return row, np.array(segments), draw(st.integers(1, 12)), draw(st.integers(1, 6)), draw(st.integers(0, 9))


@given(stream_settings())
def test_streams_carry_on_and_cross_no_end(setting):
    rows, segments, window, batch_size, seed = setting
    values = numbered(rows)
    if (segments[:, 1] - segments[:, 0]).max() < 2 * window + 1:
        with pytest.raises(DataError, match="`window` must fit twice"):
            next(streamed(values, segments, window=window, batch_size=batch_size, generator=generator(seed)))
        return
    batches = list(streamed(values, segments, window=window, batch_size=batch_size, generator=generator(seed)))
    targets = []
    for group in groups_of(batches):
        streams, steps, _ = group[0].pieces.shape
        assert 1 <= streams <= batch_size
        assert steps == window + 1
        for before, after in itertools.pairwise(group):
            assert torch.equal(after.pieces[:, 0], before.pieces[:, -1])
        for stream in range(streams):
            first, last = int(group[0].pieces[stream, 0]), int(group[-1].pieces[stream, -1])
            seen = torch.cat([batch.pieces[stream, :-1, 0] for batch in group])
            assert torch.equal(seen, torch.arange(float(first), float(last)))
            assert any(begin <= first and last < end for begin, end in segments)
            targets += range(first + 1, last + 1)
    assert len(targets) == len(set(targets))  # no value is learned twice in an epoch


def groups_of(batches):
    """Streams that advance together; each group starts with a fresh state."""
    starts = [index for index, batch in enumerate(batches) if not batch.carries_on]
    assert starts[0] == 0
    return [batches[start:stop] for start, stop in itertools.pairwise([*starts, len(batches)])]


def test_segments_of_unequal_length_all_take_part():
    segments = np.array([[0, 400], [400, 450], [450, 550]])
    batches = list(streamed(numbered(550), segments, window=5, batch_size=2, generator=generator()))
    covered = torch.cat([batch.pieces.flatten() for batch in batches])
    for begin, end in segments:
        assert ((covered >= begin) & (covered < end)).sum() > 0.5 * (end - begin)


def test_streams_cover_a_long_series_but_for_their_ends():
    values, window = numbered(1000), 10
    batches = list(streamed(values, np.array([[0, 1000]]), window=window, batch_size=4, generator=generator()))
    covered = torch.cat([batch.pieces[:, 1:].flatten() for batch in batches]).unique()
    assert batches[0].pieces.shape[0] == 4
    assert len(covered) >= 1000 - 4 * 2 * window


def test_every_value_has_its_turn_over_the_epochs():
    values, covered = numbered(120), set()
    for seed in range(200):
        for batch in streamed(values, np.array([[0, 120]]), window=10, batch_size=2, generator=generator(seed)):
            covered |= set(batch.pieces[:, 1:].flatten().tolist())
    # Only the very first value is never a target.
    assert covered == set(map(float, range(1, 120)))


def test_cuts_move_from_epoch_to_epoch():
    starts = {
        float(
            next(
                streamed(numbered(200), np.array([[0, 200]]), window=10, batch_size=2, generator=generator(seed))
            ).pieces[0, 0]
        )
        for seed in range(20)
    }
    assert len(starts) > 5


def test_a_window_that_does_not_fit_twice_is_refused():
    rule = (
        r"`window` must fit twice into the longest gap-free stretch to carry a state: expected 21 samples, got 20\. "
        "Lower `--window`, or train without `carry_state`"
    )
    with pytest.raises(DataError, match=rule):
        next(streamed(numbered(50), np.array([[0, 20], [25, 40]]), window=10, batch_size=2, generator=generator()))
