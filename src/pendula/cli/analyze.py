"""The command `analyze`."""

from pathlib import Path

from pendula.cli.output import PLAIN, Output
from pendula.cli.whole import Whole

__all__ = ["EXAMPLE", "analyze"]

EXAMPLE = """\
pendula analyze runs/pendulum
pendula analyze runs/pendulum --json --no-report
"""


def analyze(
    run: Path,
    /,
    *,
    steps: Whole = 1500,
    exponents: Whole = 12,
    longest_cycle: Whole = 4,
    no_memory: bool = False,
    no_report: bool = False,
    seed: Whole = 0,
    out: Output = PLAIN,
) -> None:
    """Tell what a fit's network does as a dynamical system: fixed points, cycles, Lyapunov exponents, memory.

    Args:
        run: The run directory; a page is written into its folder analysis, and its report names it.
        steps: Steps of the free run that are looked at, after as many for it to settle. [default: 1500]
        exponents: How many Lyapunov exponents are measured, the largest first. [default: 12]
        longest_cycle: The longest cycle to look for; 0 for none. [default: 4]
        no_memory: Leave the memory out, which takes half of the time.
        no_report: Write no page and no figures; the run stays as it is.
        seed: Of the starts of the search and of the test inputs. [default: 0]
        out: How to print.
    """
    from pendula.analysis import AnalysisSettings
    from pendula.analysis import analyze as look
    from pendula.report import ANALYSIS_PAGE, analysis_lines, analysis_report, link_analysis, write_report
    from pendula.runs import load_forecast

    settings = AnalysisSettings(
        steps=steps, exponents=exponents, longest_cycle=longest_cycle, memory=not no_memory, seed=seed
    )
    fit = load_forecast(run)
    out.remark("looking for fixed points, measuring exponents" + ("" if no_memory else " and memory"))
    found = look(fit, settings)
    page = None
    if not no_report:
        content = analysis_report(fit, found)
        page = write_report(content, content.images, run / ANALYSIS_PAGE.parent)
        link_analysis(run)
    out.show(*analysis_lines(found), *([f"Report: {page}"] if page else []))
    out.result({"run": run, **found.to_dict(), "report": page})
