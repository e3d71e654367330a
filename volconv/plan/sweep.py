"""The order in which blocks are computed, so that what they share is decoded once.

An order is a nest of loops, the outermost first. An axis may have two of them: an outer
one over *pencils*, bundles of neighbouring blocks, and an inner one over the blocks of a
pencil. Blocks of 4 x 6, in pencils two blocks wide that run down::

     0  1 |  8  9 | 16 17
     2  3 | 10 11 | 18 19
     4  5 | 12 13 | 20 21
     6  7 | 14 15 | 22 23

From one turn of a loop to the next, what later turns read of the chunks that are decoded
stays in memory: all of it, or between pencils their faces alone, or nothing.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from typing import Literal

__all__ = ["FEW_WIDTHS", "WIDTHS", "Keeps", "Loop", "Sweep", "Tiling", "nests"]

Keeps = Literal["all", "faces", "nothing"]
"""What stays in memory from turn to turn."""

WIDTHS = (1, 2, 3, 4, 6, 8, 12, 16, 24, 32)
"""Widths of pencils that are tried, in blocks, beside the whole axis."""

FEW_WIDTHS = (1, 2, 4, 8, 16, 32)
"""Widths of pencils of blocks that are cut into tiles: fewer, for there are many cuts."""


MOST_SHARED = 3
"""Axes over which all orders are tried; more are swept in the order of the axes."""


@dataclass(frozen=True)
class Loop:
    """One loop of the nest.

    Parameters
    ----------
    axis : int
        The axis that it runs along.
    width : int
        Blocks of that axis that one turn covers; 1 in an axis's innermost loop.
    keeps : str
        What stays in memory from turn to turn.
    """

    axis: int
    width: int = 1
    keeps: Keeps = "all"


@dataclass(frozen=True)
class Tiling:
    """How blocks are cut into tiles, of which each is read and computed at once.

    Parameters
    ----------
    tiles : tuple of int
        Tiles of a whole block along each axis; none at all where blocks are not cut.
    shift : tuple of int
        Cells by which all but the first tile of a block begin earlier along each axis
        than tiles of equal size would; none at all for none.
    """

    tiles: tuple[int, ...] = ()
    shift: tuple[int, ...] = ()

    def along(self, axis: int) -> int:
        """Tiles of a whole block along an axis."""
        return self.tiles[axis] if self.tiles else 1

    @property
    def total(self) -> int:
        """Tiles of a whole block."""
        return math.prod(self.tiles)

    def blocks_at_once(self, threads: int) -> int:
        """Blocks in work at once where threads share the tiles of each, in their order.

        One of which the last tile is computed or the result written, and as many as have
        tiles for all other threads.

        Examples
        --------
        >>> Tiling((4, 4)).blocks_at_once(8), Tiling((2, 1)).blocks_at_once(8)
        (2, 5)
        >>> Tiling().blocks_at_once(8), Tiling((4, 4)).blocks_at_once(1)
        (8, 1)
        """
        return 1 + -(-(threads - 1) // self.total)

    def in_work(self, threads: int) -> int:
        """Tiles of all blocks in work at once."""
        return self.blocks_at_once(threads) * self.total

    def loops(self, blocks: Sequence[Loop]) -> tuple[Loop, ...]:
        """Loops over the tiles of a block, one along each axis that is cut.

        They come as in the loops over blocks: the first tiles of one read what the last
        of the one before did.
        """
        last = {loop.axis: number for number, loop in enumerate(blocks)}
        cut = [axis for axis, tiles in enumerate(self.tiles) if tiles > 1]
        return tuple(map(Loop, sorted(cut, key=last.__getitem__)))


@dataclass(frozen=True)
class Sweep:
    """An order of all blocks of a grid.

    Parameters
    ----------
    counts : tuple of int
        Blocks along each axis.
    loops : tuple of Loop
        The outermost first; each axis ends in a loop of width 1.
    descending : tuple of bool
        For each axis, whether it runs from its last block to its first.

    Examples
    --------
    >>> sweep = Sweep((4, 6), (Loop(1, 2), Loop(0), Loop(1)), (False, False))
    >>> sweep.index(11), sweep.position((1, 3))
    ((1, 3), 11)
    """

    counts: tuple[int, ...]
    loops: tuple[Loop, ...]
    descending: tuple[bool, ...]

    @classmethod
    def plain(cls, counts: Sequence[int]) -> Sweep:
        """The order of the axes, the last one fastest."""
        loops = tuple(Loop(axis) for axis in range(len(counts)))
        return cls(tuple(counts), loops, (False,) * len(counts))

    @cached_property
    def total(self) -> int:
        """Blocks in all."""
        return math.prod(self.counts)

    def cut(
        self, tiling: Tiling, within: Sequence[Loop], counts: Sequence[int]
    ) -> Sweep:
        """The same order with each block cut into tiles.

        Parameters
        ----------
        tiling : Tiling
            How blocks are cut.
        within : sequence of Loop
            Loops over the tiles of a block.
        counts : sequence of int
            Tiles along each axis in all.
        """
        loops = [
            replace(loop, width=loop.width * tiling.along(loop.axis))
            for loop in self.loops
        ]
        return Sweep(tuple(counts), (*loops, *within), self.descending)

    def position(self, index: Sequence[int]) -> int:
        """When a block's turn comes."""
        within = self.turned(index)
        extents = list(self.counts)
        rest = self.total
        found = 0
        for axis, width in self.turns:
            extent = extents[axis]
            rest //= extent
            first = within[axis] // width * width
            found += first * rest
            within[axis] -= first
            extents[axis] = extent = min(width, extent - first)
            rest *= extent
        return found

    def index(self, position: int) -> tuple[int, ...]:
        """The block whose turn it is: its place along each axis."""
        first = [0] * len(self.counts)
        extents = list(self.counts)
        rest = self.total
        for axis, width in self.turns:
            extent = extents[axis]
            rest //= extent
            done = position // (width * rest) * width
            position -= done * rest
            first[axis] += done
            extents[axis] = extent = min(width, extent - done)
            rest *= extent
        return tuple(self.turned(first))

    @cached_property
    def turns(self) -> tuple[tuple[int, int], ...]:
        """Axis and width of each loop."""
        return tuple((loop.axis, loop.width) for loop in self.loops)

    def turned(self, index: Sequence[int]) -> list[int]:
        """The index with descending axes counted from their end, or back."""
        if not self.is_turned:
            return list(index)
        return [
            count - 1 - place if backwards else place
            for place, count, backwards in zip(
                index, self.counts, self.descending, strict=True
            )
        ]

    @cached_property
    def is_turned(self) -> bool:
        """Whether any axis runs from its last block to its first."""
        return any(self.descending)

    def __iter__(self) -> Iterator[tuple[int, ...]]:
        return (self.index(position) for position in range(self.total))

    def describe(self) -> str:
        """The order in words, axes by number."""
        return " > ".join(
            f"{loop.axis}{'-' if self.descending[loop.axis] else ''}"
            + (f" by {loop.width}" if loop.width > 1 else "")
            for loop in self.loops
        )


