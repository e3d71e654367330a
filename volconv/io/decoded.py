"""A group's variables as CF says they are meant: packed, masked, times."""

from __future__ import annotations

import numpy as np
import xarray as xr

__all__ = ["decoded", "forget_default_fill"]


def decoded(raw: xr.Dataset) -> xr.Dataset:
    """Decoded as CF says; times that cannot be dates, as of a year 0, stay numbers."""
    try:
        return xr.decode_cf(raw, decode_timedelta=False)
    except ValueError:
        return xr.decode_cf(raw, decode_times=False)


def forget_default_fill(variable: xr.Variable) -> None:
    """Take a fill value of 0 for what it is in format 2: Zarr's own default.

    xarray keeps CF's ``_FillValue`` there and masks by it, so every zero of an array
    that xarray did not write would become NaN.
    """
    if np.all(variable.attrs.get("_FillValue") == 0):
        del variable.attrs["_FillValue"]
