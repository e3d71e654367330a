"""Decoded chunks, kept for the blocks that are still to read them.

The order of the blocks is known, so nothing is guessed: a chunk is held as long as some
later block reads it. Where the memory does not suffice, chunks are cut down to the parts
that later blocks read, and if that is not enough, what is needed last goes first.
"""

from __future__ import annotations

import heapq
import itertools
import math
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from volconv.geometry import Interval, contains, relative
from volconv.plan.reads import AxisReads
from volconv.plan.sweep import Sweep

__all__ = ["ChunkCache"]

Box = tuple[Interval, ...]
Index = tuple[int, ...]
Piece = tuple[Box, NDArray[Any]]
Read = Callable[[Box], NDArray[Any]]
ReadInto = Callable[..., NDArray[Any]]

WORTH = 0.75
"""A chunk is cut down where less than this share of what is held of it is still read:
arbitrary, cutting copies what stays."""


MOST_STALE = 1024
"""Chunks that are gone and still queued, at most: arbitrary, 100 kB."""


@dataclass(eq=False)
class Entry:
    """What is held of one chunk, and for whom.

    Parameters
    ----------
    pieces : list of (box, ndarray)
        Boxes of the input and their cells.
    readers : dict of int to box
        Turns of the blocks that read it and are not done, with what each reads of it.
    """

    pieces: list[Piece]
    readers: dict[int, Box]

    @property
    def nbytes(self) -> int:
        """Bytes held."""
        return sum(cells.nbytes for _, cells in self.pieces)

    def piece(self, box: Box) -> NDArray[Any] | None:
        """A box out of one of the pieces, where one holds it."""
        for outer, cells in self.pieces:
            if contains(outer, box):
                return cells[relative(box, outer)]
        return None

    def cut(self) -> None:
        """Hold no more than what is still read, where that is worth a copy."""
        wanted = outermost(self.readers.values())
        cells = sum(volume(box) for box in wanted)
        if cells > WORTH * sum(volume(box) for box, _ in self.pieces):
            return
        pieces = []
        for box in wanted:
            cells_of_box = self.piece(box)
            if cells_of_box is not None:
                pieces.append((box, cells_of_box.copy()))
        self.pieces = pieces


