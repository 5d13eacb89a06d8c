"""How a figure looks: one fixed color for each role, text sizes for paper, labels with units.

The colors are those of Okabe and Ito, which stay apart for people with any common form of color blindness. A color is
never the only difference between two curves: baselines are dashed or dotted, networks are solid.

References:
    Okabe and Ito, *Color Universal Design*, 2008, https://jfly.uni-koeln.de/color/.
"""

import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

__all__ = [
    "CLOCK",
    "PART_COLORS",
    "TRUTH",
    "VALUE",
    "Quantity",
    "Stroke",
    "label",
    "plain",
    "shorten",
    "strokes",
    "style",
]


@dataclass(frozen=True, kw_only=True, slots=True)
class Stroke:
    """The color and the dash pattern of one predictor, the same in every panel.

    Attributes:
        color: A hexadecimal color.
        linestyle: Matplotlib's dash pattern.

    Examples:
        >>> Stroke(color="#0072B2").linestyle
        '-'
    """

    color: str
    linestyle: str | tuple[int, tuple[int, ...]] = "-"


TRUTH = Stroke(color="#595959")
"""What was measured or simulated: dark gray, drawn under the predictions."""

PART_COLORS = {"train": "#DCE9F5", "validation": "#FCEBC8", "test": "#E8E0EC"}
"""The shading of the three parts of a record: pale blue, orange and purple."""

_DASHED, _DOTTED, _DASH_DOTTED = (0, (5, 2)), (0, (1, 1)), (0, (6, 2, 1, 2))

_BASELINES = {
    "persistence": Stroke(color="#E69F00", linestyle=_DOTTED),
    "linear": Stroke(color="#000000", linestyle=_DASHED),
    # Okabe and Ito's yellow, #F0E442, darkened: thin lines of it vanish on white paper
    "seasonal": Stroke(color="#A89B00", linestyle=_DASH_DOTTED),
}
_TRANSFORMED = Stroke(color="#56B4E9", linestyle=_DASHED)
_CELLS = {
    "rnn": "#D55E00",
    "lstm": "#0072B2",
    "gru": "#009E73",
    "esn": "#CC79A7",
    "ngrc": "#8C6D31",
    "integrator": "#56B4E9",
}
_NETWORK_COLORS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9")
_NETWORK_DASHES = ("-", (0, (8, 1)), (0, (3, 1, 1, 1)), (0, (2, 1)))

_RC: dict[Any, Any] = {
    "axes.axisbelow": True,
    "axes.edgecolor": "#404040",
    "axes.formatter.limits": (-3, 4),
    "axes.formatter.use_mathtext": True,
    "axes.labelsize": 8.5,
    "axes.linewidth": 0.6,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlelocation": "left",
    "axes.titlesize": 9,
    "axes.titleweight": "bold",
    "axes.xmargin": 0.02,
    "date.converter": "concise",
    "figure.dpi": 150,
    "figure.facecolor": "white",
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans"],
    "font.size": 8.5,
    "legend.borderaxespad": 0.2,
    "legend.columnspacing": 1.2,
    "legend.fontsize": 8,
    "legend.frameon": False,
    "legend.handlelength": 1.8,
    "legend.handletextpad": 0.5,
    "lines.linewidth": 1.2,
    "lines.markersize": 4,
    "path.simplify": True,
    "pdf.fonttype": 42,
    "svg.hashsalt": "pendula",  # the same figure gives the same bytes
    "xtick.direction": "out",
    "xtick.labelsize": 8,
    "xtick.major.width": 0.6,
    "xtick.minor.width": 0.4,
    "ytick.labelsize": 8,
    "ytick.major.width": 0.6,
    "ytick.minor.width": 0.4,
}

# Matplotlib's settings belong to the process: two threads that each change them and put them back would mix them up.
_SETTINGS = threading.RLock()


