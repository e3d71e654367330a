"""What is held of a decoded chunk, and for whom.

Cells of a chunk are told by where they lie in it: two chunks of which neighbours read the
same then have the same parts, and what follows from these is worked out once.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

from numpy.typing import NDArray

__all__ = ["Entry", "Index", "Part", "Pattern", "volume"]

Index = tuple[int, ...]
"""An index along each axis: of a chunk, or of a block."""

Part = tuple[tuple[int, int], ...]
"""Cells of a chunk: along each axis the first, and the one after the last."""

WORTH = 0.75
"""A chunk is cut down where less than this share of what is held of it is still read:
arbitrary, cutting copies what stays."""

REMEMBERED = 4096
"""Parts that are remembered, with where they lie, or what lies around them:
arbitrary, about 10 MB at most."""


@dataclass(frozen=True, eq=False)
class Held:
    """What may be held of a chunk: one value for all chunks of which the same is held.

    Parameters
    ----------
    parts : tuple of part
        None lies in another.
    cells : int
        Cells of all of them.
    """

    parts: tuple[Part, ...]
    cells: int

    @cached_property
    def slices(self) -> tuple[tuple[slice, ...], ...]:
        """Where each part lies in the chunk."""
        return tuple(tuple(itertools.starmap(slice, part)) for part in self.parts)

    @cached_property
    def known(self) -> dict[Part, tuple[int, tuple[slice, ...]] | None]:
        """What `locate` has found: of what blocks read of such a chunk, which is little."""
        return {}

    def locate(self, part: Part) -> tuple[int, tuple[slice, ...]] | None:
        """Which of the parts held has another one in it, and where; None for none."""
        if part in self.known:
            return self.known[part]
        for number, outer in enumerate(self.parts):
            if lies_in(part, outer):
                where = (
                    slice(start - first, stop - first)
                    for (start, stop), (first, _) in zip(part, outer, strict=True)
                )
                return self.known.setdefault(part, (number, tuple(where)))
        return self.known.setdefault(part, None)


@dataclass(frozen=True, eq=False)
class Pattern:
    """What blocks read of a chunk: one value for all chunks that are read alike.

    Parameters
    ----------
    parts : tuple of part
        What each reader reads, the readers in order.
    whole : part
        All of it.

    Notes
    -----
    A reader's share is a bit of its own: a number tells of any readers together.
    """

    parts: tuple[Part, ...]
    whole: Part

    @cached_property
    def full(self) -> int:
        """The shares, in sum, of the readers that read all of it."""
        read = zip(self.parts, self.shares, strict=True)
        return sum(share for part, share in read if part == self.whole)

    @cached_property
    def shares(self) -> tuple[int, ...]:
        """For each reader its share."""
        return tuple(1 << number for number in range(len(self.parts)))

    def to_hold(self, shares: int) -> Held:
        """What is held for readers at first: all of it where that is little more."""
        held = self.wanted(shares)
        if held.cells > WORTH * volume(self.whole):
            return held_of((self.whole,))
        return held

    def is_whole(self, held: Held) -> bool:
        """Whether what is held is all of the chunk."""
        return held.parts == (self.whole,)

    def part(self, share: int) -> Part:
        """What the reader of a share reads."""
        return self.parts[share.bit_length() - 1]

    @lru_cache(maxsize=REMEMBERED)  # noqa: B019 (few patterns, and small values)
    def wanted(self, shares: int, within: Held | None = None) -> Held:
        """What readers, told by the sum of their shares, read.

        In few parts that lie in what is held already, if that is told.
        """
        read = zip(self.parts, self.shares, strict=True)
        return covering(
            frozenset(part for part, share in read if share & shares), within
        )


@dataclass(eq=False)
class Entry:
    """The cells that are held of one chunk, and for whom.

    Parameters
    ----------
    held : Held
        What is held.
    pieces : list of ndarray
        The cells of each part.
    pattern : Pattern
        What blocks read of it.
    readers : dict of int to int
        Turns of the blocks that read it and are not done, with their shares.
    nbytes : int
        Bytes held.
    """

    held: Held
    pieces: list[NDArray[Any]]
    pattern: Pattern
    readers: dict[int, int]
    nbytes: int

    @classmethod
    def of(
        cls, cells: NDArray[Any], pattern: Pattern, readers: dict[int, int]
    ) -> Entry:
        """What is wanted of a chunk that lies there decoded, as views of it."""
        held = pattern.to_hold(sum(readers.values()))
        pieces = [cells[where] for where in held.slices]
        nbytes = sum(each.nbytes for each in pieces)
        return cls(held, pieces, pattern, readers, nbytes)

    @property
    def is_whole(self) -> bool:
        """Whether all of the chunk is held."""
        return self.pattern.is_whole(self.held)

    def cells(self, part: Part) -> NDArray[Any] | None:
        """A part out of one of the pieces, where one holds it."""
        found = self.held.locate(part)
        return None if found is None else self.pieces[found[0]][found[1]]

    def cut(self) -> bool:
        """Hold copies of no more than is still read, where that is worth it."""
        shares = sum(self.readers.values())
        if shares & self.pattern.full:
            return False
        wanted = self.pattern.wanted(shares, self.held)
        if wanted.cells > WORTH * self.held.cells:
            return False
        found = map(self.cells, wanted.parts)
        self.hold(wanted, [None if cells is None else cells.copy() for cells in found])
        return True

    def hold(self, held: Held, pieces: Sequence[NDArray[Any] | None]) -> None:
        """Hold these parts, as far as they are there, and nothing else."""
        there = [cells for cells in pieces if cells is not None]
        if len(there) < len(pieces):
            found = zip(held.parts, pieces, strict=True)
            held = held_of(tuple(part for part, cells in found if cells is not None))
        self.held = held
        self.pieces = there
        self.nbytes = sum(cells.nbytes for cells in there)


@lru_cache(maxsize=REMEMBERED)
def held_of(parts: tuple[Part, ...]) -> Held:
    """These parts, of which none lies in another."""
    return Held(parts, sum(map(volume, parts)))


def covering(parts: frozenset[Part], within: Held | None) -> Held:
    """The parts that lie in no other; one around two of them if it has no more cells.

    But for what does not lie in one part of what is held.
    """
    found: list[Part] = []
    waiting = sorted(parts, key=volume)
    while waiting:
        part = waiting.pop()
        for other in found:
            around = box_around(part, other)
            is_there = within is None or within.locate(around) is not None
            if is_there and volume(around) <= volume(part) + volume(other):
                found.remove(other)
                waiting.append(around)
                break
        else:
            found.append(part)
    return held_of(tuple(found))


def box_around(one: Part, other: Part) -> Part:
    """The smallest part that two others lie in."""
    return tuple(
        (min(start, first), max(stop, last))
        for (start, stop), (first, last) in zip(one, other, strict=True)
    )


def lies_in(part: Part, outer: Part) -> bool:
    """Whether a part lies in another."""
    return all(
        first <= start and stop <= last
        for (start, stop), (first, last) in zip(part, outer, strict=True)
    )


def volume(part: Part) -> int:
    """Cells of a part."""
    return math.prod(stop - start for start, stop in part)
