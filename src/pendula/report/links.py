"""Links between the pages of a run: the report names the analysis, however often either is made again."""

from html import escape
from pathlib import Path

from pendula.files import write_atomically

__all__ = ["ANALYSIS_PAGE", "link_analysis", "with_link"]

ANALYSIS_PAGE = Path("analysis") / "report.html"
"""Where the page of the analysis is, within a run."""

REPORT = "report.html"
WORDS = "What the network does as a dynamical system: fixed points, exponents, memory"
END = "</header>"


def with_link(page: str, *, words: str, target: str) -> str:
    """Put a link below the title of a page, unless it has it.

    Args:
        page: The page.
        words: What the link says.
        target: Where it leads, from the folder of the page.

    Returns:
        The page with the link.

    Examples:
        >>> with_link("<header><h1>Swing</h1></header>", words="More", target="more.html")
        '<header><h1>Swing</h1><p><a href="more.html">More</a></p></header>'
    """
    link = f'<p><a href="{escape(target)}">{escape(words)}</a></p>'
    return page if link in page else page.replace(END, link + END, 1)


def link_analysis(run: Path) -> None:
    """Name the analysis of a run in its report, and the report in the analysis, where there are both.

    Args:
        run: The run directory.
    """
    report, analysis = run / REPORT, run / ANALYSIS_PAGE
    if not report.is_file() or not analysis.is_file():
        return
    _rewrite(report, words=WORDS, target=ANALYSIS_PAGE.as_posix())
    _rewrite(analysis, words="What the network is worth: its report", target=f"../{REPORT}")


def _rewrite(path: Path, *, words: str, target: str) -> None:
    page = path.read_text(encoding="utf-8")
    linked = with_link(page, words=words, target=target).encode("utf-8")
    write_atomically(path, lambda partial: partial.write_bytes(linked))
