"""Which way to learn suits which cell."""

import pytest

from pendula.errors import ArgumentError
from pendula.nn import Network
from pendula.runs import Recipe
from pendula.training import Training, method_for


@pytest.mark.parametrize("cell", ["rnn", "gru", "lstm"])
@pytest.mark.parametrize("method", ["adam", "adamw", "nesterov", "hessian-free"])
def test_gradients_train_the_recurrent_cells(cell, method):
    assert method_for(Network(cell=cell), Training(method=method)) == method
    assert method_for(Network(cell=cell), Training()) == "adam"


@pytest.mark.parametrize("cell", ["rnn", "gru", "lstm"])
def test_ridge_regression_does_not(cell):
    rule = (
        rf"`method` must suit the cell: expected adam or adamw or nesterov or hessian-free for {cell}, got ridge\. "
        "Ridge regression trains the readout of a reservoir alone, and gauss-newton differential equations; choose "
        r"cell='esn', 'ngrc' or 'integrator' for them\."
    )
    with pytest.raises(ArgumentError, match=rule):
        method_for(Network(cell=cell), Training(method="ridge"))
    with pytest.raises(ArgumentError, match=rule):
        Recipe(network=Network(cell=cell), training=Training(method="ridge"))


def test_a_recipe_says_what_trains_it():
    assert Recipe().method == "adam"
    assert Recipe(training=Training(method="nesterov")).method == "nesterov"
