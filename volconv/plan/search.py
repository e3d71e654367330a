"""The blocks, tiles and order of a stage that cost least."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property
from typing import cast

import numpy as np

from volconv.meta import ArrayMeta
from volconv.plan.blocks import BlockGrid
from volconv.plan.memory import task_memory
from volconv.plan.periodic import PlannedDemands, planned_demands
from volconv.plan.stage import HOLES, Room, Stage, cut_grid, result_bytes
from volconv.plan.sweep import Tiling
from volconv.plan.tilings import tilings
from volconv.plan.traffic import best_traffic
from volconv.plan.write import Write
from volconv.steps import Pipeline

__all__ = ["DECODE", "ENCODE", "Search", "make_stage"]

# Nanoseconds of one thread, about: only their ratios count.
DECODE = 3.0
"""A byte that is decoded: Zstandard at 330 MB/s, measured 2026-11 on 128³ chunks."""
ENCODE = 6.0
"""A byte that is encoded, likewise."""
BLOCK = 2e6
"""A block: its reads and writes through zarr, apart from their bytes."""
TILE = 5e5
"""A tile: its reads, its steps and what is held for it, apart from their cells: what
`python -m benchmarks.overhead --only own` measures."""
COPY = 0.25
"""A byte that is copied from decoded chunks into a tile."""

MOST_CELLS = 2**31 - 1
"""Cells of an array that a tile holds, at most: libraries that count in 32 bits fail
beyond."""

FRUGAL = 0.5
"""Share of a stage's time that all of the memory must save to be taken. Measured 2026-11
on Zen 5 over 2.5 GiB in chunks of 128³: against 0.1, a mean of 2³ takes a quarter less
memory and a 3³ kernel a tenth less, in the same time; a gaussian of sigma 2 takes a fifth
less, and some hundredths longer."""


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
    def known(self) -> dict[tuple[int, int, int], PlannedDemands]:
        """Needs along an axis, by axis and by unit and units of a block or tile."""
        return {}

    @cached_property
    def cell_costs(self) -> tuple[float, ...]:
        """Nanoseconds of one output cell of each step."""
        return tuple(step.cell_cost for step in self.pipeline.steps)

    def demands(self, grid: BlockGrid) -> list[PlannedDemands]:
        """What the blocks of a grid need, for each axis."""
        found = []
        for axis, (unit, units) in enumerate(zip(grid.unit, grid.units, strict=True)):
            key = (axis, unit, units)
            if key not in self.known:
                self.known[key] = planned_demands(
                    self.pipeline, self.source, grid, self.writes, axis
                )
            found.append(self.known[key])
        return found

    def least_blocks(self, axis: int) -> int:
        """Blocks that widening them along an axis leaves, where there are as many."""
        return self.room.workers * (1 if axis in self.source.new_axes else 4)

    def rank(self, stage: Stage) -> tuple[int, float]:
        """What is to be small: by how much it does not fit, then time, and memory."""
        peak, limit = self.room.peak(stage), self.room.limit
        time = stage.cost / self.room.tasks(stage.grid, stage.tiling)
        return max(0, peak - limit), time * self.dearer(peak)

    def dearer(self, peak: int) -> float:
        """By how much memory makes time dearer."""
        return 1 + FRUGAL * peak / max(1, self.room.limit)

    def best(self, grid: BlockGrid, known: Stage | None = None) -> Stage:
        """The stage over the blocks of a grid, cut into tiles as is best.

        Parameters
        ----------
        grid : BlockGrid
            The blocks.
        known : Stage, optional
            What is returned where none of these is better.
        """
        cuts, finer = self.tilings(grid)
        for tiling in itertools.chain(cuts, finer):
            if known is None:
                known = self.stage(grid, tiling)
            elif tiling in finer and self.room.holds(known):
                break
            elif self.may_beat(known, grid, tiling):
                known = min(known, self.stage(grid, tiling, known), key=self.rank)
        return cast("Stage", known)

    def tilings(self, grid: BlockGrid) -> tuple[list[Tiling], list[Tiling]]:
        """How the blocks of a grid may be cut, and how where none of these fits.

        They stay whole where something is saved on the way.
        """
        if len(self.writes) > 1:
            return [Tiling()], []
        reads = [demand.reads.most for demand in self.demands(grid)]
        return tilings(grid, reads, self.own_chunks(grid))

    def own_chunks(self, grid: BlockGrid) -> list[Fraction]:
        """Chunks of the input that a block owns along each axis."""
        chunks = self.source.chunks or self.source.shape
        sides = zip(grid.block, self.pipeline.jumps[0], chunks, strict=True)
        return [cells * jump / max(1, chunk) for cells, jump, chunk in sides]

    def may_beat(self, known: Stage, grid: BlockGrid, tiling: Tiling) -> bool:
        """Whether blocks may rank before a stage that fits, each chunk decoded once.

        Not if they are beyond what is counted in 32 bits.
        """
        demands = self.demands(cut_grid(grid, tiling))
        if most_cells(demands) > MOST_CELLS:
            return False
        excess, most = self.rank(known)
        if excess:
            return True
        cost = self.cost(grid, tiling, demands, least_decoded(demands))
        cost *= self.dearer(self.room.process)
        return cost < most * self.room.tasks(grid, tiling)

    def stage(
        self, grid: BlockGrid, tiling: Tiling, known: Stage | None = None
    ) -> Stage:
        """The stage over the tiles of a grid's blocks, in their best order.

        In any order if it ranks behind a stage that is known, whatever the order.
        """
        demands = self.demands(cut_grid(grid, tiling))
        is_shared = any(demand.reads.is_shared for demand in demands)
        memory = task_memory(
            self.source,
            self.pipeline,
            demands,
            self.writes,
            block=grid.block if tiling.total > 1 else None,
            one_by_one=is_shared,
            first=self.first,
        )
        task = sum(part.nbytes for part in memory)
        result = result_bytes(self.pipeline, grid, tiling)
        in_tasks = self.room.in_tasks(grid, tiling, task, result)
        item = np.dtype(self.source.dtype).itemsize
        room = int(max(0, self.room.free - in_tasks) / HOLES) // item
        at_once = self.room.tasks(grid, tiling)
        reads = [demand.reads for demand in demands]
        most = None
        if known is not None and self.room.holds(known):
            spent = self.cost(grid, tiling, demands, 0)
            least = self.room.process + in_tasks
            time = self.rank(known)[1] / self.dearer(least) * at_once
            most = int((time - spent) / (DECODE * item))
        traffic = best_traffic(reads, room, tiling, at_once, most)
        return Stage(
            self.source,
            self.pipeline,
            self.first,
            self.writes,
            grid,
            traffic.sweep,
            tiling,
            traffic.within,
            traffic.held * item,
            memory,
            traffic.decoded * item,
            self.cost(grid, tiling, demands, traffic.decoded),
        )

    def cost(
        self,
        grid: BlockGrid,
        tiling: Tiling,
        demands: Sequence[PlannedDemands],
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


def most_cells(demands: Sequence[PlannedDemands]) -> int:
    """Cells of the largest array that a tile holds."""
    places = range(len(demands[0].most))
    return max(math.prod(demand.most[place] for demand in demands) for place in places)


def least_decoded(demands: Sequence[PlannedDemands]) -> int:
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
