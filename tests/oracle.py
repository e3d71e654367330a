"""What results must be, said another way than the package says it.

Windows are enumerated, or taken by `numpy.pad` and `sliding_window_view`; sums of
integers are sums of Python's.
"""

import itertools

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

KINDS = ("constant", "edge", "reflect", "symmetric", "wrap")


def window_starts(cells, before, after, span, stride):
    """First cells of the windows that lie wholly in a padded axis, by trying each."""
    starts = []
    start = -before
    while start + span <= cells + after:
        starts.append(start)
        start += stride
    return starts


def correlated(block, weights, stride, dilation, dtype):
    """Cross-correlation of a padded block, its zero taps left out, in a wide dtype."""
    axes = range(block.ndim)
    spans = [
        d * (size - 1) + 1 for size, d in zip(weights.shape, dilation, strict=True)
    ]
    windows = sliding_window_view(block.astype(dtype), spans)
    windows = windows[tuple(slice(None, None, step) for step in (*stride, *dilation))]
    weights = weights.astype(dtype)
    with np.errstate(all="ignore"):
        products = np.where(weights != 0, windows * weights, 0)
        return products.sum(axis=tuple(-1 - axis for axis in axes))


def python_sums(block, weights, stride, dilation):
    """Cross-correlation in Python's integers, which have no end."""
    return correlated(block, weights, stride, dilation, object)


def padded(array, pairs, kinds, fill_value=0):
    """`numpy.pad` with a boundary for each axis."""
    for axis, (pair, kind) in enumerate(zip(pairs, kinds, strict=True)):
        widths = [(0, 0)] * array.ndim
        widths[axis] = pair
        more = {"constant_values": fill_value} if kind == "constant" else {}
        array = np.pad(array, widths, mode=kind, **more)
    return array


def boxes(shape):
    """Every box of an array of some shape, as pairs (start, stop) for each axis."""
    spans = [
        [(a, b) for a in range(size) for b in range(a + 1, size + 1)] for size in shape
    ]
    return itertools.product(*spans)


def same_bits(left, right):
    """Whether two arrays have one shape, one dtype and the same bytes."""
    return (
        left.shape == right.shape
        and left.dtype == right.dtype
        and left.tobytes() == right.tobytes()
    )
