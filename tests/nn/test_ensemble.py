"""Ensembles against the medians of their members, one after the other."""

import numpy as np
import torch

from pendula.nn import EnsembleForecaster, Network, build, free_run, member_runs


def members(count=3, *, trained=True):
    """Networks of one architecture whose heads say something."""
    made = [build(Network(cell="gru", hidden_size=5, linear_lags=2), 2, seed=seed) for seed in range(count)]
    for number, member in enumerate(made):
        generator = torch.Generator().manual_seed(number)
        member.head.weight.data = 0.1 * torch.randn(member.head.weight.shape, generator=generator)
    return [member.eval() for member in made]


def series(batch=4, time=9):
    return torch.randn(batch, time, 2, generator=torch.Generator().manual_seed(1), dtype=torch.float64)


def test_predictions_are_medians_and_a_state_carries_on():
    each, values = members(), series()
    ensemble = EnsembleForecaster(each)
    whole, _ = ensemble(values)
    by_hand = np.median([member(values)[0].detach().numpy() for member in each], axis=0)
    np.testing.assert_array_equal(whole.numpy(), by_hand)
    first, state = ensemble(values[:, :4])
    rest, _ = ensemble(values[:, 4:], state)
    np.testing.assert_allclose(torch.cat([first, rest], dim=1), whole, rtol=1e-5, atol=1e-6)


def test_each_member_closes_a_loop_of_its_own():
    each, values = members(), series()
    run = free_run(EnsembleForecaster(each), values, 12)
    runs = [free_run(member, values, 12).numpy() for member in each]
    np.testing.assert_array_equal(run.numpy(), np.median(runs, axis=0))
    np.testing.assert_array_equal([own.numpy() for own in member_runs(EnsembleForecaster(each), values, 12)], runs)


def test_the_first_step_of_a_run_is_the_prediction():
    ensemble, values = EnsembleForecaster(members()), series()
    np.testing.assert_allclose(free_run(ensemble, values, 3)[:, 0], ensemble(values)[0][:, -1, 0], rtol=1e-5, atol=1e-6)


def test_a_member_that_leaves_the_finite_numbers_is_not_counted():
    each = members()
    each[1].linear.weight.fill_(1e3)
    values = series()
    run = free_run(EnsembleForecaster(each), values, 200).numpy()
    assert np.isfinite(run).all()
    others = [free_run(each[number], values, 200).numpy()[:, -1] for number in (0, 2)]
    np.testing.assert_allclose(run[:, -1], np.mean(others, axis=0), rtol=1e-12)


def test_an_ensemble_of_one_network_is_that_network():
    one, values = members(1)[0], series()
    np.testing.assert_array_equal(free_run(EnsembleForecaster([one, one, one]), values, 5), free_run(one, values, 5))
