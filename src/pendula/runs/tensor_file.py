"""Tensors on disk: safetensors, written whole and read with suspicion."""

import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import torch

from pendula.errors import RunError
from pendula.files import file_size, read_bytes, write_atomically

__all__ = ["MAX_TENSOR_BYTES", "Digest", "Shapes", "count_tensors", "read_tensors", "write_tensors"]

MAX_TENSOR_BYTES = 2**31
"""A file of tensors beyond this size is refused."""
MAX_HEADER_BYTES = 32 * 2**20

Shapes: TypeAlias = Mapping[str, tuple[int, ...]]

_SIZES = {"F32": 4, "F64": 8}
_ADVICE = "It is damaged or was changed; restore it from a copy, or train anew."


@dataclass(frozen=True, kw_only=True, slots=True)
class Digest:
    """What a file must be, to the bit.

    Attributes:
        sha256: Of its content, in hexadecimal digits.
        size: In bytes.

    Examples:
        >>> Digest.of(b"").sha256[:8]
        'e3b0c442'
    """

    sha256: str
    size: int

    @classmethod
    def of(cls, content: bytes) -> "Digest":
        """Compute the digest of a content.

        Args:
            content: The bytes of a file.

        Returns:
            Its digest.
        """
        return cls(sha256=hashlib.sha256(content).hexdigest(), size=len(content))


def write_tensors(path: Path, tensors: Mapping[str, torch.Tensor]) -> Digest:
    """Write tensors to a safetensors file, atomically.

    Args:
        path: The file.
        tensors: The tensors by name.

    Returns:
        The digest of the file.

    Raises:
        RunError: If they are too large to be read again, or if the file cannot be written.
    """
    from safetensors.torch import save

    size = sum(tensor.nbytes for tensor in tensors.values())
    if size > MAX_TENSOR_BYTES - MAX_HEADER_BYTES:
        raise RunError(
            f"`{path}` must be at most {MAX_TENSOR_BYTES} bytes to be read again: got {size} bytes of numbers. "
            "Choose a smaller network."
        )
    # In memory first: a full disk is then an error of the file system and no other.
    content = save({name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()})
    write_atomically(path, lambda partial: partial.write_bytes(content))
    return Digest.of(content)


def count_tensors(path: Path, *, digest: Digest) -> int:
    """Count the tensors that a file has numbers for, without reading the numbers.

    Args:
        path: The file.
        digest: Of the file; its size is checked.

    Returns:
        How many there are.

    Raises:
        RunError: If the file is missing, too large, of another size, a pickle, or no safetensors.
    """
    _check_size(path, digest)
    return len(_header(path, _start(path, digest.size, most=MAX_HEADER_BYTES), digest.size))


def read_tensors(path: Path, shapes: Shapes, *, digest: Digest) -> dict[str, torch.Tensor]:
    """Read tensors of known names and shapes, in float32 or float64.

    The numbers are not read before the file's size and its header agree with what was asked for, and no tensor is made
    before its digest agrees, too.

    Args:
        path: The file.
        shapes: The shapes by name.
        digest: Of the file.

    Returns:
        The tensors.

    Raises:
        RunError: If the file is missing, too large, a pickle, no safetensors, damaged, or holds other tensors.
    """
    from safetensors import SafetensorError
    from safetensors.torch import load

    _check_size(path, digest)
    start = _start(path, digest.size, most=_header_bytes(shapes))
    _check_shapes(path, _header(path, start, digest.size), shapes)
    content = read_bytes(path, most=digest.size)
    if Digest.of(content) != digest or not content.startswith(start):
        raise RunError(_changed(path))
    try:
        return load(content)
    except (SafetensorError, ValueError, TypeError, KeyError) as error:
        raise RunError(f"`{path}` must be a safetensors file: {error}. {_ADVICE}") from error


def _check_size(path: Path, digest: Digest) -> None:
    if file_size(path, most=MAX_TENSOR_BYTES) != digest.size:
        raise RunError(_changed(path))


