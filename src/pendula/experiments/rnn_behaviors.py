"""What a random recurrent network does when left to itself: point attractor, oscillation, chaos (row S9)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from pendula.dynamics.random_network import (
    BEHAVIORS,
    GainSweep,
    SweepSettings,
    mean_field_exponent,
    random_weights,
    sweep_gains,
)
from pendula.errors import ArgumentError
from pendula.experiments.base import Experiment, ExperimentResult, Progress
from pendula.figures import png
from pendula.figures.behaviors import Example, behaviors_figure
from pendula.report import Reference, ReportContent, ReportFigure
from pendula.shapes import Float, ndarray

__all__ = ["RNN_BEHAVIORS", "RnnBehaviors", "mean_field_gain", "run"]

SILENCE, CHAOS = BEHAVIORS.index("silence"), BEHAVIORS.index("chaos")
CITATION = (
    "H. Sompolinsky, A. Crisanti and H. J. Sommers, Physical Review Letters 61, 259 (1988); L. Molgedey, "
    "J. Schuchhardt and H. G. Schuster, Physical Review Letters 69, 3717 (1992)"
)


@dataclass(frozen=True, kw_only=True, slots=True)
class RnnBehaviors:
    """Settings of `rnn-behaviours`.

    Attributes:
        size: Units of the largest networks, whose transition to chaos is measured.
        draws: Networks of each size.
        gains: How many gains from 0.5 to 2.
        steps: Steps over which the exponent is averaged, after as many that are not looked at.
        seed: Of weights and first states.
    """

    size: int = 500
    draws: int = 5
    gains: int = 61
    steps: int = 1500
    seed: int = 0

    def __post_init__(self) -> None:
        """Check the settings.

        Raises:
            ArgumentError: If a setting is out of range.
        """
        for name, low in (("size", 8), ("draws", 1), ("gains", 4), ("steps", 100)):
            if getattr(self, name) < low:
                raise ArgumentError(f"`{name}` must be at least {low}: got {getattr(self, name)}. Choose more.")

    @property
    def sizes(self) -> list[int]:
        """Powers of two below the largest size, and that."""
        return [2**power for power in range(3, 20) if 2**power < self.size] + [self.size]


def run(settings: RnnBehaviors, progress: Progress) -> ExperimentResult:  # noqa: ARG001 # nothing is trained
    """Sweep the gain of random networks of many sizes, and find where chaos begins.

    Args:
        settings: The settings.
        progress: Not used: nothing is trained.

    Returns:
        The shares of each behavior, the transition of the largest networks, and the map.
    """
    gains = np.linspace(0.5, 2.0, settings.gains)
    how = SweepSettings(transient=settings.steps, steps=settings.steps)
    sweeps = {
        size: [
            sweep_gains(random_weights(size, seed=seed), gains, seed=seed, settings=how)
            for seed in range(settings.seed, settings.seed + settings.draws)
        ]
        for size in settings.sizes
    }
    shares = np.array([
        [np.mean([sweep.behaviors == index for sweep in each], axis=0) for each in sweeps.values()]
        for index in range(len(BEHAVIORS))
    ])
    transition = _transition(sweeps[settings.size])
    results = _results(settings, gains, shares, transition, sweeps)
    figure = png(_figure(settings, gains, shares, transition, sweeps[settings.size]))
    return ExperimentResult(
        results=results, content=_content(results, figure, settings), figures={"rnn-behaviours": figure}
    )


def mean_field_gain(gains: Float[ndarray, " gain"], exponents: Float[ndarray, " gain"]) -> float:
    r"""Estimate the gain at which chaos begins from the exponents well above it.

    A finite network oscillates between the loss of stability at g = 1 and its own chaos, so that the gain at which its
    exponent becomes positive says more about its size than about the transition. Further up its exponents follow the
    mean-field curve of the infinitely large network: $\lambda(g) = \Lambda(g/g_c)$ is fitted there, by least squares in
    g_c.

    Args:
        gains: The gains, all clearly chaotic.
        exponents: The exponents, per step.

    Returns:
        g_c, where the fitted curve leaves zero.

    Examples:
        >>> gains = np.linspace(1.6, 2.0, 5)
        >>> mean_field_gain(gains, np.array([mean_field_exponent(gain / 1.1) for gain in gains]))
        1.1000
    """
    from scipy.optimize import least_squares

    def misfit(critical: Float[ndarray, " 1"]) -> Float[ndarray, " gain"]:
        fitted = np.array([mean_field_exponent(gain / critical[0]) for gain in gains])
        return np.asarray(fitted - exponents)

    return float(least_squares(misfit, [1.0], bounds=(0.5, 2.0)).x[0])


def _transition(sweeps: list[GainSweep]) -> dict[str, float | None]:
    gains = sweeps[0].gains
    lost = [_stability_lost(sweep) for sweep in sweeps]
    chaotic = (gains >= 1.5) & (np.mean([sweep.behaviors == CHAOS for sweep in sweeps], axis=0) == 1)
    critical = [mean_field_gain(gains[chaotic], sweep.exponents[chaotic]) for sweep in sweeps] if chaotic.any() else []
    return {
        "gain": float(np.mean(lost)),
        "spread": float(np.std(lost)),
        "mean_field_gain": float(np.mean(critical)) if critical else None,
        "mean_field_spread": float(np.std(critical)) if critical else None,
        "first_chaos": _median([_first_chaos(sweep) for sweep in sweeps]),
    }


def _stability_lost(sweep: GainSweep) -> float:
    # Below, the origin is stable and λ = log g + log|largest eigenvalue|; it reaches zero at this gain.
    quiet = (sweep.behaviors == SILENCE) & (sweep.exponents < -0.05)
    return float(np.exp(np.mean(np.log(sweep.gains[quiet]) - sweep.exponents[quiet])))


def _first_chaos(sweep: GainSweep) -> float:
    chaotic = np.flatnonzero(sweep.behaviors == CHAOS)
    return float(sweep.gains[chaotic[0]]) if chaotic.size else np.inf


def _median(values: list[float]) -> float | None:
    middle = float(np.median(values))
    return middle if np.isfinite(middle) else None


def _results(
    settings: RnnBehaviors,
    gains: Float[ndarray, " gain"],
    shares: Float[ndarray, "behavior size gain"],
    transition: dict[str, float | None],
    sweeps: Mapping[int, list[GainSweep]],
) -> dict[str, Any]:
    largest = np.array([sweep.exponents for sweep in sweeps[settings.size]])
    return {
        "experiment": "rnn-behaviours",
        "seed": settings.seed,
        "draws": settings.draws,
        "sizes": settings.sizes,
        "gains": gains.tolist(),
        "shares": {name: shares[index].tolist() for index, name in enumerate(BEHAVIORS)},
        "largest_exponent": largest.mean(axis=0).tolist(),
        "transition": {"size": settings.size, **transition},
        "first_chaos_by_size": {
            str(size): _median([_first_chaos(each) for each in made]) for size, made in sweeps.items()
        },
        "verdict": _verdict(settings, transition),
        "notes": _notes(),
    }


def _verdict(settings: RnnBehaviors, transition: Mapping[str, float | None]) -> list[str]:
    lost = f"{transition['gain']:.3f} ± {transition['spread']:.3f}"
    sentences = [f"Silence loses its stability, of networks of {settings.size} units, at gain {lost}: the transition."]
    if transition["mean_field_gain"] is not None:
        fitted = f"{transition['mean_field_gain']:.3f} ± {transition['mean_field_spread']:.3f}"
        sentences.append(f"The mean-field curve through their chaotic exponents leaves zero at gain {fitted}.")
    first = transition["first_chaos"]
    sentences.append(
        "No gain up to 2 makes half of these networks chaotic."
        if first is None
        else f"In half of them the exponent is positive only from gain {first:.3f} on; in between they oscillate."
    )
    return sentences


def _notes() -> list[str]:
    theory = (
        "The transition is where the silent state becomes unstable. For infinitely many units theory has it at gain 1, "
        "and chaos begins there at once."
    )
    finite = (
        "A finite network first oscillates: one pair of eigenvalues leaves the unit circle, and chaos needs several, "
        "and it has windows in which it is periodic. The gain of its first positive exponent therefore says more about "
        "its size than about the transition: see `first_chaos_by_size`."
    )
    slow = (
        "The exponent grows only as ⅔ (g − 1)² above the transition: at gain 1.1 a network needs to be observed for "
        "thousands of steps before chaos and oscillation can be told apart."
    )
    return [theory, finite, slow]


def _figure(
    settings: RnnBehaviors,
    gains: Float[ndarray, " gain"],
    shares: Float[ndarray, "behavior size gain"],
    transition: Mapping[str, float | None],
    sweeps: list[GainSweep],
) -> Any:
    marks = {"silence ends": transition["gain"], "mean-field fit": transition["mean_field_gain"]}
    marks["half are chaotic"] = transition["first_chaos"]
    return behaviors_figure(
        gains,
        settings.sizes,
        shares=shares,
        names=BEHAVIORS,
        examples=_examples(settings),
        exponents=np.array([sweep.exponents for sweep in sweeps]),
        mean_field=np.array([mean_field_exponent(float(gain)) for gain in gains]),
        marks={name: gain for name, gain in marks.items() if gain is not None},
    )


def _examples(settings: RnnBehaviors) -> dict[int, Example]:
    # For each behavior the first small network that shows it, at the middle one of its gains.
    size, grid = 32, np.linspace(0.5, 3.0, 101)
    found: dict[int, Example] = {}
    for seed in range(settings.seed, settings.seed + 8):
        weights = random_weights(size, seed=seed)
        behaviors = sweep_gains(weights, grid, seed=seed).behaviors
        for index in set(behaviors.tolist()) - set(found):
            gains = grid[behaviors == index]
            found[index] = _example(weights, float(gains[len(gains) // 2]), seed, settles=index < 2)
    return dict(sorted(found.items()))


def _example(weights: Float[ndarray, "unit unit"], gain: float, seed: int, *, settles: bool) -> Example:
    # How a network settles is seen at once, how it goes on for ever only after its transient.
    first = 0 if settles else 3000
    state = 0.5 * np.random.default_rng([seed, len(weights), 1]).normal(size=len(weights))
    states = []
    for step in range(first + 60):
        if step >= first:
            states.append(state[:2])
        state = np.tanh(gain * (weights @ state))
    return Example(states=np.array(states), note=f"N = {len(weights)}, g = {gain:.2f}", first=first)


def _content(results: Mapping[str, Any], figure: bytes, settings: RnnBehaviors) -> ReportContent:
    return ReportContent(
        title="rnn-behaviours",
        verdict=results["verdict"],
        notes=results["notes"],
        settings={
            "sizes": ", ".join(str(size) for size in settings.sizes),
            "gains": f"{settings.gains} from 0.5 to 2",
        },
        figures=[
            ReportFigure(
                caption="Three units of a network for each behavior; the shares of behaviors over gain and size; the "
                "largest Lyapunov exponent of the largest networks beside that of an infinitely large one.",
                alt="Small panels with time series of units, a map of behaviors over gain and number of units, and "
                "curves of the exponent, which leave zero above gain 1.",
                png=figure,
            )
        ],
        references=[Reference(name="random network", equation="h' = tanh(g·W·h),  W ~ N(0, 1/N)", citation=CITATION)],
        seed=settings.seed,
    )


RNN_BEHAVIORS = Experiment(
    name="rnn-behaviours",
    summary="A random network left to itself: silence, point attractor, oscillation and chaos over gain and size.",
    settings=RnnBehaviors,
    run=run,
)
