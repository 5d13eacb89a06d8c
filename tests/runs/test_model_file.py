"""Models: bit-identical forecasts after a round trip; every hostile or damaged folder is refused in words."""

import json
import os
import pickle
import shutil
import tracemalloc
from dataclasses import replace

import numpy as np
import pytest
import torch
from safetensors.torch import load, save

from pendula.errors import RunError
from pendula.nn import (
    Equation,
    IntegratorForecaster,
    Network,
    NextGeneration,
    Reservoir,
    ReservoirForecaster,
    draw_reservoir,
)
from pendula.runs import Model, load_model, save_model
from pendula.runs.tensor_file import Digest
from pendula.series import Scaler, TimeAxis

NETWORKS = [
    Network(cell="rnn", hidden_size=3, residual=False, increments=False),
    Network(cell="gru", hidden_size=4, num_layers=2),
    Network(cell="lstm", hidden_size=5, leads=3, linear_lags=4),
]


@pytest.fixture
def folder(fit, tmp_path):
    save_model(fit.model, tmp_path / "model")
    return tmp_path / "model"


def change(folder, **entries):
    path = folder / "model.json"
    content = json.loads(path.read_text()) | entries
    path.write_text(json.dumps(content))


def change_within(folder, table, **entries):
    content = json.loads((folder / "model.json").read_text())[table]
    change(folder, **{table: content | entries})


def put_weights(folder, content):
    """Replace the weights, as somebody would who also knows how to make the digest fit."""
    (folder / "weights.safetensors").write_bytes(content)
    digest = Digest.of(content)
    change(folder, weights_sha256=digest.sha256, weights_bytes=digest.size)


def change_tensors(folder, **tensors):
    held = load((folder / "weights.safetensors").read_bytes())
    put_weights(folder, save({name: tensor for name, tensor in (held | tensors).items() if tensor is not None}))


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("network", NETWORKS)
def test_a_loaded_model_forecasts_the_same_bits(make_fit, tmp_path, network, dtype):
    fit = make_fit(network=network, dtype=dtype)
    save_model(fit.model, tmp_path)
    again = load_model(tmp_path)
    context = fit.record.values[None, :20]
    np.testing.assert_array_equal(again.run(context, steps=25), fit.model.run(context, steps=25))
    assert again.forecaster.network == network
    assert (again.names, again.units, again.axis, again.window) == (
        fit.model.names, fit.model.units, fit.model.axis, fit.model.window,
    )  # fmt: skip
    before, after = fit.model.forecaster.state_dict(), again.forecaster.state_dict()
    assert before.keys() == after.keys()
    assert all(torch.equal(before[name], after[name]) and before[name].dtype == after[name].dtype for name in before)


def test_a_loaded_model_can_be_trained_on(folder):
    forecaster = load_model(folder).forecaster
    assert not forecaster.training
    predictions, _ = forecaster.train()(torch.ones(1, 4, 2))
    predictions.sum().backward()
    assert all(parameter.grad is not None and not parameter.is_meta for parameter in forecaster.parameters())


def test_two_saves_write_the_same_bytes(fit, tmp_path, list_files):
    for name in ("a", "b"):
        save_model(fit.model, tmp_path / name)
    for file in list_files(tmp_path / "a"):
        assert (tmp_path / "a" / file).read_bytes() == (tmp_path / "b" / file).read_bytes()


def test_loading_leaves_the_global_random_state_alone(folder):
    before = torch.random.get_rng_state()
    load_model(folder)
    assert torch.equal(before, torch.random.get_rng_state())


def test_weights_that_are_not_finite_are_not_saved(fit, tmp_path):
    fit.model.forecaster.head.bias.data[0] = float("nan")
    with pytest.raises(RunError, match=r"must hold finite weights: got NaN or infinity in `head\.bias`"):
        save_model(fit.model, tmp_path / "model")
    assert not (tmp_path / "model").exists()


def test_a_newer_format_is_refused_whatever_else_it_holds(folder):
    change(folder, format=7, novelty=True)
    with pytest.raises(RunError, match=r"was written by a newer Pendula \(format 7, this one reads up to 1\)\. Update"):
        load_model(folder)


@pytest.mark.parametrize("number", [0, -1, True, 1.0, "1", None])
def test_a_format_that_never_was_is_refused(folder, number):
    change(folder, format=number)
    with pytest.raises(RunError, match="expected `format` to be a whole number from 1 to 1"):
        load_model(folder)


