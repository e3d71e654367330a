"""The blocks, tiles and order of a stage that cost least."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import cached_property

import numpy as np

from volconv.meta import ArrayMeta
from volconv.plan.blocks import BlockGrid
from volconv.plan.costs import Costs, least_decoded, most_cells
from volconv.plan.memory import InBoxes, TaskMemory, task_memory
from volconv.plan.periodic import PlannedDemands, planned_demands
from volconv.plan.stage import (
    Room,
    Stage,
    cut_grid,
    most_held,
)
from volconv.plan.sweep import Tiling
from volconv.plan.tiles import Tiles
from volconv.plan.tilings import tilings
from volconv.plan.traffic import Traffic, best_traffic
from volconv.plan.write import Write
from volconv.steps import Pipeline

__all__ = ["Search", "make_stage"]

ENOUGH = 4
"""Blocks for each worker that are enough for all to be done at about the same time."""

LARGEST = 20e9
"""Nanoseconds of one thread that a block takes at most, where there are few: what a kill
loses, and what other machines of a cluster cannot share. Arbitrary."""

LITTLE = 0.01
"""Share of the time that is not worth a look at what could save it. Arbitrary."""

MOST_CELLS = 2**31 - 1
"""Cells of an array that a tile holds, at most: libraries that count in 32 bits fail
beyond."""

FRUGAL = 0.45
"""Share of a stage's time that all of the memory must save to be taken. Measured 2026-11
on Zen 5 over 2.5 GiB in chunks of 128³: with more, a 3³ kernel at a quarter of them takes
a seventh less memory and 6 % more time; with less, a mean of 2³ takes a tenth more memory
in the same time."""


SAVED = 0.25
"""Share of a stage's time that more tasks at once must save where they decode more for want
of memory: two seldom are twice as fast as one, and these take more of the processors.
Measured 2026-11 on Zen 3 over 2.5 GiB within 280 MiB, one task for two: gaussians of 8, 4
and 2 with a stride of their sigma are planned in 20, 27 and 24 % more time, took 3 % more,
7 % less and 12 % more of it, and 0.63 to 0.69 of the CPU time (two runs each, in turn)."""


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
    Each task at once leaves less memory for the others and for chunks that are held:
    there are half as many, and again half, as long as that saves time or costs little of
    it, or as many as fit.
    A stage that does not fit comes with the smallest blocks, one at once; refusing it is
    the plan's.
    """
    search = Search(source, pipeline, tuple(writes), room, first)
    found = best = fastest = search.widest()
    while found is best and search.room.workers > 1 and search.may_be_idle(best):
        search = search.with_fewer(best)
        found = search.widest()
        if not is_worth(fastest, found):
            best = found
        fastest = min(fastest, found, key=rank)
    return best


