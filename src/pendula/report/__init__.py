"""The report of a run: one HTML page that needs nothing beside itself.

```
render_report      content → page
verdict_of         scores → plain sentences
idle_note          fit → a note, if the recurrent part added nothing
end_forecast       fit → what comes after the record's end
seen_note          scores → a warning, if the fit had seen the rows
score_table        scores → heads and rows
interval_lines     scores of intervals → lines for a terminal
score_text         scores → the same for a terminal
member_rows        fit → the settings of its reservoirs
parameter_rows     fit → the parameters of its equation
equation_note      fit → a warning, if its equation does not describe the record
initial_state      fit → the state its equation starts from
parameter_lines    fit → the same for a terminal
fit_report         fit → content, with its figures
fit_figures        fit → images by name
told_report        fit → content, for targets told from inputs: quantities or labels
told_verdict       scores → plain sentences, for the same
comparison_report  comparison → content, with the figures of all networks
gradient_facts     watched gradients → rates and classes
analysis_report    fit, analysis → content, with its figures
analysis_lines     analysis → lines for a terminal
link_analysis      run → links between its report and its analysis
backtest_figure    backtest → errors and coverage by lead time
backtest_lines     backtest → the same for a terminal
surprise_figure    scores of anomalies → the record, and how surprising it was
write_report       content, images → report.html, figures/*.png
```
"""

from pendula.report.analysis_report import analysis_lines, analysis_report
from pendula.report.comparison_report import comparison_report
from pendula.report.equation_facts import equation_note, initial_state, parameter_lines, parameter_rows
from pendula.report.facts import member_rows
from pendula.report.fit_report import fit_figures, fit_report, idle_note
from pendula.report.gradient_figure import gradient_facts
from pendula.report.interval_figure import interval_lines
from pendula.report.labels_report import labels_figures, labels_report, labels_verdict
from pendula.report.links import ANALYSIS_PAGE, link_analysis
from pendula.report.page import Reference, ReportContent, ReportFigure, render_report
from pendula.report.paired_report import paired_report, paired_verdict
from pendula.report.record_figures import end_forecast
from pendula.report.rolling_figures import backtest_figure, backtest_lines, surprise_figure
from pendula.report.scores import ScoreCell, ScoreRow, ScoreTable, score_table
from pendula.report.text import score_text
from pendula.report.told_parts import idle_path_note
from pendula.report.told_report import told_report, told_verdict
from pendula.report.verdict import seen_note, verdict_of
from pendula.report.write import write_report

__all__ = [
    "ANALYSIS_PAGE",
    "Reference",
    "ReportContent",
    "ReportFigure",
    "ScoreCell",
    "ScoreRow",
    "ScoreTable",
    "analysis_lines",
    "analysis_report",
    "backtest_figure",
    "backtest_lines",
    "comparison_report",
    "end_forecast",
    "equation_note",
    "fit_figures",
    "fit_report",
    "gradient_facts",
    "idle_note",
    "idle_path_note",
    "initial_state",
    "interval_lines",
    "labels_figures",
    "labels_report",
    "labels_verdict",
    "link_analysis",
    "member_rows",
    "paired_report",
    "paired_verdict",
    "parameter_lines",
    "parameter_rows",
    "render_report",
    "score_table",
    "score_text",
    "seen_note",
    "surprise_figure",
    "told_report",
    "told_verdict",
    "verdict_of",
    "write_report",
]
