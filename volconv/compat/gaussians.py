"""Gaussian smoothing and derivatives: see `scipy.ndimage`."""

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
    whole,
)
from volconv.compat.arrays import Array, Output, Source, filtered
from volconv.compat.passes import Beyond, Pass, Term
from volconv.errors import KernelError
from volconv.kernels.named import bell_derivative, check_taps, is_real

__all__ = ["gaussian_filter", "gaussian_filter1d", "gaussian_passes"]

NO_SPREAD = 1e-15
"""Largest sigma of an axis that `gaussian_filter` leaves as it is."""


def gaussian_filter(
    input: Array,
    sigma: float | Sequence[float],
    order: int | Sequence[int] = 0,
    output: Output = None,
    mode: Mode = "reflect",
    cval: complex = 0.0,
    truncate: float = 4.0,
    *,
    radius: int | Sequence[int] | None = None,
    axes: int | Iterable[int] | None = None,
) -> Array:
    """Gaussian smoothing, or derivatives of it: `scipy.ndimage.gaussian_filter`.

    Parameters
    ----------
    input, output, cval
        As for `correlate`.
    sigma : float or sequence of float
        Standard deviation in cells. Axes of 0 are left as they are.
    order : int or sequence of int
        0 smooths; 1, 2, … are derivatives of the Gaussian by that order.
    mode : str or sequence of str
        As for `correlate`.
    truncate : float
        Standard deviations from the middle to the last tap.
    radius : int or sequence of int, optional
        Cells from the middle to the last tap, in place of `truncate`.
    axes : int or sequence of int, optional
        Axes that are filtered, by default all; sequences have one value for each.

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
    >>> gaussian_filter([0.0, 0.0, 1.0, 0.0, 0.0], 1, radius=1).round(3)
    array([0.   , 0.274, 0.452, 0.274, 0.   ])
    >>> gaussian_filter([0.0, 1.0, 2.0, 3.0, 4.0], 1, order=1).round(2)
    array([0.36, 0.85, 0.97, 0.85, 0.36])
    """

    def make(source: Source, dtype: np.dtype[Any]) -> Source:
        found = all_axes(axes, source.ndim)
        term = gaussian_passes(found, sigma, order, mode, truncate, radius)
        return apply_terms(source, dtype, [term], cval)

    return filtered(input, output, make)


def gaussian_filter1d(
    input: Array,
    sigma: float,
    axis: int = -1,
    order: int = 0,
    output: Output = None,
    mode: str = "reflect",
    cval: complex = 0.0,
    truncate: float = 4.0,
    *,
    radius: int | None = None,
) -> Array:
    """Gaussian smoothing along one axis: `scipy.ndimage.gaussian_filter1d`.

    Parameters
    ----------
    input, sigma, order, output, mode, cval, truncate, radius
        As for `gaussian_filter`, but that a sigma of 0 is an error.
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
    >>> gaussian_filter1d([1.0, 2.0, 3.0, 4.0, 5.0], 1).round(3)
    array([1.427, 2.068, 3.   , 3.932, 4.573])
    """

    def make(source: Source, dtype: np.dtype[Any]) -> Source:
        found = one_axis(axis, source.ndim)
        term = (
            gaussian_pass(found, sigma, order, boundary_of(mode), truncate, radius),
        )
        return apply_terms(source, dtype, [term], cval)

    return filtered(input, output, make)


def gaussian_passes(
    axes: Sequence[int],
    sigma: float | Iterable[float],
    order: int | Iterable[int],
    mode: Mode,
    truncate: float,
    radius: int | Iterable[int | None] | None,
) -> Term:
    """A pass for each axis of a sigma above 0."""
    values = zip(
        axes,
        for_each("sigma", sigma, axes),
        for_each("order", order, axes),
        boundaries_for(mode, axes),
        [truncate] * len(axes),
        for_each("radius", radius, axes),
        strict=True,
    )
    return tuple(gaussian_pass(*value) for value in values if value[1] > NO_SPREAD)


def gaussian_pass(
    axis: int,
    sigma: float,
    order: int,
    boundary: str,
    truncate: float,
    radius: int | None,
) -> Pass:
    """A Gaussian, or its derivative, along an axis.

    Raises
    ------
    KernelError
        If a sigma, order or radius cannot be.
    """
    spread = float(sigma)
    if not np.isfinite(spread) or spread * spread == 0:
        raise KernelError(
            "sigma",
            f"{sigma}",
            "a finite number above 0",
            "gaussian_filter leaves axes of sigma 0 as they are",
        )
    if not is_real(truncate) or not np.isfinite(truncate):
        raise KernelError("truncate", repr(truncate), "a finite number")
    cells = int(truncate * spread + 0.5) if radius is None else whole("radius", radius)
    if cells < 0:
        raise KernelError("radius", str(cells), "a whole number of at least 0")
    if whole("order", order) < 0:
        raise KernelError("order", str(order), "a whole number of at least 0")
    check_taps("sigma", 2 * cells + 1)
    weights = bell_derivative(spread, cells, order)[::-1]
    return Pass((axis,), weights, (Beyond(cells, boundary),))
