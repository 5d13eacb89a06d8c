"""What the native core learns: a network, and where inputs and targets lie."""

from typing import Any, Protocol, runtime_checkable

import torch

from pendula.nn import Forecaster, Readout
from pendula.nn.kernels.problem import CELLS
from pendula.nn.recurrent import RecurrentLayer
from pendula.optim import OutputLoss
from pendula.series.windows import Windows
from pendula.training.flat import BITS
from pendula.training.likelihood import shown_loss
from pendula.training.obstacles import first_scored
from pendula.training.pieces import WindowPieces
from pendula.training.settings import Training

__all__ = ["ForecastTask", "NativeTask", "PairedTask"]


@runtime_checkable
class NativeTask(Protocol):
    """A network with what it is to learn."""

    @property
    def windows(self) -> Windows:
        """What the network is shown."""

    def describe(self, learner: Any) -> None:
        """Tell the core.

        Args:
            learner: The core's `Learner`, which is filled in.
        """

    def shown(self, loss: float) -> float:
        """Say a mean loss as the history does.

        Args:
            loss: As the core minimizes it.

        Returns:
            The loss; of a likelihood, the squared deviation that it stands for.
        """


class ForecastTask:
    """A forecaster, and the values that follow in its windows.

    Args:
        forecaster: The network, which `why_not_native` has nothing against.
        windows: Windows of the training part.
        settings: How to train.
        window: Steps of input.
    """

    def __init__(self, forecaster: Forecaster, windows: Windows, settings: Training, *, window: int) -> None:
        self.forecaster, self.windows, self.settings, self.window = forecaster, windows, settings, window
        linear = forecaster.linear
        self._linear = () if linear is None else (linear.weight.t().contiguous(), linear.bias.contiguous())

    def describe(self, learner: Any) -> None:
        """Tell the core.

        Args:
            learner: The core's `Learner`, which is filled in.
        """
        forecaster, network = self.forecaster, self.forecaster.network
        _describe_stack(learner, forecaster.recurrent)
        _describe_windows(learner, self.windows)
        learner.window = self.window
        learner.first_scored = first_scored(forecaster, self.settings, self.window)
        learner.channels, learner.controls = forecaster.channels, forecaster.controls
        learner.leads, learner.lags = network.leads, network.linear_lags
        learner.increments, learner.residual = network.increments, network.residual
        learner.output_scale = forecaster.output_scale.data_ptr()
        learner.increment_scale = forecaster.increment_scale.data_ptr()
        if self._linear:
            learner.linear_weight, learner.linear_bias = (part.data_ptr() for part in self._linear)
        learner.components = 0 if forecaster.spread is None else forecaster.spread.components

    def shown(self, loss: float) -> float:
        """Say a mean loss as the history does.

        Args:
            loss: As the core minimizes it.

        Returns:
            The loss; of a likelihood, the squared deviation that it stands for.
        """
        return shown_loss(self.forecaster, loss)


class PairedTask:
    """A readout, and the targets that stand beside the rows of its windows.

    Args:
        readout: The network, which `why_not_native_pairs` has nothing against.
        pieces: Windows and targets of the training part.
        loss: Of outputs and targets.
    """

    def __init__(self, readout: Readout, pieces: WindowPieces, loss: OutputLoss) -> None:
        self.readout, self.windows, self.targets = readout, pieces.windows, pieces.targets
        self._class_weights = torch.tensor(loss.class_weights, dtype=torch.float64)

    def describe(self, learner: Any) -> None:
        """Tell the core.

        Args:
            learner: The core's `Learner`, which is filled in.
        """
        targets = self.targets
        _describe_stack(learner, self.readout.recurrent)
        _describe_windows(learner, self.windows)
        learner.window, learner.first_scored = self.windows.length, self.readout.washout
        learner.channels, learner.leads = self.windows.values.shape[1], 1
        learner.asked, learner.outputs = targets.data_ptr(), self.readout.head.out_features
        learner.asked_classes = not targets.is_floating_point()
        learner.asked_row, learner.asked_column = targets.stride(0), 0 if learner.asked_classes else targets.stride(1)
        learner.class_weights = self._class_weights.data_ptr() if len(self._class_weights) else 0

    def shown(self, loss: float) -> float:
        """Say a mean loss as the history does.

        Args:
            loss: As the core minimizes it.

        Returns:
            The same.
        """
        return loss


def _describe_stack(learner: Any, stack: RecurrentLayer) -> None:
    learner.cell = CELLS[stack.mode.lower()]
    learner.input_size, learner.hidden_size = stack.input_size, stack.hidden_size
    learner.num_layers = stack.num_layers


def _describe_windows(learner: Any, windows: Windows) -> None:
    values = windows.values
    learner.series, learner.series_bits = values.data_ptr(), BITS[values.dtype]
    learner.series_row, learner.series_column = values.stride()
