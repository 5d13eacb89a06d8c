"""A net learns to remember three bits; then it is asked how (row S8 of the lecture)."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from pendula.dynamics import DrivenNet, FixedPoint, FixedPoints, FixedPointSearch, as_net, find_fixed_points, hold_input
from pendula.errors import ArgumentError
from pendula.experiments.base import Experiment, ExperimentResult, Progress
from pendula.experiments.flip_flop_task import Memorizer, draw_pulses, train_memorizer
from pendula.figures import MarkedPoint, draw_eigenvalues, draw_state_space, png
from pendula.report import Reference, ReportContent, ReportFigure
from pendula.shapes import Float, Tensor, ndarray

__all__ = ["FLIP_FLOP", "FlipFlop", "run"]


@dataclass(frozen=True, kw_only=True, slots=True)
class FlipFlop:
    """Settings of `flip-flop`.

    Attributes:
        bits: How many bits are to be remembered.
        hidden_size: Units of the GRU.
        updates: Updates of the training, each on 64 fresh sequences of 60 steps.
        seeds: How many networks are trained, each from a seed of its own.
        seed: The first seed.
    """

    bits: int = 3
    hidden_size: int = 32
    updates: int = 1200
    seeds: int = 3
    seed: int = 0

    def __post_init__(self) -> None:
        for name in ("bits", "hidden_size", "updates", "seeds"):
            if getattr(self, name) < 1:
                raise ArgumentError(f"`{name}` must be positive: got {getattr(self, name)}. Choose 1 or more.")
        if self.bits > 5:
            raise ArgumentError(f"`bits` must be at most 5: got {self.bits}. The states double with every bit.")


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Dissected:
    """A trained net and what was found in it.

    Attributes:
        seed: Of the training.
        loss: Mean squared error at its end.
        wrong: Share of bits with a wrong sign on new sequences.
        found: Its fixed points without a pulse.
        visited: States that it passes.
        bits: What it reads out at each fixed point.
    """

    seed: int
    loss: float
    wrong: float
    found: FixedPoints
    visited: Float[Tensor, "visit state"]
    bits: Float[ndarray, "point bit"]


def run(settings: FlipFlop, progress: Progress) -> ExperimentResult:
    """Train networks to remember bits, and find the fixed points that they remember them by.

    Args:
        settings: The settings.
        progress: Is not used: the trainings are short.

    Returns:
        Fixed points by kind, for each seed; a picture of them; a page.
    """
    del progress
    nets = [_dissect(settings, seed=settings.seed + k) for k in range(settings.seeds)]
    figures = [_space(nets[0], settings), _eigenvalues(nets[0])]
    results = _results(nets, settings)
    content = ReportContent(
        title=f"How a net remembers {settings.bits} bits",
        verdict=results["verdict"],
        results={f"Seed {net.seed}": _words(net) for net in nets},
        figures=figures,
        references=(
            Reference(
                name="The task and the method",
                citation="D. Sussillo and O. Barak, Opening the black box, Neural Computation 25, 626 (2013)",
            ),
        ),
        seed=settings.seed,
    )
    return ExperimentResult(results=results, content=content, figures=content.images)


def _dissect(settings: FlipFlop, *, seed: int) -> Dissected:
    trained = train_memorizer(bits=settings.bits, hidden_size=settings.hidden_size, updates=settings.updates, seed=seed)
    net = as_net(trained.net.recurrent)
    visited = _visited(net, settings.bits, seed=seed)
    found = find_fixed_points(
        hold_input(net, torch.zeros(settings.bits)), visited, FixedPointSearch(starts=512, seed=seed)
    )
    return Dissected(
        seed=seed,
        loss=trained.loss,
        wrong=trained.wrong,
        found=found,
        visited=visited,
        bits=_read(trained.net, [point.state for point in found.points]),
    )


def _visited(net: DrivenNet, bits: int, *, seed: int, steps: int = 120) -> Float[Tensor, "visit state"]:
    pulses, _ = draw_pulses(32, steps, bits, generator=torch.Generator().manual_seed(10_000 + seed))
    state = torch.zeros(32, net.size, dtype=torch.float64)
    passed = []
    for step in range(steps):
        state = net.advance(state, pulses[:, step].to(torch.float64))
        passed.append(state)
    return torch.cat(passed)


def _read(net: Memorizer, states: Sequence[Tensor]) -> Float[ndarray, "point bit"]:
    with torch.no_grad():
        read: Tensor = net.readout(torch.stack(list(states)).to(net.readout.weight.dtype))
    return read.numpy().astype(np.float64)


def _results(nets: list[Dissected], settings: FlipFlop) -> dict[str, Any]:
    expected = 2**settings.bits
    counts = [len(net.found.stable) for net in nets]
    proved = [all(point.certificate.holds for point in net.found.points) for net in nets]
    each = [_told(net) for net in nets]
    right = sum(count == expected and holds for count, holds in zip(counts, proved, strict=True))
    saddles = [dict(sorted(Counter(point.stability.index for point in net.found.saddles).items())) for net in nets]
    told = ", ".join(f"{count} of index {index}" for index, count in saddles[0].items()) or "none"
    return {
        "experiment": "flip-flop",
        "seed": settings.seed,
        "seeds": settings.seeds,
        "bits": settings.bits,
        "stable_fixed_points": counts[0] if len(set(counts)) == 1 else counts,
        "expected": expected,
        "certified": all(proved),
        "seeds_as_expected": right,
        "networks": each,
        "verdict": [
            f"{right} of {len(nets)} networks remember {settings.bits} bits by {expected} stable fixed points, proved.",
            f"Between them stand saddles, over which a pulse lifts the state: in the first network {told}.",
        ],
    }


def _told(net: Dissected) -> dict[str, Any]:
    indices = Counter(point.stability.index for point in net.found.saddles)
    signs = {tuple(np.sign(bits).astype(int).tolist()) for bits in net.bits[: len(net.found.stable)]}
    return {
        "seed": net.seed,
        "loss": net.loss,
        "wrong_bits": net.wrong,
        "fixed_points": len(net.found.points),
        "stable_fixed_points": len(net.found.stable),
        "patterns": len(signs),
        "saddles": len(net.found.saddles),
        "saddles_by_index": {str(index): count for index, count in sorted(indices.items())},
        "slow_points": len(net.found.slow),
        "certified": all(point.certificate.holds for point in net.found.points),
        "largest_residual": max((point.residual for point in net.found.points), default=0.0),
        "largest_radius": max((point.certificate.radius for point in net.found.points), default=0.0),
    }


def _words(net: Dissected) -> str:
    told = _told(net)
    saddles = ", ".join(f"{count} of index {index}" for index, count in told["saddles_by_index"].items())
    return (
        f"{told['stable_fixed_points']} stable fixed points for {told['patterns']} patterns, saddles: {saddles}; "
        f"{100 * net.wrong:.2g} % of the bits wrong"
    )


def _space(net: Dissected, settings: FlipFlop) -> ReportFigure:
    width = 3 if settings.bits >= 3 else 2
    center = net.visited.mean(dim=0)
    basis = torch.linalg.svd(net.visited - center, full_matrices=False)[2][:width].T
    points = [_marked(point, center=center, basis=basis) for point in net.found.points]
    shown = ((net.visited - center) @ basis).numpy()
    axes = draw_state_space(
        [shown[::1]],
        points,
        names=["1st component", "2nd component", "3rd component"],
        title=f"{len(net.found.stable)} stable fixed points, saddles between",
        dots=True,
    )
    return ReportFigure(
        name="state-space",
        png=png(axes.figure),  # type: ignore[arg-type]
        caption="States that the first network passes (dots), its stable fixed points (filled), one for each pattern "
        "of bits, and its saddles (open) with the directions over which a pulse lifts the state.",
        alt="Stable fixed points at the corners of a distorted cube, saddles on its edges and faces.",
    )


def _marked(point: FixedPoint, *, center: Tensor, basis: Tensor) -> MarkedPoint:
    kind = "saddle" if point.stability.kind == "saddle" else "stable" if point.stability.is_stable else "unstable"
    return MarkedPoint(
        at=((point.state - center) @ basis).numpy(),
        kind=kind,
        growing=None if point.stability.is_stable else (point.directions @ basis).numpy(),
    )


def _eigenvalues(net: Dissected) -> ReportFigure:
    kinds: dict[str, list[complex]] = {}
    for point in net.found.points:
        name = point.stability.kind + (f" of index {point.stability.index}" if not point.stability.is_stable else "")
        kinds.setdefault(name, []).extend(
            each for mode in point.stability.modes for each in {mode.eigenvalue, mode.eigenvalue.conjugate()}
        )
    axes = draw_eigenvalues({name: np.array(values) for name, values in kinds.items()})
    return ReportFigure(
        name="eigenvalues",
        png=png(axes.figure),  # type: ignore[arg-type]
        caption="Eigenvalues of the Jacobian at all fixed points of the first network, by their kind.",
        alt="Eigenvalues in the complex plane; each saddle has as many outside of the unit circle as its index says.",
    )


FLIP_FLOP = Experiment(
    name="flip-flop",
    summary="A net learns to remember three bits, and the fixed points it does so by are found and proved.",
    settings=FlipFlop,
    run=run,
)
