"""The command `forecast`."""

import math
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from pendula.cli.options import AS_RECORDED, RecordOptions
from pendula.cli.output import PLAIN, Output
from pendula.cli.whole import Whole
from pendula.errors import ArgumentError

if TYPE_CHECKING:
    import xarray

    from pendula.runs import Fit

__all__ = ["EXAMPLE", "forecast"]

SHORT = 0.05
"""Intervals that held less than was promised on the test part, by more than this, are warned of."""
EXAMPLE = """\
pendula forecast runs/pendulum --steps 500 -o future.csv
pendula forecast runs/pendulum --steps 20 --start 12.5 --coverage 0.68
pendula forecast runs/noisy --steps 100 --samples 200 --keep-samples -o ensemble.nc
pendula forecast runs/noisy --steps 5000 --samples 3 --start nothing --keep-samples -o trajectories.nc
pendula forecast runs/heater plan.csv -o future.csv
pendula forecast runs/visits later.csv
pendula forecast runs/noisy-heater plan.csv --samples 200
pendula forecast runs/circuit inputs.csv -o told.csv
"""


def forecast(
    run: Path,
    file: str | None = None,
    /,
    *,
    steps: Whole | None = None,
    coverage: float | None = None,
    start: str | None = None,
    samples: Whole | None = None,
    keep_samples: bool = False,
    output: Annotated[Path | None, Parameter(name=["--output", "-o"])] = None,
    overwrite: bool = False,
    seed: Whole = 0,
    data: RecordOptions = AS_RECORDED,
    out: Output = PLAIN,
) -> None:
    """Run a fit freely into the future, with intervals, in the units of its record; or tell targets from inputs.

    Args:
        run: The run directory.
        file: For a fit with --control: the file of controls that are planned, of which the rows from the first forecast
            value on count. With --irregular it has the times to come, after the record's rows or alone. For a fit with
            --input: the file of inputs from which the targets are told.
        steps: How many steps to forecast; as far as the planned controls reach when left out.
        coverage: Probability with which the truth is to lie in the interval. [default: 0.9]
        start: Time of the first forecast value, or for a fit with --irregular its row, counted from 0; after the
            record's end when left out; with --samples also nothing, for trajectories that no record precedes.
        samples: Draw so many runs from the network's likelihood head; forecast and interval are then their mean and
            quantiles. Without it intervals are calibrated on the validation part.
        keep_samples: Give the runs themselves, too; the file is then .nc.
        output: File to write, by its suffix; without one a table on a terminal, CSV elsewhere.
        overwrite: Replace that file if it exists.
        seed: Of the samples. [default: 0]
        data: How that file is read.
        out: How to print.

    Raises:
        ArgumentError: If steps are missing for a forecast, or inputs or an option do not go with the fit.
    """
    from pendula.cli.folders import check_file
    from pendula.cli.tables import deliver_series
    from pendula.forecasting import forecast_dataset as run_on
    from pendula.runs import PairedFit, load
    from pendula.series.files import SUFFIXES

    check_file(output, overwrite=overwrite, suffixes=SUFFIXES)
    _check_kept(keep_samples, output, out)
    fit = load(run)
    if isinstance(fit, PairedFit):
        from pendula.cli.told_files import tell_file

        _check_untold({
            "steps": steps,
            "coverage": coverage,
            "start": start,
            "samples": samples,
            "keep-samples": keep_samples or None,
        })
        tell_file(fit, run, file, data, output=output, out=out)
        return
    plan = _plan(fit, file, data)
    if steps is None and plan is None:
        raise ArgumentError(_STEPS_ALONE if fit.model.controls is None else _no_steps(fit, run))
    future = run_on(
        fit,
        steps,
        controls=plan,
        coverage=0.9 if coverage is None else coverage,
        start=start,
        samples=samples,
        seed=seed,
        keep_samples=keep_samples,
    )
    future["time"].attrs.setdefault("name", fit.model.axis.name)  # files keep the name of the record's own column
    out.remark(*_remarks(fit, future))
    deliver_series(future, output, told=f"steps of {', '.join(fit.model.names)}", out=out)
    out.result(_content(fit, future) | {"run": run, "file": output})


def _check_kept(keep_samples: bool, output: Path | None, out: Output) -> None:
    if keep_samples and not (out.json if output is None else output.suffix == ".nc"):
        raise ArgumentError(
            f"`--keep-samples` must go with a file that can hold them: expected -o with .nc, got {output or 'none'}. "
            "Name one, or leave it out."
        )


_STEPS_ALONE = (
    "`--steps` must be given to a fit that forecasts, and no file: expected how many steps to run on. Write "
    "--steps 100; a file goes with a fit that was made with --control or --input."
)


