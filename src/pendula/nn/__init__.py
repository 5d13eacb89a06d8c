"""What a network is: recurrent layers, the linear path, and the forecaster made of them."""

from pendula.nn.forecaster import Forecaster, ForecasterState, build, detach
from pendula.nn.kernels import Backend
from pendula.nn.linear_path import LinearPath
from pendula.nn.network import CELLS, Cell, Network, as_network
from pendula.nn.recurrent import GRU, LSTM, RNN, RecurrentLayer, RecurrentState
from pendula.nn.rollout import continue_run, free_run
from pendula.nn.streaming import Stream

__all__ = [
    "CELLS",
    "GRU",
    "LSTM",
    "RNN",
    "Backend",
    "Cell",
    "Forecaster",
    "ForecasterState",
    "LinearPath",
    "Network",
    "RecurrentLayer",
    "RecurrentState",
    "Stream",
    "as_network",
    "build",
    "continue_run",
    "detach",
    "free_run",
]
