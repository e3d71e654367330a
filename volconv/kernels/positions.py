"""Positions along an axis, from texts with a unit such as 500 hPa."""

from __future__ import annotations

from volconv.errors import UnitError
from volconv.kernels.axes import in_unit_of
from volconv.kernels.units import (
    has_own_zero,
    is_known,
    parse_quantity,
    unit_text,
)
from volconv.meta import Axis

__all__ = ["position_on"]

AS_IT_IS = "give a number without quotes, which is taken as it is"
"""The mend of a text that is no position."""


def position_on(where: str, text: str, axis: Axis) -> float:
    """A position along an axis, in its own unit.

    Parameters
    ----------
    where : str
        The argument and dimension, for errors.
    text : str
        A number and a unit.
    axis : Axis
        The dimension's unit.

    Raises
    ------
    UnitError
        If the axis has no unit, one of another kind, or one that counts from another
        zero.

    Examples
    --------
    >>> position_on("labels", "500 hPa", Axis("level", 37, units="Pa"))
    50000.0
    """
    quantity = parse_quantity(where, text, AS_IT_IS)
    units, own = unit_text(text), axis.units or ""
    if units != own and is_known(own) and (has_own_zero(units) or has_own_zero(own)):
        raise UnitError(where, repr(text), f"a number of {own!r}", AS_IT_IS)
    return in_unit_of(where, text, quantity, axis, f"or {AS_IT_IS}")
