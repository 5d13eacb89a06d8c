"""An encoder that reads noisy positions, a decoder that writes positions and velocities, and how it is forced."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from pendula.errors import ArgumentError
from pendula.experiments.base import Experiment, ExperimentResult, Progress
from pendula.figures import Quantity, png
from pendula.figures.canvas import new_figure
from pendula.figures.curves import draw_free_runs
from pendula.figures.lead_time import draw_lead_times
from pendula.figures.style import style
from pendula.nn import EncoderDecoder, Network, draw_encoder_decoder
from pendula.optim import SQUARED_ERROR, ridge_problem
from pendula.report import Reference, ReportContent, ReportFigure
from pendula.shapes import BatchSeries, Float, Series, ndarray
from pendula.systems import Duffing, citation, simulate
from pendula.training import SequencePairs, Training, pairs_from, train_encoder_decoder

__all__ = ["ENCODER_DECODER", "EncoderDecoderRun", "run"]

STEP = 0.1
"""Time between two rows, in s."""
SKIPPED = 500
"""Rows after which the oscillator has forgotten how it began."""
TRAIN = 0.8
"""Share of the rows to learn from; the last ones test."""
TEST_STRIDE = 7
"""Rows from one test stretch to the next."""
ALIKE = 0.01
"""Errors that differ by less than this share count as equal."""
FORCING = {"teacher forcing": (1.0, 1.0), "scheduled": (1.0, 0.0), "free": (0.0, 0.0)}
"""Probability, in the first and in the last epoch, that the decoder is shown the truth."""


@dataclass(frozen=True, kw_only=True, slots=True)
class EncoderDecoderRun:
    """Settings of `encoder-decoder`.

    Attributes:
        cell: rnn, gru or lstm.
        hidden_size: Units of either stack.
        rows: Of the record.
        noise: Standard deviation of the noise on what is read, in standard deviations of the position.
        read: Rows that are read.
        write: Rows that are written, each of which is `apart` rows after the one before.
        apart: How many rows lie between what is written.
        epochs: How long to train.
        steps: Steps of an epoch.
        batch_size: Pairs in a step.
        learning_rate: Step size of Adam at the start.
        seed: Of noise, weights and order.
    """

    cell: str = "gru"
    hidden_size: int = 48
    rows: int = 40_000
    noise: float = 0.05
    read: int = 80
    write: int = 30
    apart: int = 2
    epochs: int = 20
    steps: int = 100
    batch_size: int = 64
    learning_rate: float = 1e-2
    seed: int = 0

    def __post_init__(self) -> None:
        """Check the settings.

        Raises:
            ArgumentError: If a setting is out of range.
        """
        for name in ("hidden_size", "read", "write", "apart", "epochs", "steps", "batch_size"):
            if getattr(self, name) < 1:
                raise ArgumentError(f"`{name}` must be at least 1: got {getattr(self, name)}. Raise it.")
        if not self.noise >= 0:
            raise ArgumentError(f"`noise` must not be negative: got {self.noise}. 0 reads the position as it is.")
        least = 10 * (self.read + self.apart * self.write)
        if self.rows < least:
            raise ArgumentError(
                f"`rows` must be enough to learn from and to test on: expected {least} or more, got {self.rows}. "
                "Raise it, or read and write less."
            )


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class _Parts:
    # Scaled: what is read has one channel, what is written two.
    train: SequencePairs
    test: SequencePairs
    truth: Float[ndarray, "pair row"]


def run(settings: EncoderDecoderRun, progress: Progress) -> ExperimentResult:
    """Train an encoder–decoder under three schedules of forcing, and test each on what it writes by itself.

    Args:
        settings: The settings.
        progress: Gives the listener of each training, by name.

    Returns:
        The errors of each schedule and of a linear map by step, relative to the spread, and a figure.
    """
    parts = _parts(_simulate(settings), settings)
    written = {name: _learn(name, parts, settings, progress) for name in FORCING} | {"linear": _linear(parts, settings)}
    truth = parts.test.targets.numpy()
    errors = {name: np.sqrt(np.square(each - truth).mean(axis=2)) for name, each in written.items()}
    results = _results(errors, settings)
    figure = _figure(parts, written, errors, settings)
    return ExperimentResult(
        results=results, content=_content(results, figure, settings), figures={"encoder-decoder": figure}
    )


def _simulate(settings: EncoderDecoderRun) -> Series:
    made = simulate(Duffing(), dt=STEP, duration=(settings.rows + SKIPPED) * STEP)
    values = np.stack([made[name].values for name in ("x", "v")], axis=1)[SKIPPED:]
    return np.asarray((values - values.mean(axis=0)) / values.std(axis=0))


def _parts(states: Series, settings: EncoderDecoderRun) -> _Parts:
    chance = np.random.default_rng(settings.seed)
    seen = states[:, :1] + settings.noise * chance.normal(size=(len(states), 1))
    cut = int(TRAIN * len(states))
    read, write = (torch.from_numpy(np.asarray(each, dtype=np.float32)) for each in (seen, states))
    return _Parts(
        train=_pairs(read[:cut], write[:cut], settings),
        test=_pairs(read[cut:], write[cut:], settings, stride=TEST_STRIDE),
        truth=np.lib.stride_tricks.sliding_window_view(states[cut:, 0], _span(settings))[::TEST_STRIDE],
    )


def _pairs(read: torch.Tensor, write: torch.Tensor, settings: EncoderDecoderRun, *, stride: int = 1) -> SequencePairs:
    every = pairs_from(read, write, window=settings.read, steps=settings.apart * settings.write, stride=stride)
    return SequencePairs(inputs=every.inputs, targets=every.targets[:, settings.apart - 1 :: settings.apart])


def _span(settings: EncoderDecoderRun) -> int:
    return settings.read + settings.apart * settings.write


def _learn(name: str, parts: _Parts, settings: EncoderDecoderRun, progress: Progress) -> BatchSeries:
    start, end = FORCING[name]
    network = Network(cell=settings.cell, hidden_size=settings.hidden_size)  # type: ignore[arg-type] # it is checked
    model = draw_encoder_decoder(network, 1, 2, seed=settings.seed)
    training = Training(
        epochs=settings.epochs,
        steps_per_epoch=settings.steps,
        batch_size=settings.batch_size,
        learning_rate=settings.learning_rate,
        teacher_forcing_start=start,
        teacher_forcing_end=end,
    )
    train_encoder_decoder(model, parts.train, training, loss=SQUARED_ERROR, seed=settings.seed, listener=progress(name))
    return _write(model, parts.test, settings.write)


def _write(model: EncoderDecoder, pairs: SequencePairs, steps: int) -> BatchSeries:
    with torch.no_grad():
        return np.asarray(model(pairs.inputs, steps).double().numpy())


def _linear(parts: _Parts, settings: EncoderDecoderRun) -> BatchSeries:
    read, asked = (each.double().flatten(1).numpy() for each in (parts.train.inputs, parts.train.targets))
    solution = ridge_problem([(read, asked)]).solve()
    told = solution(parts.test.inputs.double().flatten(1).numpy())
    return np.asarray(told.reshape(len(told), settings.write, 2))


def _results(errors: Mapping[str, Float[ndarray, "pair step"]], settings: EncoderDecoderRun) -> dict[str, Any]:
    by_step = {name: np.sqrt(np.square(each).mean(axis=0)) for name, each in errors.items()}
    results = {
        "experiment": "encoder-decoder",
        "nrmse": {name: float(np.sqrt(np.square(each).mean())) for name, each in by_step.items()},
        "nrmse_by_step": {name: each.tolist() for name, each in by_step.items()},
        "read": {"rows": settings.read, "channels": 1},
        "written": {"rows": settings.write, "channels": 2, "apart": settings.apart},
        "test_pairs": len(next(iter(errors.values()))),
    }
    return {**results, "verdict": _verdict(results)}


def _verdict(results: Mapping[str, Any]) -> list[str]:
    errors = results["nrmse"]
    least = min(errors[name] for name in FORCING)
    best = [name for name in FORCING if errors[name] <= (1 + ALIKE) * least]
    under = f"the best schedule, {best[0]}" if len(best) == 1 else f"{' and '.join(best)}, which are equal"
    first = (
        f"From {results['read']['rows']} noisy positions, {results['written']['rows']} positions and velocities are "
        f"written with errors of {least:.2g} of their spread under {under}; a linear map of what was read has "
        f"{errors['linear']:.2g}{_against(errors['linear'] / least)}."
    )
    return [first, _forced(errors["teacher forcing"] / min(errors["scheduled"], errors["free"]))]


def _against(share: float) -> str:
    if share < 1 - ALIKE:
        return ": all networks lost to it"
    return "" if share > 1 + ALIKE else ": the networks are no better"


def _forced(share: float) -> str:
    start = "A decoder that was always shown the truth in training errs"
    whom = "as one that was shown what it wrote"
    if abs(share - 1) <= ALIKE:
        return f"{start} as much {whom}."
    if share < 2:
        side = "more" if share > 1 else "less"
        return f"{start} {100 * abs(share - 1):.2g} % {side} than one that was shown what it wrote."
    return f"{start} {share:.2g} times as much {whom}."


_READ = "What is read is the position with noise, what is written the state without; neither part overlaps the other."


def _figure(
    parts: _Parts,
    written: Mapping[str, BatchSeries],
    errors: Mapping[str, Float[ndarray, "pair step"]],
    settings: EncoderDecoderRun,
) -> bytes:
    time = STEP * np.arange(1 - settings.read, settings.apart * settings.write + 1)
    first = settings.read + settings.apart - 1
    ahead, runs = slice(first, None, settings.apart), {}
    for name, each in written.items():
        runs[name] = np.full(len(time), np.nan)
        runs[name][first:] = np.interp(time[first:], time[ahead], each[0, :, 0])
    observed = np.full(len(time), np.nan)
    observed[: settings.read] = parts.test.inputs[0, :, 0].double().numpy()
    with style():
        figure = new_figure(width=8.4, height=6.2)
        draw_free_runs(
            time,
            parts.truth[0],
            runs=runs,
            observed=observed,
            quantity=Quantity(name="position"),
            clock=Quantity(name="time after the last row read", unit="s"),
            title="Read and written, first test stretch",
            axes=figure.add_subplot(2, 1, 1),
        )
        draw_lead_times(
            time[ahead],
            errors,
            banded=(),
            quantity=Quantity(name="error, in spreads"),
            clock=Quantity(name="time after the last row read", unit="s"),
            title="Error by step",
            axes=figure.add_subplot(2, 1, 2),
        )
        return png(figure)


def _content(results: Mapping[str, Any], figure: bytes, settings: EncoderDecoderRun) -> ReportContent:
    return ReportContent(
        title="encoder-decoder",
        verdict=results["verdict"],
        notes=[_READ],
        results={f"NRMSE, {name}": f"{error:.3g}" for name, error in results["nrmse"].items()},
        figures=[
            ReportFigure(
                caption="Noisy positions that are read, and what is written after them under three schedules of "
                "forcing and by a linear map; and median errors over all test stretches.",
                alt="Two panels: a stretch of the oscillator with what is written, and errors against time.",
                png=figure,
                name="encoder-decoder",
            )
        ],
        references=[Reference(name="Duffing oscillator", citation=citation("duffing"), equation=Duffing.equation)],
        seed=settings.seed,
    )


ENCODER_DECODER = Experiment(
    name="encoder-decoder",
    summary="Noisy positions are read, positions and velocities written at half the rate; forced in three ways.",
    settings=EncoderDecoderRun,
    run=run,
)
