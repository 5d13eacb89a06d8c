"""Identify a differential equation: fit what an integrator cell can learn to a noisy, partly observed record."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import torch

from pendula.errors import ArgumentError, DivergedError, did_you_mean
from pendula.nn import IntegratorCell
from pendula.shapes import Float, ndarray
from pendula.training.shooting import Shooting

__all__ = ["Identification", "Identified", "identify"]

POOR = 0.1
"""A fit that leaves more of a channel than this share of its standard deviation is tried once more, states first."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Identification:
    """How a differential equation is identified.

    Attributes:
        segment: Steps of a segment: as many as the cell can be trusted to run from a poor guess.
        weights: How strongly the segments have to join, one fit after the other: from loose ones, which find the
            parameters from afar, to one trajectory.
        evaluations: The most evaluations of a fit.
        trial: The most evaluations of the loose fit from each of several starts, of which the best one goes on.

    Examples:
        >>> Identification().weights[0]
        1.0
    """

    segment: int = 50
    weights: tuple[float, ...] = (1.0, 10.0, 100.0, 1000.0)
    evaluations: int = 50
    trial: int = 12

    def __post_init__(self) -> None:
        """Check the settings.

        Raises:
            ArgumentError: If a setting is out of range.
        """
        for name in ("segment", "evaluations", "trial"):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int) or value < 1:
                raise ArgumentError(f"`{name}` must be a positive whole number: expected 1 or more, got {value}.")
        if not self.weights or any(not 0 < weight < float("inf") for weight in self.weights):
            raise ArgumentError(f"`weights` must be positive: expected finite numbers above 0, got {self.weights}.")


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Identified:
    """What a record tells of a differential equation.

    Attributes:
        parameters: The learned parameters of the flow, by name, in their units.
        standard_errors: Their standard errors, by name: those of least squares with independent noise.
        initial: The state at the first sample, each component in its unit.
        states: The states at every sample, hidden components too.
        noise: Standard deviation of what is left of each channel, in its unit.
        gap: Largest step between two segments, as a share of the size of the component: how far from one trajectory.
    """

    parameters: dict[str, float] = field(default_factory=dict)
    standard_errors: dict[str, float] = field(default_factory=dict)
    initial: Float[ndarray, " component"]
    states: Float[ndarray, "time component"]
    noise: Float[ndarray, " channel"]
    gap: float


def identify(
    cell: IntegratorCell,
    values: Float[ndarray, "time channel"],
    *,
    observed: Sequence[str],
    start: float = 0.0,
    inputs: Float[ndarray, "row input"] | None = None,
    starts: Sequence[Mapping[str, float]] = (),
    settings: Identification | None = None,
) -> Identified:
    """Fit all that a cell can learn to a record, the unknown initial state included, and leave it in the cell.

    Gauss and Newton's steps within a trust region on the segments of multiple shooting, with the exact Jacobian of the
    discretized flow. A network added to the physics is fitted with the parameters. Where components are hidden and
    the fit is poor, a second one finds the states before it moves the parameters, and the better of the two is kept:
    the parameters of a chaotic flow are led astray by states that are far off.

    Args:
        cell: The cell; its present values are where the search starts.
        values: The record, sampled every `dt` of the cell; NaN where nothing was measured.
        observed: Names of the components that the channels are.
        start: Time of its first row, in units of time.
        inputs: What drives the cell from each row to the next, for a cell with a drive.
        starts: Other values to start from, by name; the search goes on from the one whose loose fit is best.
        settings: How it is done.

    Returns:
        Parameters with standard errors, the states, and what is left.

    Raises:
        ArgumentError: If a name is unknown, or there is nothing to learn.
        DivergedError: If no start gives a finite trajectory.

    References:
        M. A. Branch, T. F. Coleman and Y. Li, SIAM Journal on Scientific Computing 21, 1 (1999), for the search,
        which is SciPy's. Multiple shooting: see `Shooting`.

    Examples:
        >>> from pendula.systems import Oscillator
        >>> cell = IntegratorCell(Oscillator(gamma=0.0), dt=0.1, learn=["gamma"])
        >>> made = identify(cell, Oscillator(gamma=0.3).exact(0.1 * np.arange(100))[:, :1], observed=["x"])
        >>> made.parameters["gamma"]
        0.3000
    """
    settings = settings or Identification()
    problem = Shooting(
        cell=cell,
        values=values,
        observed=_indices(cell, observed),
        segment=settings.segment,
        start=start,
        inputs=inputs,
    )
    unknowns = _best_start(problem, starts, settings) if starts else _started(problem, {})
    joined = _join(problem, unknowns, settings)
    if problem.hides and _left(problem, joined) > POOR:
        states_first, _ = _fit(
            problem,
            unknowns,
            weight=settings.weights[0],
            evaluations=settings.evaluations,
            held=unknowns.size - problem.segments * len(cell.components),
        )
        again = _join(problem, states_first, settings)
        joined = min(joined, again, key=lambda fitted: _left(problem, fitted))
    made = _identified(problem, joined, settings.weights[-1])
    if not np.isfinite(made.states).all():
        raise DivergedError("No start gave a finite trajectory. Start nearer, or shorten `segment`.")
    return made


