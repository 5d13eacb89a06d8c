"""Pendula learns ordered physical data with recurrent networks, and tells what it has learned.

```python
series = pendula.read("pendulum.csv", time="t", units={"x": "rad"})
fit = pendula.fit(series, target="x", model=pendula.nn.LSTM(hidden_size=64, num_layers=2), window=50, seed=0)
future = pendula.forecast(fit, steps=500, coverage=0.9)
```

Verbs: simulate, fit, forecast, evaluate, analyze, compare. Around them: read and write for files, load and resume for
fits, load_dataset for the records that come with Pendula, resample and fill_gaps for records with uneven or missing
samples. Everything loads when it is first used.
"""

import importlib
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pendula import nn as nn
    from pendula.analysis import analyze as analyze
    from pendula.errors import PendulaError as PendulaError
    from pendula.forecasting import compare as compare
    from pendula.forecasting import evaluate as evaluate
    from pendula.forecasting import fit as fit
    from pendula.forecasting import forecast as forecast
    from pendula.forecasting import resume as resume
    from pendula.nn import Network as Network
    from pendula.runs import Fit as Fit
    from pendula.runs import PairedFit as PairedFit
    from pendula.runs import Recipe as Recipe
    from pendula.runs import load as load
    from pendula.series import fill_gaps as fill_gaps
    from pendula.series import leak_check as leak_check
    from pendula.series import load_dataset as load_dataset
    from pendula.series import read as read
    from pendula.series import resample as resample
    from pendula.series import write as write
    from pendula.systems import simulate as simulate
    from pendula.training import Training as Training

__version__ = version("pendula")

_HOMES = {
    "Fit": "runs",
    "Network": "nn",
    "PairedFit": "runs",
    "PendulaError": "errors",
    "Recipe": "runs",
    "Training": "training",
    "analyze": "analysis",
    "compare": "forecasting",
    "evaluate": "forecasting",
    "fill_gaps": "series",
    "fit": "forecasting",
    "forecast": "forecasting",
    "leak_check": "series",
    "load": "runs",
    "load_dataset": "series",
    "read": "series",
    "resample": "series",
    "resume": "forecasting",
    "simulate": "systems",
    "write": "series",
}

__all__ = [
    "Fit",
    "Network",
    "PairedFit",
    "PendulaError",
    "Recipe",
    "Training",
    "analyze",
    "compare",
    "evaluate",
    "fill_gaps",
    "fit",
    "forecast",
    "leak_check",
    "load",
    "load_dataset",
    "nn",
    "read",
    "resample",
    "resume",
    "simulate",
    "write",
]


def __getattr__(name: str) -> Any:
    """Load a public name when it is first used, so that `import pendula` stays quick.

    Args:
        name: The name.

    Returns:
        What it stands for.

    Raises:
        AttributeError: If there is no such name.
    """
    if name == "nn":
        return importlib.import_module("pendula.nn")
    if name not in _HOMES:
        raise AttributeError(f"module 'pendula' has no attribute {name!r}")
    return getattr(importlib.import_module(f"pendula.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    """List the public names.

    Returns:
        The names.
    """
    return [*__all__, "__version__"]
