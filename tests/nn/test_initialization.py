"""How recurrent weights start: each scheme against its definition."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from pendula.errors import ArgumentError
from pendula.nn import GRU, LSTM, RNN, Initialization, Network, build, initialize
from pendula.nn.initialization import orthogonal_blocks, sparse_matrix, with_radius

LAYERS = {"rnn": RNN, "gru": GRU, "lstm": LSTM}
GATES = {"rnn": 1, "gru": 3, "lstm": 4}
SUITING = {
    "sparse": ("rnn",), "orthogonal": ("rnn", "gru", "lstm"), "identity": ("rnn",), "forget-bias": ("gru", "lstm"),
    "chrono": ("gru", "lstm"),
}  # fmt: skip


def drawn(cell, kind, *, seed=0, layers=1, size=40, **options):
    layer = LAYERS[cell](3, size, layers).double()
    head = torch.nn.Linear(size, 2).double()
    generator = torch.Generator().manual_seed(seed)
    initialize(layer, head, Initialization(kind=kind, **options), generator=generator)
    return layer, head


def blocks(layer, name, gates):
    return getattr(layer, name).detach().chunk(gates)


@given(st.integers(1, 30), st.integers(1, 30), st.integers(1, 40), st.integers(0, 2**31))
def test_each_row_has_exactly_its_connections(rows, columns, connections, seed):
    matrix = sparse_matrix(rows, columns, connections=connections, generator=torch.Generator().manual_seed(seed))
    assert (matrix != 0).sum(dim=1).tolist() == [min(connections, columns)] * rows


def test_the_connections_are_spread_evenly_and_normal():
    matrix = sparse_matrix(4000, 20, connections=15, generator=torch.Generator().manual_seed(0))
    share = (matrix != 0).double().mean(dim=0)
    assert share == pytest.approx(np.full(20, 0.75), abs=5 * (0.75 * 0.25 / 4000) ** 0.5)
    values = matrix[matrix != 0]
    assert float(values.mean()) == pytest.approx(0, abs=5 / 60_000**0.5)
    assert float(values.std()) == pytest.approx(1, abs=0.02)
    assert float((values**4).mean()) == pytest.approx(3, abs=0.2)  # the kurtosis of normal numbers


@settings(max_examples=20)
@given(st.integers(2, 20), st.floats(0.1, 3), st.integers(0, 2**31))
def test_the_radius_is_exact(size, radius, seed):
    generator = torch.Generator().manual_seed(seed)
    matrix = with_radius(torch.randn(size, size, generator=generator, dtype=torch.float64), radius)
    assert np.abs(np.linalg.eigvals(matrix.numpy())).max() == pytest.approx(radius, rel=1e-9)


def test_a_nilpotent_matrix_cannot_be_scaled():
    with pytest.raises(ArgumentError, match=r"`matrix` must have an eigenvalue that is not 0: .* Draw anew\."):
        with_radius(torch.tensor([[0.0, 1.0], [0.0, 0.0]]), 1.0)


def test_the_sparse_scheme_is_the_published_one():
    layer, head = drawn("rnn", "sparse", layers=2, size=200, radius=1.2, input_scale=0.01, output_scale=0.3)
    for number in (0, 1):
        recurrent = getattr(layer, f"weight_hh_l{number}").detach()
        assert (recurrent != 0).sum(dim=1).tolist() == [15] * 200
        assert np.abs(np.linalg.eigvals(recurrent.numpy())).max() == pytest.approx(1.2, rel=1e-12)
        assert not getattr(layer, f"bias_ih_l{number}").any()
        assert not getattr(layer, f"bias_hh_l{number}").any()
    assert (layer.weight_ih_l1 != 0).sum(dim=1).tolist() == [15] * 200
    assert bool((layer.weight_ih_l0 != 0).all())
    assert float(layer.weight_ih_l0.detach().std()) == pytest.approx(0.01, rel=0.15)
    assert float(head.weight.detach().std()) == pytest.approx(0.3, rel=0.15)
    assert not head.bias.any()


def test_a_small_layer_is_connected_in_full():
    layer, _ = drawn("rnn", "sparse", size=6)
    assert bool((layer.weight_hh_l0 != 0).all())


@pytest.mark.parametrize("cell", LAYERS)
def test_orthogonal_matrices_are_orthogonal(cell):
    layer, _ = drawn(cell, "orthogonal", layers=2)
    for number in (0, 1):
        for block in blocks(layer, f"weight_hh_l{number}", GATES[cell]):
            # Forty times the rounding of a unit row.
            torch.testing.assert_close(block.T @ block, torch.eye(40, dtype=torch.float64), rtol=0, atol=1e-14)


def test_orthogonal_matrices_are_uniform():
    # Of a uniform orthogonal matrix: mean 0 and mean square 1/n of each entry, and as many reflections as rotations.
    generator = torch.Generator().manual_seed(0)
    matrices = orthogonal_blocks(3000, 4, generator=generator).reshape(3000, 4, 4)
    assert float(matrices.mean(dim=0).abs().max()) < 5 * 0.5 / 3000**0.5
    assert matrices.square().mean(dim=0).numpy() == pytest.approx(np.full((4, 4), 0.25), abs=0.03)
    assert float(torch.linalg.det(matrices).mean()) == pytest.approx(0, abs=5 / 3000**0.5)


def test_the_identity_is_the_unit_matrix():
    layer, _ = drawn("rnn", "identity", layers=2)
    for number in (0, 1):
        assert torch.equal(getattr(layer, f"weight_hh_l{number}").detach(), torch.eye(40, dtype=torch.float64))
        assert float(getattr(layer, f"weight_ih_l{number}").detach().std()) == pytest.approx(0.001, rel=0.3)
        assert not getattr(layer, f"bias_hh_l{number}").any()


def gates(layer, cell):
    """Add the two biases of each gate."""
    pairs = zip(blocks(layer, "bias_ih_l0", GATES[cell]), blocks(layer, "bias_hh_l0", GATES[cell]), strict=True)
    return [inputs + recurrent for inputs, recurrent in pairs]


@pytest.mark.parametrize("cell", ["gru", "lstm"])
def test_a_forget_bias_is_that_of_the_gate_that_keeps(cell):
    layer, _ = drawn(cell, "forget-bias", forget_bias=2.5)
    first, keeping, *_ = gates(layer, cell)
    assert keeping.tolist() == [2.5] * 40
    assert 0 < float(first.abs().max()) < 1


def test_an_open_gate_keeps_the_state():
    layer, _ = drawn("gru", "forget-bias", forget_bias=50.0)
    state = torch.linspace(-0.9, 0.9, 40, dtype=torch.float64)[None, None]
    with torch.no_grad():
        _, after = layer(torch.zeros(7, 1, 3, dtype=torch.float64), state)
    torch.testing.assert_close(after, state, rtol=0, atol=1e-12)


@pytest.mark.parametrize("cell", ["gru", "lstm"])
def test_chrono_forgets_over_all_times(cell):
    layer, _ = drawn(cell, "chrono", size=500, longest=100)
    first, keeping, *_ = gates(layer, cell)
    times = keeping.exp()
    assert 1 <= float(times.min()) < 2
    assert 97 < float(times.max()) <= 99
    # Uniform from 1 to 99: mean 50, variance 98²/12.
    assert float(times.mean()) == pytest.approx(50, abs=5 * 98 / (12 * 500) ** 0.5)
    assert float(times.var()) == pytest.approx(98**2 / 12, rel=0.2)
    if cell == "lstm":
        assert torch.equal(first, -keeping)


@pytest.mark.parametrize("kind", SUITING)
@pytest.mark.parametrize("cell", LAYERS)
def test_each_scheme_has_its_cells(kind, cell):
    if cell in SUITING[kind]:
        drawn(cell, kind)
        return
    rule = f"`initialization` must suit the cell: expected {' or '.join(SUITING[kind])} for {kind}, got {cell}. Choose "
    with pytest.raises(ArgumentError, match=rule):
        Network(cell=cell, initialization=Initialization(kind=kind))
    with pytest.raises(ArgumentError, match=rule):
        drawn(cell, kind)


@pytest.mark.parametrize("kind", SUITING)
def test_the_same_seed_gives_the_same_weights(kind):
    network = Network(cell=SUITING[kind][-1], hidden_size=20, residual=False, initialization=Initialization(kind=kind))
    first, again, other = (build(network, 1, seed=seed).state_dict() for seed in (3, 3, 4))
    assert all(torch.equal(first[name], again[name]) for name in first)
    assert not all(torch.equal(first[name], other[name]) for name in first)


def test_torchs_own_weights_are_left_as_they_are():
    with torch.random.fork_rng():
        torch.manual_seed(3)
        expected = torch.nn.GRU(2, 8)
    forecaster = build(Network(cell="gru", hidden_size=8), 1, seed=3)
    for name, value in expected.state_dict().items():
        assert torch.equal(forecaster.recurrent.state_dict()[name], value)


def test_a_head_that_starts_at_zero_stays_there():
    sparse = Initialization(kind="sparse")
    assert not build(Network(cell="rnn", initialization=sparse), 1).head.weight.any()
    assert build(Network(cell="rnn", residual=False, initialization=sparse), 1).head.weight.any()


@pytest.mark.usefixtures("unchecked")
@pytest.mark.parametrize(
    ("options", "rule"),
    [
        ({"kind": "sparce"}, r"`kind` must be a known initialization: .*, got sparce\. Did you mean `sparse`\?"),
        ({"radius": 0.0}, r"`radius` must be positive: expected a finite number, got 0\.0\. Choose another\."),
        ({"radius": -1.0}, r"`radius` must be positive"),
        ({"input_scale": 0.0}, r"`input_scale` must be positive"),
        ({"output_scale": float("nan")}, r"`output_scale` must be positive"),
        ({"connections": 0}, r"`connections` must be positive: expected 1 or more, got 0\. 15 is usual\."),
        ({"forget_bias": float("inf")}, r"`forget_bias` must be finite: got inf\. 1 is usual\."),
        ({"longest": 2}, r"`longest` must leave a choice of times: expected 3 steps or more, got 2\."),
    ],
)
def test_settings_out_of_range_are_refused(options, rule):
    with pytest.raises(ArgumentError, match=rule):
        Initialization(**options)
