"""The command `fit`."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter

from pendula.cli.options import AS_RECORDED, AS_USUAL, UNPAIRED, PairedOptions, RecipeOptions, RecordOptions
from pendula.cli.output import PLAIN, Output
from pendula.errors import ArgumentError

__all__ = ["EXAMPLE", "fit"]

EXAMPLE = """\
pendula fit pendulum.csv
pendula fit pendulum.csv --target x,v --unit x=rad --cell gru
pendula fit pendulum.csv --cell esn
pendula fit pendulum.csv --members 5
pendula fit pendulum.csv --cell esn --hidden-size 400 --set network.reservoir.leak=0.3
pendula fit pendulum.csv --cell ngrc --set network.polynomial.delays=3
pendula fit pendulum.csv --cell integrator --system pendulum --set network.equation.known.drive=0
pendula fit pendulum.csv --head gaussian --linear-lags 8
pendula fit heater.csv --target temperature --control power --cell gru
pendula fit visits.csv --target weight --irregular
pendula fit circuit.csv --input u --target y --washout 50
pendula fit pendulum.csv --set training.patience=10 -o runs/patient
pendula fit --resume runs/pendulum
"""


def fit(
    file: str | None = None,
    /,
    *,
    target: str | None = None,
    control: str | None = None,
    output: Annotated[Path | None, Parameter(name=["--output", "-o"])] = None,
    overwrite: bool = False,
    resume: Path | None = None,
    config: Path | None = None,
    data: RecordOptions = AS_RECORDED,
    recipe: RecipeOptions = AS_USUAL,
    paired: PairedOptions = UNPAIRED,
    out: Output = PLAIN,
) -> None:
    """Train a network on a record, and score it beside the baselines on data it never saw.

    The record is split first, the scaler is fitted on the training part, and no window straddles a cut: nothing leaks.
    The run directory gets the model, its history, the scores, figures and report.html. Ctrl-C leaves a checkpoint.

    Args:
        file: The file of data (.csv, .tsv, .txt, .npz, .h5, .nc, .parquet), or the name of a record that comes with
            Pendula: sunspots or co2.
        target: The columns to learn, joined by commas; the only one when left out.
        control: The columns that are known for the future of a forecast, too, joined by commas: a drive, a dose, the
            time of day. They are read one row ahead, and not forecast.
        output: The run directory. [default: runs/ and the file's name]
        overwrite: Replace the run directory if it exists, once the new fit is whole.
        resume: Go on with the interrupted run of that name; no FILE then.
        config: An experiment file (TOML) with the tables [data], [network] and [training], named as in --set; options
            take precedence over it.
        data: How the file of data is read.
        recipe: How the fit is made.
        paired: How targets are told from inputs.
        out: How to print.

    Raises:
        ArgumentError: If --control is named beside --input.
    """
    if resume is not None:
        others = {
            "FILE": file, "--target": target, "--control": control, "--output": output, "--config": config,
            "--overwrite": overwrite,
        }  # fmt: skip
        _check_alone(others, data=data, paired=paired)
        _resume(resume, epochs=_epochs_alone(recipe), out=out)
        return
    if paired.is_paired:
        if control is not None:
            raise ArgumentError(
                f"`--control` must go with a forecast: got {control} and a target told from inputs. Name it in --input."
            )
        from pendula.cli.pairs import begin_pairs

        begin_pairs(
            file,
            target=target,
            run=output,
            overwrite=overwrite,
            config=config,
            data=data,
            recipe=recipe,
            paired=paired,
            out=out,
        )
        return
    _begin(
        file,
        target=target,
        control=control,
        shown=paired.shown(),
        run=output,
        overwrite=overwrite,
        config=config,
        data=data,
        recipe=recipe,
        out=out,
    )


def _begin(
    file: str | None,
    *,
    target: str | None,
    control: str | None,
    shown: Mapping[str, Any],
    run: Path | None,
    overwrite: bool,
    config: Path | None,
    data: RecordOptions,
    recipe: RecipeOptions,
    out: Output,
) -> None:
    from pendula.cli.chosen import chosen, chosen_lines
    from pendula.cli.progress import reportable, resumable
    from pendula.cli.reports import deliver_fit
    from pendula.cli.task import task_from
    from pendula.forecasting import fit_record

    task = task_from(file, target=target, control=control, shown=shown, config=config, data=data, recipe=recipe)
    run = run or Path("runs") / Path(task.source).stem
    out.remark(*chosen_lines(task), f"run       {run}", "")
    with resumable(run, out) as listener:
        made = fit_record(task.record, task.recipe, run=run, overwrite=overwrite, notes=task.notes, listener=listener)
    with reportable(run):
        deliver_fit(made, run, chosen=chosen(task), out=out)


def _resume(run: Path, *, epochs: int | None, out: Output) -> None:
    from pendula import forecasting
    from pendula.cli.chosen import chosen
    from pendula.cli.pairs import deliver_pairs
    from pendula.cli.progress import reportable, resumable
    from pendula.cli.reports import deliver_fit
    from pendula.cli.task import Task
    from pendula.runs import PairedFit

    out.remark(f"going on with {run}")
    with resumable(run, out) as listener:
        made = forecasting.resume(run, epochs=epochs, listener=listener)
    with reportable(run):
        if isinstance(made, PairedFit):
            deliver_pairs(made, run, source=str(run), out=out)
            return
        task = Task(source=str(run), record=made.record, recipe=made.recipe, notes=made.notes)
        deliver_fit(made, run, chosen=chosen(task), out=out)


def _check_alone(others: Mapping[str, object], *, data: RecordOptions, paired: PairedOptions) -> None:
    given = [name for name, value in others.items() if value] + (["options of the data"] if data != AS_RECORDED else [])
    given += ["options of the inputs"] if paired != UNPAIRED else []
    if given:
        raise ArgumentError(
            f"`--resume` must stand alone: expected the name of a run, got {', '.join(given)} too. "
            "A run goes on with its own data and settings."
        )


def _epochs_alone(recipe: RecipeOptions) -> int | None:
    if recipe not in {AS_USUAL, RecipeOptions(epochs=recipe.epochs)}:
        raise ArgumentError(
            "`--resume` must keep the run's settings: expected --epochs at most, got others too. "
            "Start a new run for other settings."
        )
    return recipe.epochs
