"""What the scores mean, in plain sentences: is the network better than predictors that have learned little?"""

import math
from collections.abc import Mapping
from typing import Any, Literal

from pendula.report.controls_note import among_told, controls_note
from pendula.report.coordinates import has_one_unit
from pendula.report.numbers import format_number
from pendula.report.scores import finite_score, unit_of
from pendula.series.record import Record

__all__ = ["seen_note", "verdict", "verdict_of"]

ALIKE = 0.01
"""Errors that differ by less than this share count as equal."""

NEARLY_LINEAR = 1e-2
"""Below this free-run NRMSE a linear model is all that a record needs."""

MOST_GAIN = 100.0
"""Likelihoods that differ by more than this, in nats, are infinitely different to a reader."""

HIGH_R2 = 0.9
"""An R² from here on impresses."""

_NAMES = {
    "network": "the network",
    "persistence": "persistence",
    "linear": "linear autoregression",
    "seasonal": "the seasonal baseline",
    "esn": "the echo state network",
}


def verdict(scores: Mapping[str, Any], *, metric: Literal["rmse", "nrmse"] = "rmse") -> list[str]:
    """Say plainly whether the networks are better than the baselines, one step ahead and running freely.

    Args:
        scores: Has "models" and "baselines": scores by predictor, with "rmse", "free_run_rmse", "r2" and
            "free_run_nrmse"; None or a number that is not finite reads as diverged. "controls" names what the networks
            are told of the rows to come: they are then praised against the baselines that are told it, too.
        metric: What to compare by; "nrmse" where the channels have different units.

    Returns:
        Sentences, the most important first.

    Examples:
        >>> scores = {
        ...     "models": {"lstm": {"rmse": 0.0133, "r2": 0.9989, "free_run_rmse": 0.2}},
        ...     "baselines": {"persistence": {"rmse": 0.00111, "free_run_rmse": 0.8}},
        ...     "units": {"value": "m"}}
        >>> for sentence in verdict(scores):
        ...     print(sentence)
        The network is better than every baseline running freely, but not better than persistence one step ahead.
        One step ahead, lstm has an RMSE of 0.0133 m: 12 times that of persistence (0.00111 m).
        Running freely, lstm has an RMSE of 0.2 m: 75 % below persistence (0.8 m).
        The R² of 0.9989 misleads: persistence ("the same as now") has learned nothing and is no worse one step ahead.
    """
    if not scores.get("models"):
        return ["No network was scored."]
    warning = seen_note(scores)
    kinds = {metric: "One step ahead", f"free_run_{metric}": "Running freely"}
    sentences = [_headline(scores, kinds)]
    sentences += [sentence for key, when in kinds.items() if (sentence := _comparison(scores, key, when))]
    if f"free_run_{metric}" not in {key for row in scores["models"].values() for key in row}:
        sentences.append("No free run was scored, so nothing is known about forecasts beyond one step.")
    told = controls_note(scores.get("controls", ()), scores.get("baselines", {}))
    return warning + sentences + _likelihood(scores) + _misleading(scores, metric) + _linear(scores) + told


def verdict_of(scores: Mapping[str, Any], record: Record) -> list[str]:
    """Say whether networks are better than the baselines, in a measure that the channels have in common.

    Args:
        scores: The scores; empty where there is no test part.
        record: The record that was scored.

    Returns:
        Sentences, the most important first.
    """
    if not scores:
        return ["No test part was kept, so it is not known what the network is worth."]
    return verdict(scores, metric="rmse" if has_one_unit(record) else "nrmse")


def seen_note(scores: Mapping[str, Any]) -> list[str]:
    """Warn of scores on rows that the network has learned from.

    Args:
        scores: With "rows", how many were scored, and "seen_rows", how many of them the fit had seen.

    Returns:
        One sentence, or none.

    Examples:
        >>> seen_note({"rows": 90, "seen_rows": 60})
        ['60 of 90 scored rows were in the training or validation part: these scores flatter.']
    """
    if not scores.get("seen_rows"):
        return []
    seen = f"{scores['seen_rows']} of {scores['rows']} scored rows"
    return [f"{seen} were in the training or validation part: these scores flatter."]


