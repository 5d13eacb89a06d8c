"""How a network is trained, in numbers."""

import math
from dataclasses import dataclass, field, fields
from typing import Any, Literal, TypeAlias, TypeGuard, get_args

from pendula.errors import ArgumentError, did_you_mean
from pendula.optim import HessianFreeSettings, momentum_at

__all__ = ["Device", "Loss", "Method", "Precision", "Schedule", "Selection", "Tool", "Training"]

Method: TypeAlias = Literal["adam", "adamw", "nesterov", "hessian-free", "ridge", "gauss-newton"]
Schedule: TypeAlias = Literal["constant", "cosine"]
Loss: TypeAlias = Literal["last", "every"]
Selection: TypeAlias = Literal["one_step", "free_run", "last_epoch"]
Device: TypeAlias = Literal["cpu", "cuda"]
Precision: TypeAlias = Literal["float32", "float64"]
Tool: TypeAlias = Literal["pendula", "keras"]

LAST_MOMENTUM = 0.9
"""The momentum is lowered to this at the end, so that what it accumulated in flat directions settles in steep ones."""
LAST_SHARE = 0.02
"""The last of so many steps of all; published are 1000 of 50 000 or more."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Training:
    """The settings of the training loop.

    Attributes:
        epochs: How often the training part is gone through, at most.
        batch_size: Windows in a step; with `carry_state`, streams that advance together.
        method: adam; adamw, whose weight decay does not pass through the gradient; nesterov, accelerated gradient
            descent whose momentum grows; hessian-free, which takes one long step an epoch, along a solution of the
            quadratic model of the loss; ridge, which solves for the readout of an echo state network; or gauss-newton,
            which fits a differential equation by least squares. None for what suits the cell: ridge, gauss-newton, and
            adam with the others.
        learning_rate: Step size of the method, at its largest.
        hessian_free: Settings of the method hessian-free, which knows no batches, learning rate, clipping or decay.
        momentum: Limit of the momentum with the method nesterov; in the last fiftieth of the steps it is at most 0.9.
        weight_decay: Pull of the weights towards zero.
        schedule: The learning rate stays constant, or falls to zero along half a cosine.
        clip_norm: Longest gradient that is not shortened; None clips nothing.
        patience: Epochs without improvement on the validation part after which training stops; None never stops.
        loss: Score the prediction after the last step of a window, or after every step from `washout` on.
        washout: Steps at the start of a window that are not scored with the loss of every step; with a reservoir
            those at the start of each stretch of the record that its readout does not learn from, where 0 takes 50, or
            a tenth of a short stretch.
        horizon: Steps after the window that are scored; those after the first are a free run. 1 scores the next value
            alone. The loss is the mean square of the errors one step ahead plus that over the steps of the run, each
            in units of what the network predicts: it grows with the curriculum.
        curriculum: Fraction of the epochs during which the horizon grows to its full length, in equal steps.
        teacher_forcing_start: Probability, in the first epoch, that a step beyond the window is fed the true value
            instead of the prediction. 1 at both ends is teacher forcing, 0 a free run, 1 to 0 scheduled sampling.
        teacher_forcing_end: The same in the last epoch of the curriculum and after it.
        input_noise: Standard deviation of Gaussian noise added to the inputs, in scaled units.
        steps_per_epoch: Draw this many random batches an epoch instead of going through all windows; None for all.
        carry_state: Truncated back-propagation through time: successive windows of long streams, whose state is
            carried over and through which no gradient flows.
        select_by: Keep the weights of the epoch with the smallest one-step or free-run error on the validation part,
            or those of the last epoch.
        engine: What trains: Pendula itself; or Keras, with its own layers, `compile` and `fit`, one step ahead by adam
            or adamw, for which the extra `pendula[keras]` is needed.
        precision: Floating point of the training.
        device: Where the training runs: cpu or cuda.
        checkpoint_seconds: Least time between two checkpoints.
        watch_gradients: Record after a few epochs how the gradient flows back through time; the training is the same.

    References:
        Momentum: I. Sutskever et al., ICML 2013, section 3. Scheduled sampling: S. Bengio et al., NeurIPS 2015, section
        2.4. AdamW: I. Loshchilov and F. Hutter, ICLR 2019.

    Examples:
        >>> Training(epochs=10).learning_rate
        0.001
    """

    epochs: int = 100
    batch_size: int = 32
    method: Method | None = None
    learning_rate: float = 1e-3
    hessian_free: HessianFreeSettings = field(default_factory=HessianFreeSettings)
    momentum: float = 0.99
    weight_decay: float = 0.0
    schedule: Schedule = "cosine"
    clip_norm: float | None = 1.0
    patience: int | None = 30
    loss: Loss = "last"
    washout: int = 0
    horizon: int = 1
    curriculum: float = 0.5
    teacher_forcing_start: float = 0.0
    teacher_forcing_end: float = 0.0
    input_noise: float = 0.0
    steps_per_epoch: int | None = None
    carry_state: bool = False
    select_by: Selection = "one_step"
    engine: Tool = "pendula"
    precision: Precision = "float32"
    device: Device = "cpu"
    checkpoint_seconds: float = 10.0
    watch_gradients: bool = False

    def __post_init__(self) -> None:
        for name, kind in _NAMES.items():
            if (value := getattr(self, name)) is not None or name != "method":
                _check_name(name, value, get_args(kind))
        for name in ("epochs", "batch_size", "patience", "horizon", "steps_per_epoch"):
            _check_whole(name, getattr(self, name), optional=name in {"patience", "steps_per_epoch"}, low=1)
        _check_whole("washout", self.washout, optional=False, low=0)
        for name in ("learning_rate", "clip_norm"):
            _check_number(name, getattr(self, name), above=True)
        for name in ("weight_decay", "input_noise", "checkpoint_seconds"):
            _check_number(name, getattr(self, name), above=False)
        for name in ("curriculum", "teacher_forcing_start", "teacher_forcing_end"):
            _check_share(name, getattr(self, name))
        if not isinstance(self.watch_gradients, bool):
            raise ArgumentError(f"`watch_gradients` must be True or False: got {self.watch_gradients!r}. Choose one.")
        if not _is_number(self.momentum) or not 0 <= self.momentum < 1:
            raise ArgumentError(
                f"`momentum` must be a number from 0 up to 1: expected less than 1, got {self.momentum}. "
                "Published values are 0.9 to 0.995."
            )
        if self.carry_state and (self.loss != "every" or self.horizon > 1):
            raise ArgumentError(
                "`carry_state` must go with the loss of every step: expected loss='every' and horizon=1, "
                f"got loss='{self.loss}' and horizon={self.horizon}. Streams have no last step."
            )
        if self.method == "hessian-free":
            _check_hessian_free(self)
        if self.engine == "keras":
            _check_keras(self)

    def horizon_in(self, epoch: int) -> int:
        """Give the free-run length of an epoch under the curriculum.

        Args:
            epoch: Counted from 1.

        Returns:
            Steps, from 1 to `horizon`.

        Examples:
            >>> [Training(epochs=10, horizon=8).horizon_in(epoch) for epoch in (1, 3, 5, 10)]
            [2, 5, 8, 8]
        """
        return max(1, math.ceil(self.horizon * self._grown(epoch)))

    def teacher_forcing_in(self, epoch: int) -> float:
        """Give the probability of teacher forcing in an epoch.

        Args:
            epoch: Counted from 1.

        Returns:
            A probability, on the straight line from the start's to the end's.

        Examples:
            >>> scheduled = Training(epochs=10, teacher_forcing_start=1.0)
            >>> [scheduled.teacher_forcing_in(epoch) for epoch in (1, 3, 5, 10)]
            [1.0, 0.5, 0.0, 0.0]
        """
        last = self.curriculum * self.epochs  # the last epoch of the curriculum
        share = 1.0 if last <= 1 else min(1.0, (epoch - 1) / (last - 1))
        return (1 - share) * self.teacher_forcing_start + share * self.teacher_forcing_end

    def learning_rate_at(self, progress: float) -> float:
        """Give the learning rate at a point of the training.

        Args:
            progress: Share of all steps that are done, from 0 to 1.

        Returns:
            The step size.

        Examples:
            >>> Training(learning_rate=0.1).learning_rate_at(0.5)
            0.05
        """
        if self.schedule == "constant":
            return self.learning_rate
        return self.learning_rate * 0.5 * (1 + math.cos(math.pi * min(progress, 1.0)))

    def learning_rate_in(self, epoch: int, share: float) -> float:
        """Give the learning rate within an epoch.

        Args:
            epoch: Counted from 1.
            share: Share of the epoch that is done.

        Returns:
            The step size.

        Examples:
            >>> Training(epochs=10, learning_rate=0.1).learning_rate_in(6, 0.0)
            0.05
        """
        return self.learning_rate_at((epoch - 1 + min(share, 1.0)) / self.epochs)

    def momenta_in(self, epoch: int, step: int, *, steps: int) -> tuple[float, float]:
        """Give the momentum of a step and of the one after it.

        Args:
            epoch: Counted from 1.
            step: Within the epoch, counted from 0.
            steps: Of an epoch.

        Returns:
            Two numbers below 1.

        Examples:
            >>> Training(epochs=10).momenta_in(1, 249, steps=500)
            (0.5, 0.75)
            >>> Training(epochs=10).momenta_in(10, 399, steps=500)  # the last fiftieth begins
            (0.975, 0.9)
        """
        taken = (epoch - 1) * steps + step
        return self._momentum_at(taken, self.epochs * steps), self._momentum_at(taken + 1, self.epochs * steps)

    def _momentum_at(self, step: int, steps: int) -> float:
        if step >= (1 - LAST_SHARE) * steps:
            return min(self.momentum, LAST_MOMENTUM)
        return momentum_at(step, largest=self.momentum)

    def _grown(self, epoch: int) -> float:
        growth_epochs = self.curriculum * self.epochs
        return 1.0 if growth_epochs == 0 else min(1.0, epoch / growth_epochs)


_NAMES: dict[str, Any] = {
    "method": Method,
    "schedule": Schedule,
    "loss": Loss,
    "select_by": Selection,
    "engine": Tool,
    "precision": Precision,
    "device": Device,
}
assert set(_NAMES) <= {field.name for field in fields(Training)}


_OF_HESSIAN_FREE: dict[str, Any] = {
    "horizon": 1,
    "carry_state": False,
    "weight_decay": 0.0,
    "steps_per_epoch": None,
    "device": "cpu",
}


def _check_hessian_free(settings: Training) -> None:
    for name, expected in _OF_HESSIAN_FREE.items():
        if (value := getattr(settings, name)) != expected:
            raise ArgumentError(
                f"`{name}` must be {expected} with method hessian-free: got {value}. Leave it out, or choose adam."
            )


_OF_KERAS: dict[str, Any] = {"loss": "last", "horizon": 1, "carry_state": False, "device": "cpu"}


def _check_keras(settings: Training) -> None:
    for name, expected in _OF_KERAS.items():
        if (value := getattr(settings, name)) != expected:
            raise ArgumentError(
                f"`{name}` must be {expected} with engine keras, which learns to predict one step ahead: got {value}. "
                "Leave it out, or choose engine pendula."
            )
    if settings.method not in {None, "adam", "adamw"}:
        raise ArgumentError(
            f"`method` must be adam or adamw with engine keras: got {settings.method}. Choose one, or engine pendula."
        )
    if settings.weight_decay and settings.method != "adamw":
        raise ArgumentError(
            f"`weight_decay` must go with adamw in engine keras, whose adam has none: got {settings.weight_decay}. "
            "Choose method adamw."
        )


def _check_name(name: str, value: str, known: tuple[str, ...]) -> None:
    if value not in known:
        raise ArgumentError(
            f"`{name}` must be a known choice: expected one of {', '.join(known)}, got {value}."
            + did_you_mean(str(value), known, listed=True)
        )


def _check_whole(name: str, value: int | None, *, optional: bool, low: int) -> None:
    if value is None and optional:
        return
    if not isinstance(value, int) or isinstance(value, bool) or value < low:
        raise ArgumentError(f"`{name}` must be a whole number: expected {low} or more, got {value}. Count it up.")


def _check_number(name: str, value: float | None, *, above: bool) -> None:
    if value is None and name == "clip_norm":
        return
    if not _is_number(value) or not math.isfinite(value) or value < 0 or (above and value == 0):
        rule = "be positive" if above else "not be negative"
        raise ArgumentError(f"`{name}` must {rule}: expected a finite number, got {value}. Choose another.")


def _check_share(name: str, value: float) -> None:
    if not _is_number(value) or not 0 <= value <= 1:
        raise ArgumentError(f"`{name}` must lie between 0 and 1: expected a fraction, got {value}. 1 is all of it.")


def _is_number(value: object) -> TypeGuard[float]:
    return isinstance(value, float | int) and not isinstance(value, bool)
