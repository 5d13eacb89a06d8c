"""Pictures of dynamics: eigenvalues, exponents that converge, memory, and bifurcations."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Bool, Complex, Float
from numpy import ndarray

from pendula.figures.annotations import draw_legend
from pendula.figures.canvas import drawing, new_figure
from pendula.figures.style import TRUTH, Quantity, plain, strokes, style

if TYPE_CHECKING:
    import matplotlib.axes
    import matplotlib.figure

__all__ = ["bifurcation_figure", "draw_bifurcations", "draw_eigenvalues", "draw_lyapunov", "draw_memory"]

STABLE, UNSTABLE = "#0072B2", "#D55E00"
"""Of what decays and what grows, wherever dynamics are drawn."""

CROWD = 30_000
"""More points than these are drawn as pixels."""


def draw_eigenvalues(
    groups: Mapping[str, Complex[ndarray, " eigenvalue"]],
    *,
    title: str = "Eigenvalues of the Jacobian",
    axes: "matplotlib.axes.Axes | None" = None,
) -> "matplotlib.axes.Axes":
    """Draw eigenvalues in the complex plane with the unit circle, inside of which disturbances decay.

    Args:
        groups: The eigenvalues at each point, by the point's name.
        title: Above the panel.
        axes: Where to draw; None makes a figure.

    Returns:
        The axes.

    Examples:
        >>> axes = draw_eigenvalues({"rest": np.array([0.5 + 0.1j, 0.5 - 0.1j])})
        >>> axes.get_xlabel(), axes.get_aspect()
        ('real part', 1.0)
    """
    lines = strokes(groups)
    turn = np.linspace(0, 2 * np.pi, 300)
    with drawing(axes, width=3.8, height=3.8) as panel:
        panel.plot(np.cos(turn), np.sin(turn), color=TRUTH.color, linewidth=0.8)
        panel.axhline(0, color=TRUTH.color, linewidth=0.4)
        panel.axvline(0, color=TRUTH.color, linewidth=0.4)
        for marker, (name, values) in zip("os^vDP*X" * len(groups), groups.items(), strict=False):
            panel.plot(
                values.real, values.imag, marker, color=lines[name].color, markersize=4, alpha=0.8, label=plain(name)
            )
        reach = 1.1 * max(1.0, *(float(np.abs(values).max(initial=0)) for values in groups.values()))
        panel.set_xlim(-reach, reach)
        panel.set_ylim(-reach, reach)
        panel.set_aspect("equal")
        panel.set_title(plain(title))
        panel.set_xlabel("real part")
        panel.set_ylabel("imaginary part")
        draw_legend(panel)
        return panel


def draw_lyapunov(
    times: Float[ndarray, " time"],
    history: Float[ndarray, "time exponent"],
    *,
    exponents: Float[ndarray, " exponent"],
    errors: Float[ndarray, " exponent"],
    clock: Quantity = Quantity(name="t"),  # noqa: B008 # frozen
    title: str = "Lyapunov exponents",
    axes: "matplotlib.axes.Axes | None" = None,
) -> "matplotlib.axes.Axes":
    """Draw how estimates of Lyapunov exponents converge, with the final ones and their error bars at the end.

    Args:
        times: Times of the estimates.
        history: The estimates up to each time.
        exponents: The final ones.
        errors: Their standard errors.
        clock: Name and unit of the time.
        title: Above the panel.
        axes: Where to draw; None makes a figure.

    Returns:
        The axes; exponents of −∞ are left out.

    Examples:
        >>> t = np.arange(1.0, 50.0)
        >>> axes = draw_lyapunov(t, 1 / t[:, None], exponents=np.zeros(1), errors=np.ones(1))
        >>> axes.get_ylabel()
        'exponent (1/t)'
    """
    known = np.isfinite(exponents)
    with drawing(axes) as panel:
        panel.axhline(0, color=TRUTH.color, linewidth=0.6)
        for column in np.flatnonzero(known):
            color = UNSTABLE if exponents[column] > 3 * errors[column] else STABLE
            panel.plot(times, history[:, column], color=color, linewidth=0.9, alpha=0.8)
        panel.errorbar(
            np.full(known.sum(), times[-1] * 1.02),
            exponents[known],
            yerr=errors[known],
            fmt="o",
            color=TRUTH.color,
            markersize=3,
            capsize=2,
            linewidth=0.8,
        )
        low, high = float(exponents[known].min(initial=0)), float(exponents[known].max(initial=0))
        margin = 0.15 * (high - low) or 1.0
        panel.set_ylim(low - margin, high + margin)
        panel.set_title(plain(title))
        panel.set_xlabel(clock.label)
        panel.set_ylabel(f"exponent (1/{plain(clock.unit if clock.unit not in {'', '1'} else clock.name)})")
        return panel


def draw_memory(
    curves: Mapping[str, Float[ndarray, " lag"]],
    *,
    logarithmic: bool = False,
    label: str = "linear capacity",
    title: str = "Memory of the input",
    axes: "matplotlib.axes.Axes | None" = None,
) -> "matplotlib.axes.Axes":
    """Draw what is left of something by the number of steps since.

    Args:
        curves: Values at 0, 1, 2 … steps, by name.
        logarithmic: Whether the values are drawn on a logarithmic axis.
        label: What the values are.
        title: Above the panel.
        axes: Where to draw; None makes a figure.

    Returns:
        The axes.

    Examples:
        >>> axes = draw_memory({"net": 0.5 ** np.arange(10.0)})
        >>> axes.get_xlabel(), axes.get_yscale()
        ('steps back', 'linear')
    """
    lines = strokes(curves)
    with drawing(axes) as panel:
        for name, curve in curves.items():
            drawn = np.where(curve > 0, curve, np.nan) if logarithmic else curve
            stroke = lines[name]
            panel.plot(drawn, color=stroke.color, linestyle=stroke.linestyle, linewidth=1.2, label=plain(name))
        if logarithmic:
            panel.set_yscale("log")
        else:
            panel.set_ylim(0, 1.05 * max(1.0, *(float(curve.max(initial=0)) for curve in curves.values())))
        panel.set_title(plain(title))
        panel.set_xlabel("steps back")
        panel.set_ylabel(plain(label))
        if len(curves) > 1:
            draw_legend(panel)
        return panel


def draw_bifurcations(
    parameters: Float[ndarray, " parameter"],
    orbits: Sequence[Float[ndarray, " _"]],
    *,
    chaotic: Bool[ndarray, " parameter"] | None = None,
    quantities: tuple[Quantity, Quantity] = (Quantity(name="parameter"), Quantity(name="x")),  # frozen
    title: str = "Bifurcations",
    axes: "matplotlib.axes.Axes | None" = None,
) -> "matplotlib.axes.Axes":
    """Draw the states that a system visits in the end, for each value of a parameter.

    Args:
        parameters: Values of the parameter.
        orbits: The states visited at each.
        chaotic: Where the states are chaotic: they are drawn in another color.
        quantities: Names and units of the parameter and of the state.
        title: Above the panel.
        axes: Where to draw; None makes a figure.

    Returns:
        The axes.

    Examples:
        >>> axes = draw_bifurcations(np.array([1.0, 2.0]), [np.zeros(3), np.ones(2)])
        >>> axes.get_xlabel(), len(axes.lines[0].get_xdata())
        ('parameter', 5)
    """
    grown = np.zeros(len(parameters), dtype=bool) if chaotic is None else chaotic
    with drawing(axes) as panel:
        for chosen, color, name in ((~grown, STABLE, "regular"), (grown, UNSTABLE, "chaotic")):
            numbers = np.flatnonzero(chosen).tolist()
            if not numbers:
                continue
            x = np.concatenate([np.full(len(orbits[k]), parameters[k]) for k in numbers])
            y = np.concatenate([orbits[k] for k in numbers])
            marker = "," if len(x) > CROWD else "."
            panel.plot(x, y, marker, color=color, markersize=1.5, alpha=0.6, rasterized=True, label=name)
        panel.set_title(plain(title))
        panel.set_xlabel(quantities[0].label)
        panel.set_ylabel(quantities[1].label)
        return panel


def bifurcation_figure(
    parameters: Float[ndarray, " parameter"],
    orbits: Sequence[Float[ndarray, " _"]],
    *,
    exponents: Float[ndarray, " parameter"],
    chaotic: Bool[ndarray, " parameter"],
    quantities: tuple[Quantity, Quantity],
    time_unit: str = "1",
    title: str = "Bifurcations",
) -> "matplotlib.figure.Figure":
    """Draw a bifurcation diagram, and below it the largest Lyapunov exponent over the same parameter.

    Args:
        parameters: Values of the parameter, in ascending order.
        orbits: The states visited at each.
        exponents: The largest exponent at each; NaN leaves a gap.
        chaotic: Where the states are chaotic.
        quantities: Names and units of the parameter and of the state.
        time_unit: Unit of time, or "1".
        title: Above.

    Returns:
        The figure.

    Examples:
        >>> figure = bifurcation_figure(
        ...     np.array([1.0, 2.0]), [np.zeros(3), np.ones(2)], exponents=np.array([-1.0, 0.5]),
        ...     chaotic=np.array([False, True]), quantities=(Quantity(name="r"), Quantity(name="x")))
        >>> [axes.get_ylabel() for axes in figure.axes]
        ['x', 'exponent']
    """
    with style():
        figure = new_figure(width=7.6, height=5.6)
        above, below = figure.subplots(2, 1, sharex=True, height_ratios=(2.6, 1.0))
        draw_bifurcations(parameters, orbits, chaotic=chaotic, quantities=quantities, title=title, axes=above)
        above.set_xlabel("")
        above.set_xlim(float(parameters[0]), float(parameters[-1]))
        below.axhline(0, color=TRUTH.color, linewidth=0.6)
        below.plot(parameters, np.where(chaotic, np.nan, exponents), ".", color=STABLE, markersize=1.5, label="regular")
        below.plot(
            parameters, np.where(chaotic, exponents, np.nan), ".", color=UNSTABLE, markersize=1.5, label="chaotic"
        )
        known = exponents[np.isfinite(exponents)]
        if known.size:
            # Superstable points dive towards minus infinity.
            low, high = float(np.quantile(known, 0.02)), float(known.max())
            below.set_ylim(min(low, -0.1 * high), max(high, -0.1 * low) + 0.1 * (high - low))
        below.set_xlabel(quantities[0].label)
        below.set_ylabel("exponent" + ("" if time_unit in {"", "1"} else f" (1/{plain(time_unit)})"))
        above.legend(
            *below.get_legend_handles_labels(), loc="lower right", bbox_to_anchor=(1, 1), ncols=2, markerscale=5
        )
        return figure
