"""Coordinate values at positions between and beyond cells.

A position on a cell inside the axis takes the cell's own value, to the last bit. Between
two cells it is interpolated linearly, beyond the ends continued with the end spacing: in
the coordinate's own type, times in whole numbers of their unit, longitudes the shorter
way around.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from volconv.coordinates.calendars import are_cftimes, cftimes, passed
from volconv.coordinates.longitude import folded, short_way
from volconv.geometry import Centres

__all__ = ["can_interpolate", "plain_value", "values_at"]

ROUNDED = 1e-12
"""More than what a sum of floats is off by, as a share of it."""


def can_interpolate(values: Any) -> bool:
    """Whether there are values between values: numbers, times, times of cftime."""
    return values.dtype.kind in "iufcmM" or are_cftimes(values)


def values_at(
    values: NDArray[Any], centres: Centres, axis: int, turn: float | None = None
) -> NDArray[Any]:
    """Values at positions along one axis.

    Parameters
    ----------
    values : ndarray or dask array
        Coordinate values, ``centres.cells`` of them along `axis`, at least two, that
        `can_interpolate`.
    centres : Centres
        The positions.
    axis : int
        The axis that they lie along.
    turn : float, optional
        A full turn, where the values are longitudes.

    Returns
    -------
    ndarray
        ``centres.count`` values along `axis`. Integers become float64 where a position
        lies between two cells.

    Examples
    --------
    >>> from volconv.geometry import Window
    >>> centres = Centres.of(Window(2, padding=(1, 0)), cells=3)
    >>> values_at(np.array([10.0, 20.0, 30.0]), centres, 0)
    array([ 5., 15., 25.])
    >>> values_at(np.array([358.0, 359.0, 0.0]), centres, 0, 360.0)
    array([357.5, 358.5, 359.5])
    """
    if values.dtype == object:
        since = values_at(passed(values), centres, axis)
        return cftimes(values.flat[0], since)
    parts = centres.parts
    positions = centres.first + centres.step * np.arange(centres.count)
    lower = np.clip(positions // parts, 0, centres.cells - 2)
    shape = [1] * values.ndim
    shape[axis] = -1
    rest = (positions - parts * lower).reshape(shape)
    if values.dtype.kind in "iu":
        if not centres.are_whole:
            values = values.astype("float64")
        elif turn is not None or values.dtype != np.uint64:
            values = values.astype("int64")
    low = np.take(values, lower, axis=axis)
    high = np.take(values, lower + 1, axis=axis)
    if values.dtype.kind in "mM":
        between = times_between(low, high, rest, parts)
    elif values.dtype.kind == "u" or (
        values.dtype.kind == "i" and may_overflow(low, high, rest, parts)
    ):
        return exactly_between(low, high, rest // parts)
    elif turn is not None:
        between = low + shares(short_way(high - low, turn), rest, parts)
        between = folded(between, values, axis, turn)
    else:
        between = low + shares(high - low, rest, parts)
    found: NDArray[Any] = np.where(
        rest == 0, low, np.where(rest == parts, high, between)
    )
    return found


def shares(steps: NDArray[Any], rest: NDArray[np.int64], parts: int) -> NDArray[Any]:
    """``steps rest / parts``, in the dtype of the steps; whole ones of integers."""
    if steps.dtype.kind == "i":
        return steps * (rest // parts)
    scaled: NDArray[Any] = steps * (rest / parts).astype(steps.real.dtype)
    return scaled


def exactly_between(
    low: NDArray[Any], high: NDArray[Any], whole: NDArray[np.int64]
) -> NDArray[Any]:
    """``low + (high - low) whole`` of 64-bit integers, exact.

    In int64, or else uint64; in floats where neither holds all.
    """
    start, stop = low.astype(object), high.astype(object)
    found: NDArray[Any] = start + (stop - start) * whole.astype(object)
    least, most = found.min(), found.max()
    if least >= -(2**63) and most < 2**63:
        return found.astype("int64")
    return found.astype("uint64" if least >= 0 and most < 2**64 else "float64")


def times_between(
    low: NDArray[Any], high: NDArray[Any], rest: NDArray[np.int64], parts: int
) -> NDArray[Any]:
    """``low + (high - low) rest / parts``, rounded down to a whole unit.

    NaT stays NaT, and so is a time that the unit does not reach.
    """
    absent = np.isnat(low) | np.isnat(high)
    start, stop = (np.where(absent, 0, each.astype("int64")) for each in (low, high))
    if may_overflow(start, stop, rest, parts):
        start, stop = start.astype(object), stop.astype(object)
    moved = start + wide_shares(stop - start, rest, parts)
    absent = absent | (moved < -(2**63) + 1) | (moved >= 2**63)
    times = np.where(absent, 0, moved).astype("int64").astype(low.dtype)
    found: NDArray[Any] = np.where(absent, np.array("NaT", dtype=low.dtype), times)
    return found


def wide_shares(
    steps: NDArray[Any], rest: NDArray[np.int64], parts: int
) -> NDArray[Any]:
    """``steps rest / parts``, rounded down; divided first: products may be wider."""
    whole, over = steps // parts, steps % parts
    return whole * rest + over * rest // parts


def may_overflow(start: Any, stop: Any, rest: NDArray[np.int64], parts: int) -> bool:
    """Whether ``start + (stop - start) rest / parts`` may be beyond 64 bits on the way.

    Lazy values are not looked at.
    """
    if not isinstance(start, np.ndarray):
        return False
    low, high = start.astype(float), stop.astype(float)
    cells = float(np.abs(rest).max()) / parts + 1
    farthest = np.abs(low).max() + np.abs(high - low).max() * cells
    return bool(farthest >= (1 - ROUNDED) * 2.0**63)


def plain_value(value: Any) -> Any:
    """A coordinate's value as JSON holds it: a number or a text.

    Examples
    --------
    >>> plain_value(np.float32(0.1)), plain_value(np.datetime64("2026-01-01", "ns"))
    (0.1, '2026-01-01')
    """
    if isinstance(value, np.datetime64):
        return str(np.datetime_as_string(value, unit="auto"))
    if isinstance(value, np.timedelta64):
        return str(value.astype("timedelta64[us]").item())
    if isinstance(value, np.floating):
        return float(str(value))  # 0.1 of a float32 is 0.1, not 0.10000000149
    return value.item() if isinstance(value, np.integer) else str(value)
