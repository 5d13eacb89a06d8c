"""Where the weights of a Keras model lie: the HDF5 file of a `.keras` archive, a legacy `.h5` file, a live model.

HDF5 files can point to other files, and to data outside of themselves. Such links are not followed.
"""

import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np

from pendula.errors import ModelError
from pendula.files import MAX_JSON_BYTES, file_size
from pendula.interop.keras.archive import MOST_BYTES, parse_json, read_archive
from pendula.interop.keras.layers import Dense, Recurrent
from pendula.shapes import ndarray

__all__ = ["ArrayOf", "Store", "open_store"]

ArrayOf: TypeAlias = Callable[[Recurrent | Dense, str, tuple[int | None, ...]], ndarray]
"""Gives an array of a layer by its name, if it has the shape that is expected; None stands for any size."""
Store: TypeAlias = tuple[Any, ArrayOf]
"""Configuration and weights."""

NAMES = ("kernel", "recurrent_kernel", "bias")


@contextmanager
def open_store(model: Any) -> Iterator[Store]:
    """Open a model, wherever it is.

    Args:
        model: A model of Keras that is alive, or the path of a `.keras` or `.h5` file.

    Yields:
        Its configuration, as Keras writes it, and what gives its weights.

    Raises:
        ModelError: If it is none of these, or is damaged.
    """
    if not isinstance(model, str | Path):
        yield _live(model)
        return
    path = Path(model)
    if path.suffix.lower() == ".keras":
        config, weights = read_archive(path)
        with _opened(path, io.BytesIO(weights)) as file:
            yield config, lambda layer, name, shape: _array(path, file, _position(layer, name), shape)
        return
    if path.suffix.lower() not in {".h5", ".hdf5"}:
        raise ModelError(
            f"`{path}` must be a model of Keras: expected a name that ends in .keras, .h5 or .hdf5, got "
            f"{path.suffix or 'no suffix'}. Save it with model.save('name.keras')."
        )
    file_size(path, most=MOST_BYTES)
    with _opened(path, path) as file:
        yield _legacy_config(path, file), lambda layer, name, shape: _legacy_array(path, file, layer, name, shape)


@contextmanager
def _opened(path: Path, content: Any) -> Iterator[Any]:
    import h5py

    try:
        file = h5py.File(content, "r")
    except OSError as error:
        raise ModelError(
            f"`{path}` must hold its weights as HDF5: {' '.join(str(error).split())}. It is damaged or cut short; "
            "copy it again."
        ) from error
    with file:
        yield file


def _position(layer: Recurrent | Dense, name: str) -> list[str]:
    names = NAMES if isinstance(layer, Recurrent) else ("kernel", "bias")
    return [*layer.place.split("/"), "vars", str(names.index(name))]


def _array(path: Path, file: Any, parts: list[str], shape: tuple[int | None, ...]) -> ndarray:
    import h5py

    node = file
    for part in parts:
        link = node.get(part, getlink=True) if isinstance(node, h5py.Group) else None
        if not isinstance(link, h5py.HardLink):
            missing = "a link that leads elsewhere, which was not followed" if link is not None else "none"
            raise ModelError(f"`{path}` must hold its weights: expected {'/'.join(parts)}, got {missing}. {_DAMAGED}")
        node = node[part]
    if not isinstance(node, h5py.Dataset) or node.external or node.is_virtual:
        raise ModelError(
            f"`{path}` must hold its weights: expected numbers at {'/'.join(parts)}, got something that lies "
            f"elsewhere, which was not read. {_DAMAGED}"
        )
    _check(str(path), "/".join(parts), node.shape, node.dtype, shape)
    if node.nbytes > node.id.get_storage_size():
        raise ModelError(
            f"`{path}` must hold the numbers of its weights: {'/'.join(parts)} claims {node.nbytes} bytes and has "
            f"{node.id.get_storage_size()}. Keras does not compress; do not trust this file."
        )
    try:
        return np.asarray(node[()])
    except OSError as error:
        raise ModelError(f"`{path}` must be readable: {' '.join(str(error).split())}. {_DAMAGED}") from error


