"""torch: state dictionaries of its recurrent layers, from files that nobody vouches for.

The layers of `pendula.nn` have torch's own names and shapes: a state dictionary of `torch.nn.RNN`, `GRU` or `LSTM`
loads as it is, and theirs loads into torch's.
"""

import pickle
import re
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from pendula.errors import ModelError
from pendula.files import file_size
from pendula.interop.taken_over import forecaster_of
from pendula.nn import CELLS, Forecaster, Readout, RecurrentLayer

__all__ = ["TorchNetwork", "from_torch", "read_weights"]

MOST_BYTES = 2**31
"""Files beyond this size are refused."""
MOST_PICKLE = 16 * 2**20
"""The part of a file that says where its tensors lie is much smaller."""
MOST_MEMBERS = 10_000

_NESTED = ("state_dict", "model_state_dict", "model")
"""Where checkpoints keep the weights, beside an optimizer and an epoch."""
_ADVICE = "Save it anew where you trust it: torch.save(model.state_dict(), 'weights.pt')."


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class TorchNetwork:
    """A network that was torch's, in Pendula's layers.

    Attributes:
        recurrent: The recurrent stack, `batch_first`.
        head: The linear layer after it; None where there is none.
        source: What messages call the model.
    """

    recurrent: RecurrentLayer
    head: nn.Linear | None
    source: str

    @property
    def window(self) -> None:
        """Steps of the model's input: weights do not tell."""
        return

    def readout(self) -> Readout:
        """Give the network as layers with a head.

        Returns:
            The readout of every step, which shares the weights.
        """
        return Readout(self.recurrent, self._head(), scored="every")

    def forecaster(self) -> Forecaster:
        """Give the network as a forecaster, which is told a series value by value and can run freely.

        Returns:
            The forecaster, with the weights copied.
        """
        return forecaster_of(self.recurrent, self._head(), source=self.source, layers="from_torch(...).recurrent")

    def _head(self) -> nn.Linear:
        if self.head is None:
            raise ModelError(
                f"`{self.source}` must have a head: expected a linear layer after the recurrent ones, got none. Its "
                "stack alone is `from_torch(...).recurrent`."
            )
        return self.head


def from_torch(weights: "str | Path | Mapping[str, Tensor]") -> TorchNetwork:
    """Take a recurrent network over from torch: an RNN, GRU or LSTM, with a linear layer after it if there is one.

    What the weights do not tell is taken as usual: an RNN has tanh units, and there is no dropout.

    Args:
        weights: A state dictionary, or the path of a `.pt` file with one.

    Returns:
        The network: its outputs have torch's bits, or are the same to rounding.

    Raises:
        ModelError: If the file is damaged or does more than hold tensors, or if the tensors are no such network.

    Examples:
        >>> theirs = nn.ModuleDict({"rnn": nn.LSTM(1, 4), "out": nn.Linear(4, 1)})
        >>> from_torch(theirs.state_dict()).recurrent
        LSTM(1, 4, batch_first=True)
    """
    is_file = isinstance(weights, str | Path)
    source = str(weights) if is_file else "weights"
    held = read_weights(weights) if isinstance(weights, str | Path) else dict(weights)
    stem = _stem(held, source)
    recurrent = _recurrent({name[len(stem) :]: value for name, value in held.items() if name.startswith(stem)}, source)
    rest = {
        name: value
        for name, value in held.items()
        if not name.startswith(stem) or _LAYER.match(name[len(stem) :]) is None
    }
    return TorchNetwork(recurrent=recurrent, head=_linear(rest, recurrent, source), source=source)


def read_weights(path: str | Path) -> dict[str, Tensor]:
    """Read the tensors of a `.pt` file, and nothing else.

    The file is opened with torch's restricted unpickler (`weights_only=True`), which calls none of what a pickle may
    name; size and archive are checked before.

    Args:
        path: A file of `torch.save(model.state_dict(), path)`, or a checkpoint with such a `state_dict`.

    Returns:
        Real tensors in float32 or float64, by name.

    Raises:
        ModelError: If the file is damaged, compressed, larger within than without, or holds anything but tensors of
            finite numbers.
        RunError: If there is no such file, or an immense one.
    """
    path = Path(path)
    _check_archive(path, file_size(path, most=MOST_BYTES))
    try:
        content = torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        raise ModelError(
            f"`{path}` must hold tensors alone: got a pickle that asks for more, which could run code. Nothing of it "
            f"was run. {_ADVICE}"
        ) from error
    except (RuntimeError, OSError, EOFError, ValueError, KeyError, TypeError, AttributeError, IndexError) as error:
        raise ModelError(f"`{path}` must be a whole file of torch: it is damaged. Copy it again.") from error
    return _tensors(path, content)


def _check_archive(path: Path, size: int) -> None:
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
        raise ModelError(
            f"`{path}` must be a whole ZIP archive, as torch writes it: it is something else, or cut short. "
            f"Copy it again. {_ADVICE}"
        ) from error
    pickles = sum(member.file_size for member in members if member.filename.endswith(".pkl"))
    packed = any(member.compress_type != zipfile.ZIP_STORED for member in members)
    if (
        packed
        or len(members) > MOST_MEMBERS
        or sum(member.file_size for member in members) > size
        or pickles > MOST_PICKLE
    ):
        raise ModelError(
            f"`{path}` must not be a bomb: expected members that are stored as they are, got compressed, too many or "
            f"overlapping ones. It was not unpacked; do not trust this file. {_ADVICE}"
        )


