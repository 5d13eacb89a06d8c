"""Do intervals hold? Their coverage by lead time on three records, in rows that did not calibrate them."""

from dataclasses import dataclass
from typing import Any, Literal

from pendula.errors import ArgumentError, did_you_mean
from pendula.experiments.base import Experiment, ExperimentResult, Progress
from pendula.figures import draw_coverage, png
from pendula.figures.canvas import new_figure
from pendula.figures.style import style
from pendula.forecasting import Backtest, RefitPolicy, backtest, fit_record
from pendula.nn import RESERVOIR, Network
from pendula.report import Reference, ReportContent, ReportFigure
from pendula.report.coordinates import lead_times
from pendula.runs import Fit, Recipe
from pendula.series import Record, load_dataset, record
from pendula.systems import simulate
from pendula.training import Training

__all__ = ["COVERAGE", "CoverageProtocol", "run"]

RECORDS = ("oscillator", "mackey-glass", "sunspots")
SETTLED = {"oscillator": 500, "mackey-glass": 300}
"""Rows after which a simulated run has forgotten where it started."""
SUNSPOT_WINDOW, SUNSPOT_LEADS, SUNSPOT_YEARS, SUNSPOT_FROM = 22, 11, 25, 1850
"""Two cycles are seen, one is forecast; fitted anew every 25 years from then on."""
LOW, HIGH, LEAST = 0.87, 0.93, 0.80
"""What counts as holding: the mean over lead times within the first two, no lead time below the last."""


@dataclass(frozen=True, kw_only=True, slots=True)
class CoverageProtocol:
    """Settings of `coverage`. The defaults are one configuration for all records.

    Attributes:
        records: Which of oscillator, mackey-glass and sunspots, joined by commas.
        cell: An echo state network, or a GRU that is trained.
        hidden_size: Units; the usual number of the cell when left out.
        epochs: Of a GRU.
        rows: Rows of a simulated record; the last quarter is forecast.
        leads: Steps ahead on the simulated records; 11 years on the sunspots.
        coverage: The share of truths that the intervals promise to hold.
        folds: Blocks that the intervals are calibrated on; 0 for the validation part.
        seed: Of noise and weights.
    """

    records: str = "oscillator,mackey-glass,sunspots"
    cell: Literal["esn", "gru"] = "esn"
    hidden_size: int | None = None
    epochs: int = 100
    rows: int = 6000
    leads: int = 100
    coverage: float = 0.9
    folds: int = 5
    seed: int = 0

    def __post_init__(self) -> None:
        for name in self.names:
            if name not in RECORDS:
                raise ArgumentError(
                    f"`records` must name records: expected some of {', '.join(RECORDS)}, got {name}."
                    + did_you_mean(name, RECORDS)
                )
        if self.rows < 20 * self.leads or self.leads < 1:
            raise ArgumentError(
                f"`rows` must leave room for the lead times: expected {20 * max(1, self.leads)} or more for "
                f"{self.leads}, got {self.rows}. Lengthen the records, or look less far."
            )

    @property
    def names(self) -> tuple[str, ...]:
        """The records, one by one."""
        return tuple(name.strip() for name in self.records.split(",") if name.strip())


def run(settings: CoverageProtocol, progress: Progress) -> ExperimentResult:
    """Fit each record, forecast what follows from every row, and count how often the truth lay within.

    Args:
        settings: The settings.
        progress: Gives the listener of each training.

    Returns:
        Coverage by lead time, for each record.
    """
    fits = {name: _fit(name, settings, progress) for name in settings.names}
    rolled = {name: _roll(name, fit, settings) for name, fit in fits.items()}
    results = {name: _plain(each) for name, each in rolled.items()}
    verdict = [_sentence(name, result, settings) for name, result in results.items()]
    figure = _figure(rolled)
    return ExperimentResult(
        results={"records": results, "holds": {name: result["holds"] for name, result in results.items()}}
        | {"cell": settings.cell, "coverage": settings.coverage, "seed": settings.seed, "verdict": verdict},
        content=_content(settings, verdict, figure),
        figures={"coverage": figure},
        fits=fits,
    )


def _record(name: str, settings: CoverageProtocol) -> Record:
    if name == "sunspots":
        return record(load_dataset(name), ("sunspots",))
    rows, skipped = settings.rows, SETTLED[name]
    if name == "oscillator":
        series = simulate(
            name,
            parameters={"gamma": 0.2, "drive": 1.0},
            dt=0.2,
            duration=0.2 * (rows + skipped),
            noise=0.05,
            seed=settings.seed,
        )
        return record(series.isel(time=slice(skipped, None)), ("x",))
    # Each seed has a stretch of its own of the one attractor.
    skipped += settings.seed * rows
    series = simulate(name, dt=1.0, duration=float(rows + skipped)).isel(time=slice(skipped, None))
    return record(series, (str(next(iter(series.data_vars))),))


