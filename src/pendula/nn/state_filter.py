r"""The state of a differential equation from what is measured of it: the extended Kalman filter.

Symbols: $m$ and $P$ are mean and covariance of the state, $C$ picks the observed components, $R$ and $Q$ are the
variances of the noise of a measurement and of what the equation misses in a step.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from pendula.nn.array_cell import ArrayStep
from pendula.shapes import Float, ndarray
from pendula.systems import push_directions

__all__ = ["Estimate", "StateFilter"]


class Estimate(NamedTuple):
    """What is known of states before the next measurement.

    Attributes:
        mean: The most likely state of each series, each component in its unit.
        covariance: How uncertain it is.
        time: When the next measurement is made, in units of time.
    """

    mean: Float[ndarray, "batch component"]
    covariance: Float[ndarray, "batch component component"]
    time: Float[ndarray, " batch"]


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class StateFilter:
    """An equation, and how far its state and measurements of it are to be trusted.

    Attributes:
        step: The equation's step.
        dt: Time of a step.
        observed: Which components are measured.
        noise: Standard deviation of a measurement, in its unit.
        drift: Standard deviation of what the equation misses in a step, of each component, in its unit.

    References:
        A. H. Jazwinski, *Stochastic Processes and Filtering Theory* (1970), section 8.3; the update of the covariance
        is Joseph's, which keeps it positive.

    Examples:
        >>> still = StateFilter(
        ...     step=lambda t, state: state, dt=1.0, observed=(0,), noise=np.ones(1), drift=np.zeros(1))
        >>> estimate = Estimate(np.zeros((1, 1)), np.full((1, 1, 1), 1.0), np.zeros(1))
        >>> still.correct(estimate, np.array([[3.0]])).mean  # halfway, where both are trusted alike
        array([[1.5]])
    """

    step: ArrayStep
    dt: float
    observed: tuple[int, ...]
    noise: Float[ndarray, " channel"]
    drift: Float[ndarray, " component"]

    def gain(self, estimate: Estimate) -> Float[ndarray, "batch component channel"]:
        """Tell how much of the difference to a measurement each component takes over.

        Args:
            estimate: What is known before it.

        Returns:
            Kalman's gain, $P C^T (C P C^T + R)^{-1}$.
        """
        measured = list(self.observed)
        across = estimate.covariance[:, :, measured]
        spread = self.innovation_covariance(estimate)
        return np.asarray(np.linalg.solve(spread, across.transpose(0, 2, 1)).transpose(0, 2, 1))

    def innovation_covariance(self, estimate: Estimate) -> Float[ndarray, "batch channel channel"]:
        """Tell how far a measurement is expected to lie from the mean.

        Args:
            estimate: What is known before it.

        Returns:
            $C P C^T + R$.
        """
        measured = list(self.observed)
        return np.asarray(estimate.covariance[:, measured][:, :, measured] + np.diag(self.noise**2))

    def correct(self, estimate: Estimate, values: Float[ndarray, "batch channel"]) -> Estimate:
        """Learn from a measurement.

        Args:
            estimate: What is known before it.
            values: What was measured.

        Returns:
            What is known after it, at the same time.
        """
        gain, measured = self.gain(estimate), list(self.observed)
        mean = estimate.mean + (gain @ (values - estimate.mean[:, measured])[..., None])[..., 0]
        kept = np.eye(mean.shape[1]) - gain @ np.eye(mean.shape[1])[measured]
        covariance = kept @ estimate.covariance @ kept.transpose(0, 2, 1)
        covariance = covariance + (gain * self.noise**2) @ gain.transpose(0, 2, 1)
        return Estimate(mean, covariance, estimate.time)

    def move(self, estimate: Estimate) -> Estimate:
        """Go on by a step.

        Args:
            estimate: What is known now.

        Returns:
            What is known of the next state.
        """
        directions = np.broadcast_to(np.eye(estimate.mean.shape[1]), estimate.covariance.shape)
        time = estimate.time[:, None]
        mean, slope = push_directions(lambda state: self.step(time, state), estimate.mean, directions)
        covariance = slope @ estimate.covariance @ slope.transpose(0, 2, 1) + np.diag(self.drift**2)
        return Estimate(mean, covariance, estimate.time + self.dt)

    def take(self, estimate: Estimate, values: Float[ndarray, "batch channel"]) -> Estimate:
        """Learn from a measurement and go on by a step.

        Args:
            estimate: What is known before it.
            values: What was measured.

        Returns:
            What is known before the next one.
        """
        return self.move(self.correct(estimate, values))
