"""Free runs in the way of a loop over windows, beside those that hand the state on."""

import numpy as np

from pendula.runs import Model
from pendula.shapes import Float, Series, ndarray

__all__ = ["windowed_run"]


def windowed_run(model: Model, context: Series, *, steps: int) -> Float[ndarray, "step channel"]:
    """Run freely from a state of zero at each step, shown the last window again, as a loop over `predict` does.

    A network that was trained on windows need not remember for longer than one: its state, handed on, may then lead
    away, where this run does not. Each step costs a window.

    Args:
        model: The model.
        context: The known past, in physical units; at least a window of it.
        steps: How many steps to run; of several leads, the first is taken.

    Returns:
        The next `steps` values, in physical units.

    Examples:
        >>> import pendula, xarray as xr
        >>> series = xr.Dataset({"x": ("time", np.sin(0.1 * np.arange(200)))})
        >>> fit = pendula.fit(series, model=pendula.nn.Network(hidden_size=4), window=10,
        ...                   training=pendula.Training(epochs=1))
        >>> windowed_run(fit.model, fit.record.values[:50], steps=3).shape
        (3, 1)
    """
    window = model.window
    values = np.concatenate([context[-window:], np.empty((steps, context.shape[1]))])
    for row in range(window, len(values)):
        values[row] = model.run(values[None, row - window : row], steps=1)[0, 0]
    return values[window:]
