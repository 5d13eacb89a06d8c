"""The command `compare`."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, get_args

from cyclopts import Parameter

from pendula.cli.options import AS_RECORDED, AS_USUAL, PairedOptions, RecipeOptions, RecordOptions, listed
from pendula.cli.output import PLAIN, Output
from pendula.errors import ArgumentError, did_you_mean

if TYPE_CHECKING:
    from pendula.forecasting import Comparison
    from pendula.runs import Recipe

__all__ = ["EXAMPLE", "compare"]

SCORES = "scores.json"

EXAMPLE = """\
pendula compare pendulum.csv --cells rnn,lstm,gru,esn,ngrc -o runs/cells
pendula compare pendulum.csv --cells integrator,gru,esn --system pendulum
pendula compare heater.csv --target temperature --control power --cells rnn,gru
pendula compare visits.csv --target weight --irregular --cells rnn,gru
"""


def compare(
    file: str | None = None,
    /,
    *,
    cells: str = "rnn,lstm,gru",
    target: str | None = None,
    control: str | None = None,
    missing: Literal["gap", "zero", "last"] | None = None,
    irregular: bool | None = None,
    output: Annotated[Path | None, Parameter(name=["--output", "-o"])] = None,
    overwrite: bool = False,
    config: Path | None = None,
    data: RecordOptions = AS_RECORDED,
    recipe: RecipeOptions = AS_USUAL,
    out: Output = PLAIN,
) -> None:
    """Train several networks on one record, and score them and the baselines on the same rows.

    Args:
        file: The file of data, or the name of a record that comes with Pendula.
        cells: The recurrent layers to compare, joined by commas. [default: rnn,lstm,gru]
        target: The columns to learn, joined by commas; the only one when left out.
        control: The columns that are known for the future, too, joined by commas.
        missing: What becomes of missing values of a target: gap, which no window covers; zero or last (the last value
            known), beside which the networks are shown whether there was one. [default: gap]
        irregular: Take rows as steps whatever the time between them, which the networks are told as a control.
            [default: no]
        output: Folder for the report, its figures and the scores; nothing is written when left out.
        overwrite: Write into a folder that holds something else, and replace files of the same names.
        config: An experiment file (TOML) with the tables [data], [network] and [training], named as in --set; options
            take precedence over it.
        data: How the file of data is read.
        recipe: How the fits are made; --cell is that of --cells.
        out: How to print.
    """
    from pendula.cli.chosen import chosen, chosen_lines
    from pendula.cli.reports import score_lines
    from pendula.cli.task import recipe_for, task_from
    from pendula.cli.trainings import trainings
    from pendula.forecasting import compare_recipes
    from pendula.forecasting.controls import check_bridges, check_controls
    from pendula.report import idle_note, verdict_of

    names = _cells(cells, recipe)
    asked = PairedOptions(missing=missing, irregular=irregular).shown()
    task = task_from(
        file,
        target=target,
        control=control,
        shown=asked,
        config=config,
        data=data,
        recipe=recipe,
        cell=_shown(names),
    )
    if output is not None:
        from pendula.cli.folders import prepare_folder

        prepare_folder(output, mark=SCORES, overwrite=overwrite)
    recipes: dict[str, Recipe] = {name: recipe_for(task.record, task.choices, cell=name) for name in names}
    for each in recipes.values():
        check_controls(task.record, each)
        check_bridges(each)
    out.remark(*chosen_lines(task, network=", ".join(names)), "")
    with trainings(out) as listener:
        listeners = {name: listener(name) for name in names}
        comparison = compare_recipes(task.record, recipes, listeners=listeners)
    scores = comparison.evaluated.to_dict()
    verdict = verdict_of(scores, task.record)
    page = None if output is None else _write(comparison, scores, output, notes=task.notes)
    idle = [f"{name}: {note}" for name, made in comparison.fits.items() for note in idle_note(made)]
    out.show(*score_lines(scores, [*verdict, *idle]), *([f"Report: {page}"] if page else []))
    content: dict[str, Any] = {"chosen": chosen(task), "cells": names, "scores": scores, "verdict": verdict}
    out.result({**content, "notes": [*task.notes, *idle], "report": page})


def _cells(cells: str, recipe: RecipeOptions) -> tuple[str, ...]:
    from pendula.nn import Cell

    names, known = listed(cells), get_args(Cell)
    for name in names:
        if name not in known:
            raise ArgumentError(
                f"`--cells` must name recurrent layers: expected some of {', '.join(known)}, got {name}."
                + did_you_mean(name, known, listed=True)
            )
    if not names or len(set(names)) < len(names):
        raise ArgumentError(f"`--cells` must name different layers: expected some of {', '.join(known)}, got {cells}.")
    if recipe.cell is not None:
        raise ArgumentError(f"`--cell` must be left out: expected --cells alone, got --cell {recipe.cell} too.")
    return names


def _shown(names: Sequence[str]) -> str:
    # The cell whose recipe is told for all of them: one that is trained, if there is one.
    from pendula.nn import SOLVED

    return next((name for name in names if name not in SOLVED), names[0])


def _write(comparison: "Comparison", scores: dict[str, Any], folder: Path, *, notes: Sequence[str]) -> Path:
    from pendula.files import write_json
    from pendula.report import comparison_report, write_report

    content = comparison_report(comparison)
    content = replace(content, notes=[*notes, *content.notes])
    write_json(folder / SCORES, scores)
    return write_report(content, content.images, folder)
