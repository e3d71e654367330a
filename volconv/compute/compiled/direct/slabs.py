"""Tables that pack the input before it is summed.

A strip of input is packed plane by plane into a ring that holds as many planes as
one window spans, each plane once::

    ring of a window of 3 planes      plane 0 1 2 | 3 replaces 0 | 4 replaces 1 ...

Columns of taps are the same at every output plane, but the slots of their planes
turn round, so there is one list of offsets for each position of the ring.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from volconv.compute.compiled.direct.grid import Grid, Period
from volconv.compute.compiled.direct.strips import PACKED, Strip, strips
from volconv.compute.compiled.direct.sums import Lines, Sums, shifts_of
from volconv.compute.compiled.packing import pack
from volconv.compute.compiled.packing.pack import Item as Pack
from volconv.compute.compiled.packing.pack import PackCode
from volconv.compute.compiled.packing.padded import NOWHERE, Packing
from volconv.compute.compiled.programs import program
from volconv.compute.compiled.programs.correlator import scalar_of
from volconv.compute.compiled.programs.edges import Edges
from volconv.compute.compiled.programs.program import Base, Integers, Program, Table

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from volconv.compute.compiled.direct.layout import Layout
    from volconv.compute.compiled.direct.taps import Taps


@dataclass(frozen=True)
class Slabs:
    """How a block is packed and summed.

    Attributes
    ----------
    layout : Layout
    taps : Taps
    grid : Grid
    source_dtype, compute_dtype : dtype
    edges : Edges or None
    """

    layout: Layout
    taps: Taps
    grid: Grid
    source_dtype: np.dtype[Any]
    compute_dtype: np.dtype[Any]
    edges: Edges | None = None

    @cached_property
    def first(self) -> NDArray[np.int64]:
        """Index of the first tap of every column."""
        return self.taps.first

    @cached_property
    def phases(self) -> tuple[int, ...]:
        """Phases of a row that some tap reads."""
        return tuple(sorted({*(self.grid.offsets % self.grid.stride).tolist()}))

    @cached_property
    def outer(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Shift in bytes of each outer tap, and which of them each column has.

        An outer tap is one along axes other than cells, rows and planes.
        """
        layout = self.layout
        inner = {*layout.merged, layout.rows.number, layout.planes.number} - {-1}
        axes = [a for a in range(self.first.shape[1]) if a not in inner]
        # np.unique would import numpy.ma, which takes longer than compiling the taps
        columns = list(map(tuple, self.first[:, axes].tolist()))
        taps = sorted({*columns})
        numbers = {tap: number for number, tap in enumerate(taps)}
        steps = np.array([layout.taps[a] for a in axes], dtype=np.int64)
        shifts = np.array(taps, dtype=np.int64).reshape(len(taps), len(axes)) @ steps
        return shifts, np.array([numbers[tap] for tap in columns], dtype=np.int64)

    @cached_property
    def pack_code(self) -> PackCode:
        """The copy of rows; cell by cell where they do not touch."""
        dtype = self.source_dtype
        dealt = self.grid.distance == dtype.itemsize and self.grid.stride <= pack.WIDEST
        return PackCode(
            f"{dtype.kind}{dtype.itemsize}",
            not dtype.isnative,
            scalar_of(self.compute_dtype),
            self.grid.stride if dealt else 0,
            self.phases if dealt else (),
        )

    def program(self, streamed: int) -> Program:
        """All the work on blocks of one geometry."""
        weights = self.taps.weights.astype(self.compute_dtype)
        planes = Period.along(self.layout.planes)
        layers = planes.length * max(1, len(self.outer[0]))
        kept: list[NDArray[Any]] = [weights]
        tables, most = [], 0
        for strip in strips(self.layout, weights.itemsize, layers, PACKED):
            slab = Slab(self, strip)
            offsets = slab.offsets()
            tables.append(slab.table(offsets, weights, streamed=streamed))
            kept.append(offsets)
            most = max(most, slab.size)
            kept += slab.kept
        return Program.of(tables, shifts_of(self.layout.others), most, kept)


