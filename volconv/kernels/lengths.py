"""Lengths in a coordinate's unit, as numbers of cells."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from volconv.errors import KernelError, KindError, UnitError
from volconv.geometry.geometry import values_by_dim
from volconv.kernels.named import check_spread
from volconv.meta import ArrayMeta, Axis

if TYPE_CHECKING:
    import pint

__all__ = ["LengthLike", "cells_of", "length_in_cells"]

LengthLike = float | str | Mapping[str, float | str]
"""A number of cells, or a text with a unit such as "1.2 mm"; for all or by name."""


def cells_of(
    where: str, length: object, dims: Sequence[str] | None, meta: ArrayMeta
) -> dict[str, float]:
    """A length along each dimension, in cells.

    Parameters
    ----------
    where : str
        The argument's name, for errors.
    length : number, str, or mapping of str to one of them
        A plain number counts cells; a text has a unit and is divided by the spacing.
    dims : sequence of str, optional
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
    if dims is None:
        named = isinstance(length, Mapping)
        dims = () if named else default_dims(where, length, meta)
    lengths = values_by_dim(where, length, dims, meta)
    return {
        dim: length_in_cells(f"{where} along {dim!r}", value, meta.axis(dim))
        for dim, value in lengths.items()
    }


def default_dims(where: str, length: object, meta: ArrayMeta) -> list[str]:
    """Dimensions that a length for all goes to where the user names none."""
    if not isinstance(length, str):
        return list(meta.dims)
    quantity = parse_quantity(where, length)
    fitting = [
        axis.dim
        for axis in meta.axes
        if axis.units and is_of_kind(quantity, axis.units)
    ]
    if not fitting:
        units = {axis.dim: axis.units for axis in meta.axes}
        raise UnitError(
            where,
            repr(length),
            f"a unit of the kind of a dimension's ({units})",
            "set the coordinate's 'units' attribute, or give a plain number of cells",
        )
    return fitting


def length_in_cells(where: str, length: object, axis: Axis) -> float:
    """A length along one dimension, in cells.

    Parameters
    ----------
    where : str
        The argument and dimension, for errors.
    length : number or str
        Cells, or a number and a unit.
    axis : Axis
        The dimension's spacing and units.

    Raises
    ------
    UnitError
        If the axis has no unit, no even spacing, or a unit of another kind.
    KindError
        If it is neither a number nor a text.
    """
    if not isinstance(length, str):
        return cells_in_number(where, length)
    quantity = parse_quantity(where, length)
    if not axis.units:
        raise UnitError(
            where,
            repr(length),
            f"a coordinate with a unit along {axis.dim!r}",
            f"set the 'units' attribute of the coordinate {axis.dim!r}, "
            "or give a plain number of cells",
        )
    if not is_of_kind(quantity, axis.units):
        raise UnitError(where, repr(length), f"a unit of the kind of {axis.units!r}")
    if not axis.spacing:
        raise UnitError(
            where,
            repr(length),
            f"evenly spaced cells along {axis.dim!r}",
            "interpolate to even spacing first, or give a plain number of cells",
        )
    found = quantity.m_as(difference_unit(axis.units)) / abs(axis.spacing)
    return float(found)


@lru_cache(maxsize=1)
def registry() -> pint.UnitRegistry[Any]:
    """The table of units, imported when the first length has one."""
    import pint

    return pint.UnitRegistry(cache_folder=None)


def cf_unit(units: str) -> str:
    """A unit as the registry spells it: CF's degrees of longitude and latitude too."""
    lowered = units.strip().lower()
    directions = ("north", "east", "n", "e", "true")
    if lowered.startswith("degree"):
        rest = lowered.removeprefix("degrees").removeprefix("degree").strip("_ ")
        return "degree" if rest in ("", *directions) else units
    return units


def difference_unit(units: str) -> Any:
    """The unit of the difference of two coordinates: one of degC has no offset."""
    unit = registry().parse_units(cf_unit(units))
    return (registry().Quantity(1, unit) - registry().Quantity(0, unit)).units


QUANTITY = re.compile(
    r"\s*([-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)\s*([^\W\d_][\w/ °]{0,40})"
)
"""A number and a unit. Nothing else reaches pint, which would work out 9**9**9."""


def parse_quantity(where: str, text: str) -> Any:
    """Number and unit of a text; Any, since pint's quantities are dynamically typed."""
    expected = "a number and a unit, such as '1.2 mm'"
    match = QUANTITY.fullmatch(text)
    if match is None:
        raise UnitError(
            where, repr(text), expected, "give a number without quotes to count cells"
        )
    try:
        unit = difference_unit(match[2].strip())
        quantity: Any = registry().Quantity(float(match[1]), unit)
    except Exception as error:  # pint raises tokenizer and assertion errors alike
        raise UnitError(where, repr(text), expected, f"{error}") from None
    if quantity.unitless:
        raise UnitError(
            where, repr(text), expected, "give a number without quotes to count cells"
        )
    return quantity


def check_length(where: str, length: object) -> float | str:
    """The length, if its text alone does not tell that it cannot be.

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
    if isinstance(length, (int, float, np.integer, np.floating)) and not isinstance(
        length, bool
    ):
        return float(length)
    raise KindError(where, repr(length), "a number of cells, or a text like '1.2 mm'")


def is_of_kind(quantity: Any, units: str) -> bool:
    """Whether a length can be told in a coordinate's unit, which may be any text."""
    try:
        return bool(quantity.is_compatible_with(difference_unit(units)))
    except Exception:  # pint raises tokenizer, type and assertion errors alike
        return False
