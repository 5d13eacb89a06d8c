"""Reservoirs that answer: what they need no memory for they learn, and their numbers are those of a plain solution."""

import numpy as np
import pytest

from pendula.experiments.reservoir_answers import answer_with_reservoir
from pendula.nn import Reservoir, draw_reservoir, drive_reservoir
from pendula.tasks import long_memory


def test_the_answers_are_those_of_plain_least_squares():
    problem = long_memory("temporal-order", 20)
    found = answer_with_reservoir(problem, units=30, learned=400, tested=300, seed=3)
    settings = Reservoir(spectral_radius=1.0, connections=10, input_scaling=0.1, bias_scaling=0.1)
    weights = draw_reservoir(settings, units=30, inputs=8, seed=3)

    def shown(count, stream):
        generator = np.random.default_rng([3, stream])
        drawn = [problem.draw(min(250, count - first), generator=generator) for first in range(0, count, 250)]
        states = [drive_reservoir(weights, part.inputs)[np.arange(len(part)), part.lengths - 1] for part in drawn]
        return np.concatenate(states), np.concatenate([part.targets[:, 0] for part in drawn]).astype(int)

    states, classes = shown(400, 0)
    features = np.column_stack([states - states.mean(axis=0), np.ones(400)])
    normal = features.T @ features + 400 * 1e-8 * np.diag([1.0] * 30 + [0.0])
    weight = np.linalg.solve(normal, features.T @ np.eye(4)[classes])
    others, expected = shown(300, 1)
    answers = np.column_stack([others - states.mean(axis=0), np.ones(300)]) @ weight
    assert found.wrong_fraction == pytest.approx((answers.argmax(axis=1) != expected).mean(), abs=1 / 300)
    assert found.seconds > 0


@pytest.mark.parametrize("name", ["addition", "xor", "multiplication-1997", "temporal-order-3"])
def test_every_problem_that_asks_once_is_answered(name):
    found = answer_with_reservoir(long_memory(name, 20), units=20, learned=100, tested=50)
    assert 0 <= found.wrong_fraction <= 1


def test_the_same_seed_gives_the_same_answers():
    problem = long_memory("xor", 20)
    first, again = (answer_with_reservoir(problem, units=20, learned=100, tested=200, seed=4) for _ in range(2))
    assert first.wrong_fraction == again.wrong_fraction
