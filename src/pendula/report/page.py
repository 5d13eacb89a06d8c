"""The page itself: everything in one file, readable without a network, a script or eyes."""

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib.resources import files
from typing import Any

from pendula.errors import ArgumentError
from pendula.report.numbers import format_value
from pendula.report.scores import score_table, score_words

__all__ = ["Reference", "ReportContent", "ReportFigure", "render_report"]

_PNG = b"\x89PNG\r\n\x1a\n"


@dataclass(frozen=True, kw_only=True, slots=True)
class ReportFigure:
    """An image with its words.

    Attributes:
        caption: Stands under the image.
        alt: Says what the image shows, for those who cannot see it.
        png: The image.
        name: Of its file in the run directory, without the suffix; empty for an image that has no file.

    Examples:
        >>> ReportFigure(caption="Free run", alt="The network follows the truth for 3 s.", png=b"").caption
        'Free run'
    """

    caption: str
    alt: str
    png: bytes
    name: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Reference:
    """An equation or a method, and where it comes from.

    Attributes:
        name: What it is.
        equation: Plain text; empty where there is none.
        citation: Author, title, year, section.

    Examples:
        >>> Reference(name="LSTM", citation="Hochreiter and Schmidhuber, 1997").equation
        ''
    """

    name: str
    citation: str
    equation: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class ReportContent:
    """All that a report says. An empty part is left out of the page.

    Attributes:
        title: Of the page.
        verdict: Plain sentences, the most important first.
        notes: Warnings and remarks ("This protocol leaks: ...").
        settings: How the network was made and trained, by name.
        results: What came of it, by name, where the table of scores has no column for it.
        data: Facts of the record: name, samples, units, time range, step, gaps, sizes of the parts.
        scores: As for `pendula.report.score_table`; one-step scores, free-run scores and baselines together.
        figures: Images in order.
        references: Equations and citations.
        versions: Versions of the software, by name.
        seed: The seed of the run; None where there was none.

    Examples:
        >>> ReportContent(title="Pendulum").seed is None
        True
    """

    title: str
    verdict: Sequence[str] = ()
    notes: Sequence[str] = ()
    settings: Mapping[str, object] = field(default_factory=dict)
    results: Mapping[str, object] = field(default_factory=dict)
    data: Mapping[str, object] = field(default_factory=dict)
    scores: Mapping[str, Any] = field(default_factory=dict)
    figures: Sequence[ReportFigure] = ()
    references: Sequence[Reference] = ()
    versions: Mapping[str, str] = field(default_factory=dict)
    seed: int | None = None

    @property
    def images(self) -> dict[str, bytes]:
        """The images that have a file of their own, by name."""
        return {figure.name: figure.png for figure in self.figures if figure.name}


def render_report(content: ReportContent) -> str:
    """Render a report as one HTML page, with its style and images inside and without scripts.

    Args:
        content: What the report says.

    Returns:
        The page. All text is escaped.

    Raises:
        ArgumentError: If an image is no PNG, or has no alternative text.

    Examples:
        >>> page = render_report(ReportContent(title="<Pendulum>", verdict=["The network is worth having."]))
        >>> "<h1>&lt;Pendulum&gt;</h1>" in page, "<script" in page
        (True, False)
    """
    from jinja2 import Environment, StrictUndefined

    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    template = files("pendula.report").joinpath("templates/page.html.j2").read_text(encoding="utf-8")
    return environment.from_string(template).render(
        content=content,
        table=score_table(content.scores),
        words=score_words(content.scores),
        settings=_texts(content.settings),
        results=_texts(content.results),
        data=_texts(content.data),
        images=[_embed(figure) for figure in content.figures],
        versions=_texts(content.versions),
    )


def _texts(facts: Mapping[str, object]) -> dict[str, str]:
    return {name: format_value(value) for name, value in facts.items()}


def _embed(figure: ReportFigure) -> dict[str, str]:
    _require_image(figure)
    source = f"data:image/png;base64,{base64.b64encode(figure.png).decode('ascii')}"
    return {"source": source, "alt": figure.alt, "caption": figure.caption}


def _require_image(figure: ReportFigure) -> None:
    if not figure.png.startswith(_PNG):
        raise ArgumentError(
            f"`figures` must hold PNG images: expected bytes that start with {_PNG!r}, got {figure.png[:8]!r}. "
            "Render the figure with pendula.figures.png."
        )
    if not figure.alt.strip():
        raise ArgumentError(
            f"`figures` must have alternative texts: expected words for {figure.caption!r}, got none. "
            "Say what the image shows."
        )
