"""Tensors: exact round trips, and refusal of all that is no sound safetensors file."""

import io
import json
import pickle
import tracemalloc

import pytest
import torch
from safetensors.torch import save

from pendula.errors import RunError
from pendula.runs import tensor_file
from pendula.runs.tensor_file import Digest, read_tensors, write_tensors

TENSORS = {"a": torch.tensor([[1.0, 2.0]]), "b": torch.tensor([0.1, float("inf")], dtype=torch.float64)}
SHAPES = {"a": (1, 2), "b": (2,)}


def read_content(tmp_path, content, *, shapes=SHAPES, digest=None):
    """Read hostile bytes whose digest was made to fit them."""
    path = tmp_path / "w.safetensors"
    path.write_bytes(content)
    return read_tensors(path, shapes, digest=digest or Digest.of(content))


def packed(header, numbers=b""):
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return len(text).to_bytes(8, "little") + text + numbers


def entry(shape, start, stop, kind="F32"):
    return {"dtype": kind, "shape": shape, "data_offsets": [start, stop]}


def torch_file():
    file = io.BytesIO()
    torch.save(TENSORS, file)
    return file.getvalue()


def old_torch_file():
    file = io.BytesIO()
    torch.save(TENSORS, file, _use_new_zipfile_serialization=False)
    return file.getvalue()


def test_tensors_are_read_bit_for_bit(tmp_path):
    digest = write_tensors(tmp_path / "w.safetensors", TENSORS)
    assert digest == Digest.of((tmp_path / "w.safetensors").read_bytes())
    read = read_tensors(tmp_path / "w.safetensors", SHAPES, digest=digest)
    assert read.keys() == TENSORS.keys()
    for name, tensor in TENSORS.items():
        assert read[name].dtype == tensor.dtype
        assert torch.equal(read[name], tensor)


def test_parameters_and_views_are_written(tmp_path):
    view = torch.arange(6.0).reshape(2, 3).T
    digest = write_tensors(tmp_path / "w", {"a": torch.nn.Parameter(view), "b": view})
    read = read_tensors(tmp_path / "w", {"a": (3, 2), "b": (3, 2)}, digest=digest)
    assert torch.equal(read["a"], view)
    assert not read["a"].requires_grad


def test_a_header_that_starts_like_a_pickle_is_no_pickle(tmp_path):
    # A header of 640 = 0x280 bytes puts the bytes 80 02 first, as a pickle of protocol 2 does.
    header = json.dumps({"a": entry([1], 0, 4)}).encode().ljust(640)
    content = packed(header, b"\0\0\x80\x3f")
    assert content.startswith(b"\x80\x02")
    assert read_content(tmp_path, content, shapes={"a": (1,)})["a"] == torch.tensor([1.0])


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
def test_pickles_are_refused_and_named(tmp_path, protocol):
    with pytest.raises(RunError, match="is a pickle; Pendula never opens pickles, they can run code"):
        read_content(tmp_path, pickle.dumps({"a": list(range(50))}, protocol=protocol))


@pytest.mark.parametrize("make", [torch_file, old_torch_file])
def test_torch_files_are_refused_as_pickles(tmp_path, make):
    with pytest.raises(RunError, match="is a pickle; Pendula never opens pickles"):
        read_content(tmp_path, make())


def test_no_pickle_is_run(tmp_path):
    class Bomb:
        def __reduce__(self):
            return (pytest.fail, ("a pickle was run",))

    with pytest.raises(RunError, match="is a pickle"):
        read_content(tmp_path, pickle.dumps([Bomb()]))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "got 0 bytes of something else"),
        (b"\x89HDF\r\n\x1a\n" + bytes(20), "got 28 bytes of something else"),
        (packed(b"{}")[:9], "got 9 bytes of something else"),
        (packed(b"{}".ljust(100))[:50], "its header of 100 bytes is cut off or too long"),
        ((2**63).to_bytes(8, "little") + b"{}", "is cut off or too long"),
        (packed(b"{]"), "its header is no JSON"),
        (packed(b'{"a":' + b"[" * 100_000), "its header of 100005 bytes is cut off or too long"),
        (packed({"a": 3}), "the shape of `a` is amiss"),
        (packed({"a": {"dtype": "F32"}}), "the shape of `a` is amiss"),
        (packed({"a": entry([-1], 0, 4)}), "the shape of `a` is amiss"),
        (packed({"a": entry([2**40], 0, 4)}), "the shape of `a` is amiss"),
        (packed({"a": entry([True], 0, 4)}), "the shape of `a` is amiss"),
        (packed({"a": entry([1], 0, 4, "F16")}), "must hold F32 or F64: `a` is F16"),
        (packed({"a": entry([1], 0, 4, ["F32"])}), "must hold F32 or F64"),
        (packed({"a": entry([2**31, 2**31], 0, 4)}), "expected 18446744073709551616 bytes of numbers, got 0"),
        (packed({"a": entry([1], 0, 4)}, bytes(8)), "expected 4 bytes of numbers, got 8"),
        (packed({"a": entry([1], 0, 4)}, bytes(4)), "must hold the tensor `b`: got none"),
    ],
)
def test_content_that_is_not_sound_is_refused(tmp_path, content, message):
    with pytest.raises(RunError, match=message):
        read_content(tmp_path, content)


