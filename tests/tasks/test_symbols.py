"""Telling symbols: the published rules, checked sequence by sequence in plain Python."""

import numpy as np
import pytest

from pendula.tasks import long_memory

LENGTHS = [20, 30, 100, 200]
PLACES = {
    "temporal-order": [(1, 10), (40, 50)],
    "temporal-order-3": [(1, 10), (30, 40), (50, 60)],
    "temporal-order-1997": [(10, 20), (50, 60)],
    "temporal-order-3-1997": [(10, 20), (33, 43), (66, 76)],
}
X, Y, TRIGGER, START = 4, 5, 6, 7


def drawn(name, length, count=300, seed=0):
    sequences = long_memory(name, length).draw(count, generator=np.random.default_rng(seed))
    assert set(np.unique(sequences.inputs)) == {0, 1}
    assert (sequences.inputs.sum(axis=2) == 1).all()
    return sequences, sequences.inputs.argmax(axis=2)


@pytest.mark.parametrize("length", LENGTHS)
@pytest.mark.parametrize("name", PLACES)
def test_the_order_of_the_telling_symbols_is_asked_for(name, length):
    sequences, symbols = drawn(name, length)
    lasts = set()
    for shown, steps, (answer,) in zip(symbols, sequences.lengths, sequences.targets, strict=True):
        last = int(steps) - 1
        lasts.add(last)
        told = np.flatnonzero((shown == X) | (shown == Y))
        assert len(told) == len(PLACES[name])
        for step, (first, end) in zip(told, PLACES[name], strict=True):
            assert max(1, first * length // 100) <= step <= end * length // 100
        expected = int("".join("01"[int(shown[step] == Y)] for step in told), base=2)
        assert answer == expected
        assert np.flatnonzero(shown == START).tolist() == [0]
        assert np.flatnonzero(shown == TRIGGER).tolist() == [last - (name == "temporal-order")]
    if name.endswith("1997"):
        assert (min(lasts), max(lasts)) == (length - 1, length + length // 10 - 1)
    else:
        assert (min(lasts), max(lasts)) == (length, 11 * length // 10 - 1)
    assert set(np.unique(symbols)) == set(range(8))


@pytest.mark.parametrize(("name", "classes"), [("temporal-order", 4), ("temporal-order-3", 8)])
def test_all_answers_are_equally_frequent(name, classes):
    sequences, _ = drawn(name, 50, count=10 * classes)
    assert np.bincount(sequences.targets[:, 0].astype(int)).tolist() == [10] * classes


@pytest.mark.parametrize("length", LENGTHS)
def test_a_random_permutation_ends_with_its_first_symbol(length):
    sequences, symbols = drawn("permutation", length, count=100)
    assert symbols.shape == (100, length)
    assert sequences.lengths.tolist() == [length] * 100
    for shown, targets in zip(symbols, sequences.targets, strict=True):
        assert shown[0] in (0, 1)
        assert shown[1:].min() >= 2
        assert targets.tolist() == [*shown[1:], shown[0]]
    assert symbols[:, 0].sum() == 50
    assert len(np.unique(symbols)) == 100


@pytest.mark.parametrize("length", [20, 50, 200])
@pytest.mark.parametrize(("name", "size", "alphabet"), [("memory-5", 5, 2), ("memory-20", 10, 5)])
def test_a_pattern_is_asked_for_after_t_steps(name, size, alphabet, length):
    sequences, symbols = drawn(name, length, count=40)
    assert symbols.shape == (40, length + 2 * size)
    assert sequences.lengths.tolist() == [length + 2 * size] * 40
    blank, cue = alphabet, alphabet + 1
    for shown, targets in zip(symbols.tolist(), sequences.targets.tolist(), strict=True):
        pattern = shown[:size]
        assert max(pattern) < alphabet
        assert shown[size:] == [blank] * (length - 1) + [cue] + [blank] * size
        assert targets == [blank] * (length + size) + pattern


def test_a_batch_of_all_patterns_has_each_once():
    _, symbols = drawn("memory-5", 20, count=32)
    assert len({tuple(shown[:5]) for shown in symbols.tolist()}) == 32
