import base64
from html.parser import HTMLParser

import numpy as np
import pytest

from pendula.errors import ArgumentError
from pendula.figures import draw_series, png
from pendula.report import Reference, ReportContent, ReportFigure, render_report
from pendula.report.verdict import verdict

VOID = {"meta", "img", "br", "link", "input", "hr"}
EVIL = "<script>alert('x & \"y\"')</script>"
SCORES = {
    "models": {EVIL: {"rmse": 0.0123456, "r2": 0.99, "free_run_rmse": None}},
    "baselines": {"persistence": {"rmse": 1.24e-6, "r2": 0.999, "free_run_rmse": 0.8}},
    "units": {"value": "<m>", "time": "s"},
}
IMAGE = png(draw_series(np.arange(9.0), np.sin(np.arange(9.0))).figure, dpi=40)


class Page(HTMLParser):
    """Checks that tags are balanced and keeps what a reader meets."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text: list[str] = []
        self.feed(text)
        self.close()
        assert not self.open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if data.strip() and "style" not in self.open:
            self.text.append(data.strip())

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]


FULL = ReportContent(
    title=EVIL,
    verdict=[EVIL, *verdict(SCORES)],
    notes=[f"This protocol leaks: {EVIL}"],
    settings={EVIL: EVIL, "learning rate": 0.001, "layers": 2},
    data={"name": EVIL, "step": 0.0314159265, "parts": [712, 0, 238]},
    scores=SCORES,
    figures=[ReportFigure(caption=EVIL, alt=EVIL, png=IMAGE), ReportFigure(caption="b", alt="Another.", png=IMAGE)],
    references=[Reference(name=EVIL, equation=EVIL, citation=EVIL), Reference(name="RNN", citation="Elman, 1990")],
    versions={"pendula": "0.1.0", EVIL: EVIL},
    seed=7,
)


def test_everything_is_escaped() -> None:
    page = Page(render_report(FULL))
    assert not page.all("script")
    assert " ".join(page.text).count(EVIL) == 15
    assert {image["alt"] for image in page.all("img")} == {EVIL, "Another."}


def test_nothing_outside_is_needed() -> None:
    page = Page(render_report(FULL))
    for tag, attributes in page.tags:
        assert tag not in {"script", "link", "iframe", "object"}
        assert not any(name.startswith("on") for name in attributes)
        for name in ("src", "href"):
            assert (attributes.get(name) or "#").startswith(("#", "data:image/png;base64,"))
    assert "default-src 'none'" in str(page.all("meta"))
    assert "url(" not in render_report(FULL)
    assert "@import" not in render_report(FULL)


def test_images_are_inside() -> None:
    source = Page(render_report(FULL)).all("img")[0]["src"]
    assert source is not None
    assert base64.b64decode(source.partition(",")[2]) == IMAGE


def test_scores_are_rounded_and_the_best_is_bold() -> None:
    text = render_report(FULL)
    assert '<td class="best"><strong>1.24 × 10⁻⁶</strong>' in text
    assert "<td>0.01235</td>" in text
    assert '<td class="word">diverged</td>' in text
    assert "One-step RMSE (&lt;m&gt;)" in text
    assert "0.0123456" not in text
    assert "0.03142" in text


def test_networks_stand_above_baselines() -> None:
    text = Page(render_report(FULL)).text
    assert text.index("Networks") < text.index("Baselines") < text.index("persistence")


def test_tables_have_captions_and_scopes_and_headings_descend() -> None:
    page = Page(render_report(FULL))
    assert len(page.all("table")) == len(page.all("caption")) == 3
    assert all(head["scope"] in {"row", "col", "rowgroup"} for head in page.all("th"))
    assert [tag for tag, _ in page.tags if tag in {"h1", "h2", "h3"}] == ["h1", *["h2"] * 5]
    ids = [attributes["id"] for _, attributes in page.tags if "id" in attributes]
    assert len(ids) == len(set(ids))
    labels = [attributes["aria-labelledby"] for _, attributes in page.tags if "aria-labelledby" in attributes]
    assert set(labels) <= set(ids)
    assert page.all("html") == [{"lang": "en"}]
    assert page.all("a")[0]["href"] == "#main"
    assert "main" in ids


def test_empty_parts_are_left_out() -> None:
    page = Page(render_report(ReportContent(title="Nothing yet")))
    assert page.text == ["Nothing yet", "Skip to the report", "Nothing yet"]


def test_seed_zero_is_shown() -> None:
    assert "Seed 0." in render_report(ReportContent(title="a", seed=0))


def test_dark_mode_and_print_are_styled() -> None:
    text = render_report(ReportContent(title="a"))
    assert "@media (prefers-color-scheme: dark)" in text
    assert "@media print" in text


def test_images_must_be_png_with_words() -> None:
    with pytest.raises(ArgumentError, match="`figures` must hold PNG images: expected bytes that start with"):
        render_report(ReportContent(title="a", figures=[ReportFigure(caption="c", alt="d", png=b"GIF89a")]))
    with pytest.raises(ArgumentError, match="`figures` must have alternative texts: expected words for 'c', got none"):
        render_report(ReportContent(title="a", figures=[ReportFigure(caption="c", alt=" ", png=IMAGE)]))


def test_results_stand_apart_from_settings() -> None:
    page = Page(render_report(ReportContent(title="a", settings={"epochs": 3}, results={"error": 0.25})))
    assert page.text[page.text.index("Results") :][:4] == ["Results", "Results", "error", "0.25"]
    assert page.text[page.text.index("Settings") :][:4] == ["Settings", "Settings", "epochs", "3"]


@pytest.mark.parametrize(
    ("task", "said"), [("", "running freely"), ("filter", "telling the targets"), ("regimes", "telling labels")]
)
def test_the_table_of_scores_tells_what_it_compares(task: str, said: str) -> None:
    row = {"rmse": 1.0, "nrmse": 1.0, "accuracy": 1.0}
    page = render_report(ReportContent(title="a", scores={"models": {"network": row}, "task": task}))
    assert said in page
    assert ("free run" in page, "persistence" in page, "one step ahead" in page) == ((not task,) * 3)


def test_baselines_that_are_not_told_the_controls_are_marked() -> None:
    row = {"rmse": 1.0}
    scores = {"models": {"gru": row}, "baselines": {"persistence": row, "linear": row}, "controls": ["a < b"]}
    page = render_report(ReportContent(title="a", scores=scores))
    marked = 'persistence&nbsp;†<span class="hidden"> (not told the controls)</span></th>'
    assert page.count("†") == 2
    assert marked in page
    assert "† Not told the a &lt; b of the rows that are forecast." in page
