"""The tables of all passes over one tile of a fused, separable correlation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from volconv.compute.compiled.direct.grid import Period
from volconv.compute.compiled.direct.strips import parts
from volconv.compute.compiled.direct.sums import Lines, Sums, lines_in_place
from volconv.compute.compiled.packing import pack
from volconv.compute.compiled.packing.pack import WIDEST, PackCode
from volconv.compute.compiled.packing.pack import Item as Pack
from volconv.compute.compiled.packing.padded import NOWHERE, Packing, copied
from volconv.compute.compiled.programs import program
from volconv.compute.compiled.programs.correlator import scalar_of
from volconv.compute.compiled.programs.edges import Edges
from volconv.compute.compiled.programs.program import Base, Integers, Table
from volconv.compute.compiled.separable.finish import finish_of, fold_of, tap_positions
from volconv.compute.compiled.separable.tiling import TALL, spaced

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from volconv.compute.compiled.direct.layout import Axis
    from volconv.compute.compiled.direct.taps import Taps
    from volconv.compute.compiled.separable.fused import Fused

# Lines that the first pass fetches ahead. Measured 2026-11 on Zen 4: 2 was 4 % faster
# than 1 or 4.
LINES_AHEAD = 2
# Lines below a window that the second pass fetches from the slab.
ROWS_AHEAD = 6


class Work:
    """The passes over one tile of outputs.

    Attributes
    ----------
    kept : list of ndarray
        Arrays that the tables point to.
    scratch : int, bytes
        Used so far.
    """

    def __init__(
        self,
        fused: Fused,
        planes: tuple[int, int],
        rows: tuple[int, int],
        cells: tuple[int, int],
    ) -> None:
        self.fused = fused
        layout = fused.layout
        self.counts = planes[1], rows[1], cells[1]
        parts_of = (layout.planes, planes), (layout.rows, rows), (layout.cells, cells)
        self.starts = tuple(axis.stride * span[0] for axis, span in parts_of)
        self.source = sum(axis.move * span[0] for axis, span in parts_of)
        self.target = sum(axis.target * span[0] for axis, span in parts_of)
        self.kept: list[NDArray[Any]] = []
        self.scratch = 0
        self.positions = tap_positions(fused)
        reach = int(self.positions.max(initial=0))
        # Cells of a line of input, as far as windows reach.
        self.reach = (cells[1] - 1) * layout.cells.stride + reach + 1
        self.fold = fold_of(self)
        # Cells of a line that the passes along planes and rows take.
        self.width = len(self.fold.indices)
        self.pitch = spaced(self.width * fused.item)
        self.period = Period.along(layout.rows)
        self.lines = np.arange(self.period.count(rows[1]), dtype=np.int64)

    def tables(self) -> Iterator[Table]:
        """The tables of all passes, in order."""
        fused = self.fused
        rows = fused.layout.rows
        packed_lines = Lines(self.pitch, self.period.move, rows.dilation)
        in_place = fused.edges is None and fused.correlator.reads_in_place(
            fused.layout.cells.unit
        )
        if fused.planes is not None:
            slab = self.take(self.counts[0] * len(self.lines) * self.pitch)
            in_place = in_place and fused.layout.planes.size < TALL
            yield self._first_pass(fused.planes, slab, in_place=in_place)
            yield self._last_passes(Base.SCRATCH, slab, packed_lines)
        elif in_place:
            yield self._last_passes(Base.BLOCK, self.source, lines_in_place(rows))
        else:
            strip = self.take(len(self.lines) * self.pitch)
            yield self._packed(strip, 1, np.zeros(1, np.int64))[0]
            yield self._last_passes(Base.SCRATCH, strip, packed_lines)

    def _first_pass(self, taps: Taps, slab: int, *, in_place: bool) -> Table:
        """The pass along planes, one line of the slab after the other."""
        layout = self.fused.layout
        planes = layout.planes
        lines = lines_in_place(planes)
        own, repeated = self._distinct_lines()
        shifts = self.period.line(own) * layout.rows.unit
        base, source = Base.BLOCK, self.source + shifts
        period = Period.along(planes)
        room = 0 if in_place else self.take(period.count(self.counts[0]) * self.pitch)
        if not in_place:
            lines = Lines(self.pitch, period.move, planes.dilation)
            base, source = Base.SCRATCH, np.full(len(shifts), room)
        sums = Sums.of(
            taps,
            self.weights(taps),
            lines,
            len(self.lines) * self.pitch,
            ahead=LINES_AHEAD * layout.rows.unit if in_place else 0,
            is_between=True,
            fetches_lines=in_place,
        )
        summed = sums.table(
            (self.counts[0], self.width),
            source,
            slab + own * self.pitch,
            self._along(taps, planes, lines),
            (base, Base.SCRATCH),
        )
        if in_place:
            return summed
        packed, which = self._packed(room, 0, own)
        tables, when = [packed, summed], [2 * own[which], 2 * own + 1]
        if len(repeated):
            tables.append(self._copies(slab, repeated))
            when.append(np.full(len(repeated), 2 * len(self.lines)))
        return program.joined(tables, when)

    def _distinct_lines(self) -> tuple[Integers, Integers]:
        """Lines of the slab that differ, and those that repeat one, with that one.

        Beyond an edge lie the lines on this side of it.
        """
        edges, rows = self.fused.edges, self.fused.layout.rows
        if edges is None:
            return self.lines, np.zeros((0, 2), dtype=np.int64)
        across = self.starts[1] + self.period.line(self.lines)
        _, first, which = np.unique(
            edges.indices(rows.number, across), return_index=True, return_inverse=True
        )
        same = first[which]
        repeats = same != self.lines
        return self.lines[~repeats], np.stack([self.lines, same], axis=1)[repeats]

    def _copies(self, slab: int, lines: Integers) -> Table:
        """Rows that copy lines of every plane of the slab."""
        pitch = len(self.lines) * self.pitch
        return copied(
            self.fused.correlator.compute_dtype,
            (slab + lines[:, 1] * self.pitch, slab + lines[:, 0] * self.pitch),
            (self.counts[0], self.width),
            (pitch, pitch),
        )

    def _last_passes(self, base: Base, start: int, lines: Lines) -> Table:
        """The passes along rows and cells, a few rows at a time."""
        fused = self.fused
        layout = fused.layout
        plane = np.arange(self.counts[0], dtype=np.int64)
        step = lines.pitch * lines.step
        offsets = self._along(fused.rows, layout.rows, lines)
        weights = self.weights(fused.rows)
        last = fused.cells is None
        # Below the window's last line are those that the next tiles read first.
        ahead = (layout.rows.span + ROWS_AHEAD) * lines.pitch
        finish = finish_of(self)
        room, few = (
            (0, self.counts[1]) if finish is None else (finish.source, finish.few)
        )
        strips = parts(self.counts[1], few, 1)
        sums = Sums.of(
            fused.rows,
            weights,
            lines,
            layout.rows.target if last else self.pitch,
            ahead=4 * step if base is Base.BLOCK else ahead,
            streamed=fused.streamed if last else 0,
            is_between=not last,
        )
        tables, when = [], []
        for number, (first, count) in enumerate(strips):
            slab = plane * (len(self.lines) * self.pitch)
            target = (
                self.target + first * layout.rows.target + plane * layout.planes.target
            )
            table = sums.table(
                (count, self.width),
                start + first * step + slab,
                target if last else np.full(len(plane), room),
                offsets,
                (base, Base.OUT if last else Base.SCRATCH),
            )
            turn = 2 * (plane * len(strips) + number)
            tables.append(table)
            when.append(turn)
            if finish is not None:
                for table in finish.tables(count, target):
                    tables.append(table)
                    when.append(np.repeat(turn + 1, len(table) // len(turn)))
        return program.joined(tables, when)

    def _packed(self, room: int, part: int, others: Integers) -> tuple[Table, Integers]:
        """Rows that pack lines along planes (0) or rows (1), and what each serves.

        `others` are lines along rows: all lines are packed anew for each of them.
        """
        fused, edges = self.fused, self.fused.edges
        axis, count = (fused.layout.planes, fused.layout.rows)[part], self.counts[part]
        period = Period.along(axis)
        if edges is not None:
            lines = self.starts[part] + period.line(np.arange(period.count(count)))
            return self._padded(room, axis, lines, others, edges)
        unit = fused.layout.cells.unit
        code = self._pack_code(unit)
        every = code.stride
        skips = period.step > period.length
        shifts = self.period.line(others) * fused.layout.rows.unit
        items: dict[int, int | Integers] = {
            Pack.SOURCE: self.source + shifts,
            Pack.TARGET: room,
            Pack.GROUPS: count if skips else 1,
            Pack.ROWS: period.length if skips else period.count(count),
            Pack.GROUP_PITCH: axis.move,
            Pack.PITCH: axis.unit,
            Pack.LENGTH: (self.width - 1) * every + 1 if every else self.width,
            Pack.TARGET_PITCH: self.pitch,
            Pack.DISTANCE: unit,
        }
        bases: dict[int, Base] = {Pack.SOURCE: Base.BLOCK, Pack.TARGET: Base.SCRATCH}
        table = program.calls(pack.address(code), len(shifts), items, bases)
        return table, np.arange(len(shifts))

    def _pack_code(self, unit: int) -> PackCode:
        """The copy of cells that are `unit` bytes apart."""
        dtype = self.fused.correlator.source_dtype
        every, odd = divmod(unit, dtype.itemsize)
        dealt = not odd and 1 <= every <= WIDEST
        return PackCode(
            f"{dtype.kind}{dtype.itemsize}",
            not dtype.isnative,
            scalar_of(self.fused.correlator.compute_dtype),
            every if dealt else 0,
            (0,) if dealt else (),
        )

    def _padded(
        self, room: int, axis: Axis, lines: Integers, others: Integers, edges: Edges
    ) -> tuple[Table, Integers]:
        """The same where the input is padded on the way."""
        fused, layout = self.fused, self.fused.layout
        starts = np.zeros(len(others), dtype=np.int64)
        if axis is not layout.rows:
            across = self.starts[1] + self.period.line(others)
            indices = edges.indices(layout.rows.number, across)
            starts = np.where(indices < 0, NOWHERE, indices * layout.rows.unit)
        fill = np.frombuffer(edges.fill, dtype=np.uint8).copy()
        self.kept.append(fill)
        packing = Packing(
            self._pack_code(layout.cells.unit),
            (0,),
            1,
            fused.correlator.source_dtype.itemsize,
            fused.item,
            self.pitch,
            0,
            fill.ctypes.data,
        )
        return packing.table(
            (starts, np.full(len(others), room)),
            (edges.indices(axis.number, lines), axis.unit),
            self.fold.indices,
        )

    def _along(self, taps: Taps, axis: Axis, lines: Lines) -> int:
        """Address of the offsets of a pass along rows or planes."""
        offsets = taps.first[:, axis.number] * (lines.gap * lines.pitch)
        self.kept.append(offsets)
        return int(offsets.ctypes.data)

    def weights(self, taps: Taps) -> NDArray[Any]:
        """Weights of a pass in the compute dtype."""
        weights = taps.weights.astype(self.fused.correlator.compute_dtype)
        self.kept.append(weights)
        return weights

    def take(self, size: int) -> int:
        """Where `size` more bytes of scratch begin."""
        start = self.scratch
        self.scratch += spaced(size)
        return start
