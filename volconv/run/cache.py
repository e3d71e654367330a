"""Chunks are decoded for the first block that reads them, and held for the others."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache, partial
from itertools import accumulate, product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from volconv.io.in_place import decoded_into
from volconv.plan.spans import spans_of
from volconv.run.held import Index, Part
from volconv.run.holdings import Holdings
from volconv.run.readers import Box, Readers

__all__ = ["ChunkCache", "ReadInto", "Spare"]

Read = Callable[[Box], NDArray[Any]]
Spare = Callable[[], NDArray[np.uint8]]
"""Memory of a chunk's size, in which a thread decodes one after the other."""
ReadInto = Callable[..., NDArray[Any]]
Into = tuple[slice, ...]
"""Cells of an array."""
Cut = tuple[Part, Into]
"""Cells of a chunk, and where they go among those that are wanted."""
Piece = tuple[Index, Cut]
"""Cells of a chunk: which chunk, and what of it."""

REMEMBERED = 1024
"""Ways in which boxes are cut by chunks that are remembered: arbitrary, some MB. Blocks
that are alike are cut alike."""


@dataclass(eq=False)
class ChunkCache:
    """Reads boxes for blocks in their turn; each chunk is decoded as seldom as can be.

    May be used by many threads, each with a block of its own.

    Parameters
    ----------
    read : callable
        Decodes a box of the input.
    holdings : Holdings
        What is held of decoded chunks, and who reads them.
    """

    read: Read
    holdings: Holdings
    decoded: int = 0
    decoding: dict[Index, threading.Lock] = field(default_factory=dict)

    @property
    def readers(self) -> Readers:
        """Who reads which chunk."""
        return self.holdings.readers

    def block_read(self, turn: int) -> ReadInto:
        """How the block of a turn reads.

        Parameters
        ----------
        turn : int
            The block's turn.

        Returns
        -------
        callable
            Takes a box, optionally an array for what is put together of several chunks,
            and where chunks are decoded that are not to be held as a whole: by default
            each in memory of its own. Returns the cells, which do not lie there.
        """
        with self.holdings.lock:
            self.holdings.forget(turn)
        return partial(self.cells, turn)

    def cells(
        self,
        turn: int,
        box: Box,
        out: NDArray[Any] | None = None,
        spare: Spare | None = None,
    ) -> NDArray[Any]:
        """Cells of a box that the block of a turn reads."""
        sides = zip(self.readers.reads, box, strict=True)
        spans = [spans_of(start, stop, axis.chunk) for axis, (start, stop) in sides]
        chunks = product(*[axis.chunks for axis in spans])
        cuts = cuts_of(tuple([axis.parts for axis in spans]))
        found: Iterable[tuple[Into, NDArray[Any]]]
        if len(cuts) == 1:
            ((part, place),) = cuts
            cells = self.part(turn, next(chunks), part, spare)
            if spare is None or not np.may_share_memory(cells, spare()):
                return cells
            found = [(place, cells)]
        else:
            pieces = zip(chunks, cuts, strict=True)
            found = self.pieces(turn, pieces, spare)
        for place, cells in found:
            if out is None:
                out = np.empty([side.size for side in box], cells.dtype)
            out[place] = cells
            del cells  # which is of a decoded chunk: the next one needs the memory
        assert out is not None, "a box has cells"
        return out

    def pieces(
        self, turn: int, pieces: Iterable[Piece], spare: Spare | None = None
    ) -> Iterator[tuple[Into, NDArray[Any]]]:
        """Cells of parts of chunks, each with where it goes.

        What is held comes first, what other blocks are decoding meanwhile comes last.
        """
        held, absent = self.looked_up(pieces)
        yield from held
        held.clear()  # what is let go of meanwhile makes room
        late: list[Piece] = []
        for is_late, which in ((False, absent), (True, late)):
            for piece in which:
                chunk, (part, place) = piece
                if chunk in self.decoding and not is_late:
                    late.append(piece)
                else:
                    yield place, self.part(turn, chunk, part, spare)

    def looked_up(
        self, pieces: Iterable[Piece]
    ) -> tuple[list[tuple[Into, NDArray[Any]]], list[Piece]]:
        """Cells that are held, each with where it goes, and the pieces that are not."""
        held: list[tuple[Into, NDArray[Any]]] = []
        absent: list[Piece] = []
        entry_of = self.holdings.entries.get
        with self.holdings.lock:
            for piece in pieces:
                chunk, (part, place) = piece
                entry = None if chunk in self.decoding else entry_of(chunk)
                cells = None if entry is None else entry.cells(part)
                if cells is None:
                    absent.append(piece)
                else:
                    held.append((place, cells))
        return held, absent

    def part(
        self, turn: int, chunk: Index, part: Part, spare: Spare | None = None
    ) -> NDArray[Any]:
        """Cells of a part of one chunk, which may lie in the spare memory."""
        while True:
            with self.holdings.lock:
                decoding = self.decoding.get(chunk)
                if decoding is None:
                    found = self.holdings.part(chunk, part)
                    if found is not None:
                        return found
                    decoding = self.decoding[chunk] = threading.Lock()
                    decoding.acquire()
                    break
            with decoding:  # until it is decoded
                pass
        try:
            with self.holdings.lock:
                room = self.holdings.room(turn, chunk, part)
            if room is None and spare is not None:
                room = spare()
            with decoded_into(room):
                cells = self.read(self.readers.box(chunk))
            del room  # which is free again where the chunk lies elsewhere
            with self.holdings.lock:
                self.decoded += 1
                entry = self.holdings.keep(turn, chunk, part, cells)
            if entry is not None:  # which others may read when this thread is done
                self.holdings.shelve(chunk, entry)
        finally:
            self.decoding.pop(chunk, None)
            decoding.release()
        return cells[tuple(itertools.starmap(slice, part))]

    def has(self, turn: int, chunk: Index) -> bool:
        """Whether what a turn reads of a chunk is held or being decoded; where locked."""
        if chunk in self.decoding:
            return True
        entry = self.holdings.entries.get(chunk)
        if entry is None:
            return False
        return entry.cells(self.readers.part(turn, chunk)) is not None

    def finish(self, turn: int) -> None:
        """Forget what only the block of a turn read."""
        self.holdings.finish(turn)


@lru_cache(maxsize=REMEMBERED)
def cuts_of(parts: tuple[tuple[tuple[int, int], ...], ...]) -> tuple[Cut, ...]:
    """How chunks cut a box, told by the parts of them along each axis."""
    places = [
        one_by_one([stop - start for start, stop in axis_parts]) for axis_parts in parts
    ]
    return tuple(zip(product(*parts), product(*places), strict=True))


def one_by_one(sizes: Sequence[int]) -> list[slice]:
    """Where pieces of some sizes lie that follow each other."""
    ends = [0, *accumulate(sizes)]
    return list(itertools.starmap(slice, itertools.pairwise(ends)))
