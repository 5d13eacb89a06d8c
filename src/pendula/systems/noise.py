"""Random numbers of a run: observation noise and scattered initial states, each from a named seed."""

import numpy as np

from pendula.errors import ArgumentError, did_you_mean
from pendula.shapes import Float, ndarray

__all__ = ["GENERATORS", "check_noise", "check_seed", "draw_noise", "draw_shocks", "scatter"]

GENERATORS = ("pcg64", "mt19937")
"""The generators of noise: NumPy's present default, and the one behind `numpy.random.seed`."""

_SCATTER_STREAM = 1  # keeps the initial states apart from the noise of the same seed
_SHOCK_STREAM = 2  # and what drives a random process


def draw_noise(
    samples: int, channels: int, *, deviation: float | int, seed: int, generator: str = "pcg64"
) -> Float[ndarray, "time channel"]:
    """Draw Gaussian noise.

    Args:
        samples: Number of samples.
        channels: Number of variables.
        deviation: Standard deviation, in the variables' units; 0 gives zeros.
        seed: Seed of the generator.
        generator: `pcg64` is `numpy.random.default_rng`, `mt19937` is `numpy.random.RandomState`, whose numbers are
            those after `numpy.random.seed`.

    Returns:
        The noise, drawn sample by sample.

    Examples:
        >>> draw_noise(2, 1, deviation=0.05, seed=42, generator="mt19937")[:, 0]
        array([ 0.02483571, -0.00691322])
    """
    check_noise(deviation, generator=generator, seed=seed)
    shape = (samples, channels)
    if deviation == 0:
        return np.zeros(shape)
    if generator == "pcg64":
        return np.random.default_rng(seed).normal(0.0, deviation, shape)
    return np.random.RandomState(seed).normal(0.0, deviation, shape)  # the older numbers, on purpose


def scatter(
    center: Float[ndarray, " component"], count: int, *, spread: float | int, seed: int
) -> Float[ndarray, "component trajectory"]:
    """Draw initial states around one.

    Args:
        center: The state around which they lie, each component in its unit.
        count: How many; the first ones are the same for every count.
        spread: Standard deviation, in the unit of each component.
        seed: Seed of the generator.

    Returns:
        The states, one a column.

    Raises:
        ArgumentError: If an argument is out of range.

    Examples:
        >>> scatter(np.array([1.0, 2.0]), 2, spread=0.0, seed=0)
        array([[1., 1.], [2., 2.]])
    """
    if not 0 <= spread < float("inf"):
        raise ArgumentError(f"`spread` must not be negative: expected a finite standard deviation, got {spread}.")
    check_seed(seed)
    draws = np.random.default_rng([seed, _SCATTER_STREAM]).normal(0.0, 1.0, (count, len(center)))
    return (center + spread * draws).T.copy()


def draw_shocks(
    steps: int, components: int, trajectories: int, *, seed: int
) -> Float[ndarray, "step component trajectory"]:
    """Draw what drives a random process.

    Args:
        steps: How many steps.
        components: Of the state.
        trajectories: How many runs.
        seed: Seed of the generator.

    Returns:
        Independent standard normal numbers.

    Examples:
        >>> draw_shocks(3, 1, 2, seed=0).shape
        (3, 1, 2)
    """
    check_seed(seed)
    return np.random.default_rng([seed, _SHOCK_STREAM]).standard_normal((steps, components, trajectories))


def check_noise(deviation: float | int, *, generator: str, seed: int) -> None:
    """Check what noise is drawn from.

    Args:
        deviation: Standard deviation of the noise.
        generator: Name of the generator.
        seed: Seed of the generator.

    Raises:
        ArgumentError: If an argument is out of range.

    Examples:
        >>> check_noise(0.05, generator="mt19937", seed=42)
    """
    if not 0 <= deviation < float("inf"):
        raise ArgumentError(f"`noise` must not be negative: expected a finite standard deviation, got {deviation}.")
    if generator not in GENERATORS:
        raise ArgumentError(
            f"`noise_generator` must name a generator: got `{generator}`.{did_you_mean(generator, GENERATORS)}"
        )
    check_seed(seed)
    if generator == "mt19937" and seed >= 2**32:
        raise ArgumentError(f"`seed` must fit into 32 bits for `mt19937`: expected below {2**32}, got {seed}.")


def check_seed(seed: int) -> None:
    """Check a seed.

    Args:
        seed: Seed of a generator.

    Raises:
        ArgumentError: If it is no whole number, or negative.

    Examples:
        >>> check_seed(0)
    """
    if isinstance(seed, bool) or not isinstance(seed, int | np.integer) or seed < 0:
        raise ArgumentError(f"`seed` must be a whole number: expected at least 0, got {seed!r}.")
