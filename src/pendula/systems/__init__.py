"""Physics only: signals, oscillators, chaotic flows, maps, delay equations; integrators; facts with their sources."""

from pendula.systems.base import DelayFlow, Flow, Map, Process, Signal, System
from pendula.systems.chaos import Lorenz63, Lorenz96, Rossler
from pendula.systems.delay_integrators import integrate_delay
from pendula.systems.delays import MackeyGlass
from pendula.systems.facts import Fact, Quantity, StateVariable
from pendula.systems.grid import sample_count, sample_times
from pendula.systems.integrators import METHODS, Tolerance, integrate, iterate
from pendula.systems.linear import Oscillator
from pendula.systems.maps import Henon, Logistic
from pendula.systems.oscillators import Duffing, FitzHughNagumo, Pendulum, VanDerPol
from pendula.systems.processes import Autoregression, OrnsteinUhlenbeck
from pendula.systems.pulses import PULSE_KINDS, Pulses, draw_pulses, pulse_shape
from pendula.systems.registry import SYSTEMS, citation, describe, make_system
from pendula.systems.signals import Combined, Cosine, Damped, Sine
from pendula.systems.simulate import simulate
from pendula.systems.steps import euler_step, rk4_step
from pendula.systems.switching import REGIMES, Switching, draw_switching
from pendula.systems.tangents import push_directions

__all__ = [
    "METHODS",
    "PULSE_KINDS",
    "REGIMES",
    "SYSTEMS",
    "Autoregression",
    "Combined",
    "Cosine",
    "Damped",
    "DelayFlow",
    "Duffing",
    "Fact",
    "FitzHughNagumo",
    "Flow",
    "Henon",
    "Logistic",
    "Lorenz63",
    "Lorenz96",
    "MackeyGlass",
    "Map",
    "OrnsteinUhlenbeck",
    "Oscillator",
    "Pendulum",
    "Process",
    "Pulses",
    "Quantity",
    "Rossler",
    "Signal",
    "Sine",
    "StateVariable",
    "Switching",
    "System",
    "Tolerance",
    "VanDerPol",
    "citation",
    "describe",
    "draw_pulses",
    "draw_switching",
    "euler_step",
    "integrate",
    "integrate_delay",
    "iterate",
    "make_system",
    "pulse_shape",
    "push_directions",
    "rk4_step",
    "sample_count",
    "sample_times",
    "simulate",
]