def _headline(scores: Mapping[str, Any], kinds: Mapping[str, str]) -> str:
    if not scores.get("baselines"):
        return "No baseline was scored, so it is not known whether the network is worth having."
    who = "The network" if len(scores["models"]) == 1 else "The best network"
    outcomes = {when.lower(): _wins(scores, key) for key, when in kinds.items()}
    won = [when for when, is_better in outcomes.items() if is_better]
    lost = [when for when, is_better in outcomes.items() if is_better is False]
    if not won and not lost:
        return "Networks and baselines have no score in common, so they cannot be compared."
    rivals = {when.lower(): _strongest(scores, key) for key, when in kinds.items()}
    every = f"every baseline that is also told the {', '.join(scores['controls'])}" if scores.get("controls") else ""
    every = every or "every baseline"
    if not won:
        return f"{who} is not better than {_unbeaten([(when, rivals[when]) for when in lost])}."
    if lost:
        return f"{who} is better than {every} {won[0]}, but not better than {rivals[lost[0]]} {lost[0]}."
    return f"{who} is better than {every}, {' and '.join(won)}."


def _strongest(scores: Mapping[str, Any], key: str) -> str:
    best = _best(_rivals(scores, key), key)
    return _called(best[0]) if best else "the baselines"


def _rivals(scores: Mapping[str, Any], key: str) -> dict[str, Any]:
    network = _best(scores["models"], key)
    return among_told(scores, key, best=network[1] if network else math.inf)


def _unbeaten(rivals: list[tuple[str, str]]) -> str:
    if len(rivals) == 2 and rivals[0][1] == rivals[1][1]:
        return f"{rivals[0][1]}, neither {rivals[0][0]} nor {rivals[1][0]}"
    return ", nor than ".join(f"{name} {when}" for when, name in rivals)


def _wins(scores: Mapping[str, Any], key: str) -> bool | None:
    """Tell whether the best network beats the best baseline.

    Args:
        scores: All scores.
        key: The metric.

    Returns:
        None where one side was not measured at all.
    """
    if not all(any(key in row for row in scores[group].values()) for group in ("models", "baselines")):
        return None
    network, baselines = _best(scores["models"], key), _ranked(_rivals(scores, key), key)
    if network is None:
        return False
    return not baselines or _ratio(network[1], baselines[0][1]) < 1 - ALIKE


def _comparison(scores: Mapping[str, Any], key: str, when: str) -> str:
    if not any(key in row for row in scores["models"].values()):
        return ""
    unit = unit_of(scores, key)
    network, baselines = _best(scores["models"], key), _rivals(scores, key)
    if network is None:
        who = "the network" if len(scores["models"]) == 1 else "every network"
        stable = [f"{_called(name)} did not ({_quantity(error, unit)})" for name, error in _ranked(baselines, key)]
        return f"{when}, {who} diverged" + (f"; {_listed(stable)}." if stable else ".")
    rivals = [
        f"{_relation(network[1], error)} {_called(name)} ({_quantity(error, unit)})"
        for name, error in _ranked(baselines, key)
    ]
    diverged = "".join(f"; {_called(name)} diverged" for name in _diverged(baselines, key))
    measure = key.removeprefix("free_run_").upper()
    start = f"{when}, {_called(network[0])} has an {measure} of {_quantity(network[1], unit)}"
    return start + (f": {_listed(rivals)}" if rivals else "") + f"{diverged}."


