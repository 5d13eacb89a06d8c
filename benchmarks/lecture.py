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
from collections.abc import Callable
from pathlib import Path

import torch

from pendula.experiments.protocol import lecture_recipe
from pendula.nn import Cell, Forecaster, build
from pendula.series import Windows, record, split, windows_for
from pendula.systems import simulate
from pendula.training import EpochFinished, Event, Training, Validation, train
from pendula.training.optimizer import make_optimizer


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

    The bare epoch is what the network costs: forward, backward and Adam over batches that lie ready, and one forward
    pass over the held-out windows.

    Args:
        cell: rnn, lstm or gru.
        epochs: How many epochs of each.

    Returns:
        Median seconds of an epoch, bare and with everything around it, and the share that is added.
    """
    series = simulate("sine", noise=0.05, noise_generator="mt19937", seed=42)
    parts = split(record(series), test=0.25, validation=0.0)
    values = torch.from_numpy(parts.train.parent.values)
    windows = windows_for(parts.train, length=50, values=values.float())
    held_out = windows_for(parts.test, length=50, reach_back=True, values=values)
    settings = lecture_recipe(cell, epochs=epochs, window=50, seed=0)
    bare_epoch = _bare_epoch(build(settings.network, 1), windows, held_out, settings.training)
    bare: list[float] = []
    whole: list[float] = []
    began = time.perf_counter()

    def listen(event: Event) -> None:
        nonlocal began
        if isinstance(event, EpochFinished) and event.record.epoch > 0:
            whole.append(time.perf_counter() - began)
        if isinstance(event, EpochFinished):
            bare.append(bare_epoch())
        began = time.perf_counter()

    with tempfile.TemporaryDirectory() as folder:
        train(
            build(settings.network, 1),
            windows,
            settings.training,
            window=50,
            validation=Validation(window=50, one_step=held_out, free_run=None),
            checkpoint=Path(folder),
            listener=listen,
        )
    bare_median, whole_median = statistics.median(bare), statistics.median(whole)
    return {"bare": bare_median, "pendula": whole_median, "added": whole_median / bare_median - 1}


def _bare_epoch(forecaster: Forecaster, windows: Windows, held_out: Windows, settings: Training) -> Callable[[], float]:
    optimizer = make_optimizer(forecaster, settings)
    every = windows.gather(torch.arange(len(windows)))
    batches = [(x[:, :50].contiguous(), x[:, 50].contiguous()) for x in torch.split(every, settings.batch_size)]
    scored = held_out.gather(torch.arange(len(held_out))).float()

    def run() -> float:
        began = time.perf_counter()
        forecaster.train()
        for inputs, targets in batches:
            optimizer.zero_grad()
            predictions, _ = forecaster(inputs)
            (predictions[:, -1, 0] - targets).square().mean().backward()
            optimizer.step()
        forecaster.eval()
        with torch.no_grad():
            forecaster(scored[:, :50])
        return time.perf_counter() - began

    return run


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
