"""The lecture's experiments and the demo, by name."""

from pendula.experiments.base import Experiment, ExperimentResult, Progress
from pendula.experiments.demo import DEMO, Demo
from pendula.experiments.lecture_oscillator import LECTURE_OSCILLATOR, LectureOscillator
from pendula.experiments.lecture_sine import LECTURE_SINE, LectureSine

EXPERIMENTS: dict[str, Experiment] = {
    experiment.name: experiment for experiment in (LECTURE_SINE, LECTURE_OSCILLATOR, DEMO)
}

__all__ = [
    "EXPERIMENTS",
    "Demo",
    "Experiment",
    "ExperimentResult",
    "LectureOscillator",
    "LectureSine",
    "Progress",
]
