"""Curvature products: explicit dense matrices, from Jacobians of the plain loop, are the oracle."""

import itertools

import pytest
import torch
from torch import nn

from pendula.errors import ArgumentError
from pendula.nn import GRU, LSTM, RNN
from pendula.nn.kernels import available
from pendula.nn.kernels.problem import stack_of
from pendula.nn.kernels.reference import reference
from pendula.nn.readout import Readout
from pendula.optim import LOGISTIC, SOFTMAX, SQUARED_ERROR, Sample, StructuralDamping
from pendula.optim.curvature import Curvature
from pendula.optim.flat_vectors import flat, like
from pendula.optim.module_model import ModuleModel
from pendula.optim.readout_model import ReadoutModel, runs_natively

LAYERS = {"rnn": RNN, "gru": GRU, "lstm": LSTM}
LOSSES = {"squared": SQUARED_ERROR, "softmax": SOFTMAX, "logistic": LOGISTIC}
OF_TORCH = {"squared": nn.MSELoss(), "softmax": nn.CrossEntropyLoss(), "logistic": nn.BCEWithLogitsLoss()}
DISTANCES = {
    "none": StructuralDamping(weight=0.0),
    "squared": StructuralDamping(weight=0.3),
    "cross_entropy": StructuralDamping(weight=0.3, distance="cross_entropy"),
}
DAMPING = 0.7
SEQUENCES, STEPS = 5, 4


def drawn(*, cell="rnn", num_layers=1, loss="squared", scored="last", washout=0, ragged=False, bias=True):
    """A small readout in float64 and sequences for it."""
    draw = torch.Generator().manual_seed(0)
    with torch.random.fork_rng():
        torch.manual_seed(1)
        layer = LAYERS[cell](2, 3, num_layers, bias=bias, batch_first=True, dtype=torch.float64)
        readout = Readout(layer, nn.Linear(3, 2, bias=bias, dtype=torch.float64), scored=scored, washout=washout)
    rows = (SEQUENCES,) if scored == "last" else (SEQUENCES, STEPS - washout)
    targets = {
        "squared": torch.randn(*rows, 2, generator=draw, dtype=torch.float64),
        "logistic": torch.rand(*rows, 2, generator=draw, dtype=torch.float64),
        "softmax": torch.randint(0, 2, rows, generator=draw),
    }[loss]
    inputs = torch.randn(SEQUENCES, STEPS, 2, generator=draw, dtype=torch.float64)
    lengths = torch.tensor([4, 2, 3, 4, 1]) if ragged else None
    return readout, Sample(inputs, targets, lengths)


def respond(readout, sample, vector):
    """Outputs and hidden states through the plain loop, as a function of all weights in one vector."""
    *weights, w, b = [*like(list(readout.parameters()), vector), *([] if readout.head.bias is not None else [None])]
    each = len(weights) // readout.recurrent.num_layers
    rows, hidden = sample.inputs, []
    for at in range(0, len(weights), each):
        stack = stack_of(readout.cell, 1)
        rows, _, _ = reference(stack, rows, None, None, sample.lengths, weights[at : at + each])
        hidden.append(rows)
    if readout.scored == "every":
        read = rows[:, readout.washout :]
    else:
        last = torch.full((SEQUENCES,), STEPS) if sample.lengths is None else sample.lengths
        read = torch.stack([sequence[length - 1] for sequence, length in zip(rows, last, strict=True)])
    return nn.functional.linear(read, w, b), torch.stack(hidden)


def dense(readout, sample, loss, structural):
    """B = Jᵀ H J + λ I + λ μ / N · Σ Jₕᵀ D'' Jₕ, with H from torch's own loss."""
    here = flat(list(readout.parameters()))
    jacobian, of_hidden = torch.func.jacrev(lambda v: respond(readout, sample, v))(here)
    outputs, hidden = respond(readout, sample, here)

    def mean_loss(z):
        z = z.reshape(outputs.shape)
        return (
            OF_TORCH[loss](z.flatten(0, -2), sample.targets.flatten())
            if loss == "softmax"
            else OF_TORCH[loss](z, sample.targets)
        )

    hessian = torch.func.hessian(mean_loss)(outputs.flatten())
    jacobian, of_hidden = jacobian.flatten(0, -2), of_hidden.flatten(0, -2)
    matrix = jacobian.T @ hessian @ jacobian + DAMPING * torch.eye(len(here), dtype=torch.float64)
    weights = torch.ones_like(hidden) if structural.distance == "squared" else 1 / (1 - hidden.square())
    return matrix + DAMPING * structural.weight / SEQUENCES * of_hidden.T @ (weights.flatten()[:, None] * of_hidden)


def products(model, sample, loss, structural, directions, *, chunk=3):
    """B V, column by column."""
    curvature = Curvature(model, LOSSES[loss], sample, damping=DAMPING, structural=structural, chunk=chunk)
    return torch.stack([curvature @ direction for direction in directions.T], dim=1)


