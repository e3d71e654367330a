"""Half-open intervals of cells.

Index 0 is the first cell of the unpadded input; an interval below 0, or beyond the
axis's size, reaches into padding.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Self

__all__ = ["Interval", "contains", "merged", "relative"]


class Interval(NamedTuple):
    """Cells from `start` up to, not including, `stop`.

    A tuple, for blocks are cut and looked up by many of them.

    Examples
    --------
    >>> Interval(2, 5).size
    3
    >>> Interval(-2, 5).clip(4)
    Interval(start=0, stop=4)
    """

    start: int
    stop: int

    @property
    def size(self) -> int:
        """Cells in it; 0 where `stop` is not above `start`."""
        return max(0, self.stop - self.start)

    @property
    def slice(self) -> slice:
        """The same cells as a slice."""
        return slice(self.start, self.stop)

    def clip(self, size: int) -> Self:
        """The part of it that an axis of `size` cells holds."""
        return self.intersect(type(self)(0, size))

    def intersect(self, other: Interval) -> Self:
        """The cells that both have; empty where there are none."""
        start = max(self.start, other.start)
        return type(self)(start, max(start, min(self.stop, other.stop)))

    def shift(self, by: int) -> Self:
        """The interval moved by a number of cells."""
        return type(self)(self.start + by, self.stop + by)

    def contains(self, other: Interval) -> bool:
        """Whether every cell of `other` is in it."""
        return self.start <= other.start and other.stop <= self.stop


def contains(outer: Sequence[Interval], box: Sequence[Interval]) -> bool:
    """Whether a box, an interval for each axis, lies in another."""
    return all(a.contains(b) for a, b in zip(outer, box, strict=True))


def relative(box: Sequence[Interval], outer: Sequence[Interval]) -> tuple[slice, ...]:
    """A box as slices of an array that holds a larger one."""
    return tuple(
        slice(side.start - whole.start, side.stop - whole.start)
        for side, whole in zip(box, outer, strict=True)
    )


def merged(intervals: Sequence[Interval]) -> list[Interval]:
    """The same cells in order, intervals that touch or overlap made one.

    Examples
    --------
    >>> merged([Interval(4, 6), Interval(0, 3), Interval(3, 5), Interval(9, 9)])
    [Interval(start=0, stop=6)]
    """
    found: list[Interval] = []
    for interval in sorted(intervals):
        if interval.size == 0:
            continue
        if found and interval.start <= found[-1].stop:
            stop = max(found[-1].stop, interval.stop)
            found[-1] = Interval(found[-1].start, stop)
        else:
            found.append(interval)
    return found
