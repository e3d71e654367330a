"""Shapes of blocks."""

from __future__ import annotations

from collections.abc import Sequence

__all__ = ["out_shape"]


def out_shape(
    block: Sequence[int],
    kernel: Sequence[int],
    stride: Sequence[int],
    dilation: Sequence[int],
) -> tuple[int, ...]:
    """Outputs of a padded block: ``floor((n - d (f - 1) - 1) / s) + 1`` along each axis.

    Examples
    --------
    >>> out_shape((6, 9), (3, 1), (1, 2), (1, 1))
    (4, 5)
    """
    return tuple(
        (cells - d * (size - 1) - 1) // s + 1
        for cells, size, s, d in zip(block, kernel, stride, dilation, strict=True)
    )
