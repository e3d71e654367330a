"""An array that blocks write: a pipeline's result, or what a step saves on the way."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING

from volconv.geometry import Interval
from volconv.plan.blocks import BlockGrid
from volconv.plan.output import OutputSpec

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Write"]


@dataclass(frozen=True)
class Write:
    """An array to be written, cut into blocks as the result is.

    Parameters
    ----------
    place : int
        The place of the pipeline whose cells it holds.
    output : OutputSpec
        How it is stored.
    shape : tuple of int
        Its cells along each axis.
    jump : tuple of int
        Its cells from one cell of the result to the next; 1 for the result itself.
    """

    place: int
    output: OutputSpec
    shape: tuple[int, ...]
    jump: tuple[int, ...]

    def cells(self, grid: BlockGrid, axis: int, number: int) -> Interval:
        """The cells along an axis that a block writes: whole storage units.

        The last block has all that is left.
        """
        size = self.shape[axis]
        step = grid.unit[axis] * grid.units[axis] * self.jump[axis]
        start = min(number * step, size)
        is_last = number == grid.counts[axis] - 1
        return Interval(start, size if is_last else min(start + step, size))

    def box(self, grid: BlockGrid, number: int) -> tuple[Interval, ...]:
        """The cells that a block writes."""
        return tuple(
            self.cells(grid, axis, place)
            for axis, place in enumerate(grid.index(number))
        )

    def objects(self, grid: BlockGrid, number: int) -> Iterator[tuple[int, ...]]:
        """Places of a block's storage units in the grid of all units."""
        box, unit = self.box(grid, number), self.output.unit
        if not all(side.size for side in box):
            return iter(())
        ranges = [
            range(side.start // cells, -(-side.stop // cells))
            for side, cells in zip(box, unit, strict=True)
        ]
        return product(*self.output.stored(ranges))
