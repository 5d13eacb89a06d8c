"""What any system does in the end as any of its parameters varies: its bifurcation diagram."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from pendula.dynamics import Bifurcations, bifurcations
from pendula.errors import ArgumentError
from pendula.experiments.base import Experiment, ExperimentResult, Progress
from pendula.figures import png
from pendula.figures.dynamics import bifurcation_figure
from pendula.figures.style import Quantity
from pendula.report import Reference, ReportContent, ReportFigure
from pendula.shapes import Bool, ndarray
from pendula.systems import Map, System, make_system

__all__ = ["BIFURCATIONS", "BifurcationDiagram", "run"]


@dataclass(frozen=True, kw_only=True, slots=True)
class BifurcationDiagram:
    """Settings of `bifurcations`.

    Attributes:
        system: The system: a map or a flow.
        parameter: The parameter that varies.
        low: Its lowest value.
        high: Its highest value.
        values: How many values.
        component: The component that is drawn; the first one if empty.
        duration: Time that each value is looked at, after as long a transient; 0 for the system's own duration.
    """

    system: str = "logistic"
    parameter: str = "r"
    low: float = 2.8
    high: float = 4.0
    values: int = 1200
    component: str = ""
    duration: float = 0.0

    def __post_init__(self) -> None:
        """Check the settings.

        Raises:
            ArgumentError: If a setting is out of range.
        """
        if not self.low < self.high:
            raise ArgumentError(f"`low` must be below `high`: got {self.low} and {self.high}. Exchange them.")
        if self.values < 2:
            raise ArgumentError(f"`values` must be at least 2: got {self.values}. Choose more.")
        if not 0 <= self.duration < float("inf"):
            raise ArgumentError(
                f"`duration` must not be negative: expected a finite time, got {self.duration}. 0 takes the system's."
            )


def run(settings: BifurcationDiagram, progress: Progress) -> ExperimentResult:  # noqa: ARG001 # nothing is trained
    """Follow the system at all values of the parameter at once, and draw what it visits.

    Args:
        settings: The settings.
        progress: Not used: nothing is trained.

    Returns:
        Exponents and counts by value, the diagram, a page.
    """
    system = make_system(settings.system)
    values = np.linspace(settings.low, settings.high, settings.values)
    found = bifurcations(
        system,
        settings.parameter,
        values,
        component=settings.component or None,
        duration=settings.duration or None,
    )
    chaotic = _is_chaotic(found, system, settings)
    component = settings.component or system.states[0].name
    results = {
        "experiment": "bifurcations",
        "system": system.name,
        "parameter": settings.parameter,
        "component": component,
        "values": values.tolist(),
        "exponents": [each if np.isfinite(each) else None for each in found.exponents.tolist()],
        "visited": found.counts(),
        "chaotic": chaotic.tolist(),
        "verdict": _verdict(found, chaotic, settings),
        "notes": _notes(system, settings),
    }
    figure = png(_figure(found, chaotic, system, settings, component))
    content = _content(results, figure, system)
    return ExperimentResult(results=results, content=content, figures={"bifurcations": figure})


def _is_chaotic(found: Bifurcations, system: System, settings: BifurcationDiagram) -> Bool[ndarray, " value"]:
    # What a tangent grows by on a regular motion, e⁵ at the most, is no exponent.
    duration = settings.duration or system.default_duration
    return np.asarray(np.nan_to_num(found.exponents, nan=-1.0) > 5.0 / duration)


def _verdict(found: Bifurcations, chaotic: Bool[ndarray, " value"], settings: BifurcationDiagram) -> list[str]:
    lost = int(np.isnan(found.exponents).sum())
    swept = f"{settings.parameter} from {settings.low:g} to {settings.high:g}"
    sentences = [f"Of {settings.values} values of {swept}, {int(chaotic.sum())} are chaotic."]
    if chaotic.any():
        first = float(found.values[chaotic.argmax()])
        sentences.append(f"Chaos is met first at {settings.parameter} = {first:.4g}.")
    if lost:
        sentences.append(f"At {lost} of them the run left the finite numbers.")
    return sentences


def _notes(system: System, settings: BifurcationDiagram) -> list[str]:
    duration = settings.duration or system.default_duration
    what = "states" if isinstance(system, Map) else "maxima"
    return [
        f"Each run starts from the system's initial state; after {duration:g} units of time its last {what} are drawn.",
        f"An exponent above {5.0 / duration:.2g} per unit of time counts as chaos; less cannot be told from 0.",
    ]


def _figure(
    found: Bifurcations,
    chaotic: Bool[ndarray, " value"],
    system: System,
    settings: BifurcationDiagram,
    component: str,
) -> Any:
    units = {state.name: state.unit for state in system.states}
    drawn = component if isinstance(system, Map) else f"maxima of {component}"
    return bifurcation_figure(
        found.values,
        found.visited,
        exponents=found.exponents,
        chaotic=chaotic,
        quantities=(
            Quantity(name=settings.parameter, unit=system.quantities()[settings.parameter].unit),
            Quantity(name=drawn, unit=units[component]),
        ),
        time_unit=system.time_unit,
        title=f"Bifurcations of {system.name}",
    )


def _content(results: dict[str, Any], figure: bytes, system: System) -> ReportContent:
    return ReportContent(
        title=f"Bifurcations of {system.name}",
        verdict=results["verdict"],
        notes=results["notes"],
        figures=[
            ReportFigure(
                name="bifurcations",
                caption="What is visited in the end at each value of the parameter, and the largest Lyapunov exponent.",
                alt="A diagram of states over a parameter, in another color where they are chaotic; a curve of the "
                "exponent below it.",
                png=figure,
            )
        ],
        references=[Reference(name=system.name, equation=system.equation, citation=system.reference)],
    )


BIFURCATIONS = Experiment(
    name="bifurcations",
    summary="What a map or flow visits in the end as one of its parameters varies, with the largest exponent.",
    settings=BifurcationDiagram,
    run=run,
)
