import numpy as np
import pytest

from pendula.errors import ArgumentError
from pendula.systems import noise


def test_the_older_numbers_are_those_after_seeding_numpy():
    expected = np.random.RandomState(7).normal(0, 0.3, 100)
    drawn = noise.draw_noise(100, 1, deviation=0.3, seed=7, generator="mt19937")
    np.testing.assert_array_equal(drawn[:, 0], expected)


def test_the_default_numbers_are_numpys_default():
    expected = np.random.default_rng(7).normal(0, 0.3, (50, 2))
    np.testing.assert_array_equal(noise.draw_noise(50, 2, deviation=0.3, seed=7), expected)


def test_noise_has_its_deviation_and_none_is_none():
    drawn = noise.draw_noise(20_000, 2, deviation=0.5, seed=0)
    np.testing.assert_allclose(drawn.std(axis=0), 0.5, rtol=0.02)
    np.testing.assert_allclose(np.corrcoef(drawn.T)[0, 1], 0.0, atol=0.03)
    assert not noise.draw_noise(10, 3, deviation=0, seed=0).any()


def test_scattered_states_do_not_depend_on_their_number():
    center = np.array([1.0, -2.0])
    few = noise.scatter(center, 3, spread=0.1, seed=5)
    many = noise.scatter(center, 4000, spread=0.1, seed=5)
    np.testing.assert_array_equal(few, many[:, :3])
    np.testing.assert_allclose(many.mean(axis=1), center, atol=0.01)
    np.testing.assert_allclose(many.std(axis=1), 0.1, rtol=0.05)


def test_scatter_and_noise_of_a_seed_are_apart():
    scattered = noise.scatter(np.zeros(1), 50, spread=1.0, seed=3)[0]
    drawn = noise.draw_noise(50, 1, deviation=1.0, seed=3)[:, 0]
    assert abs(np.corrcoef(scattered, drawn)[0, 1]) < 0.5


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"deviation": -0.1}, "`noise` must not be negative: expected a finite standard deviation, got -0.1"),
        ({"deviation": float("nan")}, "`noise` must not be negative"),
        ({"generator": "pcg65"}, r"`noise_generator` must name a generator: got `pcg65`. Did you mean `pcg64`\?"),
        ({"seed": -1}, "`seed` must be a whole number: expected at least 0, got -1"),
        ({"seed": True}, "`seed` must be a whole number: expected at least 0, got True"),
        (
            {"seed": 2**32, "generator": "mt19937"},
            "`seed` must fit into 32 bits for `mt19937`: expected below 4294967296",
        ),
    ],
)
def test_bad_noise_is_refused(arguments, message):
    with pytest.raises(ArgumentError, match=message):
        noise.draw_noise(5, 1, **{"deviation": 0.1, "seed": 0, **arguments})


def test_bad_scatter_is_refused():
    with pytest.raises(
        ArgumentError, match="`spread` must not be negative: expected a finite standard deviation, got -1"
    ):
        noise.scatter(np.zeros(1), 2, spread=-1.0, seed=0)
    with pytest.raises(ArgumentError, match="`seed` must be a whole number"):
        noise.scatter(np.zeros(1), 2, spread=1.0, seed=-1)
