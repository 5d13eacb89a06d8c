"""Files that nobody vouches for: damaged, hostile, or simply something else."""

import io
import json
import pickle
import zipfile

import h5py
import numpy as np
import pytest

from pendula.errors import ModelError, RunError
from pendula.interop.keras import from_keras
from tests.interop.keras.models import keras_model


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    path = tmp_path_factory.mktemp("whole") / "model.keras"
    keras_model().save(path)
    return path


@pytest.fixture(scope="module")
def legacy(tmp_path_factory):
    path = tmp_path_factory.mktemp("whole") / "model.h5"
    keras_model().save(path)
    return path


@pytest.fixture
def rewrite(whole, tmp_path):
    """Copy the whole file with some members changed, added or left out."""

    def make(changes=None, *, leave_out=(), compression=zipfile.ZIP_STORED):
        path = tmp_path / "changed.keras"
        with zipfile.ZipFile(whole) as old, zipfile.ZipFile(path, "w", compression) as new:
            members = {name: old.read(name) for name in old.namelist() if name not in leave_out}
            for name, content in (members | (changes or {})).items():
                new.writestr(name, content)
        return path

    return make


@pytest.fixture
def edit_weights(whole, rewrite):
    """Copy the whole file with its HDF5 file edited."""

    def make(edit):
        with zipfile.ZipFile(whole) as archive:
            stream = io.BytesIO(archive.read("model.weights.h5"))
        with h5py.File(stream, "r+") as file:
            edit(file)
        return rewrite({"model.weights.h5": stream.getvalue()})

    return make


def refused(path, match):
    with pytest.raises(ModelError, match=match):
        from_keras(path)


@pytest.mark.parametrize("name", ["../evil", "/etc/evil", "a/../../evil", "..\\evil", "C:\\evil"])
def test_a_path_that_leads_out_of_the_archive_is_refused(rewrite, name):
    refused(rewrite({name: b"x"}), r"expected plain names of members, got .*It was not read; do not trust this file\.")


def test_a_member_twice_is_refused(whole, tmp_path):
    path = tmp_path / "twice.keras"
    path.write_bytes(whole.read_bytes())
    with pytest.warns(UserWarning, match="Duplicate"), zipfile.ZipFile(path, "a") as archive:
        archive.writestr("config.json", "{}")
    refused(path, "a path that leads out of it or a name twice")


@pytest.mark.parametrize("name", ["model.weights.h5", "config.json"])
def test_a_bomb_is_not_unpacked(rewrite, name):
    path = rewrite({name: bytes(64 * 2**20)}, compression=zipfile.ZIP_DEFLATED)
    assert path.stat().st_size < 200_000
    refused(path, rf"must not be a bomb: got {name} of 67108864 bytes, packed into \d+\. It was not unpacked")


@pytest.mark.parametrize("share", [0.0, 0.3, 0.99])
def test_a_truncated_archive_is_refused(whole, tmp_path, share):
    path = tmp_path / "cut.keras"
    path.write_bytes(whole.read_bytes()[: int(share * whole.stat().st_size)])
    refused(path, r"must be a whole ZIP archive: .*damaged or cut short; copy it again")


def test_a_flipped_bit_is_noticed(whole, tmp_path):
    content = bytearray(whole.read_bytes())
    with zipfile.ZipFile(whole) as archive:
        content[archive.getinfo("config.json").header_offset + 100] ^= 1
    path = tmp_path / "flipped.keras"
    path.write_bytes(content)
    refused(path, "must be a whole ZIP archive: Bad CRC-32")


@pytest.mark.parametrize("share", [0.3, 0.9])
def test_a_truncated_legacy_file_is_refused(legacy, tmp_path, share):
    path = tmp_path / "cut.h5"
    path.write_bytes(legacy.read_bytes()[: int(share * legacy.stat().st_size)])
    refused(path, r"must hold its weights as HDF5: .*damaged or cut short; copy it again")


def test_truncated_weights_within_a_whole_archive_are_refused(whole, rewrite):
    with zipfile.ZipFile(whole) as archive:
        weights = archive.read("model.weights.h5")
    refused(rewrite({"model.weights.h5": weights[:2000]}), "must hold its weights as HDF5")


def test_members_must_be_there(rewrite):
    refused(rewrite(leave_out=["config.json"]), r"must be a model of Keras 3: expected config\.json in it, got none")
    refused(rewrite(leave_out=["model.weights.h5"]), r"expected model\.weights\.h5 in it, got none")


@pytest.mark.parametrize("text", [b"{", b"\xff\xfe", b"[" * 100_000])
def test_a_configuration_that_is_no_json_is_refused(rewrite, text):
    refused(rewrite({"config.json": text}), "must hold its configuration as JSON|must be a model of Keras")


def test_a_pickle_is_never_opened(tmp_path):
    class Evil:
        def __reduce__(self):
            return open, (str(tmp_path / "ran"), "w")

    path = tmp_path / "model.h5"
    path.write_bytes(pickle.dumps(Evil()))
    refused(path, "must hold its weights as HDF5")
    path.rename(tmp_path / "model.pkl")
    refused(tmp_path / "model.pkl", r"expected a name that ends in \.keras, \.h5 or \.hdf5, got \.pkl")
    assert not (tmp_path / "ran").exists()


