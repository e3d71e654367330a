"""Parts of an array that are small enough to stay in the cache."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence

__all__ = ["PART_CELLS", "parts"]

PART_CELLS = 2**16
"""Cells of a part: 256 KiB of float32, half of a core's second-level cache."""


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
