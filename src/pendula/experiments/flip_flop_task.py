"""The flip-flop task: remember the sign of the last pulse on each of several channels."""

from dataclasses import dataclass

import torch
from torch import nn

from pendula.nn import GRU
from pendula.shapes import BatchTensor, Float, Tensor

__all__ = ["Memorizer", "TrainedMemorizer", "draw_pulses", "train_memorizer"]

PULSES = 0.05
"""Chance of a pulse on a channel in a step."""


class Memorizer(nn.Module):
    """A GRU with a linear readout.

    Args:
        bits: Channels of pulses, and of what is to be remembered.
        hidden_size: Units.

    Examples:
        >>> Memorizer(3, 16)(torch.zeros(2, 5, 3)).shape
        torch.Size([2, 5, 3])
    """

    def __init__(self, bits: int, hidden_size: int) -> None:
        super().__init__()
        self.recurrent = GRU(bits, hidden_size, batch_first=True)
        self.readout = nn.Linear(hidden_size, bits)

    def forward(self, pulses: BatchTensor) -> BatchTensor:
        """Tell at every step what the bits are.

        Args:
            pulses: −1, 0 or 1 on each channel.

        Returns:
            The bits as the net remembers them.
        """
        output: Tensor = self.readout(self.recurrent(pulses)[0])
        return output


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class TrainedMemorizer:
    """A net that was trained, and how well it does.

    Attributes:
        net: The net.
        loss: Mean squared error of the last hundred updates.
        wrong: Share of bits whose sign is wrong on sequences it has not seen.
        updates: How many updates it took.
    """

    net: Memorizer
    loss: float
    wrong: float
    updates: int


def draw_pulses(
    batch: int, steps: int, bits: int, *, generator: torch.Generator
) -> tuple[Float[Tensor, "batch time bit"], Float[Tensor, "batch time bit"]]:
    """Draw pulses, and what is to be remembered of them.

    Args:
        batch: How many sequences.
        steps: How long each is.
        bits: Channels.
        generator: Of the pulses.

    Returns:
        Pulses of −1 and 1 among zeros, one on every channel at the first step; and the sign of the last one.

    Examples:
        >>> pulses, bits = draw_pulses(2, 50, 3, generator=torch.Generator().manual_seed(0))
        >>> bool((bits[:, 0] == pulses[:, 0]).all()), bits.abs().min()
        (True, tensor(1.))
    """
    signs = 2.0 * torch.randint(0, 2, (batch, steps, bits), generator=generator) - 1
    there = torch.rand(batch, steps, bits, generator=generator) < PULSES
    there[:, 0] = True
    last = torch.where(there, torch.arange(steps)[:, None], 0).cummax(dim=1).values
    return signs * there, signs.gather(1, last)


def train_memorizer(
    *, bits: int, hidden_size: int, updates: int, seed: int, batch: int = 64, steps: int = 60
) -> TrainedMemorizer:
    """Train a net on the flip-flop task, with fresh sequences in every update.

    Args:
        bits: Channels.
        hidden_size: Units.
        updates: How many updates.
        seed: Of weights and pulses.
        batch: Sequences in an update.
        steps: Length of a sequence.

    Returns:
        The trained net.
    """
    generator = torch.Generator().manual_seed(seed)
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(seed)
        net = Memorizer(bits, hidden_size)
    optimizer = torch.optim.Adam(net.parameters(), lr=1e-2)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, updates, eta_min=1e-4)
    losses = []
    for _ in range(updates):
        pulses, target = draw_pulses(batch, steps, bits, generator=generator)
        optimizer.zero_grad()
        loss = torch.nn.functional.mse_loss(net(pulses), target)
        torch.autograd.backward(loss)
        torch.nn.utils.clip_grad_norm_(net.parameters(), 1.0)
        optimizer.step()
        schedule.step()
        losses.append(float(loss.detach()))
    pulses, target = draw_pulses(256, 4 * steps, bits, generator=generator)
    with torch.no_grad():
        wrong = float(((net(pulses) * target) < 0).double().mean())
    kept = losses[-100:]
    return TrainedMemorizer(net=net, loss=sum(kept) / len(kept), wrong=wrong, updates=updates)
