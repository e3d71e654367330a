"""Blocks of the output: what one task computes and writes.

A block is whole storage units of the output, chunks or shards, so that no two tasks ever
write to one object.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from volconv.geometry import Interval

__all__ = ["BlockGrid", "TileGrid"]


@dataclass(frozen=True)
class BlockGrid:
    """Blocks over an array, numbered in the order of its axes, the last one fastest.

    Parameters
    ----------
    shape : tuple of int
        Cells of the array.
    unit : tuple of int
        Cells of one storage unit.
    units : tuple of int
        Storage units of a block along each axis.

    Examples
    --------
    >>> grid = BlockGrid((10, 6), (4, 3), (1, 2))
    >>> grid.counts, grid.box(1)
    ((3, 1), (Interval(start=4, stop=8), Interval(start=0, stop=6)))
    >>> list(grid.objects(1))
    [(1, 0), (1, 1)]
    """

    shape: tuple[int, ...]
    unit: tuple[int, ...]
    units: tuple[int, ...]

    @property
    def block(self) -> tuple[int, ...]:
        """Cells of a whole block along each axis, no longer than the axis."""
        return tuple(
            min(size, unit * units)
            for size, unit, units in zip(self.shape, self.unit, self.units, strict=True)
        )

    @cached_property
    def counts(self) -> tuple[int, ...]:
        """Blocks along each axis."""
        return tuple(
            -(-size // (unit * units))
            for size, unit, units in zip(self.shape, self.unit, self.units, strict=True)
        )

    @property
    def total(self) -> int:
        """Blocks in all."""
        return math.prod(self.counts)

    def index(self, number: int) -> tuple[int, ...]:
        """A block's index along each axis."""
        digits = []
        for count in reversed(self.counts):
            number, digit = divmod(number, count)
            digits.append(digit)
        return tuple(reversed(digits))

    def number(self, index: Sequence[int]) -> int:
        """The block of an index along each axis."""
        found = 0
        for digit, count in zip(index, self.counts, strict=True):
            found = found * count + digit
        return found

    def start(self, axis: int, place: int) -> int:
        """The first cell along an axis of blocks at a place; its end behind the last."""
        if place >= self.counts[axis]:
            return self.shape[axis]
        return place * self.unit[axis] * self.units[axis]

    def interval(self, axis: int, place: int) -> Interval:
        """The cells along an axis of the blocks at a place."""
        return Interval(self.start(axis, place), self.start(axis, place + 1))

    def intervals(self, axis: int) -> list[Interval]:
        """The cells of each block along an axis."""
        return [self.interval(axis, place) for place in range(self.counts[axis])]

    def period(self, axis: int) -> int:
        """After how many blocks along an axis they lie as before, further on."""
        del axis
        return 1

    def along(self, axis: int) -> tuple[int, ...]:
        """What tells blocks along an axis from those of other grids."""
        return self.unit[axis], self.units[axis]

    def box(self, number: int) -> tuple[Interval, ...]:
        """The cells of a block."""
        return tuple(itertools.starmap(self.interval, enumerate(self.index(number))))

    def objects(self, number: int) -> Iterator[tuple[int, ...]]:
        """Indices of a block's storage units in the grid of all units."""
        ranges = [
            range(side.start // unit, -(-side.stop // unit))
            for side, unit in zip(self.box(number), self.unit, strict=True)
        ]
        return itertools.product(*ranges)


@dataclass(frozen=True)
class TileGrid(BlockGrid):
    """Tiles over an array, as many in each block.

    Parameters
    ----------
    tiles : tuple of int
        Tiles of a whole block along each axis.
    shift : tuple of int
        Cells by which tiles begin earlier along each axis than tiles of equal size would,
        but for the first of a block.

    Examples
    --------
    >>> grid = TileGrid((24,), (4,), (1,), (3,), (1,))
    >>> [(side.start, side.stop) for side in grid.intervals(0)]
    [(0, 3), (3, 7), (7, 12), (12, 15), (15, 19), (19, 24)]
    """

    tiles: tuple[int, ...]
    shift: tuple[int, ...]

    def start(self, axis: int, place: int) -> int:
        """The first cell along an axis of tiles at a place; its end behind the last."""
        start = super().start(axis, place)
        is_within = place % self.tiles[axis] and place < self.counts[axis]
        return start - self.shift[axis] if is_within else start

    def period(self, axis: int) -> int:
        """After how many tiles along an axis they lie as before, further on."""
        return self.tiles[axis] if self.shift[axis] else 1

    def along(self, axis: int) -> tuple[int, ...]:
        """What tells tiles along an axis from those of other grids."""
        return *super().along(axis), self.tiles[axis], self.shift[axis]