def drawn_directions(readout, count=3):
    size = len(flat(list(readout.parameters())))
    return torch.randn(size, count, generator=torch.Generator().manual_seed(2), dtype=torch.float64)


def models(readout):
    yield ModuleModel(readout)
    if runs_natively(readout):
        yield ReadoutModel(readout)


def assert_equal_to_dense(readout, sample, loss, structural):
    matrix, directions = dense(readout, sample, loss, structural), drawn_directions(readout)
    for model in models(readout):
        found = products(model, sample, loss, structural, directions)
        torch.testing.assert_close(found, matrix @ directions, rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("distance", DISTANCES)
@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("scored", ["last", "every"])
def test_products_are_those_of_the_dense_matrix(loss, distance, scored):
    readout, sample = drawn(loss=loss, scored=scored)
    assert_equal_to_dense(readout, sample, loss, DISTANCES[distance])


@pytest.mark.parametrize("cell", LAYERS)
@pytest.mark.parametrize("num_layers", [1, 2])
def test_products_are_those_of_the_dense_matrix_for_every_cell_and_depth(cell, num_layers):
    readout, sample = drawn(cell=cell, num_layers=num_layers, scored="every", washout=1)
    assert_equal_to_dense(readout, sample, "squared", DISTANCES["squared"])


@pytest.mark.parametrize("num_layers", [1, 2])
def test_products_are_those_of_the_dense_matrix_for_sequences_of_unequal_length(num_layers):
    readout, sample = drawn(num_layers=num_layers, loss="softmax", ragged=True)
    assert_equal_to_dense(readout, sample, "softmax", DISTANCES["squared"])


def test_products_are_those_of_the_dense_matrix_without_biases():
    readout, sample = drawn(bias=False)
    assert_equal_to_dense(readout, sample, "squared", DISTANCES["cross_entropy"])


def test_a_module_of_torch_has_the_same_products():
    readout, sample = drawn()

    class Plain(nn.Module):
        def __init__(self):
            super().__init__()
            self.layer, self.head = nn.RNN(2, 3, batch_first=True, dtype=torch.float64), readout.head
            self.layer.load_state_dict(readout.recurrent.state_dict())

        def forward(self, inputs):
            states, _ = self.layer(inputs)
            return self.head(states[:, -1]), states

    matrix, directions = dense(readout, sample, "squared", DISTANCES["squared"]), drawn_directions(readout)
    found = products(ModuleModel(Plain()), sample, "squared", DISTANCES["squared"], directions)
    torch.testing.assert_close(found, matrix @ directions, rtol=1e-10, atol=1e-10)


def test_the_size_of_chunks_changes_nothing_but_rounding():
    readout, sample = drawn(loss="softmax")
    model, directions = ModuleModel(readout), drawn_directions(readout)
    whole, single = (
        products(model, sample, "softmax", DISTANCES["squared"], directions, chunk=chunk) for chunk in (5, 1)
    )
    torch.testing.assert_close(whole, single, rtol=1e-12, atol=1e-12)


def test_the_matrix_of_the_core_is_symmetric_and_positive_definite():
    readout, sample = drawn(loss="softmax", scored="every")
    model = list(models(readout))[-1]
    units = torch.eye(len(flat(model.parameters)), dtype=torch.float64)
    matrix = products(model, sample, "softmax", DISTANCES["squared"], units)
    torch.testing.assert_close(matrix, dense(readout, sample, "softmax", DISTANCES["squared"]), rtol=1e-10, atol=1e-10)
    torch.testing.assert_close(matrix, matrix.T, rtol=1e-12, atol=1e-12)
    assert float(torch.linalg.eigvalsh(matrix).min()) >= DAMPING * (1 - 1e-12)


@pytest.mark.parametrize(("loss", "distance"), list(itertools.product(LOSSES, DISTANCES)))
def test_the_estimated_diagonal_is_right_in_the_mean(loss, distance):
    readout, sample = drawn(loss=loss)
    structural = DISTANCES[distance]
    model = list(models(readout))[-1]
    curvature = Curvature(model, LOSSES[loss], sample, damping=DAMPING, structural=structural)
    draw = torch.Generator().manual_seed(0)
    estimates = torch.stack([curvature.diagonal(draw) for _ in range(60)])
    expected = dense(readout, sample, loss, structural).diagonal() - DAMPING
    # 60 draws: six standard errors, for each of the parameters.
    error = estimates.std(dim=0) / 60**0.5
    assert bool(((estimates.mean(dim=0) - expected).abs() <= 6 * error + 1e-12).all())


def test_structural_damping_needs_hidden_states():
    model = ModuleModel(nn.Linear(2, 1))
    sample = Sample(torch.zeros(3, 2), torch.zeros(3, 1))
    with pytest.raises(ArgumentError, match="`structural` must have weight 0 for a module that"):
        Curvature(model, SQUARED_ERROR, sample, damping=1.0, structural=StructuralDamping())


def test_the_core_runs_no_readout_in_part():
    readout, _ = drawn()
    assert runs_natively(readout) == available()
    readout.head.requires_grad_(False)
    assert not runs_natively(readout)
