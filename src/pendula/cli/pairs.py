"""Targets told from inputs, on the command line: what is read, what was chosen, what is delivered."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pendula.cli.options import PairedOptions, RecipeOptions, RecordOptions, listed
from pendula.cli.output import Output
from pendula.errors import ConfigError, DataError, InterruptedRunError

if TYPE_CHECKING:
    import xarray

    from pendula.config import DataSettings
    from pendula.filtering import AnyEvaluated
    from pendula.runs import PairedFit, PairedRecipe
    from pendula.series import Record

__all__ = ["begin_pairs", "deliver_pairs", "evaluate_file", "report_pairs", "tell_file"]


def begin_pairs(
    file: str | None,
    *,
    target: str | None,
    run: Path | None,
    overwrite: bool,
    config: Path | None,
    data: RecordOptions,
    recipe: RecipeOptions,
    paired: PairedOptions,
    out: Output,
) -> None:
    """Make a fit that tells targets from inputs, and deliver it.

    Args:
        file: The file of data.
        target: The columns to tell, joined by commas.
        run: The run directory.
        overwrite: Replace it if it exists.
        config: The experiment file, which has no inputs.
        data: How the file is read.
        recipe: How the fit is made.
        paired: Inputs and washout.
        out: How to print.

    Raises:
        ConfigError: If an experiment file is named, or a setting is unknown or has a bad value.
        InterruptedRunError: If the user interrupts.
    """
    from pendula.cli.progress import progress, with_advice
    from pendula.filtering import fit_pairs

    if config is not None:
        raise ConfigError("`--config` must be left out where inputs are given: its settings are those of forecasts.")
    settings, rows, made, notes = _task(file, target=target, data=data, recipe=recipe, paired=paired)
    source = settings.file or ""
    run = run or Path("runs") / Path(source).stem
    out.remark(*_chosen_lines(source, rows, made), *(f"note      {note}" for note in notes), f"run       {run}", "")
    try:
        with progress(out) as listener:
            fit = fit_pairs(rows, made, run=run, overwrite=overwrite, notes=notes, listener=listener)
    except InterruptedRunError as error:
        advised = with_advice(error, run)
        raise advised from error
    deliver_pairs(fit, run, source=source, out=out)


def deliver_pairs(fit: "PairedFit", run: Path, *, source: str, out: Output) -> None:
    """Write the page of a new fit, and tell what it is worth.

    Args:
        fit: The fit.
        run: Its run directory.
        source: Where its record came from.
        out: How to print.
    """
    from pendula.filtering import evaluate_told

    out.remark("writing the report")
    evaluated = evaluate_told(fit) if len(fit.split.test) else None
    page, verdict, remarks = report_pairs(fit, evaluated, run)
    scores = {} if evaluated is None else evaluated.to_dict()
    out.show(*_score_lines(scores, [*verdict, *remarks]), f"Run: {run}", f"Report: {page}")
    out.result({
        "run": run,
        "report": page,
        "chosen": _chosen(source, fit.record, fit.recipe),
        "scores": scores,
        "verdict": verdict,
        "epochs": fit.history[-1].epoch if fit.history else 0,
        "best_epoch": fit.best_epoch,
        "outcome": fit.outcome,
        "seconds": fit.seconds,
        "notes": [*fit.notes, *remarks],
    })


def report_pairs(fit: "PairedFit", evaluated: "AnyEvaluated | None", run: Path) -> tuple[Path, list[str], list[str]]:
    """Write figures and page of a fit into its run.

    Args:
        fit: The fit.
        evaluated: What it told on the test part, if there is one.
        run: The run directory.

    Returns:
        The page, its verdict, and what has to be known beside it.
    """
    from pendula.report import idle_path_note, told_report, write_report

    content = told_report(fit, evaluated)
    return write_report(content, content.images, run), list(content.verdict), idle_path_note(fit)


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
    out.show(*_score_lines(scores, [*verdict, *idle]))
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
    from pendula.cli.tables import print_series
    from pendula.filtering import tell
    from pendula.series import write

    names = fit.model.inputs.names
    if file is None:
        raise DataError(
            f"`FILE` must hold the inputs of the fit: expected a file with {', '.join(names)}, got none. "
            f"{', '.join(fit.model.targets.names)} cannot be told without them."
        )
    series, notes = _series_for(fit, file, names, data)
    told = tell(fit, series)
    told["time"].attrs["name"] = fit.model.axis.name  # files keep the name of the record's own column
    beyond = [f"warning: {told.attrs['outside']}"] if "outside" in told.attrs else []
    out.remark(*notes, *_start_notes(fit, run_up=told.attrs["run_up"]), *_untold_notes(fit, told), *beyond)
    targets = ", ".join(fit.model.targets.names)
    if output is not None:
        write(told, output)
        out.show(f"Wrote {told.sizes['time']} rows of {targets} to {output}.")
    elif not out.json:
        print_series(told)
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


def _task(
    file: str | None, *, target: str | None, data: RecordOptions, recipe: RecipeOptions, paired: PairedOptions
) -> "tuple[DataSettings, Record, PairedRecipe, tuple[str, ...]]":
    from pendula.cli.notes import filling_notes, gap_notes
    from pendula.cli.records import check_unsampled, data_settings
    from pendula.config import DataSettings, merge
    from pendula.filtering import paired_record, paired_series, usual_of_task, usual_recipe
    from pendula.runs import PairedRecipe
    from pendula.series.record import assemble

    task = "filter" if paired.task is None or paired.task == "forecast" else paired.task
    inputs, targets = listed(paired.input), listed(target)
    choices = merge(recipe.choices(), paired.choices())
    usual = merge(usual_of_task(task, choices), choices)
    # Before the file is read: bad settings are told at once.
    unknown = {"inputs": list(inputs) or ["the other columns"], "target": list(targets) or ["the other column"]}
    PairedRecipe.from_dict({**unknown, **usual})
    # Without a target, or with all others as inputs, all columns are read.
    columns = ",".join([*inputs, *targets]) if targets and inputs else None
    settings = data_settings(DataSettings(), file=file, target=columns, options=data)
    check_unsampled(settings, irregular=bool(usual.get("irregular", False)))
    series, read_notes = _read(settings, targets if task != "filter" else ())
    found = paired_series(
        series, inputs or None, targets or None, task=task, irregular=bool(usual.get("irregular", False))
    )
    told = {"labels": {**found.labels, "classes": list(found.labels["classes"])}} if found.labels else {}
    named = {"inputs": list(found.inputs), "target": list(found.target)}
    chosen = PairedRecipe.from_dict(merge(merge(usual, told), named))
    given = set(choices) | ({"linear_lags"} & set(choices.get("network", {})))
    holes = assemble(found.dataset, chosen.columns)
    made = usual_recipe(holes, chosen, given=given)
    if settings.gaps != "fill":
        rows = paired_record(found.dataset, made)
        missing = gap_notes(rows, filled=False) if made.missing == "gap" else []
        return settings, rows, made, (*read_notes, *missing)
    rows, count = _filled(holes, made)
    return settings, rows, made, (*read_notes, *filling_notes(count), *gap_notes(rows, filled=True))


def _filled(holes: "Record", recipe: "PairedRecipe") -> "tuple[Record, int]":
    import numpy as np

    from pendula.filtering import paired_record
    from pendula.forecasting import fill_parts
    from pendula.series.record import to_dataset

    filled, count = fill_parts(holes, recipe)
    dataset = to_dataset(filled)
    if recipe.tells_labels:
        # Between two labels there is none.
        name = recipe.target[0]
        dataset[name] = ("time", holes.values[:, holes.index(name)].copy())
        count -= int(np.isnan(holes.values[:, holes.index(name)]).sum())
    return paired_record(dataset, recipe), max(0, count)


def _read(settings: "DataSettings", labels: tuple[str, ...]) -> "tuple[xarray.Dataset, tuple[str, ...]]":
    from pendula.cli.records import read_series

    try:
        series, notes = read_series(settings, labels=labels)
        if lost := tuple(name for name in labels if name not in series.data_vars):
            read_series(replace(settings, target=lost))  # says which columns there are, those of text among them
    except DataError as error:
        # The library calls them columns; here they are two options.
        raise DataError(
            str(error).replace("`columns`", "`--input` and `--target`").replace("`group`", "`--group`")
        ) from error
    return series, notes


def _series_for(
    fit: "PairedFit", file: str, columns: tuple[str, ...], data: RecordOptions
) -> "tuple[xarray.Dataset, tuple[str, ...]]":
    from pendula.cli.notes import filling_notes
    from pendula.cli.records import read_series, settings_like
    from pendula.series import fill_gaps

    settings = settings_like(fit.model.axis, file=file, options=data)
    series, notes = read_series(settings, labels=fit.recipe.target if fit.recipe.tells_labels else ())
    wanted = series[[name for name in columns if name in series.data_vars]]
    if settings.gaps != "fill":
        return wanted, notes
    filled, count = fill_gaps(wanted)
    return filled, (*notes, *filling_notes(count))


def _chosen(source: str, rows: "Record", recipe: "PairedRecipe") -> dict[str, Any]:
    from pendula.filtering import split_pairs

    parts = split_pairs(rows, recipe)
    units = dict(zip(rows.names, rows.units, strict=True))
    return {
        "source": source,
        "rows": len(rows),
        "time": {"column": rows.axis.name, "units": rows.axis.units, "step": rows.axis.step_text},
        "inputs": {name: units[name] for name in recipe.inputs},
        "target": {name: units[name] for name in recipe.target},
        "trajectories": len(rows.blocks),
        "parts": {"train": len(parts.train), "validation": len(parts.validation), "test": len(parts.test)},
        "gaps": len(rows) - int(rows.present.sum()),
        "recipe": recipe.to_dict(),
    }


def _chosen_lines(source: str, rows: "Record", recipe: "PairedRecipe") -> list[str]:
    from pendula.report.numbers import counted

    chosen, network, training = _chosen(source, rows, recipe), recipe.network, recipe.training
    lags = f", linear filter of {counted(network.linear_lags, 'step')}" if network.linear_lags else ""
    epochs = counted(training.epochs, "epoch")
    lines = {
        "data": f"{source}, {len(rows)} rows"
        + (f" in {len(rows.blocks)} trajectories" if len(rows.blocks) > 1 else ""),
        "inputs": _listed(chosen["inputs"]),
        "target": _listed(chosen["target"]),
        "parts": ", ".join(f"{name} {size}" for name, size in chosen["parts"].items()) + " rows",
        **_told_lines(recipe),
        "network": f"{network.cell}, {counted(network.hidden_size, 'unit')}, "
        f"{counted(network.num_layers, 'layer')}{lags}",
        "training": f"{epochs} at most, batches of {training.batch_size}, {training.method or 'adam'}, learning rate "
        f"{training.learning_rate:g}, seed {recipe.seed}",
    }
    return [f"{name:<9} {text}" for name, text in lines.items()]


def _told_lines(recipe: "PairedRecipe") -> dict[str, str]:
    window = f"{recipe.window} rows, the first {recipe.washout} not scored"
    start = {"start": _STARTS[recipe.initial_state]}
    if not recipe.tells_labels:
        return {"window": window, **start}
    labels = ", ".join(recipe.labels.classes[:12]) + (", …" if len(recipe.labels.classes) > 12 else "")
    whole = recipe.task == "classify"
    return {
        "labels": labels,
        "window": f"whole trajectories, {recipe.window} rows at most" if whole else window,
        **start,
    }


_STARTS = {
    "zeros": "a state of zeros",
    "rest": "what the network settles to with inputs at their mean",
    "learned": "a state that is learned",
}


def _listed(units: dict[str, str]) -> str:
    return ", ".join(f"{name} ({unit})" if unit else name for name, unit in units.items())


def _score_lines(scores: dict[str, Any], verdict: list[str]) -> list[str]:
    from pendula.cli.reports import score_lines

    return score_lines(scores, verdict)
