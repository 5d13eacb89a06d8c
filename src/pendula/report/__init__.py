"""The report of a run: one HTML page that needs nothing beside itself.

```
render_report   content → page
verdict         scores → plain sentences
score_table     scores → heads and rows
```
"""

from pendula.report.page import Reference, ReportContent, ReportFigure, render_report
from pendula.report.scores import ScoreCell, ScoreRow, ScoreTable, score_table
from pendula.report.verdict import verdict

__all__ = [
    "Reference",
    "ReportContent",
    "ReportFigure",
    "ScoreCell",
    "ScoreRow",
    "ScoreTable",
    "render_report",
    "score_table",
    "verdict",
]
