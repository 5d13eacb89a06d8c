"""Epochs of gradient descent in the native core: no Python between the steps of a call."""

import math
import time
from collections.abc import Sequence
from typing import Any

import torch

from pendula.errors import DivergedError
from pendula.nn import Forecaster
from pendula.nn.kernels.native import core
from pendula.nn.kernels.problem import CELLS
from pendula.nn.network import CELLS as LAYERS
from pendula.series.windows import Windows
from pendula.training.batches import drawn
from pendula.training.events import Listener
from pendula.training.flat_adam import BITS, FlatAdam
from pendula.training.randomness import epoch_generator
from pendula.training.settings import Training
from pendula.training.watch import Watch

__all__ = ["NativeDescent", "NativeEpoch", "Pace", "why_not_native"]

CALL_SECONDS = 1.0
"""A call of the core takes about so long, so that it can be interrupted and progress be told."""
NOISE_BYTES = 2**24
"""A call is handed at most so much noise, but for that of its first step."""
HOOKS = ("_forward_hooks", "_forward_pre_hooks", "_backward_hooks", "_backward_pre_hooks")


def why_not_native(forecaster: Forecaster, windows: Windows, settings: Training, *, window: int) -> str:
    """Say why the native core does not train a forecaster.

    It minimizes the squared errors of the predictions after the last or after every step of shuffled windows.

    Args:
        forecaster: The network, in the precision it is to be trained in.
        windows: Windows of the training part.
        settings: How to train.
        window: Steps of input.

    Returns:
        The reason, in words; empty if it does.

    Examples:
        >>> import numpy as np
        >>> from pendula.nn import Network, build
        >>> windows = Windows(torch.zeros(20, 1), np.array([[0, 20]]), length=11)
        >>> why_not_native(build(Network(), 1), windows, Training(carry_state=True, loss="every"), window=10)
        'it carries no state from window to window'
    """
    network, values = forecaster.network, windows.values
    if settings.carry_state:
        return "it carries no state from window to window"
    if settings.horizon > 1:
        return f"it scores no free run, and `horizon` is {settings.horizon}"
    if network.dropout:
        return f"it drops no units, and `dropout` is {network.dropout}"
    if not (forecaster.channels == values.shape[1] and _is_plain(forecaster)):
        return "it takes no forecaster with hooks, frozen or exchanged parts"
    if _first_scored(forecaster, settings, window) >= window:
        return "no step of a window would be scored"
    if values.device.type != "cpu" or values.dtype not in BITS or windows.length < window + network.leads:
        return f"it takes float32 and float64 on the CPU, and the series is {values.dtype} on {values.device}"
    if forecaster.recurrent.backend != "native":
        return "its layers run in torch"
    return ""


class NativeDescent:
    """All that an epoch of training needs.

    Args:
        forecaster: The network, which `why_not_native` has nothing against; it is trained in place.
        optimizer: Of its parameters.
        windows: Windows of the training part.
        settings: How to train.
        window: Steps of input.
        seed: Of all randomness.
        listener: Hears the progress.
        threads: How many one step is spread over; those of torch when left out.
    """

    def __init__(
        self,
        forecaster: Forecaster,
        optimizer: FlatAdam,
        windows: Windows,
        settings: Training,
        *,
        window: int,
        seed: int,
        listener: Listener,
        threads: int | None = None,
    ) -> None:
        self.forecaster = forecaster
        self.optimizer = optimizer
        self.windows = windows
        self.settings = settings
        self.window = window
        self.seed = seed
        self.listener = listener
        self.threads = threads
        self._pace = Pace()
        linear = forecaster.linear
        self._linear = () if linear is None else (linear.weight.t().contiguous(), linear.bias.contiguous())

    def run(self, epoch: int, *, last_loss: float | None = None) -> tuple[float, float]:
        """Go through the training part once.

        Args:
            epoch: Counted from 1.
            last_loss: Loss of the epoch before, to be named if the first step diverges.

        Returns:
            Mean loss over the samples, and the largest gradient norm.

        Raises:
            DivergedError: If the loss or a weight leaves the finite numbers.
        """
        begun = self.begin(epoch, last_loss=last_loss)
        self._pace.run([begun], threads=begun.learner.threads)
        return begun.finish()

    def begin(self, epoch: int, *, last_loss: float | None = None) -> "NativeEpoch":
        """Prepare an epoch.

        Args:
            epoch: Counted from 1.
            last_loss: Loss of the epoch before, to be named if the first step diverges.

        Returns:
            The epoch, of which no step is taken yet.
        """
        watch = Watch(epoch, self.settings.epochs, last_loss=last_loss, listener=self.listener)
        return NativeEpoch(self, self._learner(), epoch, watch)

    def _learner(self) -> Any:
        network, stack, values = self.forecaster.network, self.forecaster.recurrent, self.windows.values
        settings, optimizer, native = self.settings, self.optimizer, _core()
        optimizer.gather()
        learner = native.Learner()
        learner.cell = CELLS[stack.mode.lower()]
        learner.input_size, learner.hidden_size, learner.num_layers = (
            stack.input_size, stack.hidden_size, stack.num_layers,
        )  # fmt: skip
        learner.batch_size, learner.window = settings.batch_size, self.window
        learner.threads = self.threads or torch.get_num_threads()
        learner.channels, learner.leads, learner.lags = self.forecaster.channels, network.leads, network.linear_lags
        learner.increments, learner.residual = network.increments, network.residual
        learner.first_scored = _first_scored(self.forecaster, settings, self.window)
        learner.output_scale = self.forecaster.output_scale.data_ptr()
        learner.increment_scale = self.forecaster.increment_scale.data_ptr()
        if self._linear:
            learner.linear_weight, learner.linear_bias = (part.data_ptr() for part in self._linear)
        learner.size = optimizer.weights.numel()
        learner.weights, learner.gradients, learner.first_moments, learner.second_moments = optimizer.addresses
        learner.offsets = [optimizer.offsets.get(name, -1) for name in _names(stack.num_layers)]
        learner.beta1, learner.beta2 = optimizer.betas
        learner.epsilon, learner.weight_decay = optimizer.epsilon, optimizer.weight_decay
        learner.decoupled, learner.clip_norm = optimizer.decoupled, optimizer.clip_norm
        learner.series, learner.series_bits = values.data_ptr(), BITS[values.dtype]
        learner.series_row, learner.series_channel = values.stride()
        learner.noise_scale = settings.input_noise
        return learner


