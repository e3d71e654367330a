"""A stage: steps that run fused, block by block, from one store to another."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from volconv.meta import ArrayMeta
from volconv.plan.blocks import BlockGrid
from volconv.plan.demands import AxisDemands, axis_demands
from volconv.plan.memory import Part, task_memory
from volconv.plan.sweep import Sweep
from volconv.plan.traffic import Traffic, best_traffic
from volconv.plan.write import Write
from volconv.steps import Pipeline

__all__ = ["PROCESS_MEMORY", "Room", "Stage", "make_stage"]

PROCESS_MEMORY = 210 * 2**20
"""Bytes of the interpreter with its libraries: 197 to 207 MiB measured 2026-11 as the peak
of runs over 16 cells cubed (``/usr/bin/time -v volconv run``), 165 MiB without a compiled
engine, whose compiler takes the rest."""

HEAP = 1.15
"""Bytes taken of the machine for each byte in use: what the C library's allocator keeps
between blocks. 1.10 to 1.14 measured 2026-11 over runs of 160 and 320 blocks."""

# Nanoseconds of one thread, about: only their ratios count.
DECODE = 3.0
"""A byte that is decoded: Zstandard at 330 MB/s, measured 2026-11 on 128³ chunks."""
ENCODE = 6.0
"""A byte that is encoded, likewise."""
BLOCK = 3e6
"""A block: its reads and writes through zarr, apart from their bytes."""


@dataclass(frozen=True)
class Room:
    """What the tasks of one machine may take.

    Parameters
    ----------
    workers : int
        Tasks at once.
    limit : int
        Bytes of all tasks, of what they share, and of the process itself.
    """

    workers: int
    limit: int

    @property
    def free(self) -> int:
        """Bytes for tasks and what they share."""
        return int((self.limit - PROCESS_MEMORY) / HEAP)

    def peak(self, stage: Stage) -> int:
        """Bytes that a stage takes of the machine, at most."""
        used = self.workers * stage.task_bytes + stage.cache_bytes
        return PROCESS_MEMORY + int(HEAP * used)

    def holds(self, stage: Stage) -> bool:
        """Whether a stage fits the limit."""
        return self.peak(stage) <= self.limit


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
    writes : tuple of Write
        What is stored, the result last.
    grid : BlockGrid
        Blocks of the result, one task each.
    sweep : Sweep
        Their order.
    cache_bytes : int
        Bytes of decoded chunks that are held for later blocks, at most; 0 where each
        block reads for itself.
    memory : tuple of Part
        Memory of one task.
    bytes_read : int
        Bytes that all blocks decode.
    cost : float
        Nanoseconds of one thread, about.
    """

    source: ArrayMeta
    pipeline: Pipeline
    first: int
    writes: tuple[Write, ...]
    grid: BlockGrid
    sweep: Sweep
    cache_bytes: int
    memory: tuple[Part, ...]
    bytes_read: int
    cost: float

    @property
    def task_bytes(self) -> int:
        """Memory of one task, in bytes."""
        return sum(part.nbytes for part in self.memory)

    @property
    def bytes_written(self) -> int:
        """Bytes of all that is written, before encoding."""
        return sum(
            math.prod(write.shape) * np.dtype(write.output.dtype).itemsize
            for write in self.writes
        )

    @property
    def read_amplification(self) -> float:
        """Bytes decoded over bytes of the input; below 1 where chunks are skipped."""
        return self.bytes_read / max(1, nbytes_of(self.source))

    def number(self, turn: int) -> int:
        """The block whose turn it is."""
        return self.grid.number(self.sweep.index(turn))

    @cached_property
    def demands(self) -> tuple[AxisDemands, ...]:
        """What the blocks need, for each axis."""
        return tuple(
            axis_demands(self.pipeline, self.source, self.grid, self.writes, axis)
            for axis in range(len(self.grid.shape))
        )


