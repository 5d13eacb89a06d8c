"""Training steps on a GPU that are recorded once and replayed, so that small networks do not wait for launches."""

import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeAlias

import torch
from torch import Tensor

from pendula.nn import Forecaster
from pendula.shapes import BatchTensor
from pendula.training.objective import Draws
from pendula.training.optimizer import Optimizer
from pendula.training.settings import Training

__all__ = ["WARM_UP", "GraphedStep", "GraphedSteps", "Recorder", "Step", "make_graphs", "why_not_graphed"]

WARM_UP = 3
"""Steps that are taken one operation at a time before one is recorded: libraries choose their kernels in them, and the
optimizer makes its state."""
HOOKS = ("_forward_hooks", "_forward_pre_hooks", "_backward_hooks", "_backward_pre_hooks")

Step: TypeAlias = Callable[[BatchTensor, Draws], tuple[Tensor, Tensor]]
"""A training step from a batch and its draws to the loss and the gradient's norm."""
Recorder: TypeAlias = Callable[[Step, BatchTensor, Draws], Step]
"""What records a step with a batch and its draws."""


def why_not_graphed(forecaster: Forecaster, settings: Training) -> str:
    """Say why the training steps of a forecaster are not recorded.

    Args:
        forecaster: The network, on its device.
        settings: How to train.

    Returns:
        The reason, in words; empty if they are.

    Examples:
        >>> from pendula.nn import Network, build
        >>> why_not_graphed(build(Network(), 1), Training())
        'its steps run on the cpu'
    """
    if settings.carry_state:
        return "its state goes from step to step"
    if forecaster.network.dropout:
        return "cuDNN draws the units to drop from a state of its own"
    if any(getattr(part, hooks) for part in forecaster.modules() for hooks in HOOKS):
        return "its hooks are Python, which a replay leaves out"
    if (device := forecaster.output_scale.device).type != "cuda":
        return f"its steps run on the {device.type}"
    return ""


def make_graphs(forecaster: Forecaster, optimizer: Optimizer, settings: Training) -> "GraphedSteps | None":
    """Make what records the training steps of a forecaster.

    Args:
        forecaster: The network, on its device.
        optimizer: Of its parameters.
        settings: How to train.

    Returns:
        The recorder, or None where they cannot be recorded.
    """
    if why_not_graphed(forecaster, settings):
        return None
    return GraphedSteps(optimizer, device=forecaster.output_scale.device)


class GraphedStep:
    """One training step as a CUDA graph: forward and backward pass, clipping and the optimizer's update.

    Nothing is computed while it is recorded. The gradient's memory is the graph's own, so that a step may be taken one
    operation at a time in between.

    Args:
        step: The step; it has been taken before, on the stream that is current, which is not the default one.
        pieces: A batch, whose shape the step keeps.
        draws: Its draws.
    """

    def __init__(self, step: Step, pieces: BatchTensor, draws: Draws) -> None:
        self._pieces = pieces.clone()
        self._draws = Draws(*(None if drawn is None else drawn.clone() for drawn in (draws.noise, draws.forced)))
        self._graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(self._graph, stream=torch.cuda.current_stream()):
            self._loss, self._norm = step(self._pieces, self._draws)

    def __call__(self, pieces: BatchTensor, draws: Draws) -> tuple[Tensor, Tensor]:
        """Take the step.

        Args:
            pieces: A batch of the recorded shape.
            draws: Its draws.

        Returns:
            The loss, and the gradient's norm before it was shortened.
        """
        self._pieces.copy_(pieces)
        for held, drawn in ((self._draws.noise, draws.noise), (self._draws.forced, draws.forced)):
            if held is not None and drawn is not None:
                held.copy_(drawn)
        self._graph.replay()
        # The next replay writes into the same memory.
        return self._loss.clone(), self._norm.clone()


class GraphedSteps:
    """The training steps of one descent, of which the latest kind is kept as a graph.

    The first steps of a kind are real ones too, taken one operation at a time: the recording needs no step that would
    not have been taken without it.

    Args:
        optimizer: Of the network's parameters.
        device: Of the network.
        record: What records a step.
    """

    def __init__(self, optimizer: Optimizer, *, device: torch.device, record: Recorder = GraphedStep) -> None:
        self._optimizer = optimizer
        self._record = record
        self._stream = torch.cuda.Stream(device) if device.type == "cuda" else None  # type: ignore[no-untyped-call]
        self._kind: tuple[object, ...] = ()
        self._places: tuple[int, ...] = ()
        self._taken = 0
        self._recorded: Step | None = None
        self._is_refused = False

    @contextmanager
    def aside(self) -> Iterator[None]:
        """Work on the stream on which steps are recorded, and let the current one wait for it at the end.

        All steps run there, recorded or not: autograd remembers the stream on which it first saw a parameter, and the
        default stream cannot be recorded.

        Yields:
            Nothing.
        """
        if self._stream is None:
            yield
            return
        current = torch.cuda.current_stream(self._stream.device)
        self._stream.wait_stream(current)
        try:
            with torch.cuda.stream(self._stream):
                yield
        finally:
            current.wait_stream(self._stream)

    def begin(self) -> None:
        """Begin an epoch: a graph whose weights or moments have been given other memory since is forgotten."""
        if self._recorded is not None and self._places != self._optimizer.addresses:
            self._forget(())

    def take(self, step: Step, pieces: BatchTensor, draws: Draws, *, horizon: int) -> tuple[Tensor, Tensor]:
        """Take a step: replay it if one of its kind was recorded.

        Args:
            step: The step, one operation at a time.
            pieces: A full batch.
            draws: Its draws.
            horizon: Free-run steps that are scored.

        Returns:
            The loss, and the gradient's norm before it was shortened.
        """
        kind = (horizon, pieces.shape, pieces.dtype, draws.noise is None, draws.forced is None)
        if kind != self._kind:
            self._forget(kind)
        if self._recorded is None and self._taken >= WARM_UP and not self._is_refused:
            self._recorded = self._try(step, pieces, draws)
        if self._recorded is not None:
            return self._recorded(pieces, draws)
        self._taken += 1
        return step(pieces, draws)

    def _try(self, step: Step, pieces: BatchTensor, draws: Draws) -> Step | None:
        try:
            recorded = self._record(step, pieces, draws)
        except RuntimeError as error:
            # Nothing was computed, so that nothing is to be put back.
            self._is_refused = True
            warnings.warn(
                f"A training step could not be recorded as a CUDA graph ({' '.join(str(error).split())[:200]}); "
                "training goes on without one, more slowly.",
                RuntimeWarning,
                stacklevel=2,
            )
            return None
        self._places = self._optimizer.addresses
        return recorded

    def _forget(self, kind: tuple[object, ...]) -> None:
        self._kind, self._taken, self._recorded = kind, 0, None
