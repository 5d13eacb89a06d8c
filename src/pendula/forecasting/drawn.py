"""Scores of drawn trajectories: the energy score by lead time, and whether they move as the record does."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from pendula.forecasting.likelihood import Likelihood, past_of
from pendula.forecasting.predictors import controls_of
from pendula.metrics import energy_score, spectrum_distance, state_space_divergence
from pendula.series.split import Part
from pendula.series.windows import window_segments
from pendula.shapes import Float, Int, Series, ndarray

__all__ = ["DrawnScores", "score_drawn"]

MOST_ORIGINS = 40
MEMBERS = 100
"""Origins and members of the ensembles whose energy is scored."""
TRAJECTORIES = 8
MOST_STEPS = 2000
"""Trajectories that are compared with the record as a whole, and their length at most."""


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class DrawnScores:
    """Scores of ensembles of several predictors.

    Attributes:
        origins: Rows of the first values drawn.
        energy: Energy score of each predictor by lead time, in the unit of the record; where its channels have several,
            in their spreads.
        spectrum: Distance of the power spectra of drawn trajectories from the record's.
        states: Divergence of the states that they visit from the record's.
    """

    origins: Int[ndarray, " origin"]
    energy: dict[str, Float[ndarray, " lead"]]
    spectrum: dict[str, float]
    states: dict[str, float]

    def row(self, name: str) -> dict[str, float]:
        """Give a predictor's scores for a table.

        Args:
            name: The predictor.

        Returns:
            The mean energy score over lead times, and the two scores of its trajectories.
        """
        return {
            "energy_score": float(self.energy[name].mean()),
            "spectrum_distance": self.spectrum[name],
            "state_space_divergence": self.states[name],
        }

    def to_dict(self) -> dict[str, Any]:
        """Give the energy scores by lead time.

        Returns:
            Lead times in steps, origins, members, and the scores; None where one is not finite.
        """
        energy = {
            name: [score if np.isfinite(score) else None for score in by_lead.tolist()]
            for name, by_lead in self.energy.items()
        }
        leads = len(next(iter(self.energy.values())))
        return {
            "leads": list(range(1, leads + 1)),
            "origins": len(self.origins),
            "members": MEMBERS,
            "energy_score": energy,
        }


def score_drawn(
    told: Mapping[str, Likelihood], part: Part, origins: Int[ndarray, " origin"], *, leads: int, window: int
) -> DrawnScores:
    """Draw ensembles from many origins and a few long trajectories, and score them.

    Args:
        told: Tells the distributions, by name.
        part: The part to score on; the trajectories run along its longest gap-free stretch.
        origins: Rows of the first values to draw; at most 40 of them, evenly spaced, are used.
        leads: Steps of each ensemble.
        window: Known values before each of them.

    Returns:
        The scores.
    """
    rows = part.parent
    origins = origins[:: -(-len(origins) // MOST_ORIGINS)]
    # Quantities of different units have a distance only when each is counted in its own spread.
    spread = rows.values[rows.present].std(axis=0) if len(set(rows.units)) > 1 else np.ones(len(rows.names))
    scale = np.where(spread > 0, spread, 1.0)
    truth = rows.values[origins[:, None] + np.arange(leads)] / scale
    segments = window_segments(rows, part.start, part.stop, length=window, reach_back=True)
    start, stop = segments[np.argmax(segments[:, 1] - segments[:, 0])].tolist()
    first, steps = start + window, min(stop - start - window, MOST_STEPS)
    stretch = rows.values[first : first + steps]
    energy: dict[str, Float[ndarray, " lead"]] = {}
    spectrum, states = {}, {}
    for name, each in told.items():
        known, driving = past_of(each, rows.values, origins, steps=leads, controls=controls_of(rows))
        drawn = each.draw(known, steps=leads, samples=MEMBERS, controls=driving) / scale
        energy[name] = energy_score(truth, drawn.transpose(0, 2, 1, 3)).mean(axis=0)
        known, driving = past_of(each, rows.values, np.array([first]), steps=steps, controls=controls_of(rows))
        long = each.draw(known, steps=steps, samples=TRAJECTORIES, controls=driving)[0]
        spectrum[name], states[name] = _likeness(stretch, long)
    return DrawnScores(origins=origins, energy=energy, spectrum=spectrum, states=states)


def _likeness(truth: Series, drawn: Float[ndarray, "sample time channel"]) -> tuple[float, float]:
    # Their mean over trajectories; a constant has no spectrum, and a run that diverged no states.
    if not np.isfinite(drawn).all() or (truth.min(axis=0) == truth.max(axis=0)).any() or len(truth) < 2:
        return float("nan"), float("nan")
    distances = [spectrum_distance(truth, each) for each in drawn]
    divergences = [state_space_divergence(truth, each) for each in drawn]
    return float(np.mean(distances)), float(np.mean(divergences))
