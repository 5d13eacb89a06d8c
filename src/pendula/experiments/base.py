"""What an experiment is: settings with defaults, and a function that runs them."""

from collections.abc import Callable
from dataclasses import dataclass, field, fields, is_dataclass, replace
from typing import Any, Literal, TypeAlias

import xarray as xr

from pendula.report import ReportContent
from pendula.runs import Fit, PairedFit
from pendula.training import Listener

__all__ = ["Experiment", "ExperimentResult", "Progress", "Protocol", "with_settings"]

Progress: TypeAlias = Callable[[str], Listener]
"""Gives the listener of the training with that name."""
Protocol: TypeAlias = Literal["leak-free", "lecture"]
"""Leak-free, or the lecture's own splits, scaling and training, for comparison."""


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class ExperimentResult:
    """What an experiment came to.

    Attributes:
        results: Numbers and texts, ready for JSON.
        content: The page.
        figures: PNG files by name.
        fits: The fits by name.
        paired_fits: The fits that tell targets from inputs, by name.
        forecasts: Forecasts by name.
        keras_models: Names of the fits whose networks are written as models of Keras, too.
    """

    results: dict[str, Any]
    content: ReportContent
    figures: dict[str, bytes]
    fits: dict[str, Fit] = field(default_factory=dict)
    paired_fits: dict[str, PairedFit] = field(default_factory=dict)
    forecasts: dict[str, xr.Dataset] = field(default_factory=dict)
    keras_models: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Experiment:
    """An experiment that can be run by name.

    Attributes:
        name: As on the command line.
        summary: One sentence.
        settings: A frozen dataclass of settings, all with defaults.
        run: Runs the settings; its second argument gives a listener for each training, by name.
    """

    name: str
    summary: str
    settings: type
    run: Callable[[Any, Progress], ExperimentResult]


def with_settings(content: ReportContent, settings: Any) -> ReportContent:
    """Put the settings that an experiment ran with on its page.

    Args:
        content: The page.
        settings: The dataclass of settings.

    Returns:
        The page, on which every setting stands under the name that `--set` knows, before what the page says of them;
        where that has the same name, as an epoch count that was left to the experiment, it counts.

    Examples:
        >>> from pendula.experiments.demo import Demo
        >>> with_settings(ReportContent(title="Sunspots", settings={"seed": "zero"}), Demo(epochs=5)).settings
        {'epochs': 5, 'seed': 'zero'}
    """
    return replace(content, settings={**_flat(settings), **content.settings})


def _flat(settings: Any) -> dict[str, object]:
    flat: dict[str, object] = {}
    for each in fields(settings):
        value = getattr(settings, each.name)
        inner = _flat(value) if is_dataclass(value) else None
        flat |= {each.name: value} if inner is None else {f"{each.name}.{name}": held for name, held in inner.items()}
    return flat
