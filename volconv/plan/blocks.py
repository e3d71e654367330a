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

__all__ = ["BlockGrid"]


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

    def intervals(self, axis: int) -> list[Interval]:
        """The cells of each block along an axis."""
        step = self.unit[axis] * self.units[axis]
        size = self.shape[axis]
        return [
            Interval(start, min(start + step, size)) for start in range(0, size, step)
        ]

    def box(self, number: int) -> tuple[Interval, ...]:
        """The cells of a block."""
        found = []
        for axis, along in enumerate(self.index(number)):
            step = self.unit[axis] * self.units[axis]
            start = along * step
            found.append(Interval(start, min(start + step, self.shape[axis])))
        return tuple(found)

    def objects(self, number: int) -> Iterator[tuple[int, ...]]:
        """Indices of a block's storage units in the grid of all units."""
        ranges = [
            range(side.start // unit, -(-side.stop // unit))
            for side, unit in zip(self.box(number), self.unit, strict=True)
        ]
        return itertools.product(*ranges)
