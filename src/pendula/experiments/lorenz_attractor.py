"""Lorenz 1963 learned by a reservoir: is what it does for ten thousand steps on its own the same attractor?"""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch

from pendula.dynamics import ForecasterDynamics, LyapunovSettings, LyapunovSpectrum, lyapunov_spectrum, system_spectrum
from pendula.errors import ArgumentError, DivergedError
from pendula.experiments.base import Experiment, ExperimentResult, Progress
from pendula.figures import draw_lyapunov, draw_state_space, png
from pendula.figures.canvas import new_figure
from pendula.figures.style import style
from pendula.metrics import exponent_error, return_map, spectrum_distance, state_space_divergence
from pendula.nn import Reservoir, draw_reservoir, drive_reservoir, run_reservoir
from pendula.optim import ReadoutRows, ridge_problem
from pendula.report import Reference, ReportContent, ReportFigure
from pendula.shapes import Float, Series, ndarray
from pendula.systems import Lorenz63, integrate

__all__ = ["LORENZ_ATTRACTOR", "LorenzAttractor", "run"]

EXPONENTS = (0.9056, 0.0, -14.572)
"""Sprott, Chaos and Time-Series Analysis (2003), appendix A."""
TRANSIENT = 20.0
FLOORS = 20
"""Exact runs that the sampling floor is measured with."""
REFERENCE = 100_000
"""Steps of the exact run that everything is compared with."""
WARM_UP = 200
TRAJECTORIES = 24


@dataclass(frozen=True, kw_only=True, slots=True)
class LorenzAttractor:
    """Settings of `lorenz-attractor`.

    Attributes:
        units: How many units the reservoir has.
        train: Samples that are known.
        dt: Interval between samples, in units of time.
        steps: Steps of the free run.
        exponent_steps: Steps over which exponents are averaged, on each of 24 stretches of the free run.
        seed: Of the reservoir and of all initial states.
        reservoir: What the reservoir is.
        penalty: Ridge penalty.
    """

    units: int = 400
    train: int = 20_000
    dt: float = 0.02
    steps: int = 10_000
    exponent_steps: int = 3000
    seed: int = 0
    reservoir: Reservoir = field(
        default_factory=lambda: Reservoir(
            spectral_radius=0.2, connections=10, input_scaling=0.3, bias_scaling=1.0, leak=1.0, direct=True
        )
    )
    penalty: float = 1e-12

    def __post_init__(self) -> None:
        for name, low in (("units", 1), ("train", 1000), ("steps", 1000), ("exponent_steps", 100)):
            if getattr(self, name) < low:
                raise ArgumentError(f"`{name}` must be at least {low}: got {getattr(self, name)}. Choose more.")
        if not 0 < self.dt <= 0.1:
            raise ArgumentError(
                f"`dt` must resolve the flow: expected a number above 0 and up to 0.1, got {self.dt}. Take 0.02, say."
            )


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Learned:
    """A reservoir in free run.

    Attributes:
        free: Its values, in the units of the flow.
        spectrum: Its Lyapunov exponents.
    """

    free: Series
    spectrum: LyapunovSpectrum


def run(settings: LorenzAttractor, progress: Progress) -> ExperimentResult:
    """Teach a reservoir the flow, let it run freely, and compare attractors, exponents and spectra.

    Args:
        settings: The settings.
        progress: Is not used: a readout is found in one pass.

    Returns:
        Exponents, divergence and spectrum distance beside the sampling floor; the figures; a page.
    """
    del progress
    known, reference, exact = _truths(settings)
    learned = _learn(settings, known)
    truth = system_spectrum("lorenz63", dt=0.01, duration=100.0, trajectories=1000, seed=settings.seed)
    results = _results(settings, learned, reference=reference, exact=exact, truth=truth)
    figures = [_attractors(reference, learned.free), _return_maps(reference, learned.free), _converging(learned)]
    content = ReportContent(
        title="The Lorenz attractor, learned",
        verdict=results["verdict"],
        notes=results["notes"],
        results=_facts(results),
        figures=figures,
        references=_REFERENCES,
        seed=settings.seed,
    )
    return ExperimentResult(results=results, content=content, figures=content.images)


