"""Correlation and convolution with weights of the user's own: see `scipy.ndimage`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from volconv.compat.apply import apply_terms
from volconv.compat.arguments import Mode, all_axes, ascending, boundaries_for, reach
from volconv.compat.arrays import Array, Output, Source, filtered
from volconv.compat.passes import Beyond, Pass
from volconv.errors import BoundaryError, DimError, KernelError
from volconv.kernels.kernel import usable_weights

__all__ = ["convolve", "convolve1d", "correlate", "correlate1d"]


def correlate(
    input: Array,
    weights: ArrayLike,
    output: Output = None,
    mode: Mode = "reflect",
    cval: complex = 0.0,
    origin: int | Sequence[int] = 0,
    *,
    axes: int | Iterable[int] | None = None,
) -> Array:
    """Cross-correlation: `scipy.ndimage.correlate`.

    Parameters
    ----------
    input : array_like, dask array or DataArray
        The cells.
    weights : array_like
        Not flipped; one axis for each of `axes`. Complex weights are conjugated.
    output : dtype or array, optional
        The result's dtype, by default the input's, or complex where the weights are; or
        an array in memory, which is filled and returned.
    mode : str or sequence of str
        What lies beyond the edge: ``"reflect"``, ``"mirror"``, ``"nearest"``,
        ``"wrap"``, ``"constant"`` and their ``"grid-"`` names; one for each axis, too.
    cval : number
        What cells beyond the edge hold under ``"constant"``.
    origin : int or sequence of int
        By how many cells the window is moved towards the beginning.
    axes : int or sequence of int, optional
        Axes of the weights; by default all.

    Returns
    -------
    array
        Of the input's kind and shape: NumPy's of NumPy's, a lazy one of a Dask array in
        the same chunks, a DataArray with the same coordinates. Integers are cut off and
        wrap, as SciPy's do.

    Raises
    ------
    VolconvError
        The child that names what is wrong: a ValueError, or a TypeError.

    Examples
    --------
    >>> (
    ...     correlate([1, 2, 4, 8], [1, 0, 0]),
    ...     correlate([1, 2, 4, 8], [1, 0, 0], origin=-1),
    ... )
    (array([1, 1, 2, 4]), array([1, 2, 4, 8]))
    """
    taps = as_weights(weights).conj()
    return weighted(input, taps, output, mode, cval, origin, axes)


def convolve(
    input: Array,
    weights: ArrayLike,
    output: Output = None,
    mode: Mode = "reflect",
    cval: complex = 0.0,
    origin: int | Sequence[int] = 0,
    *,
    axes: int | Iterable[int] | None = None,
) -> Array:
    """Convolution: `scipy.ndimage.convolve`.

    Parameters
    ----------
    input, output, mode, cval, axes
        As for `correlate`.
    weights : array_like
        Flipped; one axis for each of `axes`.
    origin : int or sequence of int
        By how many cells the window is moved towards the end.

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
    >>> convolve([0, 0, 1, 0, 0], [1, 2, 3])
    array([0, 1, 2, 3, 0])
    """
    return weighted(
        input, as_weights(weights), output, mode, cval, origin, axes, flipped=True
    )


def correlate1d(
    input: Array,
    weights: ArrayLike,
    axis: int = -1,
    output: Output = None,
    mode: str = "reflect",
    cval: complex = 0.0,
    origin: int = 0,
) -> Array:
    """Cross-correlation along one axis: `scipy.ndimage.correlate1d`.

    Parameters
    ----------
    input, output, mode, cval, origin
        As for `correlate`.
    weights : array_like
        One axis. Complex weights are conjugated.
    axis : int
        The axis.

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
    >>> correlate1d([2, 8, 0, 4, 1, 9, 9, 0], weights=[1, 3])
    array([ 8, 26,  8, 12,  7, 28, 36,  9])
    """
    taps = one_row(weights).conj()
    return weighted(input, taps, output, mode, cval, origin, axis, paired=True)


def convolve1d(
    input: Array,
    weights: ArrayLike,
    axis: int = -1,
    output: Output = None,
    mode: str = "reflect",
    cval: complex = 0.0,
    origin: int = 0,
) -> Array:
    """Convolution along one axis: `scipy.ndimage.convolve1d`.

    Parameters
    ----------
    input, output, mode, cval, origin
        As for `convolve`.
    weights : array_like
        One axis; flipped.
    axis : int
        The axis.

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
    >>> convolve1d([2, 8, 0, 4, 1, 9, 9, 0], weights=[1, 3])
    array([14, 24,  4, 13, 12, 36, 27,  0])
    """
    return weighted(
        input,
        one_row(weights),
        output,
        mode,
        cval,
        origin,
        axis,
        flipped=True,
        paired=True,
    )


def as_weights(weights: ArrayLike) -> NDArray[Any]:
    """Weights as float64 or complex128.

    Raises
    ------
    KernelError, KindError
        If there are none, or NaN or inf among them, or they are no numbers.
    """
    found = usable_weights(weights)
    return found if found.dtype.kind == "c" else found.astype(float)


def one_row(weights: ArrayLike) -> NDArray[Any]:
    """Weights of one axis.

    Raises
    ------
    KernelError
        If they have more.
    """
    found = as_weights(weights)
    if found.ndim != 1:
        raise KernelError("weights", f"{found.ndim} axes", "one axis")
    return found


def weighted(
    input: Array,
    weights: NDArray[Any],
    output: Output,
    mode: Mode,
    cval: complex,
    origin: int | Sequence[int],
    axes: int | Iterable[int] | None,
    *,
    flipped: bool = False,
    paired: bool = False,
) -> Array:
    """Sums of cells under weights.

    Parameters
    ----------
    input, output, mode, cval, origin, axes
        As for `correlate`.
    weights : ndarray, float64 or complex128
        Not flipped yet.
    flipped : bool
        Whether they are to be.
    paired : bool
        As in `Pass`.
    """

    def make(source: Source, dtype: np.dtype[Any]) -> Source:
        if (
            weights.dtype.kind == "c"
            and source.dtype.kind != "c"
            and np.iscomplex(cval)
        ):
            raise BoundaryError("cval", f"{cval} for {source.dtype}", "a real number")
        found = all_axes(axes, source.ndim)
        if weights.ndim != len(found):
            raise DimError(
                "weights", f"{weights.ndim} axes", f"{len(found)}, one for each of axes"
            )
        one = placed(weights, found, mode, origin, source.ndim, flipped=flipped)
        term = (replace(one, paired=paired),)
        return apply_terms(source, dtype, [term], cval)

    return filtered(input, output, make, is_complex=weights.dtype.kind == "c")


def placed(
    weights: NDArray[Any],
    axes: tuple[int, ...],
    mode: Mode,
    origin: int | Sequence[int],
    ndim: int,
    *,
    flipped: bool,
) -> Pass:
    """Weights along axes; theirs go to the axes in ascending order, as SciPy's do."""
    ordered = tuple(sorted(axes))
    boundaries = dict(zip(axes, boundaries_for(mode, axes), strict=True))
    origins = ascending("origin", origin, axes, ndim)
    edges = []
    for axis, size, given in zip(ordered, weights.shape, origins, strict=True):
        before = reach(size, given)
        if flipped:  # from the other end, the own cell too
            before = size - 1 - before
        edges.append(Beyond(before, boundaries[axis]))
    return Pass(ordered, np.flip(weights) if flipped else weights, tuple(edges))
