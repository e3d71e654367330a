"""Axes of very many blocks, told briefly: what their blocks read, counted on fewer.

Far from the ends of an axis, block after block reads the same, only further on. Some of
these are left out::

    |head|steady ... steady|      left out      |steady|tail|     the axis
    |head|steady ... steady|steady|tail|                          what is looked at

What is left out is a whole number of turns, after which the blocks meet the chunks, and
the groups of blocks that the planner tries, as they did before. A sum over all blocks is
then one over those that are looked at, and as often as a turn is left out, what one turn
adds to it.
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

__all__ = ["BriefDemands", "BriefReads", "PlannedDemands", "Reads", "planned_demands"]

GROUPS = 8 * math.lcm(*WIDTHS)
"""Tiles after which groups of every width that is tried begin anew, of up to 8 a block."""

TURNS = 3
"""Turns in a row that are looked at, at least: more than one, so that a whole group lies
among blocks that are all alike."""


@dataclass(frozen=True, eq=False)
class BriefReads:
    """What `AxisReads` tells, of an axis of which turns are left out.

    Parameters
    ----------
    size, chunk, blocks : int
        Of the whole axis.
    short, longer : AxisReads
        What is looked at, and the same with one turn more.
    turns : int
        Turns that are left out of `short`.
    """

    size: int
    chunk: int
    blocks: int
    short: AxisReads
    longer: AxisReads
    turns: int

    @property
    def is_shared(self) -> bool:
        """Whether some chunk is read by more than one block."""
        return self.short.is_shared

    @property
    def advance(self) -> int:
        """Cells from one block's to the next one's, whole chunks of them."""
        return chunks_ahead(self.size, self.chunk, self.blocks)

    @property
    def most(self) -> int:
        """Cells that a block reads, at most."""
        return self.short.most

    @property
    def alone(self) -> int:
        """Cells of the chunks that are decoded if nothing is held."""
        return extended(self.short.alone, self.longer.alone, self.turns)

    @cached_property
    def turned(self) -> BriefReads:
        """The same with the last block first."""
        return BriefReads(
            self.size,
            self.chunk,
            self.blocks,
            self.short.turned,
            self.longer.turned,
            self.turns,
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
        return extended(short, longer, self.turns)

    def decoded_with_faces(self, width: int) -> int:
        """Cells that are decoded if groups of blocks hand on faces alone."""
        short = self.short.decoded_with_faces(width)
        return extended(short, self.longer.decoded_with_faces(width), self.turns)

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


Reads = AxisReads | BriefReads
"""What blocks read along an axis, told in full or briefly."""


@dataclass(frozen=True, eq=False)
class BriefDemands:
    """What `AxisDemands` tells, of an axis of which turns are left out.

    Parameters
    ----------
    reads : BriefReads
        What the blocks read of the input.
    short, longer : AxisDemands
        What is looked at, and the same with one turn more.
    """

    reads: BriefReads
    short: AxisDemands
    longer: AxisDemands

    @cached_property
    def totals(self) -> tuple[int, ...]:
        """Cells that all blocks need of each place, in sum."""
        return tuple(
            extended(short, longer, self.reads.turns)
            for short, longer in zip(self.short.totals, self.longer.totals, strict=True)
        )

    @property
    def most(self) -> tuple[int, ...]:
        """Cells that the block needs of each place that needs most."""
        return self.short.most

    @property
    def largest(self) -> Demand:
        """What the block needs that needs most; told where it lies in the short axis."""
        return self.short.largest


PlannedDemands = AxisDemands | BriefDemands
"""What blocks need along an axis, told in full or briefly."""


def extended(short: int, longer: int, turns: int) -> int:
    """A sum over all blocks, from those over few and over one turn more."""
    return short + turns * (longer - short)


def planned_demands(
    pipeline: Pipeline,
    source: ArrayMeta,
    grid: BlockGrid,
    writes: Sequence[Write],
    axis: int,
) -> PlannedDemands:
    """What the blocks need along one axis, briefly where they are very many."""
    motion = Motion.of(pipeline, source, grid, writes, axis)
    blocks, turn = grid.counts[axis], turn_of(motion)
    gap = found_gap(motion, blocks)
    if gap is None:
        return axis_demands(pipeline, source, grid, writes, axis)
    head, turns = gap
    by = [turn // motion.every * move for move in motion.moves]
    # what lies behind these is a far side for blocks of the head, and not for others
    ends = [one.stop for (one,) in head[-1]]
    begins = [one.start for (one,) in head[-turn]]
    sizes = [size - turns * cells for size, cells in zip(motion.sizes, by, strict=True)]
    found = [opened(demand, ends, by, -turns) for demand in head]
    for number in range(len(head), blocks - turns * turn):
        moved = motion.following(found, sizes)
        if moved is None or number == blocks - turns * turn - 1:
            told = motion.demand(number + turns * turn)
            moved = opened(told, begins, by, -turns)
        found.append(moved)
    before, after = found[: len(head)], found[len(head) :]
    longer = (
        *(opened(demand, ends, by, 1) for demand in before),
        *(opened(demand, [0] * len(by), by, 1) for demand in head[-turn:]),
        *(opened(demand, begins, by, 1) for demand in after),
    )
    short = AxisDemands(tuple(found), sizes[0], motion.chunk)
    more = AxisDemands(longer, sizes[0] + by[0], motion.chunk)
    reads = BriefReads(
        motion.sizes[0], motion.chunk, blocks, short.reads, more.reads, turns
    )
    return BriefDemands(reads, short, more)


def turn_of(motion: Motion) -> int:
    """Blocks after which chunks and groups of blocks are met as before."""
    chunks = motion.chunk // math.gcd(motion.chunk, motion.moves[0])
    return math.lcm(motion.every * chunks, GROUPS)


def found_gap(motion: Motion, blocks: int) -> tuple[list[Demand], int] | None:
    """The blocks before what is left out, and how many turns that are; None for none."""
    if min(motion.moves) <= 0 or blocks < (TURNS + 3) * turn_of(motion):
        return None
    turn, every = turn_of(motion), motion.every
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
            stop = len(head) + 2 * reach + TURNS * turn
        if len(head) > blocks // 4:
            return None
        head.append(moved)
    left = min(
        (size - 1 - one.stop) // move * every
        for demand in head[-every:]
        for (one,), size, move in zip(demand, motion.sizes, motion.moves, strict=True)
    )
    turns = min(left, blocks - 1 - len(head)) // turn - 1
    return (head, turns) if turns > 1 and turns * turn > stop - turn else None


def opened(
    demand: Demand, cuts: Sequence[int], by: Sequence[int], turns: int
) -> Demand:
    """A demand where behind a cell of each place there are some turns more, or fewer."""
    return tuple(
        tuple(shifted(one, cut, turns * cells) for one in needs)
        for needs, cut, cells in zip(demand, cuts, by, strict=True)
    )


def shifted(interval: Interval, cut: int, by: int) -> Interval:
    """An interval, moved where it lies behind a cell."""
    return interval.shift(by) if interval.start >= cut else interval
