"""A stage: steps that run fused, block by block, from one store to another."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import cast

import numpy as np

from volconv.meta import ArrayMeta
from volconv.plan.blocks import BlockGrid
from volconv.plan.demands import AxisDemands, axis_demands
from volconv.plan.memory import HEAP, Part, task_memory
from volconv.plan.sweep import Sweep
from volconv.plan.traffic import Tiling, best_traffic
from volconv.plan.write import Write
from volconv.steps import Pipeline

__all__ = ["PROCESS_MEMORY", "Room", "Stage", "make_stage"]

PROCESS_MEMORY = 210 * 2**20
"""Bytes of the interpreter with its libraries: 197 to 207 MiB measured 2026-11 as the peak
of runs over 16 cells cubed (``/usr/bin/time -v volconv run``), 165 MiB without a compiled
engine, whose compiler takes the rest."""

WEIGHTS = 3
"""Times that weights of layers are in memory: as they were read, as they are computed with,
and as tiles read them. Before, while a file is read, it is there as bytes, as tensors and
as arrays: of ResNet-50 (90 MiB) 289 MiB beyond the libraries then (2026-11, VmHWM), and
182 MiB when its plan is made."""

# Nanoseconds of one thread, about: only their ratios count.
DECODE = 3.0
"""A byte that is decoded: Zstandard at 330 MB/s, measured 2026-11 on 128³ chunks."""
ENCODE = 6.0
"""A byte that is encoded, likewise."""
BLOCK = 2e6
"""A block: its reads and writes through zarr, apart from their bytes."""
TILE = 2e6
"""A tile: its steps, and what is held for it, apart from their cells."""
COPY = 0.25
"""A byte that is copied from decoded chunks into a tile."""

MOST_CELLS = 2**31 - 1
"""Cells of an array that a tile holds, at most: libraries that count in 32 bits fail
beyond."""

TILES = (2, 4, 8)
"""Tiles of a block that are tried."""
LEAST_TILE = 8
"""Cells of a tile along the axis that is cut, at least: below, its halo is most of it."""


@dataclass(frozen=True)
class Room:
    """What the tasks of one machine may take.

    Parameters
    ----------
    workers : int
        Tasks at once.
    limit : int
        Bytes of all tasks, of what they share, and of the process itself.
    weights : int
        Bytes of the weights of layers, which the process holds throughout.
    """

    workers: int
    limit: int
    weights: int = 0

    @property
    def process(self) -> int:
        """Bytes of the process itself, with the weights that it holds."""
        return PROCESS_MEMORY + WEIGHTS * self.weights

    @property
    def free(self) -> int:
        """Bytes for tasks and what they share."""
        return self.limit - self.process

    def peak(self, stage: Stage) -> int:
        """Bytes that a stage takes of the machine, at most."""
        shared = int(HEAP * stage.cache_bytes)
        return self.process + self.workers * stage.task_bytes + shared

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
    tiling : Tiling
        How each is cut into tiles, to be read and computed one after the other.
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
    tiling: Tiling
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

    @property
    def tiles(self) -> BlockGrid:
        """The grid of all tiles."""
        return cut_grid(self.grid, self.tiling)

    @property
    def tile_sweep(self) -> Sweep:
        """The order of all tiles."""
        axis = self.tiling.axis
        return self.sweep.cut(axis, self.tiling.tiles, self.tiles.counts[axis])

    def tiles_of(self, turn: int) -> list[tuple[int, ...]]:
        """The tiles of a block, told by their places along each axis, in order."""
        index = list(self.sweep.index(turn))
        axis, tiles = self.tiling.axis, self.tiling.tiles
        first = index[axis] * tiles
        stop = min(first + tiles, self.tiles.counts[axis])
        found = [
            (*index[:axis], tile, *index[axis + 1 :]) for tile in range(first, stop)
        ]
        return found[::-1] if self.sweep.descending[axis] else found

    @cached_property
    def demands(self) -> tuple[AxisDemands, ...]:
        """What the tiles need, for each axis."""
        return tuple(
            axis_demands(self.pipeline, self.source, self.tiles, self.writes, axis)
            for axis in range(len(self.grid.shape))
        )


def cut_grid(grid: BlockGrid, tiling: Tiling) -> BlockGrid:
    """The grid of the tiles of a grid's blocks."""
    if tiling.tiles == 1:
        return grid
    unit, units = list(grid.unit), list(grid.units)
    cells = unit[tiling.axis] * units[tiling.axis]
    unit[tiling.axis], units[tiling.axis] = cells // tiling.tiles, 1
    return BlockGrid(grid.shape, tuple(unit), tuple(units))


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
    as that saves anything and leaves four blocks for each worker; one along a dimension
    that a step makes, where all blocks read the same. A stage that does not fit comes
    with the smallest blocks; refusing it is the plan's.
    """
    search = Search(source, pipeline, tuple(writes), room, first)
    result = writes[-1]
    ones = (1,) * len(result.shape)
    best = search.best(BlockGrid(result.shape, result.output.unit, ones))
    while True:
        stage = best
        for axis, grid in doubled(stage.grid):
            if grid.total >= min(search.least_blocks(axis), stage.grid.total):
                best = search.best(grid, best)
        if best is stage:
            return stage


@dataclass(frozen=True, eq=False)
class Search:
    """Stages over one input that differ in their blocks."""

    source: ArrayMeta
    pipeline: Pipeline
    writes: tuple[Write, ...]
    room: Room
    first: int

    @cached_property
    def known(self) -> dict[tuple[int, int, int], AxisDemands]:
        """Needs along an axis, by axis and by unit and units of a block or tile."""
        return {}

    @cached_property
    def cell_costs(self) -> tuple[float, ...]:
        """Nanoseconds of one output cell of each step."""
        return tuple(step.cell_cost for step in self.pipeline.steps)

    def demands(self, grid: BlockGrid) -> list[AxisDemands]:
        """What the blocks of a grid need, for each axis."""
        found = []
        for axis, (unit, units) in enumerate(zip(grid.unit, grid.units, strict=True)):
            key = (axis, unit, units)
            if key not in self.known:
                self.known[key] = axis_demands(
                    self.pipeline, self.source, grid, self.writes, axis
                )
            found.append(self.known[key])
        return found

    def least_blocks(self, axis: int) -> int:
        """Blocks that widening them along an axis leaves, where there are as many."""
        return self.room.workers * (1 if axis in self.source.new_axes else 4)

    def rank(self, stage: Stage) -> tuple[int, float]:
        """What is to be small: by how much it does not fit, then its cost."""
        return max(0, self.room.peak(stage) - self.room.limit), stage.cost

    def best(self, grid: BlockGrid, known: Stage | None = None) -> Stage:
        """The stage over the blocks of a grid, cut into tiles as is best.

        Tiles are cut along the longest side. Where something is saved on the way,
        blocks stay whole.

        Parameters
        ----------
        grid : BlockGrid
            The blocks.
        known : Stage, optional
            What is returned where none of these is better.
        """
        tilings = [Tiling()]
        axis = max(range(len(grid.shape)), key=lambda axis: grid.block[axis])
        cells = grid.unit[axis] * grid.units[axis]
        if len(self.writes) == 1:
            tilings += [
                Tiling(axis, tiles)
                for tiles in TILES
                if cells % tiles == 0 and cells // tiles >= LEAST_TILE
            ]
        for tiling in tilings:
            if known is None:
                known = self.stage(grid, tiling)
            elif self.may_beat(known, grid, tiling):
                known = min(known, self.stage(grid, tiling), key=self.rank)
        return cast("Stage", known)

    def may_beat(self, known: Stage, grid: BlockGrid, tiling: Tiling) -> bool:
        """Whether blocks may cost less than a stage that fits, each chunk decoded once.

        Not if they are beyond what is counted in 32 bits.
        """
        demands = self.demands(cut_grid(grid, tiling))
        if most_cells(demands) > MOST_CELLS:
            return False
        if self.rank(known)[0]:
            return True
        return self.cost(grid, tiling, demands, least_decoded(demands)) < known.cost

    def stage(self, grid: BlockGrid, tiling: Tiling) -> Stage:
        """The stage over the tiles of a grid's blocks, in their best order."""
        demands = self.demands(cut_grid(grid, tiling))
        is_shared = any(demand.reads.is_shared for demand in demands)
        memory = task_memory(
            self.source,
            self.pipeline,
            demands,
            self.writes,
            block=grid.block if tiling.tiles > 1 else None,
            one_by_one=is_shared,
            first=self.first,
        )
        task = sum(part.nbytes for part in memory)
        item = np.dtype(self.source.dtype).itemsize
        spare = int(max(0, self.room.free - self.room.workers * task) / HEAP)
        reads = [demand.reads for demand in demands]
        traffic = best_traffic(reads, spare // item, tiling)
        return Stage(
            self.source,
            self.pipeline,
            self.first,
            self.writes,
            grid,
            traffic.sweep,
            tiling,
            traffic.held * item,
            memory,
            traffic.decoded * item,
            self.cost(grid, tiling, demands, traffic.decoded),
        )

    def cost(
        self,
        grid: BlockGrid,
        tiling: Tiling,
        demands: Sequence[AxisDemands],
        decoded: int,
    ) -> float:
        """Nanoseconds of one thread: decoding, computing, encoding, and each block."""
        computed = sum(
            cost * math.prod(demand.totals[place] for demand in demands)
            for place, cost in enumerate(self.cell_costs, start=1)
        )
        written = sum(
            math.prod(write.shape) * np.dtype(write.output.dtype).itemsize
            for write in self.writes
        )
        item = np.dtype(self.source.dtype).itemsize
        copied = item * math.prod(demand.totals[0] for demand in demands)
        return (
            DECODE * item * decoded
            + COPY * copied
            + computed
            + ENCODE * written
            + BLOCK * grid.total
            + TILE * cut_grid(grid, tiling).total
        )


def most_cells(demands: Sequence[AxisDemands]) -> int:
    """Cells of the largest array that a tile holds."""
    places = range(len(demands[0].most))
    return max(math.prod(demand.most[place] for demand in demands) for place in places)


def least_decoded(demands: Sequence[AxisDemands]) -> int:
    """Cells that are decoded where each chunk that is read is decoded once."""
    return math.prod(demand.reads.whole for demand in demands)


def doubled(grid: BlockGrid) -> list[tuple[int, BlockGrid]]:
    """Grids with blocks of twice the units along one axis, where it has more."""
    found = []
    for axis, count in enumerate(grid.counts):
        if count > 1:
            units = list(grid.units)
            most = -(-grid.shape[axis] // grid.unit[axis])
            units[axis] = min(2 * units[axis], most)
            found.append((axis, replace(grid, units=tuple(units))))
    return found
