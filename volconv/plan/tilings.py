"""How blocks may be cut into tiles.

A tile that owns a chunk of the input and reads a halo around it decodes least, as blocks
of one chunk do; one that is thinner along an axis takes less memory while it is computed.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction

from volconv.plan.blocks import BlockGrid
from volconv.plan.periodic import GROUPS
from volconv.plan.sweep import Tiling

__all__ = ["tilings"]

TILES = (2, 4, 8)
"""Tiles of a block along an axis that are tried, however many blocks there are."""

MOST_TILES = 16
"""Tiles of a block along an axis, at most: arbitrary."""

LEAST_TILE = 8
"""Cells of a tile along the axis that is cut, at least: below, its halo is most of it."""


def tilings(
    grid: BlockGrid, reads: Sequence[int], own_chunks: Sequence[Fraction]
) -> tuple[list[Tiling], list[Tiling]]:
    """How the blocks of a grid may be cut, and how where none of these fits the memory.

    Not at all; along the longest side; in two again and again where most is read; and
    into tiles that own chunks of the input, or half of each along some axes.

    Parameters
    ----------
    grid : BlockGrid
        The blocks.
    reads : sequence of int
        Cells that a block reads along each axis, at most.
    own_chunks : sequence of Fraction
        Chunks of the input that a block owns along each axis.
    """
    sides = [chunks_and_halves(grid, *side) for side in enumerate(own_chunks)]
    cuts = [(1,) * len(sides), *along_longest(grid)]
    finer: list[tuple[int, ...]] = []
    for cut in in_two(grid, reads):
        is_fine = any(tiles > side[-1] for tiles, side in zip(cut, sides, strict=True))
        (finer if is_fine else cuts).append(cut)
    cuts += itertools.product(*sides)
    return tilings_of(cuts), tilings_of(finer)


def tilings_of(cuts: Iterable[tuple[int, ...]]) -> list[Tiling]:
    """Tilings of some cuts, each once."""
    return [Tiling(cut) if max(cut) > 1 else Tiling() for cut in dict.fromkeys(cuts)]


def along_longest(grid: BlockGrid) -> Iterator[tuple[int, ...]]:
    """Cuts along the longest side of a block."""
    axis = max(range(len(grid.shape)), key=lambda axis: grid.block[axis])
    for tiles in TILES:
        if is_cut(grid, axis, tiles):
            yield tuple(tiles if n == axis else 1 for n in range(len(grid.shape)))


def in_two(grid: BlockGrid, reads: Sequence[int]) -> Iterator[tuple[int, ...]]:
    """Cuts in two, again and again along the axis along which most is read.

    In three, or more, where half a block is no whole number of cells.
    """
    cut = [1] * len(grid.shape)
    while next_cuts := {
        axis: again
        for axis, tiles in enumerate(cut)
        if (again := cut_again(grid, axis, tiles))
    }:
        axis = max(next_cuts, key=lambda axis: reads[axis] / cut[axis])
        cut[axis] = next_cuts[axis]
        yield tuple(cut)


def cut_again(grid: BlockGrid, axis: int, tiles: int) -> int:
    """The fewest tiles along an axis that tiles can be cut into; 0 for none."""
    finer = range(2 * tiles, TILES[-1] + 1, tiles)
    return next((many for many in finer if is_cut(grid, axis, many)), 0)


def chunks_and_halves(grid: BlockGrid, axis: int, own_chunks: Fraction) -> list[int]:
    """Tiles along an axis that own a chunk of the input each, and of half of one.

    Where chunks are no multiple of cells, or tiles would be too small, they own more.
    """
    counts = [tiles for tiles in range(1, MOST_TILES + 1) if is_cut(grid, axis, tiles)]
    fitting = [tiles for tiles in counts if tiles <= own_chunks]
    tiles = max(
        fitting, key=lambda n: ((own_chunks / n).denominator == 1, n), default=1
    )
    return [tiles, 2 * tiles] if 2 * tiles in counts else [tiles]


def is_cut(grid: BlockGrid, axis: int, tiles: int) -> bool:
    """Whether blocks can be cut into so many tiles along an axis.

    Into other numbers than those of `TILES` where all tiles are looked at one by one.
    """
    cells = grid.unit[axis] * grid.units[axis]
    are_few = tiles in TILES or tiles * grid.counts[axis] <= GROUPS
    return are_few and cells % tiles == 0 and cells // tiles >= LEAST_TILE
