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
    parts = centres.parts
    places = centres.first + centres.step * np.arange(centres.count)
    lower = np.clip(places // parts, 0, centres.cells - 2)
    shape = [1] * values.ndim
    shape[axis] = -1
    rest = (places - parts * lower).reshape(shape)
    if values.dtype.kind in "iu":
        values = values.astype("int64" if centres.are_whole else "float64")
    low = np.take(values, lower, axis=axis)
    high = np.take(values, lower + 1, axis=axis)
    if values.dtype.kind in "mM":
        between = times_between(low, high, rest, parts)
    elif values.dtype.kind == "i":
        between = low + (high - low) * (rest // parts)
    else:
        between = low + (high - low) * (rest / parts).astype(values.real.dtype)
    found: NDArray[Any] = np.where(
        rest == 0, low, np.where(rest == parts, high, between)
    )
    return found


def times_between(
    low: NDArray[Any], high: NDArray[Any], rest: NDArray[np.int64], parts: int
) -> NDArray[Any]:
    """``low + (high - low) rest / parts``, rounded down to a whole unit; NaT stays NaT.

    A difference is divided first: its multiples may be beyond 64 bits.
    """
    whole, over = np.divmod((high - low).astype("int64"), parts)
    moved = low.astype("int64") + whole * rest + over * rest // parts
    absent = np.isnat(low) | np.isnat(high)
    found: NDArray[Any] = np.where(
        absent, np.array("NaT", dtype=low.dtype), moved.astype(low.dtype)
    )
    return found
