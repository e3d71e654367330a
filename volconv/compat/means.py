"""Means of the cells under a box: see `scipy.ndimage`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from volconv.compat.apply import apply_terms
from volconv.compat.arguments import (
    Mode,
    all_axes,
    boundaries_for,
    boundary_of,
    for_each,
    one_axis,
    reach,
    sizes_for,
    whole,
)
from volconv.compat.arrays import Array, Output, Source, filtered
from volconv.compat.passes import Beyond, Pass
from volconv.errors import GeometryError
from volconv.kernels.named import check_taps

__all__ = ["uniform_filter", "uniform_filter1d"]


def uniform_filter(
    input: Array,
    size: int | Sequence[int] = 3,
    output: Output = None,
    mode: Mode = "reflect",
    cval: complex = 0.0,
    origin: int | Sequence[int] = 0,
    *,
    axes: int | Iterable[int] | None = None,
) -> Array:
    """Mean of the cells under a box: `scipy.ndimage.uniform_filter`.

    Parameters
    ----------
    input, output, mode, cval, origin
        As for `correlate`.
    size : int or sequence of int
        Cells of the box. Axes of 1 are left as they are.
    axes : int or sequence of int, optional
        Axes that are filtered, by default all; sequences have one value for each.

    Returns
    -------
    array
        As for `correlate`. A NaN reaches the windows that hold it, and no other.

    Raises
    ------
    VolconvError
        As for `correlate`.

    Examples
    --------
    >>> uniform_filter([1.0, 2.0, 6.0, 9.0], 2)
    array([1. , 1.5, 4. , 7.5])
    """

    def make(source: Source, dtype: np.dtype[Any]) -> Source:
        found = all_axes(axes, source.ndim)
        values = zip(
            found,
            sizes_for(size, found),
            boundaries_for(mode, found),
            for_each("origin", origin, found),
            strict=True,
        )
        term = tuple(uniform_pass(*value) for value in values if value[1] > 1)
        return apply_terms(source, dtype, [term], cval)

    return filtered(input, output, make)


def uniform_filter1d(
    input: Array,
    size: int,
    axis: int = -1,
    output: Output = None,
    mode: str = "reflect",
    cval: complex = 0.0,
    origin: int = 0,
) -> Array:
    """Mean of the cells under a box along one axis: `scipy.ndimage.uniform_filter1d`.

    Parameters
    ----------
    input, size, output, mode, cval, origin
        As for `uniform_filter`.
    axis : int
        The axis.

    Returns
    -------
    array
        As for `uniform_filter`.

    Raises
    ------
    VolconvError
        As for `correlate`.

    Examples
    --------
    >>> uniform_filter1d([2, 8, 0, 4, 1, 9, 9, 0], size=3)
    array([4, 3, 4, 1, 4, 6, 6, 3])
    """

    def make(source: Source, dtype: np.dtype[Any]) -> Source:
        found = one_axis(axis, source.ndim)
        cells = whole("size", size)
        if cells < 1:
            raise GeometryError("size", str(size), "a whole number of at least 1")
        term = (uniform_pass(found, cells, boundary_of(mode), origin),)
        return apply_terms(source, dtype, [term], cval)

    return filtered(input, output, make)


def uniform_pass(axis: int, size: int, boundary: str, origin: int) -> Pass:
    """The mean of some cells along an axis: their sum, over their number."""
    check_taps("size", size)
    edge = Beyond(reach(size, origin), boundary)
    return Pass((axis,), np.ones(size), (edge,), divisor=size)