def _header_bytes(shapes: Shapes) -> int:
    # Each entry has a name, in which JSON may need 6 bytes for a character, and a type, a shape and two offsets.
    return min(MAX_HEADER_BYTES, 1024 + sum(256 + 6 * len(name) + 12 * len(shape) for name, shape in shapes.items()))


def _start(path: Path, size: int, *, most: int) -> bytes:
    # A safetensors file: the header's length in 8 bytes, the header as JSON, and the numbers.
    start = read_bytes(path, most=size, first=10)
    length = int.from_bytes(start[:8], "little")
    # A header of 640 bytes starts like a pickle of protocol 2, so the brace after the length decides.
    if len(start) < 10 or start[8:9] != b"{":
        raise RunError(_not_safetensors(path, start, size))
    if length > min(most, size - 8):
        raise RunError(f"`{path}` must be whole: its header of {length} bytes is cut off or too long. {_ADVICE}")
    return read_bytes(path, most=size, first=8 + length)


def _header(path: Path, start: bytes, size: int) -> dict[str, Any]:
    try:
        header = json.loads(start[8:])
    except (ValueError, RecursionError) as error:
        raise RunError(f"`{path}` must be a safetensors file: its header is no JSON ({error}). {_ADVICE}") from error
    expected = _data_bytes(path, header)
    if expected != size - len(start):
        raise RunError(
            f"`{path}` must be whole: expected {expected} bytes of numbers, got {size - len(start)}. {_ADVICE}"
        )
    return {name: entry for name, entry in header.items() if name != "__metadata__"}


def _data_bytes(path: Path, header: Any) -> int:
    if not isinstance(header, dict):
        raise RunError(f"`{path}` must be a safetensors file: its header is no table. {_ADVICE}")
    return sum(_tensor_bytes(path, name, entry) for name, entry in header.items() if name != "__metadata__")


def _tensor_bytes(path: Path, name: str, entry: Any) -> int:
    shape = entry.get("shape") if isinstance(entry, dict) else None
    kind = entry.get("dtype") if isinstance(entry, dict) else None
    if not isinstance(shape, list) or not all(type(size) is int and 0 <= size <= 2**31 for size in shape):
        raise RunError(f"`{path}` must be a safetensors file: the shape of `{name[:60]}` is amiss. {_ADVICE}")
    if not isinstance(kind, str) or kind not in _SIZES:
        raise RunError(f"`{path}` must hold {' or '.join(_SIZES)}: `{name[:60]}` is {str(kind)[:20]}. {_ADVICE}")
    return math.prod(shape) * _SIZES[kind]


def _check_shapes(path: Path, header: dict[str, Any], shapes: Shapes) -> None:
    for name in sorted(set(shapes) - set(header)):
        raise RunError(f"`{path}` must hold the tensor `{name}`: got none. {_ADVICE}")
    for name in sorted(set(header) - set(shapes)):
        raise RunError(f"`{path}` must hold known tensors alone: got `{name[:60]}`. {_ADVICE}")
    for name, shape in shapes.items():
        if tuple(header[name]["shape"]) != shape:
            raise RunError(
                f"`{path}` must fit its architecture: expected `{name}` of shape {shape}, got "
                f"{tuple(header[name]['shape'])}. {_ADVICE}"
            )


def _changed(path: Path) -> str:
    return f"`{path}` must be as it was written: its checksum or its size differs. {_ADVICE}"


def _not_safetensors(path: Path, start: bytes, size: int) -> str:
    # A pickle of protocol 2 to 5 opens with the opcode PROTO and its number; a .pt file is a zip archive of pickles.
    if (start[:1] == b"\x80" and b"\2" <= start[1:2] <= b"\5") or start.startswith(b"PK\3\4"):
        return (
            f"`{path}` must be a safetensors file: it is a pickle; Pendula never opens pickles, they can run code. "
            "Train the model anew, or convert the file where you trust it."
        )
    return f"`{path}` must be a safetensors file: got {size} bytes of something else. {_ADVICE}"
