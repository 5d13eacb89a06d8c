"""Training on fresh sequences: a plain loop over torch's own layers is the oracle."""

import numpy as np
import pytest
import torch
from torch import nn

from pendula.errors import ArgumentError, DivergedError
from pendula.nn import Initialization, Network
from pendula.optim import HessianFreeSettings, Nesterov
from pendula.tasks import PROBLEMS, long_memory
from pendula.training import OnlineSettings, Outcome, Progressed, Training, TrainingFinished, train_online
from pendula.training.answering import Examples, build_readout, wrong_fraction
from pendula.training.online import LEARN, MEASURE

NETWORK = Network(cell="rnn", hidden_size=8, initialization=Initialization(kind="sparse", input_scale=0.1))
QUICK = OnlineSettings(examined=20, tested=40)


def plain(**options):
    return Training(**({"epochs": 2, "steps_per_epoch": 3, "batch_size": 6, "precision": "float64"} | options))


def test_gradient_steps_are_those_of_a_plain_loop():
    problem = long_memory("addition", 30)
    training = plain(method="nesterov", learning_rate=0.01, schedule="constant", clip_norm=0.5, momentum=0.9)
    trained = train_online(problem, NETWORK, training, QUICK, seed=4)

    examples = Examples.of(
        problem, centered=True, dtype=torch.float64, generator=np.random.default_rng([4, 0, MEASURE])
    )
    start = build_readout(examples, NETWORK, seed=4).state_dict()
    layer, head = nn.RNN(2, 8, batch_first=True).double(), nn.Linear(8, 1).double()
    layer.load_state_dict({name[10:]: value for name, value in start.items() if name.startswith("recurrent.")})
    head.load_state_dict({name[5:]: value for name, value in start.items() if name.startswith("head.")})
    weights = [*layer.parameters(), *head.parameters()]
    descent = Nesterov(weights, lr=0.01)
    losses = []
    for epoch in (1, 2):
        generator = np.random.default_rng([4, epoch, LEARN])
        for step in range(3):
            now, following = training.momenta_in(epoch, step, steps=3)
            descent.param_groups[0].update(momentum=now, next_momentum=following)
            drawn = problem.draw(6, generator=generator)
            states, _ = layer(torch.from_numpy(drawn.inputs - examples.center))
            answers = head(states[torch.arange(6), torch.from_numpy(drawn.lengths) - 1])
            loss = (answers - torch.from_numpy(drawn.targets)).square().mean()
            descent.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(weights, 0.5)
            descent.step()
            losses.append(loss.item())
    assert [record.loss for record in trained.history[1:]] == pytest.approx(
        [np.mean(losses[:3]), np.mean(losses[3:])], rel=1e-9
    )
    torch.testing.assert_close(trained.readout.recurrent.weight_hh_l0, layer.weight_hh_l0, rtol=1e-9, atol=1e-12)
    assert [record.sequence_gradients for record in trained.history] == [0, 18, 36]


@pytest.mark.parametrize("name", PROBLEMS)
def test_every_problem_can_be_learned_from(name):
    trained = train_online(long_memory(name, 20), NETWORK, plain(learning_rate=0.01), QUICK)
    assert len(trained.history) == 3
    assert all(np.isfinite(record.loss) for record in trained.history[1:])
    assert 0 <= trained.wrong_fraction <= 1


def test_the_first_answer_is_the_best_constant_one():
    problem = long_memory("memory-5", 30)
    examples = Examples.of(problem, centered=False, dtype=torch.float64, generator=np.random.default_rng(0))
    # Of 40 answers 35 are the blank, and the others 0 or 1 equally often.
    assert np.exp(examples.usual) == pytest.approx([2.5 / 40, 2.5 / 40, 35 / 40], abs=0.01)
    numbers = Examples.of(
        long_memory("addition", 30), centered=True, dtype=torch.float64, generator=np.random.default_rng(0)
    )
    assert numbers.usual == pytest.approx([1.0], abs=0.06)
    bits = Examples.of(long_memory("xor", 30), centered=True, dtype=torch.float64, generator=np.random.default_rng(0))
    assert bits.usual == pytest.approx([0.0], abs=0.3)
    sample = numbers.draw(2000, generator=np.random.default_rng(1))
    assert sample.inputs.mean(dim=(0, 1)).numpy() == pytest.approx(np.zeros(2), abs=0.01)
    readout = build_readout(numbers, NETWORK, seed=0)
    with torch.no_grad():
        readout.head.weight.zero_()
        assert readout(sample.inputs, sample.lengths).outputs.numpy() == pytest.approx(
            np.full((2000, 1), numbers.usual)
        )


