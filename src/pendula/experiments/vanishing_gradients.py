"""How gradients flow back through simple, gated and carefully started networks (row S11 of the lecture)."""

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from pendula.dynamics import EXPLODING, VANISHING, FlowRecord
from pendula.errors import ArgumentError
from pendula.experiments.base import Experiment, ExperimentResult, Progress
from pendula.experiments.gradient_networks import (
    CELLS,
    LARGE,
    Choices,
    Probe,
    Watched,
    measure_flows,
    probe_simple,
    starts_of,
)
from pendula.figures import FlowPanel, gradient_sheet, png
from pendula.figures.style import Stroke
from pendula.report import Reference, ReportContent, ReportFigure
from pendula.report.numbers import format_number
from pendula.series import record
from pendula.shapes import Float, ndarray
from pendula.systems import simulate
from pendula.training import Training

if TYPE_CHECKING:
    import matplotlib.figure

__all__ = ["VANISHING_GRADIENTS", "VanishingGradients", "run"]


@dataclass(frozen=True, kw_only=True, slots=True)
class VanishingGradients:
    """Settings of `vanishing-gradients`.

    Attributes:
        hidden_size: Units of each network.
        window: Steps that a gradient flows back through.
        points: Samples of the noisy sine that the networks learn.
        noise: Standard deviation of its Gaussian noise.
        epochs: Of the short training after which the flow is measured again.
        radius: Spectral radius of the network whose gradient is to explode.
        clip_norm: Longest gradient that training does not shorten.
        seed: Of noise, weights and batches.
    """

    hidden_size: int = 64
    window: int = 100
    points: int = 1000
    noise: float = 0.05
    epochs: int = 4
    radius: float = 2.5
    clip_norm: float = 1.0
    seed: int = 42

    def __post_init__(self) -> None:
        if self.window < 10:
            raise ArgumentError(
                f"`window` must be long enough for a law: expected 10 steps or more, got {self.window}. Lengthen it."
            )


def run(settings: VanishingGradients, progress: Progress) -> ExperimentResult:
    """Measure the flow of gradients in fresh networks of several cells and starts, and again after a short training.

    Args:
        settings: The settings.
        progress: Gives a listener for each training.

    Returns:
        Rates and classes of decay, and the figure with all flows side by side.

    Raises:
        ArgumentError: If a setting breaks a rule.
        DataError: If there are too few points for the window.
    """
    rows = record(simulate("sine", parameters={"points": settings.points}, noise=settings.noise, seed=settings.seed))
    starts = starts_of(radius=settings.radius, longest=settings.window)
    choices = Choices(
        hidden_size=settings.hidden_size,
        window=settings.window,
        training=Training(
            epochs=settings.epochs,
            learning_rate=3e-3,
            clip_norm=settings.clip_norm,
            select_by="last_epoch",
            patience=None,
        ),
        seed=settings.seed,
    )
    watched = measure_flows(rows, starts, choices, progress)
    probe = probe_simple(rows, starts, choices)
    results = _results(watched, probe, settings)
    figure = png(_figure(watched, probe, settings))
    return ExperimentResult(
        results=results, content=_content(results, figure, settings), figures={"vanishing-gradients": figure}
    )


def _results(watched: list[Watched], probe: Probe, settings: VanishingGradients) -> dict[str, Any]:
    networks: dict[str, dict[str, Any]] = {cell: {} for cell in CELLS}
    for each in watched:
        networks[each.start.cell][each.start.name] = {
            "fresh": _told(each.fresh),
            "trained": _told(each.trained),
            "validation_one_step": each.error,
        }
    doubling = np.exp(probe.doubled.log_norms - probe.exploding.log_norms)
    linearity = {
        "backward_ratio_min": float(doubling.min()),
        "backward_ratio_max": float(doubling.max()),
        "forward_ratio": probe.forward_ratio,
    }
    clipping = {
        "clip_norm": settings.clip_norm,
        "factor": probe.factor,
        "gradient_norm": probe.exploding.gradient_norm,
        "gradient_norm_clipped": probe.clipped.gradient_norm,
        "rate": probe.exploding.decay().rate,
        "rate_clipped": probe.clipped.decay().rate,
    }
    return {
        "experiment": "vanishing-gradients",
        "seed": settings.seed,
        "window": settings.window,
        "hidden_size": settings.hidden_size,
        "epochs": settings.epochs,
        "vanishing": VANISHING,
        "exploding": EXPLODING,
        "networks": networks,
        "linearity": linearity,
        "clipping": clipping,
        "verdict": _verdict(networks, linearity, clipping, settings),
        "notes": [_LAW, _CAUTION, *_rows(networks)],
    }


def _told(flow: FlowRecord) -> dict[str, Any]:
    return {
        "flow": flow.flow,
        "rate": flow.rate,
        "uncertainty": flow.uncertainty,
        "factor": None if flow.rate is None else math.exp(flow.rate),
        "gradient_norm": flow.gradient_norm,
    }


_LAW = (
    "A law exp(rate · lag) is fitted to the norm of the derivative of the last step's loss by the states, window by "
    f"window. A gradient that falls by it below {VANISHING:g} of its size over the window is called vanishing, one "
    f"that grows beyond {EXPLODING:g} times it exploding. The uncertainty is the standard error over the windows."
)
_CAUTION = "A vanishing gradient need not do harm: on a noisy sine the next value follows from the last few."


def _rows(networks: dict[str, dict[str, Any]]) -> list[str]:
    return [
        f"{cell.upper()}, {name}: before training {_law(net['fresh'])}; after it {_law(net['trained'])}."
        for cell, members in networks.items()
        for name, net in members.items()
    ]


