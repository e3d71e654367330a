"""A convolution layer as a program: outputs in boxes, input channels in groups.

For each box and each few input channels the region that they read is packed, and all
output channels are summed over it. Sums over some of the input channels wait in scratch
for the rest.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from volconv.compute.compiled.direct.strips import parts
from volconv.compute.compiled.layers import channels
from volconv.compute.compiled.layers.channels import ChannelCode, Stage
from volconv.compute.compiled.layers.channels import Item as Sum
from volconv.compute.compiled.layers.packing import Box, PackCalls
from volconv.compute.compiled.layers.regions import Cells, Region, Side
from volconv.compute.compiled.layers.weights import PackedWeights, evenly
from volconv.compute.compiled.llvm import jit
from volconv.compute.compiled.programs import program
from volconv.compute.compiled.programs.correlator import scalar_of
from volconv.compute.compiled.programs.program import Base, Integers, Program, Table

__all__ = ["AXES", "LONGEST", "LayerWork", "carried_shifts"]

Array = NDArray[Any]

REGION_BYTES = 96 << 10
SUMS_BYTES = 128 << 10
WEIGHT_BYTES = 224 << 10
"""Of a region, of the sums that wait and of the weights of one call, about: all three
share the second cache. Measured 2026-11 on Zen 3 with 512 KiB of it; flat around here."""

MOST_TAPS = 432
"""Of a call, so that what a tile of 3 vectors reads stays in the first cache; from 100
taps on, reading and writing the sums between calls takes a few percent."""

AXES = 3
"""Axes along which compiled windows move."""

ODD = 0.1
"""Share of a halo that boxes of one size along an axis are worth."""

LONGEST = 192
"""Outputs of a row in one box, so that a region has several rows."""


@dataclass(frozen=True, eq=False)
class LayerWork:
    """All that a program of a layer depends on.

    Attributes
    ----------
    sides : tuple of Side
        Along planes, rows and cells.
    inputs : int
        Input channels of a group.
    cells : Cells
        The block.
    to : tuple of int, bytes
        From channel to channel, plane to plane, row to row and cell to cell of the sums.
    runs : sequence of PackedWeights
        The weights.
    bias : ndarray, shape (output channels,)
    floor : float
        What no output is below.
    spread : int
        As in `ChannelCode`.
    """

    sides: tuple[Side, Side, Side]
    inputs: int
    cells: Cells
    to: tuple[int, int, int, int]
    runs: Sequence[PackedWeights]
    bias: Array
    floor: float
    spread: int = 1

    @cached_property
    def kept(self) -> list[Array]:
        """Arrays that the program points to."""
        return [*(run.weights for run in self.runs), self.floors, self.cells.fill]

    @cached_property
    def floors(self) -> Array:
        """No floor, and the floor."""
        return np.array([-np.inf, self.floor], self.cells.compute)

    @property
    def taps(self) -> int:
        """Taps of an input channel."""
        return int(np.prod([side.taps for side in self.sides]))

    @cached_property
    def groups(self) -> list[list[PackedWeights]]:
        """The weights, those of a group together."""
        by_group = itertools.groupby(self.runs, lambda run: run.group)
        return [list(runs) for _, runs in by_group]

    @cached_property
    def outputs(self) -> int:
        """Output channels of a group, at most."""
        counts = [
            sum(run.weights.shape[0] * run.weights.shape[2] for run in runs)
            for runs in self.groups
        ]
        return int(max(counts))

    def program(self, sources: Integers, targets: Integers) -> Program:
        """The program, for each of some shifts of the block and of the sums."""
        tables: list[Table] = []
        scratch = 0
        for region, boxes in self.regions():
            found, needed = self.tables(region, boxes)
            tables += found
            scratch = max(scratch, needed)
        return Program.of(tables, (sources, targets), scratch, self.kept)

    def regions(self) -> Iterator[tuple[Region, Box]]:
        """All boxes, those of one size together."""
        planes, rows, line = self.sides
        lanes = jit.host().vector_bytes // self.cells.compute.itemsize
        segments = parts(line.outputs, LONGEST, lanes)
        counts = self.counts(max(size for _, size in segments))
        for depth, height, (first, length) in itertools.product(
            evenly(planes.outputs, counts[0]),
            evenly(rows.outputs, counts[1]),
            segments,
        ):
            size = (depth[2], height[2], length)
            region = Region(self.sides, size, first, self.cells)
            yield region, Box(np.arange(*depth), np.arange(*height))

    @cached_property
    def most_inputs(self) -> int:
        """Input channels of a call, at most."""
        if self.spread > 1:
            return self.inputs
        size = self.cells.compute.itemsize
        fits = WEIGHT_BYTES // (self.taps * self.outputs * size)
        return max(1, min(self.inputs, MOST_TAPS // self.taps, max(4, fits)))

    def counts(self, length: int) -> tuple[int, int]:
        """Planes and rows of a box: those of which a region holds the least halo."""
        planes, rows, line = self.sides
        size = self.cells.compute.itemsize
        room = REGION_BYTES // (size * line.cells(length) * self.most_inputs)
        if self.most_inputs < self.inputs:
            most = max(1, SUMS_BYTES // (size * length * self.outputs))
        else:
            most = planes.outputs * rows.outputs
        best, least = (1, 1), math.inf
        for depth in range(1, min(planes.outputs, most, 64) + 1):
            high = (room // planes.cells(depth) - rows.cells(1)) // rows.stride + 1
            high = max(1, min(high, rows.outputs, most // depth))
            high = -(-rows.outputs // -(-rows.outputs // high))
            read = planes.cells(depth) * rows.cells(high)
            if depth > 1 and read > room:
                break
            # boxes of one size alone are made up sooner than those of two or four
            odd = bool(planes.outputs % depth) + bool(rows.outputs % high)
            cost = read / (depth * high) * (1 + ODD * odd)
            if cost < least:
                best, least = (depth, high), cost
        return best

    def tables(self, region: Region, boxes: Box) -> tuple[list[Table], int]:
        """Calls for boxes of one size, and the bytes of scratch that they need."""
        most = self.most_inputs
        while (
            most > 1 == self.spread and region.channel_pitch * most > 2 * REGION_BYTES
        ):
            most = -(-most // 2)
        few = [
            (first, width)
            for start, stop, width in evenly(self.inputs, most)
            for first in range(start, stop, width)
        ]
        held = region.channel_pitch * max(width for _, width in few)
        packs = PackCalls.of(region, boxes, few)
        self.kept.append(packs.copies)
        offsets = region.offsets(max(width for _, width in few))
        self.kept.append(offsets)
        found: list[Table] = []
        scratch = held
        for runs in self.groups:
            first_input = runs[0].group * self.inputs
            tables = [packs.table(first_input * self.cells.pitches[0])]
            sums = held
            for run in runs:
                table, needed = self.sums(region, boxes, run, few, offsets, sums)
                tables.append(table)
                sums += needed
            order = [np.arange(len(table)) for table in tables]
            found.append(program.joined(tables, order))
            scratch = max(scratch, sums)
        return found, scratch

    def sums(
        self,
        region: Region,
        boxes: Box,
        run: PackedWeights,
        few: Sequence[tuple[int, int]],
        offsets: Integers,
        sums: int,
    ) -> tuple[Table, int]:
        """Calls that sum some output channels, and the bytes that wait between them."""
        size = self.cells.compute.itemsize
        blocks, _, width = run.weights.shape
        code = self.code(width, region.counts[2])
        tiles = self.tiles(region, code)
        to_channel, to_plane, to_row, to_cell = self.to
        targets = (
            run.first * to_channel
            + run.shift
            + boxes.planes[:, None, None] * to_plane
            + boxes.rows[:, None] * to_row
            + np.full(len(few), region.first * to_cell)
        )
        firsts, counts = np.array(few).T
        stages = np.zeros(len(few), np.int64)
        stages[0] += Stage.FIRST
        stages[-1] += Stage.LAST
        alike = np.zeros(targets.shape, np.int64)
        bias = np.repeat(self.bias[run.first :, None], self.spread * code.lanes, axis=1)
        floor = self.floors.ctypes.data
        self.kept.extend([tiles, bias])
        items: dict[int, int | Integers] = {
            Sum.SOURCE: 0,
            Sum.TARGET: targets.ravel(),
            Sum.WEIGHTS: (
                alike + run.weights.ctypes.data + firsts * (self.taps * width * size)
            ).ravel(),
            Sum.WEIGHT_PITCH: run.weights.strides[0],
            Sum.OFFSETS: offsets.ctypes.data,
            Sum.TAPS: (alike + counts * self.taps).ravel(),
            Sum.BLOCKS: blocks,
            Sum.VECTORS: tiles.ctypes.data,
            Sum.TILES: len(tiles),
            Sum.CHANNEL_PITCH: to_channel,
            Sum.BIAS: bias.ctypes.data,
            Sum.SUMS: sums,
            Sum.SUMS_PITCH: blocks * code.tile_bytes,
            Sum.STAGE: (alike + stages).ravel(),
            Sum.FLOOR: (alike + floor + size * (stages >= Stage.LAST)).ravel(),
        }
        bases: dict[int, Base] = {Sum.SOURCE: Base.SCRATCH, Sum.TARGET: Base.OUT}
        table = program.calls(channels.address(code), targets.size, items, bases)
        waiting = len(few) > 1
        return table, len(tiles) * blocks * code.tile_bytes if waiting else 0

    def code(self, width: int, length: int) -> ChannelCode:
        """The loops for blocks of so many channels over rows of so many outputs."""
        machine = jit.host()
        lanes = machine.vector_bytes // self.cells.compute.itemsize
        while lanes > length:
            lanes //= 2
        vectors = channels.vectors_for(machine, width)
        scalar = scalar_of(self.cells.compute)
        return ChannelCode(scalar, lanes, width, vectors, self.spread)

    def tiles(self, region: Region, code: ChannelCode) -> Integers:
        """Where the vectors of each tile are; those of the last one may come twice."""
        sources, targets = region.vectors(code.lanes, self.to[1:])
        count = -(-len(sources) // code.vectors)
        which = np.arange(count * code.vectors).reshape(count, code.vectors)
        which = np.minimum(which, len(sources) - 1)
        return np.concatenate([sources[which], targets[which]], axis=1)


def carried_shifts(cells: Array) -> Integers:
    """Bytes to the first cell at each turn of the carried axes, the last fastest."""
    found = np.zeros(1, np.int64)
    for axis in range(cells.ndim - AXES - 1):
        steps = np.arange(cells.shape[axis]) * cells.strides[axis]
        found = (found[:, None] + steps).ravel()
    return found
