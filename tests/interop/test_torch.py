"""Weights of torch's own layers, both ways; and files that nobody should trust."""

import io
import pickle
import zipfile

import numpy as np
import pytest
import torch
from torch import nn

from pendula.errors import ModelError, RunError
from pendula.interop.torch import from_torch, read_weights
from pendula.nn import GRU, LSTM, RNN, Network, Readout, build

PAIRS = {"rnn": (nn.RNN, RNN), "gru": (nn.GRU, GRU), "lstm": (nn.LSTM, LSTM)}
CHOICES = [
    {},
    {"num_layers": 2, "bidirectional": True},
    {"num_layers": 3, "bias": False},
    {"bidirectional": True, "batch_first": True},
]


def agree(ours, theirs, *, dtype):
    x = torch.randn(5, 4, theirs.input_size, dtype=dtype)
    # Both sum products in an order of their own.
    error = 1e-6 if dtype == torch.float32 else 1e-12
    torch.testing.assert_close(ours(x)[0], theirs(x)[0], rtol=error, atol=error)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=str)
@pytest.mark.parametrize("choices", CHOICES, ids=str)
@pytest.mark.parametrize("cell", PAIRS)
def test_state_dictionaries_load_as_they_are_both_ways(cell, choices, dtype):
    theirs, ours = (kind(2, 3, **choices, dtype=dtype) for kind in PAIRS[cell])
    assert list(ours.state_dict()) == list(theirs.state_dict())
    ours.load_state_dict(theirs.state_dict())
    agree(ours, theirs, dtype=dtype)
    back = PAIRS[cell][0](2, 3, **choices, dtype=dtype)
    back.load_state_dict(PAIRS[cell][1](2, 3, **choices, dtype=dtype).state_dict())
    again = PAIRS[cell][1](2, 3, **choices, dtype=dtype)
    again.load_state_dict(back.state_dict())
    agree(again, back, dtype=dtype)


class Net(nn.Module):
    """A network as people write it."""

    def __init__(self, kind=nn.LSTM, inputs=2, outputs=2, **choices):
        super().__init__()
        self.body = kind(inputs, 5, batch_first=True, **choices)
        width = 5 * (2 if choices.get("bidirectional") else 1)
        self.out = nn.Linear(choices.get("proj_size") or width, outputs)

    def forward(self, x):
        return self.out(self.body(x)[0])


@pytest.mark.parametrize("wrapped", [False, True])
@pytest.mark.parametrize("kind", [nn.RNN, nn.GRU, nn.LSTM])
def test_a_file_becomes_a_readout_and_a_forecaster(tmp_path, kind, wrapped):
    net = Net(kind, num_layers=2).double()
    state = net.state_dict()
    torch.save({"state_dict": state, "epoch": 3} if wrapped else state, tmp_path / "net.pt")
    taken = from_torch(tmp_path / "net.pt")
    x = torch.randn(3, 6, 2, dtype=torch.float64)
    torch.testing.assert_close(taken.readout()(x).outputs, net(x), rtol=1e-12, atol=1e-12)
    torch.testing.assert_close(taken.forecaster()(x)[0][:, :, 0], net(x), rtol=1e-12, atol=1e-12)
    assert isinstance(taken.readout(), Readout)


@pytest.mark.filterwarnings("ignore:LSTM with projections")
@pytest.mark.parametrize("choices", [{"bidirectional": True}, {"bias": False}, {"proj_size": 3}], ids=str)
def test_unusual_stacks_come_over_as_layers(choices):
    net = Net(**choices)
    taken = from_torch(net.state_dict())
    x = torch.randn(3, 6, 2)
    torch.testing.assert_close(taken.head(taken.recurrent(x)[0]), net(x), rtol=1e-5, atol=1e-6)
    if "bias" not in choices:
        with pytest.raises(ModelError, match="must run in one direction to be a forecaster: got"):
            taken.forecaster()


def test_pendulas_own_weights_load_into_torch(tmp_path):
    forecaster = build(Network(cell="lstm", hidden_size=5, residual=False, increments=False), 2, seed=1)
    net = Net()
    net.body.load_state_dict(forecaster.recurrent.state_dict())
    net.out.load_state_dict(forecaster.head.state_dict())
    x = torch.randn(3, 6, 2)
    torch.testing.assert_close(net(x), forecaster(x)[0][:, :, 0], rtol=1e-5, atol=1e-6)
    torch.save(net.half().state_dict(), tmp_path / "half.pt")
    assert from_torch(tmp_path / "half.pt").head.weight.dtype == torch.float32


def test_a_stack_without_a_head():
    taken = from_torch(nn.GRU(2, 3).state_dict())
    assert taken.head is None
    with pytest.raises(
        ModelError, match="`weights` must have a head: expected a linear layer after the recurrent ones"
    ):
        taken.forecaster()


