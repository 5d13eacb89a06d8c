"""Lorenz 1963 without noise: for how many Lyapunov times does a reservoir's free run stay with the truth?"""

from dataclasses import dataclass, field
from math import log
from time import perf_counter
from typing import Any

import numpy as np

from pendula.errors import ArgumentError
from pendula.experiments.base import Experiment, ExperimentResult, Progress
from pendula.figures import Quantity, draw_free_runs, draw_lead_times, png
from pendula.figures.canvas import new_figure
from pendula.figures.style import style
from pendula.metrics import valid_prediction_time
from pendula.nn import Reservoir, draw_reservoir, drive_reservoir, run_reservoir
from pendula.optim import ReadoutRows, ridge_problem
from pendula.report import Reference, ReportContent, ReportFigure
from pendula.shapes import BatchSeries, Float, Series, ndarray
from pendula.systems import Lorenz63, Tolerance, integrate

__all__ = ["LORENZ_RESERVOIR", "LorenzReservoir", "run"]

LAMBDA = 0.9056
"""The largest Lyapunov exponent: Sprott, Chaos and Time-Series Analysis (2003), appendix A."""
THRESHOLD = 0.4
WARM_UP = 100
HORIZON = 25.0
"""Length of a free run, in Lyapunov times."""
SPACING = 8.0
"""From one start to the next, in Lyapunov times."""
TRANSIENT = 20.0
TRUTH = Tolerance(relative=1e-12, absolute=1e-12)


@dataclass(frozen=True, kw_only=True, slots=True)
class LorenzReservoir:
    """Settings of `lorenz-reservoir`.

    Attributes:
        units: How many units the reservoir has.
        train: Samples that are known.
        dt: Interval between samples, in units of time.
        starts: Free runs that are scored, from one trajectory that was not learned from.
        washout: Samples that are not learned from.
        seed: Of the reservoir and of all initial states.
        reservoir: What the reservoir is.
        penalty: Ridge penalty.
    """

    units: int = 600
    train: int = 20_000
    dt: float = 0.02
    starts: int = 40
    washout: int = 200
    seed: int = 0
    reservoir: Reservoir = field(
        default_factory=lambda: Reservoir(
            spectral_radius=0.2, connections=10, input_scaling=0.3, bias_scaling=1.0, leak=1.0, direct=True
        )
    )
    penalty: float = 5e-17

    def __post_init__(self) -> None:
        for name in ("units", "starts"):
            if getattr(self, name) < 1:
                raise ArgumentError(
                    f"`{name}` must be positive: expected 1 or more, got {getattr(self, name)}. Count them."
                )
        if not 0 < self.dt <= 0.1:
            raise ArgumentError(
                f"`dt` must resolve the flow: expected a number above 0 and up to 0.1, got {self.dt}. Take 0.02, say."
            )


def run(settings: LorenzReservoir, progress: Progress) -> ExperimentResult:  # noqa: ARG001 # nothing is trained in epochs
    """Fit a reservoir's readout to one trajectory, and let it run freely from points of another.

    Args:
        settings: The settings.
        progress: Not used.

    Returns:
        Valid times in Lyapunov times, alone and as a fraction of what rounding allows.
    """
    begin = perf_counter()
    known, truth = _truth(settings)
    simulated = perf_counter()
    free = _forecasts(settings, known, truth[:, :WARM_UP])
    seconds = {"truth": simulated - begin, "reservoir": perf_counter() - simulated}
    coming = truth[:, WARM_UP:]
    size = float(np.sqrt(known.var(axis=0).sum()))
    lengths = np.array([
        valid_prediction_time(one, other, threshold=THRESHOLD, dt=settings.dt * LAMBDA, scale=size)
        for one, other in zip(coming, free, strict=True)
    ])
    results = _results(settings, lengths, seconds)
    image = _figure(settings, coming, free, size)
    return ExperimentResult(
        results=results, content=_content(settings, results, image), figures={"lorenz-reservoir": image}
    )


def _truth(settings: LorenzReservoir) -> tuple[Series, Float[ndarray, "start step channel"]]:
    # One trajectory to learn from and another one to be scored on, from one start to the next for some Lyapunov times.
    flow = Lorenz63()
    first = np.random.default_rng([settings.seed, 63]).normal(size=(3, 2)) + np.array([[0.0], [0.0], [25.0]])
    landed = integrate(flow.derivative, first, dt=TRANSIENT, samples=2, substeps=round(TRANSIENT / 0.01))[1]
    length = WARM_UP + round(HORIZON / LAMBDA / settings.dt)
    begins = round(SPACING / LAMBDA / settings.dt) * np.arange(settings.starts)

    def sampled(component: int, samples: int) -> Series:
        start = landed[:, component]
        return integrate(flow.derivative, start, dt=settings.dt, samples=samples, method="dop853", tolerance=TRUTH)

    unseen = sampled(1, int(begins[-1]) + length)
    return sampled(0, settings.train), np.stack([unseen[begin : begin + length] for begin in begins])


