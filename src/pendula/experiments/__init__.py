"""The lecture's experiments and the demo, by name."""

from pendula.experiments.base import Experiment, ExperimentResult, Progress
from pendula.experiments.bifurcations import BIFURCATIONS, BifurcationDiagram
from pendula.experiments.coverage import COVERAGE, CoverageProtocol
from pendula.experiments.demo import DEMO, Demo
from pendula.experiments.encoder_decoder import ENCODER_DECODER, EncoderDecoderRun
from pendula.experiments.fitzhugh_nagumo import FITZHUGH_NAGUMO, FitzHughNagumoRun
from pendula.experiments.flip_flop import FLIP_FLOP, FlipFlop
from pendula.experiments.four_ways import FOUR_WAYS, FourWays
from pendula.experiments.kalman_gap import KALMAN_GAP, KalmanGap
from pendula.experiments.known_noise import KNOWN_NOISE, KnownNoise
from pendula.experiments.lecture_keras_rk4 import LECTURE_KERAS_RK4, LectureKerasRk4
from pendula.experiments.lecture_keras_sine import LECTURE_KERAS_SINE, LectureKerasSine
from pendula.experiments.lecture_oscillator import LECTURE_OSCILLATOR, LectureOscillator
from pendula.experiments.lecture_sine import LECTURE_SINE, LectureSine
from pendula.experiments.long_memory import LONG_MEMORY
from pendula.experiments.long_memory_choices import LongMemoryRun
from pendula.experiments.lorenz_attractor import LORENZ_ATTRACTOR, LorenzAttractor
from pendula.experiments.lorenz_reservoir import LORENZ_RESERVOIR, LorenzReservoir
from pendula.experiments.mackey_glass import MACKEY_GLASS, MackeyGlassProtocol
from pendula.experiments.oscillator_identification import OSCILLATOR_IDENTIFICATION, OscillatorIdentification
from pendula.experiments.regimes import REGIME_SWITCHES, RegimeSwitches
from pendula.experiments.rnn_behaviors import RNN_BEHAVIORS, RnnBehaviors
from pendula.experiments.silverbox import SILVERBOX, SilverboxRun
from pendula.experiments.vanishing_gradients import VANISHING_GRADIENTS, VanishingGradients
from pendula.experiments.waveforms import WAVEFORMS, Waveforms

EXPERIMENTS: dict[str, Experiment] = {
    experiment.name: experiment
    for experiment in (
        LECTURE_SINE,
        LECTURE_OSCILLATOR,
        LECTURE_KERAS_SINE,
        LECTURE_KERAS_RK4,
        OSCILLATOR_IDENTIFICATION,
        RNN_BEHAVIORS,
        BIFURCATIONS,
        MACKEY_GLASS,
        LORENZ_RESERVOIR,
        VANISHING_GRADIENTS,
        LONG_MEMORY,
        FOUR_WAYS,
        LORENZ_ATTRACTOR,
        FLIP_FLOP,
        WAVEFORMS,
        REGIME_SWITCHES,
        KNOWN_NOISE,
        COVERAGE,
        SILVERBOX,
        KALMAN_GAP,
        FITZHUGH_NAGUMO,
        ENCODER_DECODER,
        DEMO,
    )
}

__all__ = [
    "EXPERIMENTS",
    "BifurcationDiagram",
    "CoverageProtocol",
    "Demo",
    "EncoderDecoderRun",
    "Experiment",
    "ExperimentResult",
    "FitzHughNagumoRun",
    "FlipFlop",
    "FourWays",
    "KalmanGap",
    "KnownNoise",
    "LectureKerasRk4",
    "LectureKerasSine",
    "LectureOscillator",
    "LectureSine",
    "LongMemoryRun",
    "LorenzAttractor",
    "LorenzReservoir",
    "MackeyGlassProtocol",
    "OscillatorIdentification",
    "Progress",
    "RegimeSwitches",
    "RnnBehaviors",
    "SilverboxRun",
    "VanishingGradients",
    "Waveforms",
]
