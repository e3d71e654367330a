"""Nests of loops over blocks and over their tiles: what each decodes, and what it holds.

Between two turns of a loop along one axis lies what the later turns read of what earlier
ones decoded, a slab as thick as `Way.thick` says, and as wide as the loops inside reach.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
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


@dataclass(frozen=True, eq=False)
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
    """

    tiles: Tiles
    blocks: tuple[Loop, ...]
    within: tuple[Loop, ...]
    free: int

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
        return self.joint([keepings[0] for keepings in self.keepings])

    def best(self, room: int, known: tuple[int, int]) -> Keeping | None:
        """What decodes least in some room, if any beats what is known.

        Parameters
        ----------
        room : int
            Cells that may be held.
        known : tuple of int
            Cells that are decoded and held otherwise.
        """
        axes = []
        for axis, keepings in zip(self.tiles.ordered, self.keepings, strict=True):
            most = known[0] * axis.whole // self.tiles.least
            axes.append(few := worthwhile(keepings, most))
            if not few:
                return None
        if sum([few[-1][1] for few in axes]) > room:
            return None
        found = None
        for choice in itertools.product(*axes):
            decoded, held = 1, 0
            for one in choice:
                decoded *= one[0]
                held += one[1]
            if decoded <= known[0] and held <= room:
                joint = self.joint(choice)
                if joint.held <= room and joint[:2] < known:
                    found, known = joint, joint[:2]
        return found

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

    @cached_property
    def keepings(self) -> list[list[Side]]:
        """For each axis what may be kept along it, by what is decoded then."""
        loops = self.loops
        slabs = self.slabs(loops)
        found = []
        for axis, numbers in enumerate(self.along):
            widths = tuple([loops[number][1] for number in numbers])
            free = sum([number < self.free for number in numbers])
            ways = self.tiles.ways(axis, widths, free)
            found.append(
                [(way[0], self.held(numbers, slabs, way), way) for way in ways]
            )
        return found

    def held(self, numbers: Sequence[int], slabs: Sequence[int], way: Way) -> int:
        """Cells that the loops along an axis hold.

        Two of them that follow each other and keep all are as one: what one turn of the
        outer leaves for the next is what its last inner turn does.
        """
        cells = [
            slabs[number] * thick
            for number, thick in zip(numbers, way.thick, strict=True)
        ]
        for place, number in enumerate(numbers[way.faces : -1], way.faces):
            if numbers[place + 1] == number + 1:
                cells[place] = 0
        return sum(cells)

    @property
    def loops(self) -> list[tuple[int, int]]:
        """The axis of each loop, and the tiles of its turns."""
        along = self.tiles.tiling.along
        loops = [(loop.axis, loop.width * along(loop.axis)) for loop in self.blocks]
        return loops + [(loop.axis, loop.width) for loop in self.within]

    @cached_property
    def along(self) -> list[list[int]]:
        """For each axis the numbers of its loops."""
        found: list[list[int]] = [[] for _ in self.tiles.reads]
        for number, loop in enumerate(self.blocks + self.within):
            found[loop.axis].append(number)
        return found

    def slabs(self, loops: Sequence[tuple[int, int]]) -> list[int]:
        """For each loop how wide slabs are that lie between its turns, in cells."""
        reach = [axis.size for axis in self.tiles.reads]
        cells = math.prod(reach)
        found = []
        for axis, width in loops:
            others = cells // reach[axis]
            found.append(others)
            reach[axis] = self.tiles.ordered[axis].reach(width)
            cells = others * reach[axis]
        return found


def worthwhile(keepings: Sequence[Side], most: int) -> list[Side]:
    """Those that hold less than any that decodes no more, and decode no more than most."""
    found: list[Side] = []
    least = math.inf
    for one in keepings:
        if one[0] > most:
            break
        if one[1] < least:
            found.append(one)
            least = one[1]
    return found
