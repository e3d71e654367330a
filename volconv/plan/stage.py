"""A stage: steps that run fused, block by block, from one store to another."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from operator import add

import numpy as np

from volconv.geometry import Interval
from volconv.meta import ArrayMeta
from volconv.plan.blocks import BlockGrid, TileGrid
from volconv.plan.demands import AxisDemands, axis_demands
from volconv.plan.memory import (
    COMPILER,
    TaskMemory,
    behind_bytes,
    chunk_bytes,
    total,
)
from volconv.plan.sweep import Loop, Sweep, Tiling
from volconv.plan.write import Write
from volconv.steps import Pipeline

__all__ = [
    "PLAIN_PROCESS",
    "PROCESS_MEMORY",
    "Room",
    "Stage",
    "cut_grid",
    "most_held",
    "nbytes_of",
    "shelf_bytes",
]

Box = tuple[Interval, ...]

SIDES = 4096
"""Places along axes whose cells are remembered: arbitrary, about 1 MB."""

PLAIN_PROCESS = 90 * 2**20
"""Bytes of the interpreter with its libraries and compiled code where no coordinates are
read, without the compiler: with it 119 to 128 MiB measured 2026-11 as the peak of runs of
one to nine steps over 16 cells cubed (``/usr/bin/time -v volconv run``), 42 of them its;
and what runs of some hundred blocks add. With so many the nearest of 60 runs that
``scripts/measure_memory.py --seed 31`` draws took 6 MiB less than was planned."""

PROCESS_MEMORY = 150 * 2**20
"""The same with xarray and what it imports when it reads coordinates: pandas, dask.array
and, where they are installed, cftime, pint and SciPy: 174 to 181 MiB measured likewise."""

IN_PAGES = 1.02
"""Bytes for each byte of chunks held: a piece lies in whole pages. With so many each chunk
is decoded as often as is counted in all runs over volumes (2026-11)."""

IN_HEAP = 1.15
"""Bytes that are planned for each of them where chunks are decoded in the memory of the C
library's allocator, which keeps more of it beside them: with as many as above a run that
reads Blosc took 2 % more than was planned, of 120 that were drawn (2026-11)."""

BEHIND = 2
"""Files on their way to the disk, at most, for each task that stores one. With one, tasks
wait for room while the disk could take more: a 3³ kernel over 6 GiB took 1.05 to 1.08 of
the time (2026-11, medians of four and of five runs of ``volconv run`` each in turn)."""

WEIGHTS = 3
"""Times that weights of layers are in memory: as they were read, as they are computed with,
and as tiles read them. Before, while a file is read, it is there as bytes, as tensors and
as arrays: of ResNet-50 (90 MiB) 289 MiB beyond the libraries then (2026-11, VmHWM), and
182 MiB when its plan is made."""


@dataclass(frozen=True)
class Room:
    """What the tasks of one machine may take.

    Parameters
    ----------
    workers : int
        Tasks at once of a process.
    limit : int
        Bytes of all tasks, of what they share, and of the processes themselves.
    processes : int
        Processes that have tasks, beside the one that plans and has none; 0 where this
        one has all. They share nothing: what is planned is one's share.
    weights : int
        Bytes of the weights of layers, which a process holds throughout.
    libraries : int
        Bytes of the interpreter with its libraries.
    compiler : int
        Bytes of the compiler while it is at work; 0 where no step needs it.
    is_command : bool
        Whether a command's options gave them, or arguments of a function, for errors.
    """

    workers: int
    limit: int
    processes: int = 0
    weights: int = 0
    libraries: int = PROCESS_MEMORY
    compiler: int = COMPILER
    is_command: bool = True

    @property
    def process(self) -> int:
        """Bytes of a process itself, with the weights that it holds."""
        return self.libraries + WEIGHTS * self.weights

    @property
    def share(self) -> int:
        """Bytes of a process that has tasks."""
        if not self.processes:
            return self.limit
        return (self.limit - self.process) // self.processes

    def whole(self, share: int) -> int:
        """Bytes of all processes where one that has tasks takes so many."""
        return share * self.processes + self.process if self.processes else share

    @property
    def free(self) -> int:
        """Bytes of a process for tasks and what they share."""
        return self.share - self.process

    @property
    def at_once(self) -> int:
        """Tasks at once of all processes."""
        return self.workers * max(1, self.processes)

    def tasks(self, grid: BlockGrid, tiling: Tiling) -> int:
        """Tasks at once: blocks of a grid, or tiles of them where they are cut."""
        return min(self.workers, max(1, cut_grid(grid, tiling).total))

    def results(self, grid: BlockGrid, tiling: Tiling) -> int:
        """Results of blocks that tasks share: none where a task has its own."""
        if tiling.total == 1:
            return 0
        return min(tiling.blocks_at_once(self.workers), max(1, grid.total))

    def in_tasks(self, grid: BlockGrid, tiling: Tiling, memory: TaskMemory) -> int:
        """Bytes of tasks at once, and of the results they share, where none compiles."""
        at_once = self.tasks(grid, tiling), self.results(grid, tiling)
        return memory.at_once(*at_once)

    def in_compiling(self, grid: BlockGrid, tiling: Tiling, memory: TaskMemory) -> int:
        """Bytes of them more where one compiles."""
        at_once = self.tasks(grid, tiling), self.results(grid, tiling)
        return memory.compiling(*at_once, self.compiler)


@dataclass(frozen=True, eq=False)
class Stage:
    """Blocks of one array, each computed in one go from the stage's input.

    Parameters
    ----------
    source : ArrayMeta
        The input.
    pipeline : Pipeline
        The steps.
    first : int
        Number of the first of them in the whole run, from 1.
    room : Room
        Tasks at once, and memory: fewer tasks than may be, where that saves time.
    writes : tuple of Write
        What is stored, the result last.
    grid : BlockGrid
        Blocks of the result.
    sweep : Sweep
        Their order.
    tiling : Tiling
        How each is cut into tiles. A task is a tile, or a block that is not cut.
    within : tuple of Loop
        Loops over the tiles of a block: the order in which they come.
    cache_bytes : int
        Bytes of decoded chunks that are held for later blocks, at most; 0 where each
        block reads for itself.
    memory : TaskMemory
        Memory of tasks, and of what they share.
    bytes_read : int
        Bytes that all blocks decode.
    cost : float
        Nanoseconds of one thread, about.
    """

    source: ArrayMeta
    pipeline: Pipeline
    first: int
    room: Room
    writes: tuple[Write, ...]
    grid: BlockGrid
    sweep: Sweep
    tiling: Tiling
    within: tuple[Loop, ...]
    cache_bytes: int
    memory: TaskMemory
    bytes_read: int
    cost: float

    @property
    def task_bytes(self) -> int:
        """Memory of one task, in bytes."""
        return total(self.memory.own)

    @property
    def result_bytes(self) -> int:
        """Bytes of the result of a block."""
        itemsize = np.dtype(self.pipeline.dtypes[-1]).itemsize
        return math.prod(self.grid.block) * itemsize

    @property
    def shared_bytes(self) -> int:
        """Memory that tasks share, in bytes."""
        return self.results * total(self.memory.shared)

    @property
    def tasks_at_once(self) -> int:
        """Tasks at once: no more than there are."""
        return self.room.tasks(self.grid, self.tiling)

    @property
    def results(self) -> int:
        """Results of blocks that tasks share: none where a task has its own."""
        return self.room.results(self.grid, self.tiling)

    @property
    def at_work_bytes(self) -> int:
        """Memory that is needed where no task compiles."""
        in_tasks = self.room.in_tasks(self.grid, self.tiling, self.memory)
        return self.room.process + in_tasks + self.bytes_held

    @property
    def bytes_held(self) -> int:
        """Memory in which chunks are held."""
        return int(for_each_held(self.source) * self.cache_bytes)

    @property
    def bytes_let_go(self) -> int:
        """Bytes of chunks held that are let go of where a task compiles.

        As many as its compiler is short of; but each task may be at work on one of them.
        """
        free = self.bytes_held - in_work_bytes(self.source, self.tasks_at_once)
        short = self.at_work_bytes + self.compiler_bytes - self.room.share
        return max(0, min(free, short, self.compiler_bytes))

    @property
    def compiler_bytes(self) -> int:
        """Memory of tasks of which one compiles, beyond what they take otherwise."""
        return self.room.in_compiling(self.grid, self.tiling, self.memory)

    @property
    def bytes_compiling(self) -> int:
        """As much of that as no chunks are let go of for."""
        return self.compiler_bytes - self.bytes_let_go

    @property
    def needed_bytes(self) -> int:
        """Memory of a process: of its tasks at once, of what they share, and its own."""
        return self.at_work_bytes + self.bytes_compiling

    @property
    def behind(self) -> int:
        """Files on their way to the disk while tasks go on: as memory is left for them.

        Where threads share the tiles of blocks, one of them stores each.
        """
        each = behind_bytes(self.writes)
        if not each:
            return 0
        room = max(0, self.room.share - self.at_work_bytes) // each
        others = sum(write.objects_in_all for write in self.writes) - 1
        tasks = self.tasks_at_once if self.tiling.total == 1 else 1
        return min(BEHIND * tasks, room, others)

    @property
    def bytes_behind(self) -> int:
        """Memory of files on their way."""
        return self.behind * behind_bytes(self.writes)

    @property
    def peak_bytes(self) -> int:
        """Memory at most: no file is on its way while code is compiled."""
        return max(self.needed_bytes, self.at_work_bytes + self.bytes_behind)

    @property
    def fits(self) -> bool:
        """Whether the memory that is needed is there."""
        return self.needed_bytes <= self.room.share

    @property
    def bytes_written(self) -> int:
        """Bytes of all that is written, before encoding."""
        return sum(write.nbytes for write in self.writes)

    @property
    def read_amplification(self) -> float:
        """Bytes decoded over bytes of the input; below 1 where chunks are skipped."""
        return self.bytes_read / max(1, nbytes_of(self.source))

    def number(self, turn: int) -> int:
        """The block whose turn it is."""
        return self.grid.number(self.sweep.index(turn))

    def boxes(self, index: Sequence[int]) -> list[Box]:
        """For each write the cells that the block at a place along each axis writes."""
        return list(
            zip(*(self.sides(axis, at) for axis, at in enumerate(index)), strict=True)
        )

    @lru_cache(maxsize=SIDES)  # noqa: B019 (few stages, and small values)
    def sides(self, axis: int, place: int) -> tuple[Interval, ...]:
        """For each write the cells along an axis, the same for a row of blocks."""
        return tuple(write.cells(self.grid, axis, place) for write in self.writes)

    @cached_property
    def tiles(self) -> BlockGrid:
        """The grid of all tiles."""
        return cut_grid(self.grid, self.tiling)

    @cached_property
    def tile_sweep(self) -> Sweep:
        """The order of all tiles."""
        return self.sweep.cut(self.tiling, self.within, self.tiles.counts)

    def tiles_of(self, turn: int) -> Iterator[tuple[int, ...]]:
        """The tiles of a block, told by their places along each axis, in order."""
        along = map(self.tiling.along, range(len(self.grid.shape)))
        sides = [
            (place * tiles, min((place + 1) * tiles, count) - place * tiles)
            for place, tiles, count in zip(
                self.sweep.index(turn), along, self.tiles.counts, strict=True
            )
        ]
        firsts, counts = zip(*sides, strict=True)
        for place in Sweep(counts, self.within, self.sweep.descending):
            yield tuple(map(add, firsts, place))

    @cached_property
    def demands(self) -> tuple[AxisDemands, ...]:
        """What the tiles need, for each axis."""
        return tuple(
            axis_demands(self.pipeline, self.source, self.tiles, self.writes, axis)
            for axis in range(len(self.grid.shape))
        )


def shelf_bytes(held: int) -> int:
    """Bytes of memory in which so many bytes of chunks are held."""
    return int(IN_PAGES * held)


def for_each_held(source: ArrayMeta) -> float:
    """Bytes that are planned for each byte of chunks held."""
    return IN_PAGES if source.in_place else IN_HEAP


def most_held(source: ArrayMeta, free: int, compiling: int, tasks: int) -> int:
    """Bytes of decoded chunks that may be held, so that a task may compile.

    Parameters
    ----------
    source : ArrayMeta
        The input.
    free : int
        Bytes for them where none compiles.
    compiling : int
        Bytes more that are needed where one does.
    tasks : int
        Tasks at once, each of which may be at work on a chunk that is not let go of then.

    Examples
    --------
    >>> from volconv.meta import Axis
    >>> source = ArrayMeta((Axis("x", 100),), "uint8", (10,), in_place=True)
    >>> [most_held(source, free, 40, 2) for free in (100, 50, 30)]
    [98, 9, 0]
    """
    if free < compiling + in_work_bytes(source, tasks):
        free -= compiling
    return int(max(0, free) / for_each_held(source))


def in_work_bytes(source: ArrayMeta, tasks: int) -> int:
    """Bytes of decoded chunks that tasks read from where they are held."""
    return tasks * chunk_bytes(source)


def cut_grid(grid: BlockGrid, tiling: Tiling) -> BlockGrid:
    """The grid of the tiles of a grid's blocks."""
    unit, units = list(grid.unit), list(grid.units)
    for axis, tiles in enumerate(tiling.tiles):
        if tiles > 1:
            unit[axis], units[axis] = unit[axis] * units[axis] // tiles, 1
    cut = grid.shape, tuple(unit), tuple(units)
    if tiling.shift:
        return TileGrid(*cut, tiling.tiles, tiling.shift)
    return BlockGrid(*cut)


def nbytes_of(meta: ArrayMeta) -> int:
    """Bytes of an array's cells."""
    return meta.cells * np.dtype(meta.dtype).itemsize
