"""What is held of a decoded chunk, and for whom.

Cells of a chunk are told by where they lie in it: two chunks of which neighbours read the
same then have the same parts, and what follows from these is worked out once.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from numpy.typing import NDArray

__all__ = ["Entry", "Index", "Part"]

Index = tuple[int, ...]
"""A place along each axis: of a chunk, or of a block."""

Part = tuple[tuple[int, int], ...]
"""Cells of a chunk: along each axis the first, and the one after the last."""

WORTH = 0.75
"""A chunk is cut down where less than this share of what is held of it is still read:
arbitrary, cutting copies what stays."""

REMEMBERED = 4096
"""Parts that are remembered, with where they lie, or which of them are outermost:
arbitrary, about 10 MB at most."""


@dataclass(eq=False)
class Entry:
    """The cells that are held of one chunk, and for whom.

    Parameters
    ----------
    parts : tuple of part
        What is held.
    pieces : list of ndarray
        The cells of each part.
    readers : dict of int to index
        Turns of the blocks that read it and are not done, with the blocks' places.
    full : int
        The last turn that reads all of it; -1 for none.
    nbytes : int
        Bytes held.
    """

    parts: tuple[Part, ...]
    pieces: list[NDArray[Any]]
    readers: dict[int, Index]
    full: int
    nbytes: int

    @classmethod
    def of(
        cls,
        cells: NDArray[Any],
        wanted: frozenset[Part],
        readers: dict[int, Index],
        full: int,
    ) -> Entry:
        """What is wanted of a chunk that lies there decoded, as views of it."""
        parts, size = outermost(wanted)
        if size > WORTH * cells.size:
            parts = (tuple((0, size) for size in cells.shape),)
        pieces = [cells[tuple(itertools.starmap(slice, part))] for part in parts]
        return cls(parts, pieces, readers, full, sum(each.nbytes for each in pieces))

    def cells(self, part: Part) -> NDArray[Any] | None:
        """A part out of one of the pieces, where one holds it."""
        found = place_in(part, self.parts)
        return None if found is None else self.pieces[found[0]][found[1]]

    def cut(self, wanted: frozenset[Part]) -> bool:
        """Hold copies of no more than what is wanted, where that is worth it."""
        parts, size = outermost(wanted)
        if size > WORTH * sum(piece.size for piece in self.pieces):
            return False
        found = map(self.cells, parts)
        self.hold(parts, [None if cells is None else cells.copy() for cells in found])
        return True

    def hold(
        self, parts: Iterable[Part], pieces: Iterable[NDArray[Any] | None]
    ) -> None:
        """Hold these parts, as far as they are there, and nothing else."""
        found = [
            (part, cells)
            for part, cells in zip(parts, pieces, strict=True)
            if cells is not None
        ]
        self.parts = tuple(part for part, _ in found)
        self.pieces = [cells for _, cells in found]
        self.nbytes = sum(cells.nbytes for cells in self.pieces)


@lru_cache(maxsize=REMEMBERED)
def place_in(
    part: Part, outers: tuple[Part, ...]
) -> tuple[int, tuple[slice, ...]] | None:
    """Which of some parts holds another one, and where in it; None for none."""
    for number, outer in enumerate(outers):
        if lies_in(part, outer):
            place = (
                slice(start - first, stop - first)
                for (start, stop), (first, _) in zip(part, outer, strict=True)
            )
            return number, tuple(place)
    return None


@lru_cache(maxsize=REMEMBERED)
def outermost(parts: frozenset[Part]) -> tuple[tuple[Part, ...], int]:
    """The parts that lie in no other, and how many cells they have in sum."""
    found: list[Part] = []
    for part in sorted(parts, key=volume, reverse=True):
        if not any(lies_in(part, outer) for outer in found):
            found.append(part)
    return tuple(found), sum(map(volume, found))


def lies_in(part: Part, outer: Part) -> bool:
    """Whether a part lies in another."""
    return all(
        first <= start and stop <= last
        for (start, stop), (first, last) in zip(part, outer, strict=True)
    )


def volume(part: Part) -> int:
    """Cells of a part."""
    return math.prod(stop - start for start, stop in part)
