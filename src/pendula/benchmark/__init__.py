"""How fast this machine trains recurrent networks with Pendula, and how fast with torch.

```
workload     Workload: one point of the grid; its floating-point work
numbers      the same weights and inputs for whoever computes it
layers       the work done by pendula.nn and by torch.nn; epochs: by Pendula's training
turns        contenders in turns, compared turn by turn; waiting: what other programs do to them
gemm         the machine's own rate at matrix products
measurement  one workload measured; grid, session: many of them
report       everything with the machine it was measured on; table: for people
short        what `pendula bench` measures
```
"""

from pendula.benchmark.gemm import SIZES, Gemm, measure_gemm
from pendula.benchmark.grid import ANCHOR, QUICK, Grid, differences
from pendula.benchmark.layers import make_layers
from pendula.benchmark.measurement import Measurement, Rival, measure
from pendula.benchmark.numbers import Numbers, draw_numbers
from pendula.benchmark.report import Report, instruction_set, report_of
from pendula.benchmark.session import Listener, Session, bearable, expected_seconds
from pendula.benchmark.short import bench, short_workloads
from pendula.benchmark.table import clock_text, gemm_table, measurement_table, summary_table
from pendula.benchmark.threads import available_threads, threads_set_to
from pendula.benchmark.turns import Contender, Pace, Times, race
from pendula.benchmark.workload import PRECISIONS, TASKS, Precision, Task, Workload

__all__ = [
    "ANCHOR",
    "PRECISIONS",
    "QUICK",
    "SIZES",
    "TASKS",
    "Contender",
    "Gemm",
    "Grid",
    "Listener",
    "Measurement",
    "Numbers",
    "Pace",
    "Precision",
    "Report",
    "Rival",
    "Session",
    "Task",
    "Times",
    "Workload",
    "available_threads",
    "bearable",
    "bench",
    "clock_text",
    "differences",
    "draw_numbers",
    "expected_seconds",
    "gemm_table",
    "instruction_set",
    "make_layers",
    "measure",
    "measure_gemm",
    "measurement_table",
    "race",
    "report_of",
    "short_workloads",
    "summary_table",
    "threads_set_to",
]
