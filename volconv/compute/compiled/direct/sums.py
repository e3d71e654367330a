"""Rows of a table that sum taps: where tiles read, where they write, and how."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from volconv.compute.compiled.llvm import jit
from volconv.compute.compiled.llvm.streams import LINE
from volconv.compute.compiled.loops import columns
from volconv.compute.compiled.loops.columns import HIGHEST, Cover
from volconv.compute.compiled.loops.items import ColumnCode, Item, Stream
from volconv.compute.compiled.programs import program
from volconv.compute.compiled.programs.correlator import Geometry, scalar_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from volconv.compute.compiled.direct.layout import Axis, Layout
    from volconv.compute.compiled.direct.strips import Strip
    from volconv.compute.compiled.direct.taps import Taps
    from volconv.compute.compiled.programs.program import Base, Integers, Table

# Larger outputs are written past the caches: they would not stay there anyway, and
# a cache line that is only written need not be read first. Measured 2026-11 on
# Zen 4 at 3x3x3: 1.5 times faster at 64 MiB, even at 4 MiB.
STREAM_FROM = 4 << 20

# Lines that are at most so many times as far apart as they are long are fetched
# together with what lies between them.
APART = 1.25


@dataclass(frozen=True)
class Lines:
    """Input as the inner loops walk it.

    Attributes
    ----------
    pitch : int, bytes
        From one line to the next that matters.
    step, gap : int, lines
        From one output row to the next, and from one tap to the next.
    """

    pitch: int
    step: int
    gap: int


@dataclass(frozen=True)
class Sums:
    """Taps over some input, and the output they go to.

    Attributes
    ----------
    code : ColumnCode
    numbers : tuple of int
        Of columns, in each group.
    weights : ndarray of the compute dtype
        In the order of the taps.
    lines : int, bytes
        From one line of input to the next.
    pitch : int, bytes
        From one output row to the next.
    ahead : int, bytes
        See `ColumnCode.fetches_lines`; 0 to fetch nothing.
    stretch : int, bytes
        Of memory from there on that the tiles of a row of the table fetch between
        them, in equal parts; 0 if each fetches what a later one reads.
    streamed : int, bytes
        What the output's distances are multiples of, if it is written past the
        caches; else 0.
    """

    code: ColumnCode
    numbers: tuple[int, ...]
    weights: NDArray[Any]
    lines: int
    pitch: int
    ahead: int = 0
    stretch: int = 0
    streamed: int = 0

    @classmethod
    def of(
        cls,
        taps: Taps,
        weights: NDArray[Any],
        lines: Lines,
        pitch: int,
        *,
        ahead: int = 0,
        streamed: int = 0,
        is_between: bool = False,
        fetches_lines: bool = False,
    ) -> Sums:
        """The sums of some taps, column by column."""
        numbers = tuple(len(group.first) for group in taps.groups)
        code = ColumnCode(
            scalar_of(weights.dtype),
            taps.heights,
            lines.step,
            lines.gap,
            box="lines" if taps.is_box else "",
            is_between=is_between,
            is_alone=numbers == (1,),
            fetches_lines=fetches_lines,
        )
        return cls(code, numbers, weights, lines.pitch, pitch, ahead, streamed=streamed)

    def table(
        self,
        counts: tuple[int, int],
        source: Integers | int,
        target: Integers | int,
        offsets: Integers | int,
        bases: tuple[Base, Base],
    ) -> Table:
        """One row for each source, target or list of offsets.

        Parameters
        ----------
        counts : (int, int)
            Output rows, and cells in each.
        source, target, offsets : ndarray of int64, or int
            Addresses, the first two relative to `bases`.
        bases : (Base, Base)
        """
        count = np.broadcast(source, target, offsets).size
        cover = Cover.of(self.code, jit.host(), *counts)
        share = self._share(cover, counts)
        each = LINE * max(1, sum(self.numbers))
        code = replace(self.code, stretch=-(-share // each))
        items: dict[int, int | Integers] = {
            Item.SOURCE: source,
            Item.TARGET: target,
            Item.ROWS: counts[0],
            Item.CELLS: counts[1],
            Item.PITCH: self.lines,
            Item.STEP: self.lines * self.code.step,
            Item.TARGET_PITCH: self.pitch,
            Item.OFFSETS: offsets,
            Item.WEIGHTS: self.weights.ctypes.data,
            Item.AHEAD: self.ahead,
            Item.SHARE: share,
            Item.STREAM: self._stream(cover, counts[1], target),
            **{Item.COUNTS + i: n for i, n in enumerate(self.numbers)},
        }
        where: dict[int, Base] = {Item.SOURCE: bases[0], Item.TARGET: bases[1]}
        address = columns.address(code, *counts)
        return program.calls(address, count, items, where)

    def _share(self, cover: Cover, counts: tuple[int, int]) -> int:
        """Bytes of the stretch that each tile fetches."""
        if not self.stretch:
            return 0
        wide = cover.vectors * jit.host().vector_bytes // self.weights.itemsize
        tiles = -(-counts[0] // cover.rows) * -(-counts[1] // wide)
        return -(-self.stretch // tiles)

    def _stream(self, cover: Cover, cells: int, target: Integers | int) -> Stream:
        """How the output is written, given the cells of a row and where rows begin."""
        if not self.streamed:
            return Stream.NO
        machine, item = jit.host(), self.weights.itemsize
        wide = machine.vector_bytes * cover.vectors
        distances = np.bitwise_or.reduce(np.ravel(target)) | self.pitch | self.streamed
        if self.code.box or distances % machine.vector_bytes or cells * item % wide:
            return Stream.STAGED
        return Stream.ALIGNED


def lines_in_place(rows: Axis) -> Lines:
    """The lines of an axis of the input itself."""
    if rows.size > 1:
        return Lines(rows.unit, rows.stride, rows.dilation)
    return Lines(rows.move, 1, 1)


def streams(geometry: Geometry, layout: Layout, itemsize: int) -> int:
    """What the output's distances are multiples of, in bytes, if it is streamed.

    0 if it is not: if it is small, or its cells are not even aligned for their type.
    """
    if int(np.prod(geometry.out_shape)) * itemsize < STREAM_FROM:
        return 0
    pitches = [axis.target for axis in layout.others if axis.count > 1]
    return math.gcd(geometry.alignment, *pitches) if geometry.alignment else 0


def fetched_ahead(layout: Layout, taps: Taps, strip: Strip) -> tuple[int, int]:
    """What to fetch while input is summed in place: `Sums.ahead` and `Sums.stretch`.

    That is the plane that the next one needs beside those of this one, from end to end;
    or, where its lines lie apart or there are no planes, what later tiles read last.
    """
    planes, rows, cells = layout.planes, layout.rows, layout.cells
    moves = np.array(layout.taps, dtype=np.int64)
    last = int((taps.first @ moves).max(initial=0))
    if planes.count == 1:
        return last + HIGHEST * rows.move, 0
    length = ((strip.cells[1] - 1) * cells.stride + cells.span) * cells.unit
    if not 0 < rows.unit <= APART * length:
        return last + planes.move, 0
    moves[[rows.number, *layout.merged]] = 0
    deepest = int((taps.first @ moves).max(initial=0))
    lines = (strip.rows[1] - 1) * rows.stride + rows.span
    return deepest + planes.move, lines * rows.unit


def shifts_of(axes: Sequence[Axis]) -> tuple[Integers, Integers]:
    """Shift of the input and of the output at each turn of nested loops."""
    source = target = np.zeros(1, dtype=np.int64)
    for axis in axes:
        steps = np.arange(axis.count, dtype=np.int64)
        source = (source[:, None] + steps * axis.move).ravel()
        target = (target[:, None] + steps * axis.target).ravel()
    return source, target
