"""Graphs in onnxruntime: Pendula's own forecasts and free runs are the oracle."""

import inspect
import json
import sys

import numpy as np
import onnxruntime
import pytest
import torch
import xarray as xr

import pendula
from pendula.errors import ArgumentError, MissingExtraError, ModelError, RunError
from pendula.interop.keras import from_keras
from pendula.interop.onnx import export_onnx, state_size, to_onnx
from pendula.interop.torch import from_torch
from pendula.nn import Network, Reservoir, ReservoirForecaster, build
from pendula.runs import Model
from pendula.series import TimeAxis
from pendula.series.scaling import Scaler

WINDOW = 7
FREE_RUN = 1e-5
"""How far a thousand steps may come apart, as a share of the largest value: a graph in float32 rounds values to 6e-8 of
their size in every step, and a free run feeds that back."""
CASES = [
    {"cell": cell} | choices
    for cell in ("rnn", "gru", "lstm")
    for choices in (
        {},
        {"num_layers": 2, "linear_lags": 4, "leads": 3},
        {"increments": False, "residual": False, "linear_lags": 1},
        {"increments": False, "num_layers": 3},
    )
]


def made_model(choices, *, link="none", dtype=torch.float64, seed=0):
    """A network of random weights whose free run stays within bounds."""
    network = Network(**{"hidden_size": 6} | choices)
    forecaster, generator = build(network, 2, seed=seed), torch.Generator().manual_seed(seed)
    with torch.no_grad():
        forecaster.head.weight.normal_(0, 0.2, generator=generator)
        forecaster.head.bias.normal_(0, 0.1, generator=generator)
        forecaster.increment_scale.fill_(0.3)
        forecaster.output_scale.uniform_(0.2, 0.5, generator=generator)
        if forecaster.linear is not None:
            forecaster.linear.weight.normal_(0, 0.1, generator=generator)
            forecaster.linear.bias.normal_(0, 0.1, generator=generator)
    return Model(
        forecaster=forecaster.to(dtype).eval(),
        scaler=Scaler(kind="standard", link=link, center=np.array([1.0, 2.0]), scale=np.array([0.5, 3.0])),
        names=("x", "y"),
        units=("m", ""),
        axis=TimeAxis(kind="float", start=0.0, step=0.1, size=10, units="s"),
        window=WINDOW,
    )


def session(made):
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    return onnxruntime.InferenceSession(made.SerializeToString(), options, providers=["CPUExecutionProvider"])


class Stepper:
    """The step graph with its state."""

    def __init__(self, model, *, batch, precision):
        self.session = session(to_onnx(model, "step", precision=precision))
        self.kind = np.dtype(precision)
        self.state = np.zeros((batch, state_size(model)), self.kind)

    def __call__(self, value):
        feed = {"value": value.astype(self.kind), "state": self.state}
        forecast, self.state = self.session.run(None, feed)
        return forecast

    def free_run(self, context, steps):
        for time in range(context.shape[1]):
            block = self(context[:, time])
        run = [block]
        while sum(each.shape[1] for each in run) < steps:
            for lead in range(run[-1].shape[1]):
                block = self(run[-1][:, lead])
            run.append(block)
        return np.concatenate(run, axis=1)[:, :steps]


def positive(*shape):
    return np.random.default_rng(3).uniform(0.5, 2.0, shape)


@pytest.mark.parametrize("choices", CASES, ids=str)
def test_both_graphs_give_the_next_values(choices):
    model, series = made_model(choices), positive(3, WINDOW, 2)
    expected = model.run(series, steps=model.forecaster.network.leads)
    # Sums in another order; float32 has 24 bits, and a few of them go in sums.
    for precision, error in (("float64", 1e-13), ("float32", 5e-6)):
        (forecast,) = session(to_onnx(model, precision=precision)).run(None, {"series": series.astype(precision)})
        assert forecast.dtype == precision
        np.testing.assert_allclose(forecast, expected, rtol=error, atol=error)
        step = Stepper(model, batch=3, precision=precision)
        for time in range(WINDOW):
            forecast = step(series[:, time])
        assert forecast.dtype == precision
        np.testing.assert_allclose(forecast, expected, rtol=error, atol=error)


@pytest.mark.parametrize("link", ["sqrt", "log", "asinh"])
def test_transforms_are_inside(link):
    model, series = made_model({"linear_lags": 2}, link=link), positive(2, WINDOW, 2)
    expected = model.run(series, steps=1)
    for precision, error in (("float64", 1e-12), ("float32", 5e-5)):
        (forecast,) = session(to_onnx(model, precision=precision)).run(None, {"series": series.astype(precision)})
        np.testing.assert_allclose(forecast, expected, rtol=error)


