"""An array that blocks write: a pipeline's result, or what a step saves on the way."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from itertools import product
from typing import TYPE_CHECKING

import numpy as np

from volconv.geometry import Interval
from volconv.plan.blocks import BlockGrid
from volconv.plan.output import OutputSpec

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

__all__ = ["Write"]


@dataclass(frozen=True)
class Write:
    """An array to be written, cut into blocks as the result is.

    Parameters
    ----------
    step : int
        The number, in its stage, of the step whose result it holds.
    output : OutputSpec
        How it is stored.
    shape : tuple of int
        Its cells along each axis.
    jump : tuple of Fraction
        Its cells from one cell of the result to the next; 1 for the result itself.
    """

    step: int
    output: OutputSpec
    shape: tuple[int, ...]
    jump: tuple[Fraction, ...]

    @property
    def nbytes(self) -> int:
        """Bytes of its cells, before encoding."""
        return math.prod(self.shape) * np.dtype(self.output.dtype).itemsize

    @cached_property
    def all_units(self) -> BlockGrid:
        """The grid of all storage units."""
        stored = self.output.stored
        shape = stored(self.shape)
        return BlockGrid(shape, stored(self.output.unit), (1,) * len(shape))

    @property
    def objects_in_all(self) -> int:
        """Storage units of the array."""
        return self.all_units.total

    def cells(self, grid: BlockGrid, axis: int, number: int) -> Interval:
        """The cells along an axis that a block writes: whole storage units.

        The last block has all that is left.
        """
        is_last = number == grid.counts[axis] - 1
        start = self.start(grid, axis, number)
        stop = self.shape[axis] if is_last else self.start(grid, axis, number + 1)
        return Interval(start, stop)

    def start(self, grid: BlockGrid, axis: int, number: int) -> int:
        """The first cell that a block writes: a storage unit's first, or past the end."""
        if self.jump[axis] == 1:
            return min(grid.start(axis, number), self.shape[axis])
        share = self.share(grid, axis)
        unit = self.output.unit[axis]
        return min(unit * math.ceil(number * share / unit), self.shape[axis])

    def share(self, grid: BlockGrid, axis: int) -> Fraction:
        """The cells along an axis that go with a whole block of the result."""
        return grid.unit[axis] * grid.units[axis] * self.jump[axis]

    def period(self, grid: BlockGrid, axis: int) -> int:
        """After how many blocks along an axis their shares are the same again."""
        if self.jump[axis] == 1:
            return grid.period(axis)
        return (self.share(grid, axis) / self.output.unit[axis]).denominator

    def box(self, grid: BlockGrid, number: int) -> tuple[Interval, ...]:
        """The cells that a block writes."""
        return tuple(
            self.cells(grid, axis, along)
            for axis, along in enumerate(grid.index(number))
        )

    def objects(self, grid: BlockGrid, number: int) -> Iterator[tuple[int, ...]]:
        """Indices of a block's storage units in the grid of all units."""
        return self.units(self.box(grid, number))

    def units(self, box: Sequence[Interval]) -> Iterator[tuple[int, ...]]:
        """Indices of the storage units of a box that a block writes."""
        if not all(side.size for side in box):
            return iter(())
        ranges = [
            range(side.start // cells, -(-side.stop // cells))
            for side, cells in zip(box, self.output.unit, strict=True)
        ]
        return product(*self.output.stored(ranges))