@contextmanager
def style() -> Iterator[None]:
    """Draw in Pendula's style, and leave matplotlib's settings as they were.

    Yields:
        Nothing; the settings hold inside the block. Other threads that draw wait at the door.

    Examples:
        >>> import matplotlib
        >>> before = matplotlib.rcParams["axes.labelsize"]
        >>> with style():
        ...     matplotlib.rcParams["axes.labelsize"]
        8.5
        >>> matplotlib.rcParams["axes.labelsize"] == before
        True
    """
    import matplotlib as mpl

    with _SETTINGS, mpl.rc_context(_RC):
        yield


def label(name: str, unit: str = "") -> str:
    """Write a quantity with its unit, as an axis shows it.

    Args:
        name: The quantity.
        unit: Its unit; empty or "1" where it has none.

    Returns:
        The name, and the unit in parentheses.

    Examples:
        >>> label("x", "rad")
        'x (rad)'
        >>> label("x", "1")
        'x'
    """
    return f"{name} ({unit})" if unit.strip() not in {"", "1"} else name


@dataclass(frozen=True, kw_only=True, slots=True)
class Quantity:
    """What an axis shows.

    Attributes:
        name: The quantity.
        unit: Its unit; empty or "1" where it has none.

    Examples:
        >>> Quantity(name="angle", unit="rad").label
        'angle (rad)'
    """

    name: str
    unit: str = ""

    @property
    def label(self) -> str:
        """The name with the unit, safe to hand to matplotlib."""
        return plain(label(shorten(self.name, width=40), self.unit))


VALUE = Quantity(name="x")
"""What a record holds, where its name is not given."""

CLOCK = Quantity(name="t")
"""The time, where its name is not given."""


def plain(text: str) -> str:
    r"""Keep matplotlib from reading a name as mathematics, or from leaving it out of a legend.

    Args:
        text: Any name.

    Returns:
        Text that matplotlib shows as it is.

    Examples:
        >>> print(plain("cost $ and $ gain"))
        cost \$ and \$ gain
        >>> plain("_hidden")
        ' _hidden'
    """
    escaped = text.replace("$", r"\$")
    return f" {escaped}" if escaped.startswith("_") else escaped


def shorten(text: str, *, width: int = 28) -> str:
    """Cut a long name in its middle, so that a legend stays inside its panel.

    Args:
        text: The name.
        width: The most characters to keep, at least 3.

    Returns:
        The name, or its beginning and its end around an ellipsis.

    Examples:
        >>> shorten("temperature")
        'temperature'
        >>> shorten("temperature of the inner bearing", width=15)
        'tempera…bearing'
    """
    if len(text) <= width:
        return text
    head = width // 2
    return f"{text[:head]}…{text[len(text) - (width - head - 1) :]}"


def strokes(names: Iterable[str]) -> dict[str, Stroke]:
    """Give each predictor its color and dash pattern.

    The baselines and the common cells always look the same; other networks take the colors that are left, in order.

    Args:
        names: Names of networks and baselines.

    Returns:
        A stroke for each name, in the order given.

    Examples:
        >>> strokes(["lstm", "persistence"])["lstm"]
        Stroke(color='#0072B2', linestyle='-')
        >>> strokes(["wide", "lstm"])["wide"].color
        '#D55E00'
    """
    ordered = list(dict.fromkeys(names))
    fixed = {name: _fixed_stroke(name) for name in ordered}
    taken = {stroke for stroke in fixed.values() if stroke is not None}
    free = iter([
        stroke
        for dash in _NETWORK_DASHES
        for color in _NETWORK_COLORS
        if (stroke := Stroke(color=color, linestyle=dash)) not in taken
    ])
    return {name: stroke or next(free, TRUTH) for name, stroke in fixed.items()}


def _fixed_stroke(name: str) -> Stroke | None:
    lowered = name.lower()
    if lowered in _CELLS:
        return Stroke(color=_CELLS[lowered])
    # "linear (sqrt)" is a linear autoregression, too: that of transformed values
    return _BASELINES.get(lowered) or (_TRANSFORMED if lowered.startswith("linear (") else None)
