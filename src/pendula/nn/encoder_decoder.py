"""One recurrent stack reads a sequence, another writes one of any other length."""

from typing import Literal, TypeAlias, get_args

import torch
from torch import Tensor, nn
from torch.nn import functional

from pendula.errors import ArgumentError, ShapeError, did_you_mean
from pendula.nn.initialization import initialize
from pendula.nn.network import CELLS, Network
from pendula.nn.recurrent import RecurrentLayer
from pendula.nn.weight_memory import require_weights
from pendula.shapes import BatchTensor, Bool, Float, Int

__all__ = ["EncoderDecoder", "Written", "draw_encoder_decoder"]

Written: TypeAlias = Literal["numbers", "classes"]


class EncoderDecoder(nn.Module):
    r"""Read a sequence x_1 … x_n, then write y_1 … y_m, each with the one before it at hand.

    With $h$ the state that the encoder ends in,

    $s_0 = h,\quad s_k = \mathrm{cell}(y_{k-1}, s_{k-1}),\quad \hat y_k = V s_k + c$,

    where $y_0$ is learned. What is fed back is the network's own output, or where it is forced the true one. Input and
    output have lengths and channels of their own.

    Args:
        network: Cell, sizes and dropout of both stacks; what is added to a forecaster is left out.
        inputs: Channels that are read.
        outputs: Channels that are written, or classes.
        written: Numbers are fed back as they are, of classes the likeliest, as a unit vector.

    Raises:
        ArgumentError: If the cell is not one that is trained, or another argument breaks its rule.

    References:
        K. Cho et al., EMNLP 2014, section 2.2; I. Sutskever, O. Vinyals and Q. Le, NeurIPS 2014, section 2. Forcing by
        chance: S. Bengio et al., NeurIPS 2015, section 2.4.

    Examples:
        >>> model = draw_encoder_decoder(Network(cell="gru", hidden_size=8), 2, 1)
        >>> model(torch.zeros(5, 20, 2), 3).shape  # 20 steps of two channels in, three of one channel out
        torch.Size([5, 3, 1])
    """

    def __init__(self, network: Network, inputs: int, outputs: int, *, written: Written = "numbers") -> None:
        super().__init__()
        if network.cell not in CELLS:
            raise ArgumentError(
                f"`cell` must be one that is trained: expected {', '.join(CELLS)}, got {network.cell}. Choose one of "
                "them."
            )
        if written not in get_args(Written):
            raise ArgumentError(
                f"`written` must be a known choice: expected one of {', '.join(get_args(Written))}, got {written}."
                + did_you_mean(str(written), get_args(Written))
            )
        for name, value in (("inputs", inputs), ("outputs", outputs)):
            if value < 1:
                raise ArgumentError(f"`{name}` must be positive: expected 1 or more, got {value}. Count the channels.")
        self.written, self.outputs = written, outputs
        self.encoder, self.decoder = _stack(network, inputs), _stack(network, outputs)
        self.head = nn.Linear(network.hidden_size, outputs)
        self.start = nn.Parameter(torch.zeros(outputs))

    def forward(
        self,
        inputs: BatchTensor,
        steps: int,
        *,
        lengths: Int[Tensor, " batch"] | None = None,
        truth: Tensor | None = None,
        forced: Bool[Tensor, "batch step"] | None = None,
    ) -> Float[Tensor, "batch step output"]:
        """Read sequences and write others.

        Args:
            inputs: What is read; whatever lies beyond a sequence's length has no effect.
            steps: How many steps to write.
            lengths: Steps of each sequence that are read; all when left out.
            truth: What should be written, numbers [batch, step, output] or classes [batch, step]; only for `forced`.
            forced: At which steps the truth is shown to the next one in place of the output; none when left out.

        Returns:
            Outputs of each step: numbers, or logits of the classes.

        Raises:
            ArgumentError: If `steps` is below 1, a length does not lie within the input, or the truth is missing.
            ShapeError: If truth and forcing do not have a row for each sequence and an entry for each step.
        """
        if steps < 1:
            raise ArgumentError(f"`steps` must be positive: expected 1 or more, got {steps}. Write one step at least.")
        if lengths is not None and bool(((lengths < 1) | (lengths > inputs.shape[1])).any()):
            raise ArgumentError(
                f"`lengths` must lie within the input: expected 1 to {inputs.shape[1]}, got {int(lengths.min())} to "
                f"{int(lengths.max())}. Leave empty sequences out."
            )
        shown = None if forced is None else self._shown(truth, (len(inputs), steps), forced)
        _, state = self.encoder(inputs, lengths=lengths)
        first = self.start.expand(len(inputs), 1, self.outputs)
        if shown is not None and forced is not None and bool(forced[:, :-1].all()):
            # Nothing waits for its own output: one pass over all steps.
            return self._read(self.decoder(torch.cat([first, shown[:, :-1]], dim=1), state)[0])
        value, written = first, []
        for step in range(steps):
            states, state = self.decoder(value, state)
            written.append(self._read(states))
            value = self.fed_back(written[-1])
            if shown is not None and forced is not None:
                value = torch.where(forced[:, step, None, None], shown[:, step : step + 1], value)
        return torch.cat(written, dim=1)

    def fed_back(self, outputs: Float[Tensor, "*batch output"]) -> Float[Tensor, "*batch output"]:
        """Give what the decoder is shown of its outputs.

        Args:
            outputs: Of the head.

        Returns:
            Numbers as they are; of classes the unit vector of the likeliest.
        """
        if self.written == "numbers":
            return outputs
        return functional.one_hot(outputs.argmax(-1), self.outputs).to(outputs.dtype)

    def _read(self, states: Tensor) -> Tensor:
        read: Tensor = self.head(states)
        return read

    def _shown(self, truth: Tensor | None, size: tuple[int, int], forced: Tensor) -> Tensor:
        if truth is None:
            raise ArgumentError("`truth` must be given where steps are forced: got none. Leave `forced` out.")
        whole = (*size, self.outputs) if self.written == "numbers" else size
        if tuple(truth.shape) != whole or tuple(forced.shape) != size:
            raise ShapeError(
                f"`truth` and `forced` must hold every step: expected shapes {whole} and {size}, got "
                f"{tuple(truth.shape)} and {tuple(forced.shape)}. Pad short sequences."
            )
        if self.written == "numbers":
            return truth
        return functional.one_hot(truth, self.outputs).to(self.start.dtype)


def _stack(network: Network, channels: int) -> RecurrentLayer:
    return CELLS[network.cell](
        channels, network.hidden_size, num_layers=network.num_layers, dropout=network.dropout, batch_first=True
    )


def draw_encoder_decoder(
    network: Network, inputs: int, outputs: int, *, written: Written = "numbers", seed: int = 0
) -> EncoderDecoder:
    """Draw a fresh encoder and decoder.

    Args:
        network: Cell, sizes, dropout, and how the recurrent weights start.
        inputs: Channels that are read.
        outputs: Channels that are written, or classes.
        written: Numbers or classes.
        seed: Of the weights; the global random state is left alone.

    Returns:
        Both, in float32, on the CPU.

    Raises:
        ArgumentError: If an argument breaks its rule.
        TooLargeError: If their weights do not fit in memory, as training holds them.
    """
    require_weights(network, max(inputs, outputs), networks=2)
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(seed)
        model = EncoderDecoder(network, inputs, outputs, written=written)
        initialize(model.encoder, None, network.initialization, generator=torch.default_generator)
        initialize(model.decoder, model.head, network.initialization, generator=torch.default_generator)
    return model
