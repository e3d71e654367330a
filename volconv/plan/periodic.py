"""Axes of very many blocks: what these read repeats, and is counted on fewer of them.

Far from the ends of an axis, block after block reads the same, only further on. Some of
these are left out::

    |head|steady ... steady|      left out      |steady|tail|     the axis
    |head|steady ... steady|steady|tail|                          what is looked at

What is left out is a whole number of periods, after which the blocks meet the chunks, and
the groups of blocks that the planner tries, as they did before. A sum over all blocks is
then one over those that are looked at, and what one period adds to it, as often as one is
left out.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from volconv.geometry import Interval
from volconv.meta import ArrayMeta
from volconv.plan.blocks import BlockGrid
from volconv.plan.demands import AxisDemands, Demand, Motion, axis_demands
from volconv.plan.reads import AxisReads, chunks_ahead
from volconv.plan.sweep import WIDTHS
from volconv.plan.write import Write
from volconv.steps import Pipeline

__all__ = [
    "GROUPS",
    "PeriodicDemands",
    "PeriodicReads",
    "PlannedDemands",
    "Reads",
    "planned_demands",
]

GROUPS = 8 * math.lcm(*WIDTHS)
"""Tiles after which groups of every width that is tried begin anew, of up to 8 a block."""

PERIODS = 3
"""Periods in a row that are looked at, at least: more than one, so that a whole group lies
among blocks that are all alike."""


@dataclass(frozen=True, eq=False)
class PeriodicReads:
    """What `AxisReads` says, of an axis of which periods are left out.

    Parameters
    ----------
    size, chunk, blocks : int
        Of the whole axis.
    short, longer : AxisReads
        What is looked at, and the same with one period more.
    periods : int
        Periods that are left out of `short`.
    """

    size: int
    chunk: int
    blocks: int
    short: AxisReads
    longer: AxisReads
    periods: int

    @property
    def is_shared(self) -> bool:
        """Whether some chunk is read by more than one block."""
        return self.short.is_shared

    @property
    def are_chunks(self) -> bool:
        """Whether each block reads one chunk, all of it, and none less than a chunk."""
        return self.short.are_chunks

    @property
    def advance(self) -> int:
        """Cells from one block's to the next one's, whole chunks of them."""
        return chunks_ahead(self.size, self.chunk, self.blocks)

    @property
    def most(self) -> int:
        """Cells that a block reads, at most."""
        return self.short.most

    @property
    def first_end(self) -> int:
        """Where the cells end that the first block reads."""
        return self.short.first_end

    @property
    def alone(self) -> int:
        """Cells of the chunks that are decoded if nothing is held."""
        return extended(self.short.alone, self.longer.alone, self.periods)

    @cached_property
    def turned(self) -> PeriodicReads:
        """The same with the last block first."""
        return PeriodicReads(
            self.size,
            self.chunk,
            self.blocks,
            self.short.turned,
            self.longer.turned,
            self.periods,
        )

    @cached_property
    def whole(self) -> int:
        """Cells of the chunks that are decoded if each is decoded once."""
        return self.decoded(self.blocks)

    def decoded(self, width: int) -> int:
        """Cells that are decoded if each `width` blocks read for themselves."""
        short, longer = (
            one.decoded(width if width < self.blocks else one.blocks)
            for one in (self.short, self.longer)
        )
        return extended(short, longer, self.periods)

    def decoded_with_faces(self, width: int) -> int:
        """Cells that are decoded if groups of blocks hand on faces alone."""
        short = self.short.decoded_with_faces(width)
        return extended(short, self.longer.decoded_with_faces(width), self.periods)

    def reach(self, width: int) -> int:
        """Cells that `width` blocks in a row read, at most, and no fewer than they own."""
        read = self.short.reach(width) if width < self.blocks else self.size
        return min(self.size, max(read, width * self.advance))

    def held(self, width: int) -> int:
        """Cells to be held between two groups of blocks, at most."""
        return self.short.held(width if width < self.blocks else self.short.blocks)

    def faces_held(self, width: int) -> int:
        """Cells of faces to be held between two groups of blocks, at most."""
        return self.short.faces_held(width)


Reads = AxisReads | PeriodicReads
"""What blocks read along an axis, block by block or by periods."""


@dataclass(frozen=True, eq=False)
class PeriodicDemands:
    """What `AxisDemands` says, of an axis of which periods are left out.

    Parameters
    ----------
    reads : PeriodicReads
        What the blocks read of the input.
    short, longer : AxisDemands
        What is looked at, and the same with one period more.
    """

    reads: PeriodicReads
    short: AxisDemands
    longer: AxisDemands

    @cached_property
    def totals(self) -> tuple[int, ...]:
        """Cells that all blocks need of each step, in sum."""
        return tuple(
            extended(short, longer, self.reads.periods)
            for short, longer in zip(self.short.totals, self.longer.totals, strict=True)
        )

    @property
    def most(self) -> tuple[int, ...]:
        """Cells of each step that the block with the largest needs takes."""
        return self.short.most

    @property
    def largest(self) -> Demand:
        """The needs of the block that needs most cells, as it lies in the short axis."""
        return self.short.largest


PlannedDemands = AxisDemands | PeriodicDemands
"""What blocks need along an axis, block by block or by periods."""


def extended(short: int, longer: int, periods: int) -> int:
    """A sum over all blocks, from those over few and over one period more."""
    return short + periods * (longer - short)


def planned_demands(
    pipeline: Pipeline,
    source: ArrayMeta,
    grid: BlockGrid,
    writes: Sequence[Write],
    axis: int,
) -> PlannedDemands:
    """What the blocks need along one axis, by periods where they are very many."""
    motion = Motion.of(pipeline, source, grid, writes, axis)
    blocks, period = grid.counts[axis], period_of(motion)
    gap = found_gap(motion, blocks)
    if gap is None:
        return axis_demands(pipeline, source, grid, writes, axis)
    head, periods = gap
    by = [period // motion.every * move for move in motion.moves]
    # what lies behind these is a far side for blocks of the head, and not for others
    ends = [one.stop for (one,) in head[-1]]
    begins = [one.start for (one,) in head[-period]]
    sizes = [
        size - periods * cells for size, cells in zip(motion.sizes, by, strict=True)
    ]
    found = [opened(demand, ends, by, -periods) for demand in head]
    for number in range(len(head), blocks - periods * period):
        moved = motion.following(found, sizes)
        if moved is None or number == blocks - periods * period - 1:
            told = motion.demand(number + periods * period)
            moved = opened(told, begins, by, -periods)
        found.append(moved)
    before, after = found[: len(head)], found[len(head) :]
    longer = (
        *(opened(demand, ends, by, 1) for demand in before),
        *(opened(demand, [0] * len(by), by, 1) for demand in head[-period:]),
        *(opened(demand, begins, by, 1) for demand in after),
    )
    short = AxisDemands(tuple(found), sizes[0], motion.chunk)
    more = AxisDemands(longer, sizes[0] + by[0], motion.chunk)
    reads = PeriodicReads(
        motion.sizes[0], motion.chunk, blocks, short.reads, more.reads, periods
    )
    return PeriodicDemands(reads, short, more)


def period_of(motion: Motion) -> int:
    """Blocks after which chunks and groups of blocks are met as before."""
    chunks = motion.chunk // math.gcd(motion.chunk, motion.moves[0])
    return math.lcm(motion.every * chunks, GROUPS)


def found_gap(motion: Motion, blocks: int) -> tuple[list[Demand], int] | None:
    """The blocks before what is left out, and how many periods that are; None for none."""
    if min(motion.moves) <= 0 or blocks < (PERIODS + 3) * period_of(motion):
        return None
    period, every = period_of(motion), motion.every
    head: list[Demand] = []
    stop = blocks
    while len(head) < stop:
        moved = motion.following(head, motion.sizes)
        if moved is None:
            if stop < blocks:
                return None  # an end is met before enough blocks are alike
            moved = motion.demand(len(head))
        elif stop == blocks:
            (read,) = moved[0]
            reach = math.ceil(read.size * every / motion.moves[0]) + 1
            stop = len(head) + 2 * reach + PERIODS * period
        if len(head) > blocks // 4:
            return None
        head.append(moved)
    left = min(
        (size - 1 - one.stop) // move * every
        for demand in head[-every:]
        for (one,), size, move in zip(demand, motion.sizes, motion.moves, strict=True)
    )
    periods = min(left, blocks - 1 - len(head)) // period - 1
    return (head, periods) if periods > 1 and periods * period > stop - period else None


def opened(
    demand: Demand, cuts: Sequence[int], by: Sequence[int], periods: int
) -> Demand:
    """A demand where behind a cell of each step there are some periods more, or fewer."""
    return tuple(
        tuple(shifted(one, cut, periods * cells) for one in needs)
        for needs, cut, cells in zip(demand, cuts, by, strict=True)
    )


def shifted(interval: Interval, cut: int, by: int) -> Interval:
    """An interval, moved where it lies behind a cell."""
    return interval.shift(by) if interval.start >= cut else interval