@dataclass(frozen=True, eq=False)
class Search:
    """Stages over one input that differ in their blocks.

    Parameters
    ----------
    source, pipeline, writes, room, first
        As in `Stage`.
    known : dict
        What blocks and tiles need along an axis, by axis and by what tells them.
    boxes : dict
        What tasks hold of the boxes of steps, by what tells them along all axes.
    """

    source: ArrayMeta
    pipeline: Pipeline
    writes: tuple[Write, ...]
    room: Room
    first: int
    known: dict[tuple[int, ...], PlannedDemands] = field(default_factory=dict)
    boxes: dict[tuple[tuple[int, ...], ...], InBoxes] = field(default_factory=dict)

    def widest(self) -> Stage:
        """The stage whose blocks cost least.

        From one storage unit on, they are doubled along the axis that saves most, as long
        as that saves anything and leaves enough of them; or fewer are left, by one or two
        doublings at once, where these may be of use.
        """
        result = self.writes[-1]
        ones = (1,) * len(result.shape)
        best = self.best(BlockGrid(result.shape, result.output.unit, ones))
        while True:
            stage = best
            for axis, grid in doubled(stage.grid):
                if self.are_enough(grid, axis):
                    best = self.best(grid, best)
                elif self.may_be_few(grid, best):
                    best = self.best(grid, best, in_tiles=True)
            if best is stage:
                best = self.much_fewer(stage)
            if best is stage:
                return stage

    def much_fewer(self, stage: Stage) -> Stage:
        """The better one of a stage and of those with blocks that are doubled twice.

        Along two axes, where they are fewer than enough: one doubling may save nothing
        that the other one saves.
        """
        best = stage
        for axis, half in doubled(stage.grid):
            for other, grid in doubled(half):
                if other <= axis or self.are_enough(grid, other):
                    continue
                if self.may_be_few(grid, best):
                    best = self.best(grid, best, in_tiles=True)
        return best

    def may_be_idle(self, stage: Stage) -> bool:
        """Whether half as many tasks at once could be faster, or are the only way.

        They are no faster unless they would be if each chunk were decoded once: where
        more than half of the time goes into what is decoded again, or less of an input
        behind a network, which is fetched for one of them at a time.
        """
        if not stage.fits:
            return True
        tasks, fewer = stage.tasks_at_once, max(1, stage.tasks_at_once // 2)
        cost = stage.cost - self.costs.reading(tasks) * stage.bytes_read
        cost += self.costs.reading(fewer) * self.least_bytes(stage.grid)
        return cost / fewer < stage.cost / tasks

    def with_fewer(self, stage: Stage) -> Search:
        """The same with half as many tasks at once, or with those of a stage that fit."""
        workers = self.room.workers // 2
        if not stage.fits:
            workers = min(workers, max(1, self.room.free // stage.task_bytes))
        return replace(self, room=replace(self.room, workers=workers))

    @cached_property
    def costs(self) -> Costs:
        """What stages cost."""
        return Costs(self.source, self.pipeline, self.writes)

    def demands(self, grid: BlockGrid) -> list[PlannedDemands]:
        """What the blocks of a grid need, for each axis."""
        found = []
        for axis in range(len(grid.shape)):
            key = (axis, *grid.along(axis))
            if key not in self.known:
                self.known[key] = planned_demands(
                    self.pipeline, self.source, grid, self.writes, axis
                )
            found.append(self.known[key])
        return found

    def are_enough(self, grid: BlockGrid, axis: int) -> bool:
        """Whether there are blocks enough where they are widened along an axis.

        One for each task at once along a dimension that a step makes, where all blocks
        read the same.
        """
        each = 1 if axis in self.source.new_axes else ENOUGH
        return grid.total >= each * self.room.at_once

    def may_be_few(self, grid: BlockGrid, known: Stage) -> bool:
        """Whether fewer blocks than that are of use, if threads share the tiles of each.

        Where the stage that is known decodes chunks more than once, as long as a block is
        a small piece of work. They take no less memory.
        """
        if not known.fits or self.again(known) <= LITTLE:
            return False
        return self.least_cost(grid, Tiling()) <= LARGEST * grid.total

    def again(self, stage: Stage) -> float:
        """Share of a stage's time that goes into chunks that were decoded before."""
        nbytes = stage.bytes_read - self.least_bytes(stage.grid)
        return self.costs.reading(stage.tasks_at_once) * nbytes / max(1, stage.cost)

    def least_bytes(self, grid: BlockGrid) -> int:
        """Bytes that are decoded where each chunk that is read is decoded once."""
        item = np.dtype(self.source.dtype).itemsize
        return item * least_decoded(self.demands(grid))

    def best(
        self, grid: BlockGrid, known: Stage | None = None, *, in_tiles: bool = False
    ) -> Stage:
        """The stage over the blocks of a grid, cut into tiles as is best.

        Parameters
        ----------
        grid : BlockGrid
            The blocks.
        known : Stage, optional
            What is returned where none of these is better.
        in_tiles : bool
            Whether blocks are to be cut in any case.
        """
        cuts, finer = self.tilings(grid)
        if known is None:
            known = self.stage(grid, cuts.pop(0))
        best = known
        for tiling in cuts:
            if tiling.total > 1 or not in_tiles:
                best = self.better(best, grid, tiling)
        if best.grid == grid and best.cache_bytes and best.tiling.total > 1:
            best = self.better(best, grid, self.shifted(grid, best.tiling))
        for tiling in finer:
            if best.fits:
                break
            best = self.better(best, grid, tiling)
        return best

    def better(self, known: Stage, grid: BlockGrid, tiling: Tiling) -> Stage:
        """The better one of a stage that is known and of the one over some tiles.

        Or over the same tiles shifted, where these fit and decode some chunks more than
        once: they take as much memory.
        """
        if not self.may_beat(known, grid, tiling):
            return known
        found = self.stage(grid, tiling, known)
        known = min(known, found, key=rank)
        shifted = self.shifted(grid, tiling)
        if shifted == tiling or not found.fits or self.again(found) <= LITTLE:
            return known
        return self.better(known, grid, shifted)

    def tilings(self, grid: BlockGrid) -> tuple[list[Tiling], list[Tiling]]:
        """How the blocks of a grid may be cut, and how where none of these fits.

        They stay whole where something is saved on the way.
        """
        if len(self.writes) > 1:
            return [Tiling()], []
        reads = [demand.reads.most for demand in self.demands(grid)]
        return tilings(grid, reads, self.own_chunks(grid))

    def shifted(self, grid: BlockGrid, tiling: Tiling) -> Tiling:
        """The same tiles, shifted so far that they read nothing ahead of what they own.

        As they are, where they do not, or where some would be empty.
        """
        if tiling.shift or tiling.total == 1:
            return tiling
        tiles = cut_grid(grid, tiling)
        shift = [0] * len(tiles.shape)
        for axis, demand in enumerate(self.demands(tiles)):
            cells, jump = tiles.block[axis], self.pipeline.jumps[0][axis]
            if tiling.along(axis) > 1 and demand.reads.is_shared and jump:
                ahead = math.ceil(demand.reads.first_end / jump) - cells
                shift[axis] = ahead if 0 < ahead < cells else 0
        return Tiling(tiling.tiles, tuple(shift)) if any(shift) else tiling

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
        excess, most = rank(known)
        if excess:
            return True
        least = self.least_cost(grid, tiling) * dearer(self.room.process, self.room)
        return least < most * self.room.tasks(grid, tiling)

    def in_boxes(self, cut: BlockGrid) -> InBoxes:
        """What tasks hold of the boxes of steps, each of them a block of a grid."""
        key = tuple(cut.along(axis) for axis in range(len(cut.shape)))
        if key not in self.boxes:
            self.boxes[key] = InBoxes.of(
                self.pipeline, self.demands(cut), self.writes, self.first
            )
        return self.boxes[key]

    def memory(
        self, grid: BlockGrid, tiling: Tiling, *, one_by_one: bool
    ) -> TaskMemory:
        """Memory of tasks, each of which decodes chunks one by one or reads whole boxes."""
        cut = cut_grid(grid, tiling)
        return task_memory(
            self.source,
            self.pipeline,
            self.demands(cut),
            self.writes,
            self.in_boxes(cut),
            block=grid.block if tiling.total > 1 else None,
            one_by_one=one_by_one,
        )

    def least_cost(self, grid: BlockGrid, tiling: Tiling) -> float:
        """What blocks cost of which each chunk is decoded once."""
        return self.cost(
            grid, tiling, least_decoded(self.demands(cut_grid(grid, tiling)))
        )

    def cost(self, grid: BlockGrid, tiling: Tiling, decoded: int) -> float:
        """What blocks cost of which so many cells are decoded.

        While the last block in tiles is stored, by one thread, the others are idle.
        """
        tasks = self.room.tasks(grid, tiling)
        demands = self.demands(cut_grid(grid, tiling))
        cost = self.costs.of(grid, tiling, demands, decoded, tasks)
        if tiling.total == 1:
            return cost
        return cost + (tasks - 1) * self.costs.storing(grid)

    def stage(
        self, grid: BlockGrid, tiling: Tiling, known: Stage | None = None
    ) -> Stage:
        """The stage over the tiles of a grid's blocks, in their best order.

        In any order if it ranks behind a stage that is known, whatever the order.
        """
        demands = self.demands(cut_grid(grid, tiling))
        is_shared = any(demand.reads.is_shared for demand in demands)
        memory = self.memory(grid, tiling, one_by_one=is_shared)
        in_tasks = self.room.in_tasks(grid, tiling, memory)
        item = np.dtype(self.source.dtype).itemsize
        at_once = self.room.tasks(grid, tiling)
        free = self.room.free - in_tasks
        compiling = self.room.in_compiling(grid, tiling, memory)
        room = most_held(self.source, free, compiling, at_once) // item
        reads = [demand.reads for demand in demands]
        most = None
        if known is not None and known.fits:
            spent = self.cost(grid, tiling, 0)
            least = self.room.process + in_tasks + compiling
            time = rank(known)[1] / dearer(least, self.room) * at_once
            most = int((time - spent) / (self.costs.reading(at_once) * item))
        if compiling < free:
            traffic = best_traffic(reads, room, tiling, at_once, most)
        else:
            traffic = Traffic.plain(Tiles(reads, tiling, at_once))
        if is_shared and not traffic.held:
            memory = self.memory(grid, tiling, one_by_one=False)
        return Stage(
            self.source,
            self.pipeline,
            self.first,
            self.room,
            self.writes,
            grid,
            traffic.sweep,
            tiling,
            traffic.within,
            traffic.held * item,
            memory,
            traffic.decoded * item,
            self.cost(grid, tiling, traffic.decoded),
        )


def is_worth(stage: Stage, fewer: Stage) -> bool:
    """Whether a stage saves what its tasks at once take more than fewer of them do."""
    (excess, most), (other, time) = rank(stage), rank(fewer)
    return (excess, most) <= (other, time * (1 - SAVED))


def rank(stage: Stage) -> tuple[int, float]:
    """What is to be small: by how much it does not fit, then time, and memory."""
    peak, room = stage.needed_bytes, stage.room
    time = stage.cost / stage.tasks_at_once
    return max(0, peak - room.share), time * dearer(peak, room)


def dearer(peak: int, room: Room) -> float:
    """By how much memory makes time dearer."""
    return 1 + FRUGAL * peak / max(1, room.share)


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
