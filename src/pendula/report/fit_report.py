"""The report of a fit: what was learned, from what, how well, and what comes next."""

from typing import Any

from pendula.forecasting import Evaluated, evaluate_fit
from pendula.report.coordinates import has_one_unit
from pendula.report.equation_facts import equation_note
from pendula.report.facts import setting_facts, software_versions
from pendula.report.gradient_figure import gradient_figure
from pendula.report.interval_figure import interval_figure
from pendula.report.learning_figures import learning_figure
from pendula.report.network_figure import network_figures
from pendula.report.page import ReportContent, ReportFigure
from pendula.report.prediction_figures import prediction_figures
from pendula.report.record_facts import data_facts
from pendula.report.record_figures import forecast_figure, record_figure
from pendula.report.references import network_references
from pendula.report.verdict import verdict_of
from pendula.runs import Fit
from pendula.series.record import Record

__all__ = ["fit_figures", "fit_notes", "fit_report", "idle_note", "mixed_units_note"]


def fit_report(fit: Fit, evaluated: Evaluated | None = None) -> ReportContent:
    """Tell what a fit is worth, with all figures.

    Args:
        fit: The fit.
        evaluated: Its predictions and scores; those on its own test part, if there is one, when left out.

    Returns:
        The content of the page. Its `images` are the same bytes as in the page.

    Examples:
        >>> import numpy as np, xarray as xr
        >>> from pendula.forecasting import fit
        >>> from pendula.nn import Network
        >>> from pendula.training import Training
        >>> series = xr.Dataset({"x": ("time", np.sin(0.1 * np.arange(200)))})
        >>> made = fit(series, model=Network(cell="gru", hidden_size=4), training=Training(epochs=1))
        >>> content = fit_report(made)
        >>> content.title
        'Fit of x with a GRU'
        >>> list(content.images)[:6]
        ['scores', 'forecast', 'free-run', 'one-step', 'lead-times', 'coverage']
    """
    evaluated = _evaluated(fit, evaluated)
    figures, missing = _figures(fit, evaluated)
    scores = {} if evaluated is None else evaluated.to_dict()
    return ReportContent(
        title=f"Fit of {', '.join(fit.record.names)} with {_ARTICLES[fit.recipe.network.cell]}",
        verdict=verdict_of(scores, fit.record),
        notes=[
            *idle_note(fit),
            *equation_note(fit),
            *fit.notes,
            *fit_notes(fit),
            *missing,
            *mixed_units_note(scores, fit.record),
        ],
        settings=setting_facts(fit),
        data=data_facts(fit),
        scores=scores,
        figures=figures,
        references=network_references([fit]),
        versions=software_versions(),
        seed=fit.recipe.seed,
    )


def fit_figures(fit: Fit, evaluated: Evaluated | None = None) -> dict[str, bytes]:
    """Draw all figures of a fit.

    Args:
        fit: The fit.
        evaluated: Its predictions and scores; those on its own test part, if there is one, when left out.

    Returns:
        PNG images by name: scores, forecast, free-run, one-step, lead-times, coverage, errors, losses, gradients,
        network, network-gradient, record, as far as there is something to show.
    """
    return ReportContent(title="", figures=_figures(fit, _evaluated(fit, evaluated))[0]).images


def fit_notes(fit: Fit, *, intervals: bool = True) -> list[str]:
    """Say what a reader should know of a training before the numbers.

    Args:
        fit: The fit.
        intervals: Whether to tell what stands behind the intervals.

    Returns:
        Sentences: how training ended, what stands behind the intervals.
    """
    return [fit.outcome.value, *([_calibration_note(fit)] if intervals else [])]


def idle_note(fit: Fit) -> list[str]:
    """Say that the training added nothing, which a verdict does not tell.

    Args:
        fit: The fit.

    Returns:
        One sentence where the kept epoch is 0, or none.
    """
    if fit.best_epoch > 0 or not fit.history:
        return []
    network = fit.recipe.network
    alone = "the linear path alone" if network.linear_lags else "persistence alone"
    if not (network.linear_lags or network.residual):
        return ["Training made the network no better: the kept epoch is 0, so these are its weights before training."]
    return [f"The recurrent part added nothing: the kept epoch is 0, so this is {alone}."]


def mixed_units_note(scores: dict[str, Any], record: Record) -> list[str]:
    """Say how errors of quantities that cannot be added are compared.

    Args:
        scores: The scores; empty where there is no test part.
        record: The record that was scored.

    Returns:
        One sentence, or none.
    """
    if not scores or has_one_unit(record):
        return []
    return [_MIXED_UNITS]


_MIXED_UNITS = (
    "The channels have different units, which an RMSE of all would mix: they are compared by NRMSE, whose errors are "
    "divided by each channel's own spread. The RMSE of each channel stands in scores.json."
)
_ARTICLES = {
    "rnn": "an RNN",
    "gru": "a GRU",
    "lstm": "an LSTM",
    "esn": "an ESN",
    "ngrc": "an NG-RC",
    "integrator": "a differential equation",
}


def _evaluated(fit: Fit, evaluated: Evaluated | None) -> Evaluated | None:
    return evaluate_fit(fit) if evaluated is None and len(fit.split.test) else evaluated


def _figures(fit: Fit, evaluated: Evaluated | None) -> tuple[list[ReportFigure], list[str]]:
    future, reason = forecast_figure(fit)
    learned = [learning_figure(fit), gradient_figure(fit), *network_figures(fit)]
    drawn = [*(_evaluation_figures(evaluated) if evaluated else []), *learned, record_figure(fit), future]
    by_name = {figure.name: figure for figure in drawn if figure is not None}
    return [by_name[name] for name in _ORDER if name in by_name], [reason] if reason else []


def _evaluation_figures(evaluated: Evaluated) -> list[ReportFigure | None]:
    return [*prediction_figures(evaluated), interval_figure(evaluated)]


_ORDER = (
    "scores",
    "forecast",
    "free-run",
    "one-step",
    "lead-times",
    "coverage",
    "errors",
    "losses",
    "gradients",
    "network",
    "network-gradient",
    "record",
)
"""What a reader asks first stands first."""


def _calibration_note(fit: Fit) -> str:
    if fit.calibration is None:
        return "There are no intervals: the validation part is too short to measure free runs on."
    origins, leads = fit.calibration.origins, fit.calibration.leads
    worth, place = fit.calibration.effective.min(axis=1), fit.recipe.calibrated_on
    return (
        f"The intervals rest on free runs from {origins} origin{'' if origins == 1 else 's'} in {place}, "
        f"up to {leads} step{'' if leads == 1 else 's'} ahead; the runs overlap, and count as {worth[0]:.0f} "
        f"independent ones at step 1 and {worth[-1]:.0f} at step {leads}."
    )
