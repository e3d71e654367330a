"""Chunks of what windows make of an array in chunks."""

from __future__ import annotations

import math
from collections.abc import Sequence

from volconv.geometry.mix import Mix
from volconv.geometry.window import Window

__all__ = ["even_chunks"]


def even_chunks(
    sizes: Sequence[int], window: Window, outputs: int
) -> tuple[int, ...] | None:
    """Outputs of each chunk, alike but for a smaller last one, where the data's are so.

    As Zarr wants them, and at most one more than the data's; None where the data's are
    not alike, or each output reads all cells.

    Examples
    --------
    >>> from volconv.geometry import Window
    >>> even_chunks([8, 8, 4], Window(3, stride=3), 6)
    (3, 3)
    >>> even_chunks([8, 4, 8], Window(3, stride=3), 6)
    """
    if len(sizes) == 1:
        return (outputs,)
    if isinstance(window, Mix):
        return None
    if any(size != sizes[0] for size in sizes[:-1]) or sizes[-1] > sizes[0]:
        return None
    each = max(math.ceil(sizes[0] / window.jump), -(-outputs // (len(sizes) + 1)))
    whole, rest = divmod(outputs, each)
    return (each,) * whole + (rest,) * bool(rest)
