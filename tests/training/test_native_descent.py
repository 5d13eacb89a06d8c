"""Epochs in the native core: the same training through torch's autograd is the oracle."""

import math

import numpy as np
import pytest
import torch

from pendula.errors import ArgumentError, DivergedError, InterruptedRunError
from pendula.nn import Network, build
from pendula.nn.kernels import available
from pendula.series.windows import Windows
from pendula.training import EpochFinished, Progressed, Training, derived_seed, read_checkpoint, train
from pendula.training.obstacles import why_not_native

WINDOW = 10
pytestmark = pytest.mark.skipif(not available(), reason="needs the native core")


@pytest.fixture
def threads():
    """Set torch's threads for a test."""
    before = torch.get_num_threads()
    yield torch.set_num_threads
    torch.set_num_threads(before)


def series(channels, rows=160, dtype=torch.float64):
    """Sample a few sines that are out of tune, and a second segment beside the first."""
    t = torch.arange(rows, dtype=torch.float64)[:, None] / 9
    values = torch.sin(t * torch.linspace(1, 2.3, channels, dtype=torch.float64)) + 0.3 * torch.cos(2.7 * t)
    return values.to(dtype)


def cut(network, *, channels=1, horizon=1, dtype=torch.float64):
    values = series(channels, dtype=dtype)
    return Windows(values, np.array([[0, 70], [75, 160]]), length=WINDOW + max(network.leads, horizon))


def forecaster_of(network, *, channels=1, controls=0):
    """Build a forecaster whose parts all count: scales, linear path and head differ from their first values."""
    forecaster = build(network, channels, controls, seed=3)
    generator = torch.Generator().manual_seed(5)
    forecaster.output_scale.uniform_(0.05, 0.2, generator=generator)
    forecaster.increment_scale.uniform_(0.05, 0.2, generator=generator)
    with torch.no_grad():
        forecaster.head.weight.normal_(std=0.2, generator=generator)
    if forecaster.spread is not None:
        with torch.no_grad():
            forecaster.spread.linear.weight.normal_(std=0.2, generator=generator)
            forecaster.spread.linear.bias.normal_(std=0.5, generator=generator)
    if forecaster.linear is not None:
        forecaster.linear.weight.normal_(std=0.1, generator=generator)
        forecaster.linear.bias.normal_(std=0.1, generator=generator)
    return forecaster


def both(network, settings, *, channels=1, controls=0, dtype=torch.float64, **options):
    windows = cut(network, channels=channels + controls, horizon=settings.horizon, dtype=dtype)
    runs = [
        train(
            forecaster_of(network, channels=channels, controls=controls),
            windows,
            settings,
            window=WINDOW,
            engine=engine,
            **options,
        )
        for engine in ("native", "autograd")
    ]
    assert [run.engine for run in runs] == ["native", "autograd"]
    return runs


def assert_close(native, autograd, *, rtol):
    for name, value in native.forecaster.state_dict().items():
        expected = autograd.forecaster.state_dict()[name]
        torch.testing.assert_close(value, expected, rtol=rtol, atol=rtol * float(expected.abs().max()), msg=name)
    for record, other in zip(native.history[1:], autograd.history[1:], strict=True):
        assert record.train_loss == pytest.approx(other.train_loss, rel=rtol)
        assert record.gradient_norm == pytest.approx(other.gradient_norm, rel=rtol)
        assert record.learning_rate == other.learning_rate