def test_a_lambda_layer_in_a_file_does_not_run(whole, rewrite, tmp_path):
    with zipfile.ZipFile(whole) as archive:
        config = json.loads(archive.read("config.json"))
    config["config"]["layers"].append({
        "module": "keras.layers",
        "class_name": "Lambda",
        "config": {"name": "evil", "function": {"class_name": "__lambda__", "config": {"code": "4wEAAAA="}}},
        "registered_name": None,
    })
    refused(rewrite({"config.json": json.dumps(config)}), r"got Lambda `evil`\. Nothing of it was run")


def test_a_link_to_another_file_is_not_followed(edit_weights, tmp_path):
    with h5py.File(tmp_path / "secret.h5", "w") as secret:
        secret["kernel"] = np.ones((1, 12), np.float32)

    def link(file):
        del file["layers/lstm/cell/vars/0"]
        file["layers/lstm/cell/vars/0"] = h5py.ExternalLink(str(tmp_path / "secret.h5"), "kernel")

    refused(edit_weights(link), r"expected layers/lstm/cell/vars/0, got a link that leads elsewhere, which was not")


def test_numbers_that_lie_in_another_file_are_not_read(edit_weights, tmp_path):
    (tmp_path / "secret").write_bytes(bytes(48))

    def move(file):
        del file["layers/lstm/cell/vars/0"]
        outside = [(str(tmp_path / "secret"), 0, 48)]
        file["layers/lstm/cell/vars"].create_dataset("0", (1, 12), np.float32, external=outside)

    refused(edit_weights(move), "expected numbers at .* got something that lies elsewhere, which was not read")


def test_immense_weights_are_refused_before_they_are_read(edit_weights):
    def inflate(file):
        del file["layers/lstm/cell/vars/1"]
        file["layers/lstm/cell/vars"].create_dataset("1", (10**6, 10**6), np.float32, chunks=(1, 10**4))

    refused(edit_weights(inflate), r"expected 3 × 12 numbers at .*, got 1000000 × 1000000")
    path = edit_weights(lambda file: _replace(file, "layers/lstm/cell/vars/0", (10**7, 12)))
    refused(path, r"must have layers of at most 262144 inputs: got 10000000")


def test_weights_that_are_claimed_and_not_there_are_refused(whole, rewrite):
    with zipfile.ZipFile(whole) as archive:
        config = json.loads(archive.read("config.json"))
        stream = io.BytesIO(archive.read("model.weights.h5"))
    recurrent = next(layer for layer in config["config"]["layers"] if layer["class_name"] == "LSTM")
    recurrent["config"]["units"] = units = 50_000  # 40 GB in memory, of which the file has nothing
    with h5py.File(stream, "r+") as file:
        for place, shape in (("0", (1, 4 * units)), ("1", (units, 4 * units)), ("2", (4 * units,))):
            del file[f"layers/lstm/cell/vars/{place}"]
            file["layers/lstm/cell/vars"].create_dataset(place, shape, np.float32)
    path = rewrite({"model.weights.h5": stream.getvalue(), "config.json": json.dumps(config)})
    refused(path, r"must hold the numbers of its weights: layers/lstm/cell/vars/0 claims 800000 bytes and has 0\.")


def _replace(file, place, shape):
    del file[place]
    file.create_dataset(place, shape, np.float32, chunks=(1, shape[1]))


@pytest.mark.parametrize("kind", [np.float16, np.int32, "S4"])
def test_weights_of_another_type_are_refused(edit_weights, kind):
    def convert(file):
        del file["layers/dense/vars/1"]
        file["layers/dense/vars"].create_dataset("1", (1,), kind)

    refused(edit_weights(convert), "must have weights of single or double precision: expected float32 or float64")


def test_weights_that_are_missing_or_of_two_precisions_or_not_finite_are_refused(edit_weights):
    def drop(file):
        del file["layers/dense/vars/0"]

    def widen(file):
        drop(file)
        file["layers/dense/vars/0"] = np.ones((3, 1))

    def spoil(file):
        file["layers/dense/vars/0"][:] = np.nan

    refused(edit_weights(drop), r"must hold its weights: expected layers/dense/vars/0, got none")
    refused(edit_weights(widen), r"must have weights of one precision: got float32 and float64")
    refused(edit_weights(spoil), r"must have finite weights: got NaN or infinity")


def test_weights_alone_are_no_model(tmp_path):
    path = tmp_path / "weights.h5"
    with h5py.File(path, "w") as file:
        file["x"] = 1.0
    refused(path, r"must hold a whole model: expected its configuration beside the weights, got none")


def test_a_legacy_file_without_its_weights_is_refused(legacy, tmp_path):
    path = tmp_path / "model.h5"
    path.write_bytes(legacy.read_bytes())
    with h5py.File(path, "r+") as file:
        del file["model_weights"]
        file["model_weights"] = h5py.ExternalLink("/dev/null", "/")
    refused(path, r"must hold its weights: expected model_weights/lstm\w*/kernel, got none")


def test_what_is_not_there_is_told(tmp_path):
    for name in ("none.keras", "none.h5"):
        with pytest.raises(RunError, match="must be readable: No such file"):
            from_keras(tmp_path / name)
