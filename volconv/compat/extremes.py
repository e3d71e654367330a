"""Largest and smallest values of windows: see `scipy.ndimage`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from numpy.typing import ArrayLike

from volconv.compat.arguments import Mode, whole
from volconv.compat.arrays import Array, Output
from volconv.compat.ranking import Sized, ranked

__all__ = ["maximum_filter", "maximum_filter1d", "minimum_filter", "minimum_filter1d"]


def maximum_filter(
    input: Array,
    size: int | Sequence[int] | None = None,
    footprint: ArrayLike | None = None,
    output: Output = None,
    mode: Mode = "reflect",
    cval: float = 0.0,
    origin: int | Sequence[int] = 0,
    *,
    axes: int | Iterable[int] | None = None,
) -> Array:
    """Largest value of each window: `scipy.ndimage.maximum_filter`.

    Parameters
    ----------
    input, output, mode, cval, origin, axes
        As for `correlate`, but not complex.
    size : int or sequence of int, optional
        Cells of the window.
    footprint : array_like, optional
        Which cells of a window count, in place of `size`; one axis for each of `axes`.

    Returns
    -------
    array
        As for `correlate`. A window with a NaN has NaN for its value.

    Raises
    ------
    VolconvError
        As for `correlate`.

    Examples
    --------
    >>> (
    ...     maximum_filter([1, 5, 2, 0], 3),
    ...     maximum_filter([1, 5, 2, 0], footprint=[1, 0, 1]),
    ... )
    (array([5, 5, 5, 2]), array([5, 2, 5, 2]))
    """
    window = Sized(size, footprint, mode, cval, origin, axes, is_separable=True)
    return ranked(input, output, window, lambda taps: taps - 1)


def minimum_filter(
    input: Array,
    size: int | Sequence[int] | None = None,
    footprint: ArrayLike | None = None,
    output: Output = None,
    mode: Mode = "reflect",
    cval: float = 0.0,
    origin: int | Sequence[int] = 0,
    *,
    axes: int | Iterable[int] | None = None,
) -> Array:
    """Smallest value of each window: `scipy.ndimage.minimum_filter`.

    Parameters
    ----------
    input, size, footprint, output, mode, cval, origin, axes
        As for `maximum_filter`.

    Returns
    -------
    array
        As for `maximum_filter`.

    Raises
    ------
    VolconvError
        As for `correlate`.

    Examples
    --------
    >>> minimum_filter([1, 5, 2, 0], 3)
    array([1, 1, 0, 0])
    """
    window = Sized(size, footprint, mode, cval, origin, axes, is_separable=True)
    return ranked(input, output, window, lambda _: 0)


def maximum_filter1d(
    input: Array,
    size: int,
    axis: int = -1,
    output: Output = None,
    mode: str = "reflect",
    cval: float = 0.0,
    origin: int = 0,
) -> Array:
    """Largest value of each window of one axis: `scipy.ndimage.maximum_filter1d`.

    Parameters
    ----------
    input, size, output, mode, cval, origin
        As for `maximum_filter`.
    axis : int
        The axis.

    Returns
    -------
    array
        As for `maximum_filter`.

    Raises
    ------
    VolconvError
        As for `correlate`.

    Examples
    --------
    >>> maximum_filter1d([2, 8, 0, 4, 1, 9, 9, 0], size=3)
    array([8, 8, 8, 4, 9, 9, 9, 9])
    """
    return maximum_filter(
        input, whole("size", size), None, output, mode, cval, origin, axes=axis
    )


def minimum_filter1d(
    input: Array,
    size: int,
    axis: int = -1,
    output: Output = None,
    mode: str = "reflect",
    cval: float = 0.0,
    origin: int = 0,
) -> Array:
    """Smallest value of each window of one axis: `scipy.ndimage.minimum_filter1d`.

    Parameters
    ----------
    input, size, axis, output, mode, cval, origin
        As for `maximum_filter1d`.

    Returns
    -------
    array
        As for `maximum_filter`.

    Raises
    ------
    VolconvError
        As for `correlate`.

    Examples
    --------
    >>> minimum_filter1d([2, 8, 0, 4, 1, 9, 9, 0], size=3)
    array([2, 0, 0, 0, 1, 1, 0, 0])
    """
    return minimum_filter(
        input, whole("size", size), None, output, mode, cval, origin, axes=axis
    )
