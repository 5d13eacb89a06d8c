"""Causal filtering of noisy observations: a network beside the Kalman filter, which is the best there is."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray as xr

from pendula.errors import ArgumentError
from pendula.experiments.base import Experiment, ExperimentResult, Progress
from pendula.figures import Quantity, png
from pendula.figures.canvas import new_figure
from pendula.figures.curves import draw_free_runs
from pendula.figures.style import style
from pendula.filtering import fit_pairs
from pendula.metrics import rmse
from pendula.nn import Network
from pendula.report import Reference, ReportContent, ReportFigure
from pendula.runs import PairedFit, PairedRecipe
from pendula.series import record
from pendula.shapes import Float, ndarray
from pendula.training import Training

__all__ = ["KALMAN_GAP", "KalmanGap", "kalman", "run"]

STEP = 0.2
"""Time between two observations, in s."""
TEST, TRANSIENT = 10_000, 200
TARGET = 0.02
DRAWN = 150


@dataclass(frozen=True, kw_only=True, slots=True)
class KalmanGap:
    """Settings of `kalman-gap`.

    Attributes:
        steps: Observations to learn from, with the state that belongs to each.
        hidden_size: Units of the recurrent layer.
        lags: Length of the linear filter beside it.
        epochs: How often the pieces are gone through, at most.
        learning_rate: Step size of Adam at the start.
        seed: Of the records and of the network.
    """

    steps: int = 60_000
    hidden_size: int = 24
    lags: int = 60
    epochs: int = 12
    learning_rate: float = 5e-3
    seed: int = 0

    def __post_init__(self) -> None:
        """Check the settings.

        Raises:
            ArgumentError: If a setting is out of range.
        """
        for name, least in (("steps", 1000), ("hidden_size", 1), ("lags", 1), ("epochs", 1)):
            if getattr(self, name) < least:
                raise ArgumentError(f"`{name}` must be at least {least}: got {getattr(self, name)}. Raise it.")


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Tracked:
    """A system that is observed with noise.

    Attributes:
        name: Of the system.
        move: The state after a step without noise, of states along the first axis.
        slope: Derivative of `move` at a state.
        watch: What is observed of a state without noise.
        watch_slope: Derivative of `watch` at a state.
        shaken: Covariance of the noise on the state in each step.
        noise: Standard deviation of the noise on the observation.
    """

    name: str
    move: Callable[[ndarray], ndarray]
    slope: Callable[[ndarray], ndarray]
    watch: Callable[[ndarray], Any]
    watch_slope: Callable[[ndarray], ndarray]
    shaken: Float[ndarray, "2 2"]
    noise: float

    def simulate(self, steps: int, *, seed: int) -> tuple[Float[ndarray, "step 2"], Float[ndarray, " step"]]:
        """Let the system go.

        Args:
            steps: How many steps, after a transient.
            seed: Of the noise.

        Returns:
            States and noisy observations.
        """
        generator = np.random.default_rng(seed)
        pushes = generator.multivariate_normal(np.zeros(2), self.shaken, size=steps + TRANSIENT)
        state, states = np.zeros(2), np.empty((steps + TRANSIENT, 2))
        for step, push in enumerate(pushes):
            state = self.move(state) + push
            states[step] = state
        states = states[TRANSIENT:]
        return states, self.watch(states.T) + self.noise * generator.normal(size=steps)


def linear_oscillator() -> Tracked:
    """Make a damped oscillator in thermal motion, whose position is measured with noise.

    Returns:
        The system: linear and Gaussian, so that no filter is better than the Kalman filter.
    """
    from scipy.linalg import expm

    damping, frequency = 0.2, 1.0
    rates = np.array([[0.0, 1.0], [-(frequency**2), -damping]])
    matrix = expm(STEP * rates)
    return Tracked(
        name="oscillator",
        move=lambda state: matrix @ state,
        slope=lambda state: matrix,  # noqa: ARG005 # the same everywhere
        watch=lambda state: state[0],
        watch_slope=lambda state: np.array([1.0, 0.0]),  # noqa: ARG005
        shaken=np.diag([0.0, 2 * damping * STEP]),
        noise=0.5,
    )


def swinging_pendulum() -> Tracked:
    """Make a pendulum that is shaken, so that it goes round now and then; the sine of its angle is measured with noise.

    Returns:
        The system.
    """
    damping = 0.15

    def move(state: ndarray) -> ndarray:
        # A step of the leapfrog: half a push, a drift, half a push.
        angle, speed = state
        speed = speed - 0.5 * STEP * (np.sin(angle) + damping * speed)
        angle = angle + STEP * speed
        return np.array([angle, speed - 0.5 * STEP * (np.sin(angle) + damping * speed)])

    def slope(state: ndarray) -> ndarray:
        angle, speed = state
        half = np.array([[1.0, 0.0], [-0.5 * STEP * np.cos(angle), 1.0 - 0.5 * STEP * damping]])
        drift = np.array([[1.0, STEP], [0.0, 1.0]])
        later = angle + STEP * (speed - 0.5 * STEP * (np.sin(angle) + damping * speed))
        again = np.array([[1.0, 0.0], [-0.5 * STEP * np.cos(later), 1.0 - 0.5 * STEP * damping]])
        return np.asarray(again @ drift @ half)

    return Tracked(
        name="pendulum",
        move=move,
        slope=slope,
        watch=lambda state: np.sin(state[0]),
        watch_slope=lambda state: np.array([np.cos(state[0]), 0.0]),
        shaken=np.diag([0.0, 0.3 * STEP]),
        noise=0.3,
    )


def kalman(system: Tracked, observed: Float[ndarray, " step"]) -> Float[ndarray, "step 2"]:
    """Estimate the state after each observation by the Kalman filter, extended where the system is not linear.

    Args:
        system: The system, whose equations and noise it knows.
        observed: The observations.

    Returns:
        The estimates, from an unknown start.

    References:
        R. E. Kalman, Journal of Basic Engineering 82 (1960) 35, theorem 3. Extended: A. H. Jazwinski, *Stochastic
        Processes and Filtering Theory* (1970), section 8.3.
    """
    mean, spread = np.zeros(2), np.eye(2)
    found = np.empty((len(observed), 2))
    for step, value in enumerate(observed):
        slope = system.slope(mean)
        mean, spread = system.move(mean), slope @ spread @ slope.T + system.shaken
        along = system.watch_slope(mean)
        gain = spread @ along / (along @ spread @ along + system.noise**2)
        mean = mean + gain * (value - system.watch(mean))
        spread = spread - np.outer(gain, along @ spread)
        found[step] = mean
    return found


def run(settings: KalmanGap, progress: Progress) -> ExperimentResult:
    """Filter a linear and a nonlinear system with a network and with the Kalman filter.

    Args:
        settings: The settings.
        progress: Gives the listener of each training, by name.

    Returns:
        The errors of both, the gap between them, and a figure.
    """
    made = {
        system.name: _compare(system, target, settings, progress)
        for system, target in ((linear_oscillator(), "x"), (swinging_pendulum(), "sine"))
    }
    results = _results(made)
    figure = _figure(made)
    return ExperimentResult(
        results=results,
        content=_content(results, figure, settings),
        figures={"kalman-gap": figure},
        paired_fits={name: each.fit for name, each in made.items()},
    )


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class _Compared:
    fit: PairedFit
    observed: Float[ndarray, " step"]
    truth: Float[ndarray, " step"]
    network: Float[ndarray, " step"]
    kalman: Float[ndarray, " step"]

    @property
    def errors(self) -> dict[str, float]:
        return {
            "network": rmse(self.truth, self.network),
            "kalman": rmse(self.truth, self.kalman),
            "observation": rmse(self.truth, self.observed),
        }


def _compare(system: Tracked, target: str, settings: KalmanGap, progress: Progress) -> _Compared:
    states, observed = system.simulate(settings.steps, seed=settings.seed)
    series = xr.Dataset(
        {"observed": ("time", observed), target: ("time", system.watch(states.T))},
        coords={"time": ("time", STEP * np.arange(len(observed)), {"units": "s"})},
    )
    recipe = PairedRecipe(
        inputs=("observed",),
        target=(target,),
        network=Network(cell="gru", hidden_size=settings.hidden_size, linear_lags=settings.lags),
        training=Training(
            epochs=settings.epochs, batch_size=64, learning_rate=settings.learning_rate, steps_per_epoch=150
        ),
        window=2 * settings.lags,
        washout=settings.lags,
        test=0,
        seed=settings.seed,
    )
    fit = fit_pairs(record(series, recipe.columns), recipe, listener=progress(system.name))
    # Another record of the same system, whose first steps settle both filters.
    states, observed = system.simulate(TEST + TRANSIENT, seed=settings.seed + 1_000_003)
    told, best = fit.model.run(observed[:, None])[:, 0], system.watch(kalman(system, observed).T)
    kept = slice(TRANSIENT, None)
    truth = system.watch(states.T)
    return _Compared(fit=fit, observed=observed[kept], truth=truth[kept], network=told[kept], kalman=best[kept])


def _results(made: Mapping[str, _Compared]) -> dict[str, Any]:
    errors = {name: each.errors for name, each in made.items()}
    gap = errors["oscillator"]["network"] / errors["oscillator"]["kalman"] - 1
    better = 1 - errors["pendulum"]["network"] / errors["pendulum"]["kalman"]
    results = {
        "experiment": "kalman-gap",
        "gap": gap,
        "better_than_extended": better,
        "test_steps": TEST,
        "rmse": errors,
        "seconds": {name: each.fit.seconds for name, each in made.items()},
    }
    return {**results, "verdict": _verdict(gap, better)}


def _verdict(gap: float, better: float) -> list[str]:
    first = (
        f"On the linear system the network's error is {100 * gap:.2g} % above the Kalman filter's, which nothing beats"
        if gap > 0
        else f"On the linear system the network's error is {-100 * gap:.2g} % below the Kalman filter's, by chance"
    )
    sentences = [f"{first}, over {TEST} steps."]
    if gap > TARGET:
        sentences.append(f"That misses the aim of {100 * TARGET:g} %.")
    side = "below" if better > 0 else "above"
    sentences.append(
        f"On the pendulum its error is {abs(100 * better):.2g} % {side} that of the extended Kalman filter, which "
        "knows the equation."
    )
    return sentences


def _figure(made: Mapping[str, _Compared]) -> bytes:
    with style():
        figure = new_figure(width=8.4, height=6.0)
        for number, (name, each) in enumerate(made.items()):
            draw_free_runs(
                STEP * np.arange(DRAWN),
                each.truth[:DRAWN],
                runs={"Kalman filter": each.kalman[:DRAWN], "network": each.network[:DRAWN]},
                observed=each.observed[:DRAWN],
                quantity=Quantity(name="position" if name == "oscillator" else "sine of the angle"),
                clock=Quantity(name="time", unit="s"),
                title=f"{name}: told from noisy observations",
                axes=figure.add_subplot(2, 1, number + 1),
            )
        return png(figure)


def _content(results: Mapping[str, Any], figure: bytes, settings: KalmanGap) -> ReportContent:
    return ReportContent(
        title="kalman-gap",
        verdict=results["verdict"],
        notes=[_TOLD],
        results={
            f"RMSE, {name}": ", ".join(f"{who} {error:.4g}" for who, error in errors.items())
            for name, errors in results["rmse"].items()
        },
        figures=[
            ReportFigure(
                caption="The start of the test records: the truth, what the network and the Kalman filter make of the "
                "noisy observations up to each moment, and the observations.",
                alt="Two panels with the truth, two estimates and noisy observations against time.",
                png=figure,
                name="kalman-gap",
            )
        ],
        references=[
            Reference(name="Kalman filter", citation="R. E. Kalman, Journal of Basic Engineering 82 (1960) 35.")
        ],
        seed=settings.seed,
    )


_TOLD = (
    "The Kalman filter is told the equations and the sizes of all noise; the network only sees observations, and while "
    "it learns the true value beside each."
)

KALMAN_GAP = Experiment(
    name="kalman-gap",
    summary="How far a network that filters noise is from the Kalman filter, on a linear and on a nonlinear system.",
    settings=KalmanGap,
    run=run,
)
