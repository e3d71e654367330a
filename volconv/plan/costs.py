"""What a stage costs: nanoseconds of one thread, of which only the ratios count."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from volconv.meta import ArrayMeta
from volconv.plan.blocks import BlockGrid
from volconv.plan.periodic import PlannedDemands
from volconv.plan.stage import cut_grid
from volconv.plan.sweep import Tiling
from volconv.plan.write import Write
from volconv.steps import Pipeline

__all__ = ["DECODE", "ENCODE", "Costs", "least_decoded", "most_cells"]

DECODE = 3.0
"""A byte that is decoded: Zstandard at 330 MB/s, measured 2026-11 on 128³ chunks."""
FETCH = 4.0
"""A byte that is decoded, of an input that is not on this machine: 125 MB/s, which all
tasks share, for objects of half of it. Arbitrary."""
ENCODE = 6.0
"""A byte that is encoded: Zstandard, likewise."""
BLOCK = 2e6
"""A block: its reads and writes through zarr, apart from their bytes."""
TILE = 5e5
"""A tile: its reads, its steps and what is held for it, apart from their cells: what
`python -m benchmarks.overhead --only own` measures."""
COPY = 0.25
"""A byte that is copied from decoded chunks into a tile."""

CACHED = 16 * 2**20
"""Bytes of a block's result, put together of tiles, that are still in the cache as it is
encoded, about. Measured 2026-11 on Zen 5: a 3³ kernel over blocks of 32 MiB took 7 % longer
than over those of 16 MiB."""


@dataclass(frozen=True, eq=False)
class Costs:
    """What stages cost that differ in their blocks, tiles and order alone.

    Parameters
    ----------
    source : ArrayMeta
        The input.
    pipeline : Pipeline
        The steps.
    writes : tuple of Write
        What is stored.
    """

    source: ArrayMeta
    pipeline: Pipeline
    writes: tuple[Write, ...]

    @cached_property
    def cells(self) -> tuple[float, ...]:
        """Of one output cell of each step."""
        return tuple(step.cell_cost for step in self.pipeline.steps)

    @cached_property
    def written(self) -> int:
        """Bytes of all that is written, before encoding."""
        return sum(write.nbytes for write in self.writes)

    def of(
        self,
        grid: BlockGrid,
        tiling: Tiling,
        demands: Sequence[PlannedDemands],
        decoded: int,
        tasks: int,
    ) -> float:
        """Decoding, computing, encoding, and each block and tile.

        Parameters
        ----------
        grid : BlockGrid
            The blocks.
        tiling : Tiling
            How each is cut into tiles.
        demands : sequence of PlannedDemands
            What the tiles need, for each axis.
        decoded : int
            Cells that are decoded.
        tasks : int
            At once.
        """
        computed = sum(
            cost * math.prod(demand.totals[place] for demand in demands)
            for place, cost in enumerate(self.cells, start=1)
        )
        item = np.dtype(self.source.dtype).itemsize
        copied = item * math.prod(demand.totals[0] for demand in demands)
        if tiling.total > 1 and self.result_bytes(grid) > CACHED:
            copied += self.written
        if are_apart(grid):
            copied += self.written
        return (
            self.reading(tasks) * item * decoded
            + COPY * copied
            + computed
            + ENCODE * self.written
            + BLOCK * grid.total
            + TILE * cut_grid(grid, tiling).total
        )

    def reading(self, tasks: int) -> float:
        """A byte that is decoded, so many tasks at once: one of them fetches at a time."""
        return DECODE + (tasks * FETCH if self.source.is_remote else 0)

    def storing(self, grid: BlockGrid) -> float:
        """Encoding the result of one block."""
        return ENCODE * self.result_bytes(grid)

    def result_bytes(self, grid: BlockGrid) -> int:
        """Bytes of the result of one block, as it is stored."""
        item = np.dtype(self.writes[-1].output.dtype).itemsize
        return item * math.prod(grid.block)


def are_apart(grid: BlockGrid) -> bool:
    """Whether the storage units of a block have cells of others between their own.

    They are put together then before they are encoded.
    """
    outer = 1
    for units, cells in zip(grid.units, grid.block, strict=True):
        if units > 1 and outer > 1:
            return True
        outer *= cells
    return False


def most_cells(demands: Sequence[PlannedDemands]) -> int:
    """Cells of the largest array that a tile holds."""
    places = range(len(demands[0].most))
    return max(math.prod(demand.most[place] for demand in demands) for place in places)


def least_decoded(demands: Sequence[PlannedDemands]) -> int:
    """Cells that are decoded where each chunk that is read is decoded once."""
    return math.prod(demand.reads.whole for demand in demands)
