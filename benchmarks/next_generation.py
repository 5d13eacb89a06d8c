"""Learn Lorenz 1963 from few points, and see for how long free runs stay with the truth.

    python benchmarks/next_generation.py --output docs/next-generation.json --figure docs/images/next-generation.png

All three coordinates, 0.025 units of time from one point to the next, without noise, as Gauthier et al. (2021) have it.
Next-generation reservoirs with the published settings (27 monomials and a constant, ridge parameter 2.5e-6) and
without settings, and echo state networks without settings, learn from the last points before one moment; 40 free runs
start from points that none of them has seen, 8 Lyapunov times apart. A run counts up to the first error of 0.4 standard
deviations.
"""

import argparse
import json
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from pendula.figures import save, style
from pendula.figures.canvas import new_figure
from pendula.metrics import valid_prediction_time
from pendula.nn import Network, NextGeneration
from pendula.shapes import Float, Series, ndarray
from pendula.systems import Lorenz63, Tolerance, integrate
from pendula.training import train_reservoirs

if TYPE_CHECKING:
    from matplotlib.figure import Figure

DT, LAMBDA, THRESHOLD = 0.025, 0.9056, 0.4
POINTS = (50, 100, 200, 400, 800, 1600)
STARTS, STEPS, SHOWN = 40, 700, 350
TRANSIENT, MOST = 1000, 2000
METHODS: dict[str, tuple[Network, float | None]] = {
    "published settings": (Network(cell="ngrc", polynomial=NextGeneration(delays=2, degree=2)), 2.5e-6),
    "ngrc, no settings": (Network(cell="ngrc"), None),
    "esn, no settings": (Network(cell="esn"), None),
}


def main() -> None:
    """Learn, run freely, and write the results."""
    arguments = _arguments()
    torch.set_num_threads(1)
    series = _series()
    if arguments.output.exists() and not arguments.again:
        results = json.loads(arguments.output.read_text())
    else:
        results = {"dt": DT, "lyapunov_exponent": LAMBDA, "threshold": THRESHOLD, "starts": STARTS, "methods": {}}
        for name in METHODS:
            results["methods"][name] = {str(points): measure(name, series, points) for points in POINTS}
            print(name, {points: row["median"] for points, row in results["methods"][name].items()}, flush=True)
        arguments.output.write_text(json.dumps(results, indent=1) + "\n")
    print(table(results["methods"]))
    save(figure(results["methods"]), arguments.figure)


def measure(method: str, series: Series, points: int) -> dict[str, Any]:
    """Learn from some points, and run on from others.

    Args:
        method: Its name.
        series: The trajectory.
        points: How many are known.

    Returns:
        Valid times in Lyapunov times, the settings that were taken, and seconds of the processor.
    """
    network, penalty = METHODS[method]
    known = series[MOST - points : MOST]
    center, scale = known.mean(axis=0), known.std(axis=0)
    scaled = (series - center) / scale
    began = time.process_time()
    trained = train_reservoirs(
        network,
        scaled[MOST - points : MOST],
        np.array([[0, points]]),
        penalty=None if penalty is None else penalty / points,
        window=50,
    )
    seconds = time.process_time() - began
    origins = MOST + SHOWN * (1 + np.arange(STARTS))
    unseen = scaled[MOST:]
    runs = trained.forecaster.free_runs_along(unseen[: origins.max() - MOST], origins - MOST, STEPS) * scale + center
    lengths = _lengths(series, origins, runs, size=float(np.sqrt(series[:MOST].var(axis=0).sum())))
    return {
        "median": round(float(np.median(lengths)), 4),
        "quartiles": np.quantile(lengths, [0.25, 0.75]).round(4).tolist(),
        "seconds": round(seconds, 2),
        "members": [str(each) for each in trained.forecaster.reservoirs],
    }


def _lengths(series: Series, origins: ndarray, runs: ndarray, *, size: float) -> Float[ndarray, " start"]:
    return np.array([
        valid_prediction_time(series[origin : origin + STEPS], run, threshold=THRESHOLD, dt=DT * LAMBDA, scale=size)
        for origin, run in zip(origins, runs, strict=True)
    ])


def _series() -> Series:
    samples = TRANSIENT + MOST + SHOWN * (STARTS + 1) + STEPS
    exact = Tolerance(relative=1e-12, absolute=1e-12)
    whole = integrate(
        Lorenz63().derivative, [-8.0, -8.0, 27.0], dt=DT, samples=samples, method="dop853", tolerance=exact
    )
    return whole[TRANSIENT:]


def table(methods: dict[str, dict[str, dict[str, Any]]]) -> str:
    """Lay out the results.

    Args:
        methods: Results by method and number of points.

    Returns:
        A table in Markdown.
    """
    lines = ["| points known | " + " | ".join(methods) + " |", "|---" * (len(methods) + 1) + "|"]
    for points in map(str, POINTS):
        cells = [f"{rows[points]['median']:.1f} ({rows[points]['seconds']:.2g} s)" for rows in methods.values()]
        lines.append(f"| {points} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def figure(methods: dict[str, dict[str, dict[str, Any]]]) -> "Figure":
    """Draw valid times against the number of points.

    Args:
        methods: Results by method and number of points.

    Returns:
        A figure of one panel.
    """
    colors = ("#595959", "#8C6D31", "#CC79A7")
    with style():
        drawn = new_figure(width=6.0, height=3.6)
        panel = drawn.subplots()
        for (name, rows), color in zip(methods.items(), colors, strict=True):
            medians = [rows[str(points)]["median"] for points in POINTS]
            low, high = zip(*(rows[str(points)]["quartiles"] for points in POINTS), strict=True)
            panel.plot(POINTS, medians, color=color, marker="o", markersize=3.5, label=name)
            panel.fill_between(POINTS, low, high, color=color, alpha=0.15, linewidth=0)
        panel.set_xscale("log")
        panel.set_xticks(POINTS, [str(points) for points in POINTS])
        panel.minorticks_off()
        panel.set_ylim(bottom=0)
        panel.set_xlabel("points known, 0.025 apart")
        panel.set_ylabel("valid time (Lyapunov times)")
        panel.set_title(f"Lorenz 1963: median of {STARTS} free runs, and quartiles")
        panel.legend(frameon=False)
    return drawn


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--output", type=Path, required=True, help="the JSON file of results")
    parser.add_argument("--figure", type=Path, required=True, help="a PNG of the results")
    parser.add_argument("--again", action="store_true", help="measure anew what the file holds already")
    return parser.parse_args()


if __name__ == "__main__":
    main()
