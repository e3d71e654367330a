"""Differences of neighbouring cells: see `scipy.ndimage`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from volconv.compat.apply import apply_terms
from volconv.compat.arguments import Mode, all_axes, boundaries_for, one_axis
from volconv.compat.arrays import Array, Output, Source, filtered
from volconv.compat.passes import Beyond, Pass, Term

__all__ = ["laplace", "prewitt", "sobel"]


def sobel(
    input: Array,
    axis: int = -1,
    output: Output = None,
    mode: Mode = "reflect",
    cval: complex = 0.0,
) -> Array:
    """Difference along one axis, 1 2 1 along the others: `scipy.ndimage.sobel`.

    Parameters
    ----------
    input, output, mode, cval
        As for `correlate`.
    axis : int
        The axis of the difference.

    Returns
    -------
    array
        As for `correlate`.

    Raises
    ------
    VolconvError
        As for `correlate`.

    Examples
    --------
    >>> sobel([[0.0, 1.0, 3.0], [0.0, 1.0, 3.0]])
    array([[ 4., 12.,  8.],
           [ 4., 12.,  8.]])
    """
    return differences(input, axis, output, mode, cval, [1, 2, 1])


def prewitt(
    input: Array,
    axis: int = -1,
    output: Output = None,
    mode: Mode = "reflect",
    cval: complex = 0.0,
) -> Array:
    """Difference along one axis, 1 1 1 along the others: `scipy.ndimage.prewitt`.

    Parameters
    ----------
    input, axis, output, mode, cval
        As for `sobel`.

    Returns
    -------
    array
        As for `correlate`.

    Raises
    ------
    VolconvError
        As for `correlate`.

    Examples
    --------
    >>> prewitt([[0.0, 1.0, 3.0], [0.0, 1.0, 3.0]])
    array([[3., 9., 6.],
           [3., 9., 6.]])
    """
    return differences(input, axis, output, mode, cval, [1, 1, 1])


def differences(
    input: Array,
    axis: int,
    output: Output,
    mode: Mode,
    cval: complex,
    across: Sequence[int],
) -> Array:
    """``-1 0 1`` along one axis, then other weights across it."""

    def make(source: Source, dtype: np.dtype[Any]) -> Source:
        along = one_axis(axis, source.ndim)
        every = all_axes(None, source.ndim)
        boundaries = boundaries_for(mode, every)
        term = tuple(
            three_taps(one, [-1, 0, 1] if one == along else across, boundaries[one])
            for one in sorted(every, key=lambda one: one != along)
        )
        return apply_terms(source, dtype, [term], cval)

    return filtered(input, output, make)


def three_taps(axis: int, weights: Sequence[int], boundary: str) -> Pass:
    """Three weights around a cell."""
    return Pass((axis,), np.array(weights, float), (Beyond(1, boundary),))


def laplace(
    input: Array,
    output: Output = None,
    mode: Mode = "reflect",
    cval: complex = 0.0,
    *,
    axes: int | Iterable[int] | None = None,
) -> Array:
    """Sum of second differences: `scipy.ndimage.laplace`.

    Parameters
    ----------
    input, output, mode, cval
        As for `correlate`.
    axes : int or sequence of int, optional
        Axes of the differences; by default all.

    Returns
    -------
    array
        As for `correlate`.

    Raises
    ------
    VolconvError
        As for `correlate`.

    Examples
    --------
    >>> laplace([0.0, 0.0, 1.0, 0.0, 0.0])
    array([ 0.,  1., -2.,  1.,  0.])
    """

    def make(source: Source, dtype: np.dtype[Any]) -> Source:
        found = all_axes(axes, source.ndim)
        boundaries = boundaries_for(mode, found)
        terms: list[Term] = [
            (three_taps(axis, [1, -2, 1], one),)
            for axis, one in zip(found, boundaries, strict=True)
        ]
        return apply_terms(source, dtype, terms, cval)

    return filtered(input, output, make)