def _law(told: dict[str, Any]) -> str:
    if told["rate"] is None:
        return "no gradient"
    return (
        f"{told['flow']}, a factor of {told['factor']:.3f} a step (rate {told['rate']:.3f} ± {told['uncertainty']:.3f})"
    )


def _verdict(
    networks: dict[str, dict[str, Any]],
    linearity: dict[str, float],
    clipping: dict[str, float],
    settings: VanishingGradients,
) -> list[str]:
    classes: dict[str, list[str]] = {}
    for cell, of_cell in networks.items():
        for start, net in of_cell.items():
            classes.setdefault(net["fresh"]["flow"], []).append(f"{cell.upper()} {start}")
    plain = networks["rnn"]["torch"]["fresh"]
    left = math.exp((plain["rate"] or 0.0) * (settings.window - 1))
    members = "; ".join(f"{flow} in {', '.join(names)}" for flow, names in sorted(classes.items()))
    started = f"Before training, gradients are {members}."
    reach = (
        f"In a simple network as torch draws it, a step back multiplies the gradient by {plain['factor']:.2f}: of an "
        f"error {settings.window - 1} steps later a share of {format_number(left, digits=2)} arrives."
    )
    linear = (
        f"The backward pass is linear: twice the error gives {linearity['backward_ratio_min']:.6f} to "
        f"{linearity['backward_ratio_max']:.6f} times the gradient at every lag. The forward pass is not: twice the "
        f"input gives {linearity['forward_ratio']:.4g} times the state."
    )
    clipped = (
        "Clipping shortens the gradient of the network of large weights from "
        f"{format_number(clipping['gradient_norm'], digits=3)} to "
        f"{format_number(clipping['gradient_norm_clipped'], digits=3)} and leaves its rate as it was, "
        f"{clipping['rate_clipped']:.3f} a step: it bounds the step, and does not bring far lags closer to near ones."
        if clipping["factor"] < 1
        else "There is nothing to clip: the gradient of the network of large weights is short enough."
    )
    return [started, reach, linear, clipped]


_LINES = {
    "torch": Stroke(color="#D55E00"),
    "sparse": Stroke(color="#0072B2"),
    "orthogonal": Stroke(color="#009E73"),
    "identity": Stroke(color="#CC79A7", linestyle=(0, (6, 2))),
    LARGE: Stroke(color="#000000", linestyle=(0, (2, 1))),
    "forget-bias": Stroke(color="#0072B2", linestyle=(0, (6, 2))),
    "chrono": Stroke(color="#CC79A7", linestyle=(0, (6, 2))),
}


def _figure(watched: list[Watched], probe: Probe, settings: VanishingGradients) -> "matplotlib.figure.Figure":
    flows = {
        "twice the error": probe.doubled,
        "the error": probe.exploding,
        f"clipped to {settings.clip_norm:g}": probe.clipped,
    }
    last = FlowPanel(
        title=f"RNN, {LARGE}: error doubled, clipped",
        log_norms={name: flow.typical_log_norms[0] for name, flow in flows.items()},
        lines=dict(zip(flows, (_LINES["torch"], _LINES[LARGE], _LINES["orthogonal"]), strict=True)),
        relative=False,
    )
    return gradient_sheet(
        [
            [_panel(watched, cell, "before training", trained=False) for cell in CELLS],
            [_panel(watched, cell, f"after {settings.epochs} epochs", trained=True) for cell in CELLS],
        ],
        {f"RNN, {name}: singular values": (probe.lags, values) for name, values in probe.spectra.items()},
        last,
    )


def _panel(watched: list[Watched], cell: str, when: str, *, trained: bool) -> FlowPanel:
    return FlowPanel(
        title=f"{cell.upper()}, {when}",
        log_norms={
            each.start.name: _log_norms(each.trained if trained else each.fresh)
            for each in watched
            if each.start.cell == cell
        },
        lines=_LINES,
        bounds=(VANISHING, EXPLODING),
    )


def _log_norms(flow: FlowRecord) -> Float[ndarray, " lag"]:
    return np.array([math.nan if each is None else each for each in flow.log_norms])


def _content(results: dict[str, Any], figure: bytes, settings: VanishingGradients) -> ReportContent:
    return ReportContent(
        title="Vanishing and exploding gradients",
        verdict=results["verdict"],
        notes=results["notes"],
        figures=[
            ReportFigure(
                caption="Norm of the derivative of the last step's loss by the states, against the steps between them, "
                "relative to the last step: geometric means over windows, before and after a short training; dotted, "
                "the bounds of vanishing and exploding. Below, the singular values of ∂h(T)/∂h(T−k), and what doubling "
                "and clipping the error do to the gradient of the network that starts with large weights.",
                alt="Nine panels: curves of the gradient's norm by lag for three cells and several starts, before and "
                "after training; singular values of products of Jacobians for two starts; a gradient with its error "
                "doubled and clipped.",
                png=figure,
            )
        ],
        references=[
            Reference(
                name="Vanishing gradients",
                equation="∂h(T)/∂h(T−k) = J(T) J(T−1) … J(T−k+1),  J(t) = ∂h(t)/∂h(t−1)",
                citation="Y. Bengio, P. Simard and P. Frasconi, IEEE Transactions on Neural Networks 5 (1994) 157.",
            ),
            Reference(
                name="Clipping",
                citation="R. Pascanu, T. Mikolov and Y. Bengio, ICML 2013, section 3.2.",
            ),
        ],
        seed=settings.seed,
    )


VANISHING_GRADIENTS = Experiment(
    name="vanishing-gradients",
    summary="How far gradients reach back through RNN, LSTM and GRU, by the way their weights start.",
    settings=VanishingGradients,
    run=run,
)
