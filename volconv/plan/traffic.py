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

from volconv.plan.brief import Reads
from volconv.plan.sweep import WIDTHS, Keeps, Loop, Sweep

__all__ = ["Tiling", "Traffic", "best_traffic", "traffics"]

MOST_SHARED = 3
"""Axes over which all orders are tried; more are swept in the order of the axes."""


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


@dataclass(frozen=True)
class Tiling:
    """How blocks are cut into tiles, which are read and computed one after the other.

    Parameters
    ----------
    axis : int
        The axis along which they are cut.
    tiles : int
        Tiles of a whole block; 1 where blocks are not cut.
    """

    axis: int = 0
    tiles: int = 1


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


def traffics(
    reads: Sequence[Reads], tiling: Tiling = Tiling(), at_once: int = 1
) -> Iterator[Traffic]:
    """Orders of blocks worth a look, first the one in which each reads for itself."""
    orders = Orders(reads, tiling, at_once)
    yield orders.plain
    for order in orders.every():
        for keep_all in (True, False):
            for keeps in order.choices(keep_all=keep_all):
                yield Traffic(
                    order.sweep(keeps), order.decoded(keeps), order.held(keeps)
                )


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
        counts = [axis.blocks for axis in self.reads]
        counts[self.tiling.axis] = -(-counts[self.tiling.axis] // self.tiling.tiles)
        return tuple(counts)

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
        """Axes along which less is held from the last block to the first."""
        return tuple(
            axis.is_shared and axis.turned.held(1) < axis.held(1) for axis in self.reads
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
        """The axis and the tiles of each loop's turns, that over tiles among them."""
        axis, tiles = self.orders.tiling.axis, self.orders.tiling.tiles
        found = [
            (loop.axis, loop.width * tiles if loop.axis == axis else loop.width)
            for loop in self.loops
        ]
        return tuple(found) if tiles == 1 else (*found, (axis, 1))

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
    def held_inside(self) -> int:
        """Cells that the loops hold that are not over pencils: all that is read later."""
        # blocks in tiles run beside each other: each holds what its tiles do, and what
        # the next one reads
        apart = len(self.widths) - (2 if self.orders.tiling.tiles > 1 else 0)
        found = 0
        for number, (axis, width) in enumerate(self.widths):
            one = self.orders.ordered[axis]
            if number not in self.pencils and one.is_shared:
                at_once = self.orders.at_once if number >= apart else 1
                found += one.held(width) * self.slabs[number] * at_once
        return found


def nests(
    counts: Sequence[int], shared: Sequence[int]
) -> Iterator[tuple[list[Loop], list[Loop]]]:
    """Nests of loops over the shared axes: over pencils, and the sweep with its blocks."""
    if not shared:
        yield [], []
    swept = shared if len(shared) <= MOST_SHARED else shared[:1]
    for along in swept:
        others = [axis for axis in shared if axis != along]
        choices = [
            [width for width in WIDTHS if width < counts[axis]] + [counts[axis]]
            for axis in others
        ]
        if len(others) >= MOST_SHARED:
            choices = [widths[-1:] for widths in choices]
        for widths in itertools.product(*choices):
            across = list(zip(others, widths, strict=True))
            outer = [Loop(a, width) for a, width in across if width < counts[a]]
            inner = [Loop(a) for a, width in across if width > 1 or counts[a] == 1]
            yield outer, [Loop(along), *inner]