def _legacy_config(path: Path, file: Any) -> Any:
    config = file.attrs.get("model_config")
    if not isinstance(config, str | bytes):
        raise ModelError(
            f"`{path}` must hold a whole model: expected its configuration beside the weights, got none. Save it with "
            "model.save, not save_weights."
        )
    if len(config) > MAX_JSON_BYTES:
        raise ModelError(f"`{path}` must be a model: expected at most {MAX_JSON_BYTES} bytes of configuration.")
    return parse_json(path, config)


def _legacy_array(path: Path, file: Any, layer: Recurrent | Dense, name: str, shape: tuple[int | None, ...]) -> ndarray:
    # Keras lists the paths of a layer's arrays, which end in their names.
    import h5py

    place = ["model_weights", *layer.name.split("/")]
    group = file
    for part in place:
        hard = isinstance(group, h5py.Group) and isinstance(group.get(part, getlink=True), h5py.HardLink)
        group = group[part] if hard else None
    listed = [] if group is None else [_text(entry) for entry in np.asarray(group.attrs.get("weight_names", []))]
    for entry in listed:
        if _last(entry) == name:
            return _array(path, file, [*place, *entry.split("/")], shape)
    raise ModelError(f"`{path}` must hold its weights: expected {'/'.join(place)}/{name}, got none. {_DAMAGED}")


def _text(entry: Any) -> str:
    return entry.decode("utf-8", "replace") if isinstance(entry, bytes) else str(entry)


def _live(model: Any) -> Store:
    try:
        config = parse_json(Path("model"), model.to_json())
        layers = {layer.name: layer for layer in model.layers}
    except (AttributeError, NotImplementedError, TypeError) as error:
        raise ModelError(
            f"`model` must be a model of Keras, or the path of one: got {type(model).__name__}, which Keras cannot "
            "write down. Build it of Keras's own layers."
        ) from error

    def array_of(layer: Recurrent | Dense, name: str, shape: tuple[int | None, ...]) -> ndarray:
        alive = layers[layer.name]
        arrays = {_last(weight.name): _numbers(weight) for weight in alive.weights}
        if name not in arrays:
            raise ModelError(f"`model` must be built: expected weights in `{layer.name}`, got none. Call it once.")
        _check("model", f"{layer.name}/{name}", arrays[name].shape, arrays[name].dtype, shape)
        return arrays[name]

    return config, array_of


def _numbers(weight: Any) -> ndarray:
    # Keras 3 holds a tensor of its backend; that of torch has to be cut off from its graph.
    value = weight.value if not callable(weight.value) else weight
    return np.array(value.detach().cpu() if hasattr(value, "detach") else value)


def _last(name: str) -> str:
    return name.rpartition("/")[2].partition(":")[0]


def _check(source: str, place: str, found: Any, kind: Any, expected: tuple[int | None, ...]) -> None:
    fits = len(found) == len(expected) and all(
        wanted in {None, size} for size, wanted in zip(found, expected, strict=True)
    )
    if not fits:
        shown = " × ".join("any" if size is None else str(size) for size in expected)
        raise ModelError(
            f"`{source}` must fit its own configuration: expected {shown} numbers at {place}, got "
            f"{' × '.join(map(str, found))}. {_DAMAGED}"
        )
    if kind not in {np.dtype(np.float32), np.dtype(np.float64)}:
        raise ModelError(
            f"`{source}` must have weights of single or double precision: expected float32 or float64 at {place}, got "
            f"{kind}. Save it in float32."
        )
    if any(size > MOST_SIZE for size in found):
        raise ModelError(f"`{source}` must have layers of at most {MOST_SIZE} inputs: got {max(found)} at {place}.")


MOST_SIZE = 2**18
"""Four gates of the largest layer."""

_DAMAGED = "The file is damaged, or was not written by Keras."
