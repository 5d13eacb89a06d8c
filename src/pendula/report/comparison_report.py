"""The report of a comparison: several networks on one record, in one table."""

from collections.abc import Mapping

from pendula.forecasting import Comparison
from pendula.report.facts import setting_facts, software_versions
from pendula.report.fit_report import fit_notes, idle_note, mixed_units_note
from pendula.report.learning_figures import learning_figures
from pendula.report.page import ReportContent, ReportFigure
from pendula.report.prediction_figures import prediction_figures
from pendula.report.record_facts import data_facts
from pendula.report.record_figures import record_figure
from pendula.report.references import network_references
from pendula.report.verdict import verdict_of
from pendula.runs import Fit

__all__ = ["comparison_report"]

_ORDER = ("scores", "free-run", "one-step", "lead-times", "errors", "losses", "record")


def comparison_report(comparison: Comparison) -> ReportContent:
    """Tell which of several networks is worth most, and whether one of them beats the baselines.

    Args:
        comparison: The fits and their scores.

    Returns:
        The content of the page: one table, one verdict, common figures. Its `images` are the same bytes as in the page.

    Examples:
        >>> import numpy as np, xarray as xr
        >>> from pendula.forecasting import compare
        >>> from pendula.training import Training
        >>> series = xr.Dataset({"x": ("time", np.sin(0.1 * np.arange(200)))})
        >>> content = comparison_report(compare(series, models=("rnn", "gru"), training=Training(epochs=1)))
        >>> content.title, content.settings["Cell: rnn"]
        ('Comparison of rnn, gru on x', 'simple recurrent cell (tanh)')
    """
    fits, evaluated = comparison.fits, comparison.evaluated
    first, scores = next(iter(fits.values())), evaluated.to_dict()
    drawn = [*prediction_figures(evaluated), learning_figures(fits), record_figure(first)]
    figures = {figure.name: figure for figure in drawn if figure is not None}
    return ReportContent(
        title=f"Comparison of {', '.join(fits)} on {', '.join(first.record.names)}",
        verdict=verdict_of(scores, first.record),
        notes=[*_notes(fits), *mixed_units_note(scores, first.record)],
        settings=_settings(fits),
        data=data_facts(first),
        scores=scores,
        figures=_ordered(figures),
        references=network_references(list(fits.values()), intervals=False),
        versions=software_versions(),
        seed=_seed(fits),
    )


def _ordered(figures: Mapping[str, ReportFigure]) -> list[ReportFigure]:
    return [figures[name] for name in _ORDER if name in figures]


def _notes(fits: Mapping[str, Fit]) -> list[str]:
    # What holds for all of them, as the gaps of their record do, is said once.
    said = {name: [*idle_note(fit), *fit.notes, *fit_notes(fit, intervals=False)] for name, fit in fits.items()}
    every = [note for notes in said.values() for note in notes]
    common = [note for note in dict.fromkeys(every) if all(note in notes for notes in said.values())]
    own = [f"{name}: {note}" for name, notes in said.items() for note in notes if note not in common]
    return [*common, *own]


def _settings(fits: Mapping[str, Fit]) -> dict[str, object]:
    facts = {name: setting_facts(fit) for name, fit in fits.items()}
    keys = dict.fromkeys(key for own in facts.values() for key in own)
    settings: dict[str, object] = {}
    for key in keys:
        values = {name: own[key] for name, own in facts.items() if key in own}
        if len(values) == len(fits) and len(set(values.values())) == 1:
            settings[key] = next(iter(values.values()))
        else:
            settings |= {f"{key}: {name}": value for name, value in values.items()}
    return settings


def _seed(fits: Mapping[str, Fit]) -> int | None:
    seeds = {fit.recipe.seed for fit in fits.values()}
    return seeds.pop() if len(seeds) == 1 else None
