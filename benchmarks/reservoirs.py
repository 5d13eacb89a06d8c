"""Reservoirs against ReservoirPy: its README's task, then training and free run at equal settings, in turns.

python benchmarks/reservoirs.py [--json FILE] [--units 1000 3000] [--steps 20000] [--runs 3] [--threads 1]

Both get the same matrices, in float64, the same record and the same penalty: training is the states of the whole record
and the readout, the free run goes on from there. ReservoirPy is a development dependency.
"""

import argparse
import json
import statistics
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
import torch
from reservoirpy import ESN
from reservoirpy.nodes import Reservoir, Ridge
from scipy.sparse import csr_array

from pendula.nn import Reservoir as Settings
from pendula.nn import ReservoirWeights, draw_reservoir, drive_reservoir, run_reservoir
from pendula.optim import LinearMap, ReadoutRows, moments, ridge_problem
from pendula.systems import simulate

CONNECTIVITY = 0.1  # ReservoirPy's default
RADIUS, LEAK, PENALTY, WARM_UP = 1.25, 0.3, 1e-5, 100
FREE_STEPS = 5000
README = {"units": 100, "steps": 2000, "test_share": 0.2}


def series(steps: int) -> np.ndarray:
    """Give Mackey–Glass 17, a value each unit of time."""
    made = simulate("mackey-glass", dt=1.0, duration=float(steps), method="rk4")
    return made["x"].values[:, None].copy()


def draw(units: int, seed: int) -> ReservoirWeights:
    """Draw a reservoir of ReservoirPy's default connectivity."""
    settings = Settings(
        spectral_radius=RADIUS,
        leak=LEAK,
        connections=round(CONNECTIVITY * units),
        input_scaling=1.0,
        bias_scaling=0.0,
        direct=False,
    )
    return draw_reservoir(settings, units=units, inputs=1, seed=seed)


def rows_of(weights: ReservoirWeights, x: np.ndarray) -> ReadoutRows:
    """Set the readout's regression up; the last value is a target only."""
    return ReadoutRows(weights=weights, values=x, segments=np.array([[0, len(x)]]), washout=WARM_UP, direct=False)


def theirs(weights: ReservoirWeights) -> ESN:
    """Make the same network in ReservoirPy."""
    reservoir = Reservoir(
        W=csr_array(weights.recurrent), Win=weights.input, bias=weights.bias, lr=weights.leak, input_dim=1
    )
    return ESN(reservoir=reservoir, readout=Ridge(ridge=PENALTY))


def readme_task(seeds: int = 5) -> dict[str, Any]:
    """Predict the test part of 2000 steps one step ahead, as ReservoirPy's README does."""
    from reservoirpy.datasets import mackey_glass, to_forecasting

    x_train, x_test, y_train, y_test = to_forecasting(mackey_glass(n_timesteps=README["steps"]), test_size=0.2)
    x = np.concatenate([x_train, y_train[-1:]])
    scores = []
    for seed in range(seeds):
        weights = draw(README["units"], seed)
        rows = rows_of(weights, x)
        # The README's penalty is that of the sum of squares.
        readout, bias = rows.readout(ridge_problem(rows).solve(PENALTY / (len(x_train) - WARM_UP)))
        state = drive_reservoir(weights, x_train[None])[:, -1]
        predicted = drive_reservoir(weights, x_test[None], first=state)[0] @ readout + bias
        scores.append(float(np.sqrt(np.square(predicted - y_test).mean())))
    other = []
    for seed in range(seeds):
        esn = ESN(units=README["units"], sr=RADIUS, lr=LEAK, ridge=PENALTY, seed=seed)
        esn.fit(x_train, y_train, warmup=WARM_UP)
        other.append(float(np.sqrt(np.square(esn.run(x_test) - y_test).mean())))
    return {
        "rmse": statistics.median(scores),
        "rmse_by_seed": scores,
        "reservoirpy_rmse": statistics.median(other),
        "reservoirpy_rmse_by_seed": other,
    }


def train_ours(weights: ReservoirWeights, x: np.ndarray) -> tuple[np.ndarray, np.ndarray, LinearMap]:
    """Fit the readout in one pass, from sums of products as ReservoirPy does: the penalty is large enough."""
    rows = rows_of(weights, x)
    solution = moments(rows).solve(PENALTY / (len(x) - 1 - WARM_UP))
    return (*rows.readout(solution), solution)


def free_ours(weights: ReservoirWeights, readout: np.ndarray, bias: np.ndarray, context: np.ndarray, steps: int) -> Any:
    """Run on from the end of the context."""
    state = drive_reservoir(weights, context[None])[:, -1]
    return run_reservoir(weights, readout, bias, states=state, values=context[None, -1], steps=steps)[0]


def free_theirs(esn: ESN, context: np.ndarray, steps: int) -> np.ndarray:
    """Run on as ReservoirPy's tutorial does: each prediction is the next input."""
    esn.reset()
    prediction = esn.run(context)[-1]
    run = np.empty((steps, 1))
    run[0] = prediction
    for step in range(1, steps):
        run[step] = prediction = esn.step(prediction)
    return run


def timed(call: Callable[[], Any]) -> tuple[float, Any]:
    """Give the seconds of a call, and its result."""
    begin = perf_counter()
    result = call()
    return perf_counter() - begin, result


def race(units: int, steps: int, runs: int) -> dict[str, Any]:
    """Train and run both in turns."""
    x = series(steps + 1001)[1000:]
    weights = draw(units, seed=0)
    context = x[-WARM_UP - 1 :]
    seconds: dict[str, list[float]] = {"train": [], "theirs_train": [], "free": [], "theirs_free": []}
    for _ in range(runs):
        took, (readout, bias, solution) = timed(lambda: train_ours(weights, x))
        seconds["train"].append(took)
        esn = theirs(weights)
        took, _ = timed(lambda esn=esn: esn.fit(x[:-1], x[1:], warmup=WARM_UP))
        seconds["theirs_train"].append(took)
        took, free = timed(lambda r=readout, b=bias: free_ours(weights, r, b, context, FREE_STEPS))
        seconds["free"].append(took)
        took, other = timed(lambda esn=esn: free_theirs(esn, context, FREE_STEPS))
        seconds["theirs_free"].append(took)
    median = {name: statistics.median(times) for name, times in seconds.items()}
    return {
        "units": units,
        "steps": steps,
        "connections": round(CONNECTIVITY * units),
        "seconds": median,
        "all_seconds": seconds,
        "train_ratio": median["theirs_train"] / median["train"],
        "free_run_ratio": median["theirs_free"] / median["free"],
        "largest_difference": {
            "readout": float(np.abs(readout - esn.readout.Wout).max() / np.abs(readout).max()),
            "first_100_steps": float(np.abs(free - other)[:100].max()),
        },
        "training_rms": float(solution.rms[0]),
    }


def main() -> None:
    """Run the task and the races, and print them as JSON."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", type=Path, help="write the results there, too")
    parser.add_argument("--units", type=int, nargs="*", default=[1000, 3000])
    parser.add_argument("--steps", type=int, default=20_000)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    chosen = parser.parse_args()
    torch.set_num_threads(chosen.threads)
    results = {
        "reservoirpy": version("reservoirpy"),
        "threads": chosen.threads,
        "readme_task": readme_task(),
        "races": [],
    }
    for units in chosen.units:
        results["races"].append(race(units, chosen.steps, chosen.runs))
        # A race takes minutes: what has been measured is kept.
        if chosen.json is not None:
            chosen.json.write_text(json.dumps(results, indent=2) + "\n")
    print(json.dumps(results, indent=2))


if __name__ == "__main__":
    main()