@pytest.mark.parametrize(
    ("state", "message"),
    [
        (nn.Linear(2, 2).state_dict(), "expected one weight_hh_l0, got none"),
        (nn.ModuleList([nn.GRU(1, 2), nn.GRU(1, 2)]).state_dict(), "expected one weight_hh_l0, got several: 0., 1."),
        (nn.GRU(1, 2).state_dict() | {"weight_hh_l0": torch.zeros(5, 2)}, "expected 1, 3 or 4 blocks of 2 rows, got 5"),
        (nn.GRU(1, 2).state_dict() | {"bias_hh_l0": torch.zeros(5)}, "`bias_hh_l0` is missing, or does not fit"),
        (nn.GRU(1, 2).state_dict() | {"weight_ih_l0": torch.zeros(5)}, "must hold matrices of a recurrent layer"),
        (nn.ModuleList([nn.GRU(1, 2), nn.Linear(3, 1)]).state_dict(), "at most one linear layer of 2 inputs"),
        (nn.ModuleList([nn.GRU(1, 2), nn.LayerNorm(2)]).state_dict(), "at most one linear layer of 2 inputs"),
        (nn.ModuleList([nn.GRU(1, 2), nn.Linear(2, 1), nn.Linear(1, 1)]).state_dict(), "at most one linear layer"),
    ],
    ids=["no layer", "two layers", "gates", "bias", "vector", "width", "norm", "two heads"],
)
def test_what_is_no_such_network_is_named(state, message):
    with pytest.raises(ModelError, match=message):
        from_torch(state)


def test_other_outputs_than_the_inputs_cannot_run_freely():
    with pytest.raises(ModelError, match="expected 2 outputs, or a multiple of it for several steps, got 3"):
        from_torch(Net(outputs=3).state_dict()).forecaster()
    assert from_torch(Net(outputs=6).state_dict()).forecaster().network.leads == 3


class Hostile:
    """A pickle that makes a file where it is opened."""

    def __init__(self, mark):
        self.mark = mark

    def __reduce__(self):
        return open, (str(self.mark), "w")


def test_a_hostile_pickle_runs_nothing(tmp_path):
    mark = tmp_path / "it ran"
    torch.save({"weight_hh_l0": Hostile(mark)}, tmp_path / "hostile.pt")
    with pytest.raises(
        ModelError, match=r"got a pickle that asks for more, which could run code. Nothing of it was run."
    ):
        read_weights(tmp_path / "hostile.pt")
    (tmp_path / "bare.pt").write_bytes(pickle.dumps(Hostile(mark)))
    with pytest.raises(ModelError, match="must be a whole ZIP archive, as torch writes it: it is something else"):
        read_weights(tmp_path / "bare.pt")
    torch.save(nn.GRU(1, 2), tmp_path / "whole.pt")
    with pytest.raises(ModelError, match="got a pickle that asks for more"):
        read_weights(tmp_path / "whole.pt")
    assert not mark.exists()


def test_a_truncated_file_is_refused_wherever_it_is_cut(tmp_path):
    whole = io.BytesIO()
    torch.save(nn.GRU(1, 2).state_dict(), whole)
    content, path = whole.getvalue(), tmp_path / "cut.pt"
    for size in np.linspace(0, len(content) - 1, 12).astype(int):
        path.write_bytes(content[:size])
        with pytest.raises((ModelError, RunError)):
            read_weights(path)
    # A member that is damaged within a whole archive
    path.write_bytes(content.replace(b"weight_hh_l0", b"weight_\xff\xff_l0", 1))
    with pytest.raises(ModelError):
        from_torch(path)


def test_bombs_are_not_unpacked(tmp_path):
    path = tmp_path / "bomb.pt"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("bomb/data.pkl", bytes(2**24))
    with pytest.raises(ModelError, match="must not be a bomb: expected members that are stored as they are"):
        read_weights(path)


def test_a_tensor_larger_than_its_numbers_is_refused(tmp_path):
    # 2^40 numbers over the bytes of one: to copy it would take 4 TiB.
    torch.save({"weight_hh_l0": torch.zeros(1).expand(2**20, 2**20)}, tmp_path / "wide.pt")
    with pytest.raises(ModelError, match=r"`weight_hh_l0` of shape \(1048576, 1048576\) has fewer"):
        read_weights(tmp_path / "wide.pt")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ([1.0, 2.0], "must hold a state dictionary: got list"),
        ({"weight_hh_l0": 3}, "`weight_hh_l0` is int"),
        ({"weight_hh_l0": torch.zeros(2, dtype=torch.int64)}, "`weight_hh_l0` is torch.int64"),
        (
            {"weight_hh_l0": torch.tensor([float("nan")])},
            "must hold finite weights: got NaN or infinity in `weight_hh_l0`",
        ),
        ({3: torch.zeros(1)}, "must name its tensors: got the name '3'"),
    ],
    ids=["list", "number", "integers", "nan", "name"],
)
def test_other_contents_are_refused(tmp_path, content, message):
    torch.save(content, tmp_path / "other.pt")
    with pytest.raises(ModelError, match=message):
        read_weights(tmp_path / "other.pt")


def test_no_file(tmp_path):
    with pytest.raises(RunError, match=r"none\.pt"):
        read_weights(tmp_path / "none.pt")
