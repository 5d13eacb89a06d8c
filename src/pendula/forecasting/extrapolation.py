"""What people should know of controls that a network did not learn from."""

from pendula.forecasting.preparation import split_record
from pendula.runs import Fit, Recipe
from pendula.series.intervals import INTERVAL
from pendula.series.ranges import constant_channels, outside
from pendula.series.record import Record
from pendula.series.twins import twin_notes
from pendula.shapes import ControlSeries

__all__ = ["beyond_training", "control_notes"]


def beyond_training(fit: Fit, controls: ControlSeries | None, *, drawn: bool = False) -> str:
    """Say where the controls of a forecast leave the range that they have in the training part.

    Args:
        fit: The fit.
        controls: Those of the steps to forecast; None where none are planned.
        drawn: Whether the interval is drawn from the network, so that it was nowhere measured.

    Returns:
        A sentence or two; an empty text where they stay within it, but for a tenth of the range.
    """
    known = fit.record.controls
    if known is None or controls is None:
        return ""
    if not (left := outside(known.slice(0, fit.train_stop), controls)):
        return ""
    measured = drawn or not outside(known.slice(0, fit.validation_stop), controls)
    return f"{'; '.join(left)}. The network has not learned from such values" + (
        "." if measured else ", and the interval was not measured there."
    )


def control_notes(rows: Record, recipe: Recipe) -> tuple[str, ...]:
    """Say which controls are constant where the network learns, and which go along with a target as if they were it.

    Args:
        rows: The record.
        recipe: Every choice.

    Returns:
        Plain sentences.
    """
    if rows.controls is None:
        return ()
    train = split_record(rows, recipe).train
    still = [
        f"`{name}` is constant in the training part: it cannot be learned from."
        for name in constant_channels(rows.controls.slice(train.start, train.stop))
        if name != INTERVAL
    ]
    return (*still, *twin_notes(rows, stop=train.stop))
