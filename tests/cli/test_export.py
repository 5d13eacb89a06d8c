import json
import sys

import numpy as np
import onnxruntime
import pytest

import pendula as library


def test_an_export_forecasts_what_the_run_does(pendula, fitted, folder):
    answer = pendula("export", "run", "-o", "swing.onnx", "--precision", "float64")
    assert answer.code == 0
    assert answer.out == "Wrote swing.onnx: a window of x in float64.\n"
    fit = library.load(fitted)
    graph = onnxruntime.InferenceSession(folder / "swing.onnx", providers=["CPUExecutionProvider"])
    (forecast,) = graph.run(None, {"series": fit.record.values[None, -fit.model.window :]})
    assert forecast[0, 0, 0] == pytest.approx(float(library.forecast(fit, 1)["x"][0]), abs=1e-5)
    assert json.loads(graph.get_modelmeta().custom_metadata_map["units"]) == ["rad"]


def test_json(pendula, fitted):
    content = pendula("export", "run", "-o", "step.onnx", "--kind", "step", "--json").content
    assert content == {
        "run": "run",
        "file": "step.onnx",
        "kind": "step",
        "precision": "float32",
        "window": 8,
        "leads": 1,
        "state_size": 6,
    }
    graph = onnxruntime.InferenceSession("step.onnx", providers=["CPUExecutionProvider"])
    forecast, state = graph.run(None, {"value": np.zeros((1, 1), "f4"), "state": np.zeros((1, 6), "f4")})
    assert (forecast.shape, state.shape) == ((1, 1, 1), (1, 6))


def test_a_keras_model_comes_back_with_the_scaling_that_is_told(pendula, folder, bare_reports):
    plain = ("--set", "network.residual=false", "--set", "network.increments=false", "--set", "network.linear_lags=0")
    made = pendula("fit", "swing.csv", "--hidden-size", "4", "--epochs", "1", "--window", "8", *plain, "-o", "run")
    assert made.code == 0, made.err
    told = pendula("export", "run", "-o", "swing.keras", "--json")
    assert told.code == 0, told.err
    assert (told.content["kind"], told.content["window"], told.content["transform"]) == ("keras", 8, "none")
    (center,), (scale,) = told.content["center"], told.content["scale"]
    scaling = ("--center", repr(center), "--scale", repr(scale))
    back = pendula("import", "swing.keras", "--data", "swing.csv", *scaling, "-o", "back")
    assert back.code == 0, back.err
    first, second = library.load("run").model, library.load("back").model
    context = library.load("run").record.values[None, :40]
    np.testing.assert_allclose(second.run(context, steps=20), first.run(context, steps=20), atol=1e-6)
    shown = pendula("export", "run", "-o", "swing.h5").out
    assert shown == f"Wrote swing.h5: windows of 8 steps of (x - {center:.17g}) / {scale:.17g}.\n"


def test_what_is_refused(pendula, fitted, folder):
    answer = pendula("export", "run", "-o", "swing.pt")
    assert answer.code == 2
    assert "`--output` must have a known suffix: expected .onnx, .keras or .h5, got .pt." in answer.err
    answer = pendula("export", "run", "-o", "swing.keras", "--kind", "step")
    assert answer.code == 2
    assert "`--kind` must be left out with a Keras model: got step." in answer.err
    (folder / "swing.onnx").write_text("mine")
    answer = pendula("export", "run", "-o", "swing.onnx")
    assert answer.code == 1
    assert "`swing.onnx` must be a new file" in answer.err
    assert (folder / "swing.onnx").read_text() == "mine"
    assert pendula("export", "run", "-o", "swing.onnx", "--overwrite").code == 0


def test_the_missing_extra_is_named_with_its_command(pendula, fitted, monkeypatch):
    for name in [name for name in sys.modules if name.startswith("pendula.interop.onnx")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "onnx", None)
    answer = pendula("export", "run", "-o", "swing.onnx")
    assert answer.code == 1
    assert "Writing ONNX needs onnx. Install it with: pip install 'pendula[onnx]'." in answer.err