def _truths(settings: LorenzAttractor) -> tuple[Series, Series, Float[ndarray, "run step channel"]]:
    # One run to learn from, a long one to compare with, and several as long as the free run for the sampling floor.
    flow = Lorenz63()
    random = np.random.default_rng([settings.seed, 63])
    first = random.normal(size=(3, 2 + FLOORS)) + np.array([[0.0], [0.0], [25.0]])
    landed = integrate(flow.derivative, first, dt=TRANSIENT, samples=2, substeps=round(TRANSIENT / 0.01))[1]

    def sampled(starts: Float[ndarray, "channel run"], samples: int) -> Float[ndarray, "run step channel"]:
        run = integrate(flow.derivative, starts, dt=settings.dt, samples=samples, substeps=4)
        return np.moveaxis(run, 2, 0)

    return (
        sampled(landed[:, :1], settings.train)[0],
        sampled(landed[:, 1:2], REFERENCE)[0],
        sampled(landed[:, 2:], settings.steps),
    )


def _learn(settings: LorenzAttractor, known: Series) -> Learned:
    mean, scale = known.mean(axis=0), known.std(axis=0)
    scaled = (known - mean) / scale
    weights = draw_reservoir(settings.reservoir, units=settings.units, inputs=3, seed=settings.seed)
    rows = ReadoutRows(
        weights=weights,
        values=scaled,
        segments=np.array([[0, len(scaled)]]),
        washout=WARM_UP,
        direct=settings.reservoir.direct,
    )
    readout, constant = rows.readout(ridge_problem(rows).solve(settings.penalty))
    end = drive_reservoir(weights, scaled[None, -WARM_UP:])[:, -1]
    free = run_reservoir(weights, readout, constant, states=end, values=scaled[None, -1], steps=settings.steps)[0]
    if not np.isfinite(free).all():
        raise DivergedError("The free run left the finite numbers. Raise `penalty`, or take more `units`.")
    dynamics = ForecasterDynamics.of_reservoir(weights, readout, constant, direct=settings.reservoir.direct)
    # The reservoir sees its own run again, so that its states along it are known.
    states = drive_reservoir(weights, free[None])[0]
    places = np.linspace(WARM_UP, len(free) - 1, TRAJECTORIES).astype(int)
    # A state of the closed loop holds the reservoir before the value that it is about to be fed.
    starts = torch.from_numpy(np.concatenate([states[places - 1], free[places]], axis=1))
    lyapunov = LyapunovSettings(
        count=3, steps=settings.exponent_steps, transient=200, interval=2, dt=settings.dt, seed=settings.seed
    )
    spectrum = lyapunov_spectrum(dynamics.closed_loop(), starts, lyapunov)
    return Learned(free=free * scale + mean, spectrum=spectrum)


def _results(
    settings: LorenzAttractor,
    learned: Learned,
    *,
    reference: Series,
    exact: Float[ndarray, "run step channel"],
    truth: LyapunovSpectrum,
) -> dict[str, Any]:
    largest = float(learned.spectrum.exponents[0])
    divergence = _beside_floor([state_space_divergence(reference, each) for each in (learned.free, *exact)])
    distance = _beside_floor([_pieces(reference, each) for each in (learned.free, *exact)])
    error = exponent_error(EXPONENTS[0], largest)
    return {
        "experiment": "lorenz-attractor",
        "units": settings.units,
        "seed": settings.seed,
        "steps": settings.steps,
        "largest_exponent": largest,
        "largest_exponent_error": float(learned.spectrum.errors[0]),
        "relative_error": error,
        "exponents": learned.spectrum.exponents.tolist(),
        "exponents_of_the_equations": truth.exponents.tolist(),
        "kaplan_yorke_dimension": learned.spectrum.dimension,
        "D_stsp": divergence,
        "D_H": distance,
        "verdict": [
            f"The learned system's largest exponent is {largest:.4f}, {error:.1%} from that of the flow.",
            (
                f"The free run is where the flow is as often as an exact run of that length: D_stsp is "
                f"{divergence['above_floor']:+.3f} from the sampling floor of {divergence['floor']:.3f} ± "
                f"{divergence['floor_deviation']:.3f}, D_H {distance['above_floor']:+.4f} from {distance['floor']:.4f} "
                f"± {distance['floor_deviation']:.4f}."
            ),
        ],
        "notes": [
            (
                f"D_stsp compares {settings.steps} steps with {REFERENCE} exact ones in 30 bins along each coordinate, "
                "smoothed by 1e-5; D_H compares power spectra, smoothed over 20 frequencies, with the mean over ten "
                f"exact stretches of that length. The floors are the means over {FLOORS} exact runs of that length."
            )
        ],
    }


