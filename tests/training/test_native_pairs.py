"""Targets beside the rows of a series, learned in the native core: the same training through autograd is the oracle."""

import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

from pendula.errors import ArgumentError, DivergedError, InterruptedRunError
from pendula.nn import GRU, RNN, Network, Readout, draw_readout
from pendula.nn.kernels import available
from pendula.optim import LOGISTIC, SOFTMAX, SQUARED_ERROR, weighted_softmax
from pendula.series.windows import Windows
from pendula.training import EpochFinished, Training, train_paired
from pendula.training.obstacles import why_not_native_pairs
from pendula.training.pieces import WholePieces, WindowPieces

ROWS, WINDOW = 90, 12
SEGMENTS = np.array([[0, 40], [45, ROWS]])
EXACT = Training(epochs=3, batch_size=7, learning_rate=0.01, precision="float64")
pytestmark = pytest.mark.skipif(not available(), reason="needs the native core")


def series(columns, *, seed=0):
    return torch.randn(ROWS, columns, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def numbers(outputs):
    """Make targets of which some rows, or parts of rows, are unknown."""
    targets = series(outputs, seed=1)
    targets[20:24] = math.nan
    targets[50, -1] = math.inf
    return targets


def classes(count):
    """Make classes of which some are unknown."""
    drawn = torch.randint(count, (ROWS,), generator=torch.Generator().manual_seed(2))
    drawn[30:35] = -1
    return drawn


KINDS = {
    "numbers": (SQUARED_ERROR, numbers(2), 2),
    "a number": (SQUARED_ERROR, numbers(1), 1),
    "classes": (SOFTMAX, classes(3), 3),
    "weighted classes": (weighted_softmax([0.2, 1.0, 3.0, 0.7]), classes(4), 4),
}
NETWORKS = {
    "gru": ({"cell": "gru", "hidden_size": 6}, 3),
    "lstm": ({"cell": "lstm", "hidden_size": 17, "num_layers": 2}, WINDOW - 1),
    "rnn": ({"cell": "rnn", "hidden_size": 1, "num_layers": 3}, 0),
}


def trained(engine, network, kind, *, settings=EXACT, washout=3, inputs=2, dtype=torch.float64, **options):
    loss, targets, outputs = KINDS[kind]
    readout = draw_readout(Network(**network), inputs, outputs, seed=3, scored="every", washout=washout).to(dtype)
    course = train_paired(
        readout,
        series(inputs).to(dtype),
        targets.to(dtype) if targets.is_floating_point() else targets,
        settings,
        loss=loss,
        window=WINDOW,
        segments=SEGMENTS,
        seed=8,
        engine=engine,
        **options,
    )
    return course, readout


def assert_alike(one, other, *, rtol):
    (course, readout), (expected, theirs) = one, other
    for record, wanted in zip(course.history[1:], expected.history[1:], strict=True):
        assert record.train_loss == pytest.approx(wanted.train_loss, rel=rtol)
        assert record.gradient_norm == pytest.approx(wanted.gradient_norm, rel=rtol)
        assert record.learning_rate == wanted.learning_rate
    for name, value in readout.state_dict().items():
        torch.testing.assert_close(value, theirs.state_dict()[name], rtol=rtol, atol=rtol, msg=name)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("network", NETWORKS)
def test_an_epoch_is_that_of_autograd(network, kind):
    settings, washout = NETWORKS[network]
    runs = [trained(engine, settings, kind, washout=washout) for engine in ("native", "autograd")]
    assert [course.engine for course, _ in runs] == ["native", "autograd"]
    assert_alike(*runs, rtol=1e-9)


@pytest.mark.parametrize("changes", [
    {"method": "nesterov", "momentum": 0.8},
    {"method": "adamw", "weight_decay": 0.1, "clip_norm": None},
    {"steps_per_epoch": 2},
    {"batch_size": 500},
    # What is of forecasts alone has no effect.
    {"input_noise": 0.5, "horizon": 3, "teacher_forcing_start": 0.5},
])  # fmt: skip
def test_all_settings_count_as_they_do_there(changes):
    settings = replace(EXACT, **changes)
    assert_alike(
        *(trained(engine, NETWORKS["gru"][0], "numbers", settings=settings) for engine in ("native", "autograd")),
        rtol=1e-9,
    )


@pytest.mark.parametrize("kind", ["numbers", "weighted classes"])
def test_in_single_precision_it_is_so_to_rounding(kind):
    settings = replace(EXACT, precision="float32")
    runs = [
        trained(engine, NETWORKS["lstm"][0], kind, settings=settings, dtype=torch.float32)
        for engine in ("native", "autograd")
    ]
    assert_alike(*runs, rtol=1e-4)


def test_rows_are_read_where_they_lie():
    table, targets = series(6), numbers(4)
    ends = []
    for shown, asked in (
        (table[:, 1:5:2], targets[:, ::2]),
        (table[:, 1:5:2].contiguous(), targets[:, ::2].contiguous()),
    ):
        readout = draw_readout(Network(hidden_size=5), 2, 2, seed=3, scored="every").double()
        ends.append(train_paired(readout, shown, asked, EXACT, loss=SQUARED_ERROR, window=WINDOW, engine="native"))
    assert ends[0].history == ends[1].history


def test_a_batch_without_a_known_target_teaches_nothing():
    readout = draw_readout(Network(hidden_size=3), 1, 1, seed=3, scored="every").double()
    before = {name: value.clone() for name, value in readout.state_dict().items()}
    unknown = torch.full((ROWS, 1), math.nan, dtype=torch.float64)
    course = train_paired(readout, series(1), unknown, EXACT, loss=SQUARED_ERROR, window=WINDOW, engine="native")
    assert course.history[-1].train_loss == 0
    assert all(torch.equal(value, before[name]) for name, value in readout.state_dict().items())


def test_a_killed_run_goes_on_with_the_same_bits(tmp_path):
    settings = replace(EXACT, epochs=4, checkpoint_seconds=0.0)

    def stop(event):
        if isinstance(event, EpochFinished) and event.record.epoch == 2:
            raise KeyboardInterrupt

    whole, readout = trained(None, NETWORKS["gru"][0], "numbers", settings=settings)
    with pytest.raises(InterruptedRunError):
        trained(None, NETWORKS["gru"][0], "numbers", settings=settings, checkpoint=tmp_path, listener=stop)
    again, theirs = trained(None, NETWORKS["gru"][0], "numbers", settings=settings, checkpoint=tmp_path, resume=True)
    assert whole.engine == again.engine == "native"
    assert again.history == whole.history
    assert all(torch.equal(value, readout.state_dict()[name]) for name, value in theirs.state_dict().items())


def test_inputs_that_are_not_finite_are_told_with_their_step():
    readout = draw_readout(Network(hidden_size=3), 1, 1, seed=3, scored="every").double()
    shown = series(1)
    shown[10] = math.nan
    with pytest.raises(DivergedError, match=r"diverged at step \d of epoch 1: the loss became nan"):
        train_paired(readout, shown, series(1, seed=5), EXACT, loss=SQUARED_ERROR, window=WINDOW, engine="native")


def windows(inputs=2):
    return Windows(series(inputs), np.array([[0, ROWS]]), length=WINDOW)


def readout_of(layer=None, **options):
    return Readout(layer or GRU(2, 4, batch_first=True), nn.Linear(4, 3), scored="every", **options).double()


def frozen():
    readout = readout_of()
    readout.head.bias.requires_grad_(False)
    return readout


def hooked():
    readout = readout_of()
    readout.recurrent.register_forward_hook(lambda *_: None)
    return readout


PLAIN = "it takes no readout with hooks, frozen or exchanged parts, and targets like its outputs"
REFUSED = {
    "another loss": (
        readout_of,
        LOGISTIC,
        series(3),
        "it minimizes squared errors and the cross-entropy of classes, and the loss is logistic",
    ),
    "a learned start": (lambda: readout_of(learned_start=True), SQUARED_ERROR, series(3), "it learns no first state"),
    "no biases": (lambda: readout_of(RNN(2, 4, batch_first=True, bias=False)), SQUARED_ERROR, series(3), PLAIN),
    "a frozen part": (frozen, SQUARED_ERROR, series(3), PLAIN),
    "a hook": (hooked, SQUARED_ERROR, series(3), PLAIN),
    "targets of another width": (readout_of, SQUARED_ERROR, series(2), PLAIN),
    "targets of another type": (readout_of, SQUARED_ERROR, series(3).float(), PLAIN),
    "a class too many": (readout_of, SOFTMAX, torch.full((ROWS,), 3), PLAIN),
    "a class without a weight": (readout_of, weighted_softmax([1.0, 2.0]), torch.full((ROWS,), 2), PLAIN),
    "targets of other rows": (readout_of, SQUARED_ERROR, series(3)[:-1], PLAIN),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_the_core_does_not_do_is_left_to_autograd(case):
    make, loss, targets, reason = REFUSED[case]
    assert why_not_native_pairs(make(), WindowPieces(windows(), targets, 0), loss) == reason
    rule = f"`engine` must be one that can train the network: got native, but {reason}. Choose autograd."
    with pytest.raises(ArgumentError) as error:
        train_paired(make(), series(2), targets, EXACT, loss=loss, window=WINDOW, engine="native")
    assert str(error.value) == rule


def test_whole_sequences_are_left_to_autograd():
    pieces = WholePieces(series(2), SEGMENTS, torch.tensor([0, 1]))
    assert "these are whole sequences" in why_not_native_pairs(readout_of(), pieces, SOFTMAX)
    assert why_not_native_pairs(readout_of(), WindowPieces(windows(), classes(3), 0), SOFTMAX) == ""
