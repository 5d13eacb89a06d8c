"""Forecast one coordinate of many chaotic flows, and compare what it costs with what it is worth.

    pip install --no-deps --constraint constraints.txt dysts  # equations and periods; none of it is imported
    python benchmarks/univariate_chaos.py --output docs/univariate_chaos.json
    python benchmarks/univariate_chaos.py --output docs/univariate_chaos.json --again --methods esn
    python benchmarks/univariate_chaos.py --output docs/univariate_chaos.json --figure docs/images/univariate-chaos.png

Of each flow one coordinate, 100 points a period: 1000 points are known, the 200 after them are forecast in a free run.
The score is the symmetric mean absolute percentage error, from 0 to 200. An echo state network gets no settings at all;
gated networks get those of Pendula, and the epochs asked for. Everybody learns from the same 1000 points, of which
networks keep the last fifth for validation. Seconds are those of the processor, on one
thread. Results are written after each series, so that a stopped run goes on.
"""

import argparse
import importlib.util
import json
import sys
import time
import types
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
import xarray as xr
from scipy.integrate import solve_ivp

from pendula.errors import PendulaError
from pendula.figures import Quantity, draw_shares, save, style
from pendula.figures.canvas import new_figure
from pendula.forecasting import choose_target, default_window, fit_baselines, fit_record, forecast
from pendula.metrics import pointwise_scores
from pendula.nn import Network
from pendula.runs import Fit, Recipe
from pendula.series import Part, record
from pendula.systems import simulate
from pendula.training import Training

if TYPE_CHECKING:
    from matplotlib.figure import Figure

KNOWN, AHEAD, POINTS = 1000, 200, 100
TRANSIENT = 20
"""Periods before the first point."""
TOLERANCE = 1e-11
OWN = {"lorenz63": 0.75, "rossler": 5.88, "lorenz96": 2.0, "mackey-glass": 50.0}
"""Flows of Pendula itself, and what is taken for their period, in their own time."""
SLOW = frozenset({"AtmosphericRegime", "BelousovZhabotinsky"})
"""Stiff: an explicit integrator of that tolerance does not get through in a minute."""
TWINS = frozenset({"Lorenz", "Rossler"})
NETWORKS = ("esn", "ngrc", "gru", "lstm", "rnn")
METHODS = (*NETWORKS, "persistence", "seasonal", "linear", "esn baseline")


def main() -> None:
    """Forecast, and write the results."""
    arguments = _arguments()
    torch.set_num_threads(1)
    results = json.loads(arguments.output.read_text()) if arguments.output.exists() else {"series": {}}
    results |= {"known": KNOWN, "ahead": AHEAD, "points_a_period": POINTS, "epochs": arguments.epochs}
    for name, values in collection(every=arguments.every):
        rows = results["series"].setdefault(name, {})
        wanted = [method for method in arguments.methods if method not in rows or arguments.again]
        for method in wanted:
            rows[method] = forecast_by(method, values, epochs=arguments.epochs)
        if wanted:
            arguments.output.write_text(json.dumps(results, indent=1) + "\n")
            print(name, {method: round(rows[method]["smape"], 1) for method in wanted}, flush=True)
    print(table(results["series"]))
    if arguments.figure is not None:
        save(figure(results["series"]), arguments.figure)


def forecast_by(method: str, values: np.ndarray, *, epochs: int) -> dict[str, float]:
    """Forecast a series by one method.

    Args:
        method: Its name.
        values: Known values and those to come.
        epochs: Of the gated networks.

    Returns:
        `smape` of the free run, and `seconds` of fit and forecast on one core.
    """
    series = xr.Dataset({"x": ("time", values)}, coords={"time": np.arange(float(len(values)))})
    began = time.process_time()
    try:
        made = _network(series, method, epochs) if method in NETWORKS else _baseline(series, method)
    except PendulaError as error:
        print(f"  {method}: {error}", file=sys.stderr)
        made = np.full(AHEAD, np.nan)
    seconds = time.process_time() - began
    return {"smape": smape(values[KNOWN:], made), "seconds": round(seconds, 3)}


def smape(truth: np.ndarray, made: np.ndarray) -> float:
    """Score a forecast.

    Args:
        truth: The values.
        made: The forecast of them.

    Returns:
        200 times the mean of |error| / (|truth| + |forecast|); 200 where the forecast is not finite.
    """
    if not np.isfinite(made).all():
        return 200.0
    return float(pointwise_scores(truth[:, None], made[:, None])["smape"])


def _network(series: xr.Dataset, cell: str, epochs: int) -> np.ndarray:
    fit = _fit(series, cell, epochs)
    return np.asarray(forecast(fit, AHEAD, start=float(KNOWN)).x.values)


def _baseline(series: xr.Dataset, method: str) -> np.ndarray:
    # They see all known points; what carries their settings is a network that is not trained.
    fit = _fit(series, "rnn", 1, hidden_size=1)
    parts = fit.split
    name = method.partition(" ")[0]
    baselines = fit_baselines(Part(parent=fit.record, start=0, stop=parts.validation.stop), parts.test, fit=fit)
    if name not in baselines:
        return np.full(AHEAD, series.x.values[:KNOWN].mean())  # no period was found
    baseline = baselines[name]
    return np.asarray(baseline.run(fit.record.values[None, KNOWN - baseline.context : KNOWN], steps=AHEAD)[0, :, 0])


