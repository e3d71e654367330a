"""Nests of loops over blocks and over their tiles: what each decodes, and what it holds.

Between two turns of a loop along one axis lies what the later turns read of what earlier
ones decoded, a slab as thick as `Way.thick` says, and as wide as the loops inside reach.
"""

from __future__ import annotations

import itertools
import math
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

from volconv.plan.sweep import Keeps, Loop, Sweep
from volconv.plan.tiles import Tiles, Way

__all__ = ["Keeping", "Order"]


class Keeping(NamedTuple):
    """What the loops of an order keep from turn to turn.

    Attributes
    ----------
    decoded : int
        Cells that are decoded.
    held : int
        Cells that are held, at most.
    ways : tuple of Way
        What the loops along each axis keep.
    """

    decoded: int
    held: int
    ways: tuple[Way, ...]


Side = tuple[int, int, Way]
"""What the loops along an axis keep: cells decoded along it, cells held, and how."""


class Order:
    """A nest of loops over the tiles of a grid's blocks.

    Parameters
    ----------
    tiles : Tiles
        What it is an order of.
    blocks : tuple of Loop
        Loops over blocks, the outermost first.
    within : tuple of Loop
        Loops over the tiles of a block, inside of those; widths are in tiles.
    free : int
        How many of the loops, from the outermost, need not keep all from turn to turn.

    Attributes
    ----------
    along : list of list of int
        For each axis the numbers of its loops.
    slabs : list of int
        For each loop how wide slabs are that lie between its turns, in cells.
    ways : list of list of Way
        For each axis what loops may keep along it, by what is decoded then.
    """

    __slots__ = ("along", "blocks", "slabs", "tiles", "ways", "within")

    def __init__(
        self,
        tiles: Tiles,
        blocks: tuple[Loop, ...],
        within: tuple[Loop, ...],
        free: int,
    ) -> None:
        self.tiles, self.blocks, self.within = tiles, blocks, within
        axes = range(len(tiles.reads))
        self.along: list[list[int]] = [[] for _ in axes]
        self.slabs: list[int] = []
        widths: list[list[int]] = [[] for _ in axes]
        reach = [axis.size for axis in tiles.reads]
        cells = math.prod(reach)
        for number, loop in enumerate(blocks + within):
            axis, width = loop.axis, loop.width
            if number < len(blocks):
                width *= tiles.tiling.along(axis)
            self.along[axis].append(number)
            widths[axis].append(width)
            others = cells // reach[axis]
            self.slabs.append(others)
            reach[axis] = tiles.ordered[axis].reach(width)
            cells = others * reach[axis]
        self.ways = [
            tiles.ways(axis, tuple(widths[axis]), bisect_left(self.along[axis], free))
            for axis in axes
        ]

    def carried_out(self, keeping: Keeping) -> tuple[Sweep, tuple[Loop, ...]]:
        """The order of the blocks, and the loops over the tiles of each."""
        loops = [*self.blocks, *self.within]
        for numbers, way in zip(self.along, keeping.ways, strict=True):
            for place, number in enumerate(numbers[: way.faces]):
                kept: Keeps = "nothing" if place < way.nothing else "faces"
                loops[number] = replace(loops[number], keeps=kept)
        split = len(self.blocks)
        blocks = Sweep(self.tiles.counts, tuple(loops[:split]), self.tiles.descending)
        return blocks, tuple(loops[split:])

    @property
    def once(self) -> Keeping:
        """Where all loops keep all: each chunk is decoded once."""
        return self.joint(
            [self.side(axis, way[0]) for axis, way in enumerate(self.ways)]
        )

    def best(self, room: int, known: tuple[int, int]) -> Keeping | None:
        """What decodes least in some room, if any beats what is known.

        Parameters
        ----------
        room : int
            Cells that may be held.
        known : tuple of int
            Cells that are decoded and held otherwise.
        """
        axes, least = [], 0
        for axis, reads in enumerate(self.tiles.ordered):
            most = known[0] * reads.whole // self.tiles.least
            axes.append(few := self.worthwhile(axis, most))
            if not few:
                return None
            least += few[-1][1]
            if least > room:
                return None
        found = None
        *outer, last = axes
        for choice in itertools.product(*outer):
            decoded, held = 1, 0
            for one in choice:
                decoded *= one[0]
                held += one[1]
            for one in last:
                if decoded * one[0] > known[0]:
                    break
                if held + one[1] <= room:
                    joint = self.joint((*choice, one))
                    if joint.held <= room and joint[:2] < known:
                        found, known = joint, joint[:2]
        return found

    def worthwhile(self, axis: int, most: int) -> list[Side]:
        """What may be kept along an axis that decodes no more than most.

        Each of these holds less than all that decode no more than it.
        """
        found: list[Side] = []
        least = math.inf
        for way in self.ways[axis]:
            if way[0] > most:
                break
            side = self.side(axis, way)
            if side[1] < least:
                found.append(side)
                least = side[1]
        return found

    def side(self, axis: int, way: Way) -> Side:
        """What the loops along an axis decode and hold.

        Two of them that follow each other and keep all are as one: what one turn of the
        outer leaves for the next is what its last inner turn does.
        """
        decoded, thick, _, faces = way
        numbers, slabs = self.along[axis], self.slabs
        held = before = 0
        for place in range(len(numbers) - 1, -1, -1):
            number = numbers[place]
            if place < faces or before != number + 1:
                held += slabs[number] * thick[place]
            before = number
        return decoded, held, way

    def joint(self, choice: Sequence[Side]) -> Keeping:
        """What is decoded and held with what is kept along each axis.

        What is held for a tile stays until the tile is done, and meanwhile others
        decode: counted over many grids, never more, and never more than twice for one;
        once more for tiles of blocks, and again where threads share these and chunks
        are decoded again. Some that reach into three chunks along an axis take up to
        15 % more than that (2026-11).
        """
        decoded = math.prod([one[0] for one in choice])
        held = sum([one[1] for one in choice])
        if held:
            at_once = self.tiles.at_once
            if self.within:
                at_once += 2 if at_once > 1 and decoded > self.tiles.least else 1
            held += max(2, at_once) * self.tiles.most
        return Keeping(decoded, held, tuple([one[2] for one in choice]))