@pytest.mark.parametrize(
    "name",
    [
        "../weights.safetensors",
        "/etc/passwd",
        "a/b",
        "..",
        ".",
        "",
        "a\\b",
        "C:x",
        "../../model/weights.safetensors",
        "a\0b",
        "other.safetensors",
    ],
)
def test_weights_of_another_name_are_not_opened(folder, name):
    shutil.copy(folder / "weights.safetensors", folder / "other.safetensors")
    change(folder, weights=name)
    rule = r"must name its weights as every model does: expected `weights` to be weights\.safetensors, .* not opened"
    with pytest.raises(RunError, match=rule):
        load_model(folder)


def test_a_link_that_leaves_the_folder_is_not_followed(folder, tmp_path):
    weights = folder / "weights.safetensors"
    weights.rename(tmp_path / "elsewhere")
    weights.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(
        RunError, match=r"must be a file in its own folder: got a link that leads elsewhere\. It was not opened"
    ):
        load_model(folder)


def test_a_model_whose_folder_is_a_link_is_read(folder, tmp_path):
    (tmp_path / "link").symlink_to(folder)
    assert load_model(tmp_path / "link").names == ("x", "v")


def test_a_pipe_instead_of_weights_does_not_hang(folder):
    (folder / "weights.safetensors").unlink()
    os.mkfifo(folder / "weights.safetensors")
    with pytest.raises(RunError, match="must be a file"):
        load_model(folder)


def test_a_pickle_is_refused_and_named(folder):
    put_weights(folder, pickle.dumps({"head.bias": [0.0] * 100}))
    with pytest.raises(
        RunError, match=r"weights\.safetensors` .* is a pickle; Pendula never opens pickles, they can run"
    ):
        load_model(folder)


@pytest.mark.parametrize("file", ["model.json", "weights.safetensors"])
def test_a_missing_file_is_named(folder, file):
    (folder / file).unlink()
    with pytest.raises(RunError, match=rf"{file}` must be readable: No such file"):
        load_model(folder)


def test_flipped_bits_are_noticed(folder):
    path = folder / "weights.safetensors"
    content = bytearray(path.read_bytes())
    content[-3] ^= 16
    path.write_bytes(content)
    with pytest.raises(RunError, match="checksum or its size differs"):
        load_model(folder)


@pytest.mark.parametrize(
    ("tensors", "message"),
    [
        ({"head.bias": None}, r"must hold the tensor `head\.bias`: got none"),
        ({"other": torch.zeros(1)}, "must hold known tensors alone: got `other`"),
        ({"head.bias": torch.zeros(3)}, r"expected `head\.bias` of shape \(2,\), got \(3,\)"),
        ({"head.bias": torch.zeros(2, dtype=torch.float16)}, r"must hold F32 or F64: `head\.bias` is F16"),
        ({"head.bias": torch.zeros(2, dtype=torch.int64)}, r"must hold F32 or F64: `head\.bias` is I64"),
        ({"head.bias": torch.zeros(2, dtype=torch.float64)}, "must hold weights of one precision"),
        ({"head.bias": torch.tensor([0.0, float("nan")])}, r"finite weights: got NaN or infinity in `head\.bias`"),
        ({"output_scale": torch.full((1, 2), float("inf"))}, "finite weights: got NaN or infinity in `output_scale`"),
    ],
)
def test_tensors_that_do_not_fit_are_refused(folder, tensors, message):
    change_tensors(folder, **tensors)
    with pytest.raises(RunError, match=message):
        load_model(folder)


@pytest.mark.parametrize(
    "network",
    [
        {"hidden_size": 65_536},
        {"num_layers": 65_536},
        {"hidden_size": 65_536, "num_layers": 65_536},
        {"leads": 65_536, "linear_lags": 65_536},
    ],
)
def test_an_immense_architecture_takes_no_memory(folder, network):
    change_within(folder, "network", **network)
    with pytest.raises(RunError, match=r"must fit its architecture|must hold the tensor"):
        load_model(folder)


