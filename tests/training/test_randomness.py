"""Random numbers that depend on the seed and the epoch alone."""

import itertools

import torch

from pendula.training import derived_seed, epoch_generator, seeded


def test_seeds_of_different_purposes_differ():
    seeds = {derived_seed(*path) for path in itertools.product(range(6), range(20), range(3))}
    assert len(seeds) == 6 * 20 * 3
    assert all(0 <= seed < 2**63 for seed in seeds)


def test_an_epoch_draws_the_same_whenever_it_is_asked():
    first = torch.rand(5, generator=epoch_generator(3, 4))
    epoch_generator(3, 5)
    assert torch.equal(torch.rand(5, generator=epoch_generator(3, 4)), first)
    for other in (epoch_generator(3, 5), epoch_generator(4, 4)):
        assert not torch.equal(torch.rand(5, generator=other), first)


def test_the_global_generator_is_seeded_and_put_back():
    torch.manual_seed(1)
    before = torch.random.get_rng_state()
    with seeded(0, 2):
        first = torch.rand(4)
    assert torch.equal(torch.random.get_rng_state(), before)
    torch.manual_seed(2)
    with seeded(0, 2):
        assert torch.equal(torch.rand(4), first)
    with seeded(0, 3):
        assert not torch.equal(torch.rand(4), first)


def test_the_order_of_an_epoch_is_not_its_dropout():
    with seeded(0, 1):
        dropout = torch.rand(8)
    assert not torch.equal(torch.rand(8, generator=epoch_generator(0, 1)), dropout)
