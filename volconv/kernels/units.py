"""Units: what a text says, and whether two are of one kind."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from volconv.errors import UnitError

if TYPE_CHECKING:
    import pint

__all__ = [
    "EARTH",
    "arc",
    "difference_unit",
    "has_own_zero",
    "is_angle",
    "is_known",
    "is_of_a_calendar",
    "is_of_kind",
    "parse_quantity",
    "unit_text",
    "way_of",
]

EARTH = 6371.0088
"""Mean radius of the Earth in kilometres: (2 a + b) / 3 of the ellipsoid WGS 84."""

QUANTITY = re.compile(
    r"\s*([-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)\s*((?:[^\W\d_]|°)[\w/ °]{0,40})"
)
"""A number and a unit. Nothing else reaches pint, which would work out 9**9**9."""

DEGREES = re.compile(r"\s*degrees?[_\s]*(north|east|true|n|e)?\s*", re.IGNORECASE)
"""Degrees as CF spells them."""

SPELT = {
    **dict.fromkeys(("level", "layer", "sigma_level"), "dimensionless"),
    **dict.fromkeys(("point", "points"), "dimensionless"),
    "px": "pixel",
}
"""Units as the registry spells them: levels, as CF has them, are counted, and so are
points, of which it takes 72 for an inch; px it takes for a 96th of one."""

WORD = 4
"""Letters that a unit has at least where it is a word and no symbol: arbitrary."""

COUNTED = "give a number without quotes to count cells"
"""The mend of a text that is no length."""

OF_A_CALENDAR = frozenset({"month", "year", "century", "millennium"})
"""Units of time that are longer in one place of a calendar than in another."""


@lru_cache(maxsize=1)
def registry() -> pint.UnitRegistry[Any]:
    """The table of units, imported when the first length has one."""
    import pint

    return pint.UnitRegistry(cache_folder=None)


def cf_unit(units: str) -> str:
    """A unit as the registry spells it: CF's degrees and levels too."""
    return "degree" if DEGREES.fullmatch(units) else SPELT.get(units, units)


def way_of(units: str) -> str:
    """Which way degrees go, as CF spells it: latitude, longitude, or it does not say.

    Examples
    --------
    >>> way_of("degrees_north"), way_of("degreeE"), way_of("degrees")
    ('latitude', 'longitude', '')
    """
    match = DEGREES.fullmatch(units)
    way = (match[1] or "").lower() if match else ""
    return {"n": "latitude", "e": "longitude"}.get(way[:1], "")


def spelt_unit(units: str) -> Any:
    """The unit of that name.

    Words may be in capitals, as in ``Hours``; symbols may not: Mm is no mm.
    """
    spelt = cf_unit(units)
    try:
        return registry().parse_units(spelt)
    except AttributeError:  # which pint's own error of unknown units is
        if len(spelt) < WORD:
            raise
        return registry().parse_units(spelt.lower())


@lru_cache(maxsize=256)
def difference_unit(units: str) -> Any:
    """The unit of the difference of two coordinates: one of degC has no offset.

    Any, since pint's units are dynamically typed; it raises whatever pint does.
    """
    unit = spelt_unit(units)
    return (registry().Quantity(1, unit) - registry().Quantity(0, unit)).units


def parse_quantity(where: str, text: str, fix: str = COUNTED) -> Any:
    """Number and unit of a text; Any, since pint's quantities are dynamically typed.

    Parameters
    ----------
    where, fix : str
        The argument, and what to do where the text is none, for errors.
    text : str
        Such as ``1.2 mm``.

    Raises
    ------
    UnitError
        If it has no number or no known unit.
    """
    expected = "a number and a unit, such as '1.2 mm'"
    match = QUANTITY.fullmatch(text)
    if match is None:
        raise UnitError(where, repr(text), expected, fix)
    try:
        unit = difference_unit(match[2].strip())
        quantity: Any = registry().Quantity(float(match[1]), unit)
    except Exception as error:  # pint raises tokenizer and assertion errors alike
        raise UnitError(where, repr(text), expected, f"{error}; {fix}") from None
    if quantity.unitless:
        raise UnitError(where, repr(text), expected, fix)
    return quantity


def unit_text(text: str) -> str:
    """The unit of a text that `parse_quantity` takes, as it is written there."""
    match = QUANTITY.fullmatch(text)
    assert match is not None
    return match[2].strip()


def is_known(units: str) -> bool:
    """Whether a coordinate's unit, which may be any text, is one."""
    try:
        difference_unit(units)
    except Exception:  # pint raises tokenizer, type and assertion errors alike
        return False
    return True


def is_of_kind(quantity: Any, units: str) -> bool:
    """Whether a length can be given in a coordinate's unit, which may be any text.

    Angles are a kind of their own, which pint counts among plain numbers.

    Examples
    --------
    >>> half = parse_quantity("sigma", "0.5 degrees")
    >>> is_of_kind(half, "degrees_north"), is_of_kind(half, "1")
    (True, False)
    """
    return is_known(units) and root(quantity.units) == root(difference_unit(units))


def arc(quantity: Any) -> Any:
    """The angle that a distance along a great circle of the Earth is, in radians.

    None if it is no distance.

    Examples
    --------
    >>> round(arc(parse_quantity("sigma", "111.195 km")).m_as("degree"), 6)
    0.999999
    >>> arc(parse_quantity("sigma", "2 s"))
    """
    if not is_of_kind(quantity, "km"):
        return None
    return registry().Quantity(quantity.m_as("km") / EARTH, "radian")


def is_angle(units: str) -> bool:
    """Whether a coordinate's unit, which may be any text, is one of angles."""
    return is_of_kind(registry().Quantity(1, "degree"), units)


def has_own_zero(units: str) -> bool:
    """Whether a unit that is known counts from a place of its own, as degC does.

    Examples
    --------
    >>> has_own_zero("degC"), has_own_zero("K"), has_own_zero("degrees_north")
    (True, False, False)
    """
    zero = registry().Quantity(0, spelt_unit(units))
    return bool(zero.to_base_units().magnitude)


def is_of_a_calendar(unit: Any) -> bool:
    """Whether a unit is longer in one place of a calendar than in another.

    Examples
    --------
    >>> [is_of_a_calendar(difference_unit(name)) for name in ("months", "weeks")]
    [True, False]
    """
    return not OF_A_CALENDAR.isdisjoint(str(unit).split())


def root(unit: Any) -> Any:
    """The basic units that a unit is made of."""
    return registry().Quantity(1, unit).to_root_units().units