@pytest.mark.parametrize("declared", [None, 800 * 2**20])
@pytest.mark.parametrize("network", [{}, {"hidden_size": 14_000}, {"num_layers": 65_536}])
def test_immense_weights_that_do_not_fit_are_not_read(folder, network, declared):
    with (folder / "weights.safetensors").open("ab") as file:
        file.truncate(800 * 2**20)
    change(folder, **({} if declared is None else {"weights_bytes": declared}))
    change_within(folder, "network", **network)
    tracemalloc.start()
    try:
        with pytest.raises(RunError, match=r"checksum or its size differs|must be whole: expected|must fit its"):
            load_model(folder)
        assert tracemalloc.get_traced_memory()[1] < 2**22
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(
    ("table", "entries", "message"),
    [
        ("network", {"cell": "os.system"}, r"expected `network\.cell` to be one of rnn, gru, lstm"),
        ("network", {"hidden_size": 0}, "`hidden_size` must be a whole number"),
        ("network", {"hidden_size": 65_537}, "`hidden_size` must be a whole number"),
        ("network", {"hidden_size": True}, r"expected `network\.hidden_size` to be a whole number, got True"),
        ("network", {"hidden_size": 4.0}, r"expected `network\.hidden_size` to be a whole number"),
        ("network", {"dropout": 1.5}, "`dropout` must be a probability"),
        ("network", {"residual": 1}, r"expected `network\.residual` to be true or false, got 1"),
        ("network", {"_target_": "os"}, r"must have known names alone: got 'network\._target_'"),
        ("scaler", {"kind": "other"}, r"expected `scaler\.kind` to be one of"),
        ("scaler", {"link": None}, r"expected `scaler\.link` to be one of"),
        ("scaler", {"center": [0.0]}, r"expected `scaler\.center` to be 2 finite numbers"),
        ("scaler", {"center": ["0", "1"]}, r"expected `scaler\.center` to be 2 finite numbers"),
        ("scaler", {"scale": [1.0, float("nan")]}, r"expected `scaler\.scale` to be 2 finite numbers"),
        ("scaler", {"scale": [1.0, 0.0]}, r"expected `scaler\.scale` to be positive numbers"),
        ("scaler", {"scale": [1.0, -1.0]}, r"expected `scaler\.scale` to be positive numbers"),
        ("scaler", {"other": 1}, "must have known names alone"),
    ],
)
def test_tables_that_are_not_sound_are_refused(folder, table, entries, message):
    change_within(folder, table, **entries)
    with pytest.raises(RunError, match=rf"model\.json` .*{message}"):
        load_model(folder)


@pytest.mark.parametrize(
    ("entries", "message"),
    [
        ({"channels": 0}, "expected `channels` to be a whole number from 1 to"),
        ({"channels": 2**40}, "expected `channels` to be a whole number from 1 to"),
        ({"channels": 3}, "expected `names` to be 3 short texts"),
        ({"window": 0}, "expected `window` to be a whole number"),
        ({"names": ["x", 3]}, "expected `names` to be 2 short texts"),
        ({"units": "rad"}, "expected `units` to be a list"),
        ({"network": []}, "expected `network` to be a table"),
        ({"weights": 3}, "expected `weights` to be a text"),
        ({"weights_bytes": 2**31 + 1}, "expected `weights_bytes` to be a whole number"),
        ({"weights_sha256": None}, "expected `weights_sha256` to be a text"),
        ({"other": 1}, "must have known names alone: got 'other'"),
    ],
)
def test_values_that_are_not_sound_are_refused(folder, entries, message):
    change(folder, **entries)
    with pytest.raises(RunError, match=message):
        load_model(folder)


def test_what_an_earlier_pendula_did_not_write_takes_its_default(fit, folder):
    content = json.loads((folder / "model.json").read_text())
    for name in ("reservoir", "equation", "initialization"):
        del content["network"][name]
    del content["reservoirs"]
    (folder / "model.json").write_text(json.dumps(content))
    again, context = load_model(folder), fit.record.values[None, :20]
    assert again.forecaster.network == fit.model.forecaster.network
    np.testing.assert_array_equal(again.run(context, steps=5), fit.model.run(context, steps=5))


@pytest.mark.parametrize("content", ["", "{", "[]", "3", "null", '{"a": ' * 50_000])
def test_what_is_no_table_is_refused(folder, content):
    (folder / "model.json").write_text(content)
    with pytest.raises(RunError, match=r"model\.json` must"):
        load_model(folder)


