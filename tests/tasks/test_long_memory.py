"""The problems by name: sizes, seeds, and which answers are wrong."""

import numpy as np
import pytest

from pendula.errors import ArgumentError
from pendula.tasks import PROBLEMS, long_memory


def perfect(problem, sequences):
    """Answer everything rightly: a number, and odds of 100 to 1 for bits and classes."""
    if problem.answer == "number":
        return sequences.targets[:, :, None].copy()
    if problem.answer == "bit":
        return np.where(sequences.targets > 0.5, 5.0, -5.0)[:, :, None]
    return 5.0 * np.eye(problem.outputs)[sequences.targets.astype(int)]


@pytest.mark.parametrize("name", PROBLEMS)
def test_perfect_answers_are_right_and_others_are_not(name):
    problem = long_memory(name, 40)
    sequences = problem.draw(50, generator=np.random.default_rng(0))
    assert sequences.inputs.shape[2] == problem.channels
    answers = perfect(problem, sequences)
    assert answers.shape[2] == problem.outputs
    assert not problem.wrong(answers, sequences).any()
    answers[::2] *= -1  # the nearest class becomes the furthest, a bit the other, and numbers are of one sign
    answers[::2] -= 0.1 if problem.answer == "number" else 0.0
    assert problem.wrong(answers, sequences).tolist() == [True, False] * 25
    assert problem.wrong(np.full_like(answers, np.nan), sequences).all()


def test_a_number_may_be_off_by_a_twentyfifth():
    problem = long_memory("addition", 40)
    sequences = problem.draw(4, generator=np.random.default_rng(0))
    answers = perfect(problem, sequences) + np.array([0.039, -0.039, 0.041, -0.041])[:, None, None]
    assert problem.wrong(answers, sequences).tolist() == [False, False, True, True]


def test_what_is_not_decisive_does_not_count():
    problem = long_memory("permutation", 40)
    sequences = problem.draw(3, generator=np.random.default_rng(0))
    answers = perfect(problem, sequences)
    answers[:, :-1] = 0
    assert not problem.wrong(answers, sequences).any()


def test_one_wrong_symbol_makes_a_pattern_wrong():
    problem = long_memory("memory-5", 40)
    sequences = problem.draw(3, generator=np.random.default_rng(0))
    answers = perfect(problem, sequences)
    answers[1, -2] *= -1
    assert problem.wrong(answers, sequences).tolist() == [False, True, False]


@pytest.mark.parametrize("name", PROBLEMS)
def test_the_same_seed_draws_the_same(name):
    problem = long_memory(name, 40)
    first, again, other = (problem.draw(5, generator=np.random.default_rng(seed)) for seed in (1, 1, 2))
    assert np.array_equal(first.inputs, again.inputs)
    assert np.array_equal(first.targets, again.targets)
    assert not np.array_equal(first.inputs, other.inputs)


def test_an_unknown_problem_is_named():
    rule = r"`problem` must name a long-memory problem: .*, got aditon\. Did you mean `addition`\?"
    with pytest.raises(ArgumentError, match=rule):
        long_memory("aditon", 100)


@pytest.mark.parametrize("length", [19, 0, -1])
def test_a_problem_needs_some_steps(length):
    rule = rf"`length` must be a whole number of steps: expected 20 or more, got {length}\. Published are 30 to 200\."
    with pytest.raises(ArgumentError, match=rule):
        long_memory("addition", length)
