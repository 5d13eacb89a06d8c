"""The command `simulate`."""

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from cyclopts import Parameter

from pendula.cli.output import PLAIN, Output
from pendula.cli.whole import Whole
from pendula.errors import ArgumentError

if TYPE_CHECKING:
    import xarray

__all__ = ["EXAMPLE", "simulate"]

EXAMPLE = """\
pendula simulate oscillator --set gamma=0.3 --duration 20 -o swing.nc
pendula simulate lorenz63 --list
"""

_METHODS = {"adaptive": "dop853"}


def simulate(
    system: str | None = None,
    /,
    *,
    set: tuple[str, ...] = (),  # noqa: A002 # the option's name
    dt: float | None = None,
    duration: float | None = None,
    method: Literal["rk4", "euler", "adaptive"] = "rk4",
    noise: float = 0.0,
    trajectories: Whole = 1,
    seed: Whole = 0,
    output: Annotated[Path | None, Parameter(name=["--output", "-o"])] = None,
    overwrite: bool = False,
    list: bool = False,  # noqa: A002 # the option's name
    out: Output = PLAIN,
) -> None:
    """Make a series from a physical system.

    Args:
        system: Name of the system; --list shows them all.
        set: A parameter or an initial value, as in gamma=0.2 or x0=1. May be repeated.
        dt: Interval between samples, in the system's unit of time; its own default when left out.
        duration: Length of the run, in the system's unit of time; its own default when left out.
        method: How a flow is integrated. [default: rk4]
        noise: Standard deviation of Gaussian noise added to every variable, in its unit. [default: 0]
        trajectories: How many runs, from initial states scattered around the system's own. [default: 1]
        seed: Of the noise, of what drives a random process, and of scattered initial states. [default: 0]
        output: File to write: .csv, .tsv, .npz, .h5, .nc or .parquet; as CSV on standard output when left out.
        overwrite: Replace that file if it exists.
        list: Show the systems with equation, parameters, units and known facts.
        out: How to print.

    Raises:
        ArgumentError: If no system is named.
    """
    from pendula.config import assignments

    if list:
        _list(system, out)
        return
    if system is None:
        raise ArgumentError("`SYSTEM` must be named: expected the name of a system, got none. See --list.")
    from pendula import systems
    from pendula.cli.folders import check_file
    from pendula.series.files import SUFFIXES

    check_file(output, overwrite=overwrite, suffixes=SUFFIXES)

    series = systems.simulate(
        system,
        parameters=assignments(set),
        dt=dt,
        duration=duration,
        method=_METHODS.get(method, method),
        noise=noise,
        trajectories=trajectories,
        seed=seed,
    )
    _deliver(series, output, out)


def _deliver(series: "xarray.Dataset", path: Path | None, out: Output) -> None:
    from pendula.cli.tables import print_csv
    from pendula.series import write

    names = {str(name): str(series[name].attrs.get("units", "")) for name in series.data_vars}
    if path is not None:
        write(series, path)
        variables = ", ".join(f"{name} ({unit})" if unit not in {"", "1"} else name for name, unit in names.items())
        out.show(f"Wrote {series.sizes['time']} rows of {variables} to {path}.")
    elif not out.json:
        print_csv(series, sys.stdout)
    content: dict[str, Any] = {"file": path, "rows": series.sizes["time"], "units": names, "about": dict(series.attrs)}
    if path is None and out.json:
        content["series"] = {str(name): variable.values for name, variable in series.variables.items()}
    out.result(content)


def _list(system: str | None, out: Output) -> None:
    from pendula.systems import SYSTEMS, describe

    descriptions = [describe(name) for name in ([system] if system else SYSTEMS)]
    for description in descriptions:
        out.show(*_lines(description), "")
    out.result({"systems": descriptions})


def _lines(about: Mapping[str, Any]) -> list[str]:
    lines = [f"{about['name']}  ({about['kind']})", f"  {about['equation']}"]
    time_unit = _unit(about["time_unit"])
    lines.append(f"  dt {about['dt']:g}{time_unit}, duration {about['duration']:g}{time_unit}")
    lines += [
        f"  --set {each['name']}={each['default']:g}{_unit(each['unit'])}  {each['meaning']}"
        for each in about["parameters"]
    ]
    for fact in about["facts"]:
        values = fact["value"] if isinstance(fact["value"], list) else [fact["value"]]
        numbers = ", ".join(f"{value:g}" for value in values)
        lines.append(f"  {fact['name']}: {numbers}{_unit(fact['unit'])}  [{fact['source']}]")
    return [*lines, f"  {about['reference']}"]


def _unit(unit: str) -> str:
    return f" {unit}" if unit not in {"", "1"} else ""
