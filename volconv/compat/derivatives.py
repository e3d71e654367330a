"""Laplacians and gradients of Gaussians: see `scipy.ndimage`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, TypedDict, Unpack

import numpy as np

from volconv.compat.apply import apply_terms
from volconv.compat.arguments import Mode, all_axes, ascending, for_each, modes_for
from volconv.compat.arrays import Array, Output, Source, filtered
from volconv.compat.gaussians import gaussian_passes
from volconv.compat.passes import Term
from volconv.errors import KindError, did_you_mean

__all__ = ["gaussian_gradient_magnitude", "gaussian_laplace"]


class Taps(TypedDict, total=False):
    """How far a Gaussian reaches: see `gaussian_filter`."""

    truncate: float
    radius: int | Sequence[int] | None


def gaussian_laplace(
    input: Array,
    sigma: float | Sequence[float],
    output: Output = None,
    mode: Mode = "reflect",
    cval: complex = 0.0,
    *,
    axes: int | Iterable[int] | None = None,
    **kwargs: Unpack[Taps],
) -> Array:
    """Sum of second Gaussian derivatives: `scipy.ndimage.gaussian_laplace`.

    Parameters
    ----------
    input, output, cval
        As for `correlate`.
    sigma : float or sequence of float
        Standard deviation in cells, one for each of `axes`: where these are all, in
        ascending order, as SciPy has it.
    mode : str or sequence of str
        As for `correlate`; one for each derivative, along all axes.
    axes : int or sequence of int, optional
        Axes of the derivatives; by default all.
    **kwargs : number
        `truncate` or `radius`, as for `gaussian_filter`.

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
    >>> gaussian_laplace([0.0, 0.0, 1.0, 0.0, 0.0], 1, radius=2).round(2)
    array([ 0.16,  0.  , -0.4 ,  0.  ,  0.16])
    """

    def make(source: Source, dtype: np.dtype[Any]) -> Source:
        found = all_axes(axes, source.ndim)
        spreads = [0.0] * source.ndim
        given = ascending("sigma", sigma, found, source.ndim)
        for axis, one in zip(sorted(found), given, strict=True):
            spreads[axis] = one
        terms = derivative_terms(source.ndim, found, spreads, 2, mode, kwargs)
        return apply_terms(source, dtype, terms, cval)

    return filtered(input, output, make)


def gaussian_gradient_magnitude(
    input: Array,
    sigma: float | Sequence[float],
    output: Output = None,
    mode: Mode = "reflect",
    cval: complex = 0.0,
    *,
    axes: int | Iterable[int] | None = None,
    **kwargs: Unpack[Taps],
) -> Array:
    """Length of the gradient: `scipy.ndimage.gaussian_gradient_magnitude`.

    Parameters
    ----------
    input, output, mode, cval
        As for `gaussian_laplace`.
    sigma : float or sequence of float
        Standard deviation in cells, one for each axis of the input.
    axes : int or sequence of int, optional
        Axes of the derivatives, by default all; the others are smoothed, too.
    **kwargs : number
        `truncate` or `radius`, as for `gaussian_filter`.

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
    >>> gaussian_gradient_magnitude([0.0, 0.0, 1.0, 1.0], 1, radius=1).round(2)
    array([0.  , 0.27, 0.27, 0.  ])
    """

    def make(source: Source, dtype: np.dtype[Any]) -> Source:
        found = all_axes(axes, source.ndim)
        spreads = for_each("sigma", sigma, range(source.ndim))
        terms = derivative_terms(source.ndim, found, spreads, 1, mode, kwargs)
        rule = "root sum of squares" if terms else "sum"
        return apply_terms(source, dtype, terms, cval, rule)

    return filtered(input, output, make)


def derivative_terms(
    ndim: int,
    axes: Sequence[int],
    sigmas: Sequence[float],
    order: int,
    mode: Mode,
    options: Taps,
) -> list[Term]:
    """Gaussians along all axes, derived along one, for each of some axes.

    Raises
    ------
    KindError
        For an option that is none of a Gaussian.
    """
    for name in options:
        if name not in {"truncate", "radius"}:
            raise KindError(
                "arguments",
                repr(name),
                "truncate or radius",
                did_you_mean(name, ["truncate", "radius"]),
            )
    truncate, radius = options.get("truncate", 4.0), options.get("radius")
    terms = []
    for axis, one in zip(axes, modes_for(mode, axes), strict=True):
        orders = [order if other == axis else 0 for other in range(ndim)]
        terms.append(
            gaussian_passes(range(ndim), sigmas, orders, one, truncate, radius)
        )
    return terms
