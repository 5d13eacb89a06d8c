"""Time the lecture's sine experiment against a given script, and what Pendula adds to the bare network.

    python benchmarks/lecture.py --script FILE    # whole processes, one after the other, in the same environment
    python benchmarks/lecture.py                  # the overhead alone

The script is run as it stands, in an empty folder and without a screen. A time means something only beside the other
one of the same run: machines differ, and a shared one differs from minute to minute. Medians are printed.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from itertools import pairwise
from pathlib import Path

import torch

from pendula.experiments.protocol import lecture_recipe
from pendula.nn import Cell, Forecaster, build
from pendula.series import Windows, record, split, windows_for
from pendula.systems import simulate
from pendula.training import Training, Validation, train


def main() -> None:
    """Run the races that were asked for and print them."""
    arguments = _arguments()
    results: dict[str, object] = {"threads": torch.get_num_threads(), "torch": torch.__version__}
    results["overhead"] = {cell: overhead(cell, arguments.epochs) for cell in ("rnn", "lstm", "gru")}
    if arguments.script is not None:
        results["race"] = race(arguments.script.resolve(), arguments.repeat)
    print(json.dumps(results, indent=2))


def race(script: Path, repeat: int) -> dict[str, object]:
    """Time the script and the experiment as whole processes, in turns.

    Args:
        script: A Python file that does the lecture's work.
        repeat: How often.

    Returns:
        Medians in seconds, and how many times longer the script takes.
    """
    ours = [sys.executable, "-m", "pendula", "experiment", "lecture-sine", "--protocol", "lecture", "--json"]
    seconds: dict[str, list[float]] = {"script": [], "pendula": []}
    for _ in range(repeat):
        seconds["script"].append(_timed([sys.executable, str(script)]))
        seconds["pendula"].append(_timed(ours))
    medians = {name: statistics.median(times) for name, times in seconds.items()}
    return {"seconds": seconds, "median": medians, "ratio": medians["script"] / medians["pendula"]}


def overhead(cell: Cell, epochs: int) -> dict[str, float]:
    """Compare Pendula's training with a bare loop over the same batches, epoch by epoch in turns.

    Args:
        cell: rnn, lstm or gru.
        epochs: How many epochs of each.

    Returns:
        Median seconds of an epoch, bare and with everything around it, and the share that is added.
    """
    series = simulate("sine", noise=0.05, noise_generator="mt19937", seed=42)
    part = split(record(series), test=0.25, validation=0.0)
    values = torch.from_numpy(part.train.parent.values).float()
    windows = windows_for(part.train, length=50, values=values)
    held_out = windows_for(part.test, length=50, reach_back=True, values=values.double())
    recipe = lecture_recipe(cell, epochs=epochs, window=50, seed=0)
    bare = _bare_epochs(build(recipe.network, 1), windows, recipe.training, epochs)
    whole = _whole_epochs(build(recipe.network, 1), windows, recipe.training, held_out)
    bare_median, whole_median = statistics.median(bare), statistics.median(whole)
    return {"bare": bare_median, "pendula": whole_median, "added": whole_median / bare_median - 1}


def _bare_epochs(forecaster: Forecaster, windows: Windows, settings: Training, epochs: int) -> list[float]:
    # Only what the network costs: forward, backward, Adam; the batches lie ready.
    optimizer = torch.optim.Adam(forecaster.parameters(), lr=settings.learning_rate)
    batches = list(windows.gather(torch.arange(len(windows))).split(settings.batch_size))
    seconds = []
    for _ in range(epochs):
        began = time.perf_counter()
        for pieces in batches:
            optimizer.zero_grad(set_to_none=True)
            predictions, _ = forecaster(pieces[:, :50])
            (predictions[:, -1, 0] - pieces[:, 50]).square().mean().backward()
            optimizer.step()
        seconds.append(time.perf_counter() - began)
    return seconds


def _whole_epochs(forecaster: Forecaster, windows: Windows, settings: Training, held_out: Windows) -> list[float]:
    # Everything around it: gathering, checking, clipping, learning rate, validation, checkpoints, events.
    marks: list[float] = []
    validation = Validation(window=50, one_step=held_out, free_run=None)
    with tempfile.TemporaryDirectory() as folder:
        train(
            forecaster,
            windows,
            settings,
            window=50,
            validation=validation,
            checkpoint=Path(folder),
            listener=lambda _: marks.append(time.perf_counter()),
        )
    return [later - earlier for earlier, later in pairwise(marks[:-1])]


def _timed(command: list[str]) -> float:
    environment = os.environ | {"MPLBACKEND": "Agg"}
    with tempfile.TemporaryDirectory() as folder:
        began = time.perf_counter()
        subprocess.run(command, cwd=folder, env=environment, check=True, stdout=subprocess.DEVNULL)
        return time.perf_counter() - began


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--script", type=Path, help="a Python file that does the lecture's work")
    parser.add_argument("--repeat", type=int, default=1, help="runs of each, in turns (default: 1)")
    parser.add_argument("--epochs", type=int, default=10, help="epochs to measure the overhead on (default: 10)")
    return parser.parse_args()


if __name__ == "__main__":
    main()
