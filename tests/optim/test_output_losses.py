"""Losses with their curvature: torch's losses and autograd are the oracles."""

import pytest
import torch
from torch import nn

from pendula.errors import ArgumentError, ShapeError
from pendula.optim import LOGISTIC, SOFTMAX, SQUARED_ERROR, matching_loss

DRAW = torch.Generator().manual_seed(0)
OUTPUTS = torch.randn(4, 3, generator=DRAW, dtype=torch.float64) * 3
NUMBERS = torch.rand(4, 3, generator=DRAW, dtype=torch.float64)
CASES = [
    (SQUARED_ERROR, nn.MSELoss(reduction="sum"), NUMBERS),
    (LOGISTIC, nn.BCEWithLogitsLoss(reduction="sum"), NUMBERS),
    (SOFTMAX, nn.CrossEntropyLoss(reduction="sum"), torch.tensor([0, 2, 1, 1])),
]
pytestmark = pytest.mark.parametrize(("loss", "of_torch", "targets"), CASES)


def test_value_and_gradient_are_torchs(loss, of_torch, targets):
    torch.testing.assert_close(loss.value(OUTPUTS, targets), of_torch(OUTPUTS, targets))
    expected = torch.func.grad(of_torch)(OUTPUTS, targets)
    torch.testing.assert_close(loss.gradient(OUTPUTS, targets), expected, rtol=1e-12, atol=1e-12)


def test_the_curvature_is_the_hessian(loss, of_torch, targets):
    hessian = torch.func.hessian(lambda z: of_torch(z, targets))(OUTPUTS).reshape(12, 12)
    units = torch.eye(12, dtype=torch.float64).reshape(12, 4, 3)
    found = torch.stack([loss.curve(OUTPUTS, unit).flatten() for unit in units])
    torch.testing.assert_close(found, hessian, rtol=1e-12, atol=1e-12)


def test_the_root_is_a_root_of_the_hessian(loss, of_torch, targets):
    units = torch.eye(12, dtype=torch.float64).reshape(12, 4, 3)
    root = torch.stack([loss.root(OUTPUTS, unit).flatten() for unit in units], dim=1)
    hessian = torch.stack([loss.curve(OUTPUTS, unit).flatten() for unit in units])
    torch.testing.assert_close(root @ root.T, hessian, rtol=1e-12, atol=1e-12)


def test_sums_are_in_float64(loss, of_torch, targets):
    assert loss.value(OUTPUTS.float(), targets if loss is SOFTMAX else targets.float()).dtype is torch.float64


def test_a_mean_loss_of_torch_is_known(loss, of_torch, targets):
    assert matching_loss(type(of_torch)()) is loss
    assert matching_loss(loss) is loss


def test_other_options_have_no_matching_curvature(loss, of_torch, targets):
    with pytest.raises(ArgumentError, match="`loss` must have a matching curvature"):
        matching_loss(of_torch)


@pytest.mark.parametrize("other", [nn.L1Loss(), nn.HuberLoss(), nn.CrossEntropyLoss(weight=torch.ones(3))], ids=str)
def test_other_losses_have_no_matching_curvature(loss, of_torch, targets, other):
    with pytest.raises(ArgumentError, match=r"expected nn.MSELoss\(\), .* got .*Choose one of them"):
        matching_loss(other)


def test_targets_of_another_shape_are_refused(loss, of_torch, targets):
    with pytest.raises(ShapeError, match="`targets` must"):
        loss.value(OUTPUTS, targets[:2])
    with pytest.raises(ShapeError, match="`targets` must"):
        loss.gradient(OUTPUTS, NUMBERS if loss is SOFTMAX else torch.tensor([0, 1, 2, 0]))
