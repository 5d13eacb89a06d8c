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
    from pendula.filtering import PairedEvaluated
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
    from pendula.filtering import evaluate_pairs

    out.remark("writing the report")
    evaluated = evaluate_pairs(fit) if len(fit.split.test) else None
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


def report_pairs(fit: "PairedFit", evaluated: "PairedEvaluated | None", run: Path) -> tuple[Path, list[str], list[str]]:
    """Write figures and page of a fit into its run.

    Args:
        fit: The fit.
        evaluated: What it told on the test part, if there is one.
        run: The run directory.

    Returns:
        The page, its verdict, and what has to be known beside it.
    """
    from pendula.report import idle_path_note, paired_report, write_report

    content = paired_report(fit, evaluated)
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
    from pendula.filtering import evaluate_pairs
    from pendula.report import idle_path_note, paired_verdict

    series, notes = (None, ()) if file is None else _series_for(fit, file, fit.recipe.columns, data)
    out.remark(*notes)
    scores = evaluate_pairs(fit, series).to_dict()
    verdict, idle = paired_verdict(scores), idle_path_note(fit)
    out.show(*_score_lines(scores, [*verdict, *idle]))
    out.result({"run": run, "held_out": file, "scores": scores, "verdict": verdict, "notes": [*notes, *idle]})


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
    washout = f"The first {fit.model.washout} rows after a start are worth less: nothing was known before them."
    out.remark(*notes, washout)
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
            name: {"units": unit, "values": told[name].values}
            for name, unit in zip(fit.model.targets.names, fit.model.targets.units, strict=True)
        },
        "washout": fit.model.washout,
    })


def _task(
    file: str | None, *, target: str | None, data: RecordOptions, recipe: RecipeOptions, paired: PairedOptions
) -> "tuple[DataSettings, Record, PairedRecipe, tuple[str, ...]]":
    from pendula.cli.records import data_settings, filling_notes, gap_notes
    from pendula.config import DataSettings
    from pendula.filtering import usual_recipe
    from pendula.forecasting import choose_pairs, fill_parts
    from pendula.runs import PairedRecipe
    from pendula.series import record
    from pendula.series.record import assemble, to_dataset

    inputs, targets = listed(paired.input), listed(target)
    choices = recipe.choices() | ({} if paired.washout is None else {"washout": paired.washout})
    # Before the file is read: bad settings are told at once.
    PairedRecipe.from_dict({"inputs": list(inputs), "target": list(targets) or ["the other column"], **choices})
    # Without a target all columns are read, to find it among them.
    columns = ",".join([*inputs, *targets]) if targets else None
    settings = data_settings(DataSettings(), file=file, target=columns, options=data)
    series, read_notes = _read(settings)
    shown, asked = choose_pairs(series, inputs, targets or None)
    chosen = PairedRecipe.from_dict({"inputs": list(shown), "target": list(asked), **choices})
    given = set(choices) | ({"linear_lags"} & set(choices.get("network", {})))
    holes = assemble(series, chosen.columns)
    made = usual_recipe(holes, chosen, given=given)
    if settings.gaps != "fill":
        rows = record(series, chosen.columns)
        return settings, rows, made, (*read_notes, *gap_notes(rows, filled=False))
    filled, count = fill_parts(holes, made)
    rows = record(to_dataset(filled), chosen.columns)
    return settings, rows, made, (*read_notes, *filling_notes(count), *gap_notes(rows, filled=True))


def _read(settings: "DataSettings") -> "tuple[xarray.Dataset, tuple[str, ...]]":
    from pendula.cli.records import read_series

    try:
        return read_series(settings)
    except DataError as error:
        # The library calls them columns; here they are two options.
        raise DataError(
            str(error).replace("`columns`", "`--input` and `--target`").replace("`group`", "`--group`")
        ) from error


def _series_for(
    fit: "PairedFit", file: str, columns: tuple[str, ...], data: RecordOptions
) -> "tuple[xarray.Dataset, tuple[str, ...]]":
    from pendula.cli.records import data_settings, filling_notes, read_series
    from pendula.config import DataSettings
    from pendula.series import fill_gaps
    from pendula.series.table import TIME_NAMES

    settings = data_settings(DataSettings(), file=file, target=None, options=data)
    column = fit.model.axis.name
    if settings.time is None and column.lower() not in TIME_NAMES:
        settings = replace(settings, time=column)
    series, notes = read_series(settings)
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
        "window": f"{recipe.window} rows, the first {recipe.washout} not scored",
        "network": f"{network.cell}, {counted(network.hidden_size, 'unit')}, "
        f"{counted(network.num_layers, 'layer')}{lags}",
        "training": f"{epochs} at most, batches of {training.batch_size}, {training.method or 'adam'}, learning rate "
        f"{training.learning_rate:g}, seed {recipe.seed}",
    }
    return [f"{name:<9} {text}" for name, text in lines.items()]


def _listed(units: dict[str, str]) -> str:
    return ", ".join(f"{name} ({unit})" if unit else name for name, unit in units.items())


def _score_lines(scores: dict[str, Any], verdict: list[str]) -> list[str]:
    from pendula.cli.reports import score_lines

    return score_lines(scores, verdict)
