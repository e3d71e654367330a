"""Cells of one axis in the chunks that hold them."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

__all__ = ["Spans", "spans_of"]

REMEMBERED = 4096
"""Intervals that are remembered: arbitrary, about 2 MB."""


class Spans(NamedTuple):
    """Cells of one axis in the chunks that hold them, in order.

    Parameters
    ----------
    chunks : range
        Numbers of the chunks.
    parts : tuple of (int, int)
        Where the cells lie in each chunk: the first, and the one after the last.
    """

    chunks: range
    parts: tuple[tuple[int, int], ...]


@lru_cache(maxsize=REMEMBERED)
def spans_of(start: int, stop: int, chunk: int) -> Spans:
    """The chunks, of so many cells, that hold cells of an interval.

    Examples
    --------
    >>> found = spans_of(3, 9, 4)
    >>> found.chunks, found.parts
    (range(0, 3), ((3, 4), (0, 4), (0, 1)))
    """
    chunks = range(start // chunk, -(-stop // chunk))
    parts = []
    for number in chunks:
        first = number * chunk
        parts.append((max(start - first, 0), min(stop - first, chunk)))
    return Spans(chunks, tuple(parts))
