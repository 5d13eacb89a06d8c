"""Epochs that Keras runs: its own layers, `compile` and `fit`, on the windows that Pendula cuts."""

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from torch import Tensor

from pendula.errors import ArgumentError, RunError
from pendula.interop.keras.building import stack_in_keras
from pendula.interop.keras.library import keras_library
from pendula.interop.keras.network import from_keras
from pendula.interop.keras.writing import set_weights
from pendula.nn import Forecaster
from pendula.series.windows import Windows
from pendula.shapes import ndarray
from pendula.training import Listener, Training, derived_seed, epoch_generator, shuffled
from pendula.training.watch import Watch

__all__ = ["KerasDescent"]


class KerasDescent:
    """A forecaster's stack and head as a Keras model that is trained, epoch by epoch.

    The model sees what the stack sees, and learns what the last value and the linear path leave over. It starts from
    weights as Keras draws them, unless the network asks for another initialization. After each epoch its weights are
    put into the forecaster, which is what is validated, kept and used.

    Args:
        forecaster: The network; its weights are changed in place.
        windows: Windows of the training part.
        settings: How to train.
        window: Steps of input.
        seed: Of all randomness.
        listener: Hears the progress.

    Raises:
        ArgumentError: If the network drops units while it is trained, or Keras's backend lacks the precision.
        MissingExtraError: If Keras is not installed.
    """

    def __init__(
        self,
        forecaster: Forecaster,
        windows: Windows,
        settings: Training,
        *,
        window: int,
        seed: int,
        listener: Listener,
    ) -> None:
        network = forecaster.network
        if network.dropout:
            raise ArgumentError(
                f"`dropout` must be 0 with engine keras: got {network.dropout}. Leave it out, or choose engine pendula."
            )
        keras = keras_library()
        _check_precision(keras, settings)
        self._forecaster, self._windows, self._settings = forecaster, windows, settings
        self._window, self._seed, self._listener = window, seed, listener
        self._model = stack_in_keras(
            forecaster.recurrent,
            forecaster.head,
            every_step=False,
            window=window,
            seed=derived_seed(seed, 0) % 2**31,
            zero_head=network.residual or network.linear_lags > 0,
        )
        if network.initialization.kind != "torch":
            set_weights(self._model, forecaster.recurrent, forecaster.head)
        self._model.compile(optimizer=_optimizer(keras, settings), loss="mse", jit_compile=False)
        self._model.optimizer.build(self._model.trainable_variables)
        self._hand_over()

    @property
    def learning_rate(self) -> float:
        """The step size of the last step."""
        return float(_number(self._model.optimizer.learning_rate))

    def run(self, epoch: int, *, last_loss: float | None = None) -> tuple[float, float | None]:
        """Go through the windows once with `fit`.

        Args:
            epoch: Counted from 1.
            last_loss: Loss of the epoch before, to be named if this one diverges.

        Returns:
            Mean loss, in units of `output_scale` squared; and None, since Keras does not tell gradient norms.

        Raises:
            DivergedError: If the loss or a weight leaves the finite numbers.
        """
        watch = Watch(epoch, self._settings.epochs, last_loss=last_loss, listener=self._listener)
        steps = self._settings.steps_per_epoch or math.ceil(len(self._windows) / self._settings.batch_size)
        history = self._model.fit(
            self._batches(epoch),
            steps_per_epoch=steps,
            epochs=1,
            verbose=0,
            shuffle=False,
            callbacks=[self._callback(epoch, steps, watch)],
        )
        loss = float(history.history["loss"][-1])
        watch.check_losses(torch.tensor([loss]))
        watch.check_weights((torch.from_numpy(_array(weight)) for weight in self._model.weights), loss)
        self._hand_over()
        return loss, None

    def tensors(self) -> dict[str, Tensor]:
        """Copy the optimizer's state.

        Returns:
            Its variables, in order, in double precision.
        """
        return {
            f"keras.{number}": torch.from_numpy(_array(variable).astype(np.float64))
            for number, variable in enumerate(self._model.optimizer.variables)
        }

    def restore(self, tensors: dict[str, Tensor]) -> None:
        """Put a copied state back, and the weights of the forecaster into the model.

        Args:
            tensors: What `tensors` gave.

        Raises:
            RunError: If it belongs to another optimizer.
        """
        set_weights(self._model, self._forecaster.recurrent, self._forecaster.head)
        variables = self._model.optimizer.variables
        if tensors.keys() != {f"keras.{number}" for number in range(len(variables))}:
            raise RunError("The checkpoint must belong to this optimizer of Keras: it has others. Start the run anew.")
        for number, variable in enumerate(variables):
            variable.assign(tensors[f"keras.{number}"].numpy().astype(str(variable.dtype)))

    def release(self) -> None:
        """There is nothing to let go of."""

    def _hand_over(self) -> None:
        made = from_keras(self._model)
        assert made.head is not None
        self._forecaster.recurrent.load_state_dict(made.recurrent.state_dict())
        self._forecaster.head.load_state_dict(made.head.state_dict())

    def _batches(self, epoch: int) -> Iterator[tuple[ndarray, ndarray]]:
        settings, forecaster = self._settings, self._forecaster
        generator = epoch_generator(self._seed, epoch)
        batches = shuffled(self._windows, settings.batch_size, generator=generator, steps=settings.steps_per_epoch)
        for batch in batches:
            inputs, targets = batch.pieces[:, : self._window], batch.pieces[:, self._window :]
            if settings.input_noise:
                noise = torch.randn(inputs.shape, generator=generator, dtype=inputs.dtype)
                inputs = inputs + settings.input_noise * noise
            features, added = forecaster.taken_apart(inputs)
            # (target − added) / s = V h + c
            left = (targets[:, : forecaster.network.leads] - added[:, -1]) / forecaster.output_scale
            yield features.numpy(), left.flatten(1).to(features.dtype).numpy()

    def _callback(self, epoch: int, steps: int, watch: Watch) -> Any:
        settings, model, optimizer = self._settings, self._model, self._model.optimizer

        def begin(step: int, logs: Any = None) -> None:
            del logs
            if settings.schedule != "constant":
                _settle(model)
                optimizer.learning_rate = settings.learning_rate_in(epoch, step / steps)

        def end(step: int, logs: Any = None) -> None:
            if watch.is_due() and logs:
                watch.tell((step + 1) / steps, float(logs["loss"]))

        return keras_library().callbacks.LambdaCallback(on_train_batch_begin=begin, on_train_batch_end=end)


def _optimizer(keras: Any, settings: Training) -> Any:
    options = {"learning_rate": settings.learning_rate, "global_clipnorm": settings.clip_norm}
    if settings.method == "adamw":
        return keras.optimizers.AdamW(weight_decay=settings.weight_decay, **options)
    return keras.optimizers.Adam(**options)


def _check_precision(keras: Any, settings: Training) -> None:
    backend = keras.backend.backend()
    if settings.precision == "float64" and backend != "tensorflow":
        raise ArgumentError(
            f"`precision` must be float32 with engine keras on {backend}, where Keras multiplies in single precision "
            "whatever it is told: got float64. Train on TensorFlow, or with engine pendula."
        )


def _settle(model: Any) -> None:
    # On JAX the optimizer's variables travel beside the model while it trains, and what is assigned to them is lost.
    if hasattr(model, "jax_state_sync"):
        model.jax_state_sync()


def _array(variable: Any) -> ndarray:
    return np.array(keras_library().ops.convert_to_numpy(variable))


def _number(value: Any) -> Any:
    return keras_library().ops.convert_to_numpy(value)
