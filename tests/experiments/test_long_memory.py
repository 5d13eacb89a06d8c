"""The experiment: what is left out is filled in, and the results say what was trained."""

import json

import numpy as np
import pytest

from pendula.errors import ArgumentError
from pendula.experiments import LongMemoryRun
from pendula.experiments.long_memory import run
from pendula.experiments.long_memory_choices import usual_choice
from pendula.tasks import long_memory
from pendula.training import silent

QUICK = {"length": 20, "hidden_size": 6, "epochs": 2, "steps_per_epoch": 2, "batch_size": 4}


def made_of(**options):
    return run(LongMemoryRun(**(QUICK | options)), lambda _: silent)


def chosen(**options):
    settings = LongMemoryRun(**options)
    return usual_choice(long_memory(settings.problem, settings.length), settings)


def test_the_results_are_ready_for_json_one_entry_a_seed():
    made = made_of(problem="temporal-order", seeds=3, seed=5)
    results = json.loads(json.dumps(made.results))
    assert results["seeds"] == [5, 6, 7]
    for name in ("wrong_fraction", "solved", "seconds", "sequence_gradients"):
        assert len(results[name]) == 3
    assert results["sequence_gradients"] == [16, 16, 16]
    assert all(0 <= share <= 1 for share in results["wrong_fraction"])
    assert [len(history) for history in results["histories"].values()] == [3, 3, 3]
    assert results["chosen"]["network"]["initialization"]["kind"] == "sparse"
    assert "did not solve temporal-order over 20 steps" in results["verdict"][0]
    assert made.content.verdict == results["verdict"]
    assert made.figures["long-memory"].startswith(b"\x89PNG")
    assert made.content.images.keys() == made.figures.keys()


def test_what_is_solved_is_said_to_be():
    made = made_of(wanted=1.1)
    assert made.results["solved"] == [True]
    assert "RNN and nesterov solved addition over 20 steps with 1 of 1 seeds" in made.results["verdict"][0]


def test_hessian_free_takes_its_own_samples():
    made = made_of(method="hessian-free", gradient_sequences=30, curvature_sequences=10, epochs=1)
    assert made.results["sequence_gradients"][0] > 30
    assert made.results["chosen"]["training"]["hessian_free"]["gradient_size"] == 30


def test_what_is_left_out_is_that_of_method_and_cell():
    simple = chosen(method="nesterov")
    assert (simple.network.hidden_size, simple.network.initialization.kind) == (100, "sparse")
    assert (simple.training.batch_size, simple.online.centered) == (100, True)
    assert simple.training.epochs * simple.training.steps_per_epoch == 50_000  # the published budget
    gated = chosen(method="adam", cell="lstm", length=150)
    assert (gated.network.initialization.kind, gated.network.initialization.longest) == ("chrono", 150)
    assert not gated.online.centered
    assert chosen(method="adam", cell="gru", hidden_size=7).network.hidden_size == 7
    assert chosen(minutes=2.0).online.seconds == 120


@pytest.mark.usefixtures("unchecked")
@pytest.mark.parametrize(
    ("options", "rule"),
    [
        ({"problem": "adding"}, "`problem` must name a long-memory problem"),
        ({"length": 5}, "`length` must be a whole number of steps"),
        ({"method": "ridge"}, "`method` must suit the cell: .* for rnn, got ridge"),
        ({"cell": "esn"}, "`cell` must be one that is trained: .*, got esn"),
        ({"cell": "ngrc", "method": "ridge"}, "`cell` must be one that is trained: .*, got ngrc"),
        ({"cell": "gru", "initialization": "sparse"}, "`initialization` must suit the cell"),
        ({"method": "nestrov"}, "`method` must be a known choice: .* Did you mean `nesterov`"),
        ({"cell": "lstn"}, "`cell` must be a known recurrent layer: .* Did you mean `lstm`"),
        ({"seeds": 0}, r"`seeds` must be positive: expected 1 or more, got 0\. Count it up\."),
        ({"minutes": 0.0}, r"`minutes` must be positive: expected a time, got 0\.0\. Lengthen it\."),
    ],
)
def test_what_makes_no_sense_is_refused(options, rule):
    with pytest.raises(ArgumentError, match=rule):
        made_of(**options)


def test_the_same_seed_gives_the_same_numbers():
    first, again = made_of(), made_of()
    assert first.results["wrong_fraction"] == again.results["wrong_fraction"]
    losses = [[look["loss"] for look in made.results["histories"]["0"][1:]] for made in (first, again)]
    assert losses[0] == losses[1]
    assert np.isfinite(losses[0]).all()
