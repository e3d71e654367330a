"""The cells under windows, as views of a padded block."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from volconv.geometry import Window

__all__ = ["cells_under", "window_view"]


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
