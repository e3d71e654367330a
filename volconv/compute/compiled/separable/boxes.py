"""Which factors are summed by doubling: those of one weight, where it takes less."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from volconv.compute.compiled.direct.taps import TALLEST_BOX
from volconv.compute.compiled.loops.doubling import Doubling, operations

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray


def box_operations(
    weights: NDArray[np.float64], stride: Sequence[int], dilation: Sequence[int]
) -> int | None:
    """Operations for an output of taps along one axis that are summed by doubling.

    Parameters
    ----------
    weights : ndarray, real
        Of at least two axes, as blocks are; a window along one of them.
    stride, dilation : sequence of int, cells
        For each axis.

    Returns
    -------
    int or None
        None for other kernels, which the direct engine sums.

    Examples
    --------
    >>> box_operations(np.ones((31, 1)), (1, 1), (1, 1))
    9
    >>> box_operations(np.arange(31.0).reshape(31, 1), (1, 1), (1, 1)) is None
    True
    """
    if weights.dtype.kind == "c" or weights.size != max(weights.shape, default=0):
        return None
    sizes = weights.shape
    flat = weights.ravel().astype(np.float64)
    arrays = [flat if n == flat.size > 1 else np.ones(1) for n in sizes]
    if not is_box(arrays, stride, dilation):
        return None
    parts = -(-flat.size // TALLEST_BOX)
    return parts * operations(-(-flat.size // parts)) + parts - 1


def is_box(
    arrays: Sequence[NDArray[np.float64]],
    stride: Sequence[int],
    dilation: Sequence[int],
) -> bool:
    """Whether the one factor with taps is summed by doubling, and beside another axis."""
    windows = [axis for axis, array in enumerate(arrays) if array.size > 1]
    if len(windows) != 1 or len(arrays) < 2:
        return False
    (axis,) = windows
    return is_doubled(arrays[axis], stride[axis], dilation[axis], is_last=True)


def is_doubled(
    weights: NDArray[np.float64], stride: int, dilation: int, *, is_last: bool
) -> bool:
    """Whether a factor is summed by doubling: from the kernel and the window alone.

    The last axis with a window may be that of the vectors, where strides leave few sums
    to be shared.
    """
    common = math.gcd(stride, dilation)
    step, gap = stride // common, dilation // common
    if (weights != weights[0]).any() or not weights[0] or (is_last and step > 1):
        return False
    return Doubling(gap).pays(min(len(weights), TALLEST_BOX), step)
