r"""Scores that compare attractors: not when a run is where, but where it is how often, and how it gets there.

Of a chaotic system no forecast stays near the truth for long; a good one goes on with the same statistics. Two exact
trajectories of finite length differ too: that distance, the sampling floor, is what a score has to be held against.
"""

import math

import numpy as np

from pendula.errors import ArgumentError, DataError, ShapeError
from pendula.metrics.pointwise import valid_prediction_time
from pendula.shapes import Float, Series, ndarray

__all__ = [
    "exponent_error",
    "maxima",
    "return_map",
    "spectrum_distance",
    "state_space_divergence",
    "valid_lyapunov_times",
]


def state_space_divergence(
    truth: Series, run: Series, *, bins: int = 30, smoothing: float = 1e-5, margin: float = 0.0
) -> float:
    r"""Compute the Kullback–Leibler divergence of where two trajectories are how often, D_stsp.

    The box that the truth spans, channel by channel, is cut into `bins` equal parts along each channel, and
    $D = \sum_k p_k \log (p_k / q_k)$ is summed over its cells, with occupations $p_k = (n_k + \alpha) / (n + \alpha K)$
    of the truth and $q_k$ of the run. All of a run's states outside of the box share one cell more.

    Args:
        truth: States of the true system.
        run: States of the other.
        bins: Parts along each channel.
        smoothing: α, what is added to every count.
        margin: Share of the box's length that is added to it on each side.

    Returns:
        The divergence, in nats; 0 if both are everywhere equally often.

    Raises:
        ShapeError: If the two have other channels.
        DataError: If a value is not finite.
        ArgumentError: If `bins` or `smoothing` breaks its rule.

    References:
        G. Koppe, H. Toutounji, P. Kirsch, S. Lis and D. Durstewitz, PLOS Computational Biology 15 (2019) e1007263,
        eq. (9); the binned form and α = 1e-5 of F. Hess, Z. Monfared, M. Brenner and D. Durstewitz, ICML 2023.

    Examples:
        >>> half = np.linspace(0.0, 1.0, 1000)[:, None]
        >>> state_space_divergence(half, half)
        0.0
        >>> round(state_space_divergence(half, half / 2, bins=2), 1)  # half of the box is never visited
        2.8
    """
    truth, run = _checked(truth, run)
    if bins < 2:
        raise ArgumentError(f"`bins` must be at least 2: got {bins}. 30 is usual.")
    if not smoothing > 0:
        raise ArgumentError(f"`smoothing` must be positive: got {smoothing}. 1e-5 is usual.")
    low, high = truth.min(axis=0), truth.max(axis=0)
    edge = margin * (high - low)
    cells = [_cells(states, low - edge, high + edge, bins) for states in (truth, run)]
    known, both = np.unique(np.concatenate(cells), return_inverse=True)
    counts = [np.bincount(part, minlength=len(known)) for part in (both[: len(truth)], both[len(truth) :])]
    total = float(bins) ** truth.shape[1] + 1
    p, q = ((count + smoothing) / (count.sum() + smoothing * total) for count in counts)
    # Cells that neither visits all add the same.
    empty_p, empty_q = (smoothing / (len(part) + smoothing * total) for part in (truth, run))
    rest = (total - len(known)) * empty_p * math.log(empty_p / empty_q)
    return float(np.sum(p * np.log(p / q)) + rest)


def spectrum_distance(truth: Series, run: Series, *, smoothing: float = 20.0) -> float:
    r"""Compute the Hellinger distance of two power spectra, D_H, averaged over channels.

    $D_H = \sqrt{1 - \sum_f \sqrt{P_f Q_f}}$, with spectra of standardized channels that were smoothed by a Gaussian and
    sum up to 1.

    Args:
        truth: The true series.
        run: The other, of the same step; the longer one is cut.
        smoothing: Standard deviation of the Gaussian, in frequencies of the spectrum.

    Returns:
        0 for equal spectra, 1 for spectra without a common frequency.

    Raises:
        ShapeError: If the two have other channels.
        DataError: If a value is not finite, or a channel of the truth is constant.

    References:
        Z. Mikhaeil, Z. Monfared and D. Durstewitz, NeurIPS 2022, section 4; smoothing as in F. Hess and others, ICML
        2023.

    Examples:
        >>> t = 0.1 * np.arange(2000)
        >>> spectrum_distance(np.sin(t)[:, None], np.cos(t)[:, None]) < 0.01
        True
    """
    truth, run = _checked(truth, run)
    length = min(len(truth), len(run))
    center, size = truth.mean(axis=0), truth.std(axis=0)
    if not (size > 0).all():
        raise DataError("`truth` must vary in every channel: got a constant one. Leave that channel out.")
    spectra = [_spectrum((series[:length] - center) / size, smoothing) for series in (truth, run)]
    overlap = np.sqrt(spectra[0] * spectra[1]).sum(axis=0)
    return float(np.sqrt(np.clip(1 - overlap, 0, None)).mean())