def test_wrong_answers_are_counted():
    problem = long_memory("addition", 30)
    examples = Examples.of(problem, centered=True, dtype=torch.float64, generator=np.random.default_rng(0))
    readout = build_readout(examples, NETWORK, seed=0)
    with torch.no_grad():
        readout.head.weight.zero_()
    targets = problem.draw(250, generator=np.random.default_rng(5)).targets[:, 0]
    expected = (np.abs(targets - examples.usual) > 0.04).mean()
    assert wrong_fraction(readout, examples, 250, generator=np.random.default_rng(5)) == expected


def test_training_ends_when_the_problem_is_solved():
    heard = []
    trained = train_online(
        long_memory("addition-1997", 20),
        Network(cell="lstm", hidden_size=16, initialization=Initialization(kind="chrono", longest=20)),
        Training(epochs=60, steps_per_epoch=100, batch_size=10, learning_rate=0.02, schedule="constant"),
        OnlineSettings(centered=False, wanted=0.05, examined=200, tested=500),
        listener=heard.append,
    )
    assert trained.solved
    assert trained.history[-1].wrong_fraction < 0.05
    assert trained.wrong_fraction < 0.05
    assert len(trained.history) < 60
    assert isinstance(heard[-1], TrainingFinished)
    assert heard[-1].outcome is Outcome.SOLVED
    assert all(isinstance(event, Progressed) for event in heard[:-1])


def test_time_ends_training():
    trained = train_online(
        long_memory("addition", 20), NETWORK, plain(epochs=1000), OnlineSettings(examined=5, tested=5, seconds=1e-6)
    )
    assert len(trained.history) == 2
    assert not trained.solved


def test_work_ends_training():
    trained = train_online(
        long_memory("addition", 20), NETWORK, plain(epochs=1000), OnlineSettings(examined=5, tested=5, work=40.0)
    )
    # Eighteen sequences an epoch: the third reaches the limit.
    assert [record.sequence_gradients for record in trained.history] == [0, 18, 36, 54]


def test_the_same_seed_gives_the_same_bits():
    runs = [train_online(long_memory("xor", 20), NETWORK, plain(), QUICK, seed=seed) for seed in (1, 1, 2)]
    losses = [[record.loss for record in run.history] for run in runs]
    assert losses[0] == losses[1] != losses[2]


def test_hessian_free_steps_lower_the_loss():
    settings = HessianFreeSettings(gradient_size=60, curvature_size=30, iterations=20)
    training = Training(method="hessian-free", epochs=4, hessian_free=settings, precision="float64")
    trained = train_online(long_memory("addition", 20), NETWORK, training, QUICK)
    losses = [record.loss for record in trained.history[1:]]
    assert losses[-1] < losses[0]
    work = [record.sequence_gradients for record in trained.history]
    assert work[0] == 0
    assert min(np.diff(work)) > 60  # the gradient's own, and curvature products


def test_where_there_are_few_patterns_a_step_sees_each_once():
    training = Training(method="hessian-free", epochs=1, hessian_free=HessianFreeSettings(iterations=1))
    trained = train_online(long_memory("memory-5", 20), NETWORK, training, QUICK)
    # One gradient and one preconditioner of 32 sequences, one product, and a few forward passes.
    assert 64 < trained.history[-1].sequence_gradients < 32 * 20


def test_divergence_is_named():
    with pytest.raises(DivergedError, match=r"Training diverged at step \d+ of epoch 1"):
        train_online(long_memory("addition", 20), NETWORK, plain(learning_rate=1e200, clip_norm=None), QUICK)


def test_fresh_sequences_have_no_end():
    rule = r"`steps_per_epoch` must be given, since fresh sequences have no end: expected 1 or more, got None\."
    with pytest.raises(ArgumentError, match=rule):
        train_online(long_memory("addition", 20), NETWORK, Training(), QUICK)
