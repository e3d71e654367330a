"""Parts of an array that are small enough to stay in the cache."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence
from typing import Any

from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from volconv.geometry import Window

__all__ = ["cells_under", "parts", "window_view"]


def parts(shape: Sequence[int], cells: int) -> Iterator[tuple[slice, ...]]:
    """Slices that cut a shape into parts of at most some cells, in their order.

    Leading axes are cut to one cell before a later one is cut at all, so that a part of
    a C-ordered array is one piece of its memory.

    Parameters
    ----------
    shape : sequence of int
        The whole.
    cells : int
        Most cells of a part.

    Examples
    --------
    >>> for part in parts((2, 3, 4), 8):
    ...     print(part)
    (slice(0, 1, None), slice(0, 2, None), slice(0, 4, None))
    (slice(0, 1, None), slice(2, 3, None), slice(0, 4, None))
    (slice(1, 2, None), slice(0, 2, None), slice(0, 4, None))
    (slice(1, 2, None), slice(2, 3, None), slice(0, 4, None))
    """
    if 0 < math.prod(shape) <= cells:
        return iter([tuple([slice(0, size) for size in shape])])
    steps = list(shape)
    for axis, size in enumerate(shape):
        behind = math.prod(shape[axis + 1 :])
        steps[axis] = min(size, max(1, cells // max(1, behind)))
        if steps[axis] > 1:
            break
    cuts = [
        [slice(start, min(start + step, size)) for start in range(0, size, step or 1)]
        for size, step in zip(shape, steps, strict=True)
    ]
    return itertools.product(*cuts)


def cells_under(
    block: NDArray[Any], windows: Sequence[Window], part: Sequence[slice]
) -> NDArray[Any]:
    """The cells of a padded block that a part of its outputs is made of.

    Parameters
    ----------
    block : ndarray
        Cells with their halo.
    windows : sequence of Window
        One for each axis, without padding.
    part : sequence of slice
        The outputs.
    """
    cells = tuple(
        slice(side.start * window.stride, (side.stop - 1) * window.stride + window.span)
        for side, window in zip(part, windows, strict=True)
    )
    return block[cells]


def window_view(block: NDArray[Any], windows: Sequence[Window]) -> NDArray[Any]:
    """The windows of a padded block, as a view that is not to be written to.

    Parameters
    ----------
    block : ndarray
        Cells with their halo.
    windows : sequence of Window
        One for each axis, without padding.

    Returns
    -------
    ndarray
        One axis for each of the block's, then one for each that has a window of more
        than one cell.

    Examples
    --------
    >>> import numpy as np
    >>> window_view(np.arange(7), [Window(2, stride=2, dilation=3)])
    array([[0, 3],
           [2, 5]])
    """
    axes = tuple(axis for axis, window in enumerate(windows) if window.size > 1)
    spans = tuple(windows[axis].span for axis in axes)
    view = sliding_window_view(block, spans, axes) if axes else block
    strides = (slice(None, None, window.stride) for window in windows)
    apart = (slice(None, None, windows[axis].dilation) for axis in axes)
    return view[(*strides, *apart)]