@pytest.mark.parametrize(("batch", "time"), [(1, 1), (1, 30), (5, 2)])
def test_batch_and_length_are_free(batch, time):
    model = made_model({"cell": "lstm", "linear_lags": 3})
    graph = session(to_onnx(model, precision="float64"))
    series = positive(batch, time, 2)
    whole = pendula.nn.free_run(model.forecaster, torch.from_numpy(model.scaler.transform(series)), 1).numpy()
    (forecast,) = graph.run(None, {"series": series})
    np.testing.assert_allclose(forecast, model.scaler.inverse(whole), rtol=1e-13)


@pytest.mark.parametrize("choices", CASES, ids=str)
@pytest.mark.parametrize("precision", ["float64", "float32"])
def test_a_thousand_steps_of_free_run(choices, precision):
    # Weights in float32, as they are trained: Pendula then runs the stack in float32, and the rest in float64.
    model, context = made_model(choices, dtype=torch.float32), positive(2, WINDOW, 2)
    expected = model.run(context, steps=1000)
    assert np.isfinite(expected).all()
    run = Stepper(model, batch=2, precision=precision).free_run(context, 1000)
    np.testing.assert_allclose(run, expected, atol=FREE_RUN * np.abs(expected).max(), rtol=0)


@pytest.mark.parametrize("lags", [0, 8])
def test_a_thousand_steps_of_a_trained_network(lags):
    t = 0.1 * np.arange(400)
    series = xr.Dataset({"x": ("time", 3 * np.sin(t) + 10, {"units": "rad"})}, coords={"time": t})
    network = Network(hidden_size=8, linear_lags=lags)
    fit = pendula.fit(series, model=network, window=20, training=pendula.Training(epochs=2, steps_per_epoch=20))
    context = fit.record.values[None, -20:]
    expected = fit.model.run(context, steps=1000)
    for precision, size in (("float64", 0.1), ("float32", np.abs(expected).max())):  # in float64, far below 1e-5 itself
        run = Stepper(fit.model, batch=1, precision=precision).free_run(context, 1000)
        np.testing.assert_allclose(run, expected, atol=FREE_RUN * size, rtol=0)


def test_what_the_file_says_of_itself(tmp_path):
    path = export_onnx(made_model({"leads": 3}), tmp_path / "model.onnx", kind="step", precision="float64")
    told = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"]).get_modelmeta()
    assert told.producer_name == "pendula"
    known = told.custom_metadata_map
    assert json.loads(known["names"]) == ["x", "y"]
    assert json.loads(known["units"]) == ["m", ""]
    assert (known["kind"], known["time_step"], known["time_units"], known["cell"]) == ("step", "0.1 s", "s", "gru")
    assert [json.loads(known[name]) for name in ("window", "leads")] == [WINDOW, 3]
    assert json.loads(known["state_size"]) == state_size(made_model({"leads": 3})) == 6 + 2 + 1


def test_it_needs_no_operator_of_its_own():
    for kind in ("window", "step"):
        made = to_onnx(made_model({"cell": "lstm", "linear_lags": 2}), kind)
        assert [(opset.domain, opset.version) for opset in made.opset_import] == [("", 17)]


def test_reservoirs_are_refused_by_name():
    network = Network(cell="esn", hidden_size=10, reservoir=Reservoir())
    forecaster = ReservoirForecaster(network, 2, [network.reservoir])
    plain = made_model({})
    model = Model(**{name: getattr(plain, name) for name in Model.__slots__} | {"forecaster": forecaster})
    with pytest.raises(ArgumentError, match="expected the cell rnn, gru or lstm, got esn, which is not a stack"):
        to_onnx(model)


def test_unknown_choices_are_refused():
    # The types that the tests check would refuse them first.
    ask = inspect.unwrap(to_onnx)
    with pytest.raises(ArgumentError, match="`kind` must be a known choice: expected window or step, got steps"):
        ask(made_model({}), "steps")
    with pytest.raises(ArgumentError, match="`precision` must be a known choice: expected float32 or float64, got f16"):
        ask(made_model({}), precision="f16")


def test_nothing_reads_onnx(tmp_path):
    path = export_onnx(made_model({}), tmp_path / "model.onnx")
    with pytest.raises(ModelError, match="must be a model of Keras"):
        from_keras(path)
    with pytest.raises(ModelError, match="must be a whole ZIP archive"):
        from_torch(path)
    with pytest.raises(RunError, match="must be a run directory: expected a folder, got a file"):
        pendula.load(path)


def test_without_onnx(monkeypatch):
    for name in [name for name in sys.modules if name.startswith("pendula.interop.onnx")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "onnx", None)
    message = r"Writing ONNX needs onnx. Install it with: pip install 'pendula\[onnx\]'."
    with pytest.raises(MissingExtraError, match=message):
        __import__("pendula.interop.onnx")
