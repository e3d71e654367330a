"""Kernels known by name, with their factors: one array of weights for each dimension."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TypeGuard

import numpy as np

from volconv.errors import KernelError, KindError
from volconv.geometry.by_dim import whole_number
from volconv.kernels.kernel import Kernel, Weights

__all__ = [
    "MAX_TAPS",
    "ROUNDING",
    "bell_derivative",
    "box",
    "check_size",
    "check_spread",
    "check_taps",
    "gaussian",
]


MAX_TAPS = 2**24
"""Most taps along one dimension: arbitrary, above the longest axes of stored volumes."""

ROUNDING = 1e-6
"""Share by which a number of cells may be below a limit and reach it: spacings of
float32 coordinates are off by 1e-7, and 0.3 mm over cells of 0.1 mm are 2.9999…"""


def gaussian(sigmas: Mapping[str, float], truncate: float = 4.0) -> Kernel:
    """Gaussian kernel, its weights summing to 1.

    Parameters
    ----------
    sigmas : mapping of str to float
        Standard deviation along each dimension, in cells.
    truncate : float
        Standard deviations from the centre to the last tap.

    Raises
    ------
    KernelError
        If a sigma or `truncate` is negative or not finite, no dimension is given, or
        there would be more than `MAX_TAPS` along one.

    Examples
    --------
    >>> gaussian({"y": 1, "x": 2}).sizes
    {'y': 9, 'x': 17}
    """
    if not sigmas:
        raise KernelError("sigma", "no dimension", "a sigma for at least one")
    factors = tuple(
        gaussian_weights(f"sigma along {dim!r}", sigma, truncate)
        for dim, sigma in sigmas.items()
    )
    return Kernel(tuple(sigmas), factors)


def gaussian_weights(where: str, sigma: float, truncate: float) -> Weights:
    """Weights ``exp(-x² / 2σ²)`` for ``|x| ≤ floor(truncate σ + 1/2)``, over their sum.

    The radius and the weights are those of `scipy.ndimage.gaussian_filter1d`.

    Examples
    --------
    >>> gaussian_weights("sigma", 0.5, 2.0).round(3)
    array([0.107, 0.787, 0.107])
    """
    check_spread(where, sigma)
    check_spread("truncate", truncate)
    check_taps(where, 2 * truncate * sigma + 1)
    radius = int(truncate * sigma + 0.5)
    return np.ones(1) if radius == 0 else bell(sigma, radius)


def bell(sigma: float, radius: int) -> Weights:
    """``exp(-x² / 2σ²)`` for whole ``|x| ≤ radius``, over their sum.

    Examples
    --------
    >>> bell(1.0, 1).round(3)
    array([0.274, 0.452, 0.274])
    """
    cells = np.arange(-radius, radius + 1)
    weights = np.exp(-0.5 / (sigma * sigma) * cells**2)
    found: Weights = weights / weights.sum()
    return found


def bell_derivative(sigma: float, radius: int, order: int) -> Weights:
    """Derivative of a Gaussian by order, at whole ``|x| ≤ radius``.

    Parameters
    ----------
    sigma : float
        Standard deviation in cells, above 0.
    radius : int
        Cells from the centre to the last tap.
    order : int
        Of the derivative; 0 for the Gaussian itself.

    Notes
    -----
    The n-th derivative is ``q_n(x)`` times the Gaussian, whose weights sum to 1, with
    ``q_0 = 1`` and ``q_{n+1} = -(x q_n + n q_{n-1}) / σ²``: the recurrence of Hermite's
    polynomials (Abramowitz & Stegun 1964, 22.7.14), scaled.

    Examples
    --------
    >>> bell_derivative(1.0, 1, 0).round(3)
    array([0.274, 0.452, 0.274])
    >>> bell_derivative(2.0, 1, 2).round(3)
    array([-0.06, -0.09, -0.06])
    """
    cells = np.arange(-radius, radius + 1)
    factor = -1 / (sigma * sigma)
    before, here = np.zeros(cells.size), np.ones(cells.size)
    for n in range(order):
        before, here = here, (cells * here + n * before) * factor
    return here * bell(sigma, radius)


def is_real(value: object) -> TypeGuard[float]:
    """Whether it is a real number: no boolean, nor a time, which NumPy has among them."""
    return isinstance(value, int | float | np.integer | np.floating) and not isinstance(
        value, bool | np.timedelta64
    )


def check_spread(where: str, value: object) -> float:
    """The value, if it is a finite number of at least 0.

    Raises
    ------
    KindError
        If it is not a number; booleans are none.
    KernelError
        If it is negative or not finite.
    """
    if not is_real(value):
        raise KindError(where, repr(value), "a number")
    if not math.isfinite(value) or value < 0:
        raise KernelError(where, repr(value), "a number of at least 0")
    return float(value)


def check_size(where: str, size: object) -> int:
    """The cells of a box along one dimension.

    Raises
    ------
    KindError, GeometryError
        If it is not a whole number of at least 1.
    KernelError
        If it is above `MAX_TAPS`.
    """
    cells = whole_number(where, size)
    check_taps(where, cells)
    return cells


def check_taps(where: str, taps: float) -> None:
    """Refuse a kernel whose taps would fill the memory before its span is looked at.

    Raises
    ------
    KernelError
    """
    if taps > MAX_TAPS:
        raise KernelError(
            where,
            f"{taps:.4g} taps",
            f"at most {MAX_TAPS} along one dimension",
            "say a smaller one: a number without a unit counts cells",
        )


def box(sizes: Mapping[str, object]) -> Kernel:
    """Box kernel: the mean of the cells under it.

    Parameters
    ----------
    sizes : mapping of str to int
        Cells along each dimension.

    Raises
    ------
    KernelError
        If no dimension is given, or a size is above `MAX_TAPS`.

    Examples
    --------
    >>> box({"y": 2, "x": 2}).weights
    array([[0.25, 0.25],
           [0.25, 0.25]])
    """
    if not sizes:
        raise KernelError("size", "no dimension", "a size for at least one")
    whole = {
        dim: check_size(f"size along {dim!r}", size) for dim, size in sizes.items()
    }
    return Kernel(
        tuple(whole), tuple(np.full(size, 1 / size) for size in whole.values())
    )
