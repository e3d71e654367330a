"""The kernel of a ball: a sphere in the coordinates' unit, an ellipsoid in cells."""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import reduce

import numpy as np

from volconv.errors import KernelError
from volconv.kernels.kernel import Kernel
from volconv.kernels.named import MAX_TAPS, ROUNDING, check_spread, check_taps

__all__ = ["ball"]


def ball(radii: Mapping[str, float]) -> Kernel:
    """Ball kernel: the mean of the cells whose centres lie within a radius.

    Parameters
    ----------
    radii : mapping of str to float
        Radius along each dimension, in cells.

    Returns
    -------
    Kernel
        Of odd sizes ``2 floor(r) + 1``, with equal weights that sum to 1 where
        ``(x / r_x)² + (y / r_y)² + … <= 1``, and with zeros elsewhere.

    Raises
    ------
    KernelError
        If a radius is negative or not finite, no dimension is given, or there would be
        more than `MAX_TAPS` in all.

    Examples
    --------
    >>> ball({"y": 1, "x": 2}).weights * 7
    array([[0., 0., 1., 0., 0.],
           [1., 1., 1., 1., 1.],
           [0., 0., 1., 0., 0.]])
    """
    if not radii:
        raise KernelError("radius", "no dimension", "a radius for at least one")
    within = {
        dim: check_spread(f"radius along {dim!r}", radius) * (1 + ROUNDING)
        for dim, radius in radii.items()
    }
    for dim, radius in within.items():
        check_taps(f"radius along {dim!r}", 2 * radius + 1)
    taps = math.prod(2 * int(radius) + 1 for radius in within.values())
    if taps > MAX_TAPS:
        raise KernelError(
            "radius",
            f"a box of {taps:.4g} cells around the ball",
            f"at most {MAX_TAPS}",
            "a smaller radius, or a box or a gaussian, which go dimension by dimension",
        )
    squares = [squared_distances(radius) for radius in within.values()]
    is_inside = reduce(np.add.outer, squares) <= 1
    weights = np.where(is_inside, 1 / np.count_nonzero(is_inside), 0.0)
    return Kernel(tuple(within), (weights,))


def squared_distances(radius: float) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """Squares of the distances of cells from the middle one, over the radius."""
    reach = int(radius)
    cells = np.arange(-reach, reach + 1)
    return (cells / radius) ** 2 if reach else np.zeros(1)
