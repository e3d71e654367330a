"""What a labelled array says of itself before its values are read."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from dataclasses import replace
from typing import Any

import numpy as np
import xarray as xr

from volconv.coordinates.longitude import goes_one_way, turn_of, unrolled
from volconv.errors import DimError
from volconv.meta import ArrayMeta, Axis

__all__ = ["array_meta", "axis_of"]

EVEN = 1e-3
"""Largest deviation of a step from the mean step, as a share of it, that counts as even:
float32 coordinates around a globe deviate by 3e-5, months by 5e-2."""


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
        axis = axis_of(dim, size, coords)
        axes.append(replace(axis, around=share_of_turn(dim, coords)))
    return ArrayMeta(tuple(axes), np.dtype(dtype).name, chunks)


def axis_of(dim: str, size: int, coords: xr.Dataset) -> Axis:
    """A dimension with the spacing and unit of its own coordinate.

    Times have the unit "s".
    """
    if dim not in coords.variables or coords.variables[dim].dims != (dim,):
        return Axis(dim, size)
    variable = coords.variables[dim]
    units = variable.attrs.get("units")
    if variable.dtype.kind in "mM":
        return Axis(dim, size, even_step(times_in_seconds(variable.values)), "s")
    if variable.dtype.kind not in "iuf":
        return Axis(dim, size)
    values = variable.values.astype(float)
    turn = turn_of(variable.attrs)
    if turn is not None:
        values = unrolled(values, turn)
    return Axis(
        dim,
        size,
        even_step(values),
        units if isinstance(units, str) else None,
    )


def times_in_seconds(values: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Times since the first one, in seconds."""
    passed: np.ndarray[Any, Any] = (values - values[:1]) / np.timedelta64(1, "s")
    return passed


def even_step(values: np.ndarray[Any, Any]) -> float | None:
    """The step between neighbours where it is even, else None."""
    if values.size < 2 or not np.isfinite(values).all():
        return None
    step = float(values[-1] - values[0]) / (values.size - 1)
    if step == 0 or np.abs(np.diff(values) - step).max() > EVEN * abs(step):
        return None
    return step


def share_of_turn(dim: str, coords: xr.Dataset) -> float | None:
    """What the longitudes along a dimension cover of a circle; None where there are none.

    A cell is as wide as their mean step. They are the dimension's own coordinate, or
    another one along it alone; None where they do not go one way.
    """
    along = [dim, *coords.variables]
    for name in along:
        variable = coords.variables.get(name)
        if (
            variable is None
            or variable.dims != (dim,)
            or variable.dtype.kind not in "iuf"
        ):
            continue
        turn = turn_of(variable.attrs)
        if turn is not None and variable.size > 1:
            values = unrolled(variable.values.astype(float), turn)
            step = abs(values[-1] - values[0]) / (values.size - 1)
            return float(step * values.size / turn) if goes_one_way(values) else None
    return None
