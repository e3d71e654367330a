"""How much is decoded, and how much is held meanwhile, for the best order of blocks.

A chunk that is decoded stays, or the parts of it that later blocks read, until the last
of them has read it. How much that is follows from the nest of loops, over blocks and over
the tiles of each. Where that is too much for the memory, loops may keep the faces of
chunks alone, which are thin, and decode chunks ahead again; or let all of it go.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from volconv.plan.order import Keeping, Order
from volconv.plan.periodic import Reads
from volconv.plan.sweep import FEW_WIDTHS, WIDTHS, Loop, Sweep, Tiling, nests
from volconv.plan.tiles import Tiles

__all__ = ["Traffic", "best_traffic", "orders"]


@dataclass(frozen=True)
class Traffic:
    """An order of blocks with what it decodes and holds.

    Parameters
    ----------
    sweep : Sweep
        The order of the blocks.
    within : tuple of Loop
        The loops over the tiles of each block, in tiles.
    decoded : int
        Cells of all chunks that are decoded, each as often as it is.
    held : int
        Cells of decoded chunks to be held, at most; 0 where nothing is kept.
    """

    sweep: Sweep
    within: tuple[Loop, ...]
    decoded: int
    held: int

    @classmethod
    def plain(cls, tiles: Tiles) -> Traffic:
        """Where each tile reads for itself."""
        sweep = Sweep.plain(tiles.counts)
        alone = math.prod(axis.alone for axis in tiles.reads)
        return cls(sweep, tiles.tiling.loops(sweep.loops), alone, 0)

    @classmethod
    def of(cls, order: Order, keeping: Keeping) -> Traffic:
        """What an order decodes and holds that keeps so much."""
        return cls(*order.carried_out(keeping), keeping.decoded, keeping.held)


def best_traffic(
    reads: Sequence[Reads],
    room: int,
    tiling: Tiling,
    at_once: int = 1,
    most: int | None = None,
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
        Tiles that are computed at the same time, or blocks where these are not cut.
    most : int, optional
        Cells to be decoded beyond which no order is of use: whichever comes then.

    Notes
    -----
    Where all loops hold what later turns read, each chunk is decoded once: no order that
    lets something go decodes less, and they are looked at only where none of these fits.
    """
    tiles = Tiles(reads, tiling, at_once)
    every = list(orders(tiles))
    best = Traffic.plain(tiles)
    for order in every:
        keeping = order.once
        if keeping.held <= room and keeping[:2] < (best.decoded, best.held):
            best = Traffic.of(order, keeping)
    if best.decoded == tiles.least:
        return best
    known = (best.decoded, best.held)
    if most is not None and most < best.decoded:
        known = (most, room + 1)
    for order in every:
        found = order.best(room, known)
        if found is not None:
            best, known = Traffic.of(order, found), found[:2]
    return best


def orders(tiles: Tiles) -> Iterator[Order]:
    """The orders in which something is held."""
    every = [number for number, axis in enumerate(tiles.reads) if axis.is_shared]
    if not every:
        return
    # blocks along a new dimension all read the same: one after the other, they hold
    # nothing beyond what one of them reads
    alike = [number for number in every if tiles.reads[number].size == 1]
    shared = tuple(number for number in every if number not in alike)
    apart = tuple(Loop(axis) for axis in range(len(tiles.reads)) if axis not in every)
    last = tuple(map(Loop, alike))
    is_cut = tiles.tiling.total > 1
    widths = FEW_WIDTHS if is_cut else WIDTHS
    for nest, pencils in nests(tiles.counts, shared, widths).items():
        blocks = (*apart, *nest, *last)
        if not is_cut:
            yield Order(tiles, blocks, (), len(apart) + pencils)
            continue
        for within, free in cut_nests(tiles, blocks, shared).items():
            yield Order(tiles, blocks, within, len(blocks) + free)


def cut_nests(
    tiles: Tiles, blocks: tuple[Loop, ...], shared: tuple[int, ...]
) -> dict[tuple[Loop, ...], int]:
    """Nests over the tiles of blocks, with how many outer loops need not keep all.

    Blocks that lie in pencils of several come with the plainest of these alone.
    """
    plain = tiles.tiling.loops(blocks)
    found = {plain: 0}
    if any(loop.width > 1 for loop in blocks):
        return found
    apart = tuple(loop for loop in plain if loop.axis not in shared)
    cut = tuple(axis for axis in shared if tiles.tiling.along(axis) > 1)
    are_even = math.prod(tiles.counts) > 1
    nested = nests(tiles.tiling.tiles, cut, are_even=are_even)
    for nest, pencils in nested.items():
        found[*apart, *nest] = len(apart) + pencils
    return found
