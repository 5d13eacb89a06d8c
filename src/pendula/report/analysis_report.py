"""The page of an analysis: what a network does as a dynamical system."""

from collections.abc import Sequence

import numpy as np
import torch
from jaxtyping import Float
from numpy import ndarray

from pendula.analysis import Analysis
from pendula.dynamics import FixedPoint
from pendula.figures import Quantity, draw_eigenvalues, draw_lyapunov, draw_memory
from pendula.figures.canvas import png
from pendula.figures.phase_points import MarkedPoint, draw_state_space
from pendula.report.facts import setting_facts, software_versions
from pendula.report.numbers import format_number
from pendula.report.page import Reference, ReportContent, ReportFigure
from pendula.report.sheets import draw_sheet
from pendula.runs import Fit

__all__ = ["analysis_lines", "analysis_report"]

MOST_POINTS = 6
"""So many fixed points are told one by one, and their eigenvalues drawn."""

FLAT = 0.15
"""An orbit whose third direction is smaller than this share of the first is drawn in two."""

_REFERENCES = (
    Reference(
        name="Fixed points",
        equation="F(h) = h",
        citation="D. Sussillo and O. Barak, Opening the black box, Neural Computation 25, 626 (2013)",
    ),
    Reference(
        name="Certificates",
        equation="β L η ≤ ½",
        citation="J. M. Ortega, The Newton–Kantorovich theorem, American Mathematical Monthly 75, 658 (1968)",
    ),
    Reference(
        name="Lyapunov exponents",
        citation="G. Benettin, L. Galgani, A. Giorgilli and J.-M. Strelcyn, Meccanica 15, 9 (1980)",
    ),
    Reference(
        name="Weighted averages",
        citation="S. Das, Y. Saiki, E. Sander and J. A. Yorke, Nonlinearity 30, 4111 (2017)",
    ),
    Reference(
        name="Information processing capacity",
        citation="J. Dambre, D. Verstraeten, B. Schrauwen and S. Massar, Scientific Reports 2, 514 (2012)",
    ),
)


def analysis_report(fit: Fit, found: Analysis) -> ReportContent:
    """Tell what an analysis found, with its figures.

    Args:
        fit: The fit.
        found: What was found.

    Returns:
        The content of the page.
    """
    drawn = [_space(found), _eigenvalues(found), _exponents(found), _memory(found), _sensitivity(found)]
    return ReportContent(
        title=f"Dynamics of {', '.join(found.names)} as a network learned it",
        verdict=_verdict(found),
        notes=found.notes,
        settings=setting_facts(fit),
        data=_facts(found),
        figures=[figure for figure in drawn if figure is not None],
        references=_REFERENCES,
        versions=software_versions(),
        seed=fit.recipe.seed,
    )


def analysis_lines(found: Analysis) -> list[str]:
    """Lay out what an analysis found, for people.

    Args:
        found: What was found.

    Returns:
        Lines.
    """
    facts = [f"{name}: {value}" for name, value in _facts(found).items()]
    return ["", *_verdict(found), "", *facts, *(["", *found.notes] if found.notes else []), ""]


_WORDS = {
    "point": "In free run the network comes to rest.",
    "periodic": "In free run the network repeats itself exactly.",
    "quasi-periodic": "In free run the network oscillates without ever repeating itself exactly.",
    "chaotic": "In free run the network is chaotic.",
    "divergent": "In free run the network grows without bound.",
    "undecided": "What the network does in free run was not decided.",
}


def _verdict(found: Analysis) -> list[str]:
    period = found.regime.period
    told = [] if period is None else [f"Its strongest oscillation takes {_time(period, found)}."]
    return [_WORDS[found.regime.kind], *told, *found.regime.evidence]


