"""What blocks need of every step of a pipeline, axis by axis."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from volconv.geometry import Interval
from volconv.meta import ArrayMeta
from volconv.plan.blocks import BlockGrid
from volconv.plan.reads import AxisReads
from volconv.plan.write import Write
from volconv.steps import Pipeline

__all__ = ["AxisDemands", "Demand", "Motion", "axis_demands"]

Demand = tuple[tuple[Interval, ...], ...]


@dataclass(frozen=True, eq=False)
class AxisDemands:
    """The cells along one axis that each block needs of each step.

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
        """Cells that all blocks need of each step, in sum."""
        return tuple(
            sum(sum(cells.size for cells in needs) for needs in by_step)
            for by_step in zip(*self.by_block, strict=True)
        )

    @cached_property
    def most(self) -> tuple[int, ...]:
        """Cells of each step that the block with the largest needs takes."""
        return tuple(sum(cells.size for cells in needs) for needs in self.largest)

    @cached_property
    def largest(self) -> Demand:
        """The needs of the block that needs most cells."""
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
    Blocks that reach no edge of any step need the same, further on: only two of them
    are worked out. Where from one block to the next a step moves by a part of a cell,
    or blocks write unequal shares of what is saved, this holds of every n-th block.
    """
    motion = Motion.of(pipeline, source, grid, writes, axis)
    found: list[Demand] = []
    for number in range(grid.counts[axis]):
        moved = motion.following(found, motion.sizes)
        if moved is None or number == grid.counts[axis] - 1:
            moved = motion.demand(number)
        found.append(moved)
    return AxisDemands(tuple(found), motion.sizes[0], motion.chunk)


@dataclass(frozen=True, eq=False)
class Motion:
    """How what blocks need along one axis moves from one block to another.

    Parameters
    ----------
    pipeline, grid, writes, axis
        As in `axis_demands`.
    sizes : tuple of int
        Cells of each step.
    chunk : int
        Cells of the input's chunks.
    every : int
        Blocks after which each step has moved by whole cells, and shares are the same.
    moves : tuple of int
        By how many cells each step has then.
    """

    pipeline: Pipeline
    grid: BlockGrid
    writes: tuple[Write, ...]
    axis: int
    sizes: tuple[int, ...]
    chunk: int
    every: int
    moves: tuple[int, ...]

    @classmethod
    def of(
        cls,
        pipeline: Pipeline,
        source: ArrayMeta,
        grid: BlockGrid,
        writes: Sequence[Write],
        axis: int,
    ) -> Motion:
        """The motion over the blocks of a grid."""
        sizes = tuple(
            pipeline.meta(step, source).shape[axis] for step in range(pipeline.last + 1)
        )
        block = grid.unit[axis] * grid.units[axis]
        shares = [block * jump[axis] for jump in pipeline.jumps]
        every = math.lcm(
            *(share.denominator for share in shares),
            *(write.period(grid, axis) for write in writes),
        )
        moves = tuple(int(share * every) for share in shares)
        chunk = max(1, (source.chunks or source.shape)[axis])
        return cls(pipeline, grid, tuple(writes), axis, sizes, chunk, every, moves)

    @cached_property
    def is_open(self) -> bool:
        """Whether all that is needed of a step shows as it moves: see `hides_reads`."""
        return not hides_reads(self.pipeline, self.writes, self.axis, self.sizes)

    def demand(self, number: int) -> Demand:
        """What a block needs, worked out for itself."""
        wanted = {
            write.step: write.cells(self.grid, self.axis, number)
            for write in self.writes
        }
        return self.pipeline.demands(self.axis, wanted)

    def following(self, found: Sequence[Demand], sizes: Sequence[int]) -> Demand | None:
        """What the next block needs after those before it, where it needs the same.

        None where that is not known: see `following`.
        """
        if not self.is_open:
            return None
        every = self.every
        return following(found[-every : -2 * every - 1 : -every], sizes, self.moves)


def hides_reads(
    pipeline: Pipeline, writes: Sequence[Write], axis: int, sizes: Sequence[int]
) -> bool:
    """Whether cells of a step may come to be read beside others that are needed all along.

    As where windows that lie beyond an end read nothing, and then do: of a step that is
    saved, or that another one reads, this would not be seen before.
    """
    uses = Counter(read for node in pipeline.nodes for read in node.inputs)
    uses.update(write.step for write in writes)
    return any(
        uses[read] > 1 and not any(cells.size for cells in node.read(number, axis, end))
        for step, node in enumerate(pipeline.nodes, start=1)
        for number, read in enumerate(node.inputs)
        for end in (Interval(0, 1), Interval(sizes[step] - 1, sizes[step]))
    )


def following(
    found: Sequence[Demand], sizes: Sequence[int], moves: Sequence[int]
) -> Demand | None:
    """A block's needs, where those of two before it lie one move apart, the last first.

    None where one of them reaches the edge of a step, or lies in the mirror of one: a
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
