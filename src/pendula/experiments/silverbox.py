"""The Silverbox, told from its input alone: by an LSTM, and by a network beside a Duffing oscillator."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray as xr

from pendula.errors import ArgumentError
from pendula.experiments.base import Experiment, ExperimentResult, Progress
from pendula.experiments.silverbox_data import RATE, Silverbox, read_silverbox, silverbox_scores
from pendula.experiments.silverbox_physics import ROWS, OscillatorFit, fit_oscillator
from pendula.figures.driven import driven_figure
from pendula.filtering import fit_pairs
from pendula.nn import Network
from pendula.report import Reference, ReportContent, ReportFigure
from pendula.runs import PairedFit, PairedRecipe
from pendula.series import record
from pendula.shapes import Float, ndarray
from pendula.systems import Duffing, citation
from pendula.training import Training

__all__ = ["SILVERBOX", "SilverboxRun", "run"]

TARGETS = {"multisine_mv": 0.4, "arrow_no_extrapolation_mv": 0.4, "arrow_full_mv": 2.0}
DUFFING_TARGETS = {"multisine_mv": 0.3, "arrow_full_mv": 1.0}
PUBLISHED = {
    "multisine_mv": 1.108,
    "multisine_all_mv": 1.490,
    "arrow_no_extrapolation_mv": 0.947,
    "arrow_full_mv": 2.678,
}
"""Best of the published RNN, GRU and LSTM in each column, in mV."""
MODELS = {"lstm": ("lstm",), "duffing": ("duffing",), "both": ("lstm", "duffing")}
DRAWN = 400
"""Samples that are drawn."""


@dataclass(frozen=True, kw_only=True, slots=True)
class SilverboxRun:
    """Settings of `silverbox`.

    Attributes:
        data: The file of the benchmark, with the columns V1 and V2 in volts.
        model: lstm, an LSTM with a linear head; duffing, a Duffing oscillator in an integrator cell with a few tanh
            units beside it; or both.
        hidden_size: Units of the LSTM.
        window: Samples of a piece to learn from.
        washout: The first of them, which are not scored: the circuit does not start from rest there, and what it did
            before dies out within about so many.
        batch_size: Pieces in a step.
        epochs: How often the validation part is looked at; the step size falls to zero until the last.
        steps: Steps between two looks.
        learning_rate: Step size of Adam at the start.
        units: Of the network beside an oscillator; 0 for the plain oscillator.
        rows: How many of the known samples an oscillator is identified from.
        seeds: How many of each are made, with the seeds that follow each other.
        seed: The first of them.
    """

    data: str = ""
    model: str = "both"
    hidden_size: int = 32
    window: int = 300
    washout: int = 150
    batch_size: int = 64
    epochs: int = 100
    steps: int = 300
    learning_rate: float = 5e-3
    units: int = 8
    rows: int = ROWS
    seeds: int = 1
    seed: int = 0

    def __post_init__(self) -> None:
        """Check the settings.

        Raises:
            ArgumentError: If a setting is out of range.
        """
        if self.model not in MODELS:
            raise ArgumentError(f"`model` must be one of {', '.join(MODELS)}: got {self.model}. Choose one.")
        least = {"seeds": 1, "washout": 0, "window": self.washout + 1, "units": 0, "rows": 200, "steps": 1}
        for name, low in least.items():
            if getattr(self, name) < low:
                raise ArgumentError(f"`{name}` must be at least {low}: got {getattr(self, name)}. Raise it.")


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class _Told:
    multisine: Float[ndarray, " row"]
    arrow: Float[ndarray, " arrow_row"]
    validation_mv: float
    seconds: float


def run(settings: SilverboxRun, progress: Progress) -> ExperimentResult:
    """Learn the Silverbox from three quarters of the multisine, and test on the rest and on the arrow.

    Args:
        settings: The settings.
        progress: Gives the listener of each training, by name.

    Returns:
        Root mean square errors in mV, of the first seed and of all, and a figure.

    Raises:
        ArgumentError: If no file is named.
    """
    if not settings.data:
        raise ArgumentError("`data` must name the file of the benchmark: got none. Write --data silverbox.csv.")
    data = read_silverbox(settings.data)
    seeds = range(settings.seed, settings.seed + settings.seeds)
    told: dict[str, list[_Told]] = {}
    fits: dict[str, PairedFit] = {}
    for name in MODELS[settings.model]:
        if name == "lstm":
            made = [_lstm(data, settings, seed, progress) for seed in seeds]
            fits = {f"lstm-{fit.recipe.seed}": fit for fit in made}
            told[name] = [_told_by(fit, data) for fit in made]
        else:
            told[name] = [_run_by(_oscillator(data, settings, seed), data) for seed in seeds]
    results = _results(data, told, settings)
    figure = driven_figure(
        np.arange(len(data.multisine))[:DRAWN] / RATE,
        truth=1e3 * data.multisine[:DRAWN, 1],
        told={name: 1e3 * each[0].multisine[:DRAWN] for name, each in told.items()},
        errors={name: 1e3 * (each[0].arrow - data.arrow[:, 1]) for name, each in told.items()},
        amplitude=1e3 * np.abs(data.arrow[:, 1]),
    )
    return ExperimentResult(
        results=results,
        content=_content(results, figure, settings),
        figures={"silverbox": figure},
        paired_fits=fits,
    )


def _oscillator(data: Silverbox, settings: SilverboxRun, seed: int) -> OscillatorFit:
    return fit_oscillator(data, units=settings.units, seed=seed, rows=settings.rows)


def _lstm(data: Silverbox, settings: SilverboxRun, seed: int, progress: Progress) -> PairedFit:
    series = xr.Dataset(
        {name: ("time", column, {"units": "V"}) for name, column in zip(("V1", "V2"), data.known.T, strict=True)},
        coords={"time": ("time", np.arange(len(data.known)) / RATE, {"units": "s"})},
    )
    recipe = PairedRecipe(
        inputs=("V1",),
        target=("V2",),
        network=Network(cell="lstm", hidden_size=settings.hidden_size),
        training=Training(
            epochs=settings.epochs,
            steps_per_epoch=settings.steps,
            batch_size=settings.batch_size,
            learning_rate=settings.learning_rate,
            patience=None,
        ),
        window=settings.window,
        washout=settings.washout,
        initial_state="rest",
        test=0,
        seed=seed,
    )
    return fit_pairs(record(series, recipe.columns), recipe, listener=progress(f"lstm {seed}"))


def _told_by(fit: PairedFit, data: Silverbox) -> _Told:
    best = fit.history[fit.best_epoch].validation_one_step
    assert best is not None
    return _Told(
        multisine=fit.model.run(data.multisine[:, :1])[:, 0],
        arrow=fit.model.run(data.arrow[:, :1])[:, 0],
        validation_mv=1e3 * best * float(fit.model.targets.scaler.scale[0]),
        seconds=fit.seconds,
    )


def _run_by(fit: OscillatorFit, data: Silverbox) -> _Told:
    length = max(len(data.multisine), len(data.arrow))
    inputs = [np.pad(each[:, 0], (0, length - len(each))) for each in (data.multisine, data.arrow)]
    multisine, arrow = fit.run(np.stack(inputs))
    return _Told(
        multisine=multisine[: len(data.multisine)],
        arrow=arrow[: len(data.arrow)],
        validation_mv=fit.validation_mv,
        seconds=fit.seconds,
    )


def _results(data: Silverbox, told: Mapping[str, list[_Told]], settings: SilverboxRun) -> dict[str, Any]:
    by_model = {
        name: [
            {
                "seed": settings.seed + number,
                **silverbox_scores(data, multisine=one.multisine, arrow=one.arrow),
                "validation_mv": one.validation_mv,
                "seconds": one.seconds,
            }
            for number, one in enumerate(each)
        ]
        for name, each in told.items()
    }
    first = next(iter(by_model.values()))[0]
    results: dict[str, Any] = {
        "experiment": "silverbox",
        **{key: first[key] for key in PUBLISHED},
        "seeds": by_model,
        "published_mv": PUBLISHED,
    }
    for name in [name for name in by_model if name != next(iter(by_model))]:
        results[name] = {key: by_model[name][0][key] for key in PUBLISHED}
    return {**results, "verdict": _verdict(by_model), "notes": _notes()}


def _verdict(by_model: Mapping[str, list[dict[str, Any]]]) -> list[str]:
    sentences = []
    for name in by_model:
        targets = DUFFING_TARGETS if name == "duffing" else TARGETS
        worst = {key: max(one[key] for one in by_model[name]) for key in PUBLISHED}
        count = len(by_model[name])
        among = f", the worst of {count} seeds" if count > 1 else ""
        sentences.append(
            f"{_NAMES[name]} tells the multisine within {worst['multisine_mv']:.3g} mV, the arrow within "
            f"{worst['arrow_no_extrapolation_mv']:.3g} mV where it does not extrapolate and "
            f"{worst['arrow_full_mv']:.3g} mV in full{among}."
        )
        missed = [f"{key} {targets[key]:g}" for key in targets if not worst[key] <= targets[key]]
        if missed:
            sentences.append(f"The aims missed: {', '.join(missed)}.")
    return sentences


_NAMES = {
    "duffing": "The network beside a Duffing oscillator",
    "lstm": "The LSTM",
}


def _notes() -> list[str]:
    seen = (
        "Only rows of the multisine's first three quarters are seen in training and selection; their last fifth "
        "chooses the epoch of the LSTM, and tests the oscillator."
    )
    told = (
        "Each test part is told from its input alone, from a state of rest; the first 50 samples of the multisine are "
        "not scored, except in multisine_all_mv."
    )
    return [seen, told]


def _content(results: Mapping[str, Any], figure: bytes, settings: SilverboxRun) -> ReportContent:
    rows = {
        f"{_NAMES[name]}, seed {one['seed']}": ", ".join(f"{key} {one[key]:.4g}" for key in PUBLISHED)
        for name, each in results["seeds"].items()
        for one in each
    }
    return ReportContent(
        title="silverbox",
        verdict=results["verdict"],
        notes=results["notes"],
        results={
            **rows,
            "Best published RNN, GRU, LSTM": ", ".join(f"{key} {value:g}" for key, value in PUBLISHED.items()),
        },
        figures=[
            ReportFigure(
                caption="The start of the multisine's test part, told from the input alone; and the error on the arrow "
                "against the size of the output, beyond the largest of which the models extrapolate.",
                alt="Two panels: output and what was told of it, and root mean square errors by amplitude.",
                png=figure,
                name="silverbox",
            )
        ],
        references=[Reference(name="Duffing oscillator", citation=citation("duffing"), equation=Duffing.equation)],
        seed=settings.seed,
    )


SILVERBOX = Experiment(
    name="silverbox",
    summary="An electronic Duffing oscillator, told from what drives it, by an LSTM and by a network beside physics.",
    settings=SilverboxRun,
    run=run,
)
