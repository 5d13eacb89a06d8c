import itertools

import pytest
import torch
from torch import nn

from pendula.benchmark import PRECISIONS, TASKS, Workload, draw_numbers, make_layers
from pendula.benchmark.epochs import make_epoch
from pendula.nn import CELLS

SMALL = {"batch": 3, "time": 5, "hidden_size": 6}


@pytest.mark.parametrize(("task", "cell", "precision"), [*itertools.product(TASKS, CELLS, PRECISIONS)])
def test_pendula_and_torch_come_to_the_same(task, cell, precision):
    workload = Workload(task=task, cell=cell, precision=precision, **SMALL)
    ours, theirs = make_layers("pendula", workload), make_layers("torch", workload)
    assert theirs.backend == "torch"
    for _ in range(3):
        assert float(ours.work()) == pytest.approx(float(theirs.work()), rel=1e-4 if precision == "float32" else 1e-10)


@pytest.mark.parametrize("maker", ["pendula", "torch"])
def test_a_step_of_training_learns(maker):
    work = make_layers(maker, Workload(cell="gru", **SMALL)).work
    losses = [float(work()) for _ in range(200)]
    assert losses[-1] < 0.5 * losses[0]


def test_the_loss_is_the_squared_error_after_the_last_step():
    workload = Workload(cell="rnn", precision="float64", num_layers=1, **SMALL)
    numbers = draw_numbers(workload)
    w_ih, w_hh, b_ih, b_hh = map(torch.from_numpy, numbers.weights.values())
    hidden = torch.zeros(3, 6, dtype=torch.float64)
    for x in torch.from_numpy(numbers.inputs).unbind(1):
        hidden = torch.tanh(x @ w_ih.T + b_ih + hidden @ w_hh.T + b_hh)
    head = nn.functional.linear(hidden, torch.from_numpy(numbers.head_weight), torch.from_numpy(numbers.head_bias))
    loss = nn.functional.mse_loss(head, torch.from_numpy(numbers.targets))
    assert float(make_layers("pendula", workload).work()) == pytest.approx(float(loss), rel=1e-12)


@pytest.mark.parametrize("cell", CELLS)
def test_the_tangent_is_that_of_finite_differences(cell):
    workload = Workload(task="tangent", cell=cell, precision="float64", **SMALL)
    numbers = draw_numbers(workload)
    layer = CELLS[cell](1, 6, 2, batch_first=True, dtype=torch.float64)

    def total(step):
        layer.load_state_dict({
            name: torch.from_numpy(array + step * numbers.tangents[name]) for name, array in numbers.weights.items()
        })
        with torch.no_grad():
            return float(layer(torch.from_numpy(numbers.inputs))[0].sum())

    expected = (total(1e-6) - total(-1e-6)) / 2e-6
    for maker in ("pendula", "torch"):
        assert float(make_layers(maker, workload).work()) == pytest.approx(expected, rel=1e-6)


def test_what_torch_needs_for_a_tangent_is_said():
    workload = Workload(task="tangent", cell="lstm", **SMALL)
    assert "oneDNN" in make_layers("torch", workload).remark
    assert not make_layers("torch", Workload(task="tangent", cell="lstm", precision="float64", **SMALL)).remark
    assert torch.backends.mkldnn.enabled


@pytest.mark.parametrize(("cell", "precision"), [*itertools.product(CELLS, PRECISIONS)])
def test_an_epoch_of_training_takes_the_steps_it_is_counted_for(cell, precision, monkeypatch):
    ran = []

    def spy(run):
        ran.append(run)
        return lambda: float(run()[0] > 0) * 6.4

    monkeypatch.setattr("pendula.benchmark.epochs.stopwatch", spy)
    rival = make_epoch(Workload(cell=cell, precision=precision, **SMALL))
    assert rival.remark == "epochs of 1 batches"  # which take long
    assert rival.contender.run() == 6.4
    monkeypatch.setattr("pendula.benchmark.epochs.EPOCH_SECONDS", 1000.0)
    rival = make_epoch(Workload(cell=cell, precision=precision, **SMALL))
    assert rival.remark == "epochs of 32 batches"
    assert rival.contender.run() == pytest.approx(0.2)


def test_only_a_step_of_training_comes_in_epochs():
    assert make_epoch(Workload(task="tangent")) is None
    assert make_epoch(Workload(input_size=2)) is None