class Slab:
    """One strip's scratch, and the table that packs and sums it.

    Attributes
    ----------
    line_count : int
        Packed lines of a plane.
    length : int
        Cells of a line that windows reach.
    phase_pitch, pitch, plane_pitch, size : int, bytes
        Of one phase of a line, a line, a plane and the whole scratch.
    """

    def __init__(self, slabs: Slabs, strip: Strip) -> None:
        self.slabs = slabs
        self.strip = strip
        self.kept: list[NDArray[Any]] = []
        grid = slabs.grid
        self.planes = Period.along(slabs.layout.planes)
        self.lines = Period.along(slabs.layout.rows)
        self.line_count = self.lines.count(strip.rows[1])
        reach = int(grid.offsets.max(initial=0))
        self.length = (strip.cells[1] - 1) * grid.stride + reach + 1
        phase = -(-self.length // grid.stride) * slabs.compute_dtype.itemsize
        self.phase_pitch = -(-phase // 64) * 64
        pitch = self.phase_pitch * len(slabs.phases)
        # Lines a multiple of 1 KiB apart would fall into few sets of the cache.
        self.pitch = pitch + (64 if pitch % 1024 == 0 else 0)
        self.plane_pitch = self.pitch * self.line_count
        self.size = self.plane_pitch * self.planes.length * len(slabs.outer[0])

    def offsets(self) -> Integers:
        """Where columns lie in scratch, for each position of the ring."""
        slabs, ring = self.slabs, self.planes.length
        planes, rows = slabs.layout.planes, slabs.layout.rows
        turn = np.arange(ring)[:, None]
        depth = np.zeros(len(slabs.first), dtype=np.int64)
        if planes.number >= 0:
            depth = slabs.first[:, planes.number] * planes.dilation
        slot = slabs.outer[1] * ring + (turn + depth) % ring
        line = np.zeros(len(slabs.first), dtype=np.int64)
        if rows.size > 1:
            line = slabs.first[:, rows.number] * rows.dilation
        cell, phase = np.divmod(slabs.grid.offsets, slabs.grid.stride)
        part = np.searchsorted(slabs.phases, phase)
        return np.ascontiguousarray(
            slot * self.plane_pitch
            + line * self.pitch
            + part * self.phase_pitch
            + cell * slabs.compute_dtype.itemsize
        )

    def table(
        self, offsets: Integers, weights: NDArray[Any], *, streamed: int
    ) -> Table:
        """The strip's table: each plane is packed just before it is first read."""
        layout, period = self.slabs.layout, self.planes
        rows = layout.rows
        tall = rows.size > 1
        sums = Sums.of(
            self.slabs.taps,
            weights,
            Lines(
                self.pitch,
                self.lines.move if tall else 1,
                rows.dilation if tall else 1,
            ),
            rows.target,
            streamed=streamed,
        )
        plane = np.arange(layout.planes.count, dtype=np.int64)
        turn = plane * period.move % period.length
        summed = sums.table(
            (self.strip.rows[1], self.strip.cells[1]),
            0,
            self.strip.target(layout) + plane * layout.planes.target,
            offsets.ctypes.data + turn * offsets.strides[0],
            (Base.SCRATCH, Base.OUT),
        )
        edges = self.slabs.edges
        packed, when = self._packed() if edges is None else self._padded(edges)
        return program.joined([packed, summed], [2 * when, 2 * plane + 1])

    def _packed(self) -> tuple[Table, Integers]:
        """Rows that pack each plane, and the output plane each is first needed for."""
        slabs, period = self.slabs, self.planes
        planes, rows = slabs.layout.planes, slabs.layout.rows
        unit = np.arange(period.count(planes.count), dtype=np.int64)
        when = np.maximum(0, -(-(unit - period.length + 1) // period.move))
        dealt = slabs.pack_code.stride > 0
        phases = np.array((0,) if dealt else slabs.phases)
        shape = (len(unit), len(slabs.outer[0]), len(phases))
        source = (
            self.strip.source(slabs.layout)
            + (period.line(unit) * planes.unit)[:, None, None]
            + slabs.outer[0][:, None]
            + phases * slabs.grid.distance
        )
        slot = (unit % period.length)[:, None] + np.arange(shape[1]) * period.length
        part = np.arange(shape[2]) * self.phase_pitch
        target = slot[:, :, None] * self.plane_pitch + part
        length: int | Integers = self.length
        if not dealt:
            cells = -((phases - self.length) // slabs.grid.stride)
            length = np.broadcast_to(cells, shape).ravel()
        skips = self.lines.step > self.lines.length
        items: dict[int, int | Integers] = {
            Pack.SOURCE: source.ravel(),
            Pack.TARGET: target.ravel(),
            Pack.GROUPS: self.strip.rows[1] if skips else 1,
            Pack.ROWS: self.lines.length if skips else self.line_count,
            Pack.GROUP_PITCH: rows.move,
            Pack.PITCH: rows.unit,
            Pack.LENGTH: length,
            Pack.TARGET_PITCH: self.pitch,
            Pack.PHASE_PITCH: self.phase_pitch,
            Pack.DISTANCE: slabs.grid.distance * slabs.grid.stride,
        }
        bases: dict[int, Base] = {Pack.SOURCE: Base.BLOCK, Pack.TARGET: Base.SCRATCH}
        address = pack.address(slabs.pack_code)
        table = program.calls(address, source.size, items, bases)
        return table, np.repeat(when, shape[1] * shape[2])

    def _padded(self, edges: Edges) -> tuple[Table, Integers]:
        """The same where the input is padded on the way."""
        slabs, period = self.slabs, self.planes
        planes, rows, cells = (
            slabs.layout.planes,
            slabs.layout.rows,
            slabs.layout.cells,
        )
        unit = np.arange(period.count(planes.count), dtype=np.int64)
        when = np.maximum(0, -(-(unit - period.length + 1) // period.move))
        outer = slabs.outer[0]
        index = edges.indices(planes.number, period.line(unit))[:, None]
        source = np.where(index < 0, NOWHERE, index * planes.unit + outer)
        slot = (unit % period.length)[:, None] + np.arange(len(outer)) * period.length
        lines = self.lines.line(np.arange(self.line_count, dtype=np.int64))
        lines += self.strip.rows[0] * rows.stride
        across = self.strip.cells[0] * cells.stride + np.arange(self.length)
        fill = np.frombuffer(edges.fill, dtype=np.uint8).copy()
        self.kept.append(fill)
        packing = Packing(
            slabs.pack_code,
            slabs.phases,
            slabs.grid.stride,
            slabs.source_dtype.itemsize,
            slabs.compute_dtype.itemsize,
            self.pitch,
            self.phase_pitch,
            fill.ctypes.data,
        )
        table, which = packing.table(
            (source.ravel(), (slot * self.plane_pitch).ravel()),
            (edges.indices(rows.number, lines), rows.unit),
            edges.indices(cells.number, across),
        )
        return table, np.repeat(when, len(outer))[which]
