"""Ensembles: networks of equal standing, trained side by side."""

import hashlib
import os
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TypeAlias, TypeVar

import torch

from pendula.errors import ArgumentError, DivergedError, InterruptedRunError, RunError
from pendula.nn import Forecaster
from pendula.series.windows import Windows
from pendula.training.checkpoint import MEMBER_FOLDER
from pendula.training.ensemble_member import EnsembleMember
from pendula.training.events import Event
from pendula.training.forecaster_trainer import ForecasterTrainer
from pendula.training.objective import check_objective
from pendula.training.settings import Training
from pendula.training.trained import Trained
from pendula.training.trainer import Errors
from pendula.training.validation import Validation

__all__ = ["EnsembleListener", "cores", "silent_ensemble", "train_ensemble"]

EnsembleListener: TypeAlias = Callable[[int, Event], None]
"""Hears a member's number and what it tells."""
One = TypeVar("One")


def silent_ensemble(member: int, event: Event) -> None:
    """Hear an event of a member and do nothing.

    Args:
        member: Its number.
        event: The event.
    """
    del member, event


def train_ensemble(
    forecasters: Sequence[Forecaster],
    windows: Windows | Sequence[Windows],
    settings: Training | Sequence[Training],
    *,
    window: int,
    seeds: Sequence[int] | None = None,
    validation: Validation | Sequence[Validation | None] | None = None,
    threads: int | None = None,
    checkpoint: Path | None = None,
    resume: bool = False,
    fingerprint: str = "",
    listener: EnsembleListener = silent_ensemble,
) -> tuple[Trained, ...]:
    """Train several networks independently of each other, spread over the cores.

    They may differ in weights, seeds, hyper-parameters and architecture. Where the native core trains them, each is on
    one thread at a time, and ends with the bits that `train` gives it after `torch.set_num_threads(1)`: as many of them
    as there are cores cost about as much as one. Networks that the core does not train follow, one after the other.

    A network whose loss or weights leave the finite numbers stops with the outcome `DIVERGED` and keeps its best epoch,
    with the reason in `failure`; the others go on.

    Args:
        forecasters: The networks; they are trained in place.
        windows: Windows of the training part: `window` steps of input and the values after them, scaled. One for all,
            or one for each.
        settings: How to train: one for all, or one for each.
        window: Steps of input.
        seeds: Of order and noise, one for each network; 0, 1, 2, … when left out.
        validation: Windows to select the best epochs by, one for all or one for each; without them the last epoch is
            kept.
        threads: How many networks are trained at once, each on one core; as many as the process may use cores when left
            out.
        checkpoint: Folder for checkpoints, one in a folder of its own for each network; None keeps none.
        resume: Go on from the checkpoints in that folder, if there are any.
        fingerprint: Of data and architectures; checkpoints with another one, or of other settings, are refused.
        listener: Hears the events, and whose they are.

    Returns:
        What training came to for each network.

    Raises:
        ArgumentError: If the numbers of networks, settings and seeds differ, or lengths do not fit each other.
        DivergedError: If all networks left the finite numbers.
        InterruptedRunError: If the user interrupts; the last whole epochs are in the checkpoints.
        RunError: If a checkpoint belongs to other data or settings, or cannot be written.

    Examples:
        >>> from pendula.nn import Network, build
        >>> values = torch.sin(torch.arange(80.0) / 4)[:, None]
        >>> windows = Windows(values, torch.tensor([[0, 80]]).numpy(), length=11)
        >>> networks = [build(Network(hidden_size=4), 1, seed=seed) for seed in range(3)]
        >>> ensemble = train_ensemble(networks, windows, Training(epochs=2), window=10)
        >>> [trained.history[-1].epoch for trained in ensemble]
        [2, 2, 2]
    """
    count = len(forecasters)
    each, views, measures = _for_each(settings, count), _for_each(windows, count), _for_each(validation, count)
    seeds = range(count) if seeds is None else seeds
    _check(forecasters, views, measures, each, seeds, window=window)
    folders = [None] * count if checkpoint is None else _folders(checkpoint, count)
    members = [
        EnsembleMember(
            trainer=ForecasterTrainer(
                forecaster,
                view,
                training,
                window=window,
                seed=seed,
                validation=measure,
                listener=partial(listener, number),
                threads=1,
            ),
            folder=folder,
            fingerprint=_digest(fingerprint, training, seed),
        )
        for number, (forecaster, view, measure, training, seed, folder) in enumerate(
            zip(forecasters, views, measures, each, seeds, folders, strict=True)
        )
    ]
    for member in members if resume else []:
        member.restore()
    _train_all(members, threads or cores())
    failures = [member.failure for member in members if member.failure is not None]
    if failures and len(failures) == count:
        raise failures[0]
    return tuple(replace(member.trainer.finish(), failure=member.failure) for member in members)


