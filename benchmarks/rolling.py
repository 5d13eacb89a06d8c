"""A rolling evaluation in one batch, raced against a call of `forecast` for each origin, in turns within one process.

```
python benchmarks/rolling.py --json
```

100 000 origins × 50 steps on an LSTM of 64 units. The call for each origin is timed on a sample of origins, between
pieces of the batched evaluation, so that both see the same machine; so is a bare run of the model, without times,
intervals and units.
"""

import argparse
import json
import time

import numpy as np
import torch
import xarray as xr

import pendula
from pendula.forecasting import fit_record, roll
from pendula.nn import Network
from pendula.runs import Fit, Recipe
from pendula.series import Part, record
from pendula.training import Training

TURNS = 5


def make_fit(rows: int) -> Fit:
    """Fit an LSTM of 64 units to the start of a long noisy wave, whose rest is its test part."""
    t = np.arange(rows)
    wave = np.sin(0.1 * t) + 0.05 * np.random.default_rng(0).normal(size=rows)
    series = xr.Dataset({"x": ("time", wave, {"units": "m"})}, coords={"time": ("time", 0.1 * t, {"units": "s"})})
    training = Training(epochs=1, steps_per_epoch=20)
    recipe = Recipe(network=Network(cell="lstm", hidden_size=64), training=training, window=50, test=1 - 2000 / rows)
    return fit_record(record(series), recipe, score=False)


def race(origins: int, steps: int, sample: int) -> dict[str, float]:
    """Time both, a share of each in turns."""
    fit = make_fit(origins + steps + 1999)
    first, batched, alone, bare, worst = fit.validation_stop, [], [], [], 0.0
    chosen = first + np.linspace(0, origins - 1, sample).astype(int)
    share = -(-origins // TURNS)
    for turn in range(TURNS):
        begun = time.perf_counter()
        start, stop = first + turn * share, first + min(origins, (turn + 1) * share)
        part = Part(parent=fit.record, start=start, stop=stop + steps - 1)
        rolled = roll({"network": fit.model}, part, window=50, leads=steps, most_origins=share)
        batched.append(time.perf_counter() - begun)
        mine = chosen[(chosen >= start) & (chosen < stop)]
        begun = time.perf_counter()
        futures = [pendula.forecast(fit, steps, start=float(fit.record.time[row])) for row in mine]
        alone.append((time.perf_counter() - begun) / len(mine))
        begun = time.perf_counter()
        for row in mine:
            fit.model.run(fit.record.values[None, row - 50 : row], steps=steps)
        bare.append((time.perf_counter() - begun) / len(mine))
        runs = rolled.forecast("network")
        for row, future in zip(mine, futures, strict=True):
            worst = max(worst, float(np.abs(runs[row - start, :, 0] - future["x"].values).max()))
    whole = sum(batched)
    return {
        "origins": origins,
        "steps": steps,
        "batched_s": whole,
        "one_call_ms": 1e3 * float(np.median(alone)),
        "per_origin_s": origins * float(np.median(alone)),
        "ratio": origins * float(np.median(alone)) / whole,
        "one_run_ms": 1e3 * float(np.median(bare)),
        "ratio_to_bare_runs": origins * float(np.median(bare)) / whole,
        "largest_difference": worst,
        "threads": torch.get_num_threads(),
    }


def main() -> None:
    """Race, and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--origins", type=int, default=100_000)
    parser.add_argument("--steps", type=int, default=50)
    parser.add_argument("--sample", type=int, default=500)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--json", action="store_true")
    chosen = parser.parse_args()
    torch.set_num_threads(chosen.threads)
    found = race(chosen.origins, chosen.steps, chosen.sample)
    print(json.dumps(found) if chosen.json else "\n".join(f"{name:20} {value:.6g}" for name, value in found.items()))


if __name__ == "__main__":
    main()
