"""How coordinates are stored: what may be kept of it when their values change."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from volconv.coordinates.calendars import are_cftimes

if TYPE_CHECKING:
    import xarray as xr

__all__ = ["finer_times", "moved_encoding", "storage_free"]

STORAGE = frozenset(
    {
        *("chunks", "preferred_chunks", "chunksizes", "original_shape", "contiguous"),
        *("shards", "compressors", "compressor", "filters", "serializer", "source"),
        *(
            "zlib",
            "complevel",
            "shuffle",
            "fletcher32",
            "compression",
            "compression_opts",
        ),
        *("szip", "zstd", "bzip2", "blosc", "endian", "least_significant_digit"),
    }
)
"""Encoding that speaks of how the input was stored, not of what its values mean."""

SPELLINGS = {
    "days": ("day", "d"),
    "hours": ("hour", "hr", "hrs", "h"),
    "minutes": ("minute", "min", "mins"),
    "seconds": ("second", "sec", "secs", "s"),
    "milliseconds": ("millisecond", "msec", "ms"),
    "microseconds": ("microsecond",),
    "nanoseconds": ("nanosecond",),
}
"""Units of times, of each the half and the quarter are whole numbers of the next one."""

QUARTERS = 4
"""Parts of a unit that are surely whole numbers of the next one."""


def storage_free(encoding: Mapping[Any, Any]) -> dict[Any, Any]:
    """The encoding without what speaks of how the input was stored."""
    return {key: value for key, value in encoding.items() if key not in STORAGE}


def moved_encoding(variable: xr.Variable, *keep: str) -> dict[Any, Any]:
    """The encoding of values that take the place of a variable's.

    Parameters
    ----------
    variable : Variable
        Whose encoding it was.
    *keep : str
        What is kept of it beside the unit and the calendar of times. Of their dtype only
        whether they are floats: a small integer may hold none of the new ones.
    """
    known = {"units", "calendar", *keep}
    encoding = {key: item for key, item in variable.encoding.items() if key in known}
    if variable.dtype.kind in "mMO" and "dtype" in variable.encoding:
        is_float = np.dtype(variable.encoding["dtype"]).kind == "f"
        encoding["dtype"] = np.dtype("float64" if is_float else "int64")
    return encoding


def finer_times(variable: xr.Variable, parts: int = 2) -> dict[Any, Any]:
    """The encoding of times that divide those that it was chosen for.

    Halves and quarters of days become hours, for twelve of them are no whole day; times
    in floats stay. Dates of other calendars are whole microseconds, and are stored in no
    finer unit. Of smaller parts xarray finds the unit.

    Parameters
    ----------
    variable : Variable
        The times.
    parts : int
        Into how many each step from one to the next was divided.
    """
    encoding = dict(variable.encoding)
    is_calendar = variable.dtype.kind not in "mM"
    if is_calendar and not are_cftimes(variable.data):
        return encoding
    if np.dtype(encoding.get("dtype", "int64")).kind == "f":
        return {**encoding, "dtype": np.dtype("float64")}
    encoding.pop("dtype", None)
    word, *since = str(encoding.pop("units", "")).split(" ", 1)
    finer = "" if parts > QUARTERS else finer_unit(word)
    if finer == "nanoseconds" and is_calendar:
        finer = "microseconds"
    if not finer:
        return encoding
    # of lazy times xarray asks for both
    return {**encoding, "units": " ".join([finer, *since]), "dtype": np.dtype("int64")}


def finer_unit(word: str) -> str:
    """The next finer unit of times; empty where there is none.

    Examples
    --------
    >>> finer_unit("day"), finer_unit("hours"), finer_unit("months")
    ('hours', 'minutes', '')
    """
    names = list(SPELLINGS)
    for unit, finer in itertools.pairwise(names):
        if word.lower() in (unit, *SPELLINGS[unit]):
            return finer
    return ""
