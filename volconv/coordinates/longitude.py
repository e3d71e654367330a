"""Longitudes: which coordinates are some, and how they go on across the date line.

Two neighbours lie on the shorter way around between them, so that 0 is one degree after
359, and -179 two after 179.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from volconv.text import text_of

__all__ = ["folded", "goes_one_way", "short_way", "turn_of", "unrolled", "whole_turns"]

EAST = frozenset(
    {"degrees_east", "degree_east", "degrees_E", "degree_E", "degreesE", "degreeE"}
)
"""Units that only a longitude has (CF conventions, section 4.2)."""

DEGREES = frozenset({"degrees", "degree", "deg"})
RADIANS = frozenset({"radians", "radian", "rad"})
NAMES = frozenset({"longitude", "grid_longitude"})


def turn_of(attrs: Mapping[Any, Any]) -> float | None:
    """A full turn in a coordinate's own unit; None where it is no longitude.

    A longitude has a unit of degrees east, or the standard name of one, or it is the
    axis X in degrees.

    Examples
    --------
    >>> turn_of({"units": "degrees_east"}), turn_of({"units": "degrees_north"})
    (360.0, None)
    """
    units = text_of(attrs, "units")
    if units in EAST:
        return 360.0
    is_named = text_of(attrs, "standard_name") in NAMES
    if is_named and units in RADIANS:
        return 2 * math.pi
    if units in DEGREES:
        return 360.0 if is_named or text_of(attrs, "axis") == "X" else None
    return 360.0 if is_named and units is None else None


def short_way(steps: NDArray[Any], turn: float) -> NDArray[Any]:
    """Steps from one longitude to the next, none of them longer than half a turn.

    Examples
    --------
    >>> short_way(np.array([1, -359, 358]), 360.0)
    array([ 1,  1, -2])
    """
    found: NDArray[Any] = steps - whole_turns(steps, turn)
    return found


def whole_turns(steps: NDArray[Any], turn: float) -> NDArray[Any]:
    """What a step has too much, in the dtype of the steps."""
    turns: NDArray[Any] = (turn * np.rint(steps / turn)).astype(steps.dtype)
    return turns


def unrolled(values: NDArray[Any], turn: float) -> NDArray[Any]:
    """Longitudes along one axis without a jump; unchanged where there is none.

    Examples
    --------
    >>> unrolled(np.array([358.0, 359.0, 0.0, 1.0]), 360.0)
    array([358., 359., 360., 361.])
    """
    turns = np.cumsum(np.nan_to_num(whole_turns(np.diff(values), turn)))
    found: NDArray[Any] = values.copy()
    found[1:] -= turns
    return found


def goes_one_way(values: NDArray[Any]) -> bool:
    """Whether values rise, or fall, all along."""
    steps = np.diff(values)
    return bool((steps > 0).all() or (steps < 0).all())


def folded(
    between: NDArray[Any], values: NDArray[Any], axis: int, turn: float
) -> NDArray[Any]:
    """Longitudes in the range that others keep to, along each line where those jump.

    Parameters
    ----------
    between : ndarray or dask array
        Longitudes that may lie beyond the range's end.
    values : ndarray or dask array
        Those whose range counts: 0 to 360 where none is below zero, else -180 to 180,
        or, where that does not hold them, from the smallest of them on.
    axis : int
        The axis that the lines lie along. A line without a jump goes on as it does.
    turn : float
        A full turn.
    """
    smallest = np.where(np.isnan(values), 0, values).min()
    largest = np.where(np.isnan(values), 0, values).max()
    half = turn / 2
    is_both = (smallest >= -half) & (largest <= half)
    low = np.where(smallest >= 0, 0, np.where(is_both, -half, smallest))
    low = low.astype(between.dtype)
    jumps = np.abs(np.diff(values, axis=axis)) > half
    turns = (turn * np.floor((between - low) / turn)).astype(between.dtype)
    found: NDArray[Any] = np.where(
        jumps.any(axis=axis, keepdims=True), between - turns, between
    )
    return found
