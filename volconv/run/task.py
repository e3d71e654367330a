"""One task: the turn of a block in, objects in the stores out.

A task is pure and idempotent: run again, it writes the same bytes to the same objects.
Objects may be on their way while the thread that made them goes on.
"""

from __future__ import annotations

import itertools
import math
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from operator import lt
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from volconv.compute import WHILE_COMPILING, let_go_of_scratch
from volconv.geometry import Interval, relative
from volconv.io import ZarrSource, forget_opened
from volconv.io.expected import expected
from volconv.io.in_place import decoded_into
from volconv.io.outbox import when_all_are_there
from volconv.io.place import Check, Place
from volconv.plan.memory import PIECE, ahead_bytes, spare_bytes
from volconv.plan.stage import Stage
from volconv.run.ahead import ReadAhead
from volconv.run.cache import ChunkCache, ReadInto, Spare
from volconv.run.holdings import Holdings
from volconv.run.memory import ThreadMemory
from volconv.run.passing import PASSING, Kept, with_room
from volconv.run.readers import Box, Readers
from volconv.run.retries import retried
from volconv.run.statistics import Statistics
from volconv.run.tiles import TileThreads
from volconv.run.turns import Turns
from volconv.run.writer import Sent, Writer, units_of
from volconv.steps.layout import Memory

__all__ = ["BlockRecord", "Objects", "Work", "Worker"]

BYTE = np.dtype(np.uint8)


@dataclass(frozen=True, eq=False)
class Work:
    """What every task of a stage shares; sent to each worker once.

    Parameters
    ----------
    source : ZarrSource
        What the stage reads.
    stage : Stage
        What it computes.
    stores : tuple of Place
        Where the group lies that each of the stage's writes goes to.
    checks : tuple of callable, or None
        What is asked before an object is put there.
    cache_bytes : int
        Bytes of decoded chunks that a process may hold for later blocks.
    most : int
        Tasks at once of one machine, whatever threads a worker of a cluster has.
    behind : int
        Files that a process may have on their way to the disk while it goes on.
    sync : bool
        Whether a task makes its objects safe on the disk itself.
    """

    source: ZarrSource
    stage: Stage
    stores: tuple[Place, ...]
    checks: tuple[Check | None, ...]
    cache_bytes: int
    most: int
    behind: int = 0
    sync: bool = False


Objects = tuple[tuple[int, str, int, int, int], ...]


class BlockRecord(NamedTuple):
    """What a finished block leaves behind.

    Attributes
    ----------
    turn : int
        The block's turn in the stage's order.
    objects : tuple of (int, str, int, int, int)
        For each object the number of the write, its key, its bytes, its crc32c, and cells
        of the result in it that are not finite.
    seconds : float
        Time from reading to the objects being written, or on their way.
    lowest, highest : float
        Of the result's finite cells; NaN where there are none, or they are complex.
    nonfinite : int
        Cells of the result that are NaN or infinite.
    """

    turn: int
    objects: Objects
    seconds: float
    lowest: float
    highest: float
    nonfinite: int

    def part(self, which: int, *, is_last: bool) -> BlockRecord:
        """What it leaves behind in one write; the last one's has its time and its cells."""
        objects = tuple(one for one in self.objects if one[0] == which)
        if is_last:  # of most stages the only one: a copy is half as dear as a line
            is_all = len(objects) == len(self.objects)
            return self if is_all else self._replace(objects=objects)
        return BlockRecord(self.turn, objects, 0.0, math.nan, math.nan, 0)


Told = BlockRecord | Future[BlockRecord]
"""What a block leaves behind, at once, or when its objects are all there."""


