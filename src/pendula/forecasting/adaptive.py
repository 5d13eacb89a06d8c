"""Adaptive conformal intervals: what errors were promised, and what came, moves the level of what comes next."""

from dataclasses import dataclass

import numpy as np

from pendula.errors import ArgumentError
from pendula.shapes import Float, Int, ndarray

__all__ = ["Adapted", "adapt"]

RATE = 0.02


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Adapted:
    """Intervals that were adapted from origin to origin, at each lead time by themselves.

    Attributes:
        half_width: Half widths in scaled units; infinite where all is within, −∞ where nothing is.
        share: Share of the origins whose error lay within.
        bound: How far the share of all origins whose truth came to light can lie from the coverage, whatever comes.
    """

    half_width: Float[ndarray, "origin lead channel"]
    share: Float[ndarray, "lead channel"]
    bound: Float[ndarray, " lead"]


def adapt(
    absolute: Float[ndarray, "origin lead channel"],
    origins: Int[ndarray, " origin"],
    *,
    known: Float[ndarray, "earlier reach channel"],
    coverage: float,
    rate: float = RATE,
) -> Adapted:
    r"""Follow errors in time, and keep the long-run coverage of intervals whatever the errors do.

    At each lead time h, an interval misses with the probability $\alpha_t$, and $\alpha_{t+1} = \alpha_t + \gamma
    (\alpha - e_t)$, where $e_t$ is 1 if the truth lay outside. It is the conformal one among the latest errors, as many
    as are known at first. The truth of an origin comes to light h steps later: nothing is used before.

    With D origins under way at most, the one that is decided included, $\alpha_t$ stays within $[-D\gamma,
    1 + D\gamma]$, since an interval at $\alpha_t \le 0$ holds all, and one at $\alpha_t \ge 1$ nothing. The mean of the
    N errors that came to light is therefore within $(\max(\alpha_1, 1 - \alpha_1) + D \gamma) / (\gamma N)$ of α.

    Args:
        absolute: Absolute errors from each origin, on the scale of the network; infinite where a run diverged.
        origins: Rows of the first forecast values, ascending.
        known: Absolute errors from before, with at least these lead times.
        coverage: 1 − α, the share of truths that are to lie within.
        rate: γ, how fast the level moves.

    Returns:
        The intervals, and what they held.

    Raises:
        ArgumentError: If `coverage` or `rate` does not lie between 0 and 1, or nothing is known at a lead time.

    References:
        I. Gibbs and E. Candès, "Adaptive conformal inference under distribution shift", NeurIPS 2021, eq. (2) and
        proposition 4.1, whose case is D = 1.

    Examples:
        >>> errors = np.abs(np.random.default_rng(0).normal(size=(1200, 1, 1)))
        >>> errors[200:] *= 4.0  # the record drifts
        >>> adapted = adapt(errors[200:], np.arange(1000), known=errors[:200], coverage=0.9)
        >>> bool(abs(adapted.share[0, 0] - 0.9) < adapted.bound[0] < 0.05)
        True
    """
    for name, value in (("coverage", coverage), ("rate", rate)):
        if not 0 < value < 1:
            raise ArgumentError(f"`{name}` must lie between 0 and 1: got {value}. Usual are 0.9 and {RATE}.")
    count, leads, _ = absolute.shape
    if not len(known) or known.shape[1] < leads:
        raise ArgumentError(
            f"`known` must hold errors at each lead time: expected {leads}, got {known.shape[1] if len(known) else 0}. "
            "Ask for fewer lead times, or enlarge `validation`."
        )
    run = _Adapting(absolute, np.asarray(known[:, :leads], np.float64), coverage=coverage, rate=rate)
    most = np.zeros(leads, np.int64)
    for number in range(count):
        run.reveal(origins, number)
        most = np.maximum(most, number - run.revealed)
        run.decide(number)
    run.reveal(np.append(origins, origins[-1:] + leads), count)
    start = max(coverage, 1 - coverage)
    return Adapted(
        half_width=run.half_width,
        share=np.asarray((absolute <= run.half_width).mean(axis=0)),
        bound=(start + (most + 1) * rate) / (rate * np.maximum(run.revealed, 1)),
    )


class _Adapting:
    # The latest errors of each lead time, in a ring, and its level.

    def __init__(
        self,
        absolute: Float[ndarray, "origin lead channel"],
        known: Float[ndarray, "earlier lead channel"],
        *,
        coverage: float,
        rate: float,
    ) -> None:
        self.absolute, self.ring, self.rate, self.alpha = absolute, known.copy(), rate, 1 - coverage
        self.half_width = np.empty(absolute.shape)
        self.level = np.full(absolute.shape[1:], self.alpha)
        self.leads = np.arange(absolute.shape[1])
        self.revealed = np.zeros(absolute.shape[1], np.int64)

    def reveal(self, origins: Int[ndarray, " origin"], number: int) -> None:
        # Take in what has come to light before the origin of that number.
        while True:
            earlier = origins[np.minimum(self.revealed, number - 1)] if number else origins[self.revealed]
            due = np.flatnonzero((self.revealed < number) & (earlier + self.leads + 1 <= origins[number]))
            if not len(due):
                return
            at = self.revealed[due]
            found = self.absolute[at, due]
            outside = ~(found <= self.half_width[at, due])
            self.level[due] += self.rate * (self.alpha - outside)
            self.ring[at % len(self.ring), due] = found
            self.revealed[due] += 1

    def decide(self, number: int) -> None:
        ranked = np.sort(self.ring, axis=0)
        rank = np.ceil((1 - self.level) * (len(ranked) + 1) - 1e-9).astype(np.int64)
        within = np.take_along_axis(ranked, np.clip(rank, 1, len(ranked))[None] - 1, axis=0)[0]
        within = np.where((rank > len(ranked)) | (self.level <= 0), np.inf, within)
        self.half_width[number] = np.where(self.level >= 1, -np.inf, within)
