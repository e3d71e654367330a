"""What a labelled array says of itself before its values are read."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from typing import Any

import numpy as np
import xarray as xr

from volconv.coordinates.spacing import spaced_axis
from volconv.errors import DimError
from volconv.meta import ArrayMeta, Axis

__all__ = ["array_meta", "axis_of"]


def array_meta(
    dims: Iterable[Hashable],
    shape: Iterable[int],
    dtype: np.dtype[Any],
    coords: xr.Dataset,
    chunks: tuple[int, ...] | None = None,
) -> ArrayMeta:
    """Dimensions, spacings, units, dtype and chunks.

    Raises
    ------
    DimError
        If a dimension's name is not a text, or is repeated.
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
        axes.append(axis_of(dim, size, coords))
    return ArrayMeta(tuple(axes), np.dtype(dtype).name, chunks)


def axis_of(dim: str, size: int, coords: xr.Dataset) -> Axis:
    """A dimension with the spacing and unit of its own coordinate."""
    if dim not in coords.variables or coords.variables[dim].dims != (dim,):
        return Axis(dim, size)
    return spaced_axis(dim, coords.variables[dim])
