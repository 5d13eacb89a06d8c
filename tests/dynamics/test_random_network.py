"""Random networks: exponents against closed forms and mean-field theory, behaviors against maps that show them."""

import numpy as np
import pytest
from scipy.stats import ortho_group

from pendula.dynamics.random_network import (
    BEHAVIORS,
    SweepSettings,
    mean_field_exponent,
    random_weights,
    sweep_gains,
)
from pendula.errors import ArgumentError


def behaviors(weights, gains, **options):
    found = sweep_gains(np.asarray(weights), np.asarray(gains), **options)
    return [BEHAVIORS[index] for index in found.behaviors], found


def test_below_the_transition_the_exponent_is_that_of_the_largest_eigenvalue():
    weights = random_weights(40, seed=1)
    gains = np.array([0.3, 0.6, 0.8])
    largest = np.abs(np.linalg.eigvals(weights)).max()
    named, found = behaviors(weights, gains)
    # The logarithms of a rotating tangent vector average out as the window's tails.
    np.testing.assert_allclose(found.exponents, np.log(gains * largest), atol=1e-4)
    assert named == ["silence"] * 3


@pytest.mark.parametrize("gain", [1.5, 3.0])
def test_one_unit_settles_on_the_root_of_its_equation(gain):
    named, found = behaviors([[1.0]], [gain])
    root = 0.9
    for _ in range(500):
        root = np.tanh(gain * root)
    assert named == ["point attractor"]
    assert found.sizes[0] == pytest.approx(root, rel=1e-12)
    assert found.exponents[0] == pytest.approx(np.log(gain * (1 - root**2)), abs=1e-9)


def test_a_unit_that_inhibits_itself_has_period_two():
    named, found = behaviors([[-1.0]], [2.0])
    assert (named, found.periods[0]) == (["periodic"], 2)


def test_a_ring_hands_its_pattern_round():
    named, found = behaviors(np.roll(np.eye(5), 1, axis=0), [2.0])
    assert (named, found.periods[0]) == (["periodic"], 5)


def test_a_rotation_by_an_irrational_angle_never_returns():
    angle = 2 * np.pi / ((1 + np.sqrt(5)) / 2)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    named, found = behaviors(turn, [1.2])
    assert named == ["quasi-periodic"]
    assert abs(found.exponents[0]) < 1e-6  # on a closed curve the largest exponent is 0


def test_exponents_do_not_depend_on_the_order_of_units():
    weights, order = random_weights(12, seed=3), np.random.default_rng(0).permutation(12)
    gains = np.array([0.5, 0.9])
    shuffled = sweep_gains(weights[np.ix_(order, order)], gains)
    np.testing.assert_allclose(shuffled.exponents, sweep_gains(weights, gains).exponents, atol=1e-3)


def test_far_above_the_transition_a_large_network_follows_mean_field_theory():
    gains = np.array([2.0, 2.5])
    settings = SweepSettings(transient=300, steps=700)
    found = sweep_gains(random_weights(400, seed=0), gains, settings=settings)
    expected = [mean_field_exponent(gain) for gain in gains]
    np.testing.assert_allclose(found.exponents, expected, rtol=0.1)  # corrections of order 1/√N
    assert [BEHAVIORS[index] for index in found.behaviors] == ["chaos", "chaos"]


def test_the_mean_field_exponent_is_that_of_its_own_equations():
    # Iterated on a fine grid, and expanded above the transition.
    gain, grid = 1.8, np.linspace(-12.0, 12.0, 4001)
    share = np.exp(-0.5 * grid**2) / np.exp(-0.5 * grid**2).sum()
    q = 0.5
    for _ in range(2000):
        q = share @ np.tanh(gain * np.sqrt(q) * grid) ** 2
    expected = np.log(gain) + 0.5 * np.log(share @ np.cosh(gain * np.sqrt(q) * grid) ** -4)
    assert mean_field_exponent(gain) == pytest.approx(expected, abs=1e-7)
    # With ⟨tanh²⟩ = Q - 2Q² + 17Q³/3 and ⟨sech⁴⟩ = 1 - 2Q + 7Q² for x of variance Q: λ = ⅔ (g - 1)² + …
    assert mean_field_exponent(1.001) == pytest.approx(2 / 3 * 0.001**2, rel=0.01)
    assert mean_field_exponent(1.0) == 0.0


def test_weights_are_those_of_their_seed_with_eigenvalues_in_the_unit_disk():
    np.testing.assert_array_equal(random_weights(5, seed=1), random_weights(5, seed=1))
    assert np.abs(np.linalg.eigvals(random_weights(400, seed=0))).max() == pytest.approx(1.0, abs=0.1)


def test_an_orthogonal_network_is_marginal_at_gain_one():
    weights = ortho_group.rvs(6, random_state=0)
    below = sweep_gains(weights, np.array([0.9]))
    assert below.exponents[0] == pytest.approx(np.log(0.9), abs=1e-12)  # an isometry stretches every vector alike


def test_mistakes_are_named():
    with pytest.raises(ArgumentError, match=r"`gains` must be positive: expected finite numbers above 0"):
        sweep_gains(np.eye(2), np.array([0.0, 1.0]))
    with pytest.raises(ArgumentError, match=r"`size` must be positive: expected 1 unit or more, got 0"):
        random_weights(0, seed=0)
    with pytest.raises(ArgumentError, match=r"`steps` must be at least 100: got 5"):
        SweepSettings(steps=5)
    with pytest.raises(ArgumentError, match=r"`start` must be positive: expected a finite number, got 0\.0"):
        SweepSettings(start=0.0)