@lru_cache(maxsize=256)
def nests(
    counts: tuple[int, ...],
    shared: tuple[int, ...],
    widths: tuple[int, ...] = WIDTHS,
    *,
    are_even: bool = False,
) -> dict[tuple[Loop, ...], int]:
    """Nests of loops over the shared axes, with how many of them run over pencils.

    These come first; then a sweep along one axis with the blocks of a pencil.

    Parameters
    ----------
    counts : tuple of int
        Blocks along each axis.
    shared : tuple of int
        The axes.
    widths : tuple of int
        Widths of pencils, beside the whole axis.
    are_even : bool
        Whether all pencils along an axis are to have as many blocks.
    """
    found: dict[tuple[Loop, ...], int] = {} if shared else {(): 0}
    swept = shared if len(shared) <= MOST_SHARED else shared[:1]
    for along in swept:
        others = [axis for axis in shared if axis != along]
        choices = [
            [width for width in widths if is_part(width, counts[axis], even=are_even)]
            for axis in others
        ]
        if len(others) >= MOST_SHARED:
            choices = [[] for _ in others]
        for axis, found_widths in zip(others, choices, strict=True):
            found_widths.append(counts[axis])
        for chosen in itertools.product(*choices):
            across = list(zip(others, chosen, strict=True))
            outer = [Loop(a, width) for a, width in across if width < counts[a]]
            inner = [Loop(a) for a, width in across if width > 1 or counts[a] == 1]
            nest = (*outer, Loop(along), *inner)
            found[nest] = max(len(outer), found.get(nest, 0))
    return found


def is_part(width: int, count: int, *, even: bool) -> bool:
    """Whether pencils of a width are part of an axis, and even ones if these must be."""
    return width < count and not (even and count % width)
