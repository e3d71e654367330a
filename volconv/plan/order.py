"""Nests of loops over blocks and over their tiles: what each decodes, and what it holds.

Between two turns of a loop along one axis lies what the later turns read of what earlier
ones decoded, a slab as thick as `AxisReads.held` says, and as wide as the loops inside
reach. A loop may keep it all, or the faces of chunks alone, or nothing. Along each axis
loops keep no more than those inside them: what inner turns have let go of, outer ones
cannot hand on.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import NamedTuple

from volconv.plan.periodic import Reads
from volconv.plan.sweep import Keeps, Loop, Sweep, Tiling

__all__ = ["Keeping", "Order", "Tiles"]


@dataclass(frozen=True, eq=False)
class Tiles:
    """The tiles of a grid's blocks, in whatever order they come.

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

    @cached_property
    def least(self) -> int:
        """Cells of all chunks that are decoded, each once."""
        return math.prod(axis.whole for axis in self.reads)

    @cached_property
    def most(self) -> int:
        """Cells that a tile reads, at most."""
        return math.prod(axis.most for axis in self.reads)

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


class Keeping(NamedTuple):
    """What the loops along some axes keep from turn to turn.

    Attributes
    ----------
    decoded : int
        Cells that are decoded, of one axis or of the product of several.
    held : int
        Cells that these loops hold, at most.
    keeps : tuple
        What each of the loops keeps, by its number, where that is not all.
    """

    decoded: int
    held: int
    keeps: tuple[tuple[int, Keeps], ...] = ()


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
    free : frozenset of int
        Numbers of the loops that need not keep all from turn to turn. Of an axis's
        loops these are the outer ones.
    """

    tiles: Tiles
    blocks: tuple[Loop, ...]
    within: tuple[Loop, ...]
    free: frozenset[int]

    @cached_property
    def loops(self) -> tuple[Loop, ...]:
        """All loops, their widths in tiles."""
        along = self.tiles.tiling.along
        over_blocks = [
            replace(loop, width=loop.width * along(loop.axis)) for loop in self.blocks
        ]
        return (*over_blocks, *self.within)

    def carried_out(self, keeping: Keeping) -> tuple[Sweep, tuple[Loop, ...]]:
        """The order of the blocks and the loops over the tiles of each, with what is kept."""
        loops = [*self.blocks, *self.within]
        for number, kept in keeping.keeps:
            loops[number] = replace(loops[number], keeps=kept)
        split = len(self.blocks)
        blocks = Sweep(self.tiles.counts, tuple(loops[:split]), self.tiles.descending)
        return blocks, tuple(loops[split:])

    @cached_property
    def keeping_all(self) -> Keeping:
        """Where all loops keep all: each chunk is decoded once."""
        axes = range(len(self.tiles.reads))
        return self.joint([self.keeping(axis, 0, 0) for axis in axes])

    def best(self, room: int, known: tuple[int, int]) -> Keeping | None:
        """What decodes least in some room, if any beats what is known.

        Parameters
        ----------
        room : int
            Cells that may be held.
        known : tuple of int
            Cells that are decoded and held otherwise.
        """
        axes = [worthwhile(self.every(axis)) for axis in range(len(self.tiles.reads))]
        if sum(keepings[-1].held for keepings in axes) > room:
            return None
        found = None
        for choice in itertools.product(*axes):
            if math.prod([one.decoded for one in choice]) > known[0]:
                continue
            joint = self.joint(choice)
            if joint.held <= room and joint[:2] < known:
                found, known = joint, joint[:2]
        return found

    def joint(self, choice: Iterable[Keeping]) -> Keeping:
        """What loops along all axes decode and hold that keep what is said for each.

        What is held for a block stays until the block is done, and meanwhile others
        decode: counted over many grids, never more, and never more than twice for one.
        """
        decoded, held, keeps = zip(*choice, strict=True)
        slack = max(2, self.tiles.at_once) * self.tiles.most if any(held) else 0
        every = tuple(itertools.chain.from_iterable(keeps))
        return Keeping(math.prod(decoded), sum(held) + slack, every)

    def every(self, axis: int) -> Iterator[Keeping]:
        """What the loops along an axis may keep: outer ones no more than inner ones."""
        free = sum(number in self.free for number in self.along[axis])
        if not self.tiles.reads[axis].is_shared:
            free = 0
        for nothing, faces in itertools.combinations_with_replacement(
            range(free + 1), 2
        ):
            yield self.keeping(axis, nothing, faces)

    def keeping(self, axis: int, nothing: int, faces: int) -> Keeping:
        """What is decoded and held for an axis, of so many cells along the others.

        Parameters
        ----------
        axis : int
            The axis.
        nothing : int
            How many of its loops keep nothing, from the outermost.
        faces : int
            How many keep faces at most.
        """
        one = self.tiles.ordered[axis]
        numbers = self.along[axis]
        widths = [self.loops[number].width for number in numbers]
        decoded = one.whole
        held, keeps = 0, list[tuple[int, Keeps]]()
        if nothing:
            decoded += one.decoded(widths[nothing - 1]) - one.whole
            keeps += [(number, "nothing") for number in numbers[:nothing]]
        if faces > nothing:
            decoded += one.decoded_with_faces(widths[faces - 1]) - one.whole
            keeps += [(number, "faces") for number in numbers[nothing:faces]]
            thick = one.faces_held(widths[faces - 1])
            held += thick * sum(self.slabs[number] for number in numbers[nothing:faces])
        if one.is_shared:
            for number, width in zip(numbers[faces:], widths[faces:], strict=True):
                thick = one.held(width) + self.beside(number)
                held += thick * self.slabs[number]
        return Keeping(decoded, held, tuple(keeps))

    @cached_property
    def along(self) -> tuple[tuple[int, ...], ...]:
        """For each axis the numbers of its loops."""
        return tuple(
            tuple(number for number, loop in enumerate(self.loops) if loop.axis == axis)
            for axis in range(len(self.tiles.reads))
        )

    @cached_property
    def slabs(self) -> tuple[int, ...]:
        """For each loop how wide slabs are that lie between its turns, in cells.

        Those of all blocks that hold each their own.
        """
        reach = [axis.size for axis in self.tiles.ordered]
        cells = math.prod(reach)
        found = []
        for number, loop in enumerate(self.loops):
            others = cells // reach[loop.axis]
            found.append(others * (self.tiles.at_once if number >= self.apart else 1))
            reach[loop.axis] = self.tiles.ordered[loop.axis].reach(loop.width)
            cells = others * reach[loop.axis]
        return tuple(found)

    @cached_property
    def apart(self) -> int:
        """The first loop of which blocks that run beside each other hold each their own.

        Blocks in tiles do: what their tiles hold, and what the next block reads.
        """
        if self.tiles.tiling.total <= 1:
            return len(self.loops)
        beside, number = 1, len(self.blocks)
        while beside < self.tiles.at_once and number:
            number -= 1
            beside *= self.turns[number]
        return number

    @cached_property
    def turns(self) -> tuple[int, ...]:
        """Turns of each loop over blocks, at most."""
        extents = list(self.tiles.counts)
        found = []
        for loop in self.blocks:
            found.append(-(-extents[loop.axis] // loop.width))
            extents[loop.axis] = loop.width
        return tuple(found)

    def beside(self, number: int) -> int:
        """How much thicker a slab is for what a block beside this one had decoded."""
        if not len(self.blocks) <= number < len(self.loops) - 1:
            return 0
        axis = self.loops[number].axis
        turns = list(zip(self.blocks, self.turns, strict=True))[self.apart :]
        if any(loop.axis == axis and count > 1 for loop, count in turns):
            return self.tiles.ordered[axis].most
        return 0


def worthwhile(keepings: Iterable[Keeping]) -> list[Keeping]:
    """Those that hold less than any that decodes no more, by what they decode."""
    found: list[Keeping] = []
    for one in sorted(keepings):
        if not found or one.held < found[-1].held:
            found.append(one)
    return found