def _join(
    problem: Shooting, unknowns: Float[ndarray, " unknown"], settings: Identification
) -> Float[ndarray, " unknown"]:
    for weight in settings.weights:
        unknowns, _ = _fit(problem, unknowns, weight=weight, evaluations=settings.evaluations)
    return unknowns


def _left(problem: Shooting, unknowns: Float[ndarray, " unknown"]) -> float:
    # What is left of the record in the worst channel, as a share of its standard deviation.
    left = np.sqrt(np.nanmean(problem.misfit(problem.states(unknowns)) ** 2, axis=(0, 1)))
    return float(np.nan_to_num(left, nan=np.inf).max())


def _best_start(
    problem: Shooting, starts: Sequence[Mapping[str, float]], settings: Identification
) -> Float[ndarray, " unknown"]:
    trials = [
        _fit(problem, _started(problem, start), weight=settings.weights[0], evaluations=settings.trial)
        for start in starts
    ]
    return min(trials, key=lambda trial: trial[1])[0]


def _started(problem: Shooting, start: Mapping[str, float]) -> Float[ndarray, " unknown"]:
    places, first = _places(problem), problem.unknowns(problem.first_nodes())
    for name, value in start.items():
        if name not in problem.cell.learned:
            raise ArgumentError(
                f"`starts` must name what is learned: got `{name}`.{did_you_mean(name, problem.cell.learned)}"
            )
        first[places[name]] = value
    return first


def _fit(
    problem: Shooting, first: Float[ndarray, " unknown"], *, weight: float, evaluations: int, held: int = 0
) -> tuple[Float[ndarray, " unknown"], float]:
    from scipy.optimize import least_squares

    # The first `held` unknowns stay as they are.
    scale = _scale(problem, first)

    def whole(moved: Float[ndarray, " moved"]) -> Float[ndarray, " unknown"]:
        return np.concatenate([first[:held], moved])

    with np.errstate(over="ignore"):  # the square of a run that left the finite numbers is refused like any large one
        found = least_squares(
            lambda moved: problem.residuals(whole(moved), weight=weight, scale=scale),
            first[held:],
            jac=lambda moved: problem.jacobian(whole(moved), weight=weight, scale=scale)[:, held:],
            method="trf",  # MINPACK's search stops early where a network makes directions degenerate
            x_scale="jac",
            max_nfev=evaluations,
        )
    return whole(found.x), float(found.cost)


def _scale(problem: Shooting, unknowns: Float[ndarray, " unknown"]) -> Float[ndarray, " component"]:
    # The size of each component; 1 while a hidden one has not moved.
    _, nodes = problem.split(unknowns)
    spread = nodes.std(axis=0)
    return np.where(spread > 0, spread, 1.0)


def _identified(problem: Shooting, unknowns: Float[ndarray, " unknown"], weight: float) -> Identified:
    cell, scale = problem.cell, _scale(problem, unknowns)
    at, nodes = problem.split(unknowns)
    with torch.no_grad():
        for name, each in cell.named_parameters():
            each.copy_(at.get(name, each))
    states = problem.states(unknowns).double().numpy()
    rows = states[:, :-1].reshape(-1, nodes.shape[1])[: len(problem.values)]
    misfit = (rows[:, list(problem.observed)] - problem.values) / problem.channel_scale
    degrees = np.isfinite(misfit).sum() - (len(unknowns) - nodes.size + nodes.shape[1])
    deviation = float(np.sqrt(np.nansum(misfit**2) / max(degrees, 1)))
    gaps = np.abs(states[:-1, -1] - nodes[1:]) / scale
    spreads = _spreads(problem.jacobian(unknowns, weight=weight, scale=scale)) * deviation
    places = _places(problem)
    return Identified(
        parameters={name: each.item() for name, each in cell.learned.items()},
        standard_errors={name: float(spreads[places[name]]) for name in cell.learned},
        initial=nodes[0].copy(),
        states=rows,
        noise=deviation * problem.channel_scale,
        gap=float(gaps.max(initial=0.0)),
    )


def _places(problem: Shooting) -> dict[str, int]:
    learned, places, first = dict(problem.cell.named_parameters()), {}, 0
    for name in problem.names:
        places[name.removeprefix("learned.")] = first
        first += learned[name].numel()
    return places


def _spreads(jacobian: Float[ndarray, "residual unknown"]) -> Float[ndarray, " unknown"]:
    # Square roots of the diagonal of (JᵀJ)⁻¹, from the triangle of J: its condition number is not squared.
    triangle = np.linalg.qr(jacobian, mode="r")
    return np.asarray(np.linalg.norm(np.linalg.pinv(triangle), axis=1))


def _indices(cell: IntegratorCell, observed: Sequence[str]) -> tuple[int, ...]:
    for name in observed:
        if name not in cell.components:
            raise ArgumentError(
                f"`observed` must name components of the state: got `{name}`.{did_you_mean(name, cell.components)}"
            )
    if not any(each.requires_grad for each in cell.parameters()):
        raise ArgumentError("`cell` must have something to learn: got no parameter. Name some in `learn`.")
    return tuple(cell.components.index(name) for name in observed)
