"""Coordinate values at positions between and beyond cells.

A position on a cell inside the axis takes the cell's own value, to the last bit. Between
two cells it is interpolated linearly, beyond the ends continued with the end spacing: in
the coordinate's own type, times in whole numbers of their unit.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from volconv.geometry import Centres

__all__ = ["can_interpolate", "values_at"]


def can_interpolate(dtype: np.dtype[Any], cells: int) -> bool:
    """Whether values of a dtype along so many cells have values between them."""
    return dtype.kind in "iufcmM" and cells > 1


def values_at(values: NDArray[Any], centres: Centres, axis: int) -> NDArray[Any]:
    """Values at positions along one axis.

    Parameters
    ----------
    values : ndarray or dask array
        Coordinate values, ``centres.cells`` of them along `axis`, at least two; of a
        dtype that `can_interpolate`.
    centres : Centres
        The positions.
    axis : int
        The axis that they lie along.

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
    """
    places = centres.first + centres.step * np.arange(centres.count)
    lower = np.clip(places // 2, 0, centres.cells - 2)
    shape = [1] * values.ndim
    shape[axis] = -1
    halves = (places - 2 * lower).reshape(shape)
    if values.dtype.kind in "iu":
        values = values.astype("int64" if centres.first % 2 == 0 else "float64")
    low = np.take(values, lower, axis=axis)
    high = np.take(values, lower + 1, axis=axis)
    if values.dtype.kind in "mM":
        between = times_between(low, high, halves)
    elif values.dtype.kind == "i":
        between = low + (high - low) * halves // 2
    else:
        between = low + (high - low) * (halves / 2).astype(values.real.dtype)
    found: NDArray[Any] = np.where(
        halves == 0, low, np.where(halves == 2, high, between)
    )
    return found


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
