"""Experiment files: which data to learn from, and every choice, as TOML.

```toml
window = 50              # any field of pendula.Recipe; what is left out takes its default
test = 0.25
seed = 0

[data]
file = "pendulum.csv"    # from the folder of this file, or a record that comes with Pendula
target = ["x", "v"]
time = "t"
units = { x = "rad", v = "rad/s" }
gaps = "fill"            # or "keep"
resample = 0.01          # a number in the units of time, or a duration such as "1h" for dates

[network]                # any field of pendula.Network
cell = "gru"
hidden_size = 32

[training]               # any field of pendula.Training
epochs = 50
patience = "none"        # TOML has no null; "none" stands for it
```

Every table and every name may be left out; a name that is not known is refused. Options on the command line take
precedence over the file.
"""

import datetime as dt
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from pendula.config.data import DataSettings
from pendula.errors import ArgumentError, ConfigError, RunError
from pendula.files import read_bytes
from pendula.runs.build import build, plain

__all__ = ["MAX_BYTES", "ExperimentFile", "read_experiment", "write_experiment"]

MAX_BYTES = 2**20
"""An experiment file beyond this size is refused: ours hold a page."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ExperimentFile:
    """What an experiment file says.

    Attributes:
        data: Which data to learn from.
        choices: What the file says of the recipe: values by name, tables within tables.

    Examples:
        >>> ExperimentFile(choices={"window": 20}).choices["window"]
        20
    """

    data: DataSettings = field(default_factory=DataSettings)
    choices: dict[str, Any] = field(default_factory=dict)


def read_experiment(path: str | Path) -> ExperimentFile:
    r"""Read an experiment file.

    Args:
        path: The file.

    Returns:
        Its content, checked: every name is known and every value of the right type.

    Raises:
        ConfigError: If the file is missing, too large, no TOML, or has an unknown name or a bad value.

    Examples:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     file = Path(folder, "lab.toml")
        ...     _ = file.write_text("window = 20\n[training]\nepochs = 5\n")
        ...     read_experiment(file).choices
        {'window': 20, 'training': {'epochs': 5}}
    """
    path = Path(path)
    content = _content(path)
    try:
        given = content.pop("data", {})
        if not isinstance(given, Mapping):
            raise ConfigError(f"`data` must be a table: expected names and values, got {given!r}. Write [data].")
        data = build(DataSettings, _with_targets(given), where="data.")
        _check_recipe(content)
    except (ArgumentError, ConfigError) as error:
        raise ConfigError(f"`{path}` must be a sound experiment file: {error}") from error
    return ExperimentFile(data=_placed(data, path.parent), choices=content)


def write_experiment(experiment: ExperimentFile, path: str | Path) -> None:
    """Write an experiment file, atomically; it reads back as it was.

    Args:
        experiment: What to write.
        path: The file.

    Examples:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     write_experiment(ExperimentFile(choices={"window": 20}), Path(folder, "lab.toml"))
        ...     read_experiment(Path(folder, "lab.toml")).choices
        {'window': 20}
    """
    from pendula.runs.toml import write_toml

    data = {name: value for name, value in plain(experiment.data).items() if value not in ("none", {}, [])}
    write_toml(Path(path), {**experiment.choices, "data": data})


def _content(path: Path) -> dict[str, Any]:
    try:
        content = tomllib.loads(read_bytes(path, most=MAX_BYTES).decode("utf-8-sig").replace("\r\n", "\n"))
    except RunError as error:
        raise ConfigError(str(error)) from error
    except (ValueError, RecursionError) as error:
        raise ConfigError(f"`{path}` must be TOML: {error}. Quote texts, and write one setting a line.") from error
    return {name: _without_dates(value) for name, value in content.items()}


def _without_dates(value: Any) -> Any:
    # Dates are known to a record by their text.
    if isinstance(value, dict):
        return {name: _without_dates(inner) for name, inner in value.items()}
    return value.isoformat() if isinstance(value, dt.date | dt.time) else value


def _with_targets(given: Mapping[str, Any]) -> dict[str, Any]:
    # One target may stand without its list.
    target = given.get("target")
    return {**given, "target": [target]} if isinstance(target, str) else dict(given)


def _check_recipe(content: Mapping[str, Any]) -> None:
    from pendula.runs.recipe import Recipe

    build(Recipe, content)


def _placed(data: DataSettings, folder: Path) -> DataSettings:
    # The name of a record that comes with Pendula has no suffix and no folder.
    if data.file is None or not Path(data.file).suffix:
        return data
    return replace(data, file=str(folder / data.file))