class NativeEpoch:
    """One network's epoch, which is run in pieces.

    Args:
        descent: What is trained and how.
        learner: The same for the native core.
        epoch: Counted from 1.
        watch: Over the epoch.

    Attributes:
        learner: What the core is handed.
        failure: What was wrong with the last steps, if anything.
    """

    def __init__(self, descent: NativeDescent, learner: Any, epoch: int, watch: Watch) -> None:
        settings, windows = descent.settings, descent.windows
        self._descent = descent
        self._watch = watch
        self.learner = learner
        self.failure: DivergedError | None = None
        self._generator = epoch_generator(descent.seed, epoch)
        order = drawn(windows, settings.batch_size, generator=self._generator, steps=settings.steps_per_epoch)
        self._starts = windows.starts(order)
        self._steps = math.ceil(len(order) / settings.batch_size)
        rates = [settings.learning_rate_in(epoch, step / self._steps) for step in range(self._steps)]
        self._rates = torch.tensor(rates, dtype=torch.float64)
        self._losses, self._norms = torch.empty_like(self._rates), torch.empty_like(self._rates)
        self._done = 0
        self._noise = torch.empty(0)

    @property
    def bits(self) -> int:
        """Of a weight."""
        return self._descent.optimizer.bits

    @property
    def is_done(self) -> bool:
        """Whether no step is left, or none can be taken any more."""
        return self._done == self._steps or self.failure is not None

    def prepare(self, steps: int) -> None:
        """Hand the next steps to the learner.

        Args:
            steps: How many, at most.
        """
        learner, size = self.learner, self._descent.settings.batch_size
        learner.steps = min(steps, self._steps - self._done, self._noise_steps())
        first = self._done * size
        starts = self._starts[first : first + learner.steps * size]
        learner.windows, learner.starts = len(starts), starts.data_ptr()
        learner.learning_rates = self._rates[self._done :].data_ptr()
        learner.losses, learner.norms = self._losses[self._done :].data_ptr(), self._norms[self._done :].data_ptr()
        learner.noise = self._draw_noise(len(starts))
        learner.taken = self._descent.optimizer.steps

    def conclude(self) -> int:
        """Take in what the learner did.

        Returns:
            How many steps it took.
        """
        taken: int = self.learner.done
        optimizer = self._descent.optimizer
        self._done += taken
        optimizer.steps += taken
        optimizer.learning_rate = float(self._rates[self._done - 1])
        try:
            self._watch.check_losses(self._losses[: self._done])
        except DivergedError as failure:
            self.failure = failure
        else:
            if not self.is_done and self._watch.is_due():
                self._watch.tell(self._done / self._steps, float(self._losses[self._done - 1]))
        return taken

    def finish(self) -> tuple[float, float]:
        """Sum the epoch up.

        Returns:
            Mean loss over the samples, and the largest gradient norm.

        Raises:
            DivergedError: If the loss or a weight left the finite numbers.
        """
        if self.failure is not None:
            raise self.failure
        self._watch.check_weights([self._descent.optimizer.weights], float(self._losses[-1]))
        size = self._descent.settings.batch_size
        weights = torch.full_like(self._losses, size)
        weights[-1] = len(self._starts) - (self._steps - 1) * size
        return float(self._losses @ weights) / len(self._starts), float(self._norms.max())

    def _noise_steps(self) -> int:
        descent = self._descent
        values = descent.windows.values
        each = descent.settings.batch_size * descent.window * descent.forecaster.channels * values.element_size()
        return max(1, NOISE_BYTES // each) if descent.settings.input_noise else self._steps

    def _draw_noise(self, windows: int) -> int:
        descent = self._descent
        if not descent.settings.input_noise:
            return 0
        self._noise = torch.empty(
            windows, descent.window, descent.forecaster.channels, dtype=descent.windows.values.dtype
        )
        for part in torch.split(self._noise, descent.settings.batch_size):
            part.normal_(generator=self._generator)
        return self._noise.data_ptr()


class Pace:
    """How many steps a call of the core takes, found out from call to call."""

    def __init__(self) -> None:
        self._steps = 1

    def run(self, epochs: Sequence[NativeEpoch], *, threads: int) -> None:
        """Run epochs side by side, until each is done or has failed.

        Args:
            epochs: The epochs, of different networks.
            threads: How many the networks are spread over; a single one is spread over its own.
        """
        while left := [epoch for epoch in epochs if not epoch.is_done]:
            began = time.perf_counter()
            for epoch in left:
                epoch.prepare(self._steps)
            for bits in sorted({epoch.bits for epoch in left}):
                _core().descend(bits, [epoch.learner for epoch in left if epoch.bits == bits], threads)
            taken = max(epoch.conclude() for epoch in left)
            seconds = time.perf_counter() - began
            self._steps = max(1, int(taken * CALL_SECONDS / max(seconds, 1e-6)))


def _core() -> Any:
    return core


def _first_scored(forecaster: Forecaster, settings: Training, window: int) -> int:
    if settings.loss == "last":
        return window - 1
    return max(settings.washout, forecaster.network.linear_lags - 1)


def _names(num_layers: int) -> list[str]:
    parts = ("weight_ih", "weight_hh", "bias_ih", "bias_hh", "leak")
    return [f"recurrent.{part}_l{layer}" for layer in range(num_layers) for part in parts] + [
        "head.weight",
        "head.bias",
    ]


def _is_plain(forecaster: Forecaster) -> bool:
    if type(forecaster) is not Forecaster or type(forecaster.recurrent) is not LAYERS[forecaster.network.cell]:
        return False
    if any(getattr(part, hooks) for part in forecaster.modules() for hooks in HOOKS):
        return False
    dtype = forecaster.head.weight.dtype
    learned = {name: held for name, held in forecaster.named_parameters() if held.requires_grad and held.dtype is dtype}
    fixed = {name: held for name, held in forecaster.named_buffers() if held.is_contiguous() and held.is_cpu}
    types = {name: torch.float64 if name.startswith("linear.") else dtype for name in fixed}
    return (
        len(learned) == len(list(forecaster.parameters()))
        and {name: tuple(held.shape) for name, held in (learned | fixed).items()} == _shapes(forecaster)
        and all(held.dtype is types[name] for name, held in fixed.items())
    )


def _shapes(forecaster: Forecaster) -> dict[str, tuple[int, ...]]:
    # Those of everything that the core reads by its address.
    network, channels, outputs = forecaster.network, forecaster.channels, forecaster.network.leads * forecaster.channels
    hidden = network.hidden_size
    width = {"rnn": 1, "gru": 3, "lstm": 4}[network.cell] * hidden
    shapes: dict[str, tuple[int, ...]] = {
        "head.weight": (outputs, hidden),
        "head.bias": (outputs,),
        "output_scale": (network.leads, channels),
        "increment_scale": (channels,),
    }
    if network.linear_lags:
        shapes |= {"linear.weight": (network.linear_lags * channels, outputs), "linear.bias": (outputs,)}
    for layer in range(network.num_layers):
        inputs = hidden if layer else channels * (2 if network.increments else 1)
        parts = {"weight_ih": (width, inputs), "weight_hh": (width, hidden), "bias_ih": (width,), "bias_hh": (width,)}
        shapes |= {f"recurrent.{part}_l{layer}": shape for part, shape in parts.items()}
    return shapes