CASES = {
    "plain": ({"residual": False, "increments": False}, {}),
    "lstm": ({"cell": "lstm", "num_layers": 2}, {}),
    "rnn": ({"cell": "rnn", "num_layers": 3}, {"clip_norm": None}),
    "every": ({}, {"loss": "every", "washout": 3}),
    "every, without washout": ({"cell": "lstm"}, {"loss": "every"}),
    "linear path": ({"linear_lags": 4}, {"loss": "every", "washout": 1}),
    "linear path alone": ({"linear_lags": 4, "residual": False}, {}),
    "a path longer than the window": ({"linear_lags": WINDOW + 3}, {}),
    "leads": ({"leads": 3, "linear_lags": 2}, {}),
    "leads, every": ({"leads": 3, "linear_lags": 2}, {"loss": "every"}),
    "noise": ({"linear_lags": 3}, {"input_noise": 0.1}),
    "noise, every": ({"linear_lags": 3}, {"input_noise": 0.1, "loss": "every", "washout": 4}),
    "run": ({}, {"horizon": 5}),
    "run of an lstm": ({"cell": "lstm", "num_layers": 2}, {"horizon": 4, "curriculum": 0.0}),
    "run of an rnn": ({"cell": "rnn", "num_layers": 3, "increments": False}, {"horizon": 6, "clip_norm": None}),
    "run without residuals": ({"residual": False}, {"horizon": 3}),
    "run, every": ({}, {"horizon": 4, "loss": "every", "washout": 3}),
    "run, linear path": ({"linear_lags": 4}, {"horizon": 7, "curriculum": 0.0}),
    "run, linear path alone": ({"linear_lags": 4, "residual": False, "increments": False}, {"horizon": 3}),
    "run, a path longer than the window": ({"linear_lags": WINDOW + 3}, {"horizon": 5}),
    "run, noise": ({"linear_lags": 3}, {"horizon": 5, "input_noise": 0.1}),
    "scheduled sampling": ({"linear_lags": 3}, {"horizon": 5, "teacher_forcing_start": 0.9, "input_noise": 0.1}),
    "teacher forcing": ({}, {"horizon": 5, "teacher_forcing_start": 1.0, "teacher_forcing_end": 1.0}),
    "gaussian": ({"head": "gaussian"}, {}),
    "gaussian, every": ({"head": "gaussian", "cell": "lstm", "linear_lags": 3}, {"loss": "every", "input_noise": 0.1}),
    "mixture": ({"head": "mixture", "components": 3}, {"epochs": 5}),
    "mixture, every": ({"head": "mixture", "residual": False}, {"loss": "every", "washout": 2}),
    "adamw": ({}, {"method": "adamw", "weight_decay": 0.1, "schedule": "constant"}),
    "adam with decay": ({}, {"weight_decay": 0.1, "clip_norm": 0.01}),
    "nesterov": ({"cell": "rnn"}, {"method": "nesterov", "weight_decay": 0.1, "clip_norm": 0.5}),
    "nesterov, changing": ({}, {"method": "nesterov", "epochs": 60, "batch_size": 16, "momentum": 0.8}),
    "draws": ({}, {"steps_per_epoch": 3}),
    "one batch": ({}, {"batch_size": 500}),
    "single windows": ({"hidden_size": 1}, {"batch_size": 1, "steps_per_epoch": 9}),
}


@pytest.mark.parametrize(("channels", "controls"), [(1, 0), (2, 0), (1, 2)])
@pytest.mark.parametrize("case", CASES)
def test_an_epoch_is_that_of_autograd(case, channels, controls):
    network, settings = CASES[case]
    network = Network(**({"cell": "gru", "hidden_size": 6} | network))
    settings = Training(**({"epochs": 3, "learning_rate": 0.01, "precision": "float64"} | settings))
    assert_close(*both(network, settings, channels=channels, controls=controls, seed=8), rtol=1e-10)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize(
    "case", ["lstm", "every", "linear path", "leads", "noise", "scheduled sampling", "mixture", "adamw", "nesterov"]
)
def test_in_single_precision_it_is_so_to_rounding(case, dtype):
    network, settings = CASES[case]
    network = Network(**({"cell": "gru", "hidden_size": 6} | network))
    settings = Training(**({"epochs": 3, "learning_rate": 0.01} | settings))
    assert_close(*both(network, settings, dtype=dtype), rtol=1e-4)


def test_series_are_read_where_they_lie():
    # Every second row, and the channels from the last to the first but one, of a larger table.
    table = series(4, rows=320)
    values = table[::2, 1:3].t().contiguous().t()
    network, settings = Network(cell="rnn", hidden_size=5), Training(epochs=2, precision="float64")
    assert values.stride() == (1, 160)
    ends = [
        train(
            forecaster_of(network, channels=2),
            Windows(rows, np.array([[0, 160]]), length=WINDOW + 1),
            settings,
            window=WINDOW,
            engine="native",
        ).history
        for rows in (values, table[::2, 1:3], values.contiguous())
    ]
    assert ends[0] == ends[1] == ends[2]


