"""The loss of a batch: one step ahead, and along a free run."""

from dataclasses import dataclass

import torch

from pendula.errors import ArgumentError
from pendula.nn import Forecaster, ForecasterState
from pendula.shapes import Float, ShownTensor, Tensor
from pendula.training.settings import Loss

__all__ = ["Draws", "Objective"]


@dataclass(frozen=True, slots=True)
class Draws:
    """What chance decides about a batch.

    Attributes:
        noise: On the inputs, of unit variance; None for none.
        forced: Which steps of the free run are fed the true value, [step, batch, 1, 1]; None for none.
    """

    noise: Tensor | None
    forced: Tensor | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Objective:
    """What one epoch minimizes: squared errors in units of the forecaster's `output_scale`.

    With a likelihood head it is the negative logarithm of the likelihood instead, in nats per step.

    Attributes:
        window: Steps of input.
        loss: Score the last step of the window, or every step.
        washout: Steps of a fresh window that are not scored with the loss of every step; with a linear path, at least
            as many as it needs for its past.
        horizon: Free-run steps that are scored; the mean over those after the first is added to the one-step loss.
        teacher_forcing: Probability that such a step is fed the true value.
        input_noise: Standard deviation of noise on the inputs, in scaled units.
        generator: Of noise and forcing.
    """

    window: int
    loss: Loss
    washout: int
    horizon: int
    teacher_forcing: float
    input_noise: float
    generator: torch.Generator

    def __call__(
        self,
        forecaster: Forecaster,
        pieces: ShownTensor,
        state: ForecasterState | None = None,
        *,
        draws: Draws | None = None,
    ) -> tuple[Float[Tensor, ""], ForecasterState]:
        """Compute the loss of a batch.

        Args:
            forecaster: The network.
            pieces: `window` steps of input, and the values after them; scaled.
            state: What came before the pieces.
            draws: Of noise and forcing; drawn when left out.

        Returns:
            The loss, and the state at the end of the window.
        """
        draws = self.draw(pieces) if draws is None else draws
        inputs = self._noisy(pieces[:, : self.window], draws.noise, known=forecaster.channels)
        first = self._first_scored(forecaster, carries_on=state is not None)
        if forecaster.spread is not None:
            mixture, end = forecaster.distribute(inputs, state, since=first)
            return -mixture.log_density(forecaster.told(pieces)[:, first + 1 : self.window + 1]).mean(), end
        predictions, end = forecaster(inputs, state)
        loss = self._window_loss(forecaster, predictions, pieces, first=first)
        if self.horizon > 1:
            loss = loss + self._run_loss(forecaster, predictions[:, -1], end, pieces[:, self.window :], draws.forced)
        return loss, end

    def draw(self, pieces: ShownTensor) -> Draws:
        """Draw noise and forcing of a batch.

        Args:
            pieces: The batch.

        Returns:
            The draws, on its device.
        """
        noise = forced = None
        if self.input_noise:
            noise = torch.randn(pieces[:, : self.window].shape, generator=self.generator, dtype=pieces.dtype)
            noise = noise.to(pieces.device, non_blocking=True)
        if self.teacher_forcing and self.horizon > 1:
            draws = [torch.rand(len(pieces), 1, 1, generator=self.generator) for _ in range(1, self.horizon)]
            forced = (torch.stack(draws) < self.teacher_forcing).to(pieces.device, non_blocking=True)
        return Draws(noise, forced)

    def _first_scored(self, forecaster: Forecaster, *, carries_on: bool) -> int:
        # A carried-on window is warm from its first step; a fresh one not before the linear path has its past.
        if self.loss == "last":
            return self.window - 1
        return 0 if carries_on else max(self.washout, forecaster.network.linear_lags - 1)

    def _window_loss(self, forecaster: Forecaster, predictions: Tensor, pieces: ShownTensor, *, first: int) -> Tensor:
        leads = forecaster.network.leads
        told = forecaster.told(pieces)[:, 1 : self.window + leads]
        targets = told.unfold(1, leads, 1).transpose(2, 3)  # batch, time, lead, channel
        errors = (predictions[:, first:] - targets[:, first:]) / forecaster.output_scale
        return errors.square().mean()

    def _run_loss(
        self, forecaster: Forecaster, block: Tensor, state: ForecasterState, future: Tensor, forced: Tensor | None
    ) -> Tensor:
        # The first value of the future is the window loss's; the run goes on from its prediction.
        value, errors, truth = block, [], forecaster.told(future)
        for step in range(1, self.horizon):
            if forced is not None:
                value = torch.where(forced[step - 1], truth[:, step - 1 : step], value)
            if forecaster.controls:
                value = torch.cat([value, future[:, step - 1 : step, forecaster.channels :]], dim=-1)
            predictions, state = forecaster(value, state)
            value = predictions[:, -1]
            errors.append((value - truth[:, step : step + 1]) / forecaster.output_scale)
        return torch.cat(errors, dim=1).square().mean()

    def _noisy(self, inputs: ShownTensor, noise: Tensor | None, *, known: int) -> ShownTensor:
        if noise is None:
            return inputs
        noisy = inputs[..., :known] + self.input_noise * noise[..., :known]
        return torch.cat([noisy, inputs[..., known:]], dim=-1)  # controls are known as they are


def check_objective(*, window: int, washout: int, horizon: int, leads: int, carry_state: bool = False) -> None:
    """Check that the lengths of a training set-up fit each other.

    Args:
        window: Steps of input.
        washout: Steps that are not scored.
        horizon: Free-run steps that are scored.
        leads: Steps the head predicts at once.
        carry_state: Whether windows follow each other in streams.

    Raises:
        ArgumentError: If nothing of the window would be scored, or if a direct forecaster ran freely or in streams.
    """
    if washout >= window:
        raise ArgumentError(
            f"`washout` must be shorter than the window: expected at most {window - 1} steps, got {washout}. "
            "Lower `washout`, or lengthen `window`."
        )
    if leads > 1 and carry_state:
        raise ArgumentError(
            f"`carry_state` must be off for a direct forecaster, which predicts {leads} steps at once. Choose 1 lead."
        )
    if leads > 1 and horizon > 1:
        raise ArgumentError(
            f"`horizon` must be 1 for a direct forecaster, which predicts {leads} steps at once: got {horizon}. "
            "Choose `leads` or `horizon`."
        )
