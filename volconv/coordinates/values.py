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

__all__ = ["can_interpolate", "values_at"]


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
    places = centres.first + centres.step * np.arange(centres.count)
    lower = np.clip(places // 2, 0, centres.cells - 2)
    shape = [1] * values.ndim
    shape[axis] = -1
    halves = (places - 2 * lower).reshape(shape)
    if values.dtype.kind in "iu":
        if centres.first % 2:
            values = values.astype("float64")
        elif turn is not None or values.dtype != np.uint64:
            values = values.astype("int64")
    low = np.take(values, lower, axis=axis)
    high = np.take(values, lower + 1, axis=axis)
    if values.dtype.kind in "mM":
        between = times_between(low, high, halves)
    elif values.dtype.kind == "u":
        return unsigned_between(low, high, halves)
    elif turn is not None:
        between = low + parts(short_way(high - low, turn), halves)
        between = folded(between, values, axis, turn)
    else:
        between = low + parts(high - low, halves)
    found: NDArray[Any] = np.where(
        halves == 0, low, np.where(halves == 2, high, between)
    )
    return found


def parts(steps: NDArray[Any], halves: NDArray[np.int64]) -> NDArray[Any]:
    """Halves of steps, in their dtype."""
    if steps.dtype.kind == "i":
        return steps * halves // 2
    scaled: NDArray[Any] = steps * (halves / 2).astype(steps.real.dtype)
    return scaled


def unsigned_between(
    low: NDArray[Any], high: NDArray[Any], halves: NDArray[np.int64]
) -> NDArray[Any]:
    """``low + (high - low) halves / 2`` of uint64 at whole positions, exact.

    In int64, or else uint64; in floats where neither holds all.
    """
    start, stop = low.astype(object), high.astype(object)
    found: NDArray[Any] = start + (stop - start) * (halves // 2).astype(object)
    least, most = found.min(), found.max()
    if least >= -(2**63) and most < 2**63:
        return found.astype("int64")
    return found.astype("uint64" if least >= 0 and most < 2**64 else "float64")


def times_between(
    low: NDArray[Any], high: NDArray[Any], halves: NDArray[np.int64]
) -> NDArray[Any]:
    """``low + (high - low) halves / 2``, rounded down to a whole unit; NaT stays NaT."""
    difference = (high - low).astype("int64")
    moved = low.astype("int64") + difference * halves // 2
    absent = np.isnat(low) | np.isnat(high)
    found: NDArray[Any] = np.where(
        absent, np.array("NaT", dtype=low.dtype), moved.astype(low.dtype)
    )
    return found