@pytest.mark.parametrize("count", [1, 2, 3])
def test_the_same_number_of_threads_gives_the_same_bits(threads, count):
    # Large enough that threads are used.
    network = Network(cell="gru", hidden_size=48, num_layers=2)
    settings = Training(epochs=2, batch_size=30, input_noise=0.01, loss="every", horizon=3)
    threads(count)
    windows = cut(network, horizon=3)
    first, again = (train(forecaster_of(network), windows, settings, window=WINDOW, engine="native") for _ in range(2))
    assert first.history == again.history
    for name, value in first.forecaster.state_dict().items():
        assert torch.equal(value, again.forecaster.state_dict()[name])


@pytest.mark.parametrize(("leads", "horizon"), [(2, 1), (1, 5)])
def test_threads_change_nothing_but_rounding(threads, leads, horizon):
    network = Network(cell="lstm", hidden_size=48, num_layers=2, leads=leads)
    settings = Training(
        epochs=2, batch_size=31, precision="float64", input_noise=0.01, loss="every", washout=2, horizon=horizon
    )
    windows = cut(network, horizon=horizon)
    runs = []
    for count in (1, 3):
        threads(count)
        runs.append(train(forecaster_of(network), windows, settings, window=WINDOW, engine="native"))
    assert_close(*runs, rtol=1e-10)


@pytest.mark.parametrize("horizon", [1, 3])
def test_the_pieces_of_an_epoch_do_not_show(monkeypatch, horizon):
    network = Network(cell="gru", hidden_size=6)
    settings = Training(
        epochs=3, batch_size=7, input_noise=0.1, horizon=horizon, teacher_forcing_end=0.5, checkpoint_seconds=0.0
    )
    windows = cut(network, horizon=horizon)
    whole = train(forecaster_of(network), windows, settings, window=WINDOW, engine="native")
    monkeypatch.setattr("pendula.training.native_epoch.CALL_SECONDS", 0.0)  # a call for each step
    heard = []
    monkeypatch.setattr("pendula.training.watch.PROGRESS_SECONDS", -1.0)
    pieces = train(forecaster_of(network), windows, settings, window=WINDOW, engine="native", listener=heard.append)
    assert pieces.history == whole.history
    steps = math.ceil(len(windows) / 7)
    told = [event for event in heard if isinstance(event, Progressed)]
    assert [(event.epoch, event.share) for event in told] == [
        (epoch, step / steps) for epoch in (1, 2, 3) for step in range(1, steps)
    ]
    monkeypatch.setattr("pendula.training.native_epoch.DRAWN_BYTES", 1)
    monkeypatch.setattr("pendula.training.native_epoch.CALL_SECONDS", 1e3)
    noisy = train(forecaster_of(network), windows, settings, window=WINDOW, engine="native")
    assert noisy.history == whole.history


@pytest.mark.parametrize("moment", [1, 2, 5])
def test_an_epoch_that_was_interrupted_begins_anew(monkeypatch, tmp_path, moment):
    network = Network(cell="lstm", hidden_size=6)
    settings = Training(epochs=4, input_noise=0.1, method="adamw", weight_decay=0.01, checkpoint_seconds=0.0)
    options = {"window": WINDOW, "engine": "native", "resume": True, "seed": 4}
    whole = train(forecaster_of(network), cut(network), settings, checkpoint=tmp_path / "whole", **options)
    monkeypatch.setattr("pendula.training.native_epoch.CALL_SECONDS", 0.0)
    calls = []

    def interrupt(event):
        calls.append(event)
        if sum(isinstance(event, Progressed) for event in calls) == moment:
            raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("pendula.training.watch.PROGRESS_SECONDS", -1.0)
        with pytest.raises(InterruptedRunError):
            train(
                forecaster_of(network), cut(network), settings, checkpoint=tmp_path / "cut", listener=interrupt,
                **options,
            )  # fmt: skip
    again = train(forecaster_of(network), cut(network), settings, checkpoint=tmp_path / "cut", **options)
    assert again.history == whole.history
    for group in ("model", "best", "optimizer"):
        kept, expected = (getattr(read_checkpoint(tmp_path / folder), group) for folder in ("cut", "whole"))
        assert kept.keys() == expected.keys() != set()
        assert all(torch.equal(value, expected[name]) for name, value in kept.items())


