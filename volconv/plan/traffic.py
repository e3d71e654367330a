"""How much is decoded, and how much is held meanwhile, for an order of blocks.

A chunk that is decoded stays, or the parts of it that later blocks read, until the last
of them has read it. How much that is follows from the nest of loops: between two turns
of a loop along one axis lies what the later turns read of what earlier ones decoded, a
slab as thick as `AxisReads.held` says, and as wide as the loops inside reach. Where that
is too much for the memory, a loop over pencils may keep the faces of chunks alone, which
are thin, and decode chunks ahead again; or let all of it go.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from volconv.plan.periodic import Reads
from volconv.plan.sweep import Keeps, Loop, Sweep, Tiling, nests

__all__ = ["Orders", "Traffic", "best_traffic"]


@dataclass(frozen=True)
class Traffic:
    """An order of blocks with what it decodes and holds.

    Parameters
    ----------
    sweep : Sweep
        The order of the blocks.
    decoded : int
        Cells of all chunks that are decoded, each as often as it is.
    held : int
        Cells of decoded chunks to be held, at most; 0 where nothing is kept.
    """

    sweep: Sweep
    decoded: int
    held: int


def best_traffic(
    reads: Sequence[Reads], room: int, tiling: Tiling, at_once: int = 1
) -> Traffic:
    """The order that decodes fewest cells with so much room for what is held.

    Parameters
    ----------
    reads : sequence of Reads
        What tiles read, for each axis.
    room : int
        Cells that may be held.
    tiling : Tiling
        How blocks are cut into tiles.
    at_once : int
        Blocks that are computed at the same time.

    Notes
    -----
    Where all loops hold what later turns read, each chunk is decoded once: no order that
    lets something go decodes less, and they are looked at only where none of these fits.
    """
    orders = Orders(reads, tiling, at_once)
    best = orders.plain
    for keep_all in (True, False):
        for order in orders.every():
            for keeps in order.choices(keep_all=keep_all):
                cells = order.decoded(keeps)
                if cells > best.decoded:
                    continue
                held = order.held(keeps)
                if held <= room and (cells, held) < (best.decoded, best.held):
                    best = Traffic(order.sweep(keeps), cells, held)
        if best.decoded == orders.least:
            break
    return best


@dataclass(frozen=True, eq=False)
class Orders:
    """The orders of the blocks of a grid.

    Parameters
    ----------
    reads : sequence of Reads
        What tiles read, for each axis.
    tiling : Tiling
        How blocks are cut into tiles.
    at_once : int
        Blocks that are computed at the same time.
    """

    reads: Sequence[Reads]
    tiling: Tiling
    at_once: int

    @cached_property
    def counts(self) -> tuple[int, ...]:
        """Blocks along each axis."""
        return tuple(
            -(-reads.blocks // self.tiling.along(axis))
            for axis, reads in enumerate(self.reads)
        )

    @property
    def plain(self) -> Traffic:
        """The order in which each block reads for itself."""
        alone = math.prod(axis.alone for axis in self.reads)
        return Traffic(Sweep.plain(self.counts), alone, 0)

    @cached_property
    def least(self) -> int:
        """Cells of all chunks that are decoded, each once."""
        return math.prod(axis.whole for axis in self.reads)

    @cached_property
    def descending(self) -> tuple[bool, ...]:
        """Axes along which less is held from the last block to the first.

        Not where the last block has fewer tiles than others: from there on, tiles of two
        blocks would count as one.
        """
        return tuple(
            reads.is_shared
            and reads.blocks % self.tiling.along(axis) == 0
            and reads.turned.held(1) < reads.held(1)
            for axis, reads in enumerate(self.reads)
        )

    @cached_property
    def ordered(self) -> tuple[Reads, ...]:
        """What tiles read in the order in which they run."""
        return tuple(
            axis.turned if backwards else axis
            for axis, backwards in zip(self.reads, self.descending, strict=True)
        )

    @cached_property
    def most(self) -> int:
        """Cells that a tile reads, at most."""
        return math.prod(axis.most for axis in self.reads)

    def every(self) -> Iterator[Order]:
        """The orders in which something is held."""
        every = [number for number, axis in enumerate(self.reads) if axis.is_shared]
        if not every:
            return
        # blocks along a new dimension all read the same: one after the other, they hold
        # nothing beyond what one of them reads
        alike = [number for number in every if self.reads[number].size == 1]
        shared = [number for number in every if number not in alike]
        apart = [Loop(axis) for axis in range(len(self.reads)) if axis not in every]
        last = [Loop(axis) for axis in alike]
        for outer, inner in nests(self.counts, shared):
            loops = (*apart, *outer, *inner, *last)
            yield Order(self, loops, range(len(apart), len(apart) + len(outer)))


@dataclass(frozen=True, eq=False)
class Order:
    """A nest of loops over the blocks of a grid.

    Parameters
    ----------
    orders : Orders
        What it is one of.
    loops : tuple of Loop
        Over blocks, the outermost first.
    pencils : range
        Which of them run over pencils, and need not keep all from turn to turn.
    """

    orders: Orders
    loops: tuple[Loop, ...]
    pencils: range

    def sweep(self, keeps: Sequence[Keeps]) -> Sweep:
        """The order as it is carried out, with what each loop over pencils keeps."""
        loops = list(self.loops)
        for number, kept in zip(self.pencils, keeps, strict=True):
            loops[number] = replace(loops[number], keeps=kept)
        return Sweep(self.orders.counts, tuple(loops), self.orders.descending)

    @cached_property
    def widths(self) -> tuple[tuple[int, int], ...]:
        """The axis and the tiles of each loop's turns, those over tiles among them."""
        tiling = self.orders.tiling
        over_blocks = [
            (loop.axis, loop.width * tiling.along(loop.axis)) for loop in self.loops
        ]
        return (*over_blocks, *((axis, 1) for axis in tiling.axes(self.loops)))

    def choices(self, *, keep_all: bool) -> list[tuple[Keeps, ...]]:
        """What each loop over pencils keeps: all; or each choice where some keep less."""
        every: tuple[Keeps, ...] = ("all", "faces", "nothing")
        choices = list(itertools.product(every, repeat=len(self.pencils)))
        return choices[:1] if keep_all else choices[1:]

    def decoded(self, keeps: Sequence[Keeps]) -> int:
        """Cells that are decoded."""
        cells = self.orders.least
        for number, kept in zip(self.pencils, keeps, strict=True):
            axis, width = self.widths[number]
            one = self.orders.ordered[axis]
            if kept == "faces":
                cells = cells // one.whole * one.decoded_with_faces(width)
            elif kept == "nothing":
                cells = cells // one.whole * one.decoded(width)
        return cells

    def held(self, keeps: Sequence[Keeps]) -> int:
        """Cells that all loops hold, at most."""
        found = self.held_inside
        for number, kept in zip(self.pencils, keeps, strict=True):
            axis, width = self.widths[number]
            one = self.orders.ordered[axis]
            if kept == "all":
                found += one.held(width) * self.slabs[number]
            elif kept == "faces":
                found += one.faces_held(width) * self.slabs[number]
        # what is held for a block stays until the block is done, and meanwhile others
        # decode: counted over many grids, never more, and never more than twice for one
        return found + max(2, self.orders.at_once) * self.orders.most if found else 0

    @cached_property
    def slabs(self) -> tuple[int, ...]:
        """For each loop how wide a slab is that lies between its turns, in cells."""
        reach = [axis.size for axis in self.orders.ordered]
        cells = math.prod(reach)
        found = []
        for axis, width in self.widths:
            others = cells // reach[axis]
            found.append(others)
            reach[axis] = self.orders.ordered[axis].reach(width)
            cells = others * reach[axis]
        return tuple(found)

    @cached_property
    def apart(self) -> int:
        """The first loop of which blocks that run beside each other hold each their own.

        Blocks in tiles do: what their tiles hold, and what the next block reads.
        """
        if self.orders.tiling.total == 1:
            return len(self.widths)
        beside, number = 1, len(self.loops)
        while beside < self.orders.at_once and number:
            number -= 1
            beside *= self.turns[number]
        return number

    @cached_property
    def turns(self) -> tuple[int, ...]:
        """Turns of each loop over blocks, at most."""
        extents = list(self.orders.counts)
        found = []
        for loop in self.loops:
            found.append(-(-extents[loop.axis] // loop.width))
            extents[loop.axis] = loop.width
        return tuple(found)

    @cached_property
    def held_inside(self) -> int:
        """Cells that the loops hold that are not over pencils: all that is read later."""
        turns = list(zip(self.loops, self.turns, strict=True))[self.apart :]
        beside = {loop.axis for loop, count in turns if count > 1}
        found = 0
        for number, (axis, width) in enumerate(self.widths):
            one = self.orders.ordered[axis]
            if number in self.pencils or not one.is_shared:
                continue
            at_once = self.orders.at_once if number >= self.apart else 1
            thick = one.held(width)
            if axis in beside and len(self.loops) <= number < len(self.widths) - 1:
                thick += one.most  # tiles that a block beside this one had decoded
            found += thick * self.slabs[number] * at_once
        return found
