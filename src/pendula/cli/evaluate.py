"""The command `evaluate`."""

from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from pendula.cli.options import AS_RECORDED, RecordOptions
from pendula.cli.output import PLAIN, Output
from pendula.cli.whole import Whole
from pendula.errors import ArgumentError

if TYPE_CHECKING:
    import xarray

    from pendula.forecasting import RefitPolicy
    from pendula.runs import Fit

__all__ = ["EXAMPLE", "evaluate"]

EXAMPLE = """\
pendula evaluate runs/pendulum
pendula evaluate runs/pendulum held-out.csv --unit x=rad
pendula evaluate runs/pendulum held-out.csv --adaptive
pendula evaluate runs/pendulum --refit every:500 --past sliding --figure backtest.png
pendula evaluate runs/pendulum new.csv --surprise surprise.csv --alarm-rate 0.001
"""


def evaluate(
    run: Path,
    held_out: str | None = None,
    /,
    *,
    coverage: float = 0.9,
    adaptive: bool = False,
    refit: str | None = None,
    past: Literal["expanding", "sliding"] | None = None,
    leads: Whole | None = None,
    surprise: Path | None = None,
    alarm_rate: float | None = None,
    figure: Path | None = None,
    overwrite: bool = False,
    seed: Whole | None = None,
    data: RecordOptions = AS_RECORDED,
    out: Output = PLAIN,
) -> None:
    """Score a fit one step ahead and in free run, or what it tells from inputs, beside baselines, on data it never saw.

    With --refit it is a rolling backtest from every row instead: networks and baselines are fitted anew as the record
    goes on. With --surprise it is a search for anomalies: each value is judged by how far it lies from what was
    expected one step before.

    Args:
        run: The run directory.
        held_out: A file with the fit's columns, units and time step; the fit's own test part when left out.
        coverage: Probability with which the truth is to lie in the intervals that are scored. [default: 0.9]
        adaptive: Adapt the intervals from origin to origin by what came, for a record that drifts.
        refit: Roll through every row, and fit anew: never, or every:N rows, as in every:500.
        past: What a refit knows: all rows before it, or a sliding window as long as the fit had. [default: expanding]
        leads: Steps to run from each row with --refit. [default: 50, fewer for short parts]
        surprise: File for the score of each value, by its suffix.
        alarm_rate: Share of sound values that give an alarm with --surprise. [default: 0.01]
        figure: Image of the backtest or of the anomalies, by its suffix (.png, .pdf, .svg).
        overwrite: Replace these files if they exist.
        seed: Has no effect: an evaluation draws no random numbers, and refits have the seed of the fit.
        data: How the held-out file is read.
        out: How to print.
    """
    del seed
    from pendula.cli.folders import check_file
    from pendula.figures.canvas import FORMATS
    from pendula.runs import PairedFit, load
    from pendula.series.files import SUFFIXES

    _check_together(refit, surprise, past=past, leads=leads, alarm_rate=alarm_rate, figure=figure, adaptive=adaptive)
    check_file(surprise, overwrite=overwrite, suffixes=SUFFIXES)
    check_file(figure, overwrite=overwrite, suffixes=FORMATS)
    fit = load(run)
    if isinstance(fit, PairedFit):
        from pendula.cli.told_files import evaluate_file

        _check_plain({"refit": refit, "surprise": surprise, "adaptive": adaptive or None, "figure": figure})
        evaluate_file(fit, run, held_out, data, out=out)
        return
    series, notes = (None, ()) if held_out is None else _held_out(held_out, fit, data)
    out.remark(*notes)
    about = {"run": run, "held_out": held_out}
    if refit is not None:
        policy = _policy(refit, past or "expanding")
        result = _backtest(fit, series, policy=policy, leads=leads, coverage=coverage, figure=figure, out=out)
        out.result({**about, **result, "notes": notes})
    elif surprise is not None:
        result = _surprise(fit, series, surprise, alarm_rate=alarm_rate, figure=figure, out=out)
        out.result({**about, **result, "notes": notes})
    else:
        out.result({**about, **_scores(fit, series, coverage=coverage, adaptive=adaptive, notes=notes, out=out)})


def _check_plain(options: dict[str, Any]) -> None:
    for name, value in options.items():
        if value is not None:
            raise ArgumentError(
                f"`--{name}` must be left out for a fit that tells targets from inputs: got {value}. It has no "
                "forecasts to roll, and no intervals."
            )


