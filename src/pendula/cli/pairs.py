"""A fit that tells targets from inputs, on the command line: made, told of, reported."""

from pathlib import Path
from typing import TYPE_CHECKING

from pendula.cli.options import PairedOptions, RecipeOptions, RecordOptions
from pendula.cli.output import Output
from pendula.cli.reports import score_lines
from pendula.cli.told_chosen import told_chosen, told_chosen_lines
from pendula.cli.told_task import ToldTask, told_task_from
from pendula.errors import ConfigError

if TYPE_CHECKING:
    from pendula.filtering import AnyEvaluated
    from pendula.runs import PairedFit

__all__ = ["begin_pairs", "deliver_pairs", "report_pairs"]


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
    from pendula.cli.progress import reportable, resumable
    from pendula.filtering import fit_pairs

    if config is not None:
        raise ConfigError("`--config` must be left out where inputs are given: its settings are those of forecasts.")
    task = told_task_from(file, target=target, data=data, recipe=recipe, paired=paired)
    run = run or Path("runs") / Path(task.source).stem
    out.remark(*told_chosen_lines(task), f"run       {run}", "")
    with resumable(run, out) as listener:
        fit = fit_pairs(task.record, task.recipe, run=run, overwrite=overwrite, notes=task.notes, listener=listener)
    with reportable(run):
        deliver_pairs(fit, run, source=task.source, out=out)


def deliver_pairs(fit: "PairedFit", run: Path, *, source: str, out: Output) -> None:
    """Write the page of a new fit, and tell what it is worth.

    Args:
        fit: The fit.
        run: Its run directory.
        source: Where its record came from.
        out: How to print.
    """
    from pendula.filtering import evaluate_told

    task = ToldTask(source=source, record=fit.record, recipe=fit.recipe, notes=fit.notes)
    out.remark("writing the report")
    evaluated = evaluate_told(fit) if len(fit.split.test) else None
    page, verdict, remarks = report_pairs(fit, evaluated, run)
    scores = {} if evaluated is None else evaluated.to_dict()
    out.show(*score_lines(scores, [*verdict, *remarks]), f"Run: {run}", f"Report: {page}")
    out.result({
        "run": run,
        "report": page,
        "chosen": told_chosen(task),
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
