"""What an axis says of lengths along it, and what it is refused for."""

from __future__ import annotations

import math
from typing import Any

from volconv.errors import UnitError
from volconv.kernels.units import (
    EARTH,
    arc,
    difference_unit,
    is_angle,
    is_known,
    is_of_a_calendar,
    is_of_kind,
    unit_text,
    way_of,
)
from volconv.meta import ArrayMeta, Axis

__all__ = [
    "IN_CELLS",
    "direction",
    "even_spacing",
    "in_unit_of",
    "no_distance",
    "no_unit",
    "unknown_unit",
]

WAYS = {
    **dict.fromkeys(("latitude", "lat", "grid_latitude", "rlat"), "latitude"),
    **dict.fromkeys(("longitude", "lon", "grid_longitude", "rlon"), "longitude"),
}
"""Dimensions by whose name degrees go that way, where the unit does not say it."""

DEGREE = EARTH * math.pi / 180
"""Kilometres of a degree of latitude."""

IN_CELLS = "or give a plain number of cells"
"""The mend that always is."""


def in_unit_of(
    where: str, length: str, quantity: Any, axis: Axis, otherwise: str
) -> float:
    """A quantity in the unit of an axis; a distance along latitude as an arc.

    Parameters
    ----------
    where, length, otherwise : str
        The argument, its text, and what else may be given, for errors.
    quantity : Quantity
        What the text says.
    axis : Axis
        The dimension.

    Raises
    ------
    UnitError
        If the axis has no unit, an unknown one, or one of another kind.
    """
    if not axis.units:
        raise no_unit(where, length, axis, otherwise)
    if not is_known(axis.units):
        raise unknown_unit(where, length, axis, otherwise)
    along = in_kind_of(where, length, quantity, axis, otherwise)
    return float(along.m_as(difference_unit(axis.units)))


def in_kind_of(
    where: str, length: str, quantity: Any, axis: Axis, otherwise: str
) -> Any:
    """The quantity, or the arc that it is, where it is given in an axis's kind of unit.

    Raises
    ------
    UnitError
        If it cannot be told so, or is not the same everywhere.
    """
    units = axis.units or ""
    if is_of_kind(quantity, units):
        has_calendar = is_of_a_calendar(difference_unit(units))
        if is_of_a_calendar(quantity.units) == has_calendar:
            return quantity
        raise UnitError(
            where,
            f"{length!r} over a coordinate in {units!r}",
            f"a length in {'months or years' if has_calendar else 'days or the like'}: "
            "months and years are not all as long",
            f"say it in {units if has_calendar else 'days'}, {otherwise}",
        )
    angle = arc(quantity)
    if angle is None or not direction(axis):
        raise UnitError(where, repr(length), f"a unit of the kind of {units!r}")
    if direction(axis) == "latitude":
        return angle
    raise UnitError(
        where,
        f"{length!r} over degrees of longitude",
        f"degrees: a degree of longitude is {DEGREE:.3f} km at the equator and shorter "
        "towards the poles, so a distance is another number of cells in every row",
        f"say it in degrees, regrid to a projection in metres, {otherwise}",
    )


def direction(axis: Axis) -> str:
    """Which way an axis's degrees go: latitude, longitude, or neither."""
    if not axis.units or not is_angle(axis.units):
        return ""
    return way_of(axis.units) or WAYS.get(axis.dim.lower(), "")


def even_spacing(where: str, got: str, axis: Axis, fix: str) -> float:
    """The spacing of an axis.

    Parameters
    ----------
    where, got, fix : str
        For the error.
    axis : Axis
        The dimension.

    Raises
    ------
    UnitError
        If it has none, telling how uneven it is.
    """
    if axis.spacing:
        return float(axis.spacing)
    raise UnitError(
        where,
        f"{got} over {axis.uneven}" if axis.uneven else got,
        f"evenly spaced cells along {axis.dim!r}",
        fix,
    )


def no_unit(where: str, length: str, axis: Axis, otherwise: str) -> UnitError:
    """What is raised for a coordinate without a unit: where to put it."""
    dim, unit = axis.dim, unit_text(length)
    if axis.spacing or axis.uneven:
        code = f"data[{dim!r}].attrs['units'] = {unit!r}"
    else:
        values = f"({dim!r}, values, {{'units': {unit!r}}})"
        code = f"data.assign_coords({{{dim!r}: {values}}})"
    return UnitError(
        where,
        repr(length),
        f"a coordinate with a unit along {dim!r}",
        f"set the 'units' attribute of the coordinate {dim!r}, as by {code}, "
        f"{otherwise}",
    )


def unknown_unit(where: str, length: str, axis: Axis, otherwise: str) -> UnitError:
    """What is raised for a coordinate whose unit is none: where to mend it."""
    return UnitError(
        where,
        f"{length!r} over a coordinate in {axis.units!r}",
        f"a unit that is known along {axis.dim!r}",
        f"mend the 'units' attribute of the coordinate {axis.dim!r}, as by "
        f"data[{axis.dim!r}].attrs['units'] = {unit_text(length)!r}, {otherwise}",
    )


def no_distance(where: str, length: str, meta: ArrayMeta) -> UnitError:
    """What is raised for a distance over latitude and longitude together."""
    lat = next((a.dim for a in meta.axes if direction(a) == "latitude"), None)
    fix = "say it in degrees, or regrid to a projection in metres"
    if lat is not None:
        fix = f"name latitude alone, {where}={{{lat!r}: {length!r}}}, {fix}"
    return UnitError(
        where,
        f"{length!r} over degrees",
        f"degrees: 1 degree of latitude is {DEGREE:.3f} km everywhere, 1 degree of "
        "longitude is shorter towards the poles",
        fix,
    )