def _likelihood(scores: Mapping[str, Any]) -> list[str]:
    key, baselines = "log_likelihood", scores.get("baselines", {})
    # The largest is the best.
    told, rivals = (list(reversed(_ranked(rows, key))) for rows in (scores["models"], baselines))
    if not told or not rivals:
        return []
    (name, own), (rival, theirs) = told[0], rivals[0]
    gain = abs(own - theirs)
    start = f"{_capital(_called(name))} tells distributions of {format_number(own, digits=4)} nats per step"
    beside = f"{_called(rival)} with normal errors ({format_number(theirs, digits=4)})"
    if gain < ALIKE:
        return [f"{start}, as good as those of {beside}."]
    side = "more" if own > theirs else "less"
    factor = format_number(math.exp(min(gain, MOST_GAIN)), digits=3)
    whom = _called(name if own > theirs else rival)
    how = f"a value is {factor} times as likely to {whom}, in the geometric mean."
    return [f"{start}, {format_number(gain, digits=2)} {side} than {beside}: {how}"]


def _misleading(scores: Mapping[str, Any], metric: str) -> list[str]:
    network = _best(scores["models"], metric)
    persistence = finite_score(scores.get("baselines", {}).get("persistence", {}), metric)
    if network is None or persistence is None:
        return []
    r2 = finite_score(scores["models"][network[0]], "r2")
    if r2 is None or r2 < HIGH_R2 or persistence > network[1]:
        return []
    rival = 'persistence ("the same as now") has learned nothing'
    return [f"The R² of {format_number(r2)} misleads: {rival} and is no worse one step ahead."]


def _linear(scores: Mapping[str, Any]) -> list[str]:
    rows = {name: row for name, row in scores.get("baselines", {}).items() if name.partition(" ")[0] == "linear"}
    best = _best(rows, "free_run_nrmse")
    if best is None or best[1] >= NEARLY_LINEAR:
        return []
    name, error = best
    run = f"{_capital(_called(name))} runs freely with an NRMSE of {format_number(error, digits=3)}"
    link = name.partition("(")[2].rstrip(")")
    record = f"the record, under {link}," if link else "the record"
    return [f"{run}: {record} obeys a linear equation to that accuracy, and does not need a network."]


def _ranked(rows: Mapping[str, Mapping[str, Any]], key: str) -> list[tuple[str, float]]:
    errors = [(name, error) for name, row in rows.items() if (error := finite_score(row, key)) is not None]
    return sorted(errors, key=lambda pair: pair[1])


def _best(rows: Mapping[str, Mapping[str, Any]], key: str) -> tuple[str, float] | None:
    return next(iter(_ranked(rows, key)), None)


def _diverged(rows: Mapping[str, Mapping[str, Any]], key: str) -> list[str]:
    return [name for name, row in rows.items() if key in row and finite_score(row, key) is None]


def _ratio(error: float, other: float) -> float:
    if other == 0:
        return 1.0 if error == 0 else float("inf")
    return error / other


def _relation(error: float, other: float) -> str:
    ratio = _ratio(error, other)
    if abs(ratio - 1) < ALIKE:
        return "as good as"
    if ratio == float("inf"):
        return "above"
    if ratio > 2:
        return f"{_times(ratio)} times that of"
    if ratio < 0.1:
        return f"{_times(1 / ratio)} times smaller than that of" if ratio > 0 else "below"
    return f"{100 * abs(1 - ratio):.0f} % {'below' if ratio < 1 else 'above'}"


def _times(factor: float) -> str:
    return format_number(factor, digits=2)


def _called(name: str) -> str:
    # "linear (sqrt)" is the autoregression of the square roots
    kind, blank, link = name.partition(" ")
    return _NAMES["linear"] + blank + link if kind == "linear" else _NAMES.get(name, name)


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _quantity(error: float, unit: str) -> str:
    return f"{format_number(error, digits=3)} {unit if unit.strip() not in {'', '1'} else ''}".rstrip()


def _listed(phrases: list[str]) -> str:
    return phrases[0] if len(phrases) == 1 else f"{', '.join(phrases[:-1])} and {phrases[-1]}"
