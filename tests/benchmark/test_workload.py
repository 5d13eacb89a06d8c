import itertools

import pytest
import torch

from pendula.benchmark import PRECISIONS, TASKS, Workload, draw_numbers
from pendula.errors import ArgumentError
from pendula.nn import CELLS


@pytest.mark.usefixtures("unchecked")
@pytest.mark.parametrize(
    ("field", "value"),
    [("task", "walk"), ("cell", "esn"), ("precision", "float16"), ("batch", 0), ("threads", True), ("time", 1.5)],
)
def test_what_is_no_workload_is_refused(field, value):
    with pytest.raises(ArgumentError, match=f"`{field}` must be (known|positive): expected .*, got {value}"):
        Workload(**{field: value})


def test_a_free_run_feeds_one_channel_back():
    with pytest.raises(ArgumentError, match="`input_size` must be 1 in a free run"):
        Workload(task="free_run", input_size=2)


@pytest.mark.parametrize("cell", CELLS)
def test_the_work_is_that_of_the_weight_matrices(cell):
    workload = Workload(cell=cell, batch=3, time=5, hidden_size=7, num_layers=3, input_size=2)
    weights = draw_numbers(workload).weights
    matrices = sum(array.size for name, array in weights.items() if name.startswith("weight"))
    assert workload.work == 6 * 3 * 5 * matrices
    assert Workload(cell=cell, task="free_run").work == Workload(cell=cell, task="forward").work


@pytest.mark.parametrize(("cell", "precision"), [*itertools.product(CELLS, PRECISIONS)])
def test_the_numbers_fit_torchs_layers(cell, precision):
    workload = Workload(cell=cell, batch=2, time=3, hidden_size=4, num_layers=2, input_size=3, precision=precision)
    numbers = draw_numbers(workload)
    layer = CELLS[cell](3, 4, 2)
    assert {name: tuple(tensor.shape) for name, tensor in layer.state_dict().items()} == {
        name: array.shape for name, array in numbers.weights.items()
    }
    assert numbers.weights.keys() == numbers.tangents.keys()
    assert numbers.inputs.shape == (2, 3, 3)
    assert str(torch.from_numpy(numbers.inputs).dtype) == f"torch.{precision}"


def test_the_same_workload_has_the_same_numbers():
    first, second = draw_numbers(Workload()), draw_numbers(Workload(threads=2, task="forward"))
    assert (first.inputs == second.inputs).all()
    assert (first.inputs != draw_numbers(Workload(), seed=1).inputs).any()


def test_every_task_has_a_name():
    assert len({Workload(task=task).name for task in TASKS}) == len(TASKS)