@dataclass(eq=False)
class ChunkCache:
    """Reads boxes for blocks in their turn; each chunk is decoded as seldom as can be.

    May be used by many threads, each with a block of its own.

    Parameters
    ----------
    read : callable
        Decodes a box of the input.
    reads : sequence of AxisReads
        What blocks read, for each axis.
    sweep : Sweep
        The order of the blocks.
    budget : int
        Bytes that may be held.
    lag : int
        Turns that a block may be behind another one: what earlier turns were to read is
        let go of, for these blocks were done before, or elsewhere.
    """

    read: Read
    reads: Sequence[AxisReads]
    sweep: Sweep
    budget: int
    lag: int = 0
    decoded: int = 0
    held: int = 0
    horizon: int = 0
    entries: dict[Index, Entry] = field(default_factory=dict)
    farthest: list[tuple[int, Index]] = field(default_factory=list)
    nearest: list[tuple[int, Index]] = field(default_factory=list)
    uncut: dict[Index, None] = field(default_factory=dict)
    decoding: dict[Index, threading.Event] = field(default_factory=dict)
    done: set[int] = field(default_factory=set)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def block_read(self, turn: int) -> ReadInto:
        """How the block of a turn reads.

        Parameters
        ----------
        turn : int
            The block's turn.

        Returns
        -------
        callable
            Takes a box, and optionally an array for what is put together of several
            chunks; returns the cells.
        """
        with self.lock:
            self.forget(turn - self.lag)
        return partial(self.cells, turn)

    def cells(
        self, turn: int, box: Box, out: NDArray[Any] | None = None
    ) -> NDArray[Any]:
        """Cells of a box that the block of a turn reads."""
        chunks = list(itertools.product(*map(self.chunk_range, range(len(box)), box)))
        if len(chunks) == 1:
            return self.part(turn, chunks[0], box)
        for chunk in self.others_last(chunks):
            part = tuple(map(Interval.intersect, box, self.chunk_box(chunk)))
            cells = self.part(turn, chunk, part)
            if out is None:
                out = np.empty([side.size for side in box], cells.dtype)
            out[relative(part, box)] = cells
        assert out is not None, "a box has cells"
        return out

    def others_last(self, chunks: Iterable[Index]) -> Iterator[Index]:
        """Chunks, those last that other blocks are decoding meanwhile."""
        late = []
        for chunk in chunks:
            if chunk in self.decoding:
                late.append(chunk)
            else:
                yield chunk
        yield from late

    def part(self, turn: int, chunk: Index, box: Box) -> NDArray[Any]:
        """Cells of a box inside one chunk."""
        while True:
            with self.lock:
                entry = self.entries.get(chunk)
                found = entry.piece(box) if entry is not None else None
                if found is not None:
                    return found
                event = self.decoding.get(chunk)
                if event is None:
                    event = self.decoding[chunk] = threading.Event()
                    break
            event.wait()
        whole = self.chunk_box(chunk)
        try:
            cells = self.read(whole)
            with self.lock:
                self.decoded += 1
                self.keep(turn, chunk, box, cells)
        finally:
            self.decoding.pop(chunk, None)
            event.set()
        return cells[relative(box, whole)]

    def keep(self, turn: int, chunk: Index, read: Box, cells: NDArray[Any]) -> None:
        """Hold a chunk for the blocks that are still to read it.

        The block of this turn is one of them where it reads more than this box of it.
        """
        readers = {
            reader: box
            for reader, box in self.readers_of(chunk, self.horizon).items()
            if reader not in self.done and (reader, box) != (turn, read)
        }
        self.drop(chunk)
        if not readers:
            return
        entry = Entry([(self.chunk_box(chunk), cells)], readers)
        self.entries[chunk] = entry
        self.held += cells.nbytes
        heapq.heappush(self.farthest, (-max(readers), chunk))
        heapq.heappush(self.nearest, (min(readers), chunk))
        self.settle(entry, chunk)
        while self.held > self.budget and (self.uncut or self.farthest):
            if self.uncut:
                self.cut_one()
            else:
                self.let_go()
        if len(self.farthest) > 2 * len(self.entries) + MOST_STALE:
            self.sweep_out()

    def cut_one(self) -> None:
        """Give up what nobody reads any more of the chunk that waits longest for it."""
        chunk = next(iter(self.uncut))
        del self.uncut[chunk]
        entry = self.entries[chunk]
        self.held -= entry.nbytes
        entry.cut()
        self.held += entry.nbytes

    def let_go(self) -> None:
        """Give up the part that is read last of all."""
        turn, chunk = heapq.heappop(self.farthest)
        entry = self.entries.get(chunk)
        if entry is None:
            return
        entry.readers.pop(-turn, None)  # or its block is done, out of order
        if entry.readers:
            heapq.heappush(self.farthest, (-max(entry.readers), chunk))
        self.settle(entry, chunk)

    def sweep_out(self) -> None:
        """Remove chunks that are gone from the queues of those to be let go."""
        for queue, turn_of in (
            (self.farthest, farthest_of),
            (self.nearest, nearest_of),
        ):
            queue[:] = [
                (turn_of(entry.readers), chunk) for chunk, entry in self.entries.items()
            ]
            heapq.heapify(queue)

    def forget(self, horizon: int) -> None:
        """Let go of what blocks before a turn were to read."""
        self.horizon = horizon = max(horizon, self.horizon)
        while self.nearest and self.nearest[0][0] < horizon:
            _, chunk = heapq.heappop(self.nearest)
            entry = self.entries.get(chunk)
            if entry is None:
                continue
            for reader in [turn for turn in entry.readers if turn < horizon]:
                del entry.readers[reader]
            if entry.readers:
                heapq.heappush(self.nearest, (min(entry.readers), chunk))
            self.settle(entry, chunk)
        self.done = {turn for turn in self.done if turn >= horizon}

    def finish(self, turn: int) -> None:
        """Forget what only the block of a turn read."""
        index = self.sweep.index(turn)
        touched = [
            axis.chunks[place] for axis, place in zip(self.reads, index, strict=True)
        ]
        with self.lock:
            self.done.add(turn)
            for chunk in itertools.product(*touched):
                entry = self.entries.get(chunk)
                if entry is not None and entry.readers.pop(turn, None) is not None:
                    self.settle(entry, chunk)

    def settle(self, entry: Entry, chunk: Index) -> None:
        """Drop an entry that nobody reads any more; remember to cut any other."""
        if entry.readers:
            self.uncut[chunk] = None
        else:
            self.drop(chunk)

    def drop(self, chunk: Index) -> None:
        """Hold nothing of a chunk."""
        entry = self.entries.pop(chunk, None)
        self.uncut.pop(chunk, None)
        if entry is not None:
            self.held -= entry.nbytes

    def readers_of(self, chunk: Index, first: int) -> dict[int, Box]:
        """Turns from one on in which a chunk is read, and what is read of it then."""
        whole = self.chunk_box(chunk)
        by_axis = [
            axis.readers(number) for axis, number in zip(self.reads, chunk, strict=True)
        ]
        found = {}
        for index in itertools.product(*by_axis):
            turn = self.sweep.position(index)
            if turn >= first:
                found[turn] = tuple(
                    hull(axis.needs[place], side)
                    for axis, place, side in zip(self.reads, index, whole, strict=True)
                )
        return found

    def chunk_range(self, axis: int, side: Interval) -> range:
        """Numbers of the chunks that an interval touches."""
        chunk = self.reads[axis].chunk
        return range(side.start // chunk, -(-side.stop // chunk))

    def chunk_box(self, chunk: Index) -> Box:
        """Cells of a chunk."""
        return tuple(
            Interval(number * axis.chunk, min((number + 1) * axis.chunk, axis.size))
            for axis, number in zip(self.reads, chunk, strict=True)
        )


def farthest_of(readers: Iterable[int]) -> int:
    """A number that is lower the later the last of some turns is."""
    return -max(readers)


def nearest_of(readers: Iterable[int]) -> int:
    """The first of some turns."""
    return min(readers)


def hull(needs: Sequence[Interval], side: Interval) -> Interval:
    """From the first to the last cell that is needed of a side."""
    parts = [part for part in (need.intersect(side) for need in needs) if part.size]
    return Interval(min(p.start for p in parts), max(p.stop for p in parts))


def outermost(boxes: Sequence[Box] | Any) -> list[Box]:
    """The boxes that lie in no other."""
    found: list[Box] = []
    for box in sorted(set(boxes), key=volume, reverse=True):
        if not any(contains(outer, box) for outer in found):
            found.append(box)
    return found


def volume(box: Box) -> int:
    """Cells of a box."""
    return math.prod(side.size for side in box)
