"""Files of inputs, from which a fit tells targets: scores beside known ones, or targets that nobody knows."""

from pathlib import Path
from typing import TYPE_CHECKING

from pendula.cli.notes import filling_notes
from pendula.cli.options import RecordOptions
from pendula.cli.output import Output
from pendula.cli.records import read_series, settings_like
from pendula.cli.reports import score_lines
from pendula.cli.tables import deliver_series
from pendula.errors import DataError

if TYPE_CHECKING:
    import xarray

    from pendula.runs import PairedFit

__all__ = ["evaluate_file", "tell_file"]


def evaluate_file(fit: "PairedFit", run: Path, file: str | None, data: RecordOptions, *, out: Output) -> None:
    """Score a fit, and print the scores.

    Args:
        fit: The fit.
        run: Its run directory.
        file: A held-out file; the fit's own test part when left out.
        data: How that file is read.
        out: How to print.
    """
    from pendula.filtering import evaluate_told
    from pendula.report import idle_path_note, told_verdict

    series, notes = (None, ()) if file is None else _series_for(fit, file, fit.recipe.columns, data)
    evaluated = evaluate_told(fit, series)
    start = [] if file is None else _start_notes(fit, run_up=evaluated.part.start)
    out.remark(*notes, *start)
    scores = evaluated.to_dict()
    verdict, idle = told_verdict(scores), idle_path_note(fit)
    out.show(*score_lines(scores, [*verdict, *idle]))
    out.result({"run": run, "held_out": file, "scores": scores, "verdict": verdict, "notes": [*notes, *start, *idle]})


def tell_file(
    fit: "PairedFit", run: Path, file: str | None, data: RecordOptions, *, output: Path | None, out: Output
) -> None:
    """Tell the targets from a file of inputs alone.

    Args:
        fit: The fit.
        run: Its run directory.
        file: The file of inputs.
        data: How it is read.
        output: File to write; without one a table on a terminal, CSV elsewhere.
        out: How to print.

    Raises:
        DataError: If no file of inputs is named.
    """
    from pendula.filtering import tell

    names = fit.model.inputs.names
    if file is None:
        raise DataError(
            f"`FILE` must hold the inputs of the fit: expected a file with {', '.join(names)}, got none. "
            f"{', '.join(fit.model.targets.names)} cannot be told without them."
        )
    series, notes = _series_for(fit, file, names, data, continues=True)
    told = tell(fit, series)
    told["time"].attrs["name"] = fit.model.axis.name  # files keep the name of the record's own column
    beyond = [f"warning: {told.attrs['outside']}"] if "outside" in told.attrs else []
    out.remark(*notes, *_start_notes(fit, run_up=told.attrs["run_up"]), *_untold_notes(fit, told), *beyond)
    deliver_series(told, output, told=f"rows of {', '.join(fit.model.targets.names)}", out=out)
    out.result({
        "run": run,
        "file": output,
        "time": {"units": fit.model.axis.units, "values": told["time"].values},
        "told": {
            str(name): {"units": column.attrs.get("units", ""), "values": column.values}
            for name, column in told.data_vars.items()
        },
        **told.attrs,
    })


def _start_notes(fit: "PairedFit", *, run_up: int) -> list[str]:
    from pendula.report.numbers import counted

    washout = fit.model.washout
    warm = f"The file continues the record of the fit: the run begins in the last {run_up} rows before it."
    if run_up >= washout:
        return [warm] if run_up else []
    known = "the inputs before them are not known" + (
        ", and are taken to have stood still at their mean" if fit.recipe.initial_state == "rest" else ""
    )
    cold = f"The first {counted(washout - run_up, 'row')} after a start are uncertain: {known}."
    return [warm, cold] if run_up else [cold]


def _untold_notes(fit: "PairedFit", told: "xarray.Dataset") -> list[str]:
    unknown = int(told[list(told.data_vars)[-1]].isnull().sum())  # of labels the last probability
    if not unknown:
        return []
    names, total = ", ".join(fit.model.targets.names), told.sizes["time"]
    lack = f"{unknown} of {total} rows {'lack' if unknown > 1 else 'lacks'} an input, {names} cannot be told there"
    return [f"warning: {lack}, and after a gap the run starts anew; --gaps fill interpolates."]


def _series_for(
    fit: "PairedFit", file: str, columns: tuple[str, ...], data: RecordOptions, *, continues: bool = False
) -> "tuple[xarray.Dataset, tuple[str, ...]]":
    from pendula.series import fill_gaps

    settings = settings_like(fit.model.axis, file=file, options=data)
    labels = fit.recipe.target if fit.recipe.tells_labels else ()
    series, notes = read_series(settings, labels=labels, continues=continues)
    wanted = series[[name for name in columns if name in series.data_vars]]
    if settings.gaps != "fill":
        return wanted, notes
    filled, count = fill_gaps(wanted)
    return filled, (*notes, *filling_notes(count))
