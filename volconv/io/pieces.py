"""A box of cells in pieces of whole chunks."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from volconv.geometry import Interval

__all__ = ["Box", "pieces"]

Box = tuple[Interval, ...]


def pieces(box: Box, chunks: Sequence[int], most: int) -> Iterator[Box]:
    """Parts of a box that meet at borders of chunks, of one chunk each, or few cells.

    Parameters
    ----------
    box : tuple of Interval
    chunks : sequence of int
        Cells of a chunk along each axis; chunks begin at 0.
    most : int
        Cells of all the chunks that a piece reads of: each of them is decoded whole.

    Examples
    --------
    >>> for piece in pieces((Interval(1, 9),), [4], 4):
    ...     print(piece)
    (Interval(start=1, stop=4),)
    (Interval(start=4, stop=8),)
    (Interval(start=8, stop=9),)
    """
    spans = [
        -(-side.stop // chunk) - side.start // chunk
        for side, chunk in zip(box, chunks, strict=True)
    ]
    axis = max(range(len(box)), key=spans.__getitem__)
    if spans[axis] < 2 or math.prod(spans) * math.prod(chunks) <= most:
        yield box
        return
    side, chunk = box[axis], chunks[axis]
    border = (side.start // chunk + spans[axis] // 2) * chunk
    for part in (Interval(side.start, border), Interval(border, side.stop)):
        yield from pieces((*box[:axis], part, *box[axis + 1 :]), chunks, most)
