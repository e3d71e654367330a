"""What a labelled array says of itself before its values are read."""

from __future__ import annotations

import base64
import math
import re
import struct
from collections.abc import Hashable, Iterable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from volconv.coordinates.longitude import turn_of
from volconv.coordinates.none import Coords
from volconv.coordinates.spacing import EVEN, spaced_axis
from volconv.errors import DimError, NumberError
from volconv.meta import ArrayMeta, Axis

__all__ = ["are_same_cells", "array_meta", "axis_of", "held_value"]

MISSING = ("_FillValue", "missing_value")
"""Attributes of CF that declare missing values."""


def array_meta(
    dims: Iterable[Hashable],
    shape: Iterable[int],
    dtype: np.dtype[Any],
    coords: Coords,
    chunks: tuple[int, ...] | None = None,
    attrs: Mapping[Any, Any] | None = None,
) -> ArrayMeta:
    """Dimensions, spacings, units, dtype, chunks and declared missing values.

    Chunks are as they are stored, and may be larger than the array.

    Raises
    ------
    DimError
        If a dimension's name is not a text, or is repeated.
    NumberError
        If the dtype is not one of NumPy.
    """
    axes = []
    for dim, size in zip(dims, shape, strict=True):
        if not isinstance(dim, str):
            raise DimError(
                "dims",
                repr(dim),
                "names that are texts",
                f"rename it: {{{dim!r}: 'x'}}",
            )
        axis = axis_of(dim, size, coords)
        around = share_of_circle(axis, coords)
        axes.append(axis if around is None else replace(axis, around=around))
    try:
        found = np.dtype(dtype)
    except TypeError:
        raise NumberError(
            "data",
            f"dtype {dtype}, which is not one of NumPy",
            "numbers of NumPy",
            "cast the data first: data.astype(float)",
        ) from None
    missing = declared_missing(attrs or {}, found)
    # NumPy calls texts str32, and does not know that name
    name = found.str if found.kind in "SU" else found.name
    meta = ArrayMeta(tuple(axes), name, missing=missing)
    return meta if chunks is None else meta.in_chunks(chunks)


def declared_missing(attrs: Mapping[Any, Any], dtype: DTypeLike) -> tuple[float, ...]:
    """Values that attributes declare as missing, as the dtype holds them.

    CF's ``_FillValue``, then its ``missing_value``, which may be several. NaN needs no
    declaring, and a value that the dtype cannot hold stands for no cell.

    Examples
    --------
    >>> attrs = {"_FillValue": -32768, "missing_value": [-32768, -1, 1e20]}
    >>> declared_missing(attrs, "int16")
    (-32768, -1)
    >>> declared_missing({"missing_value": 1e20}, "float32")
    (1.0000000200408773e+20,)
    """
    found: dict[float, None] = {}
    for name in MISSING:
        said = attrs.get(name, ())
        for value in said if isinstance(said, list | tuple) else np.ravel(said):
            held = held_value(value, dtype)
            if held is not None:
                found[held] = None
    return tuple(found)


def held_value(value: object, dtype: DTypeLike) -> float | None:
    """A declared value as a dtype holds it; None where it is NaN or does not.

    Xarray writes floats to Zarr as the text of their eight bytes in base 64.
    """
    wanted = np.dtype(dtype)
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, str) and re.fullmatch(r"[A-Za-z0-9+/]{11}=", value):
        (value,) = struct.unpack("<d", base64.b64decode(value))
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    if wanted.kind not in "iuf" or math.isnan(value):
        return None
    if wanted.kind == "f":
        with np.errstate(over="ignore"):
            return float(np.array(value, wanted))
    limits = np.iinfo(wanted)
    is_whole = math.isfinite(value) and value == int(value)
    return int(value) if is_whole and limits.min <= value <= limits.max else None


def axis_of(dim: str, size: int, coords: Coords) -> Axis:
    """A dimension with the spacing and unit of its own coordinate."""
    if dim not in coords.variables or coords.variables[dim].dims != (dim,):
        return Axis(dim, size)
    return spaced_axis(dim, coords.variables[dim])


def share_of_circle(axis: Axis, coords: Coords) -> float | None:
    """What the longitudes along a dimension cover of a circle; None where there are none.

    They are the dimension's own coordinate, or another one along it alone.
    """
    if axis.around is not None:
        return axis.around
    beside = (
        spaced_axis(axis.dim, variable).around
        for variable in coords.variables.values()
        if variable.dims == (axis.dim,) and turn_of(variable.attrs) is not None
    )
    return next((share for share in beside if share is not None), None)


def are_same_cells(values: np.ndarray[Any, Any], others: np.ndarray[Any, Any]) -> bool:
    """Whether coordinates name the same cells, floats but for the rounding of one of them.

    Examples
    --------
    >>> degrees = np.linspace(0, 359.9, 3600)
    >>> are_same_cells(degrees, degrees.astype("float32"))
    True
    >>> are_same_cells(degrees, degrees + 0.05)
    False
    """
    if values.shape != others.shape:
        return False
    if values.dtype.kind not in "iuf" or others.dtype.kind not in "iuf":
        return np.array_equal(values, others)
    wide = values.astype(float)
    step = np.abs(np.diff(wide)).min() if wide.size > 1 else 1.0
    return bool((np.abs(wide - others) <= EVEN * step).all())
