"""What takes the steps of training."""

from typing import Literal, Protocol, TypeAlias, runtime_checkable

from pendula.errors import ArgumentError
from pendula.nn import Forecaster
from pendula.series.windows import Windows
from pendula.training.descending import Descends, Remembers
from pendula.training.descent import Descent
from pendula.training.events import Listener
from pendula.training.flat import FlatDescent
from pendula.training.graphed import make_graphs
from pendula.training.native_descent import NativeDescent
from pendula.training.native_task import ForecastTask
from pendula.training.obstacles import why_not_native
from pendula.training.optimizer import Optimizer
from pendula.training.settings import Training

__all__ = ["Engine", "ForeignDescent", "MakeForeign", "check_engine", "make_descent"]

Engine: TypeAlias = Literal["native", "autograd", "keras"]
"""The native core, many steps at a call; Python and torch's autograd, step by step; or Keras."""


@runtime_checkable
class ForeignDescent(Descends, Remembers, Protocol):
    """Epochs that another tool runs, with the state that a checkpoint keeps.

    After each epoch the weights are in the forecaster, and a copied state is put back beside those that it has then.
    """


@runtime_checkable
class MakeForeign(Protocol):
    """Makes what runs the epochs, with the signature of `make_descent`."""

    def __call__(
        self,
        forecaster: Forecaster,
        windows: Windows,
        settings: Training,
        *,
        window: int,
        seed: int,
        listener: Listener,
    ) -> ForeignDescent:
        """Make it.

        Args:
            forecaster: The network, in its precision; it may be given other weights to start from.
            windows: Windows of the training part.
            settings: How to train.
            window: Steps of input.
            seed: Of all randomness.
            listener: Hears the progress.
        """


def make_descent(
    forecaster: Forecaster,
    optimizer: Optimizer,
    windows: Windows,
    settings: Training,
    *,
    window: int,
    seed: int,
    listener: Listener,
    engine: Engine | None = None,
    threads: int | None = None,
) -> Descent | NativeDescent:
    """Make what runs the epochs.

    Args:
        forecaster: The network, on its device and in its precision.
        optimizer: Of its parameters.
        windows: Windows of the training part.
        settings: How to train.
        window: Steps of input.
        seed: Of all randomness.
        listener: Hears the progress.
        engine: What takes the steps; the native core wherever it can when left out.
        threads: How many a step of the native core is spread over; those of torch when left out.

    Returns:
        The native core's descent, or that through autograd.

    Raises:
        ArgumentError: If the native core is asked for and cannot.
    """
    windows = windows.to(forecaster.output_scale.device)
    obstacle = why_not_native(forecaster, windows, settings, window=window)
    check_engine(engine, obstacle)
    if engine != "autograd" and not obstacle and isinstance(optimizer, FlatDescent):
        task = ForecastTask(forecaster, windows, settings, window=window)
        return NativeDescent(task, optimizer, settings, seed=seed, listener=listener, threads=threads)
    return Descent(
        forecaster,
        optimizer,
        windows,
        settings,
        window=window,
        seed=seed,
        listener=listener,
        graphs=make_graphs(forecaster, optimizer, settings),
    )


def check_engine(engine: Engine | None, obstacle: str) -> None:
    """Make sure that the native core can do what it is asked for.

    Args:
        engine: What is asked for.
        obstacle: Why the core cannot, in words; empty if it can.

    Raises:
        ArgumentError: If it cannot.
    """
    if engine == "native" and obstacle:
        raise ArgumentError(
            f"`engine` must be one that can train the network: got native, but {obstacle}. Choose autograd."
        )
