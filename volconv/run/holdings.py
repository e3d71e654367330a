"""What is held of decoded chunks: as long as some later block reads it.

The order of the blocks is known, so nothing is guessed. Where the memory does not suffice,
chunks are cut down to the parts that later blocks read, and if that is not enough, what is
needed last goes first.
"""

from __future__ import annotations

import heapq
import threading
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from volconv.plan.stage import shelf_bytes
from volconv.run.held import Entry, Index, Part, volume
from volconv.run.passing import PASSING
from volconv.run.readers import Readers
from volconv.run.shelf import SMALL, Elsewhere, Shelf, Slot

__all__ = ["MOST_STALE", "Holdings"]

MOST_STALE = 1024
"""Chunks that are gone and still queued, at most: arbitrary, 100 kB."""


@dataclass(eq=False)
class Holdings:
    """Parts of decoded chunks, for the blocks that are still to read them.

    Whoever calls what is not said to lock holds the lock.

    Parameters
    ----------
    readers : Readers
        Who reads what, and when.
    budget : int
        Bytes that may be held.
    lag : int
        Turns that a block may be behind another one: what earlier turns were to read is
        let go of, for these blocks were done before, or elsewhere.
    itemsize : int
        Bytes of a cell.
    let_go_bytes : int
        Bytes that are let go of where code is compiled.
    """

    readers: Readers
    budget: int
    lag: int = 0
    itemsize: int = 1
    let_go_bytes: int = 0
    nbytes: int = 0
    horizon: int = 0
    entries: dict[Index, Entry] = field(default_factory=dict)
    farthest: list[tuple[int, Index]] = field(default_factory=list)
    expiring: list[tuple[int, Index]] = field(default_factory=list)
    uncut: dict[Index, None] = field(default_factory=dict)
    done: set[int] = field(default_factory=set)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        PASSING.add(self)

    @cached_property
    def shelf(self) -> Shelf:
        """Where the pieces of chunks lie."""
        return Shelf(shelf_bytes(self.budget))

    def part(self, chunk: Index, part: Part) -> NDArray[Any] | None:
        """Cells of a part of one chunk, where they are held."""
        entry = self.entries.get(chunk)
        return None if entry is None else entry.cells(part)

    def keep(
        self, turn: int, chunk: Index, part: Part, cells: NDArray[Any]
    ) -> Entry | None:
        """Hold of a chunk what blocks are still to read."""
        readers = self.waiting(turn, chunk, part)
        self.drop(chunk)
        if not readers:
            return None
        entry = Entry.of(cells, self.readers.pattern(chunk), readers)
        self.entries[chunk] = entry
        self.nbytes += entry.nbytes
        self.queue(entry, chunk)
        while self.nbytes > self.budget and self.give_up():
            pass
        if len(self.farthest) > 2 * len(self.entries) + MOST_STALE:
            self.sweep_out()
        return entry

    def waiting(self, turn: int, chunk: Index, part: Part) -> dict[int, int]:
        """Turns that are still to read a chunk, with their shares.

        The block of this turn is one of them where it reads more than this part of it.
        """
        pattern = self.readers.pattern(chunk)
        horizon, done = self.horizon, self.done
        readers = {
            reader: share
            for reader, share in zip(
                self.readers.of(chunk), pattern.shares, strict=True
            )
            if reader >= horizon and reader not in done
        }
        for reader in self.readers.parted(turn, chunk, readers):
            del readers[reader]
        own = readers.get(turn)
        if own is not None and part == pattern.part(own):
            del readers[turn]
        return readers

    def room(self, turn: int, chunk: Index, part: Part) -> NDArray[np.uint8] | None:
        """Where a chunk may be decoded that is to be held as a whole, if there is room.

        For it goes what nobody reads any more, and nothing else.
        """
        pattern = self.readers.pattern(chunk)
        nbytes = self.itemsize * volume(pattern.whole)
        if nbytes <= SMALL:
            return None
        readers = self.waiting(turn, chunk, part)
        if not readers or not pattern.is_whole(pattern.to_hold(sum(readers.values()))):
            return None
        while self.nbytes + nbytes > self.budget:
            if not self.uncut:
                return None
            self.cut_one()
        slot = self.shelf.slot(nbytes)
        return np.asarray(slot)[:nbytes] if isinstance(slot, Slot) else None

    def shelve(self, chunk: Index, entry: Entry) -> None:
        """Move what is held of a chunk out of its decoder's hands; locks.

        A piece for which there is no slot is not held. Nobody else reads it meanwhile,
        nor later if this fails.
        """
        try:
            self.move(chunk, entry)
        except BaseException:
            with self.lock:
                self.drop(chunk)
            raise

    def move(self, chunk: Index, entry: Entry) -> None:
        """Move what is held of a chunk to slots; locks."""
        with self.lock:
            views = entry.pieces
            if entry.is_whole and self.shelf.has(views[0]):
                return  # as it was decoded
            slots = [self.slot(cells.nbytes) for cells in views]
        pieces = [
            None if slot is None else slot.holding(cells)
            for cells, slot in zip(views, slots, strict=True)
        ]
        with self.lock:
            if self.entries.get(chunk) is entry and entry.pieces is views:
                self.nbytes -= entry.nbytes
                entry.hold(entry.held, pieces)
                self.nbytes += entry.nbytes

    def slot(self, nbytes: int) -> Slot | Elsewhere | None:
        """A slot for a piece, for which others go if need be."""
        slot = self.shelf.slot(nbytes)
        while slot is None and self.give_up():
            slot = self.shelf.slot(nbytes)
        return slot

    def give_up(self) -> bool:
        """Give up what is missed least; whether there was anything."""
        if self.uncut:
            self.cut_one()
            return True
        if self.farthest:
            self.let_go()
            return True
        return False

    def make_room(self) -> None:
        """Give memory up that is needed while code is compiled; locks."""
        with self.lock:
            limit = max(0, self.shelf.nbytes - self.let_go_bytes)
            budget = max(0, self.budget - self.let_go_bytes)
            while not (self.shelf.keeps(limit) and self.nbytes <= budget):
                if not self.give_up():
                    break
            self.shelf.give_back()

    def resume(self) -> None:
        """Hold as much as before again; locks."""
        with self.lock:
            self.shelf.limit = self.shelf.nbytes

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
        before = entry.nbytes
        if entry.cut():
            # the copies are moved where the whole was
            entry.hold(entry.held, list(map(self.moved, entry.pieces)))
            self.nbytes += entry.nbytes - before

    def moved(self, cells: NDArray[Any]) -> NDArray[Any] | None:
        """Copies of cells in a slot of the shelf; None if there is none."""
        if cells.nbytes <= SMALL:
            return cells
        slot = self.shelf.slot(cells.nbytes)
        return None if slot is None else slot.holding(cells)

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

    def forget(self, turn: int) -> None:
        """Let go of what blocks were to read that are too far behind one's turn.

        A chunk whose last reader is before it goes. Of others, what earlier ones were to
        read may stay a little, unless turns were left out.
        """
        horizon = turn - self.lag
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
        """Forget what only the block of a turn read; locks."""
        with self.lock:
            self.done.add(turn)
            entries, uncut = self.entries, self.uncut
            for chunk in self.readers.chunks_of(turn):
                entry = entries.get(chunk)
                if entry is None or entry.readers.pop(turn, None) is None:
                    continue
                if entry.readers:
                    uncut[chunk] = None
                else:
                    self.drop(chunk)

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
            self.nbytes -= entry.nbytes
