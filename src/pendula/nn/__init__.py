"""What a network is: recurrent layers, the linear path, and the forecaster made of them."""

from pendula.nn.added_rate import AddedRate
from pendula.nn.array_cell import array_step
from pendula.nn.causal_filter import CausalFilter, draw_filter
from pendula.nn.echo_member import EchoMember
from pendula.nn.encoder_decoder import EncoderDecoder, draw_encoder_decoder
from pendula.nn.ensemble import EnsembleForecaster, EnsembleState
from pendula.nn.equation import Equation, observed_components
from pendula.nn.forecaster import Forecaster, ForecasterState, build, detach, seen_channels
from pendula.nn.initial_state import InitialState, LearnedState, resting_state
from pendula.nn.initialization import Initialization, initialize
from pendula.nn.integrator_cell import IntegratorCell, unroll
from pendula.nn.integrator_forecaster import IntegratorForecaster, IntegratorState
from pendula.nn.kernels import Backend
from pendula.nn.linear_path import LinearPath
from pendula.nn.mixture import Mixture
from pendula.nn.network import (
    CELLS,
    INTEGRATOR,
    NEXT_GENERATION,
    RESERVOIR,
    RESERVOIRS,
    SOLVED,
    Cell,
    Head,
    Network,
    as_network,
)
from pendula.nn.next_generation import NextGeneration, polynomial_features, run_polynomial
from pendula.nn.polynomial_member import PolynomialMember
from pendula.nn.readout import Readout, ReadoutResult, Scored, draw_readout
from pendula.nn.recurrent import GRU, LSTM, RNN, RecurrentLayer, RecurrentState
from pendula.nn.reservoir import TOPOLOGIES, Reservoir, Topology
from pendula.nn.reservoir_forecaster import Member, ReservoirForecaster, ReservoirState, draw_member
from pendula.nn.reservoir_states import departures, drive_reservoir, run_reservoir
from pendula.nn.reservoir_weights import ReservoirWeights, draw_reservoir, spectral_radius
from pendula.nn.rollout import AnyForecaster, continue_run, free_run, member_runs
from pendula.nn.sampling import draw_runs
from pendula.nn.solved_stream import SolvedStream
from pendula.nn.state_filter import Estimate, StateFilter
from pendula.nn.streaming import Stream
from pendula.nn.weight_memory import require_weights

__all__ = [
    "CELLS",
    "GRU",
    "INTEGRATOR",
    "LSTM",
    "NEXT_GENERATION",
    "RESERVOIR",
    "RESERVOIRS",
    "RNN",
    "SOLVED",
    "TOPOLOGIES",
    "AddedRate",
    "AnyForecaster",
    "Backend",
    "CausalFilter",
    "Cell",
    "EchoMember",
    "EncoderDecoder",
    "EnsembleForecaster",
    "EnsembleState",
    "Equation",
    "Estimate",
    "Forecaster",
    "ForecasterState",
    "Head",
    "InitialState",
    "Initialization",
    "IntegratorCell",
    "IntegratorForecaster",
    "IntegratorState",
    "LearnedState",
    "LinearPath",
    "Member",
    "Mixture",
    "Network",
    "NextGeneration",
    "PolynomialMember",
    "Readout",
    "ReadoutResult",
    "RecurrentLayer",
    "RecurrentState",
    "Reservoir",
    "ReservoirForecaster",
    "ReservoirState",
    "ReservoirWeights",
    "Scored",
    "SolvedStream",
    "StateFilter",
    "Stream",
    "Topology",
    "array_step",
    "as_network",
    "build",
    "continue_run",
    "departures",
    "detach",
    "draw_encoder_decoder",
    "draw_filter",
    "draw_member",
    "draw_readout",
    "draw_reservoir",
    "draw_runs",
    "drive_reservoir",
    "free_run",
    "initialize",
    "member_runs",
    "observed_components",
    "polynomial_features",
    "require_weights",
    "resting_state",
    "run_polynomial",
    "run_reservoir",
    "seen_channels",
    "spectral_radius",
    "unroll",
]
