"""Decoded chunks, kept for the blocks that are still to read them.

The order of the blocks is known, so nothing is guessed: a chunk is held as long as some
later block reads it. Where the memory does not suffice, chunks are cut down to the parts
that later blocks read, and if that is not enough, what is needed last goes first.
"""

from __future__ import annotations

import heapq
import itertools
import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache, partial
from operator import getitem
from typing import Any

import numpy as np
from numpy.typing import NDArray

from volconv.geometry import Interval
from volconv.plan.reads import AxisReads
from volconv.plan.stage import HOLES
from volconv.plan.sweep import Sweep
from volconv.run.held import Entry, Index, Part
from volconv.run.shelf import Elsewhere, Place, Shelf

__all__ = ["ChunkCache"]

Box = tuple[Interval, ...]
Read = Callable[[Box], NDArray[Any]]
ReadInto = Callable[..., NDArray[Any]]
Span = tuple[int, tuple[int, int], slice]
"""Cells of one axis that a chunk holds: its number, where they lie in it, and where they
go."""

MOST_STALE = 1024
"""Chunks that are gone and still queued, at most: arbitrary, 100 kB."""

TURNS = 2**14
"""Turns of blocks that are remembered: arbitrary, 3 MB. A block is asked for by each chunk
that it reads."""


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
    expiring: list[tuple[int, Index]] = field(default_factory=list)
    uncut: dict[Index, None] = field(default_factory=dict)
    decoding: dict[Index, threading.Event] = field(default_factory=dict)
    done: set[int] = field(default_factory=set)
    lock: threading.Lock = field(default_factory=threading.Lock)

    @cached_property
    def shelf(self) -> Shelf:
        """Where the pieces of chunks lie."""
        return Shelf(int(HOLES * self.budget))

    @cached_property
    def turn_of(self) -> Callable[[Index], int]:
        """When a block's turn comes."""
        return lru_cache(maxsize=TURNS)(self.sweep.position)

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
        """Cells of a box that the block of a turn reads.

        Chunks that other blocks are decoding meanwhile come last.
        """
        spans = [
            axis.spans(side.start, side.stop)
            for axis, side in zip(self.reads, box, strict=True)
        ]
        if all(len(each) == 1 for each in spans):
            chunk, part, _ = zip(*(each[0] for each in spans), strict=True)
            return self.part(turn, chunk, part)
        late: list[tuple[Span, ...]] = []
        for is_late, which in ((False, itertools.product(*spans)), (True, late)):
            for each in which:
                chunk, part, place = zip(*each, strict=True)
                if chunk in self.decoding and not is_late:
                    late.append(each)
                    continue
                cells = self.part(turn, chunk, part)
                if out is None:
                    out = np.empty([side.size for side in box], cells.dtype)
                out[place] = cells
        assert out is not None, "a box has cells"
        return out

    def part(self, turn: int, chunk: Index, part: Part) -> NDArray[Any]:
        """Cells of a part of one chunk."""
        while True:
            with self.lock:
                entry = self.entries.get(chunk)
                found = entry.cells(part) if entry is not None else None
                if found is not None:
                    return found
                event = self.decoding.get(chunk)
                if event is None:
                    event = self.decoding[chunk] = threading.Event()
                    break
            event.wait()
        try:
            cells = self.read(self.chunk_box(chunk))
            with self.lock:
                self.decoded += 1
                entry = self.keep(turn, chunk, part, cells)
        finally:
            self.decoding.pop(chunk, None)
            event.set()
        if entry is not None:
            self.shelve(chunk, entry)
        return cells[tuple(itertools.starmap(slice, part))]

    def keep(
        self, turn: int, chunk: Index, part: Part, cells: NDArray[Any]
    ) -> Entry | None:
        """Hold of a chunk what blocks are still to read.

        The block of this turn is one of them where it reads more than this part of it.
        """
        readers = self.readers_of(chunk)
        own = readers.get(turn)
        if own is not None and part in self.parts_of(chunk, [own]):
            del readers[turn]
        self.drop(chunk)
        if not readers:
            return None
        wanted = self.parts_of(chunk, readers.values())
        entry = Entry.of(cells, wanted, readers, self.full_turn(chunk))
        self.entries[chunk] = entry
        self.held += entry.nbytes
        self.queue(entry, chunk)
        while self.held > self.budget and self.is_less():
            pass
        if len(self.farthest) > 2 * len(self.entries) + MOST_STALE:
            self.sweep_out()
        return entry

    def shelve(self, chunk: Index, entry: Entry) -> None:
        """Move what is held of a chunk out of its decoder's hands.

        A piece for which there is no place is not held.
        """
        with self.lock:
            views = entry.pieces
            places = [self.place(cells.nbytes) for cells in views]
        pieces = [
            None if place is None else place.holding(cells)
            for cells, place in zip(views, places, strict=True)
        ]
        with self.lock:
            if self.entries.get(chunk) is entry and entry.pieces is views:
                self.held -= entry.nbytes
                entry.hold(entry.parts, pieces)
                self.held += entry.nbytes

    def place(self, nbytes: int) -> Place | Elsewhere | None:
        """A place for a piece, for which others go if need be."""
        place = self.shelf.place(nbytes)
        while place is None and self.is_less():
            place = self.shelf.place(nbytes)
        return place

    def is_less(self) -> bool:
        """Whether something was given up."""
        if self.uncut:
            self.cut_one()
            return True
        if self.farthest:
            self.let_go()
            return True
        return False

    def queue(self, entry: Entry, chunk: Index) -> None:
        """Remember the last turn that reads a chunk, to let go of it by."""
        last = max(entry.readers)
        heapq.heappush(self.farthest, (-last, chunk))
        heapq.heappush(self.expiring, (last, chunk))

    def cut_one(self) -> None:
        """Give up what nobody reads any more of the chunk that waits longest for it."""
        chunk = next(iter(self.uncut))
        del self.uncut[chunk]
        entry = self.entries[chunk]
        if entry.full in entry.readers:
            return
        self.held -= entry.nbytes
        if entry.cut(self.parts_of(chunk, entry.readers.values())):
            # the copies are moved where the whole was
            entry.hold(entry.parts, map(self.moved, entry.pieces))
        self.held += entry.nbytes

    def moved(self, cells: NDArray[Any]) -> NDArray[Any] | None:
        """Cells in a place of the shelf; None if there is none."""
        place = self.shelf.place(cells.nbytes)
        return None if place is None else place.holding(cells)

    def let_go(self) -> None:
        """Give up the part that is read last of all."""
        turn, chunk = heapq.heappop(self.farthest)
        entry = self.entries.get(chunk)
        if entry is None:
            return
        entry.readers.pop(-turn, None)  # or its block is done, out of order
        if entry.readers:
            self.queue(entry, chunk)
        self.settle(entry, chunk)

    def sweep_out(self) -> None:
        """Remove chunks that are gone from the queues of those to be let go."""
        self.farthest, self.expiring = [], []
        for chunk, entry in self.entries.items():
            self.queue(entry, chunk)

    def forget(self, horizon: int) -> None:
        """Let go of what blocks before a turn were to read.

        A chunk whose last reader is before it goes. Of others, what earlier ones were to
        read may stay a little, unless turns were left out.
        """
        if horizon <= self.horizon:
            return
        are_left_out = horizon > self.horizon + self.lag + 1
        self.horizon = horizon
        self.done = {turn for turn in self.done if turn >= horizon}
        chunks = list(self.entries) if are_left_out else []
        while self.expiring and self.expiring[0][0] < horizon:
            chunks.append(heapq.heappop(self.expiring)[1])
        for chunk in chunks:
            entry = self.entries.get(chunk)
            if entry is None:
                continue
            for reader in [turn for turn in entry.readers if turn < horizon]:
                del entry.readers[reader]
            if entry.readers and not are_left_out:
                heapq.heappush(self.expiring, (max(entry.readers), chunk))
            self.settle(entry, chunk)
        if are_left_out:
            self.sweep_out()

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

    def readers_of(self, chunk: Index) -> dict[int, Index]:
        """Turns of the blocks that are still to read a chunk, and their places."""
        by_axis = [
            axis.readers(number) for axis, number in zip(self.reads, chunk, strict=True)
        ]
        turn_of, first, done = self.turn_of, self.horizon, self.done
        found = {turn_of(index): index for index in itertools.product(*by_axis)}
        if len(done) or min(found, default=first) < first:
            return {
                turn: index
                for turn, index in found.items()
                if turn >= first and turn not in done
            }
        return found

    def full_turn(self, chunk: Index) -> int:
        """The last turn in which all of a chunk is read; -1 for none."""
        by_axis = [
            axis.full_readers(number)
            for axis, number in zip(self.reads, chunk, strict=True)
        ]
        return max(map(self.turn_of, itertools.product(*by_axis)), default=-1)

    def parts_of(self, chunk: Index, places: Iterable[Index]) -> frozenset[Part]:
        """What blocks, told by their places along each axis, read of a chunk."""
        by_axis = [
            axis.parts(number) for axis, number in zip(self.reads, chunk, strict=True)
        ]
        return frozenset(tuple(map(getitem, by_axis, place)) for place in places)

    def chunk_box(self, chunk: Index) -> Box:
        """Cells of a chunk."""
        return tuple(
            Interval(number * axis.chunk, min((number + 1) * axis.chunk, axis.size))
            for axis, number in zip(self.reads, chunk, strict=True)
        )
