"""What blocks need of every place of a pipeline, axis by axis."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from volconv.geometry import Interval
from volconv.meta import ArrayMeta
from volconv.plan.blocks import BlockGrid
from volconv.plan.reads import AxisReads
from volconv.plan.write import Write
from volconv.steps import Pipeline

__all__ = ["AxisDemands", "Demand", "axis_demands"]

Demand = tuple[tuple[Interval, ...], ...]


@dataclass(frozen=True, eq=False)
class AxisDemands:
    """The cells along one axis that each block needs of each place.

    Parameters
    ----------
    by_block : tuple
        For each block along the axis, `Pipeline.demands`.
    size, chunk : int
        Cells of the input's axis and of its chunks.
    """

    by_block: tuple[Demand, ...]
    size: int
    chunk: int

    @cached_property
    def reads(self) -> AxisReads:
        """What the blocks read of the input."""
        needs = tuple(demand[0] for demand in self.by_block)
        return AxisReads(self.size, self.chunk, needs)

    @cached_property
    def totals(self) -> tuple[int, ...]:
        """Cells that all blocks need of each place, in sum."""
        return tuple(
            sum(sum(cells.size for cells in needs) for needs in by_place)
            for by_place in zip(*self.by_block, strict=True)
        )

    @cached_property
    def most(self) -> tuple[int, ...]:
        """Cells that the block needs of each place that needs most."""
        return tuple(sum(cells.size for cells in needs) for needs in self.largest)

    @cached_property
    def largest(self) -> Demand:
        """What the block needs that needs most."""
        return max(
            self.by_block,
            key=lambda demand: sum(cells.size for needs in demand for cells in needs),
        )


def axis_demands(
    pipeline: Pipeline,
    source: ArrayMeta,
    grid: BlockGrid,
    writes: Sequence[Write],
    axis: int,
) -> AxisDemands:
    """What the blocks need along one axis.

    Notes
    -----
    Blocks that reach no edge of any place need the same, further on: only two of them
    are worked out. Where from one block to the next a place moves by a part of a cell,
    or blocks write unequal shares of what is saved, this holds of every n-th block.
    """
    sizes = [
        pipeline.meta(place, source).shape[axis] for place in range(pipeline.last + 1)
    ]
    block = grid.unit[axis] * grid.units[axis]
    shares = [block * jump[axis] for jump in pipeline.jumps]
    every = math.lcm(
        *(share.denominator for share in shares),
        *(write.period(grid, axis) for write in writes),
    )
    moves = [int(share * every) for share in shares]
    found: list[Demand] = []
    for number in range(grid.counts[axis]):
        moved = following(found[-every : -2 * every - 1 : -every], sizes, moves)
        if moved is None or number == grid.counts[axis] - 1:
            wanted = {write.place: write.cells(grid, axis, number) for write in writes}
            moved = pipeline.demands(axis, wanted)
        found.append(moved)
    chunk = (source.chunks or source.shape)[axis]
    return AxisDemands(tuple(found), sizes[0], max(1, chunk))


def following(
    found: Sequence[Demand], sizes: Sequence[int], moves: Sequence[int]
) -> Demand | None:
    """A block's needs, where those of two before it lie one move apart, the last first.

    None where one of them reaches the edge of a place, or lies in the mirror of one: a
    need that moves by as much as its block, and forwards, lies in no mirror.
    """
    if len(found) < 2:
        return None
    moved = []
    for now, before, size, move in zip(*found, sizes, moves, strict=True):
        if not len(before) == len(now) == 1:
            return None
        (old,), (new,) = before, now
        inside = old.start > 0 and new.stop + move < size
        if not inside or new != old.shift(move):
            return None
        moved.append((new.shift(move),))
    return tuple(moved)