class Worker:
    """What a process keeps for the tasks of a stage.

    Parameters
    ----------
    work : Work
        What the tasks share.
    threads : int
        Tasks at once.
    turns : Turns, optional
        What there is to do, by anyone; all by default.
    """

    def __init__(self, work: Work, threads: int, turns: Turns | None = None) -> None:
        forget_opened()
        WHILE_COMPILING[with_room] = None
        self.work = work
        stage = work.stage
        self.memory = ThreadMemory()
        self.dtype = np.dtype(stage.pipeline.target(stage.source).dtype)
        spare = spare_bytes(stage.source, one_by_one=stage.cache_bytes > 0)
        self.kept = Kept(spare)
        largest = math.prod(map(min, stage.grid.block, stage.grid.shape))
        self.piece_bytes = max(largest * self.dtype.itemsize, spare)
        self.writer = Writer(
            stage.writes,
            work.stores,
            work.checks,
            threads,
            behind=work.behind,
            sync=work.sync,
        )
        self.cache: ChunkCache | None = None
        self.ahead: ReadAhead | None = None
        self.readers: Readers | None = None
        self.tiles: TileThreads[Told] | None = None
        coming = expected(work.source, threads * ahead_bytes(stage.source))
        if stage.tiling.total > 1:
            self.tiles = TileThreads(
                stage, self.dtype, threads, self.compute_tile, self.stored
            )
        if not stage.cache_bytes and coming is None:
            return
        reads = [demand.reads for demand in stage.demands]
        readers = self.readers = Readers(reads, stage.tile_sweep)
        if stage.cache_bytes:
            lag = 2 * stage.tiling.in_work(threads)
            itemsize = np.dtype(stage.source.dtype).itemsize
            holdings = Holdings(
                readers, work.cache_bytes, lag, itemsize, stage.bytes_let_go
            )
            self.cache = ChunkCache(work.source.read, holdings)
        if coming is not None:
            self.ahead = ReadAhead(coming, readers, stage, threads, self.cache, turns)

    def share_done(self) -> float:
        """What is done of the blocks that are being computed, in blocks."""
        return 0.0 if self.tiles is None else self.tiles.share_done()

    def stop(self) -> None:
        """Begin nothing more: blocks of which tiles are left fail, nothing is sent."""
        if self.tiles is not None:
            self.tiles.close()
        self.writer.give_up()

    def close(self) -> None:
        """End what is on its way, and wait for what has begun."""
        tiles = self.tiles
        self.abandon()
        if tiles is not None:
            tiles.wait()

    def abandon(self) -> None:
        """End what is on its way; wait for what is being sent, not for what is computed.

        The next stage needs the memory: tiles, whose threads call this worker, let go of
        it, or it would stay until the garbage collector comes.
        """
        self.stop()
        self.tiles = None
        if self.ahead is not None:
            self.ahead.close()
        self.writer.close()

    def run(self, turn: int) -> BlockRecord:
        """Read, compute and write the block of a turn."""
        block = self.begin(turn)()
        return block.result() if isinstance(block, Future) else block

    def begin(self, turn: int) -> Callable[[], Told]:
        """What waits for the block of a turn, or computes it where it is not in tiles.

        Blocks in tiles are computed in the order in which they are begun. A block is told
        of later where its objects are still on their way.
        """
        if self.tiles is not None:
            return self.tiles.begin(turn).result
        return partial(self.run_whole, turn)

    def run_whole(self, turn: int) -> Told:
        """Read, compute and write the block of a turn at once."""
        begun = time.perf_counter()
        stage = self.work.stage
        index = stage.sweep.index(turn)
        wanted = {
            write.step: box
            for write, box in zip(stage.writes, stage.boxes(index), strict=True)
            if all(itertools.starmap(lt, box))
        }
        self.memory.take_back(0)
        shape = [stop - start for start, stop in wanted[stage.pipeline.last]]
        piece = self.memory.empty((self.piece_bytes,), BYTE)
        out: NDArray[Any] = np.ndarray(shape, self.dtype, piece)
        # chunks are decoded where the result comes when all is read
        values = self.read_and_compute(index, wanted, out, piece)
        if len(wanted) == 1 and values[stage.pipeline.last] is out:
            self.memory.take_back(1)  # but the result itself
        with PASSING:
            return self.written(turn, wanted, values, begun)

    @contextmanager
    def spare(self, piece: NDArray[np.uint8] | None) -> Iterator[Spare]:
        """Where this thread decodes chunks one after the other.

        In a piece of memory that is not used meanwhile, if there is one.
        """
        taken: list[NDArray[np.uint8]] = []

        def memory() -> NDArray[np.uint8]:
            if piece is not None:
                return piece[: self.kept.nbytes]
            if not taken:
                taken.append(self.kept.take())
            return taken[0]

        try:
            yield memory
        finally:
            self.kept.pieces += taken

    def compute_tile(
        self, turn: int, tile: tuple[int, ...], result: NDArray[Any]
    ) -> None:
        """Read and compute a tile into the result of its block."""
        stage = self.work.stage
        (box,) = stage.boxes(stage.sweep.index(turn))
        part = stage.tiles.box(stage.tiles.number(tile))
        into = result[relative(part, box)]
        last = stage.pipeline.last
        self.memory.take_back(0)
        found = self.read_and_compute(tile, {last: part}, into)[last]
        if found is not into:
            into[...] = found

    def stored(self, turn: int, result: NDArray[Any], begun: float) -> Told:
        """Write the result of a block in tiles."""
        self.memory.take_back(0)
        stage = self.work.stage
        (box,) = stage.boxes(stage.sweep.index(turn))
        last = stage.pipeline.last
        with PASSING:
            return self.written(turn, {last: box}, {last: result}, begun)

    def written(
        self,
        turn: int,
        wanted: dict[int, Box],
        values: dict[int, NDArray[Any]],
        begun: float,
    ) -> Told:
        """Write what a block makes of its input, and tell of it."""
        objects: list[tuple[int, str, int, int, int]] = []
        sent: Sent = []
        given = self.memory.given
        told, last = Statistics(), self.work.stage.pipeline.last
        for which, write in enumerate(self.work.stage.writes):
            if write.step not in wanted:
                continue
            for unit in units_of(write, wanted[write.step], values.pop(write.step)):
                whole = unit.whole(write.output, self.memory.empty)
                stored = self.writer.write(which, whole, sent)
                self.memory.take_back(given)
                before = told.nonfinite
                if write.step == last:
                    told.add_cells(unit.cells)
                objects.append((which, *stored, told.nonfinite - before))
        seconds = time.perf_counter() - begun
        ends = told.lowest, told.highest, told.nonfinite
        record = BlockRecord(turn, tuple(objects), seconds, *ends)
        return when_all_are_there(sent, record) if sent else record

    def read_and_compute(
        self,
        index: tuple[int, ...],
        wanted: dict[int, Box],
        out: NDArray[Any],
        piece: NDArray[np.uint8] | None = None,
    ) -> dict[int, NDArray[Any]]:
        """What a tile, or a whole block, makes of its input."""
        stage, source = self.work.stage, self.work.source
        pipeline = stage.pipeline
        turn = 0 if self.readers is None else self.readers.turn_of(index)
        if self.ahead is not None:
            self.ahead.begin(turn)
        into = {pipeline.last: out}
        given = self.memory.given

        read: ReadInto = partial(read_into, source, stage.source.chunks)
        if self.cache is not None:
            read = self.cache.block_read(turn)

        def read_here(box: Box, into: NDArray[Any]) -> NDArray[Any]:
            with PASSING:
                if not self.kept.nbytes:
                    return read(box, into, None)
                with self.spare(piece) as spare:
                    return read(box, into, spare)

        def computed() -> dict[int, NDArray[Any]]:
            self.memory.take_back(given)  # what another try was given
            memory = Memory(self.memory.empty, read_here)
            return pipeline.compute(wanted, source.read, into, memory)

        values = retried(computed)
        let_go_of_scratch()  # chunks are decoded and encoded in the same memory
        if self.cache is not None:
            self.cache.finish(turn)
        if self.ahead is not None:
            self.ahead.finish(turn)
        return values


def read_into(
    source: ZarrSource,
    chunks: Sequence[int] | None,
    box: Box,
    out: NDArray[Any],
    spare: Spare | None,
) -> NDArray[Any]:
    """Cells of a box of the input, in an array that is there.

    A whole chunk is decoded there, others in the spare memory, if there is one. What
    lies elsewhere stays there if it is large.
    """
    memory = None
    if spare is not None:
        is_chunk = chunks is not None and all(map(is_one, box, chunks))
        memory = out.reshape(-1).view("u1") if is_chunk else spare()
    with decoded_into(memory, each=True):
        found = source.read(box, empty=lambda shape, _: out.reshape(shape))
    if np.may_share_memory(found, out):
        return found
    is_passing = memory is not None and np.may_share_memory(found, memory)
    if found.nbytes >= PIECE and not is_passing:
        return found
    out[...] = found
    return out


def is_one(side: Interval, chunk: int) -> bool:
    """Whether the cells along an axis are those of one chunk."""
    return side.size == chunk and side.start % chunk == 0
