"""Experiment files and settings by name: TOML ⇄ frozen dataclasses.

```
build                                plain values → a frozen dataclass of settings, checked
assignments, merge, parse_value      `training.patience=10` → nested names and values
read_experiment, write_experiment    experiment files
```
"""

from pendula.config.assignments import assignments, merge, parse_value
from pendula.config.data import DataSettings
from pendula.config.toml import ExperimentFile, read_experiment, write_experiment
from pendula.runs.build import build

__all__ = [
    "DataSettings",
    "ExperimentFile",
    "assignments",
    "build",
    "merge",
    "parse_value",
    "read_experiment",
    "write_experiment",
]
