"""Weights that do not fit in memory: counted as torch does, and refused before any is drawn."""

import pytest
import torch

from pendula.errors import TooLargeError
from pendula.nn import CELLS, Network, build, draw_encoder_decoder, draw_filter, draw_readout, require_weights
from pendula.nn.kernels import memory
from pendula.nn.weight_memory import stack_weights

HUGE = Network(cell="gru", hidden_size=20_000)
"""1.2e9 weights, 36 GiB as float32 eight times."""


@pytest.fixture
def room(monkeypatch):
    """The memory that there is, in GiB."""
    return lambda gib: monkeypatch.setattr(memory, "available_bytes", lambda: None if gib is None else gib << 30)


@pytest.mark.parametrize("cell", list(CELLS))
@pytest.mark.parametrize("layers", [1, 3])
def test_weights_are_counted_as_torch_makes_them(cell, layers):
    made = getattr(torch.nn, cell.upper())(3, 7, num_layers=layers)
    network = Network(cell=cell, hidden_size=7, num_layers=layers)
    assert stack_weights(network, 3) == sum(each.numel() for each in made.parameters())


@pytest.mark.parametrize(
    "draw",
    [
        lambda: build(HUGE, 1),
        lambda: draw_readout(HUGE, 2, 1, seed=0),
        lambda: draw_filter(HUGE, 2, 1, seed=0),
    ],
)
def test_a_network_that_cannot_be_trained_is_not_drawn(room, draw):
    room(20)
    with pytest.raises(
        TooLargeError,
        match=r"`hidden_size` and `num_layers` must leave weights that fit in memory, .*: expected at most 20\.0 GiB, "
        r"got 35\.8 GiB for 1 layer of 20000 units\. Choose fewer units or layers\.",
    ):
        draw()


def test_an_encoder_and_a_decoder_count_both(room):
    room(60)
    with pytest.raises(TooLargeError, match=r"got 71\.5 GiB for 2 networks with 1 layer of 20000 units"):
        draw_encoder_decoder(HUGE, 1, 2)


def test_members_and_their_precision_count(room):
    network = Network(cell="lstm", hidden_size=1000, num_layers=2)
    room(3)
    require_weights(network, 2, networks=5, dtype=torch.float32)
    with pytest.raises(
        TooLargeError,
        match=r"got 3\.6 GiB for 5 networks with 2 layers of 1000 units\. Choose fewer units, layers or networks\.",
    ):
        require_weights(network, 2, networks=5, dtype=torch.float64)


def test_where_nothing_tells_nothing_is_refused(room):
    room(None)
    require_weights(HUGE, 2)


def test_what_is_not_trained_passes(room):
    room(0)
    require_weights(Network(cell="esn", hidden_size=20_000), 1)