def nbytes_of(meta: ArrayMeta) -> int:
    """Bytes of an array's cells."""
    return meta.cells * np.dtype(meta.dtype).itemsize


def make_stage(
    source: ArrayMeta,
    pipeline: Pipeline,
    writes: Sequence[Write],
    room: Room,
    *,
    first: int = 1,
) -> Stage:
    """The stage whose blocks and order cost least in the memory there is.

    Parameters
    ----------
    source, pipeline, writes, first
        As in `Stage`.
    room : Room
        Tasks at once, and memory.

    Notes
    -----
    From one storage unit on, blocks are doubled along the axis that saves most, as long
    as that saves anything and leaves four blocks for each worker. A stage that does not
    fit comes with the smallest blocks; refusing it is the plan's.
    """
    search = Search(source, pipeline, tuple(writes), room, first)
    result = writes[-1]
    ones = (1,) * len(result.shape)
    stage = search.stage(BlockGrid(result.shape, result.output.unit, ones))
    while True:
        wider = [
            search.stage(grid)
            for grid in doubled(stage.grid)
            if grid.total >= min(4 * room.workers, stage.grid.total)
        ]
        fitting = [one for one in wider if room.holds(one)]
        best = min(fitting, key=lambda one: one.cost, default=stage)
        if best.cost >= stage.cost:
            return stage
        stage = best


@dataclass(frozen=True, eq=False)
class Search:
    """Stages over one input that differ in their blocks."""

    source: ArrayMeta
    pipeline: Pipeline
    writes: tuple[Write, ...]
    room: Room
    first: int

    @cached_property
    def known(self) -> dict[tuple[int, int], AxisDemands]:
        """Needs along an axis, by axis and storage units of a block."""
        return {}

    def demands(self, grid: BlockGrid) -> list[AxisDemands]:
        """What the blocks of a grid need, for each axis."""
        for axis, units in enumerate(grid.units):
            if (axis, units) not in self.known:
                self.known[axis, units] = axis_demands(
                    self.pipeline, self.source, grid, self.writes, axis
                )
        return [self.known[axis, units] for axis, units in enumerate(grid.units)]

    def stage(self, grid: BlockGrid) -> Stage:
        """The stage over the blocks of a grid, in their best order."""
        demands = self.demands(grid)
        memory = task_memory(self.source, self.pipeline, demands, self.writes)
        task = sum(part.nbytes for part in memory)
        item = np.dtype(self.source.dtype).itemsize
        spare = max(0, self.room.free - self.room.workers * task)
        traffic = best_traffic([demand.reads for demand in demands], spare // item)
        return Stage(
            self.source,
            self.pipeline,
            self.first,
            self.writes,
            grid,
            traffic.sweep,
            traffic.held * item,
            memory,
            traffic.decoded * item,
            self.cost(grid, demands, traffic),
        )

    def cost(
        self, grid: BlockGrid, demands: Sequence[AxisDemands], traffic: Traffic
    ) -> float:
        """Nanoseconds of one thread: decoding, computing, encoding, and each block."""
        computed = sum(
            node.step.cell_cost * math.prod(demand.totals[place] for demand in demands)
            for place, node in enumerate(self.pipeline.nodes, start=1)
        )
        written = sum(
            math.prod(write.shape) * np.dtype(write.output.dtype).itemsize
            for write in self.writes
        )
        item = np.dtype(self.source.dtype).itemsize
        return (
            DECODE * item * traffic.decoded
            + computed
            + ENCODE * written
            + BLOCK * grid.total
        )


def doubled(grid: BlockGrid) -> list[BlockGrid]:
    """Grids with blocks of twice the units along one axis, where it has more."""
    found = []
    for axis, count in enumerate(grid.counts):
        if count > 1:
            units = list(grid.units)
            most = -(-grid.shape[axis] // grid.unit[axis])
            units[axis] = min(2 * units[axis], most)
            found.append(replace(grid, units=tuple(units)))
    return found
