"""SciPy's arguments: one value for all axes or one for each, modes, origins."""

from __future__ import annotations

import operator
from collections.abc import Iterable, Sequence
from typing import TypeVar, cast

import numpy as np

from volconv.errors import (
    BoundaryError,
    DimError,
    GeometryError,
    KindError,
    did_you_mean,
)

__all__ = [
    "BOUNDARIES",
    "Mode",
    "all_axes",
    "ascending",
    "boundaries_for",
    "boundary_of",
    "for_each",
    "modes_for",
    "one_axis",
    "reach",
    "sizes_for",
    "whole",
]

Value = TypeVar("Value")

Mode = str | Sequence[str]
"""One of SciPy's modes for all axes, or one for each."""

BOUNDARIES = {
    "reflect": "symmetric",
    "grid-mirror": "symmetric",
    "constant": "constant",
    "grid-constant": "constant",
    "nearest": "edge",
    "mirror": "reflect",
    "wrap": "wrap",
    "grid-wrap": "wrap",
}
"""SciPy's modes, and what they are called here."""


def boundary_of(mode: object) -> str:
    """Our name of a mode.

    Raises
    ------
    BoundaryError
        If SciPy has no such mode.

    Examples
    --------
    >>> boundary_of("mirror")
    'reflect'
    """
    if not isinstance(mode, str) or mode not in BOUNDARIES:
        known = ", ".join(BOUNDARIES)
        raise BoundaryError(
            "mode", repr(mode), f"one of {known}", did_you_mean(str(mode), BOUNDARIES)
        )
    return BOUNDARIES[mode]


def boundaries_for(mode: Mode, axes: Sequence[int]) -> list[str]:
    """Our names of the modes of some axes.

    Examples
    --------
    >>> boundaries_for("wrap", (0, 1)), boundaries_for(["wrap", "nearest"], (0, 1))
    (['wrap', 'wrap'], ['wrap', 'edge'])
    """
    return [boundary_of(one) for one in modes_for(mode, axes)]


def modes_for(mode: Mode, axes: Sequence[int]) -> list[str]:
    """The modes of some axes, from one for all or one for each."""
    return for_each("mode", [mode] * len(axes) if isinstance(mode, str) else mode, axes)


def for_each(
    where: str, value: Value | Iterable[Value], axes: Sequence[int]
) -> list[Value]:
    """A value for each axis, from one for all or one for each.

    Raises
    ------
    DimError
        If there are not as many as axes.

    Examples
    --------
    >>> for_each("size", 3, (0, 1)), for_each("size", [3, 5], (0, 1))
    ([3, 3], [3, 5])
    """
    if not np.iterable(value):
        return [value] * len(axes)
    values = list(cast("Iterable[Value]", value))
    if len(values) != len(axes):
        raise DimError(
            where, f"{len(values)} values", f"one, or one for each of {len(axes)} axes"
        )
    return values


def whole(where: str, value: object) -> int:
    """A whole number, as Python's `operator.index` takes it.

    Raises
    ------
    KindError
    """
    try:
        return operator.index(cast("int", value))
    except TypeError:
        raise KindError(where, repr(value), "a whole number") from None


def sizes_for(size: int | Sequence[int], axes: Sequence[int]) -> list[int]:
    """Cells of a window along each axis; fractions are cut off, as SciPy does.

    Raises
    ------
    DimError, KindError
        If there are not as many as axes, or one is no number.
    """
    try:
        return [int(cells) for cells in for_each("size", size, axes)]
    except (TypeError, ValueError, OverflowError):
        raise KindError("size", repr(size), "whole numbers") from None


def ascending(
    where: str, value: Value | Iterable[Value], axes: Sequence[int], ndim: int
) -> list[Value]:
    """A value for each axis, the axes in ascending order.

    Weights and footprints go to axes in ascending order, as SciPy's do. Where all axes
    are given, what there is for each goes by that order, too, else by the given one.

    Examples
    --------
    >>> ascending("origin", [-1, 1], (2, 0), 3), ascending("origin", [-1, 1], (1, 0), 2)
    ([1, -1], [-1, 1])
    """
    order = sorted(axes)
    named = axes if len(axes) < ndim else order
    by_axis = dict(zip(named, for_each(where, value, axes), strict=True))
    return [by_axis[axis] for axis in order]


def one_axis(axis: int, ndim: int) -> int:
    """An axis counted from the first.

    Raises
    ------
    DimError
        If there is none of that number.
    """
    found = whole("axis", axis)
    if not -ndim <= found < ndim:
        raise DimError("axis", str(axis), f"a whole number from {-ndim} to {ndim - 1}")
    return found % ndim


def all_axes(axes: int | Iterable[int] | None, ndim: int) -> tuple[int, ...]:
    """Axes counted from the first; all where none are given.

    Raises
    ------
    DimError
        If there is none of a number, or one twice.
    """
    if axes is None:
        return tuple(range(ndim))
    given = list(axes) if isinstance(axes, Iterable) else [axes]
    found = tuple(one_axis(axis, ndim) for axis in given)
    if len(set(found)) < len(found):
        raise DimError("axes", str(given), "each axis once")
    return found


def reach(size: int, origin: int) -> int:
    """Cells of a window before the output's own: ``size // 2 + origin``.

    Raises
    ------
    GeometryError
        If the output's own cell is not in the window.

    Examples
    --------
    >>> reach(3, 0), reach(4, 0), reach(4, -1)
    (1, 2, 1)
    """
    before = size // 2 + whole("origin", origin)
    if not 0 <= before < size:
        raise GeometryError(
            "origin",
            f"{origin} for {size} cells",
            f"a whole number from {-(size // 2)} to {(size - 1) // 2}",
        )
    return before
