"""A step of training as Pendula's own training takes it: many in one call, with no Python between them."""

from collections.abc import Callable

import numpy as np
import torch

from pendula.benchmark.layers import make_forecaster
from pendula.benchmark.measurement import Rival
from pendula.benchmark.numbers import draw_numbers
from pendula.benchmark.turns import EPOCH, Contender, stopwatch
from pendula.benchmark.workload import Workload
from pendula.series import Windows
from pendula.training import Training, silent
from pendula.training.engine import make_descent
from pendula.training.optimizer import make_optimizer

__all__ = ["make_epoch"]

EPOCH_SECONDS = 0.1
MOST_STEPS = 32


def make_epoch(workload: Workload) -> Rival | None:
    """Lay an epoch of Pendula's training ready: batches cut from a series, the last step scored, Adam.

    Args:
        workload: A step of training.

    Returns:
        A contender whose seconds are those of one step; None for other tasks and for more than one channel.

    Examples:
        >>> make_epoch(Workload(cell="gru", batch=2, time=3, hidden_size=4)).contender.run() > 0
        True
        >>> make_epoch(Workload(task="forward")) is None
        True
    """
    if workload.task != "step" or workload.input_size != 1:
        return None
    seconds = min(_timed_epoch(workload, 1)() for _ in range(3))
    steps = int(min(MOST_STEPS, max(1.0, EPOCH_SECONDS / seconds)))
    run = _timed_epoch(workload, steps)
    contender = Contender(name=EPOCH, run=lambda: run() / steps)
    return Rival(contender=contender, remark=f"epochs of {steps} batches")


def _timed_epoch(workload: Workload, steps: int) -> Callable[[], float]:
    settings = Training(
        batch_size=workload.batch,
        steps_per_epoch=steps,
        precision=workload.precision,
        loss="last",
        select_by="last_epoch",
    )
    forecaster = make_forecaster(workload, draw_numbers(workload)).train()
    length = workload.batch * steps + workload.time
    values = np.random.default_rng(0).standard_normal((length, 1)).astype(workload.precision)
    windows = Windows(torch.from_numpy(values), np.array([[0, length]]), length=workload.time + 1)
    descent = make_descent(
        forecaster,
        make_optimizer(forecaster, settings),
        windows,
        settings,
        window=workload.time,
        seed=0,
        listener=silent,
    )
    return stopwatch(lambda: descent.run(1))
