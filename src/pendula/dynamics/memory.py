"""What a net remembers: of where it started, and of what it was shown."""

from dataclasses import dataclass

import torch

from pendula.dynamics.driven import DrivenNet
from pendula.dynamics.state_map import States
from pendula.errors import ArgumentError, DataError
from pendula.shapes import Float, Tensor

__all__ = ["Forgetting", "forgetting", "input_sensitivity"]

LOST = 1e-6
"""Starts whose distance falls below this share of its first value are forgotten."""


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Forgetting:
    """How states that started apart approach each other under the same input.

    Attributes:
        distances: Distance from the mean of all starts over that at step 0, averaged over them, at every step.
        forgets: Whether every start ended within a millionth of its first distance from the others.
        steps: After how many steps that was so; None if never.
        rate: Fall of the logarithm of the distance per step, over the steps where it falls; 0 or less if it does not.
    """

    distances: Float[Tensor, " time"]
    forgets: bool
    steps: int | None
    rate: float


def forgetting(net: DrivenNet, inputs: Float[Tensor, "time input"], starts: States) -> Forgetting:
    """Show several starts the same input, and watch whether they come together.

    Args:
        net: The net.
        inputs: What all of them are shown.
        starts: The starts, two or more.

    Returns:
        Distances, and whether the net has the echo-state property under this input.

    Raises:
        ArgumentError: If there is only one start, or all are the same.

    References:
        H. Jaeger, "The echo state approach to analysing and training recurrent neural networks", GMD report 148 (2001),
        definition 1.

    Examples:
        >>> from pendula.dynamics.driven import as_net
        >>> _ = torch.manual_seed(0)
        >>> forgetting(as_net(torch.nn.RNN(1, 4)), torch.zeros(200, 1), torch.eye(4)).forgets
        True
    """
    states = starts.to(torch.float64)
    rows = inputs.to(torch.float64)
    first = _apart(states)
    if not float(first.max()) > 0:
        raise ArgumentError(
            f"`starts` must differ: expected two states or more, got {len(states)} that are one. Draw them at random."
        )
    apart = [first]
    for row in rows:
        states = net.advance(states, row.expand(len(states), -1))
        apart.append(_apart(states))
    relative = torch.stack(apart) / first.clamp(min=1e-300)  # time, start
    together = (relative.amax(dim=1) < LOST).nonzero()[:, 0]
    return Forgetting(
        distances=relative.mean(dim=1),
        forgets=bool(relative[-1].max() < LOST),
        steps=int(together[0]) if len(together) and bool(relative[-1].max() < LOST) else None,
        rate=_rate(relative.mean(dim=1)),
    )


def input_sensitivity(
    net: DrivenNet, inputs: Float[Tensor, "time input"], start: States, *, lags: int = 100, origins: int = 16
) -> Float[Tensor, " lag"]:
    r"""Measure how much a small change of the input k steps back changes the state.

    Args:
        net: The net.
        inputs: What it is shown.
        start: Its state before, one row.
        lags: The longest delay k.
        origins: From how many places of the input the effect is followed.

    Returns:
        $\lVert \partial h_t / \partial x_{t-k} \rVert$ for k = 0, 1, … `lags`: the root of the mean square over t.

    Raises:
        DataError: If there are too few inputs.

    References:
        R. Pascanu, T. Mikolov and Y. Bengio, ICML 2013, eq. (5).

    Examples:
        >>> from pendula.dynamics.driven import as_net
        >>> net = as_net(torch.nn.RNN(1, 4))
        >>> input_sensitivity(net, torch.zeros(50, 1), torch.zeros(1, 4), lags=10).shape
        torch.Size([11])
    """
    rows = inputs.to(torch.float64)
    if len(rows) <= lags:
        raise DataError(
            f"`inputs` must be longer than the delays: expected more than {lags} steps, got {len(rows)}. "
            "Show more, or lower `lags`."
        )
    last = len(rows) - 1 - lags
    begins = sorted({round(last * k / max(1, origins - 1)) for k in range(origins)})
    passed = [start.to(torch.float64)]
    for row in rows[: begins[-1]]:
        passed.append(net.advance(passed[-1], row[None]))
    states = torch.cat(passed)[begins]
    changed = torch.eye(net.input_size, dtype=torch.float64).expand(len(begins), -1, -1)
    moved = torch.zeros(len(begins), net.size, net.input_size, dtype=torch.float64)
    norms = []
    for lag in range(lags + 1):
        states, moved = net.push(states, rows[[begin + lag for begin in begins]], moved, changed if lag == 0 else None)
        norms.append(torch.linalg.matrix_norm(moved, ord=2))
    root_mean_square: Tensor = torch.stack(norms).square().mean(dim=1).sqrt()
    return root_mean_square


def _apart(states: States) -> Tensor:
    apart: Tensor = torch.linalg.vector_norm(states - states.mean(dim=0), dim=1)
    return apart


def _rate(distances: Tensor) -> float:
    # Over the last two thirds of the way down to the floor of rounding, where what is left of the starts is lost.
    logs = distances.clamp(min=1e-300).log()
    above = int((distances > 1e-11).sum())
    first = above // 3
    if above - first < 2:
        return 0.0
    return float((logs[first] - logs[above - 1]) / (above - 1 - first))