def _no_steps(fit: "Fit", run: Path) -> str:
    from pendula.forecasting.controls import handed_in

    names = ", ".join(handed_in(fit)) or "the times to come"
    return (
        f"`FILE` must hold what is planned for the steps to forecast: expected a file with {names}, got none. Write "
        f"`pendula forecast {run} plan.csv`; with --start within the record --steps alone will do, under its own "
        "controls."
    )


def _plan(fit: "Fit", file: str | None, data: RecordOptions) -> "xarray.Dataset | None":
    controls = fit.model.controls
    if file is None or controls is None:
        if file is not None or data != AS_RECORDED:
            raise ArgumentError(_STEPS_ALONE if controls is None else _NO_PLAN)
        return None
    from pendula.cli.records import read_like
    from pendula.forecasting.controls import handed_in

    return read_like(fit.model.axis, file=file, columns=handed_in(fit), options=data, continues=True)[0]


_NO_PLAN = (
    "`FILE` must be named where options tell how it is read: expected a file of planned controls, got none. Write "
    "`pendula forecast runs/heater plan.csv`, for example."
)


def _check_untold(options: dict[str, Any]) -> None:
    for name, value in options.items():
        if value is not None:
            raise ArgumentError(
                f"`--{name}` must be left out for a fit that tells targets from inputs: got {value}. Its targets last "
                "as long as the file of inputs, and have no interval."
            )


def _remarks(fit: "Fit", future: "xarray.Dataset") -> list[str]:
    beyond = [f"warning: {future.attrs['outside']}"] if "outside" in future.attrs else []
    return [*_interval_lines(future, place=fit.recipe.calibrated_on), *_tested_lines(fit, future), *beyond]


def _interval_lines(future: "xarray.Dataset", *, place: str) -> list[str]:
    from pendula.forecasting import few_runs

    if future.attrs["interval"] == "samples":
        share, drawn = 100 * future.attrs["coverage"], future.attrs["samples"]
        basis = f"The {share:g} % interval lies between quantiles of {drawn} runs drawn from the likelihood head."
        enough = math.ceil(2 / (1 - future.attrs["coverage"]) - 1e-9)
        if drawn >= enough:
            return [basis]
        return [
            basis,
            f"warning: {drawn} runs do not reach its ends, and it holds less than it says; draw {enough} at least.",
        ]
    steps = future.sizes["time"]
    origins, reach = int(future.attrs["calibration_origins"]), int(future.attrs["calibrated_steps"])
    share = f"{100 * future.attrs['coverage']:g} %"
    if not origins:
        return [f"warning: there is no interval: {place} was too short to measure free runs on."]
    plural = "s" if origins > 1 else ""
    worth = future["effective_origins"].values[: max(1, min(reach, steps))]
    basis = (
        f"The {share} interval rests on free runs from {origins} origin{plural} in {place}; as far as they "
        f"depend on each other, they count as {worth[0]:.0f} at step 1 and {worth[-1]:.0f} at step {len(worth)}."
    )
    lines = [basis]
    if reach == 0:
        return [*lines, f"warning: that is too few for an interval of {share}; ask for a lower --coverage."]
    if reach < steps:
        lines.append(
            f"warning: the interval ends after {reach} of {steps} steps; beyond them nothing is known of the error. "
            "A longer validation part reaches further."
        )
    return [*lines, *([f"warning: {few}"] if (few := few_runs(future)) else [])]


def _tested_lines(fit: "Fit", future: "xarray.Dataset") -> list[str]:
    tested, share = fit.scores.get("intervals"), future.attrs.get("coverage")
    if not tested or future.attrs["interval"] == "samples" or tested["coverage"] != share or tested["mean"] is None:
        return []
    held = (
        f"on the test part such intervals held {100 * tested['mean']:.1f} % on average, {100 * tested['least']:.1f} % "
        f"at least (step {tested['least_lead']})"
    )
    if tested["mean"] >= share - SHORT:
        return [f"{held[0].upper()}{held[1:]}."]
    advice = "A longer validation part, or a fit with `--set calibration_folds=5`, measures more."
    return [f"warning: {held}: these are likely too narrow, too. {advice}"]


def _content(fit: "Fit", future: "xarray.Dataset") -> dict[str, Any]:
    channels = {
        name: {
            "units": unit,
            "mean": future[name].values,
            "lower": future[f"{name}_lower"].values,
            "upper": future[f"{name}_upper"].values,
            **({"samples": future[f"{name}_samples"].values} if f"{name}_samples" in future else {}),
            **({"spread": future[f"{name}_spread"].values} if f"{name}_spread" in future else {}),
        }
        for name, unit in zip(fit.model.names, fit.model.units, strict=True)
    }
    return {
        "time": {
            "column": future["time"].attrs["name"],
            "units": future["time"].attrs.get("units", ""),
            "values": future["time"].values,
        },
        "forecast": channels,
        **({"effective_origins": future["effective_origins"].values} if "effective_origins" in future.coords else {}),
        **future.attrs,
    }
