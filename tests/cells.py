"""A few cells to try functions of single cells with."""

import numpy as np
import xarray as xr

SMALL = ("bool", "int8", "uint8", "int16", "uint16", "int32", "uint32")
"""dtypes whose squares and whole multiples an integer of 64 bits holds."""


def row(*values, dtype=None):
    return xr.DataArray(np.array(values, dtype=dtype), dims="x")


def ends(dtype):
    """The smallest and the largest integers of a dtype, and some between."""
    limits = np.iinfo(dtype)
    return row(
        limits.min, limits.min + 1, 0, 1, limits.max - 1, limits.max, dtype=dtype
    )