def test_every_value_may_be_hostile_and_only_run_errors_come(folder):
    content = json.loads((folder / "model.json").read_text())
    hostile = [None, -1, 2**70, "", "x" * 100_000, [], [[]], {}, {"a": []}, float("nan")]
    places = [(name,) for name in content] + [(table, name) for table in TABLES for name in content[table]]
    accepted = set()
    for *table, name in places:
        for value in hostile:
            changed = json.loads(json.dumps(content))
            (changed[table[0]] if table else changed)[name] = value
            (folder / "model.json").write_text(json.dumps(changed))
            try:
                load_model(folder)
            except RunError:
                continue
            accepted.add((*table, name))
    # Words of the axis may be empty, and a float may be any number; gates have neither reservoir nor equation, and an
    # initialization of which nothing is said is the usual one.
    assert accepted <= {("pendula",), ("reservoirs",), ("network", "reservoir"), ("network", "polynomial"),
                        ("network", "equation"),
                        ("network", "initialization"), ("axis", "name"), ("axis", "units"), ("axis", "resolution"),
                        ("axis", "start"), ("axis", "step")}  # fmt: skip


TABLES = ("network", "scaler", "axis")


@pytest.fixture
def echo_folder(tmp_path):
    """A model of two reservoirs."""
    network = Network(cell="esn", hidden_size=12)
    reservoirs = [Reservoir(connections=3, leak=0.4), Reservoir(connections=0)]
    forecaster = ReservoirForecaster(network, 1, reservoirs)
    for number, member in enumerate(forecaster.each()):
        weights = draw_reservoir(member.reservoir, units=12, inputs=1, seed=number)
        member.put(weights)
        member.put_readout(np.full(member.readout.shape, 0.05), np.full(1, 0.1))
    model = Model(
        forecaster=forecaster,
        scaler=Scaler(kind="standard", link="none", center=np.ones(1), scale=np.full(1, 2.0)),
        names=("x",),
        units=("rad",),
        axis=TimeAxis(kind="float", start=0.0, step=0.1, size=100, units="s"),
        window=20,
    )
    forecaster.limit.fill_(10.0)
    save_model(model, tmp_path / "echo")
    return model, tmp_path / "echo"


def test_a_loaded_echo_state_network_runs_on_with_the_same_bits(echo_folder):
    model, folder = echo_folder
    again, context = load_model(folder), np.sin(0.3 * np.arange(40.0)).reshape(2, 20, 1)
    np.testing.assert_array_equal(again.run(context, steps=50), model.run(context, steps=50))
    assert again.forecaster.reservoirs == model.forecaster.reservoirs
    before, after = model.forecaster.state_dict(), again.forecaster.state_dict()
    assert before.keys() == after.keys()
    assert all(torch.equal(before[name], after[name]) for name in before)


@pytest.fixture
def polynomial_folder(echo_folder, tmp_path):
    """A model of two polynomials."""
    kinds = [NextGeneration(delays=3, stride=2), NextGeneration(degree=1)]
    forecaster = ReservoirForecaster(Network(cell="ngrc"), 1, kinds)
    for member in forecaster.each():
        member.put_readout(np.full(member.readout.shape, 0.05), np.full(1, 0.1))
    model = replace(echo_folder[0], forecaster=forecaster)
    save_model(model, tmp_path / "polynomial")
    return model, tmp_path / "polynomial"


def test_a_loaded_next_generation_reservoir_runs_on_with_the_same_bits(polynomial_folder):
    model, folder = polynomial_folder
    again, context = load_model(folder), np.sin(0.3 * np.arange(40.0)).reshape(2, 20, 1)
    np.testing.assert_array_equal(again.run(context, steps=50), model.run(context, steps=50))
    assert again.forecaster.reservoirs == model.forecaster.reservoirs


@pytest.mark.parametrize(("changed", "message"), [
    ({"degree": 0}, "`degree` must be a whole number"),
    ({"delays": 1000, "degree": 9}, "expected `reservoirs` to be polynomials of a bearable number of features"),
    ({"delays": 4}, "weights"),
])  # fmt: skip
def test_polynomials_that_are_not_sound_are_refused(polynomial_folder, changed, message):
    folder = polynomial_folder[1]
    held = json.loads((folder / "model.json").read_text())["reservoirs"]
    change(folder, reservoirs=[held[0] | changed, held[1]])
    with pytest.raises(RunError, match=message):
        load_model(folder)


@pytest.mark.parametrize("value", [-1.0, 12.0, 0.5, float("nan"), 1e300])
def test_links_that_lead_out_of_memory_are_refused(echo_folder, value):
    _, folder = echo_folder
    links = load((folder / "weights.safetensors").read_bytes())["members.0.links"]
    links[3, 1] = value
    change_tensors(folder, **{"members.0.links": links})
    with pytest.raises(
        RunError, match=r"must link units that are there: expected whole numbers from 0 to 11|must hold"
    ):
        load_model(folder)