def _pieces(reference: Series, run: Series) -> float:
    # The spectrum of one stretch is noisy; the mean over ten stretches of the reference is not.
    starts = np.linspace(0, len(reference) - len(run), 10).astype(int)
    return float(np.mean([spectrum_distance(reference[start : start + len(run)], run) for start in starts]))


def _beside_floor(scores: list[float]) -> dict[str, float]:
    floor = float(np.mean(scores[1:]))
    return {
        "value": scores[0],
        "floor": floor,
        "floor_deviation": float(np.std(scores[1:], ddof=1)),
        "above_floor": scores[0] - floor,
    }


def _facts(results: dict[str, Any]) -> dict[str, object]:
    def listed(values: list[float]) -> str:
        return ", ".join(f"{value:.4f}" for value in values)

    return {
        "Exponents of the reservoir": listed(results["exponents"]),
        "Exponents of the equations, measured": listed(results["exponents_of_the_equations"]),
        "Exponents in the literature": listed(list(EXPONENTS)),
        "Kaplan–Yorke dimension": f"{results['kaplan_yorke_dimension']:.4f}",
    }


def _attractors(reference: Series, free: Series) -> ReportFigure:
    with style():
        figure = new_figure(width=8.4, height=3.8)
        for number, (name, path) in enumerate((("The flow", reference), ("The reservoir, free run", free))):
            axes = figure.add_subplot(1, 2, number + 1)
            draw_state_space([path[: len(free), [0, 2]]], names=("x", "z"), title=name, axes=axes)
        image = png(figure)
    return ReportFigure(
        name="attractors",
        png=image,
        caption="As many steps of the flow and of the reservoir's free run.",
        alt="Two butterflies that look alike.",
    )


def _return_maps(reference: Series, free: Series) -> ReportFigure:
    with style():
        figure = new_figure(width=4.6, height=3.8)
        axes = figure.add_subplot()
        for name, path, color in (("flow", reference, "#595959"), ("reservoir", free, "#D55E00")):
            pairs = return_map(np.ascontiguousarray(path[:, 2]))
            axes.plot(pairs[:, 0], pairs[:, 1], ".", color=color, markersize=2, label=name)
        axes.set_title("Return map")
        axes.set_xlabel("maximum of z")
        axes.set_ylabel("next maximum of z")
        axes.legend()
        image = png(figure)
    return ReportFigure(
        name="return-map",
        png=image,
        caption="Each maximum of z with the next one, of the flow and of the free run.",
        alt="Two tent-shaped curves that lie on each other.",
    )


def _converging(learned: Learned) -> ReportFigure:
    spectrum = learned.spectrum
    axes = draw_lyapunov(
        spectrum.times.numpy(),
        spectrum.history.numpy(),
        exponents=spectrum.exponents.numpy(),
        errors=spectrum.errors.numpy(),
        title="Lyapunov exponents of the reservoir",
    )
    return ReportFigure(
        name="exponents",
        png=png(axes.figure),  # type: ignore[arg-type]
        caption="Estimates of the three largest exponents of the closed loop up to each time.",
        alt="Three exponents that converge.",
    )


_REFERENCES = (
    Reference(
        name="Attractors learned by reservoirs",
        citation="J. Pathak, Z. Lu, B. R. Hunt, M. Girvan and E. Ott, Chaos 27, 121102 (2017)",
    ),
    Reference(
        name="D_stsp and D_H",
        citation="F. Hess, Z. Monfared, M. Brenner and D. Durstewitz, Generalized teacher forcing, ICML 2023",
    ),
)

LORENZ_ATTRACTOR = Experiment(
    name="lorenz-attractor",
    summary="A reservoir learns Lorenz 1963; attractor, exponents and spectrum of its free run beside the flow's.",
    settings=LorenzAttractor,
    run=run,
)