def cores() -> int:
    """Count the cores that this process may use.

    Returns:
        Their number.
    """
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _for_each(given: One | Sequence[One], count: int) -> list[One]:
    return list(given) if isinstance(given, Sequence) else [given] * count


def _train_all(members: Sequence[EnsembleMember], threads: int) -> None:
    try:
        _train_together([member for member in members if member.trainer.engine == "native"], threads)
        for member in members:
            if member.trainer.engine != "native":
                member.train_alone()
    except KeyboardInterrupt as interrupt:
        for member in members:
            member.keep()
        kept = "no checkpoint was asked for" if members[0].folder is None else "their checkpoints are kept"
        epochs = ", ".join(str(member.trainer.snapshot("").epoch) for member in members)
        raise InterruptedRunError(f"Training was interrupted after epochs {epochs}; {kept}.") from interrupt


def _train_together(members: Sequence[EnsembleMember], threads: int) -> None:
    before = torch.get_num_threads()
    # Each member is measured on one thread, as it is trained, so that its bits do not depend on how many there are.
    pool = ThreadPoolExecutor(threads, initializer=torch.set_num_threads, initargs=(1,))
    try:
        with pool:
            _share_out(members, pool, threads)
    finally:
        torch.set_num_threads(before)


def _share_out(members: Sequence[EnsembleMember], pool: ThreadPoolExecutor, threads: int) -> None:
    waiting = [member for member in members if member.is_unfinished() or not member.trainer.history]
    working: dict[Future[Errors | None], EnsembleMember] = {}
    while waiting or working:
        while waiting and len(working) < threads:
            # The one with most before it, so that all end at about the same time.
            member = max(waiting, key=lambda each: each.seconds_left)
            waiting.remove(member)
            working[pool.submit(member.advance)] = member
        done, _ = wait(working, return_when=FIRST_COMPLETED)
        for future in done:
            member = working.pop(future)
            try:
                member.take_in(future.result())
            except DivergedError as failure:
                member.stop(failure)
            if member.is_unfinished():
                waiting.append(member)


def _check(
    forecasters: Sequence[Forecaster],
    windows: Sequence[Windows],
    validation: Sequence[Validation | None],
    settings: Sequence[Training],
    seeds: Sequence[int],
    *,
    window: int,
) -> None:
    count = len(forecasters)
    if count == 0:
        raise ArgumentError("`forecasters` must hold networks: expected 1 or more, got none. Build some.")
    if len({id(forecaster) for forecaster in forecasters}) < count:
        raise ArgumentError("`forecasters` must be different objects: one is there twice. Build each anew.")
    for name, held in (
        ("windows", windows),
        ("validation", validation),
        ("settings", settings),
        ("seeds", seeds),
    ):
        if len(held) != count:
            raise ArgumentError(
                f"`{name}` must be one for each network: expected {count}, got {len(held)}. Give as many as networks."
            )
    for forecaster, training in zip(forecasters, settings, strict=True):
        check_objective(
            window=window,
            washout=training.washout,
            horizon=training.horizon,
            leads=forecaster.network.leads,
            carry_state=training.carry_state,
        )


def _folders(checkpoint: Path, count: int) -> list[Path]:
    if not checkpoint.parent.is_dir():
        raise RunError(
            f"`{checkpoint.parent}` must be there: expected a folder, got nothing of that name. Make it first."
        )
    checkpoint.mkdir(exist_ok=True)
    return [checkpoint / f"{MEMBER_FOLDER}{number:03}" for number in range(count)]


def _digest(fingerprint: str, settings: Training, seed: int) -> str:
    # How often checkpoints are written changes no bit.
    told = repr((fingerprint, replace(settings, checkpoint_seconds=0.0), seed))
    return hashlib.sha256(told.encode()).hexdigest()
