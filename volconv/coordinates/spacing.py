"""How far the cells of a coordinate lie apart, and in which unit."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from volconv.coordinates.longitude import goes_one_way, turn_of, unrolled
from volconv.meta import Axis
from volconv.text import text_of

if TYPE_CHECKING:
    import xarray as xr

__all__ = ["EVEN", "spaced_axis"]

EVEN = 1e-3
"""Largest deviation of a step from the mean step, as a share of it, that counts as even:
float32 coordinates around a globe deviate by 3e-5, months by 5e-2."""

SINCE = re.compile(r"\s*(\S.*?)\s+since\s.*", re.IGNORECASE | re.DOTALL)
"""A unit of times that are not decoded, such as ``hours since 1900-01-01``."""

SCALES = (("days", 86400), ("hours", 3600), ("min", 60))
"""Units that people read times in, in seconds."""


def spaced_axis(dim: str, variable: xr.Variable) -> Axis:
    """A dimension with the spacing and unit of a coordinate along it.

    Times have the unit "s", of NumPy and of any calendar alike; times that are not
    decoded have the one that stands before ``since``.

    Examples
    --------
    >>> import xarray as xr
    >>> hours = xr.Variable("t", [0, 6, 12], {"units": "hours since 1900-01-01"})
    >>> spaced_axis("t", hours)
    Axis(dim='t', size=3, spacing=6.0, units='hours', uneven='', around=None, is_new=False)
    """
    size = variable.sizes[dim]
    positions, units = positions_of(variable)
    if positions is None:
        return Axis(dim, size, uneven=f"a coordinate of dtype {variable.dtype}")
    turn = turn_of(variable.attrs)
    around = None
    if turn is not None:
        positions = unrolled(positions, turn)
        around = share_of_turn(positions, turn)
    uneven = unevenness(positions, units)
    spacing = None if uneven else mean_step(positions)
    return Axis(dim, size, spacing, units, uneven, around)


def positions_of(variable: xr.Variable) -> tuple[NDArray[Any] | None, str | None]:
    """Where cells lie, as numbers, and their unit; None where they lie nowhere."""
    if not isinstance(variable.dtype, np.dtype):  # one of pandas
        return None, None
    if variable.dtype.kind in "mM":
        values = variable.values
        return (values - values[:1]) / np.timedelta64(1, "s"), "s"
    if variable.dtype.kind == "O":
        seconds = calendar_seconds(variable.values)
        return seconds, None if seconds is None else "s"
    if variable.dtype.kind not in "iuf":
        return None, None
    units = text_of(variable.attrs, "units")
    if units is None:
        return variable.values.astype(float), None
    since = SINCE.fullmatch(units)
    return variable.values.astype(float), since[1].lower() if since else units


def calendar_seconds(values: NDArray[Any]) -> NDArray[Any] | None:
    """Seconds since the first of some dates of a calendar; None if they are no dates.

    Dates are those of cftime, or of any library whose differences are Python's.
    """
    try:
        passed = [value - values[0] for value in values]
    except TypeError:
        return None
    if not all(isinstance(one, timedelta) for one in passed):
        return None
    return np.array([one.total_seconds() for one in passed])


def mean_step(positions: NDArray[Any]) -> float:
    """Distance of neighbouring cells, on average; of at least two."""
    return float(positions[-1] - positions[0]) / (positions.size - 1)


def share_of_turn(positions: NDArray[Any], turn: float) -> float | None:
    """What longitudes cover of a circle, a cell as wide as their mean step.

    None where they do not go one way.
    """
    if positions.size < 2 or not goes_one_way(positions):
        return None
    return abs(mean_step(positions)) * positions.size / turn


def unevenness(positions: NDArray[Any], units: str | None) -> str:
    """What cells are like that do not lie evenly; empty where they do.

    Examples
    --------
    >>> unevenness(np.array([0.0, 5.0, 10.0, 20.0, 25.0]), "m")  # doctest: -ELLIPSIS
    'cells 5 to 10 m apart, farthest from the mean of 6.25 between cells 2 and 3'
    >>> unevenness(np.array([0.0, 5.0, 10.0]), "m")
    ''
    """
    if positions.size < 2:
        return "one cell, which has no neighbour"
    if not np.isfinite(positions).all():
        return f"a coordinate that is missing at cell {np.isfinite(positions).argmin()}"
    steps, mean = np.diff(positions), mean_step(positions)
    if not steps.any():
        return "cells that all lie at one place"
    apart = np.abs(steps - mean)
    if mean and apart.max() <= EVEN * abs(mean):
        return ""
    worst = int(apart.argmax())
    if mean < 0:
        steps, mean = -steps, -mean
    unit, scale = reading_unit(units, mean)
    low, high = steps.min() / scale, steps.max() / scale
    return (
        f"cells {low:g} to {high:g}{unit} apart, farthest from the mean of "
        f"{mean / scale:g} between cells {worst} and {worst + 1}"
    )


def reading_unit(units: str | None, mean: float) -> tuple[str, float]:
    """The unit that distances are best read in, a space before it; and its size."""
    if not units:
        return "", 1
    if units == "s":
        for name, seconds in SCALES:
            if mean >= seconds:
                return f" {name}", seconds
    return f" {units}", 1
