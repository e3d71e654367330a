"""The factors of a kernel that is an outer product, found in its weights."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["factorise"]

# Times the rounding unit of float64: what outer products of exact factors, each
# rounded once or twice, may differ by.
ROUNDINGS = 8


def factorise(weights: NDArray[np.float64]) -> list[NDArray[np.float64] | None] | None:
    """The factors of a kernel that is an outer product, to rounding; else None.

    Parameters
    ----------
    weights : ndarray, float64

    Returns
    -------
    list of (1-D ndarray or None), or None
        None for an axis of size 1, whose weight is in another factor. A kernel
        that holds a zero where the factors' product does not, or the other way
        round, has no factors: its taps are not the same. Nor has one of zeros.

    Notes
    -----
    The factors are the lines through the weight of greatest magnitude, so exact
    products of exact numbers are recovered exactly, up to a scale.

    Examples
    --------
    >>> factorise(np.array([[1.0, 2.0], [3.0, 6.0]]))
    [array([0.33333333, 1.        ]), array([3., 6.])]
    >>> factorise(np.eye(2)) is None
    True
    """
    weights = np.asarray(weights, dtype=np.float64)
    if weights.ndim == 0 or not np.isfinite(weights).all() or not weights.any():
        return None
    peak = np.unravel_index(np.argmax(np.abs(weights)), weights.shape)
    largest = weights[peak]
    if not _may_be_a_product(weights, peak):
        return None
    lines = []
    for axis in range(weights.ndim):
        line = np.moveaxis(weights, axis, -1)[(*peak[:axis], *peak[axis + 1 :])]
        lines.append(line / largest)
    windows = [axis for axis, size in enumerate(weights.shape) if size > 1]
    last = windows[-1] if windows else weights.ndim - 1
    lines[last] = lines[last] * largest
    product = np.ones([1] * weights.ndim)
    for axis, line in enumerate(lines):
        shape = [1] * weights.ndim
        shape[axis] = -1
        product = product * line.reshape(shape)
    bound = ROUNDINGS * np.finfo(np.float64).eps * np.abs(product)
    same_taps = np.array_equal(product == 0, weights == 0)
    if not same_taps or (np.abs(product - weights) > bound).any():
        return None
    return [
        line if line.size > 1 or axis == last else None
        for axis, line in enumerate(lines)
    ]


def _may_be_a_product(weights: NDArray[np.float64], peak: tuple[np.intp, ...]) -> bool:
    """Whether the first weight, and the last, are products of those across the peak.

    Of two lines through the peak, so to say; other kernels are known by that at once.
    """
    for corner in (0, -1):
        product = float(weights[peak])
        for axis in range(weights.ndim):
            index = list(peak)
            index[axis] = np.intp(corner)
            product *= float(weights[tuple(index)]) / float(weights[peak])
        weight = float(weights[(corner,) * weights.ndim])
        if abs(product - weight) > ROUNDINGS * np.finfo(np.float64).eps * abs(product):
            return False
    return True