def _fit(name: str, settings: CoverageProtocol, progress: Progress) -> Fit:
    sunspots = name == "sunspots"
    window = SUNSPOT_WINDOW if sunspots else 100
    recipe = Recipe(
        network=Network(cell=settings.cell, hidden_size=settings.hidden_size),  # type: ignore[arg-type] # None is usual
        training=Training() if settings.cell == RESERVOIR else Training(epochs=settings.epochs),
        window=window,
        transform="sqrt" if sunspots else "none",
        test_from=SUNSPOT_FROM if sunspots else None,
        calibration_folds=settings.folds,
        seed=settings.seed,
    )
    return fit_record(_record(name, settings), recipe, score=False, listener=progress(name))


def _roll(name: str, fit: Fit, settings: CoverageProtocol) -> Backtest:
    if name == "sunspots":
        policy, leads = RefitPolicy(every=SUNSPOT_YEARS), SUNSPOT_LEADS
    else:
        policy, leads = RefitPolicy(), settings.leads
    return backtest(fit, policy=policy, leads=leads, coverage=settings.coverage)


def _plain(rolled: Backtest) -> dict[str, Any]:
    content = rolled.to_dict()
    intervals = content["intervals"]
    if not intervals["leads"]:
        raise ArgumentError(
            "`coverage` must be within reach of the calibration: got too few origins for it. Ask for less, or for "
            "longer records."
        )
    holds = LOW <= intervals["mean"] <= HIGH and intervals["least"] >= LEAST
    return {"origins": content["rolling"]["origins"], "fits": rolled.fits, **intervals, "holds": holds}


def _sentence(name: str, result: dict[str, Any], settings: CoverageProtocol) -> str:
    return (
        f"{name}: {100 * settings.coverage:g} % intervals held {100 * result['mean']:.1f} % on average over "
        f"{len(result['leads'])} lead times, at least {100 * result['least']:.1f} % (step {result['least_lead']}), "
        f"from {result['origins']} origins."
    )


def _figure(rolled: dict[str, Backtest]) -> bytes:
    with style():
        figure = new_figure(width=3.4 * max(2, len(rolled)), height=3.2)
        for number, (name, each) in enumerate(rolled.items()):
            scores, row = each.intervals, each.part.parent
            assert scores is not None
            lead, clock = lead_times(row, scores.reach)
            draw_coverage(
                lead,
                {row.names[0]: scores.share[: scores.reach, 0]},
                spread=scores.spread[: scores.reach, 0],
                coverage=scores.coverage,
                clock=clock,
                title=name,
                axes=figure.add_subplot(1, len(rolled), number + 1),
            )
        return png(figure)


_HOLDING = (
    f"Holding means {100 * LOW:g} to {100 * HIGH:g} % on average over lead times, and {100 * LEAST:g} % at each, for "
    "intervals of 90 %."
)
_ORIGINS = (
    "The simulated records are forecast from every row of their last quarter by one fit; the sunspots from every year "
    f"after {SUNSPOT_FROM}, fitted anew every {SUNSPOT_YEARS} years to what was known by then."
)


def _content(settings: CoverageProtocol, verdict: list[str], figure: bytes) -> ReportContent:
    return ReportContent(
        title="Do intervals hold?",
        verdict=verdict,
        notes=[_HOLDING, _ORIGINS],
        settings={
            "Calibration": f"{settings.folds} blocks of all known rows" if settings.folds else "the validation part"
        },
        figures=[
            ReportFigure(
                caption="The share of truths within the intervals, by lead time. Shares within the band differ from "
                "the promise by no more than chance explains.",
                alt=f"Coverage by lead time of {', '.join(settings.names)}.",
                png=figure,
                name="coverage",
            )
        ],
        references=[
            Reference(
                name="Conformal intervals",
                citation="J. Lei et al., JASA 113 (2018) 1094; R. F. Barber et al., Ann. Statist. 49 (2021) 486.",
            )
        ],
        seed=settings.seed,
    )


COVERAGE = Experiment(
    name="coverage",
    summary="Do free-run intervals hold what they promise, at each lead time, on data that did not calibrate them?",
    settings=CoverageProtocol,
    run=run,
)
