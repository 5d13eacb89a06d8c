"""The commands `experiment` and `demo`."""

from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from pendula.cli.output import PLAIN, Output
from pendula.cli.whole import Whole
from pendula.errors import ArgumentError, did_you_mean

if TYPE_CHECKING:
    from pendula.experiments import Experiment, ExperimentResult

__all__ = ["DEMO_EXAMPLE", "EXAMPLE", "demo", "experiment"]

RESULTS = "results.json"

EXAMPLE = """\
pendula experiment --list
pendula experiment lecture-sine --protocol lecture
pendula experiment silverbox --data silverbox.csv --seeds 3
pendula experiment long-memory --problem addition --length 100 --cell lstm --method adam --seeds 5
"""

DEMO_EXAMPLE = """\
pendula demo
"""


def experiment(
    name: str | None = None,
    /,
    *,
    protocol: str | None = None,
    system: str | None = None,
    problem: str | None = None,
    length: Whole | None = None,
    method: str | None = None,
    cell: str | None = None,
    data: str | None = None,
    seeds: Whole | None = None,
    seed: Whole | None = None,
    set: tuple[str, ...] = (),  # noqa: A002 # the option's name
    output: Annotated[Path | None, Parameter(name=["--output", "-o"])] = None,
    overwrite: bool = False,
    list: bool = False,  # noqa: A002 # the option's name
    out: Output = PLAIN,
) -> None:
    """Run one of the lecture's experiments, by name.

    Args:
        name: Name of the experiment: lecture-sine, lecture-oscillator, lecture-keras-sine, lecture-keras-rk4,
            oscillator-identification, rnn-behaviours, bifurcations, mackey-glass, lorenz-reservoir,
            vanishing-gradients, long-memory, four-ways, lorenz-attractor, flip-flop, waveforms, regimes, known-noise,
            coverage, silverbox, kalman-gap, fitzhugh-nagumo, encoder-decoder or demo. --list tells what each is about,
            and its settings.
        protocol: leak-free, or lecture for the lecture's own splits, scaling and training.
        system: The system to learn, where the experiment has a choice.
        problem: The long-memory problem to learn.
        length: Its length, in steps.
        method: The way to learn, where the experiment has a choice.
        cell: The recurrent layer, where the experiment has a choice.
        data: The file of data, where the experiment needs one.
        seeds: How many networks to train, where the experiment has a choice.
        seed: Of weights, order and noise.
        set: Any other setting of the experiment, as in epochs=5. May be repeated.
        output: Folder for results, figures and report. [default: runs/ and the experiment's name]
        overwrite: Write into a folder that holds something else, and replace files of the same names.
        list: Show the experiments and their settings.
        out: How to print.
    """
    from pendula.config import assignments, build, merge

    if list:
        _list(out)
        return
    chosen = _experiment(name)
    named = {
        "protocol": protocol,
        "system": system,
        "problem": problem,
        "length": length,
        "method": method,
        "cell": cell,
        "data": data,
        "seeds": seeds,
        "seed": seed,
    }
    choices = merge({key: value for key, value in named.items() if value is not None}, assignments(set))
    settings: Any = build(chosen.settings, choices)
    _run(chosen, settings, output or Path("runs") / chosen.name, overwrite, out)


def demo(
    *,
    output: Annotated[Path, Parameter(name=["--output", "-o"])] = Path("runs/demo"),
    overwrite: bool = False,
    seed: Whole | None = None,
    set: tuple[str, ...] = (),  # noqa: A002 # the option's name
    out: Output = PLAIN,
) -> None:
    """Learn three centuries of sunspots, and show what a report looks like.

    Args:
        output: Folder for results, figures and report. [default: runs/demo]
        overwrite: Write into a folder that holds something else, and replace files of the same names.
        seed: Of weights, order and noise.
        set: A setting of the demo, as in epochs=5. May be repeated.
        out: How to print.
    """
    experiment("demo", seed=seed, set=set, output=output, overwrite=overwrite, out=out)


def _experiment(name: str | None) -> "Experiment":
    from pendula.experiments import EXPERIMENTS

    if name is None:
        raise ArgumentError("`NAME` must be given: expected the name of an experiment, got none. See --list.")
    if name not in EXPERIMENTS:
        raise ArgumentError(
            f"`NAME` must be an experiment: expected one of {', '.join(EXPERIMENTS)}, got {name}."
            + did_you_mean(name, EXPERIMENTS, listed=True)
        )
    return EXPERIMENTS[name]


def _run(chosen: "Experiment", settings: Any, folder: Path, overwrite: bool, out: Output) -> None:
    from pendula.cli.folders import prepare_folder
    from pendula.cli.reports import score_lines
    from pendula.cli.trainings import trainings
    from pendula.experiments.base import with_settings
    from pendula.files import write_json
    from pendula.report import idle_note, write_report
    from pendula.series import write

    prepare_folder(folder, mark=RESULTS, overwrite=overwrite)
    out.remark(f"{chosen.name}: {chosen.summary}", *_setting_lines(settings), "")
    with trainings(out) as listeners:
        made = chosen.run(settings, listeners)
    write_json(folder / RESULTS, made.results)
    page = write_report(with_settings(made.content, settings), made.figures, folder)
    for name, fit in made.fits.items():
        fit.save(folder / "fits" / name, overwrite=True)
    for name, paired in made.paired_fits.items():
        paired.save(folder / "fits" / name, overwrite=True)
    for name, future in made.forecasts.items():
        for suffix in (".nc", ".csv"):
            write(future, folder / "forecasts" / f"{name}{suffix}")
    _write_keras(made, folder / "models")
    idle = [f"{name}: {note}" for name, fit in made.fits.items() for note in idle_note(fit)]
    out.show(*score_lines(dict(made.content.scores), [*made.content.verdict, *idle]))
    kept = {"Fits": {**made.fits, **made.paired_fits}, "Forecasts": made.forecasts, "Models": made.keras_models}
    out.show(*(f"{what}: {folder / what.lower()}" for what, held in kept.items() if held), f"Report: {page}")
    out.result({**made.results, "folder": folder, "report": page})


def _write_keras(made: "ExperimentResult", folder: Path) -> None:
    if not made.keras_models:
        return
    from pendula.interop.keras import save_keras
    from pendula.nn import Forecaster

    for name in made.keras_models:
        model = made.fits[name].model
        assert isinstance(model.forecaster, Forecaster)
        save_keras(model.forecaster, folder / f"{name}.keras", window=model.window)


def _setting_lines(settings: Any) -> list[str]:
    return [f"  {field.name} = {getattr(settings, field.name)}" for field in fields(settings)]


def _list(out: Output) -> None:
    from pendula.experiments import EXPERIMENTS
    from pendula.runs.build import plain

    for each in EXPERIMENTS.values():
        out.show(f"{each.name}: {each.summary}", *_setting_lines(each.settings()), "")
    out.result({
        "experiments": [
            {"name": each.name, "summary": each.summary, "settings": plain(each.settings())}
            for each in EXPERIMENTS.values()
        ]
    })
