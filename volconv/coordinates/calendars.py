"""Times of other calendars, which cftime keeps as objects: noleap, 360_day and their kin.

Between two of them lies a whole number of microseconds, their own resolution.
"""

from __future__ import annotations

import sys
from datetime import timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["are_cftimes", "cftimes", "passed"]


def are_cftimes(values: Any) -> bool:
    """Whether values are times of one calendar of cftime.

    Parameters
    ----------
    values : ndarray or dask array
        A lazy one is not looked at.

    Notes
    -----
    cftime is not imported: before someone has, no value can be of it.
    """
    cftime = sys.modules.get("cftime")
    if cftime is None or values.dtype != object or not isinstance(values, np.ndarray):
        return False
    calendars = {
        value.calendar if isinstance(value, cftime.datetime) else None
        for value in values.flat
    }
    return len(calendars) == 1 and None not in calendars


def passed(times: NDArray[Any]) -> NDArray[np.timedelta64]:
    """Times since the first one, as `numpy.timedelta64` in microseconds."""
    since: NDArray[np.timedelta64] = (times - times.flat[0]).astype("timedelta64[us]")
    return since


def cftimes(first: Any, since: NDArray[np.timedelta64]) -> NDArray[Any]:
    """Times of the calendar of a first one, so long after it."""
    found = [
        first + timedelta(microseconds=int(micros))
        for micros in since.astype("int64").flat
    ]
    return np.array(found, dtype=object).reshape(since.shape)