def _facts(found: Analysis) -> dict[str, object]:
    facts: dict[str, object] = {}
    points = found.closed_loop.points
    facts["Fixed points of the free run"] = f"{len(points)}, {len(found.closed_loop.stable)} of them stable"
    for number, (point, value) in enumerate(zip(points, found.closed_values, strict=True), start=1):
        if number <= MOST_POINTS:
            facts[f"Fixed point {number}"] = f"{_named(found, value)}{_hidden(point, found)}: {_told(point, found)}"
    held = found.held
    if held.starts:
        at = _named(found, found.input)
        facts[f"Fixed points of the recurrent part at {at}"] = (
            "; ".join(_told(point, found) for point in held.points[:MOST_POINTS]) or "none found"
        )
    slow = len(found.closed_loop.slow) + len(held.slow)
    if slow:
        facts["Slow points that are no fixed points"] = slow
    facts["Cycles"] = (
        ", ".join(f"{'stable' if cycle.stability.is_stable else 'unstable'} of {cycle.period} steps"
                  for cycle in found.cycles) or "none found"
    )  # fmt: skip
    if found.lyapunov is not None:
        facts[f"Lyapunov exponents (1/{_unit(found)})"] = ", ".join(
            f"{_number(float(value))} ± {float(error):.1g}"
            for value, error in list(zip(found.lyapunov.exponents, found.lyapunov.errors, strict=True))[:4]
        )
        dimension = found.lyapunov.dimension
        facts["Kaplan–Yorke dimension"] = "more exponents are needed" if dimension is None else f"{dimension:.3f}"
    return {**facts, **_memory_facts(found)}


def _memory_facts(found: Analysis) -> dict[str, object]:
    memory = found.memory
    if memory is None:
        return {}
    steps = memory.forgetting.steps
    facts: dict[str, object] = {
        "Forgets where it started": "no"
        if steps is None
        else f"yes, to a millionth in {_time(steps * found.dt, found)}",
        f"Largest conditional exponent (1/{_unit(found)})": (
            f"{float(memory.conditional.exponents[0]):.4g} ± {float(memory.conditional.errors[0]):.1g}"
        ),
    }
    if memory.capacities is not None:
        held = memory.capacities
        degrees = ", ".join(f"{value:.1f} of degree {degree}" for degree, value in enumerate(held.by_degree, start=1))
        facts["Information processing capacity"] = (
            f"{held.total:.2f} ± {held.error:.1g} of at most {held.rank}: {degrees}"
        )
    return facts


def _told(point: FixedPoint, found: Analysis) -> str:
    mode = point.stability.modes[0]
    grows = mode.decay_time < 0
    time = _time(abs(mode.decay_time), found)
    pace = "stays" if np.isinf(mode.decay_time) else f"{'grows' if grows else 'decays'} by e in {time}"
    turn = "" if np.isinf(mode.period) else f", turns in {_time(mode.period, found)}"
    index = f" of index {point.stability.index}" if point.stability.kind == "saddle" else ""
    proof = point.certificate.basis if point.certificate.holds else "not proved"
    return f"{point.stability.kind}{index}, {pace}{turn} ({proof})"


def _named(found: Analysis, values: Sequence[float] | Float[ndarray, " channel"]) -> str:
    return ", ".join(
        f"{name} = {format_number(float(value), digits=4)}{'' if unit in {'', '1'} else ' ' + unit}"
        for name, unit, value in zip(found.names, found.units, values, strict=True)
    )


def _hidden(point: FixedPoint, found: Analysis) -> str:
    # Not every component of an equation is measured.
    if len(found.components) <= len(found.names):
        return ""
    pairs = zip(found.components, point.state.tolist(), strict=True)
    return f" ({', '.join(f'{name} = {format_number(value, digits=4)}' for name, value in pairs)})"


def _unit(found: Analysis) -> str:
    return (
        "step" if found.time_unit in {"", "1"} and found.dt == 1 else "t" if found.time_unit == "1" else found.time_unit
    )


def _number(value: float) -> str:
    return format_number(value, digits=4) if np.isfinite(value) else "−∞"


def _time(value: float, found: Analysis) -> str:
    if not np.isfinite(value):
        return "∞"
    unit = found.time_unit if found.time_unit not in {"", "1"} else ""
    return f"{format_number(value, digits=4)} {unit}".rstrip()


def _space(found: Analysis) -> ReportFigure | None:
    rests = len(found.orbit) < 3 or found.regime.kind == "point"
    orbit = found.passed if rests else found.orbit
    center, basis, names = _own_axes(found) if 2 <= len(found.components) <= 3 else _main_axes(orbit)
    points = [_marked(point, center=center, basis=basis) for point in found.closed_loop.points[:MOST_POINTS]]
    panel = draw_state_space([((orbit - center) @ basis).numpy()], points, names=names, title="State space")
    view = "" if len(names) == len(found.components) else ", in the directions in which they move most"
    return ReportFigure(
        name="state-space",
        png=png(panel.figure),  # type: ignore[arg-type]
        caption=f"{'The states along the record' if rests else 'The free run after its transient'}{view}, and the "
        "fixed points of the free run: filled where stable, open where not, with the directions in which disturbances "
        "grow or last longest.",
        alt="Orbit of the network's state with fixed points.",
    )


