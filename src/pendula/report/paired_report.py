"""The report of a fit that tells targets from inputs: what was learned, from what, and how well."""

from collections.abc import Mapping
from typing import Any

from pendula.figures import draw_free_runs, draw_series
from pendula.filtering import PairedEvaluated, evaluate_pairs
from pendula.report.coordinates import drawn_times, quantities
from pendula.report.error_figure import error_sheet
from pendula.report.facts import SCALINGS, software_versions
from pendula.report.numbers import counted, format_number
from pendula.report.page import Reference, ReportContent, ReportFigure
from pendula.report.record_facts import data_facts
from pendula.report.references import CELL_SOURCES
from pendula.report.scores import finite_score, unit_of
from pendula.report.sheets import MOST_CHANNELS, draw_sheet, left_out
from pendula.report.stretches import readable_rows
from pendula.report.told_parts import idle_path_note, network_facts, told_losses, told_title, training_facts
from pendula.report.verdict import seen_note
from pendula.runs import PairedFit

__all__ = ["paired_report", "paired_verdict"]

ALIKE = 0.01
"""Errors that differ by less than this share count as equal."""

_EQUATION = "ŷ(t) = b + Σₖ A(k) u(t−k) + s (V h(t) + c),  h(t) = cell(u(t), h(t−1))"


def paired_report(fit: PairedFit, evaluated: PairedEvaluated | None = None) -> ReportContent:
    """Tell what a fit is worth, with all figures.

    Args:
        fit: The fit.
        evaluated: What it told on a part, and scores; those on its own test part, if there is one, when left out.

    Returns:
        The content of the page.

    Examples:
        >>> import numpy as np, pendula, xarray as xr
        >>> u = np.random.default_rng(0).normal(size=400)
        >>> series = xr.Dataset({"u": ("time", u), "y": ("time", u**2)})
        >>> content = paired_report(pendula.fit(series, "y", inputs="u", training=pendula.Training(epochs=1)))
        >>> content.title, list(content.images)
        ('y told from u with a GRU', ['told', 'errors', 'losses', 'record'])
    """
    if evaluated is None and len(fit.split.test):
        evaluated = evaluate_pairs(fit)
    scores = {} if evaluated is None else evaluated.to_dict()
    drawn = [_told(fit, evaluated), _errors(fit, evaluated)] if evaluated is not None else []
    figures = [figure for figure in [*drawn, _losses(fit), _record(fit)] if figure is not None]
    return ReportContent(
        title=told_title(fit),
        verdict=paired_verdict(scores),
        notes=[*idle_path_note(fit), *fit.notes, fit.outcome.value, _start_note(fit)],
        settings=_settings(fit),
        data=data_facts(fit),
        scores=scores,
        figures=figures,
        references=_references(fit),
        versions=software_versions(),
        seed=fit.recipe.seed,
    )


def paired_verdict(scores: Mapping[str, Any]) -> list[str]:
    """Say plainly whether a filter is better than the baselines.

    Args:
        scores: As `PairedEvaluated.to_dict` gives them; empty where there is no test part.

    Returns:
        Sentences, the most important first.

    Examples:
        >>> for sentence in paired_verdict({
        ...     "models": {"network": {"rmse": 0.5, "nrmse": 0.01}},
        ...     "baselines": {"linear": {"rmse": 6.0, "nrmse": 0.12}},
        ...     "units": {"value": "mV"}}):
        ...     print(sentence)
        The network is better than every baseline: its RMSE is 0.5 mV, that of a linear filter of the inputs 6 mV.
        It leaves 1 % of the target's own spread.
    """
    if not scores:
        return ["No test part was kept, so it is not known what the network is worth."]
    network, rows = scores["models"]["network"], scores["baselines"]
    metric = "rmse" if "rmse" in network else "nrmse"
    own, unit = finite_score(network, metric), unit_of(scores, metric)
    if own is None:
        return [*seen_note(scores), "The network diverged: its answers leave the finite numbers."]
    rivals = {name: error for name, row in rows.items() if (error := finite_score(row, metric)) is not None}
    best = min(rivals.values(), default=float("inf"))
    against = ", ".join(f"that of {_NAMES[name]} {_quantity(error, unit)}" for name, error in rivals.items())
    better = own < (1 - ALIKE) * best
    headline = "The network is better than every baseline" if better else "The network is not better than the baselines"
    sentences = [f"{headline}: its {metric.upper()} is {_quantity(own, unit)}, {against}."]
    share = finite_score(network, "nrmse")
    if share is not None:
        sentences.append(f"It leaves {format_number(100 * share, digits=3)} % of the target's own spread.")
    return [*seen_note(scores), *sentences]