def test_weights_of_reservoirs_in_single_precision_are_refused(echo_folder):
    _, folder = echo_folder
    held = load((folder / "weights.safetensors").read_bytes())
    change_tensors(folder, **{name: tensor.float() for name, tensor in held.items()})
    with pytest.raises(RunError, match="must hold numbers in float64: got float32"):
        load_model(folder)


@pytest.mark.parametrize(("reservoirs", "message"), [
    ([], "expected `reservoirs` to be those of a network of the cell esn or ngrc, got 0"),
    ([{"size": 3}], r"must have known names alone: got 'reservoirs\[0\]\.size'"),
    ([8], "expected `reservoirs` to be at most 100 tables"),
    ([{}] * 101, "expected `reservoirs` to be at most 100 tables"),
])  # fmt: skip
def test_reservoirs_that_are_not_sound_are_refused(echo_folder, reservoirs, message):
    change(echo_folder[1], reservoirs=reservoirs)
    with pytest.raises(RunError, match=message):
        load_model(echo_folder[1])


@pytest.mark.parametrize(("name", "value"), [
    ("leak", 0.0), ("leak", "much"), ("connections", 2**40), ("topology", "web"), ("spectral_radius", float("nan")),
])  # fmt: skip
def test_settings_of_reservoirs_that_are_not_sound_are_refused(echo_folder, name, value):
    folder = echo_folder[1]
    held = json.loads((folder / "model.json").read_text())["reservoirs"]
    change(folder, reservoirs=[held[0] | {name: value}, held[1]])
    with pytest.raises(RunError, match=r"must be sound|must fit its architecture"):
        load_model(folder)


def test_a_trained_cell_has_no_reservoirs(folder, echo_folder):
    held = json.loads((echo_folder[1] / "model.json").read_text())["reservoirs"]
    change(folder, reservoirs=held)
    with pytest.raises(RunError, match="expected `reservoirs` to be those of a network of the cell esn or ngrc, got 2"):
        load_model(folder)


@pytest.fixture
def equation_folder(tmp_path):
    equation = Equation(system="duffing", known={"drive": 0.0}, reads=("x",), writes=("v",), substeps=2)
    network = Network(cell="integrator", hidden_size=3, equation=equation)
    forecaster = IntegratorForecaster(network, ["x"], dt=0.25).requires_grad_(requires_grad=False)
    generator = torch.manual_seed(0)
    for weights in forecaster.cell.added.parameters():
        weights.copy_(torch.randn(weights.shape, generator=generator))
    model = Model(
        forecaster=forecaster,
        scaler=Scaler(kind="none", link="none", center=np.zeros(1), scale=np.ones(1)),
        names=("x",),
        units=("m",),
        axis=TimeAxis(kind="float", start=2.0, step=0.25, size=100, units="s"),
        window=5,
    )
    save_model(model, tmp_path / "model")
    return tmp_path / "model", model


def test_a_loaded_equation_forecasts_the_same_bits(equation_folder):
    folder, model = equation_folder
    again, context = load_model(folder), np.sin(np.arange(12.0))[None, :, None]
    assert again.forecaster.network == model.forecaster.network
    assert again.forecaster.cell.dt == 0.25
    np.testing.assert_array_equal(again.run(context, steps=9), model.run(context, steps=9))


@pytest.mark.parametrize(
    ("entries", "message"),
    [
        ({"system": "../../etc"}, "must name a differential equation"),
        ({"known": {"drive": "all"}}, "`network.equation.known.drive` to be a finite number"),
        ({"known": {"nothing": 1.0}}, "`known` must name parameters of `duffing`"),
        ({"reads": 3}, "`network.equation.reads` to be a list"),
        ({"observed": ["x", "v"]}, "columns that the equation has components for"),
        ({"extra": 1}, "must have known names alone"),
        (
            {"known": {}},
            "must hold the tensor `cell.learned.drive`",
        ),
    ],
)
def test_a_damaged_equation_is_refused(equation_folder, entries, message):
    folder, _ = equation_folder
    network = json.loads((folder / "model.json").read_text())["network"]
    change_within(folder, "network", equation=network["equation"] | entries)
    with pytest.raises(RunError, match=message):
        load_model(folder)


def test_an_equation_in_float32_is_refused(equation_folder):
    folder, _ = equation_folder
    change_tensors(folder, noise=torch.ones(1))
    with pytest.raises(RunError, match="must hold numbers in float64"):
        load_model(folder)