def _fit(series: xr.Dataset, cell: str, epochs: int, **settings: Any) -> Fit:
    rows = record(series, choose_target(series, None))
    network = Network(cell=cell, **settings)
    window = default_window(rows, test=0.25, validation=0.2, test_from=float(KNOWN), cell=network.cell)
    recipe = Recipe(network=network, training=Training(epochs=epochs), window=window, test_from=float(KNOWN))
    return fit_record(rows, recipe, score=False)


def collection(*, every: int = 1) -> Iterator[tuple[str, np.ndarray]]:
    """Integrate the flows.

    Args:
        every: Take one of so many of the flows of `dysts`.

    Yields:
        Name and values of one coordinate.
    """
    for name, period in OWN.items():
        step = period / POINTS
        whole = simulate(name, dt=step, duration=(POINTS * TRANSIENT + KNOWN + AHEAD) * step)
        first = next(iter(whole.data_vars))
        yield name, whole[first].values[-KNOWN - AHEAD :]
    flows, facts = _dysts()
    names = [name for name in sorted(flows) if name not in SLOW | TWINS]
    for name in names[::every]:
        values = _integrate(flows[name], facts[name])
        if values is not None:
            yield name, values


def _integrate(flow: Callable[..., Any], facts: dict[str, Any]) -> np.ndarray | None:
    parameters = [np.asarray(facts["parameters"][name]) for name in sorted(facts["parameters"])]
    start = np.atleast_2d(np.asarray(facts["initial_conditions"], float))[0]
    times = facts["period"] * (TRANSIENT + np.arange(KNOWN + AHEAD) / POINTS)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = solve_ivp(
            lambda t, state: np.asarray(flow(*state, t, *parameters), float),
            (0.0, times[-1]), start, method="DOP853", t_eval=times, rtol=TOLERANCE, atol=TOLERANCE,
        )  # fmt: skip
    is_whole = found.status == 0 and bool(np.isfinite(found.y).all())
    return np.asarray(found.y[0]) if is_whole else None


def _dysts() -> tuple[dict[str, Callable[..., Any]], dict[str, Any]]:
    # Its package imports much that is not needed here, so that its equations are read from their file alone.
    found = importlib.util.find_spec("dysts")
    if found is None or not found.submodule_search_locations:
        raise SystemExit("Install the equations: pip install --no-deps --constraint constraints.txt dysts")
    folder = Path(next(iter(found.submodule_search_locations)))
    base: Any = types.ModuleType("dysts.base")
    base.DynSys, base.DynSysDelay, base.staticjit = type("DynSys", (), {}), type("DynSysDelay", (), {}), staticmethod
    sys.modules["dysts.base"] = base
    spec = importlib.util.spec_from_file_location("dysts.flows", folder / "flows.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    facts = json.loads((folder / "data" / "chaotic_attractors.json").read_text())
    flows = {
        name: kind._rhs  # noqa: SLF001
        for name, kind in vars(module).items()
        if isinstance(kind, type) and issubclass(kind, base.DynSys) and name in facts and hasattr(kind, "_rhs")
    }
    return flows, facts


def table(series: dict[str, dict[str, dict[str, float]]]) -> str:
    """Lay out the medians.

    Args:
        series: Results by series and method.

    Returns:
        A table in Markdown.
    """
    lines = ["| method | series | median sMAPE | quartiles | seconds a series |", "|---|---|---|---|---|"]
    for method in METHODS:
        rows = [row[method] for row in series.values() if method in row]
        if rows:
            low, middle, high = np.percentile([row["smape"] for row in rows], [25, 50, 75])
            seconds = np.median([row["seconds"] for row in rows if "seconds" in row])
            lines.append(f"| {method} | {len(rows)} | {middle:.1f} | {low:.1f} – {high:.1f} | {seconds:.2f} |")
    return "\n".join(lines)


def figure(series: dict[str, dict[str, dict[str, float]]]) -> "Figure":
    """Draw the share of series on which each method stays below an error.

    Args:
        series: Results by series and method.

    Returns:
        A figure of one panel.
    """
    errors = {
        method: np.array([row[method]["smape"] for row in series.values() if method in row]) for method in METHODS
    }
    with style():
        drawn = new_figure(width=6.4, height=4.2)
        draw_shares(
            {method: values for method, values in errors.items() if len(values)},
            quantity=Quantity(name="sMAPE, 0 to 200"),
            title=f"{len(series)} chaotic flows, one coordinate, 10 periods known",
            axes=drawn.subplots(),
        )
    return drawn


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--output", type=Path, required=True, help="the JSON file of results")
    parser.add_argument("--figure", type=Path, help="a PNG of the results")
    parser.add_argument("--methods", type=lambda text: text.split(","), default=METHODS, help="joined by commas")
    parser.add_argument("--every", type=int, default=1, help="take one of so many flows of dysts")
    parser.add_argument("--epochs", type=int, default=30, help="of the gated networks")
    parser.add_argument("--again", action="store_true", help="also what the file holds already")
    return parser.parse_args()


if __name__ == "__main__":
    main()