_NAMES = {"linear": "a linear filter of the inputs", "mean": "the mean"}


def _quantity(error: float, unit: str) -> str:
    return f"{format_number(error, digits=3)} {unit if unit.strip() not in {'', '1'} else ''}".rstrip()


def _start_note(fit: PairedFit) -> str:
    washout = fit.recipe.washout
    scored = (
        f"its first {counted(washout, 'row')} are not scored, except in the column that says so"
        if washout
        else "all of its rows are scored"
    )
    return (
        f"A run begins {_STARTS[fit.recipe.initial_state]}; {scored}. Over the test part it begins in the inputs "
        "before it, which are known."
    )


_STARTS = {
    "zeros": "with a state of zeros, and nothing known before it",
    "rest": "at rest, as if the inputs had stood still at their mean",
    "learned": "with a state that was learned",
}


def _settings(fit: PairedFit) -> dict[str, object]:
    recipe, lags = fit.recipe, fit.recipe.network.linear_lags
    return {
        **network_facts(fit),
        "Beside the network": f"a linear filter over {counted(lags, 'step')}" if lags else "nothing",
        "Window": counted(recipe.window, "step"),
        "Washout": counted(recipe.washout, "step"),
        "Scaling": SCALINGS.get(recipe.scaling, "none"),
        "Loss": "squared errors after every step of the window from the washout on",
        **training_facts(fit),
    }


def _references(fit: PairedFit) -> list[Reference]:
    own = Reference(
        name="Filter",
        equation=_EQUATION,
        citation="The sum is there if the network has a linear path, found by ridge regression; s is the size of what "
        "it leaves over.",
    )
    return [own, CELL_SOURCES[fit.recipe.network.cell]]


def _told(fit: PairedFit, evaluated: PairedEvaluated) -> ReportFigure:
    rows, record = evaluated.stretches.rows, evaluated.part.parent
    shown = readable_rows(evaluated.truth)
    time, clock = drawn_times(record)
    count = len(fit.recipe.inputs)
    return draw_sheet(
        "told",
        _drawn(fit),
        draw=lambda target, axes: draw_free_runs(
            time[rows[shown]],
            evaluated.truth[shown, target],
            runs={name: told[shown, target] for name, told in evaluated.told.items()},
            quantity=quantities(record)[count + target],
            clock=clock,
            title="Told from the inputs alone" if target == 0 else "",
            axes=axes,
        ),
        caption=f"The target is told from the inputs alone, row after row.{_extent(shown, len(rows))}"
        f"{left_out(len(fit.recipe.target))}",
        alt=f"What {', '.join(evaluated.told)} tell of {', '.join(fit.recipe.target)} beside the truth.",
    )


def _errors(fit: PairedFit, evaluated: PairedEvaluated) -> ReportFigure:
    targets = fit.model.targets
    names = [name for name in evaluated.told if name != "mean"]
    return error_sheet(
        {name: evaluated.told[name] - evaluated.truth for name in names},
        targets.names,
        targets.units,
        title="Errors",
        what="the target was told",
        alt=f"Histogram of the errors of {', '.join(names)}.",
    )


def _losses(fit: PairedFit) -> ReportFigure | None:
    return told_losses(
        fit,
        caption="Root mean square error on the validation part in units of the scaled targets, before training (epoch "
        "0) and after each epoch; and the mean squared error of training, in units of what the head tells.",
    )


def _record(fit: PairedFit) -> ReportFigure:
    record, parts = fit.record, fit.split.ranges
    time, clock = drawn_times(record)
    channels = min(len(record.names), 2 * MOST_CHANNELS)
    return draw_sheet(
        "record",
        channels,
        height=2.2,
        draw=lambda channel, axes: draw_series(
            time,
            record.values[:, channel],
            quantities=[quantities(record)[channel]],
            clock=clock,
            parts=parts,
            title="Inputs and targets, and their parts" if channel == 0 else "",
            axes=axes,
        ),
        caption="The record in its own units, the inputs first. The network learned from the training part, the "
        "validation part chose the epoch.",
        alt=f"{', '.join(record.names[:channels])} against {clock.name}; shaded: {', '.join(parts)}.",
    )


def _drawn(fit: PairedFit) -> int:
    return min(len(fit.recipe.target), MOST_CHANNELS)


def _extent(shown: slice, rows: int) -> str:
    count = shown.stop - shown.start
    return f" Drawn are the first {count} of {rows} rows." if count < rows else ""