@pytest.mark.parametrize("offsets", [[0, 8], [4, 8], [-4, 0], [0, 2**64]])
def test_offsets_that_lie_are_refused(tmp_path, offsets):
    header = {"a": {"dtype": "F32", "shape": [1], "data_offsets": offsets}}
    with pytest.raises(RunError, match="must be a safetensors file"):
        read_content(tmp_path, packed(header, bytes(4)), shapes={"a": (1,)})


def test_a_file_that_is_cut_off_is_refused_at_every_length(tmp_path):
    content = save(TENSORS)
    for length in range(len(content)):
        with pytest.raises(RunError, match=r"w\.safetensors` must"):
            read_content(tmp_path, content[:length])


def test_a_bit_that_was_flipped_is_noticed(tmp_path):
    content = save(TENSORS)
    flipped = content[:-1] + bytes([content[-1] ^ 1])
    with pytest.raises(RunError, match="must be as it was written: its checksum or its size differs"):
        read_content(tmp_path, flipped, digest=Digest.of(content))


def test_tensors_that_were_not_asked_for_are_refused(tmp_path):
    with pytest.raises(RunError, match="must hold known tensors alone: got `b`"):
        read_content(tmp_path, save(TENSORS), shapes={"a": (1, 2)})
    with pytest.raises(RunError, match=r"expected `a` of shape \(2, 1\), got \(1, 2\)"):
        read_content(tmp_path, save(TENSORS), shapes={"a": (2, 1), "b": (2,)})


def test_a_file_beyond_the_limit_is_not_read(tmp_path, monkeypatch):
    monkeypatch.setattr(tensor_file, "MAX_TENSOR_BYTES", 100)
    with pytest.raises(RunError, match="must be at most 100 bytes"):
        read_content(tmp_path, save(TENSORS))


def test_a_file_beyond_the_limit_is_not_written(tmp_path, monkeypatch):
    monkeypatch.setattr(tensor_file, "MAX_TENSOR_BYTES", tensor_file.MAX_HEADER_BYTES + 23)
    with pytest.raises(RunError, match=r"to be read again: got 24 bytes of numbers\. Choose a smaller"):
        write_tensors(tmp_path / "w", TENSORS)
    assert not list(tmp_path.iterdir())


HUGE = 800 * 2**20


@pytest.mark.parametrize(
    ("start", "size", "message"),
    [
        (save(TENSORS), len(save(TENSORS)), "its checksum or its size differs"),
        (save(TENSORS), HUGE, "expected 24 bytes of numbers, got"),
        (b"", HUGE, f"got {HUGE} bytes of something else"),
        ((20 * 2**20).to_bytes(8, "little") + b"{", HUGE, "its header of 20971520 bytes is cut off or too long"),
        (packed({"a": entry([HUGE // 4], 0, HUGE)}), HUGE, "bytes of numbers, got"),
        (packed({"a": entry([10], 0, 40)})[:8] + b"{" * 8, HUGE, "its header is no JSON"),
    ],
)
def test_a_large_file_that_does_not_fit_is_not_read(tmp_path, start, size, message):
    path = tmp_path / "w.safetensors"
    with path.open("wb") as file:
        file.write(start)
        file.truncate(HUGE)
    tracemalloc.start()
    try:
        with pytest.raises(RunError, match=message):
            read_tensors(path, SHAPES, digest=Digest(sha256="0" * 64, size=size))
        assert tracemalloc.get_traced_memory()[1] < 2**20
    finally:
        tracemalloc.stop()


def test_a_file_that_changes_while_it_is_read_is_refused(tmp_path, monkeypatch):
    one, other = save({"a": torch.zeros(4), "b": torch.ones(4)}), save({"b": torch.zeros(4), "c": torch.ones(4)})
    path = tmp_path / "w.safetensors"
    path.write_bytes(one)
    assert len(one) == len(other)
    read = tensor_file.read_bytes

    def changing(path, *, most, first=None):
        return read(path, most=most, first=first) if first else other

    monkeypatch.setattr(tensor_file, "read_bytes", changing)
    with pytest.raises(RunError, match="must be as it was written"):
        read_tensors(path, {"a": (4,), "b": (4,)}, digest=Digest.of(other))
