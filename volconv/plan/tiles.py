"""The tiles of blocks, and what loops over them may keep along each axis.

A loop keeps all that later turns read of the chunks that are decoded, or the faces of
chunks alone, or nothing. Along each axis loops keep no more than those inside them: what
inner turns have let go of, outer ones cannot hand on.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations_with_replacement
from typing import NamedTuple

from volconv.plan.periodic import Reads
from volconv.plan.sweep import Tiling

__all__ = ["Tiles", "Way"]


class Way(NamedTuple):
    """What the loops along an axis keep: nothing the outermost, then faces, then all.

    Attributes
    ----------
    decoded : int
        Cells that are decoded along the axis.
    thick : tuple of int
        For each loop how thick the slab is that it holds, in cells.
    nothing : int
        How many of the loops keep nothing.
    faces : int
        How many keep faces at most.
    """

    decoded: int
    thick: tuple[int, ...]
    nothing: int
    faces: int


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
        Tiles that are computed at the same time.
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

    @cached_property
    def known(self) -> dict[tuple[object, ...], list[Way]]:
        """What `ways` has found."""
        return {}

    def ways(self, axis: int, widths: tuple[int, ...], free: int) -> list[Way]:
        """What loops along an axis may keep, by what is decoded then.

        Parameters
        ----------
        axis : int
            The axis.
        widths : tuple of int
            Tiles of a turn of each loop, the outermost first.
        free : int
            How many of them need not keep all.
        """
        key = (axis, widths, free)
        found = self.known.get(key)
        if found is None:
            found = self.known[key] = sorted(self.found_ways(*key))
        return found

    def found_ways(
        self, axis: int, widths: tuple[int, ...], free: int
    ) -> Iterator[Way]:
        """What `ways` tells, in any order."""
        one = self.ordered[axis]
        if not one.is_shared:
            yield Way(one.whole, (0,) * len(widths), 0, 0)
            return
        held = [one.held(width) for width in widths]
        for nothing, faces in combinations_with_replacement(range(free + 1), 2):
            decoded, thick = one.whole, [0] * nothing
            if nothing:
                decoded += one.decoded(widths[nothing - 1]) - one.whole
            if faces > nothing:
                inmost = widths[faces - 1]
                decoded += one.decoded_with_faces(inmost) - one.whole
                thick += [one.faces_held(inmost)] * (faces - nothing)
            yield Way(decoded, (*thick, *held[faces:]), nothing, faces)