def _forecasts(
    settings: LorenzReservoir, known: Series, warm_up: Float[ndarray, "start shown channel"]
) -> Float[ndarray, "start step channel"]:
    mean, scale = known.mean(axis=0), known.std(axis=0)
    scaled, shown = (known - mean) / scale, (warm_up - mean) / scale
    weights = draw_reservoir(settings.reservoir, units=settings.units, inputs=3, seed=settings.seed)
    rows = ReadoutRows(
        weights=weights,
        values=scaled,
        segments=np.array([[0, len(scaled)]]),
        washout=settings.washout,
        direct=settings.reservoir.direct,
    )
    readout, bias = rows.readout(ridge_problem(rows).solve(settings.penalty))
    states = drive_reservoir(weights, shown)[:, -1]
    steps = round(HORIZON / LAMBDA / settings.dt)
    free = run_reservoir(weights, readout, bias, states=states, values=shown[:, -1], steps=steps)
    return np.asarray(free * scale + mean)


def _results(settings: LorenzReservoir, lengths: Float[ndarray, " start"], seconds: dict[str, float]) -> dict[str, Any]:
    # An error of one rounding grows to the threshold in this time, and no faster: (1/λ) ln(threshold / ε).
    limit = log(THRESHOLD / np.finfo(np.float64).eps)
    median = float(np.median(lengths))
    low = float(np.quantile(lengths, 0.1))
    return {
        "experiment": "lorenz-reservoir",
        "units": settings.units,
        "seed": settings.seed,
        "starts": settings.starts,
        "threshold": THRESHOLD,
        "lyapunov_exponent": LAMBDA,
        "valid_time_lyapunov": {"median": median, "q10": low, "all": lengths.tolist()},
        "float64_limit_lyapunov": limit,
        "fraction_of_float64_limit": median / limit,
        "seconds": sum(seconds.values()),
        "seconds_of": seconds,
        "verdict": [
            (
                f"The free run stays within {THRESHOLD} of the truth for {median:.1f} Lyapunov times, the median of "
                f"{settings.starts} starts; nine of ten stay for {low:.1f}."
            ),
            (
                f"That is {median / limit:.0%} of the {limit:.0f} Lyapunov times after which rounding alone, in"
                " float64, would have grown as large."
            ),
        ],
        "notes": _NOTES,
    }


_NOTES = [
    (
        "The truth is computed by DOP853 with tolerance 1e-12, without noise. The starts lie "
        f"{SPACING:g} Lyapunov times apart on a trajectory that was not learned from; of each the reservoir saw the "
        f"{WARM_UP} samples before."
    ),
    f"One Lyapunov time is 1/{LAMBDA}; errors are divided by the deviation of the trajectory that was learned from.",
]


def _figure(settings: LorenzReservoir, truth: BatchSeries, free: BatchSeries, size: float) -> bytes:
    with style():
        figure = new_figure(width=8.5, height=3.4)
        left, right = figure.subplots(1, 2)
        clock = Quantity(name="Lyapunov times")
        time = settings.dt * LAMBDA * np.arange(1.0, truth.shape[1] + 1)
        draw_free_runs(
            time,
            np.ascontiguousarray(truth[0, :, 0]),
            runs={"reservoir": np.ascontiguousarray(free[0, :, 0])},
            quantity=Quantity(name="x"),
            clock=clock,
            title="The first free run beside the truth",
            axes=left,
        )
        errors = np.linalg.norm(free - truth, axis=2) / size
        draw_lead_times(
            time,
            {"reservoir": errors},
            quantity=Quantity(name="error / deviation"),
            clock=clock,
            axes=right,
        )
        right.axhline(THRESHOLD, color="#808080", linewidth=0.8, zorder=1)
        return png(figure)


def _content(settings: LorenzReservoir, results: dict[str, Any], image: bytes) -> ReportContent:
    return ReportContent(
        title="A reservoir on the Lorenz attractor",
        verdict=results["verdict"],
        notes=_NOTES,
        figures=[
            ReportFigure(
                caption="The first free run, and how the errors of all starts grow; the line marks the threshold.",
                alt="Left, the free run of x lies on the truth and leaves it after many Lyapunov times. Right, the "
                "median error grows exponentially with the lead time, with a band of quantiles.",
                png=image,
                name="lorenz-reservoir",
            )
        ],
        references=[
            Reference(name="Lorenz 1963", equation=Lorenz63.equation, citation=Lorenz63.reference),
            Reference(
                name="Reservoirs on chaotic flows",
                citation="J. Pathak, Z. Lu, B. R. Hunt, M. Girvan and E. Ott, Using machine learning to replicate "
                "chaotic attractors and calculate Lyapunov exponents from data, Chaos 27 (2017) 121102",
            ),
        ],
        seed=settings.seed,
    )


LORENZ_RESERVOIR = Experiment(
    name="lorenz-reservoir",
    summary="A reservoir runs Lorenz 1963 freely, scored in Lyapunov times.",
    settings=LorenzReservoir,
    run=run,
)
