"""The compiled module itself: what it offers, what it refuses, and its threads."""

import ast
import multiprocessing
from pathlib import Path
from threading import Thread

import pytest
import torch

import pendula

native = pytest.importorskip("pendula._native", reason="this installation has no native core")

STUB = ast.parse(Path(pendula.__file__).with_name("_native.pyi").read_text(encoding="utf-8")).body
DESCRIBED = [node for node in STUB if isinstance(node, ast.FunctionDef | ast.ClassDef)]
TANH, LSTM = 0, 2


class Run:
    """A forward pass of the compiled module, large enough for several threads."""

    def __init__(self, *, threads: int):
        generator = torch.Generator().manual_seed(0)
        shapes = [(4 * 32, 8), (4 * 32, 32), (4 * 32,), (4 * 32,)]
        self.weights = [torch.rand(shape, generator=generator) - 0.5 for shape in shapes]
        self.input = torch.rand(16, 40, 8, generator=generator)
        self.output = torch.full((16, 40, 32), torch.nan)
        self.threads = threads

    def __call__(self) -> torch.Tensor:
        problem = (LSTM, 8, 32, 1, 16, 40, 0, self.threads)
        parameters = [weight.data_ptr() for weight in self.weights] + [0]
        views = [(tensor.data_ptr(), *tensor.stride()) for tensor in (self.input, self.output)]
        native.forward(32, problem, parameters, views[0], (0, 0), views[1], (0, 0), 0)
        return self.output


def parameters_of(function: ast.FunctionDef) -> list[str]:
    return [argument.arg for argument in function.args.args]


def test_the_stub_names_what_the_module_offers():
    assert {node.name for node in DESCRIBED} == {name for name in dir(native) if not name.startswith("_")}


@pytest.mark.parametrize("node", DESCRIBED, ids=lambda node: node.name)
def test_the_stub_describes_what_the_module_offers(node):
    found = getattr(native, node.name)
    if isinstance(node, ast.FunctionDef):
        signature = found.__nb_signature__[0][0]
        described = ast.parse(f"{signature}: ...".replace("/", "")).body[0]
        assert parameters_of(described) == parameters_of(node)
        assert found.__doc__
    else:
        members = [getattr(member, "name", None) or member.target.id for member in node.body]
        assert sorted(members) == sorted(name for name in dir(found) if not name.startswith("_"))


@pytest.mark.parametrize(
    ("bits", "problem", "message"),
    [
        (16, (TANH, 1, 1, 1, 1, 1, 0, 1), "32 or 64 bits"),
        (32, (5, 1, 1, 1, 1, 1, 0, 1), "no such cell"),
        (32, (-1, 1, 1, 1, 1, 1, 0, 1), "no such cell"),
    ],
)
def test_there_is_no_such_network(bits, problem, message):
    with pytest.raises(ValueError, match=message):
        native.reserve_size(bits, problem)


@pytest.mark.parametrize("problem", [(TANH, 1, 1, 1, 1, 1, 0), (TANH, 1.5, 1, 1, 1, 1, 0, 1), None])
def test_a_problem_is_eight_integers(problem):
    with pytest.raises(TypeError):
        native.reserve_size(32, problem)


@pytest.mark.parametrize("count", [0, 4, 6])
def test_a_layer_has_five_parameters(count):
    problem, nowhere = (TANH, 1, 1, 1, 0, 0, 0, 1), (0, 0, 0, 0)
    with pytest.raises(ValueError, match="five parameters"):
        native.forward(32, problem, [0] * count, nowhere, (0, 0), nowhere, (0, 0), 0)


def test_there_is_no_such_instruction_set():
    with pytest.raises(ValueError, match="no such instruction set"):
        native.use_instruction_set("abacus")
    assert native.instruction_set() in native.instruction_sets()


@pytest.mark.parametrize("threads", [2, 3, 7])
def test_threads_find_what_one_finds(threads):
    assert torch.equal(Run(threads=threads)(), Run(threads=1)())


def test_several_callers_at_once():
    runs = [Run(threads=2) for _ in range(4)]
    callers = [Thread(target=run) for run in runs]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join()
    expected = Run(threads=1)()
    assert all(torch.equal(run.output, expected) for run in runs)


def check_in_a_fork(expected: torch.Tensor) -> None:
    assert Run(threads=2)().tolist() == expected.tolist()


@pytest.mark.skipif("fork" not in multiprocessing.get_all_start_methods(), reason="this system has no fork")
@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")  # that a fork of several threads may lock up
def test_a_forked_process_has_threads_of_its_own():
    expected = Run(threads=2)()
    child = multiprocessing.get_context("fork").Process(target=check_in_a_fork, args=(expected,))
    child.start()
    child.join(60)
    if child.exitcode is None:
        child.kill()
    assert child.exitcode == 0