def exponent_error(truth: float, measured: float) -> float:
    """Compute the relative error of a largest Lyapunov exponent.

    Args:
        truth: The true one, per unit of time.
        measured: The other.

    Returns:
        |measured − truth| / |truth|.

    Raises:
        ArgumentError: If the truth is 0.

    Examples:
        >>> exponent_error(0.9, 0.99)
        0.1
    """
    if truth == 0:
        raise ArgumentError("`truth` must not be 0: a relative error needs a scale. Compare the exponents themselves.")
    return abs(measured - truth) / abs(truth)


def valid_lyapunov_times(truth: Series, run: Series, *, exponent: float, dt: float, threshold: float = 0.4) -> float:
    """Compute how long a run stays near the truth, in Lyapunov times.

    Args:
        truth: What came.
        run: What was forecast, of the same shape.
        exponent: The system's largest Lyapunov exponent, per unit of time.
        dt: Time of one step.
        threshold: The normalized error at which the run counts as lost.

    Returns:
        The valid time times the exponent.

    Examples:
        >>> truth = np.sin(np.arange(100.0))[:, None]
        >>> valid_lyapunov_times(truth, np.where(np.arange(100)[:, None] < 50, truth, 9.0), exponent=0.5, dt=0.1)
        2.5
    """
    return valid_prediction_time(truth, run, threshold=threshold, dt=dt) * exponent


def return_map(series: Float[ndarray, " time"]) -> Float[ndarray, "maximum pair"]:
    """Pair each maximum of a series with the next.

    Args:
        series: The series.

    Returns:
        One row for each maximum but the last: it and its successor, refined by a parabola through three samples.

    References:
        E. N. Lorenz, Journal of the Atmospheric Sciences 20 (1963) 130, figure 4.

    Examples:
        >>> return_map(np.cos(np.linspace(-0.5, 20, 4000))).round(4)
        array([[1., 1.],
               [1., 1.],
               [1., 1.]])
    """
    heights = maxima(series)
    return np.column_stack([heights[:-1], heights[1:]])


def maxima(series: Float[ndarray, " time"]) -> Float[ndarray, " maximum"]:
    """Find the maxima of a series, one after the other.

    Args:
        series: The series.

    Returns:
        Their heights, refined by a parabola through three samples.

    Examples:
        >>> maxima(2 * np.cos(np.linspace(-0.5, 20, 4000))).round(4)
        array([2., 2., 2., 2.])
    """
    before, here, after = series[:-2], series[1:-1], series[2:]
    top = (here > before) & (here >= after)
    a, b, c = before[top], here[top], after[top]
    bend = a - 2 * b + c
    return np.asarray(b - (c - a) ** 2 / (8 * np.where(bend == 0, -np.inf, bend)))


def _checked(truth: Series, run: Series) -> tuple[Series, Series]:
    if truth.ndim != 2 or run.ndim != 2 or truth.shape[1] != run.shape[1]:
        raise ShapeError(
            f"`run` must have the channels of `truth`: expected (time, {truth.shape[-1]}), got {run.shape}. "
            "Put time first."
        )
    for name, series in (("truth", truth), ("run", run)):
        if not np.isfinite(series).all():
            raise DataError(f"`{name}` must be finite: got NaN or infinity. Cut it before the run diverged.")
    return truth, run


def _cells(states: Series, low: ndarray, high: ndarray, bins: int) -> ndarray:
    width = np.where(high > low, high - low, 1.0)
    numbers = np.floor((states - low) / width * bins).astype(np.int64)
    numbers[states == high] = bins - 1
    outside = ((numbers < 0) | (numbers >= bins)).any(axis=1)
    cells = np.ravel_multi_index(tuple(np.clip(numbers, 0, bins - 1).T), (bins,) * states.shape[1])
    return np.asarray(np.where(outside, bins ** states.shape[1], cells))


def _spectrum(series: Series, smoothing: float) -> Float[ndarray, "frequency channel"]:
    from scipy.ndimage import gaussian_filter1d

    power = np.abs(np.fft.rfft(series, axis=0)) ** 2
    smooth = gaussian_filter1d(power, smoothing, axis=0) if smoothing > 0 else power
    return np.asarray(smooth / smooth.sum(axis=0))