def test_one_engine_goes_on_where_the_other_stopped(tmp_path):
    network = Network(cell="gru", hidden_size=6)
    settings = Training(epochs=4, precision="float64", checkpoint_seconds=0.0)

    def stop(event):
        if isinstance(event, EpochFinished) and event.record.epoch == 2:
            raise KeyboardInterrupt

    ends = []
    for first, then in (("native", "autograd"), ("autograd", "native")):
        folder = tmp_path / first
        options = {"window": WINDOW, "checkpoint": folder, "resume": True}
        with pytest.raises(InterruptedRunError):
            train(forecaster_of(network), cut(network), settings, engine=first, listener=stop, **options)
        ends.append(train(forecaster_of(network), cut(network), settings, engine=then, **options))
    assert_close(*ends, rtol=1e-10)


def test_a_loss_that_is_not_finite_stops_at_its_step():
    network = Network(cell="gru", hidden_size=6)
    windows = cut(network)
    windows.values[30:40] = math.nan
    order = torch.randperm(len(windows), generator=torch.Generator().manual_seed(derived_seed(0, 1, 0)))
    starts = windows.starts(order)
    hit = ((starts + WINDOW >= 30) & (starts < 40)).nonzero()[0].item()
    rule = rf"diverged at step {hit // 4 + 1} of epoch 1: the loss became nan"
    with pytest.raises(DivergedError, match=rule):
        train(forecaster_of(network), windows, Training(batch_size=4), window=WINDOW, engine="native")


def test_weights_that_are_not_finite_are_noticed_after_the_last_step():
    network = Network(cell="gru", hidden_size=6)
    settings = Training(epochs=1, steps_per_epoch=1, learning_rate=3e38, schedule="constant")
    with pytest.raises(DivergedError, match="at the end of epoch 1: a weight became infinite or nan"):
        train(forecaster_of(network), cut(network), settings, window=WINDOW, engine="native")


REFUSED = {
    "it carries no state from window to window": ({}, {"carry_state": True, "loss": "every"}),
    "it drops no units, and `dropout` is 0.5": ({"num_layers": 2, "dropout": 0.5}, {}),
    "no step of a window would be scored": ({"linear_lags": WINDOW + 1}, {"loss": "every"}),
}


@pytest.mark.parametrize("reason", REFUSED)
def test_what_the_core_does_not_do_is_left_to_autograd(reason):
    network, settings = REFUSED[reason]
    network, settings = Network(cell="rnn", hidden_size=3, **network), Training(epochs=1, batch_size=2, **settings)
    windows = Windows(series(1), np.array([[0, 160]]), length=WINDOW + 2)
    assert why_not_native(build(network, 1), windows, settings, window=WINDOW) == reason
    rule = rf"`engine` must be one that can train the network: got native, but {reason}\. Choose autograd\."
    with pytest.raises(ArgumentError, match=rule):
        train(build(network, 1), windows, settings, window=WINDOW, engine="native")
    if "scored" not in reason:
        assert train(build(network, 1), windows, settings, window=WINDOW).engine == "autograd"


def test_a_changed_forecaster_is_left_to_autograd():
    network, seen = Network(cell="rnn", hidden_size=3, num_layers=2), []
    settings = Training(epochs=1)

    def hooked(forecaster):
        forecaster.recurrent.register_forward_hook(lambda *_: seen.append(1))

    def frozen(forecaster):
        forecaster.recurrent.weight_hh_l0.requires_grad_(False)

    def exchanged(forecaster):
        forecaster.head = torch.nn.Linear(3, 1, bias=False)

    def in_torch(forecaster):
        forecaster.recurrent.backend = "torch"

    def parametrized(forecaster):
        torch.nn.utils.parametrizations.weight_norm(forecaster.head)

    assert why_not_native(build(network, 1), cut(network), settings, window=WINDOW) == ""
    for change in (hooked, frozen, exchanged, in_torch, parametrized):
        forecaster = forecaster_of(network)
        change(forecaster)
        assert why_not_native(forecaster, cut(network), settings, window=WINDOW) != "", change
        assert train(forecaster, cut(network), settings, window=WINDOW).engine == "autograd", change
    assert seen


def test_half_precision_series_are_left_to_autograd():
    network = Network(cell="rnn", hidden_size=3)
    windows = cut(network, dtype=torch.float16)
    assert "the series is torch.float16" in why_not_native(build(network, 1), windows, Training(), window=WINDOW)
