"""A small training that is made to be killed, in a process of its own.

With a kind of training and a folder as its arguments the script trains there and ends. Without them it takes orders
from its standard input, so that the libraries are loaded once: for each line, a kind, a folder and how to die, a forked
process resumes the training there. It says when training starts, and its parent says how it ended.
"""

import os
import signal
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import safetensors.torch
import torch

from pendula.nn import Network, build
from pendula.series.windows import Windows
from pendula.training import Training, Validation, train, train_ensemble

WINDOW = 8
SETTINGS = Training(
    epochs=120, batch_size=32, learning_rate=0.01, method="adamw", weight_decay=0.01, horizon=3, curriculum=0.8,
    teacher_forcing_start=0.9, input_noise=0.01, select_by="free_run", patience=None, checkpoint_seconds=0.0,
)  # fmt: skip


NETWORK = Network(cell="lstm", hidden_size=6, num_layers=2, dropout=0.1, linear_lags=2)
# What the native core trains, where it is there.
PLAIN = replace(SETTINGS, epochs=30, horizon=1, loss="every", washout=2, select_by="one_step")


def run_one(folder, windows, validation):
    """Train a network through everything that there is."""
    options = {"seed": 11, "validation": validation, "checkpoint": folder, "resume": True, "fingerprint": "killed"}
    return [train(build(NETWORK, 1), windows, SETTINGS, window=WINDOW, **options)]


def run_ensemble(folder, windows, validation):
    """Train three networks side by side on two threads."""
    torch.set_num_threads(2)
    return train_ensemble(
        [build(replace(NETWORK, dropout=0.0), 1, seed=seed) for seed in range(3)],
        windows,
        [replace(PLAIN, learning_rate=rate) for rate in (0.01, 0.02, 0.04)],
        window=WINDOW,
        validation=validation,
        checkpoint=folder,
        resume=True,
    )


def run_hessian_free(folder, windows, validation):
    """Train a network by Hessian-free optimization."""
    settings = replace(PLAIN, epochs=12, method="hessian-free", weight_decay=0.0)
    options = {"seed": 11, "validation": validation, "checkpoint": folder, "resume": True, "fingerprint": "killed"}
    return [train(build(replace(NETWORK, dropout=0.0), 1), windows, settings, window=WINDOW, **options)]


KINDS = {"one": run_one, "ensemble": run_ensemble, "hessian-free": run_hessian_free}


def run(kind, folder):
    """Train in a folder, going on from its checkpoints if there are any, and save the weights that are kept."""
    torch.set_num_threads(1)
    t = torch.arange(220, dtype=torch.float64) / 8
    values = (torch.sin(t) + torch.sin(2 * t) / 2)[:, None]
    last = np.array([[140, 220]])
    windows = Windows(values[:100].float(), np.array([[0, 100]]), length=WINDOW + 3)
    validation = Validation(
        window=WINDOW,
        one_step=Windows(values, last, length=WINDOW + 1),
        free_run=Windows(values, last, length=WINDOW + 6),
    )
    for number, trained in enumerate(KINDS[kind](folder, windows, validation)):
        safetensors.torch.save_file(trained.forecaster.state_dict(), folder / f"kept-{number}.safetensors")


def die_writing(write, *, half):
    """Kill this process during its given checkpoint, when half of it is written, or all but the renaming."""
    save, written = safetensors.torch.save_file, []

    def save_or_die(tensors, path, metadata=None):
        save(tensors, path, metadata=metadata)
        written.append(path)
        if len(written) == write:
            if half:
                content = path.read_bytes()
                path.write_bytes(content[: len(content) // 2])
            os.kill(os.getpid(), signal.SIGKILL)

    safetensors.torch.save_file = save_or_die


def warm_up():
    """Load what torch loads at an optimizer's first step, which takes longer than the whole training."""
    weight = torch.zeros(1, requires_grad=True)
    weight.grad = torch.zeros(1)
    torch.optim.AdamW([weight]).step()


def tell(word, number):
    """Write a line that the parent waits for."""
    sys.stdout.write(f"{word} {number}\n")
    sys.stdout.flush()


def obey(kind, folder, death):
    """Train in a forked process, and tell how it ended."""
    child = os.fork()
    if not child:
        if death != "outside":
            die_writing(int(death.split("-")[1]), half=death.startswith("half"))
        tell("started", os.getpid())
        run(kind, Path(folder))
        os._exit(0)
    _, status = os.waitpid(child, 0)
    tell("ended", os.waitstatus_to_exitcode(status))


if __name__ == "__main__":
    if len(sys.argv) > 1:
        run(sys.argv[1], Path(sys.argv[2]))
    else:
        warm_up()
        for line in sys.stdin:
            obey(*line.rstrip("\n").split("\t"))
