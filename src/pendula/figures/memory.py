"""Long memory: how many answers are still wrong, against the work of training."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from pendula.figures.annotations import draw_legend
from pendula.figures.canvas import drawing
from pendula.figures.style import plain, strokes

if TYPE_CHECKING:
    import matplotlib.axes

__all__ = ["draw_wrong_answers"]

LEAST = 1e-4
"""What is drawn for a share of 0, which a logarithmic axis does not have: one of 10 000 sequences."""


def draw_wrong_answers(
    curves: Mapping[str, Sequence[tuple[float, float]]],
    *,
    wanted: float = 0.01,
    work: str = "sequence-gradients",
    title: str = "Wrong answers",
    axes: "matplotlib.axes.Axes | None" = None,
) -> "matplotlib.axes.Axes":
    """Draw the share of wrong answers against the work done, both on logarithmic axes.

    Args:
        curves: Work and share of wrong answers, look by look, by name; before any work there is no place for a look.
        wanted: The share below which a problem is solved; drawn as a line.
        work: Name of the work, with its unit if it has one.
        title: Above the panel.
        axes: Where to draw; None makes a figure.

    Returns:
        The axes.

    Examples:
        >>> axes = draw_wrong_answers({"seed 0": [(0.0, 0.9), (100.0, 0.5), (1000.0, 0.0)]})
        >>> axes.lines[1].get_ydata().tolist()
        [0.5, 0.0001]
    """
    with drawing(axes) as panel:
        panel.axhline(wanted, color="#808080", linestyle=(0, (1, 2)), linewidth=0.9)
        for (name, curve), stroke in zip(curves.items(), strokes(curves).values(), strict=True):
            done = [(amount, max(share, LEAST)) for amount, share in curve if amount > 0]
            amounts, shares = [amount for amount, _ in done], [share for _, share in done]
            panel.plot(amounts, shares, color=stroke.color, linestyle=stroke.linestyle, label=plain(name))
        panel.set_xscale("log")
        panel.set_yscale("log")
        panel.set_ylim(LEAST / 1.5, 1.5)
        panel.set_xlabel(work)
        panel.set_ylabel("share of wrong answers")
        panel.set_title(plain(title))
        draw_legend(panel)
    return panel
