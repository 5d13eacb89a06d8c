"""The report of a fit that tells labels: how many are right, which are mixed up, how late switches are told."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from pendula.figures import draw_confusion, draw_regimes, draw_roc, draw_series
from pendula.filtering import LabelsEvaluated
from pendula.metrics import roc_curve, switch_rows
from pendula.report.coordinates import drawn_times, quantities
from pendula.report.facts import SCALINGS, software_versions
from pendula.report.numbers import counted, format_number
from pendula.report.page import Reference, ReportContent, ReportFigure
from pendula.report.record_facts import data_facts
from pendula.report.references import CELL_SOURCES
from pendula.report.scores import finite_score, unit_of
from pendula.report.sheets import MOST_CHANNELS, draw_sheet
from pendula.report.told_parts import idle_path_note, network_facts, told_losses, told_title, training_facts
from pendula.report.verdict import seen_note
from pendula.runs import PairedFit

__all__ = ["labels_figures", "labels_report", "labels_verdict"]

MOST_CURVES = 8
"""ROC curves are drawn of the first so many labels."""
DRAWN_SWITCHES = 12
"""Regimes are drawn up to the row after so many switches."""

_EQUATION = "p(k, t) = softmaxₖ(V h(t) + c),  h(t) = cell(x(t), h(t−1))"
_WHO = {"network": "network", "linear": "linear classifier"}
_NAMES = {"linear": "a linear classifier of mean, spread and last value", "commonest": "the commonest label"}


def labels_report(fit: PairedFit, evaluated: LabelsEvaluated | None = None) -> ReportContent:
    """Tell what a fit that tells labels is worth, with all figures.

    Args:
        fit: The fit.
        evaluated: What it told on a part, and scores; None where there is no test part.

    Returns:
        The content of the page.
    """
    scores = {} if evaluated is None else evaluated.to_dict()
    figures = labels_figures(fit, evaluated)
    recipe = fit.recipe
    return ReportContent(
        title=told_title(fit),
        verdict=labels_verdict(scores),
        notes=[*idle_path_note(fit), *fit.notes, fit.outcome.value, *_notes(fit)],
        settings=_settings(fit),
        data=data_facts(fit) | {"Labels": _counts(fit)},
        scores=scores,
        figures=figures,
        references=[
            Reference(name="Labels", equation=_EQUATION, citation=_CITATIONS[recipe.task]),
            CELL_SOURCES[recipe.network.cell],
        ],
        versions=software_versions(),
        seed=recipe.seed,
    )


def labels_figures(fit: PairedFit, evaluated: LabelsEvaluated | None) -> list[ReportFigure]:
    """Draw what a fit that tells labels is worth.

    Args:
        fit: The fit.
        evaluated: What it told on a part, and scores; None where there is no test part.

    Returns:
        The figures: regimes over time, confusion matrices, ROC curves and learning curves.
    """
    drawn = [] if evaluated is None else [_confusion(evaluated), _roc(evaluated)]
    if evaluated is not None and evaluated.task == "regimes":
        drawn.insert(0, _regimes(fit, evaluated))
    return [figure for figure in [*drawn, _losses(fit)] if figure is not None]


def labels_verdict(scores: Mapping[str, Any]) -> list[str]:
    """Say plainly whether labels are told better than by the baselines.

    Args:
        scores: As `LabelsEvaluated.to_dict` gives them; empty where there is no test part.

    Returns:
        Sentences, the most important first.

    Examples:
        >>> for sentence in labels_verdict({
        ...     "models": {"network": {"accuracy": 0.99, "balanced_accuracy": 0.98}}, "rows": 200, "task": "classify",
        ...     "baselines": {"commonest": {"accuracy": 0.5}}}):
        ...     print(sentence)
        The network is better than every baseline: 99 % of 200 trajectories are told right, 50 % by the commonest label.
        Of each label 98 % are told right in the mean.
    """
    if not scores:
        return ["No test part was kept, so it is not known what the network is worth."]
    network, rows = scores["models"]["network"], scores["baselines"]
    own, kind = network["accuracy"], "trajectories" if scores["task"] == "classify" else "rows"
    best = max(row["accuracy"] for row in rows.values())
    against = ", ".join(f"{_percent(row['accuracy'])} % by {_NAMES[name]}" for name, row in rows.items())
    headline = (
        "The network is better than every baseline" if own > best else "The network is not better than the baselines"
    )
    sentences = [f"{headline}: {_percent(own)} % of {scores['rows']} {kind} are told right, {against}."]
    sentences.append(f"Of each label {_percent(network['balanced_accuracy'])} % are told right in the mean.")
    return [*seen_note(scores), *sentences, *_switch_sentence(scores)]


def _switch_sentence(scores: Mapping[str, Any]) -> list[str]:
    network = scores["models"]["network"]
    if "switches" not in network:
        return []
    late = "" if (delay := _delay(scores)) is None else f", half of them {delay}"
    switches, false = network["switches"], network["false_switches"]
    sentence = f"{switches - network['missed']} of {switches} switches are found{late}; {false} are told that are none."
    return [sentence]


def _delay(scores: Mapping[str, Any]) -> str | None:
    network, unit = scores["models"]["network"], unit_of(scores, "median_delay")
    if unit and (delay := finite_score(network, "median_delay")) is not None:
        return _late(delay, unit)
    # Where time has no unit, or is not regular, rows are counted.
    rows = finite_score(network, "median_delay_rows")
    return None if rows is None else _late(rows, "row" if abs(rows) == 1 else "rows")


def _late(delay: float, unit: str) -> str:
    if delay == 0:
        return "without delay"
    size = f"{format_number(abs(delay), digits=3)} {unit}"
    return f"within {size}" if delay > 0 else f"no later than {size} before"


_CITATIONS = {
    "classify": "The probabilities of a trajectory are those after its last row. Trained by −ln p of the true label.",
    "regimes": "The probabilities of a row are told from the rows up to it. Trained by −ln p of the true labels.",
}


def _percent(share: float) -> str:
    return format_number(100 * share, digits=4)


def _notes(fit: PairedFit) -> list[str]:
    notes = []
    labels = fit.recipe.labels
    if labels.balanced or labels.weights:
        notes.append("Labels were weighted in training: the probabilities are those of a record with other shares.")
    if fit.recipe.missing != "gap":
        notes.append("Missing inputs are no gaps: beside each input the network is shown whether it was known.")
    if fit.recipe.irregular:
        notes.append("Rows are the steps, whatever the time between them; the network is shown that time, too.")
    return notes


def _counts(fit: PairedFit) -> str:
    record, target = fit.record, fit.recipe.target[0]
    rows = record.blocks[:, 1] - 1 if fit.recipe.task == "classify" else np.arange(len(record))
    column = record.values[rows, record.index(target)]
    counts = np.bincount(column[~np.isnan(column)].astype(np.int64), minlength=len(fit.recipe.labels.classes))
    return ", ".join(f"{name} {count}" for name, count in zip(fit.recipe.labels.classes, counts, strict=True))


def _settings(fit: PairedFit) -> dict[str, object]:
    recipe, whole = fit.recipe, fit.recipe.task == "classify"
    weights = ", ".join(f"{name} {weight:g}" for name, weight in recipe.labels.weights.items())
    lasting = {
        "Minimum duration": counted(recipe.labels.minimum_duration, "row"),
        "Hysteresis": format_number(recipe.labels.hysteresis),
        "Window": counted(recipe.window, "row"),
        "Washout": counted(recipe.washout, "row"),
    }
    return {
        **network_facts(fit),
        **({"Pieces": "whole trajectories"} if whole else lasting),
        "Class weights": "balanced" if recipe.labels.balanced else weights or "all alike",
        "Missing inputs": recipe.missing,
        "Scaling": SCALINGS.get(recipe.scaling, "none"),
        "Loss": "−ln p of the true label" + (" of each trajectory" if whole else " of every row after the washout"),
        **training_facts(fit),
    }


def _confusion(evaluated: LabelsEvaluated) -> ReportFigure:
    scores, classes = evaluated.to_dict(), evaluated.labels.classes
    rows = {"network": scores["models"]["network"], "linear": scores["baselines"]["linear"]}
    panels = list(rows)
    return draw_sheet(
        "confusion",
        len(panels),
        beside=True,
        height=3.6,
        draw=lambda number, axes: draw_confusion(
            np.array(rows[panels[number]]["confusion"]), classes, title=f"Told by the {_WHO[panels[number]]}", axes=axes
        ),
        caption="How often each label was told (columns) for each true one (rows); the diagonal is right. Shaded by "
        "the share of the true label. The linear classifier sees mean, spread and last value of the inputs.",
        alt=f"Confusion matrices of {', '.join(panels)}.",
    )


def _roc(evaluated: LabelsEvaluated) -> ReportFigure | None:
    truth, classes = evaluated.truth, evaluated.labels.classes
    drawn = [code for code in range(len(classes)) if (truth == code).any() and (truth != code).any()][:MOST_CURVES]
    if not drawn:
        return None
    panels = ["network", "linear"]
    return draw_sheet(
        "roc",
        2,
        beside=True,
        height=3.6,
        draw=lambda number, axes: draw_roc(
            {
                classes[code]: roc_curve(truth == code, evaluated.probabilities[panels[number]][:, code])
                for code in drawn
            },
            title=f"ROC of the {_WHO[panels[number]]}",
            axes=axes,
        ),
        caption="Each label against all others, for every threshold of its probability. The area is the probability "
        "that one with the label has a higher probability than one without.",
        alt=f"ROC curves of {', '.join(classes[code] for code in drawn)}.",
    )


def _regimes(fit: PairedFit, evaluated: LabelsEvaluated) -> ReportFigure:
    record, rows = evaluated.part.parent, evaluated.rows
    cuts = switch_rows(evaluated.truth)
    shown = slice(0, int(cuts[DRAWN_SWITCHES]) if len(cuts) > DRAWN_SWITCHES else len(rows))
    time, clock = drawn_times(record)
    inputs = min(len(fit.recipe.inputs), MOST_CHANNELS)
    labels = {"truth": evaluated.truth[shown], **{name: told[shown] for name, told in evaluated.told.items()}}
    labels.pop("commonest", None)

    def draw(panel: int, axes: Any) -> object:
        if panel < inputs:
            return draw_series(
                time[rows[shown]],
                record.values[rows[shown], panel],
                quantities=[quantities(record)[panel]],
                clock=clock,
                title="What is shown" if panel == 0 else "",
                axes=axes,
            )
        return draw_regimes(
            time[rows[shown]],
            labels,
            evaluated.labels.classes,
            onsets=cuts[cuts < len(rows[shown])],
            clock=clock,
            title="What is told",
            axes=axes,
        )

    return draw_sheet(
        "regimes",
        inputs + 1,
        height=2.2,
        draw=draw,
        caption="The inputs, and the regime of each row: the true one, and those told from the rows up to it. Dotted: "
        f"true switches. Drawn are the first {len(rows[shown])} of {len(rows)} rows.",
        alt=f"Regimes over time, told by {', '.join(labels)}.",
    )


def _losses(fit: PairedFit) -> ReportFigure | None:
    return told_losses(
        fit,
        error="log-loss (nats)",
        caption="The mean of −ln p of the true labels on the validation part, before training (epoch 0) and after each "
        "epoch; and that of training, where classes count as they are weighted.",
    )
