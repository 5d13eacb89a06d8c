"""Marked numbers: the published rules, checked sequence by sequence in plain Python."""

import numpy as np
import pytest

from pendula.tasks import long_memory

LENGTHS = [20, 30, 100, 200]
OPERATIONS = {
    "addition": lambda x, y: x + y,
    "multiplication": lambda x, y: x * y,
    "xor": lambda x, y: float(x != y),
}


def drawn(name, length, count=300, seed=0):
    sequences = long_memory(name, length).draw(count, generator=np.random.default_rng(seed))
    assert sequences.inputs.shape[::2] == (count, 2)
    assert sequences.targets.shape == (count, 1)
    for inputs, steps, answer in zip(sequences.inputs, sequences.lengths, sequences.targets[:, 0], strict=True):
        yield inputs[:, 0], inputs[:, 1], int(steps) - 1, answer


@pytest.mark.parametrize("length", LENGTHS)
@pytest.mark.parametrize("name", OPERATIONS)
def test_the_rules_of_2011(name, length):
    lasts = set()
    for values, marks, last, answer in drawn(name, length):
        first, second = np.flatnonzero(marks == 1)
        assert max(1, length // 100) <= first < length // 10
        assert length // 10 <= second < length // 2
        assert np.flatnonzero(marks == -1).tolist() == [0, last - 3]
        assert set(marks) == {-1, 0, 1}
        assert answer == pytest.approx(OPERATIONS[name](values[first], values[second]), abs=1e-15)
        assert values.min() >= 0
        assert values.max() <= 1
        assert name != "xor" or set(values) == {0, 1}
        lasts.add(last)
    assert min(lasts) >= length
    assert max(lasts) < 11 * length // 10
    assert len(lasts) == min(20, 11 * length // 10 - length)  # every length is drawn


@pytest.mark.parametrize("length", LENGTHS)
@pytest.mark.parametrize("name", ["addition-1997", "multiplication-1997"])
def test_the_rules_of_1997(name, length):
    steps, firsts, seconds = set(), set(), set()
    for values, marks, last, answer in drawn(name, length, count=2000):
        marked = set(np.flatnonzero(marks == 1))
        assert len(marked) == 2
        first = min(marked) if max(marked) >= 10 else None
        assert min(marked) < 10
        assert max(marked) <= length // 2 - 1
        ends = {0, last} - marked
        assert set(np.flatnonzero(marks == -1)) == ends
        assert not values[last + 1 :].any()
        assert not marks[last + 1 :].any()
        x, y = (values[step] for step in marked)
        assert answer == pytest.approx(0.5 + (x + y) / 4 if "addition" in name else x * y, abs=1e-15)
        assert values.min() >= (-1 if "addition" in name else 0)
        steps.add(last + 1)
        firsts.add(first)
        seconds.add(max(marked))
    assert (min(steps), max(steps)) == (length, length + length // 10)
    assert firsts - {None} == set(range(10)) or length == 20
    assert max(seconds) == length // 2 - 1


@pytest.mark.parametrize(("name", "neutral"), [("addition-1997", 0.0), ("multiplication-1997", 1.0)])
def test_a_mark_on_the_very_first_step_sets_its_number(name, neutral):
    # Where the step is the first of the two, that is.
    found = [values[0] for values, marks, _, _ in drawn(name, 100, count=500) if marks[0] == 1]
    assert len(found) > 20
    assert sum(value == neutral for value in found) >= 0.8 * len(found)


@pytest.mark.parametrize("name", OPERATIONS)
def test_numbers_are_uniform_and_answers_are_balanced(name):
    answers = np.array([answer for _, _, _, answer in drawn(name, 30, count=4000)])
    # Of independent uniform numbers: mean 1 of the sum, ¼ of the product; half of all bits differ.
    mean, deviation = {"addition": (1, 1 / 6**0.5), "multiplication": (1 / 4, 7**0.5 / 12), "xor": (0.5, 0.5)}[name]
    assert answers.mean() == pytest.approx(mean, abs=5 * deviation / 4000**0.5)
    assert answers.std() == pytest.approx(deviation, rel=0.05)
