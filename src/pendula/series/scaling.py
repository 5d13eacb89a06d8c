"""Scaling, fitted on the training part and undone exactly."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias, get_args

import numpy as np
import numpy.typing as npt

from pendula.errors import ArgumentError, DataError, ShapeError, did_you_mean
from pendula.series.record import Record
from pendula.series.split import Part
from pendula.shapes import Float, Series, Vector, ndarray

__all__ = ["Scaler", "ScalerKind", "ScalerLink", "fit_scaler"]

FloatArray: TypeAlias = npt.NDArray[np.float64]
ScalerKind: TypeAlias = Literal["standard", "range", "none"]
ScalerLink: TypeAlias = Literal["none", "sqrt", "log", "asinh"]
SMALLEST_SPREAD = 1e-150
"""Squares of smaller differences, of which every score is made, lose their digits in double precision or are 0."""


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Scaler:
    """An invertible map of each channel, z = (g(x) − `center`) / `scale`.

    Attributes:
        kind: How `center` and `scale` were found.
        link: The function g: the identity, sqrt, log or asinh.
        center: Value of g(x) that becomes 0, in the units of g(x).
        scale: Length of g(x) that becomes 1, in the units of g(x).

    Examples:
        >>> scaler = Scaler(kind="standard", link="none", center=np.array([10.0]), scale=np.array([2.0]))
        >>> scaler.transform(np.array([[14.0], [10.0]]))
        array([[2.], [0.]])
        >>> scaler.inverse(np.array([[2.0], [0.0]]))
        array([[14.], [10.]])
    """

    kind: ScalerKind
    link: ScalerLink
    center: Vector
    scale: Vector

    def transform(self, values: Float[ndarray, "*leading channel"]) -> Float[ndarray, "*leading channel"]:
        """Scale values for a network.

        A value that the link cannot take, such as a negative one for sqrt, is a DataError.

        Args:
            values: Values in their own units; NaN stays NaN.

        Returns:
            Dimensionless values in float64.
        """
        self._check_channels(values)
        return np.asarray((_apply(self.link, values.astype(np.float64)) - self.center) / self.scale)

    def inverse(self, values: Float[ndarray, "*leading channel"]) -> Float[ndarray, "*leading channel"]:
        """Undo the scaling.

        A prediction may lie below every square root; the inverse of sqrt clips it at 0.

        Args:
            values: Dimensionless values; NaN stays NaN.

        Returns:
            Values in their own units, in float64.
        """
        self._check_channels(values)
        return _undo(self.link, values.astype(np.float64) * self.scale + self.center)

    def log_slope(self, values: Float[ndarray, "*leading channel"]) -> Float[ndarray, "*leading"]:
        """Compute by how much a density grows from the network's scale to that of the values.

        Args:
            values: Values in their own units.

        Returns:
            ln |dz/dx|, summed over channels: a log-density of z and this are a log-density of x, per unit of x.
            Infinite where the link has no slope, as a square root at 0.

        Examples:
            >>> scaler = Scaler(kind="standard", link="log", center=np.zeros(1), scale=np.array([0.5]))
            >>> np.exp(scaler.log_slope(np.array([[4.0]])))  # z = 2 ln x
            array([0.5])
        """
        self._check_channels(values)
        with np.errstate(divide="ignore"):
            return np.asarray((_log_derivative(self.link, values) - np.log(self.scale)).sum(axis=-1))

    def select(self, channels: list[int]) -> "Scaler":
        """Keep the scaling of some channels.

        Args:
            channels: Positions of the channels, in the new order.

        Returns:
            A scaler for those channels.
        """
        return Scaler(kind=self.kind, link=self.link, center=self.center[channels], scale=self.scale[channels])

    def to_dict(self) -> dict[str, Any]:
        """Give the scaler as plain values that JSON can hold.

        Returns:
            A dictionary that `from_dict` reads back bit for bit.
        """
        return {"kind": self.kind, "link": self.link, "center": self.center.tolist(), "scale": self.scale.tolist()}

    @classmethod
    def from_dict(cls, content: dict[str, Any]) -> "Scaler":
        """Make a scaler from what `to_dict` gave.

        Args:
            content: The dictionary.

        Returns:
            The same scaler.

        Raises:
            DataError: If a key is missing, a name is unknown, or the numbers do not make a scaler.

        Examples:
            >>> Scaler.from_dict({"kind": "none", "link": "log", "center": [0.0], "scale": [1.0]}).link
            'log'
        """
        try:
            center = np.array(content["center"], dtype=np.float64)
            scale = np.array(content["scale"], dtype=np.float64)
            kind, link = content["kind"], content["link"]
        except (KeyError, TypeError, ValueError) as error:
            raise DataError(_no_scaler(content)) from error
        sound = center.ndim == 1 and center.shape == scale.shape and np.isfinite(center).all()
        named = kind in get_args(ScalerKind) and link in get_args(ScalerLink)
        if not (sound and named and np.isfinite(scale).all() and (scale > 0).all()):
            raise DataError(_no_scaler(content))
        return cls(kind=kind, link=link, center=center, scale=scale)

    def _check_channels(self, values: ndarray) -> None:
        if values.shape[-1] != len(self.center):
            raise ShapeError(
                "`values` must hold the scaler's channels along the last axis: expected shape "
                f"(..., {len(self.center)}), got {values.shape}. Use the columns that the scaler was fitted on."
            )


def fit_scaler(part: Part | Record, kind: ScalerKind = "standard", *, transform: ScalerLink = "none") -> Scaler:
    """Fit a scaler on the whole rows of a part, the training part as a rule.

    A channel that is constant within the part is only centered.

    Args:
        part: The rows to look at; rows with a missing sample are left out.
        kind: "standard" gives mean 0 and (population) standard deviation 1, "range" the interval from −1 to 1, "none"
            leaves the values.
        transform: Function that is applied before: "sqrt" for counts, "log" for positive values over decades, "asinh"
            for values of both signs over decades.

    Returns:
        The scaler.

    Raises:
        DataError: If the part has no whole row, holds a value that `transform` cannot take, or a channel whose values
            differ by so little that the squares of the differences vanish.

    Examples:
        >>> import xarray as xr
        >>> from pendula.series.record import record
        >>> series = record(xr.Dataset({"x": ("time", [1.0, 3.0])}))
        >>> fit_scaler(series).center, fit_scaler(series, "range").scale
        (array([2.]), array([1.]))
    """
    _check_name("kind", kind, get_args(ScalerKind))
    _check_name("transform", transform, get_args(ScalerLink))
    rows = part.record if isinstance(part, Part) else part
    whole = rows.values[rows.present]
    if not len(whole):
        raise DataError(
            f"`part` must have rows without a gap: expected at least 1, got none of {len(rows)}. Fill the gaps first."
        )
    _check_spread(whole, names=rows.names)
    center, scale = _location_and_scale(kind, _apply(transform, whole, names=rows.names))
    return Scaler(kind=kind, link=transform, center=center, scale=scale)


def _check_spread(values: Series, *, names: Sequence[str]) -> None:
    with np.errstate(over="ignore"):
        spreads = values.max(axis=0) - values.min(axis=0)
    for name, spread in zip(names, spreads, strict=True):
        if 0 < spread < SMALLEST_SPREAD:
            raise DataError(
                f"`{name}` must have values that can be told apart, or one value: expected differences of "
                f"{SMALLEST_SPREAD:g} or more, got {spread:.3g} at most, whose squares vanish in double precision. "
                "Rescale it, to a smaller unit, say."
            )


def _location_and_scale(kind: ScalerKind, values: Series) -> tuple[Vector, Vector]:
    channels = values.shape[1]
    if kind == "none":
        return np.zeros(channels), np.ones(channels)
    low, high = values.min(axis=0), values.max(axis=0)
    if kind == "standard":
        # Rounding gives a constant channel a tiny deviation, so constancy is asked of its extremes.
        center, scale = values.mean(axis=0), values.std(axis=0)
    else:
        center, scale = low / 2 + high / 2, high / 2 - low / 2
    usable = (high > low) & (scale > 0)
    return np.where(high > low, center, low), np.where(usable, scale, 1.0)


def _apply(link: ScalerLink, values: FloatArray, *, names: tuple[str, ...] | None = None) -> FloatArray:
    if link == "asinh":
        return np.arcsinh(values)
    if link == "none":
        return values
    outside = values < 0 if link == "sqrt" else values <= 0
    if outside.any():
        place = np.unravel_index(int(np.argmax(outside)), outside.shape)
        channel = names[int(place[-1])] if names else f"channel {place[-1]}"
        rule = "must not be negative" if link == "sqrt" else "must be positive"
        raise DataError(
            f"`{channel}` {rule} for the transform {link}: expected values {'from' if link == 'sqrt' else 'above'} 0, "
            f"got {values[place]}. Use the transform asinh."
        )
    return np.sqrt(values) if link == "sqrt" else np.log(values)


def _undo(link: ScalerLink, values: FloatArray) -> FloatArray:
    if link == "sqrt":
        return np.square(np.maximum(values, 0.0))
    if link == "log":
        return np.exp(values)
    return np.sinh(values) if link == "asinh" else values


def _log_derivative(link: ScalerLink, values: FloatArray) -> FloatArray:
    if link == "none":
        return np.zeros_like(values)
    if link == "asinh":  # g' = 1/√(1 + x²)
        return -np.log(np.hypot(1.0, values))
    return -np.log(2.0) - 0.5 * np.log(values) if link == "sqrt" else -np.log(values)


def _check_name(argument: str, name: str, known: tuple[str, ...]) -> None:
    if name not in known:
        raise ArgumentError(
            f"`{argument}` must be a known name: expected one of {', '.join(known)}, got {name}."
            + did_you_mean(name, known, listed=True)
        )


def _no_scaler(content: dict[str, Any]) -> DataError:
    return DataError(
        f"`content` must hold a scaler: expected what `to_dict` gives, got {content}. The file is damaged."
    )
