"""The Silverbox as an oscillator identified from the record, with a small network beside it."""

import time
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import nn

from pendula.experiments.silverbox_data import RATE, Silverbox
from pendula.nn import AddedRate, IntegratorCell, unroll
from pendula.shapes import Float, Tensor, ndarray
from pendula.systems import Duffing
from pendula.training import Identification, identify

__all__ = ["OscillatorFit", "fit_oscillator"]

UNIT = 2 * np.pi * 64.0
"""Time is counted in radians of a swing of 64 Hz, near the resonance, so that the parameters are of the order of 1."""
TAPS = (-1, 0, 1)
"""Samples of the input around the present one, of which the drive is a linear map: with two components to push, that is
every gain, every delay below a sample, and every way of holding the input between samples."""
FIRST, FIRST_SEGMENT = 2000, 50
SEGMENT = 400
"""The rows that the search begins with, and the steps of its segments; and of those of the whole record."""
ROWS = 20_000
"""So many rows, the latest of the training part, hold all that there is to find."""
SETTLING = 600
"""Steps without input after which the oscillator is at rest."""
VALIDATION = 0.2
"""Share of the known rows, from their end, that is held out."""


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class OscillatorFit:
    """An identified oscillator.

    Attributes:
        cell: Its step, in units of the output's standard deviation.
        scale: Standard deviations of input and output, in volts.
        seconds: How long the search took.
        validation_mv: Error on the held-out known rows, in mV.
    """

    cell: IntegratorCell
    scale: Float[ndarray, " 2"]
    seconds: float
    validation_mv: float

    def run(self, inputs: Float[ndarray, "series time"]) -> Float[ndarray, "series time"]:
        """Run the oscillator from rest.

        Args:
            inputs: In volts.

        Returns:
            The outputs, in volts.
        """
        pushes = torch.from_numpy(np.stack([_taps(row / self.scale[0]) for row in inputs]))
        with torch.no_grad():
            run = unroll(self.cell, self._rest().expand(len(inputs), 2), inputs.shape[1] - 1, force=pushes)
        return np.asarray(run[..., 0].numpy() * self.scale[1])

    def _rest(self) -> Tensor:
        # The drive and the network have offsets: rest need not be zero.
        still = torch.zeros(1, SETTLING, len(TAPS), dtype=torch.float64)
        return unroll(self.cell, torch.zeros(1, 2, dtype=torch.float64), SETTLING, force=still)[:, -1]


def fit_oscillator(data: Silverbox, *, units: int, seed: int, rows: int = ROWS, evaluations: int = 40) -> OscillatorFit:
    """Identify the oscillator, and then a network beside it, from the known rows.

    The network, one layer of tanh units that sees position and velocity, adds to the acceleration; it starts from
    nothing, at the parameters that were found without it.

    Args:
        data: The record.
        units: Of the network; 0 for the plain oscillator.
        seed: Of the network.
        rows: How many of the known rows to learn from, the latest before those that are held out.
        evaluations: The most evaluations of each search.

    Returns:
        The oscillator.
    """
    began = time.perf_counter()
    stop = int((1 - VALIDATION) * len(data.known))
    known, scale = data.known[max(0, stop - rows) : stop], data.known[:stop].std(axis=0)
    shown, asked = _taps(known[:, 0] / scale[0]), known[:, 1:] / scale[1]
    cell, first = _cell(None), min(FIRST, len(known))
    near = Identification(segment=FIRST_SEGMENT, weights=(1.0,), evaluations=min(30, evaluations))
    identify(cell, asked[:first], observed=["x"], inputs=shown[:first], settings=near)
    whole = Identification(segment=min(SEGMENT, len(known) // 2), weights=(1.0,), evaluations=evaluations)
    if units:
        cell = _beside(cell, units, seed)
    identify(cell, asked, observed=["x"], inputs=shown, settings=whole)
    seconds = time.perf_counter() - began
    made = OscillatorFit(cell=cell, scale=scale, seconds=seconds, validation_mv=float("nan"))
    return replace(made, validation_mv=_held_out(made, data.known, stop))


class _Held(nn.Module):
    # An offset of the rate of x would be one of v by another name, and leave the search a flat direction.
    def __init__(self) -> None:
        super().__init__()
        self.gains = nn.Linear(len(TAPS), 2, bias=False)
        self.offset = nn.Parameter(torch.zeros(1))
        with torch.no_grad():
            self.gains.weight.zero_()
            self.gains.weight[1, 1] = 0.5

    def forward(self, inputs: Tensor) -> Tensor:
        pushes: Tensor = self.gains(inputs)
        return pushes + torch.cat([torch.zeros_like(self.offset), self.offset])


def _cell(added: AddedRate | None) -> IntegratorCell:
    return IntegratorCell(
        Duffing(delta=0.05, alpha=1.0, beta=0.0, drive=0.0),
        dt=UNIT / RATE,
        learn=["delta", "alpha", "beta"],
        added=added,
        drive=_Held(),
    )


def _beside(plain: IntegratorCell, units: int, seed: int) -> IntegratorCell:
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(seed)
        hidden, head = nn.Linear(2, units), nn.Linear(units, 1, bias=False)
        for weights, size in ((hidden.weight, 0.7), (hidden.bias, 0.7), (head.weight, 1e-3)):
            nn.init.normal_(weights, std=size)
    network = nn.Sequential(hidden, nn.Tanh(), head)
    cell = _cell(AddedRate(network, reads=["x", "v"], writes=["v"]))
    cell.load_state_dict(plain.state_dict(), strict=False)
    return cell


def _taps(inputs: Float[ndarray, " time"]) -> Float[ndarray, "time tap"]:
    padded = np.pad(inputs, -TAPS[0])
    return np.stack([padded[tap - TAPS[0] : tap - TAPS[0] + len(inputs)] for tap in TAPS], axis=1)


def _held_out(fit: OscillatorFit, known: Float[ndarray, "row 2"], stop: int) -> float:
    run_up = min(300, stop)
    told = fit.run(known[None, stop - run_up :, 0])[0, run_up:]
    return float(1e3 * np.sqrt(np.mean((told - known[stop:, 1]) ** 2))) if len(told) else float("nan")
