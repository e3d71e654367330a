"""Blocks in tiles: all threads of a process share the tiles of one, then of the next.

Whoever finishes the last tile of a block stores its result, while the others go on with
the next block. No thread that has a tile waits for another one, and none that waits has a
tile: so whatever is waited for is on its way.
"""

from __future__ import annotations

import heapq
import threading
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from volconv.plan.stage import Stage
from volconv.run.allocator import lasting

__all__ = ["SharedBlock", "TileThreads"]

Index = tuple[int, ...]
Record = TypeVar("Record")


@dataclass(eq=False)
class SharedBlock(Generic[Record]):
    """A block of which many threads compute tiles.

    Parameters
    ----------
    turn : int
        The block's turn.

    Attributes
    ----------
    tiles : deque of tuple of int
        Places of the tiles that no thread has begun, in order.
    count : int
        Tiles of it, once it is taken up.
    piece : ndarray or None
        Memory of its result, from the first tile until it is stored.
    begun : float
        When that was.
    busy : int
        Threads that have a tile of it, or store it.
    error : BaseException or None
        The first that a thread had of it. The tiles left are not computed then.
    record : Future
        What it leaves behind.
    """

    turn: int
    tiles: deque[Index] = field(default_factory=deque)
    count: int = 0
    piece: NDArray[np.uint8] | None = None
    begun: float = 0.0
    busy: int = 0
    error: BaseException | None = None
    record: Future[Record] = field(default_factory=Future)

    def __lt__(self, other: SharedBlock[Record]) -> bool:
        return self.turn < other.turn

    @property
    def share_done(self) -> float:
        """The tiles that are done, of all."""
        return (self.count - len(self.tiles) - self.busy) / self.count

    def fail(self, error: BaseException) -> None:
        """Compute no more of it."""
        self.error = self.error or error
        self.tiles.clear()

    def tell(self, record: Record | None) -> None:
        """Let whoever waits for it go on."""
        if self.error is not None:
            self.record.set_exception(self.error)
        elif record is not None:
            self.record.set_result(record)


class TileThreads(Generic[Record]):
    """Threads that compute the tiles of one block after the other.

    Parameters
    ----------
    stage : Stage
        Whose blocks they are.
    dtype : dtype
        Of results.
    threads : int
        How many.
    compute : callable
        Takes a block's turn, the place of a tile, and the array of the block's result, and
        fills the tile's cells of it.
    store : callable
        Takes a block's turn, its result and when it was begun, and returns its record.
    """

    def __init__(
        self,
        stage: Stage,
        dtype: np.dtype[Any],
        threads: int,
        compute: Callable[[int, Index, NDArray[Any]], None],
        store: Callable[[int, NDArray[Any], float], Record],
    ) -> None:
        self.stage, self.dtype = stage, dtype
        self.compute, self.store = compute, store
        self.most = stage.tiling.blocks_at_once(threads)
        self.waiting: list[SharedBlock[Record]] = []
        self.in_work: list[SharedBlock[Record]] = []
        self.pieces: list[NDArray[np.uint8]] = []
        self.is_closed = False
        self.changed = threading.Condition()
        self.crew = [
            threading.Thread(target=self.serve, daemon=True) for _ in range(threads)
        ]
        for thread in self.crew:
            thread.start()

    def begin(self, turn: int) -> Future[Record]:
        """The record of a block, which comes after those of earlier turns that wait."""
        block: SharedBlock[Record] = SharedBlock(turn)
        with self.changed:
            if self.is_closed:
                block.record.set_exception(RuntimeError(ENDED))
            else:
                heapq.heappush(self.waiting, block)
                self.changed.notify_all()
        return block.record

    def share_done(self) -> float:
        """What is done of the blocks of which tiles are being computed, in blocks."""
        with self.changed:
            return sum(one.share_done for one in self.in_work)

    def close(self) -> None:
        """Compute no more than the tiles that have begun; blocks that lack some fail."""
        with self.changed:
            self.is_closed = True
            idle = [*self.waiting, *(one for one in self.in_work if not one.busy)]
            for block in (*self.waiting, *self.in_work):
                if block.tiles or block.piece is None:
                    block.fail(RuntimeError(ENDED))
            self.waiting = []
            self.in_work = [one for one in self.in_work if one.busy]
            self.changed.notify_all()
        for block in idle:
            block.tell(None)

    def wait(self) -> None:
        """Wait for the tiles that have begun, once it is closed."""
        for thread in self.crew:
            thread.join()

    def serve(self) -> None:
        """Compute tiles, as one thread."""
        while (found := self.next_tile()) is not None:
            block, tile = found
            try:
                self.compute(block.turn, tile, self.result(block))
            except BaseException as error:
                with self.changed:
                    block.fail(error)
            if self.is_last(block):
                self.end(block)
            del found, block  # the memory of its error's frames

    def next_tile(self) -> tuple[SharedBlock[Record], Index] | None:
        """The next tile to compute, as soon as there is one; None if none will be."""
        with self.changed:
            while not self.is_closed:
                for block in self.in_work:
                    if block.tiles:
                        block.busy += 1
                        return block, block.tiles.popleft()
                if self.waiting and len(self.in_work) < self.most:
                    self.take_up(heapq.heappop(self.waiting))
                else:
                    self.changed.wait()
        return None

    def take_up(self, block: SharedBlock[Record]) -> None:
        """Begin a block, in the memory of one that is done, if any; where locked."""
        block.begun = time.perf_counter()
        try:
            if not self.pieces:
                self.pieces.append(lasting(self.stage.result_bytes))
        except (OSError, MemoryError) as error:
            block.fail(error)
            block.tell(None)
            return
        block.piece = self.pieces.pop()
        block.tiles.extend(self.stage.tiles_of(block.turn))
        block.count = len(block.tiles)
        self.in_work.append(block)

    def result(self, block: SharedBlock[Record]) -> NDArray[Any]:
        """The array of a block's result."""
        (box,) = self.stage.boxes(self.stage.sweep.index(block.turn))
        return np.ndarray([side.size for side in box], self.dtype, block.piece)

    def is_last(self, block: SharedBlock[Record]) -> bool:
        """Whether a thread that is done with its tile is the last; else it lets go."""
        with self.changed:
            if block.busy == 1 and not block.tiles:
                return True
            block.busy -= 1
            return False

    def end(self, block: SharedBlock[Record]) -> None:
        """Store a block whose tiles are all done, and give its memory to another one."""
        record = None
        try:
            if block.error is None:
                record = self.store(block.turn, self.result(block), block.begun)
        except BaseException as error:
            block.fail(error)
        with self.changed:
            self.in_work.remove(block)
            if block.piece is not None:
                self.pieces.append(block.piece)
            block.piece = None
            self.changed.notify_all()
        block.tell(record)


ENDED = "the run has ended"