def _tensors(path: Path, content: Any) -> dict[str, Tensor]:
    for name in _NESTED:
        if isinstance(content, Mapping) and isinstance(content.get(name), Mapping):
            content = content[name]
            break
    if not isinstance(content, Mapping) or not content:
        raise ModelError(f"`{path}` must hold a state dictionary: got {type(content).__name__}. {_ADVICE}")
    return {_name(path, name): _tensor(path, str(name), value) for name, value in content.items()}


def _name(path: Path, name: Any) -> str:
    if not isinstance(name, str):
        raise ModelError(f"`{path}` must name its tensors: got the name {str(name)[:60]!r}. {_ADVICE}")
    return name


def _tensor(path: Path, name: str, value: Any) -> Tensor:
    if not isinstance(value, Tensor) or value.layout != torch.strided or value.dtype not in _KINDS:
        got = f"{value.dtype}" if isinstance(value, Tensor) else type(value).__name__
        raise ModelError(f"`{path}` must hold tensors of real numbers alone: `{name[:60]}` is {got}. {_ADVICE}")
    # A tensor may claim any shape over a few bytes, by going over them again and again.
    if value.numel() * value.element_size() > value.untyped_storage().nbytes():
        raise ModelError(
            f"`{path}` must hold the numbers of its tensors: `{name[:60]}` of shape {tuple(value.shape)} has fewer. Do "
            "not trust this file."
        )
    held = value.detach().to(torch.float64 if value.dtype == torch.float64 else torch.float32)
    if not bool(torch.isfinite(held).all()):
        raise ModelError(f"`{path}` must hold finite weights: got NaN or infinity in `{name[:60]}`.")
    return held


def _stem(held: Mapping[str, Tensor], source: str) -> str:
    stems = [name.removesuffix("weight_hh_l0") for name in held if re.search(r"(^|\.)weight_hh_l0$", name)]
    if len(stems) != 1:
        got = "none" if not stems else f"several: {', '.join(stem or 'the top' for stem in stems)}"
        raise ModelError(
            f"`{source}` must hold one recurrent layer of torch: expected one weight_hh_l0, got {got}. Give the "
            "weights of one torch.nn.RNN, GRU or LSTM."
        )
    return stems[0]


def _recurrent(held: Mapping[str, Tensor], source: str) -> RecurrentLayer:
    own = {name: value for name, value in held.items() if _LAYER.match(name)}
    recalled = own["weight_hh_l0"]
    shown = own.get("weight_ih_l0")
    if shown is None or recalled.ndim != 2 or shown.ndim != 2:
        raise ModelError(f"`{source}` must hold matrices of a recurrent layer: weight_ih_l0 or weight_hh_l0 is none.")
    projected = own.get("weight_hr_l0")
    units = int(recalled.shape[1]) if projected is None else int(projected.shape[-1])
    cell = _CELL_OF.get(recalled.shape[0] // units) if units and recalled.shape[0] % units == 0 else None
    if cell is None or (projected is not None and cell != "lstm"):
        raise ModelError(
            f"`{source}` must have the gates of an RNN, GRU or LSTM: expected 1, 3 or 4 blocks of {units} rows, got "
            f"{recalled.shape[0]} rows."
        )
    options: dict[str, Any] = {} if projected is None else {"proj_size": int(projected.shape[0])}
    made = CELLS[cell](
        int(shown.shape[1]),
        units,
        num_layers=sum(re.fullmatch(r"weight_hh_l\d+", name) is not None for name in own),
        bias=True,
        batch_first=True,
        bidirectional="weight_hh_l0_reverse" in own,
        dtype=recalled.dtype,
        **options,
    )
    return _filled(made, own, source)


def _filled(made: RecurrentLayer, own: Mapping[str, Tensor], source: str) -> RecurrentLayer:
    state = made.state_dict()
    # Without biases it is the same network with biases of zero.
    without = not any(name.startswith("bias") for name in own)
    whole = {name: torch.zeros_like(value) for name, value in state.items() if without and name.startswith("bias")}
    whole |= own
    wrong = sorted(set(whole) ^ set(state)) or [
        name for name, value in state.items() if whole[name].shape != value.shape or whole[name].dtype != value.dtype
    ]
    if wrong:
        raise ModelError(
            f"`{source}` must be one stack of layers: `{wrong[0]}` is missing, or does not fit the others."
        )
    made.load_state_dict(whole)
    return made


def _linear(rest: Mapping[str, Tensor], recurrent: RecurrentLayer, source: str) -> nn.Linear | None:
    if not rest:
        return None
    width = (recurrent.proj_size or recurrent.hidden_size) * (2 if recurrent.bidirectional else 1)
    weights = [name for name in rest if name.endswith("weight")]
    weight = rest[weights[0]] if len(weights) == 1 else None
    bias = rest.get(weights[0].removesuffix("weight") + "bias") if weight is not None else None
    known = {*weights, *(name for name in rest if bias is not None and rest[name] is bias)}
    if weight is None or weight.ndim != 2 or weight.shape[1] != width or set(rest) != known:
        raise ModelError(
            f"`{source}` must have at most one linear layer of {width} inputs after the recurrent ones: got "
            f"{', '.join(sorted(rest))[:200]}. Give the weights of those layers alone."
        )
    made = nn.Linear(width, len(weight), dtype=weight.dtype)
    with torch.no_grad():
        made.weight.copy_(weight)
        made.bias.copy_(torch.zeros(len(weight)) if bias is None else bias)
    return made


_KINDS = (torch.float16, torch.bfloat16, torch.float32, torch.float64)
_LAYER = re.compile(r"(weight|bias)_(ih|hh|hr)_l\d+(_reverse)?$")
_CELL_OF = {1: "rnn", 3: "gru", 4: "lstm"}
