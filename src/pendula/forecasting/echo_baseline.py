"""The instant baseline: an echo state network of a small, fixed budget."""

from pendula.errors import DataError, DivergedError
from pendula.nn import Network
from pendula.runs import Model
from pendula.series.record import Record
from pendula.series.scaling import ScalerLink, fit_scaler
from pendula.series.windows import latest_rows
from pendula.training import LIGHT, train_reservoirs

__all__ = ["LEAST_ROWS", "fit_echo_state"]

LEAST_ROWS = 300
"""A record whose longest known stretch is shorter teaches a reservoir little; it is spared the second."""
MOST_ROWS = 5000
"""The baseline is fitted to at most so many of the latest rows."""
UNITS = 100


def fit_echo_state(record: Record, *, window: int, transform: ScalerLink = "none") -> Model | None:
    """Fit a few small reservoirs, chosen among a few, to all rows before the test part.

    Args:
        record: The rows that may be learned from.
        window: Steps of known past that warm the reservoirs up.
        transform: Function applied before scaling.

    Returns:
        The baseline; None where the record is too short for one, or no reservoir runs freely within bounds.

    Examples:
        >>> import numpy as np, xarray as xr
        >>> from pendula.series.record import record
        >>> wave = record(xr.Dataset({"x": ("time", np.sin(0.3 * np.arange(400.0)))}))
        >>> run = fit_echo_state(wave, window=100).run(wave.values[None], steps=50)
        >>> bool(abs(run[0, -1, 0] - np.sin(0.3 * 449)) < 1e-2)
        True
    """
    if record.longest < LEAST_ROWS:
        return None
    scaler = fit_scaler(record, transform=transform)
    network = Network(cell="esn", hidden_size=UNITS)
    segments = latest_rows(record.segments, MOST_ROWS)
    try:
        trained = train_reservoirs(network, scaler.transform(record.values), segments, budget=LIGHT)
    except (DataError, DivergedError):
        return None
    return Model.of(record, trained.forecaster, scaler=scaler, window=window)
