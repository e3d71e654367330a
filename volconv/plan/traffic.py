"""How much is decoded, and how much is held meanwhile, for an order of blocks.

A chunk that is decoded stays, or the parts of it that later blocks read, until the last
of them has read it. How much that is follows from the nest of loops: between two turns
of a loop along one axis lies what the later turns read of what earlier ones decoded, a
slab as thick as `AxisReads.held` says, and as wide as the loops inside reach. Where that
is too much for the memory, a loop over pencils may let it go: then the slab is decoded
again.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from volconv.plan.brief import Reads
from volconv.plan.sweep import WIDTHS, Loop, Sweep

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


def best_traffic(reads: Sequence[Reads], room: int, tiling: Tiling) -> Traffic:
    """The order that decodes fewest cells with so much room for what is held.

    Parameters
    ----------
    reads : sequence of AxisReads
        What tiles read, for each axis.
    room : int
        Cells that may be held.
    tiling : Tiling
        How blocks are cut into tiles.
    """
    return min(
        (traffic for traffic in traffics(reads, tiling) if traffic.held <= room),
        key=lambda traffic: (traffic.decoded, traffic.held),
    )


def traffics(reads: Sequence[Reads], tiling: Tiling = Tiling()) -> Iterator[Traffic]:
    """Orders of blocks worth a look, first the one in which each reads for itself."""
    fine = [axis.blocks for axis in reads]
    counts = list(fine)
    counts[tiling.axis] = -(-fine[tiling.axis] // tiling.tiles)
    plain = Sweep.plain(counts)
    yield Traffic(plain, math.prod(axis.alone for axis in reads), 0)
    every = [number for number, axis in enumerate(reads) if axis.is_shared]
    if not every:
        return
    # blocks along a new dimension all read the same: one after the other, they hold
    # nothing beyond what one of them reads
    alike = [number for number in every if reads[number].size == 1]
    shared = [number for number in every if number not in alike]
    turned = [axis.reversed() for axis in reads]
    descending = tuple(
        axis.is_shared and other.held(1) < axis.held(1)
        for axis, other in zip(reads, turned, strict=True)
    )
    ordered = [
        other if backwards else axis
        for axis, other, backwards in zip(reads, turned, descending, strict=True)
    ]
    apart = [Loop(axis) for axis in range(len(reads)) if axis not in every]
    last = [Loop(axis) for axis in alike]
    for outer, inner in nests(counts, shared):
        loops = (*apart, *outer, *inner, *last)
        blocks = Sweep(tuple(counts), loops, descending)
        sweep = blocks.cut(tiling.axis, tiling.tiles, fine[tiling.axis])
        pencils = range(len(apart), len(apart) + len(outer))
        for kept in itertools.product((True, False), repeat=len(pencils)):
            dropped = {p for p, keep in zip(pencils, kept, strict=True) if not keep}
            yield Traffic(
                blocks, decoded(ordered, sweep, dropped), held(ordered, sweep, dropped)
            )


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


def decoded(reads: Sequence[Reads], sweep: Sweep, dropped: set[int]) -> int:
    """Cells that are decoded if some loops hold nothing from turn to turn."""
    found = 1
    for axis, one in enumerate(reads):
        widths = [
            loop.width
            for number, loop in enumerate(sweep.loops)
            if loop.axis == axis and number in dropped
        ]
        found *= one.decoded(min(widths, default=one.blocks))
    return found


def held(reads: Sequence[Reads], sweep: Sweep, dropped: set[int]) -> int:
    """Cells that all other loops hold, at most."""
    reach = [axis.size for axis in reads]
    found = 0
    for number, loop in enumerate(sweep.loops):
        one = reads[loop.axis]
        reach[loop.axis] = one.reach(loop.width)
        if number not in dropped and one.is_shared:
            others = math.prod(
                cells for axis, cells in enumerate(reach) if axis != loop.axis
            )
            found += one.held(loop.width) * others
    if found:
        # while a block is read, what it decodes is whole, and beside it stays what the
        # block before has not let go of: counted over many grids, never more than twice
        found += 2 * math.prod(axis.most for axis in reads)
    return found
