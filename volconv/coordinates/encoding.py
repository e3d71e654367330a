"""How coordinates are stored: what may be kept of it when their values change."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from volconv.coordinates.calendars import are_cftimes

if TYPE_CHECKING:
    import xarray as xr

__all__ = ["finer_times", "storage_free"]

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
"""Units of times, each the half of which is a whole number of the next one."""


def storage_free(encoding: Mapping[Any, Any]) -> dict[Any, Any]:
    """The encoding without what speaks of how the input was stored."""
    return {key: value for key, value in encoding.items() if key not in STORAGE}


def finer_times(variable: xr.Variable) -> dict[Any, Any]:
    """The encoding of times half-way between those that it was chosen for.

    Whole days become hours, for twelve of them are no whole day; times in floats stay.
    Dates of other calendars are whole microseconds, and are stored in no finer unit.
    """
    encoding = dict(variable.encoding)
    is_calendar = variable.dtype.kind not in "mM"
    if is_calendar and not are_cftimes(variable.data):
        return encoding
    if np.dtype(encoding.pop("dtype", "int64")).kind == "f":
        return {**encoding, "dtype": np.dtype("float64")}
    word, *since = str(encoding.pop("units", "")).split(" ", 1)
    finer = finer_unit(word)
    if finer == "nanoseconds" and is_calendar:
        finer = "microseconds"
    return {**encoding, "units": " ".join([finer, *since])} if finer else encoding


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
