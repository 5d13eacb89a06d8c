"""Multiple shooting: a record as short runs of a cell, each from a state of its own, which have to join."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch
from torch.func import functional_call, jacrev, vmap

from pendula.errors import ArgumentError, DataError, ShapeError
from pendula.nn import IntegratorCell, unroll
from pendula.shapes import Float, Tensor, ndarray

__all__ = ["Shooting", "sensitivities"]

_DIVERGED = 1e6
"""The residual of a run that left the finite numbers: no step of the search accepts it."""


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Shooting:
    r"""The residuals of a record cut into segments, and their exact Jacobian.

    The unknowns are what the cell can learn, $\theta$, and the state $s_j$ at the start of each segment. A segment's
    run $h_k(s_j, \theta)$ has to meet the record, and its end the next segment's start:
    $r_k = (h_k - y_k)/\sigma$, $c_j = w\,(h_L(s_j, \theta) - s_{j+1})/\tau$. Short segments keep the problem
    well-behaved far from the solution; with a large w the segments are one trajectory.

    Attributes:
        cell: The cell.
        values: The record, NaN where nothing was measured, each channel in its unit.
        observed: Which components of the state the channels are.
        segment: Steps of a segment.
        start: Time of the first row, in units of time.
        inputs: What drives the cell from each row to the next, for a cell with a drive.

    References:
        H. G. Bock, *Recent advances in parameter identification techniques for O.D.E.*, in Deuflhard and Hairer (eds.),
        Numerical Treatment of Inverse Problems in Differential and Integral Equations (1983), section 3.
    """

    cell: IntegratorCell
    values: Float[ndarray, "time channel"]
    observed: tuple[int, ...]
    segment: int
    start: float = 0.0
    inputs: Float[ndarray, "row input"] | None = None

    def __post_init__(self) -> None:
        """Check the record.

        Raises:
            ShapeError: If the record has not a channel for each observed component.
            ArgumentError: If a segment has no step.
            DataError: If nothing was measured.
        """
        if self.values.ndim != 2 or self.values.shape[1] != len(self.observed):
            raise ShapeError(
                "`values` must have a channel for each observed component: "
                f"expected shape (time, {len(self.observed)}), got {self.values.shape}."
            )
        if self.inputs is not None and len(self.inputs) != len(self.values):
            raise ShapeError(
                f"`inputs` must have a row for each of the record: expected {len(self.values)}, got {len(self.inputs)}."
            )
        if self.segment < 1:
            raise ArgumentError(f"`segment` must be positive: expected 1 step or more, got {self.segment}.")
        if np.isnan(self.values).all():
            raise DataError("`values` must hold measurements: expected at least one, got none.")

    @property
    def names(self) -> list[str]:
        """Names of what the cell can learn, in the order of the unknowns."""
        return [name for name, each in self.cell.named_parameters() if each.requires_grad]

    @property
    def hides(self) -> bool:
        """Whether a component of the state is not in the record."""
        return len(self.observed) < len(self.cell.components)

    @property
    def segments(self) -> int:
        """How many segments there are; the last one may be shorter."""
        return -(-len(self.values) // self.segment)

    @property
    def channel_scale(self) -> Float[ndarray, " channel"]:
        """σ: the standard deviation of each channel, 1 where that is 0."""
        scale = np.nanstd(self.values, axis=0)
        return np.where(scale > 0, scale, 1.0)

    def first_nodes(self) -> Float[ndarray, "segment component"]:
        """Guess the state at the start of each segment.

        Returns:
            The mean of the first tenth of the segment where a component was observed there, zero elsewhere.
        """
        nodes = np.zeros((self.segments, len(self.cell.components)))
        near = self._blocks()[:, : max(1, self.segment // 10)]
        count = np.isfinite(near).sum(axis=1)
        nodes[:, list(self.observed)] = np.nansum(near, axis=1) / np.maximum(count, 1)
        return nodes

    def unknowns(self, nodes: Float[ndarray, "segment component"]) -> Float[ndarray, " unknown"]:
        """Join what the cell has learned so far and the states.

        Args:
            nodes: The state at the start of each segment.

        Returns:
            The vector of unknowns.
        """
        learned = dict(self.cell.named_parameters())
        theta = [learned[name].detach().double().flatten().numpy() for name in self.names]
        return np.concatenate([*theta, nodes.ravel()])

    def split(
        self, unknowns: Float[ndarray, " unknown"]
    ) -> tuple[dict[str, Tensor], Float[ndarray, "segment component"]]:
        """Part a vector of unknowns.

        Args:
            unknowns: The vector.

        Returns:
            Parameters by name, in the precision of the cell, and the state at the start of each segment.
        """
        learned, at, first = dict(self.cell.named_parameters()), {}, 0
        for name in self.names:
            last = first + learned[name].numel()
            at[name] = torch.as_tensor(unknowns[first:last], dtype=learned[name].dtype).reshape(learned[name].shape)
            first = last
        return at, unknowns[first:].reshape(self.segments, -1)

    def states(self, unknowns: Float[ndarray, " unknown"]) -> Float[Tensor, "segment time component"]:
        """Run all segments side by side.

        Args:
            unknowns: The vector of unknowns.

        Returns:
            The states, from the start of each segment to that of the next.
        """
        at, nodes = self.split(unknowns)
        start = torch.as_tensor(nodes, dtype=self._dtype)
        with torch.no_grad():
            run: Tensor = functional_call(
                _Unrolled(self.cell), _inside(at), (start, self.segment, self._starts(), self._pushes())
            )
        return run

    def misfit(self, states: Float[Tensor, "segment time component"]) -> Float[ndarray, "segment step channel"]:
        """Compare runs with the record.

        Args:
            states: Those of all segments.

        Returns:
            What they are off by, in standard deviations of the channel; NaN where nothing was measured.
        """
        run = states[:, :-1, list(self.observed)].double().numpy()
        return np.asarray((run - self._blocks()) / self.channel_scale)

    def residuals(
        self, unknowns: Float[ndarray, " unknown"], *, weight: float, scale: Float[ndarray, " component"]
    ) -> Float[ndarray, " residual"]:
        """Compute what is to be small.

        Args:
            unknowns: The vector of unknowns.
            weight: w, of the joints.
            scale: τ, the size of each component, in its unit.

        Returns:
            The misfit to the record, and the gaps between segments.
        """
        _, nodes = self.split(unknowns)
        states = self.states(unknowns)
        misfit = np.where(np.isnan(self._blocks()), 0.0, self.misfit(states))
        gaps = weight * (states[:-1, -1].double().numpy() - nodes[1:]) / scale
        joined = np.concatenate([misfit.ravel(), gaps.ravel()])
        return np.asarray(np.nan_to_num(joined, nan=_DIVERGED, posinf=_DIVERGED, neginf=-_DIVERGED))

    def jacobian(
        self, unknowns: Float[ndarray, " unknown"], *, weight: float, scale: Float[ndarray, " component"]
    ) -> Float[ndarray, "residual unknown"]:
        """Differentiate the residuals.

        Args:
            unknowns: The vector of unknowns.
            weight: w, of the joints.
            scale: τ, the size of each component, in its unit.

        Returns:
            The exact Jacobian of the discretized problem.
        """
        at, _ = self.split(unknowns)
        flow, slope = sensitivities(self.cell, self.states(unknowns), at=at, start=self._starts(), force=self._pushes())
        segments, components, learned = self.segments, flow.shape[-1], slope.shape[-1]
        rows = flow[:, :-1, list(self.observed)] / self.channel_scale[:, None]
        full = np.zeros((segments, *rows.shape[1:3], learned + segments * components))
        ends = np.zeros((segments - 1, components, full.shape[-1]))
        full[..., :learned] = slope[:, :-1, list(self.observed)] / self.channel_scale[:, None]
        ends[..., :learned] = weight * slope[:-1, -1] / scale[:, None]
        for j in range(segments):
            columns = slice(learned + j * components, learned + (j + 1) * components)
            full[j, ..., columns] = rows[j]
            if j + 1 < segments:
                ends[j, :, columns] = weight * flow[j, -1] / scale[:, None]
            if j:
                ends[j - 1, :, columns] = -weight * np.diag(1 / scale)
        full[np.isnan(self._blocks())] = 0.0
        joined = np.concatenate([full.reshape(-1, full.shape[-1]), ends.reshape(-1, full.shape[-1])])
        return np.asarray(np.nan_to_num(joined, nan=0.0, posinf=0.0, neginf=0.0))

    @property
    def _dtype(self) -> torch.dtype:
        return next(self.cell.parameters()).dtype

    def _starts(self) -> Float[Tensor, " segment"]:
        return self.start + torch.arange(self.segments, dtype=torch.float64) * (self.segment * self.cell.dt)

    def _blocks(self) -> Float[ndarray, "segment time channel"]:
        return self._cut(self.values, np.nan)

    def _pushes(self) -> Float[Tensor, "segment time input"] | None:
        return None if self.inputs is None else torch.as_tensor(self._cut(self.inputs, 0.0), dtype=self._dtype)

    def _cut(self, rows: Float[ndarray, "time column"], beyond: float) -> Float[ndarray, "segment step column"]:
        padded = np.full((self.segments * self.segment, rows.shape[1]), beyond)
        padded[: len(rows)] = rows
        return padded.reshape(self.segments, self.segment, -1)


def sensitivities(
    cell: IntegratorCell,
    states: Float[Tensor, "batch time component"],
    *,
    at: Mapping[str, Tensor],
    start: Float[Tensor, " batch"],
    force: Float[Tensor, "batch step push"] | None = None,
) -> tuple[Float[ndarray, "batch time component component"], Float[ndarray, "batch time component parameter"]]:
    r"""Differentiate runs of a cell with respect to where they start and to what the cell can learn.

    The variational equation of the discretized flow, $\Phi_{k+1} = A_k \Phi_k$, $S_{k+1} = A_k S_k + B_k$ with the
    derivatives A and B of one step, taken at all states at once: the same numbers as back-propagation through time.

    Args:
        cell: The cell.
        states: Runs of the cell, the first state of each included.
        at: Values of what it can learn, by name.
        start: Time at the start of each run, in units of time.
        force: What drives the cell during each step, if anything does.

    Returns:
        The derivatives Φ and S of every state, in float64.

    References:
        Hairer, Nørsett and Wanner, *Solving Ordinary Differential Equations I*, 2nd edition (1993), section I.14.
    """
    batch, samples, components = states.shape
    counted = torch.arange(samples - 1, dtype=torch.float64)
    times = (start[:, None] + counted * cell.dt).to(states.dtype)

    def step(values: dict[str, Tensor], state: Tensor, t: Tensor, push: Tensor | None) -> Tensor:
        moved: Tensor = functional_call(cell, values, (state, t, push))
        return moved

    pushes = None if force is None else force.reshape(-1, force.shape[-1])
    both = vmap(jacrev(step, argnums=(0, 1)), in_dims=(None, 0, 0, None if pushes is None else 0))
    by_name, by_state = both(dict(at), states[:, :-1].reshape(-1, components), times.reshape(-1), pushes)
    parts = [by_name[name].reshape(batch, samples - 1, components, -1) for name in at]
    parts.append(states.new_zeros(batch, samples - 1, components, 0))
    local = by_state.reshape(batch, samples - 1, components, components).double().numpy()
    direct = torch.cat(parts, dim=-1).double().numpy()
    flow = np.zeros((batch, samples, components, components))
    slope = np.zeros((batch, samples, components, direct.shape[-1]))
    flow[:, 0] = np.eye(components)
    with np.errstate(all="ignore"):  # a run that left the finite numbers has no derivative
        for k in range(samples - 1):
            flow[:, k + 1] = local[:, k] @ flow[:, k]
            slope[:, k + 1] = local[:, k] @ slope[:, k] + direct[:, k]
    return flow, slope


class _Unrolled(torch.nn.Module):
    # `functional_call` exchanges the parameters of a module: this one's call is a whole run.
    def __init__(self, cell: IntegratorCell) -> None:
        super().__init__()
        self.cell = cell

    def forward(self, initial: Tensor, steps: int, start: Tensor, force: Tensor | None) -> Tensor:
        return unroll(self.cell, initial, steps, start=start, force=force)


def _inside(at: Mapping[str, Tensor]) -> dict[str, Tensor]:
    return {f"cell.{name}": value for name, value in at.items()}
