"""Lengths in a coordinate's unit, as numbers of cells."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import numpy as np

from volconv.errors import KernelError, KindError, UnitError
from volconv.geometry.by_dim import values_by_dim
from volconv.kernels.axes import (
    IN_CELLS,
    direction,
    even_spacing,
    in_unit_of,
    no_distance,
    no_unit,
    unknown_unit,
)
from volconv.kernels.named import ROUNDING, box, check_size, check_spread, is_real
from volconv.kernels.notes import LengthNote
from volconv.kernels.units import (
    arc,
    is_known,
    is_of_kind,
    parse_quantity,
)
from volconv.meta import ArrayMeta, Axis

__all__ = [
    "LengthLike",
    "SizeLike",
    "cells_of",
    "check_length",
    "length_notes",
    "sizes_of",
]

SizeLike = int | str | Mapping[str, int | str]
"""A whole number of cells, or a text with a unit; for all or by name."""

LengthLike = float | str | Mapping[str, float | str]
"""A number of cells, or a text with a unit such as "1.2 mm"; for all or by name."""


def cells_of(
    where: str, length: object, dims: Sequence[str] | str | None, meta: ArrayMeta
) -> dict[str, float]:
    """A length along each dimension, in cells.

    Parameters
    ----------
    where : str
        The argument's name, for errors.
    length : number, str, or mapping of str to one of them
        A plain number counts cells; a text has a unit and is divided by the spacing.
    dims : str or sequence of str, optional
        Dimensions that one length for all goes to; by default all that the array has,
        or, for a length with a unit, those whose unit is of its kind.
    meta : ArrayMeta
        Names, spacings and units.

    Raises
    ------
    UnitError
        If a unit is unknown or missing, or no dimension has one of its kind.

    Examples
    --------
    >>> meta = ArrayMeta((Axis("t", 9), Axis("x", 9, 0.5, "mm")), "float32")
    >>> cells_of("sigma", "0.2 cm", None, meta)
    {'x': 4.0}
    """
    return {
        dim: length_in_cells(f"{where} along {dim!r}", value, meta.axis(dim))
        for dim, value in lengths_by_dim(where, length, dims, meta).items()
    }


def sizes_of(
    where: str, size: object, dims: Sequence[str] | str | None, meta: ArrayMeta
) -> tuple[dict[str, int], tuple[LengthNote, ...]]:
    """Cells of a window along each dimension, and what lengths became of them.

    Parameters
    ----------
    where, dims, meta
        As `cells_of` takes them.
    size : int, str, or mapping of str to one of them
        A whole number of cells, or a text with a unit: the nearest whole number of
        cells, halves rounded up, and at least one.

    Raises
    ------
    UnitError, KernelError, KindError, GeometryError
        As `cells_of`, and if a number is not whole.

    Examples
    --------
    >>> meta = ArrayMeta((Axis("z", 9, 5.0, "mm"), Axis("x", 9, 0.7, "mm")), "int16")
    >>> sizes, notes = sizes_of("size", "6 mm", None, meta)
    >>> sizes, str(notes[1])
    ({'z': 1, 'x': 9}, 'size along x: 6 mm = 8.57143 cells of 0.7 mm, whole 9')
    """
    given = lengths_by_dim(where, size, dims, meta)
    box(dict.fromkeys(given, 1))  # refuses a window without a dimension
    exact = {
        dim: length_in_cells(f"{where} along {dim!r}", value, meta.axis(dim))
        for dim, value in given.items()
        if isinstance(value, str)
    }
    sizes = {
        dim: check_size(
            f"{where} along {dim!r}",
            nearest_whole(exact[dim]) if dim in exact else value,
        )
        for dim, value in given.items()
    }
    notes = length_notes(where, given, exact, meta)
    return sizes, tuple(replace(note, whole=sizes[note.dim]) for note in notes)


def nearest_whole(cells: float) -> int:
    """The nearest whole number of cells, halves rounded up, and at least one."""
    return max(1, math.floor(cells * (1 + ROUNDING) + 0.5))


def lengths_by_dim(
    where: str, length: object, dims: Sequence[str] | str | None, meta: ArrayMeta
) -> dict[str, Any]:
    """A length for each dimension that it goes to: see `cells_of`."""
    if dims is None:
        named = isinstance(length, Mapping)
        dims = () if named else default_dims(where, length, meta)
    return values_by_dim(where, length, dims, meta)


def length_notes(
    where: str, length: object, cells: Mapping[str, float], meta: ArrayMeta
) -> tuple[LengthNote, ...]:
    """What a length became along each dimension where it has a unit.

    Parameters
    ----------
    where, length, meta
        As `cells_of` takes them.
    cells : mapping of str to float
        What it gave for them.

    Examples
    --------
    >>> meta = ArrayMeta((Axis("x", 9, -0.5, "mm"),), "float32")
    >>> print(*length_notes("sigma", "0.2 cm", {"x": 4.0}, meta))
    sigma along x: 0.2 cm = 4 cells of 0.5 mm
    """
    found = []
    for dim, count in cells.items():
        text = length.get(dim) if isinstance(length, Mapping) else length
        axis = meta.axis(dim)
        if isinstance(text, str) and axis.spacing and axis.units:
            found.append(
                LengthNote(where, dim, text, count, abs(axis.spacing), axis.units)
            )
    return tuple(found)


def default_dims(where: str, length: object, meta: ArrayMeta) -> list[str]:
    """Dimensions that a length for all goes to where the user names none.

    Raises
    ------
    UnitError
        If there is none, or if one may have been meant whose unit is not known.
    """
    if not isinstance(length, str):
        return list(meta.dims)
    quantity = parse_quantity(where, length)
    fitting = [
        axis.dim
        for axis in meta.axes
        if axis.units and is_of_kind(quantity, axis.units)
    ]
    for axis in meta.axes:
        if axis.units and not is_known(axis.units):
            raise unknown_unit(where, length, axis, naming_dims(fitting))
        if axis.spacing and not axis.units:
            raise no_unit(where, length, axis, naming_dims(fitting))
    if fitting:
        return fitting
    if arc(quantity) is not None and any(direction(axis) for axis in meta.axes):
        raise no_distance(where, length, meta)
    units = {axis.dim: axis.units for axis in meta.axes}
    raise UnitError(
        where,
        repr(length),
        f"a unit of the kind of a dimension's ({units})",
        f"set the coordinate's 'units' attribute, {IN_CELLS}",
    )


def naming_dims(fitting: Sequence[str]) -> str:
    """What else may be done where a dimension may have been left out by mistake."""
    return f"or leave it out: dims={list(fitting)}" if fitting else IN_CELLS


def length_in_cells(where: str, length: object, axis: Axis) -> float:
    """A length along one dimension, in cells.

    Parameters
    ----------
    where : str
        The argument and dimension, for errors.
    length : number or str
        Cells, or a number and a unit. A distance along latitude is an arc of a sphere
        with the Earth's mean radius.
    axis : Axis
        The dimension's spacing and units.

    Raises
    ------
    UnitError
        If the axis has no unit, no even spacing, or a unit of another kind.
    KernelError
        If a text has a number below 0.
    KindError
        If it is neither a number nor a text.

    Examples
    --------
    >>> quarter = Axis("latitude", 720, -0.25, "degrees_north")
    >>> round(length_in_cells("sigma", "111.195 km", quarter), 4)
    4.0
    """
    if not isinstance(length, str):
        return cells_in_number(where, length)
    check_length(where, length)
    quantity = parse_quantity(where, length)
    along = in_unit_of(where, length, quantity, axis, IN_CELLS)
    mend = "interpolate to even spacing first"
    if axis.size == 1:
        mend = f"leave it out by naming dims, or by data.isel({{{axis.dim!r}: 0}})"
    spacing = even_spacing(where, repr(length), axis, f"{mend}, {IN_CELLS}")
    return along / abs(spacing)


def check_length(where: str, length: object) -> float | str:
    """The length, unless its text alone shows that it cannot be.

    Raises
    ------
    UnitError
        If a text has no number or no known unit.
    KernelError, KindError
        If it is negative, not finite, or neither a number nor a text.

    Examples
    --------
    >>> check_length("sigma", "1.2 mm")
    '1.2 mm'
    """
    if isinstance(length, str):
        try:
            check_spread(where, parse_quantity(where, length).magnitude)
        except KernelError as error:
            raise KernelError(where, repr(length), error.expected) from None
        return length
    cells_in_number(where, length)  # refuses what is neither
    return check_spread(where, length)


def cells_in_number(where: str, length: object) -> float:
    """A plain number as it is; it counts cells.

    Raises
    ------
    KindError
        If it is no real number; booleans are none.
    """
    if is_real(length):
        return float(length)
    raise KindError(
        where,
        repr(length),
        "a number of cells, or a text like '1.2 mm'",
        "say it with its unit, such as '2 h'"
        if isinstance(length, np.timedelta64 | timedelta)
        else "",
    )