def _own_axes(found: Analysis) -> tuple[torch.Tensor, torch.Tensor, list[str]]:
    # The components of an equation are coordinates by themselves.
    size = len(found.components)
    return torch.zeros(size).double(), torch.eye(size).double(), list(found.components)


def _main_axes(orbit: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, list[str]]:
    center = orbit.mean(dim=0)
    _, sizes, axes = torch.linalg.svd(orbit - center, full_matrices=False)
    width = 3 if len(axes) >= 3 and sizes[2] > FLAT * sizes[0] else 2
    return center, axes[:width].T, ["1st component", "2nd component", "3rd component"]


def _marked(point: FixedPoint, *, center: torch.Tensor, basis: torch.Tensor) -> MarkedPoint:
    along = (point.directions @ basis).numpy()
    grows = abs(point.stability.modes[0].eigenvalue) > 1
    return MarkedPoint(
        at=((point.state - center) @ basis).numpy(),
        kind=_kind(point),
        growing=along if grows else None,
        decaying=None if grows else along,
    )


def _kind(point: FixedPoint) -> str:
    return "saddle" if point.stability.kind == "saddle" else "stable" if point.stability.is_stable else "unstable"


def _eigenvalues(found: Analysis) -> ReportFigure | None:
    points = found.closed_loop.points[:MOST_POINTS]
    if not points:
        return None
    groups = {
        f"{number}: {point.stability.kind}": np.array([
            each for mode in point.stability.modes for each in _both(mode.eigenvalue)
        ])
        for number, point in enumerate(points, start=1)
    }
    panel = draw_eigenvalues(groups)
    return ReportFigure(
        name="eigenvalues",
        png=png(panel.figure),  # type: ignore[arg-type]
        caption="Eigenvalues of the Jacobian of one step at each fixed point of the free run. Those within the unit "
        "circle decay, those outside of it grow.",
        alt="Eigenvalues in the complex plane with the unit circle.",
    )


def _both(value: complex) -> list[complex]:
    return [value, value.conjugate()] if value.imag else [value]


def _exponents(found: Analysis) -> ReportFigure | None:
    spectrum = found.lyapunov
    if spectrum is None or not bool(spectrum.exponents.isfinite().any()):
        return None
    return draw_sheet(
        "exponents",
        1,
        draw=lambda _, axes: draw_lyapunov(
            spectrum.times.numpy(),
            spectrum.history.numpy(),
            exponents=spectrum.exponents.numpy(),
            errors=spectrum.errors.numpy(),
            clock=Quantity(name="t", unit="" if found.time_unit == "1" else found.time_unit),
            axes=axes,
        ),
        caption="Estimates of the Lyapunov exponents of the free run up to each time, and the final, weighted ones "
        "with their standard errors.",
        alt="Lyapunov exponents that converge with time.",
    )


def _memory(found: Analysis) -> ReportFigure | None:
    if found.memory is None or found.memory.capacities is None:
        return None
    curve = found.memory.capacities.linear.numpy()
    return draw_sheet(
        "memory",
        1,
        draw=lambda _, axes: draw_memory({"net": curve}, axes=axes),
        caption="Share of the variance of an input without correlations that a linear readout of the state recovers, "
        "by the number of steps since.",
        alt="Linear memory capacity by lag.",
    )


def _sensitivity(found: Analysis) -> ReportFigure | None:
    if found.memory is None:
        return None
    curves = {
        "change of the state by the input": found.memory.sensitivity.numpy(),
        "distance of two starts": found.memory.forgetting.distances.numpy()[: len(found.memory.sensitivity)],
    }
    return draw_sheet(
        "forgetting",
        1,
        draw=lambda _, axes: draw_memory(
            curves, logarithmic=True, label="size", title="What is left after so many steps", axes=axes
        ),
        caption="How much a small change of the input so many steps back changes the state, and how far states are "
        "apart that started apart and saw the same input since.",
        alt="Sensitivity to inputs and distance of starts by the number of steps.",
    )
