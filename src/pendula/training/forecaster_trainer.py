"""The training run of a forecaster."""

from dataclasses import fields

import torch

from pendula.errors import ArgumentError
from pendula.nn import Forecaster
from pendula.series.windows import Windows
from pendula.training.descent import Descent
from pendula.training.device import usable_device
from pendula.training.engine import Engine, ForeignDescent, MakeForeign, make_descent
from pendula.training.events import Listener
from pendula.training.hessian_free_descent import HessianFreeDescent
from pendula.training.method import method_for
from pendula.training.native_descent import NativeDescent
from pendula.training.optimizer import Optimizer, make_optimizer
from pendula.training.settings import Training
from pendula.training.trained import Course, Trained
from pendula.training.trainer import Errors, Trainer
from pendula.training.validation import Validation

__all__ = ["ForecasterTrainer"]


class ForecasterTrainer(Trainer):
    """The moving parts of a forecaster's training run.

    Args:
        forecaster: The network; it is trained in place.
        windows: Windows of the training part.
        settings: How to train.
        window: Steps of input.
        seed: Of all randomness.
        validation: Windows to select the best epoch by, or None.
        listener: Hears the events.
        engine: What takes the steps; the native core wherever it can when left out.
        threads: How many a step of the native core is spread over; those of torch when left out.
        foreign: Makes what runs the epochs where another tool trains, as the settings' engine says.

    Attributes:
        engine: What takes the steps.

    Raises:
        ArgumentError: If the method makes no sense for the cell, or the native core is asked for and cannot.
    """

    def __init__(
        self,
        forecaster: Forecaster,
        windows: Windows,
        settings: Training,
        *,
        window: int,
        seed: int,
        validation: Validation | None,
        listener: Listener,
        engine: Engine | None = None,
        threads: int | None = None,
        foreign: MakeForeign | None = None,
    ) -> None:
        method_for(forecaster.network, settings)
        self.forecaster = forecaster.to(usable_device(settings), getattr(torch, settings.precision))
        self.validation = validation
        optimizer: Optimizer | HessianFreeDescent | ForeignDescent
        descent: Descent | NativeDescent | HessianFreeDescent | ForeignDescent
        if settings.engine == "keras":
            optimizer = descent = _made(foreign, settings)(
                forecaster, windows, settings, window=window, seed=seed, listener=listener
            )
        elif settings.method == "hessian-free":
            optimizer = descent = HessianFreeDescent(forecaster, windows, settings, window=window, seed=seed)
        else:
            optimizer = make_optimizer(forecaster, settings)
            descent = make_descent(
                forecaster,
                optimizer,
                windows,
                settings,
                window=window,
                seed=seed,
                listener=listener,
                engine=engine,
                threads=threads,
            )
        own: Engine = "native" if isinstance(descent, NativeDescent) else "autograd"
        super().__init__(
            forecaster,
            descent=descent,
            optimizer=optimizer,
            settings=settings,
            windows=len(windows),
            measure=None if validation is None else self._measured,
            listener=listener,
            engine="keras" if settings.engine == "keras" else own,
        )

    @property
    def sequence_gradients(self) -> float:
        """Work up to now, in gradients of one window."""
        if isinstance(self.descent, HessianFreeDescent):
            return self.descent.sequence_gradients
        return super().sequence_gradients

    def finish(self) -> Trained:
        """Put the best weights into the network.

        Returns:
            What training came to.
        """
        course = super().finish()
        held = {field.name: getattr(course, field.name) for field in fields(Course)}
        return Trained(forecaster=self.forecaster, **held)

    def _measured(self) -> Errors:
        assert self.validation is not None
        # Free runs cost many small steps; they are worth it where they decide.
        run = self.validation.free_run_error(self.forecaster) if self.settings.select_by == "free_run" else None
        return self.validation.one_step_error(self.forecaster), run


def _made(foreign: MakeForeign | None, settings: Training) -> MakeForeign:
    if foreign is None:
        raise ArgumentError(
            f"`engine` must be pendula where no other tool is handed over: got {settings.engine}. Call `pendula.fit`, "
            "which has them all."
        )
    return foreign