def _scores(
    fit: "Fit",
    series: "xarray.Dataset | None",
    *,
    coverage: float,
    adaptive: bool,
    notes: tuple[str, ...],
    out: Output,
) -> dict[str, Any]:
    from pendula.cli.reports import score_lines
    from pendula.forecasting import evaluate as score
    from pendula.report import idle_note, interval_lines, seen_note, verdict_of

    evaluated = score(fit, series, coverage=coverage, adaptive=adaptive)
    scores = evaluated.to_dict()
    verdict = verdict_of(scores, evaluated.evaluation.part.parent)
    idle = idle_note(fit)
    intervals = evaluated.intervals
    held = [] if intervals is None else [*interval_lines(intervals, unit=scores["units"]["value"]), ""]
    out.show(*score_lines(scores, [*held, *verdict, *idle]))
    return {"scores": scores, "verdict": verdict, "notes": [*notes, *seen_note(scores), *idle]}


def _backtest(
    fit: "Fit",
    series: "xarray.Dataset | None",
    *,
    policy: "RefitPolicy",
    leads: int | None,
    coverage: float,
    figure: Path | None,
    out: Output,
) -> dict[str, Any]:
    from pendula.figures import save
    from pendula.forecasting import backtest
    from pendula.report import backtest_figure, backtest_lines, interval_lines

    out.remark("rolling through the record")
    rolled = backtest(fit, series, policy=policy, leads=leads, coverage=coverage)
    content = rolled.to_dict()
    unit = content["units"]["value"]
    held = [] if rolled.intervals is None else ["", *interval_lines(rolled.intervals, unit=unit)]
    out.show(*backtest_lines(rolled, unit=unit), *held)
    if figure is not None:
        out.show(f"Figure: {save(backtest_figure(rolled), figure)}")
    return {**content, "figure": figure}


def _surprise(
    fit: "Fit",
    series: "xarray.Dataset | None",
    file: Path,
    *,
    alarm_rate: float | None,
    figure: Path | None,
    out: Output,
) -> dict[str, Any]:
    from pendula.figures import save
    from pendula.forecasting import surprise as judge
    from pendula.forecasting.surprise import ALARM_RATE
    from pendula.report import surprise_figure
    from pendula.series import write

    found = judge(fit, series, alarm_rate=ALARM_RATE if alarm_rate is None else alarm_rate)
    scores = found.to_dataset()
    scores["time"].attrs["name"] = fit.model.axis.name
    write(scores, file)
    alarms, rows = int(found.alarms.sum()), len(found.rows)
    out.show(
        f"{alarms} of {rows} values give an alarm; {found.alarm_rate * rows:.3g} would if all were sound.",
        f"Scores: {file}",
    )
    if figure is not None:
        out.show(f"Figure: {save(surprise_figure(found), figure)}")
    return {
        "rows": rows,
        "alarm_rate": found.alarm_rate,
        "alarms": alarms,
        "alarm_times": scores["time"].values[found.alarms],
        "surprise": file,
        "figure": figure,
    }


def _check_together(refit: str | None, surprise: Path | None, *, adaptive: bool, **others: object) -> None:
    if refit is not None and surprise is not None:
        raise ArgumentError("`--refit` must not go with `--surprise`: expected one of them, got both. Choose one.")
    needed = {"past": refit, "leads": refit, "alarm_rate": surprise, "figure": refit or surprise}
    options = {"past": "--refit", "leads": "--refit", "alarm_rate": "--surprise", "figure": "--refit or --surprise"}
    for name, value in others.items():
        if value is not None and needed[name] is None:
            option = "--" + name.replace("_", "-")
            raise ArgumentError(f"`{option}` must go with {options[name]}: got it alone. Leave it out, or add that.")
    if adaptive and (refit or surprise):
        raise ArgumentError(
            "`--adaptive` must stand alone: got it with --refit or --surprise. It adapts the intervals of one fit."
        )


def _policy(refit: str, past: Literal["expanding", "sliding"]) -> "RefitPolicy":
    from pendula.forecasting import RefitPolicy

    if refit == "never":
        return RefitPolicy(past=past)
    word, colon, count = refit.partition(":")
    if word != "every" or not colon or not count.isdecimal():
        raise ArgumentError(f"`--refit` must be never or every:N: expected as in every:500, got {refit}. Count rows.")
    return RefitPolicy(every=int(count), past=past)


def _held_out(file: str, fit: "Fit", data: RecordOptions) -> "tuple[xarray.Dataset, tuple[str, ...]]":
    from pendula.cli.records import read_like
    from pendula.forecasting.controls import handed_in

    return read_like(fit.model.axis, file=file, columns=(*fit.model.names, *handed_in(fit)), options=data)
