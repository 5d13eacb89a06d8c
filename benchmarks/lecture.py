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
from typing import Any, TypeAlias

import torch
from torch import Tensor

from pendula.experiments.protocol import lecture_recipe
from pendula.nn import Cell, Forecaster, build
from pendula.nn.kernels.addresses import layered
from pendula.nn.kernels.native import core
from pendula.nn.kernels.problem import CELLS
from pendula.series import Windows, record, split, windows_for
from pendula.systems import simulate
from pendula.training import EpochFinished, Event, Training, Validation, train
from pendula.training.flat_adam import FlatAdam
from pendula.training.optimizer import make_optimizer

Step: TypeAlias = tuple[Callable[[Tensor, Tensor], None], Callable[[Tensor], object]]
"""A step of training on inputs and targets, and a forward pass."""


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
    _timed([sys.executable, "-m", "pendula", "experiment", "--list"])
    for _ in range(repeat):
        seconds["script"].append(_timed([sys.executable, str(script)]))
        seconds["pendula"].append(_timed(ours))
    medians = {name: statistics.median(times) for name, times in seconds.items()}
    return {"seconds": seconds, "median": medians, "ratio": medians["script"] / medians["pendula"]}


def overhead(cell: Cell, epochs: int) -> dict[str, float]:
    """Compare Pendula's training with a bare loop over the same batches, epoch by epoch in turns.

    The bare epoch is what the network costs: forward, backward and Adam over batches that lie ready, and one forward
    pass over the held-out windows. Where there is a native core, these are its own passes, called with addresses.

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
    every = windows.gather(torch.arange(len(windows)))
    batches = [(x[:, :50].contiguous(), x[:, 50].contiguous()) for x in torch.split(every, settings.batch_size)]
    scored = held_out.gather(torch.arange(len(held_out))).float()[:, :50].contiguous()
    learn, score = _in_torch(forecaster, settings) if core is None else _in_core(forecaster, settings)

    def run() -> float:
        began = time.perf_counter()
        for inputs, targets in batches:
            learn(inputs, targets)
        score(scored)
        return time.perf_counter() - began

    return run


def _in_core(forecaster: Forecaster, settings: Training) -> Step:
    # The passes of the native core and Adam, called with addresses. The head, which is missing, is a thousandth of it.
    native: Any = core
    optimizer = make_optimizer(forecaster, settings)
    assert isinstance(optimizer, FlatAdam)
    optimizer.gather()
    stack = forecaster.recurrent
    names = [
        f"{part}_l{layer}"
        for layer in range(stack.num_layers)
        for part in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
    ]
    weights = layered([getattr(stack, name).data_ptr() for name in names], stack.num_layers)
    gradients = layered([getattr(stack, name).grad.data_ptr() for name in names], stack.num_layers)
    nothing = (0, 0, 0, 0)

    def forward(inputs: Tensor, reserve: Callable[[int], int]) -> tuple[tuple[int, ...], int, Tensor]:
        size = (stack.input_size, stack.hidden_size, stack.num_layers, *inputs.shape[:2], 0, torch.get_num_threads())
        problem = (CELLS[stack.mode.lower()], *size)
        last = torch.empty(2, stack.num_layers, len(inputs), stack.hidden_size)
        place = reserve(native.reserve_size(32, problem))
        view, states = (inputs.data_ptr(), *inputs.stride()), (last[0].data_ptr(), last[1].data_ptr())
        native.forward(32, problem, weights, view, (0, 0), nothing, states, place)
        return problem, place, last

    kept = [torch.empty(0)]

    def room(size: int) -> int:
        if len(kept[0]) < size:
            kept[0] = torch.empty(size)
        return kept[0].data_ptr()

    def learn(inputs: Tensor, targets: Tensor) -> None:
        del targets
        problem, reserve, last = forward(inputs, room)
        # Any gradient costs the same; that of the cell states is absent, as in training.
        view, states = (inputs.data_ptr(), *inputs.stride()), (last[0].data_ptr(), 0)
        native.backward(32, problem, weights, view, (0, 0), reserve, nothing, states, nothing, gradients, (0, 0))
        optimizer.step()

    return learn, lambda inputs: forward(inputs, lambda _: 0)


def _in_torch(forecaster: Forecaster, settings: Training) -> Step:
    optimizer = make_optimizer(forecaster, settings)

    def learn(inputs: Tensor, targets: Tensor) -> None:
        optimizer.zero_grad()
        predictions, _ = forecaster.train()(inputs)
        (predictions[:, -1, 0] - targets).square().mean().backward()
        optimizer.step()

    @torch.no_grad()
    def score(inputs: Tensor) -> None:
        forecaster.eval()(inputs)

    return learn, score


def _timed(command: list[str]) -> float:
    environment = os.environ | {"MPLBACKEND": "Agg"}
    # A program that is installed keeps its compiled modules.
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
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
