"""The report and the analysis name each other, once, whichever is made again."""

from pendula.report import ANALYSIS_PAGE, ReportContent, link_analysis, render_report, write_report
from pendula.report.links import with_link


def test_a_link_stands_below_the_title_once():
    page = render_report(ReportContent(title="Swing"))
    linked = with_link(page, words="More & more", target="a/b.html")
    assert '<p><a href="a/b.html">More &amp; more</a></p></header>' in linked
    assert with_link(linked, words="More & more", target="a/b.html") == linked
    assert len(linked) - len(page) == len('<p><a href="a/b.html">More &amp; more</a></p>')


def test_both_pages_lead_to_each_other_and_keep_the_link(tmp_path):
    report = write_report(ReportContent(title="Fit"), {}, tmp_path)
    link_analysis(tmp_path)
    assert "<a href" not in report.read_text().split("<header>")[1].split("</header>")[0]
    analysis = write_report(ReportContent(title="Dynamics"), {}, tmp_path / ANALYSIS_PAGE.parent)
    for _ in range(2):
        link_analysis(tmp_path)
        assert report.read_text().count('href="analysis/report.html"') == 1
        assert analysis.read_text().count('href="../report.html"') == 1
        write_report(ReportContent(title="Fit again"), {}, tmp_path)
