"""Facts of a differential equation that was fitted: its parameters with errors and units, and where it comes from."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from pendula.nn import IntegratorForecaster
from pendula.report.numbers import counted, format_number
from pendula.report.page import Reference
from pendula.runs import Fit

__all__ = [
    "equation_facts",
    "equation_note",
    "equation_references",
    "initial_state",
    "parameter_lines",
    "parameter_rows",
]

MISSED = 0.2
"""An equation that leaves more than this share of the standard deviation has not been found, or is another one."""

_FILTER = Reference(
    name="State of the equation",
    equation="h(t+1) = F(h(t) + K(t) (x(t) − C h(t))),  x̂(t+1) = C h(t+1)",
    citation="Extended Kalman filter: A. H. Jazwinski, Stochastic Processes and Filtering Theory (1970), section 8.3. "
    "F is the integrator's step, C picks what is measured. Parameters are fitted by multiple shooting: H. G. Bock, in "
    "Deuflhard and Hairer (eds.), Numerical Treatment of Inverse Problems (1983), section 3.",
)


def equation_facts(fit: Fit) -> dict[str, object]:
    """Say which equation was fitted, and what was found.

    Args:
        fit: The fit of an equation.

    Returns:
        Settings and parameters in words, by name.
    """
    forecaster = fit.model.forecaster
    assert isinstance(forecaster, IntegratorForecaster)
    network, flow, added = fit.recipe.network, forecaster.flow, forecaster.cell.added
    beside = "none" if added is None else f"{counted(network.hidden_size, 'unit')}, adds to {', '.join(added.writes)}"
    return {
        "Equation": flow.equation,
        **{row["name"]: _parameter(row) for row in parameter_rows(fit)},
        "Network beside the equation": beside,
        "State": ", ".join(forecaster.cell.components),
        "Measured": _measured(fit, forecaster),
        "State found at the start": ", ".join(
            f"{name} = {format_number(value, digits=4)}" for name, value in initial_state(fit).items()
        ),
        "Noise of a measurement": ", ".join(
            f"{format_number(noise, digits=3)} {unit}".rstrip()
            for noise, unit in zip(forecaster.noise.tolist(), fit.record.units, strict=True)
        ),
        "Step": f"{forecaster.cell.method}, {counted(forecaster.cell.substeps, 'substep')} a row",
        "Window": counted(fit.recipe.window, "step"),
        "Scaling": "none",
        "Training": "least squares on segments of the training part that have to join",
        "Training time": f"{format_number(fit.seconds, digits=3)} s",
        "Seed": fit.recipe.seed,
    }


def equation_note(fit: Fit) -> list[str]:
    """Warn of an equation that does not describe the record it was fitted to.

    Args:
        fit: The fit.

    Returns:
        One sentence, or none.
    """
    forecaster = fit.model.forecaster
    if not isinstance(forecaster, IntegratorForecaster):
        return []
    known = fit.split.train.record.values
    missed = float((forecaster.noise.numpy() / np.nanstd(known, axis=0)).max())
    if missed < MISSED:
        return []
    note = (
        f"The equation misses its training part by {100 * missed:.0f} % of the standard deviation: it is not that of "
        "this record, or the search ended elsewhere. Set `network.equation.guess` nearer to what is expected."
    )
    return [note]


def parameter_rows(fit: Fit) -> list[dict[str, Any]]:
    """List the parameters of an equation.

    Args:
        fit: The fit.

    Returns:
        Name, value, standard error (None where the value was not learned), how it is known (learned, given, or without
        effect), unit (empty where the units of record and equation do not tell) and meaning of each; none where the
        network is no equation.
    """
    forecaster = fit.model.forecaster
    if not isinstance(forecaster, IntegratorForecaster):
        return []
    flow, found, equation = forecaster.flow, forecaster.parameters_found, fit.recipe.network.equation
    assert equation is not None
    rows = []
    for name, quantity in flow.quantities().items():
        if quantity.role != "parameter":
            continue
        value, error = found.get(name, (flow.settings[name], None))
        unit = _unit_in(fit, quantity.unit)
        how = "learned" if name in found else "given" if name in equation.known else "without effect"
        rows.append({
            "name": name,
            "value": value,
            "error": error,
            "how": how,
            "unit": unit,
            "meaning": quantity.meaning,
        })
    return rows


def initial_state(fit: Fit) -> dict[str, float]:
    """Give the state that was found where the record that was learned from begins.

    Args:
        fit: The fit.

    Returns:
        Its time and each component, measured or not, by name; none where the network is no equation.
    """
    forecaster = fit.model.forecaster
    if not isinstance(forecaster, IntegratorForecaster):
        return {}
    return dict(zip(("time", *forecaster.cell.components), forecaster.initial.tolist(), strict=True))


def parameter_lines(fit: Fit) -> list[str]:
    """Lay out the parameters of an equation, for people.

    Args:
        fit: The fit.

    Returns:
        Lines; none where the network is no equation.
    """
    rows = parameter_rows(fit)
    width = max((len(row["name"]) for row in rows), default=0)
    return [f"{row['name']:<{width}}  {_parameter(row)}  ({row['meaning']})" for row in rows]


def _unit_in(fit: Fit, unit: str) -> str:
    # Known where the record has the units of the equation; those of time alone, where the times have.
    forecaster, record = fit.model.forecaster, fit.record
    assert isinstance(forecaster, IntegratorForecaster)
    flow = forecaster.flow
    if record.axis.clock[1] != flow.time_unit:
        return ""
    own = [flow.states[place].unit for place in forecaster.observed]
    alike = [ours or "1" for ours in record.units] == own
    of_time_alone = unit in {flow.time_unit, f"1/{flow.time_unit}", f"rad/{flow.time_unit}"}
    return unit if alike or of_time_alone else ""


def _parameter(row: Mapping[str, Any]) -> str:
    unit = "" if row["unit"] == "1" else row["unit"]
    value = format_number(row["value"], digits=6)
    if row["error"] is not None:
        return f"{value} ± {format_number(row['error'], digits=2)} {unit}".rstrip()
    return f"{value} {unit}".rstrip() + f", {row['how']}"


def _measured(fit: Fit, forecaster: IntegratorForecaster) -> str:
    names = [forecaster.cell.components[place] for place in forecaster.observed]
    return ", ".join(
        own if own == name else f"{own} as {name}" for own, name in zip(fit.record.names, names, strict=True)
    )


def equation_references(fits: Sequence[Fit]) -> list[Reference]:
    """Cite equations, and how their states and parameters are found.

    Args:
        fits: The fits.

    Returns:
        Each equation once, and the methods; none where no fit is one.
    """
    flows = [fit.model.forecaster.flow for fit in fits if isinstance(fit.model.forecaster, IntegratorForecaster)]
    known = {flow.name: Reference(name=flow.name, equation=flow.equation, citation=flow.reference) for flow in flows}
    return [*known.values(), *([_FILTER] if flows else [])]
