"""A trained network with all that it takes to use it on data in physical units."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch

from pendula.errors import ArgumentError, ShapeError
from pendula.nn import (
    AnyForecaster,
    EnsembleForecaster,
    Forecaster,
    IntegratorForecaster,
    ReservoirForecaster,
    draw_runs,
    free_run,
    member_runs,
)
from pendula.runs.channels import Channels
from pendula.runs.model_stream import ModelStream
from pendula.runs.presence import Missing, present_inputs
from pendula.series.axis import TimeAxis, TimeValue
from pendula.series.controls import ahead
from pendula.series.record import Record
from pendula.series.scaling import Scaler
from pendula.shapes import BatchControls, BatchSeries, Float, Int, Series, ndarray

__all__ = ["Model"]

MOST_PASS = 20_000
"""Rows that a reservoir reads at once, so that memory stays bounded."""


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Model:
    """A forecaster, its scaler, and the names, units and time step of what it forecasts.

    Attributes:
        forecaster: The trained network.
        scaler: From physical units to the network's, and back.
        names: Names of the channels.
        units: Units of the channels.
        axis: Time axis of the record it was trained on, whose step is the network's.
        window: Steps of known past that warm the network up.
        controls: What is known for the future, too; None where there is nothing of the kind.
        missing: What becomes of missing values.
    """

    forecaster: AnyForecaster
    scaler: Scaler
    names: tuple[str, ...]
    units: tuple[str, ...]
    axis: TimeAxis
    window: int
    controls: Channels | None = None
    missing: Missing = "gap"

    @classmethod
    def of(
        cls,
        record: Record,
        forecaster: AnyForecaster,
        *,
        scaler: Scaler,
        window: int,
        controls: Channels | None = None,
        missing: Missing = "gap",
    ) -> "Model":
        """Give a network the names, units and time step of the record that it forecasts.

        Args:
            record: The record.
            forecaster: The trained network.
            scaler: From the record's units to the network's.
            window: Steps of known past that warm the network up.
            controls: What is known for the future, too.
            missing: What becomes of missing values.

        Returns:
            The model.
        """
        return cls(
            forecaster=forecaster,
            scaler=scaler,
            names=record.names,
            units=record.units,
            axis=record.axis,
            window=window,
            controls=controls,
            missing=missing,
        )

    @property
    def is_controlled(self) -> bool:
        """Whether it has to be told the controls of the steps ahead."""
        return self.controls is not None

    @property
    def context(self) -> int:
        """How many known values before the first forecast it needs: its window."""
        return self.window

    def run(
        self, context: BatchSeries, *, steps: int, start: ndarray | None = None, controls: BatchControls | None = None
    ) -> Float[ndarray, "batch step channel"]:
        """Forecast from several starts in one batch.

        Args:
            context: The known past of each start in physical units; the last `window` steps of it are used. A model
                that is shown what is missing takes NaN, too; before the first value known of a channel it sees 0.
            steps: How many steps to run freely.
            start: Time value of the first known value of each start; only a driven equation asks for it.
            controls: Those of the rows of `context` and of the `steps` after them, in physical units; a model without
                controls is given none.

        Returns:
            The next `steps` values of each start, in physical units. A run that diverges goes on as infinities or NaN.

        Raises:
            ArgumentError: If controls are missing, or given to a model that has none.
            ShapeError: If they are not those of the context and of all steps.
        """
        network = self.forecaster.eval()
        skipped = max(0, context.shape[1] - self.window) * self.axis.clock[0]
        scaled, driving = self._read(context, controls, steps)
        run = free_run(network, scaled, steps, start=self._clock(start) + skipped, controls=driving).numpy()
        with np.errstate(all="ignore"):
            return self.scaler.inverse(run)

    def spread(
        self, context: BatchSeries, *, steps: int, controls: BatchControls | None = None
    ) -> Float[ndarray, "batch step channel"] | None:
        """Tell how far the members of an ensemble go apart in free run.

        Args:
            context: The known past of each start in physical units; the last `window` steps of it are used.
            steps: How many steps to run freely.
            controls: As for `run`.

        Returns:
            The standard deviation of the members' runs, in physical units; None where there is one network alone.
        """
        scaled, driving = self._read(context, controls, steps)
        runs = member_runs(self.forecaster.eval(), scaled, steps, controls=driving)
        if len(runs) < 2:
            return None
        with np.errstate(all="ignore"):
            return np.asarray(np.std([self.scaler.inverse(run.numpy()) for run in runs], axis=0))

    def log_density(
        self,
        context: BatchSeries,
        values: Float[ndarray, "batch channel"],
        *,
        controls: BatchControls | None = None,
    ) -> Float[ndarray, " batch"]:
        """Evaluate what the likelihood head said of values that came.

        Args:
            context: The known past of each start in physical units; the last `window` steps of it are used.
            values: The next value of each, in physical units.
            controls: Those of the rows of `context` and of the one after them, as for `run`.

        Returns:
            The logarithm of the joint density of all channels, in nats: per unit of each channel. Infinite where the
            transform has no slope, as a square root at 0.

        Raises:
            ArgumentError: If the network has no likelihood head, or controls are missing, or given to a model that has
                none.
            ShapeError: If they are not those of the context and of all steps.
        """
        networks = self._with_likelihood()
        shown, target = self._read(context, controls, 1)[0], self._scaled(values[:, None])
        with torch.no_grad():
            told = [network.distribute(shown, since=shown.shape[1] - 1)[0].log_density(target) for network in networks]
        # An ensemble is the mixture of what its members tell.
        mixed = torch.logsumexp(torch.stack(told), dim=0)[:, 0] - np.log(len(told))
        return np.asarray(mixed.numpy() + self.scaler.log_slope(values))

    def draw(
        self,
        context: BatchSeries,
        *,
        steps: int,
        samples: int,
        seed: int = 0,
        controls: BatchControls | None = None,
    ) -> Float[ndarray, "batch sample step channel"]:
        """Draw futures of several starts in one batch; of an ensemble each member draws its share of them.

        Args:
            context: The known past of each start in physical units; the last `window` steps of it are used.
            steps: How many steps to run freely.
            samples: How many runs from each start.
            seed: Of the draws; the same seed gives the same bits.
            controls: As for `run`: all runs from a start are driven alike.

        Returns:
            The next `steps` values of each run, in physical units. A run that diverges goes on as infinities or NaN.

        Raises:
            ArgumentError: If the network has no likelihood head, or controls are missing, or given to a model that has
                none.
            ShapeError: If they are not those of the context and of all steps.
        """
        networks, (shown, driving) = self._with_likelihood(), self._read(context, controls, steps)
        shares = [len(part) for part in np.array_split(np.arange(samples), len(networks))]
        runs = [
            draw_runs(network, shown, steps, samples=share, seed=seed + number, controls=driving).numpy()
            for number, (network, share) in enumerate(zip(networks, shares, strict=True))
            if share
        ]
        with np.errstate(all="ignore"):
            return self.scaler.inverse(np.concatenate(runs, axis=1))

    @property
    def has_likelihood(self) -> bool:
        """Whether the network tells a distribution, and not a point alone."""
        return any(network.spread is not None for network in self._trained())

    def run_along(
        self, values: Series, origins: Int[ndarray, " origin"], *, steps: int, times: ndarray | None = None
    ) -> Float[ndarray, "origin step channel"] | None:
        """Forecast from several rows of a series, reading it once, where that is cheaper than a window for each row.

        A reservoir needs a long warm-up, and forgets: its state at a row is the same whether it read the window before
        it or, from one origin to the next, more than that. The state of an equation is the better known the more it
        read.

        Args:
            values: The series in physical units; only rows before an origin are looked at for it.
            origins: Rows of the first forecast values, ascending; each has a window before it.
            steps: How many steps to run freely.
            times: Time value of each row, for which a driven equation asks.

        Returns:
            The forecasts from each origin; None where a network is to be shown its windows.
        """
        network, passes = self.forecaster, list(_passes(origins, self.window))
        if isinstance(network, IntegratorForecaster):
            starts = [self._clock(None if times is None else times[[first]]) for first, _, _ in passes]
            return np.concatenate([
                network.free_runs_along(values[first:last], rows - first, steps, start=float(np.squeeze(start)))
                for (first, last, rows), start in zip(passes, starts, strict=True)
            ])
        if not isinstance(network, ReservoirForecaster) or len(passes) == len(origins):
            return None
        runs = [
            network.free_runs_along(self.scaler.transform(values[first:last]), rows - first, steps)
            for first, last, rows in passes
        ]
        with np.errstate(all="ignore"):
            return self.scaler.inverse(np.concatenate(runs))

    def stream(self, *, start: TimeValue | None = None) -> ModelStream:
        """Follow a measurement value by value.

        Args:
            start: Time value of the first value; only a driven equation asks for it.

        Returns:
            A stream that has seen nothing yet; its `step` takes the next value, and the controls of the row after it
            where there are some, and predicts what follows.

        Examples:
            >>> import pendula, xarray as xr
            >>> t = np.arange(200) * 0.1
            >>> series = xr.Dataset({"x": ("time", np.sin(t), {"units": "rad"})}, coords={"time": t})
            >>> fit = pendula.fit(series, model=pendula.nn.Network(hidden_size=4, linear_lags=4), window=10,
            ...                   training=pendula.Training(epochs=1))
            >>> stream = fit.model.stream()
            >>> for value in series.x.values:
            ...     prediction = stream.step(np.array([value]))
            >>> bool(abs(prediction[0, 0] - np.sin(20.0)) < 1e-3)
            True
        """
        clock = self._clock(None if start is None else np.asarray(start))
        return ModelStream(
            self.forecaster, self.scaler, controls=self.controls, missing=self.missing, start=float(clock)
        )

    def _read(
        self, context: BatchSeries, controls: BatchControls | None, steps: int
    ) -> tuple[Float[torch.Tensor, "batch window column"], Float[torch.Tensor, "batch ahead beside"] | None]:
        # The window as the network reads it, and what stands beside the steps ahead.
        if (self.controls is None) != (controls is None):
            raise ArgumentError(_not_controlled(self.controls))
        values, known = self._shown(context)
        rows, beside = values.shape[1], []
        if self.controls is not None and controls is not None:
            expected = (len(context), context.shape[1] + steps, len(self.controls.names))
            if controls.shape != expected:
                raise ShapeError(
                    f"`controls` must be those of the context and of all steps: expected shape {expected}, got "
                    f"{controls.shape}. A row of them for each time."
                )
            beside.append(torch.from_numpy(ahead(self.controls.scaler.transform(controls[:, -rows - steps :]))))
        if known is not None:  # and what is forecast is known
            beside.append(torch.cat([known, known.new_ones(len(known), steps, known.shape[2])], dim=1))
        if not beside:
            return values, None
        driving = torch.cat(beside, dim=-1)
        return torch.cat([values, driving[:, :rows]], dim=-1), driving[:, rows:]

    def _shown(
        self, context: BatchSeries
    ) -> tuple[Float[torch.Tensor, "batch window channel"], Float[torch.Tensor, "batch window channel"] | None]:
        # The window, and beside it what of it is known.
        if self.missing == "gap":
            return self._scaled(context[:, -self.window :]), None
        batch, time, channels = context.shape
        ranges = time * np.arange(batch)[:, None] + np.array([0, time])
        scaled = self.scaler.transform(context).reshape(-1, channels)
        shown = present_inputs(scaled, ranges, missing=self.missing).reshape(batch, time, 2 * channels)
        window = torch.from_numpy(np.ascontiguousarray(shown[:, -self.window :]))
        return window[..., :channels], window[..., channels:]

    def _scaled(self, values: BatchSeries) -> Float[torch.Tensor, "batch time channel"]:
        return torch.from_numpy(np.ascontiguousarray(self.scaler.transform(values)))

    def _trained(self) -> list[Forecaster]:
        network = self.forecaster.eval()
        if isinstance(network, EnsembleForecaster):
            return network.each()
        return [network] if isinstance(network, Forecaster) else []

    def _with_likelihood(self) -> list[Forecaster]:
        if not self.has_likelihood:
            raise ArgumentError(
                "`head` must tell a distribution to draw samples from it: expected gaussian or mixture, got point. "
                "Train a network with `--head gaussian`."
            )
        return self._trained()

    def _clock(self, times: ndarray | None) -> Float[ndarray, "..."]:
        # Seconds, or whatever the axis counts; a network that has no clock is not asked for them.
        if not isinstance(self.forecaster, IntegratorForecaster) or self.forecaster.period is None:
            return np.zeros(())
        if times is None:
            raise ArgumentError(
                "`start` must be given to a driven equation: expected the time of the first known value, got none. "
                "Its drive depends on it."
            )
        return self.axis.elapsed(times)


def _not_controlled(controls: Channels | None) -> str:
    if controls is None:
        return "`controls` must be left out for a model that has none: got some. Fit it with `controls`."
    return (
        f"`controls` must be given to a model under controls: expected {', '.join(controls.names)} of the context and "
        "of all steps, got none. They are known for the future."
    )


def _passes(origins: Int[ndarray, " origin"], window: int) -> Iterator[tuple[int, int, Int[ndarray, " origin"]]]:
    # An origin within the next one's window has no gap between them: one pass goes through both.
    apart = np.diff(origins) > window
    block = (origins[1:] - origins[0]) // MOST_PASS > (origins[:-1] - origins[0]) // MOST_PASS
    for rows in np.split(origins, np.flatnonzero(apart | block) + 1):
        yield int(rows[0]) - window, int(rows[-1]), rows
