"""The last separable pass where taps are many: along lines of turned rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from volconv.compute.compiled.direct.sums import Lines, Sums
from volconv.compute.compiled.llvm import jit
from volconv.compute.compiled.loops.columns import tile_shape
from volconv.compute.compiled.packing.padded import copied
from volconv.compute.compiled.programs import program
from volconv.compute.compiled.programs.program import Base, Integers, Table
from volconv.compute.compiled.separable import turn
from volconv.compute.compiled.separable.folds import Fold
from volconv.compute.compiled.separable.turn import Item, TurnCode

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from numpy.typing import NDArray

    from volconv.compute.compiled.direct.taps import Taps

# Fewer taps along cells cost less than turning the rows. Measured 2026-11 on Zen 3.
FEWEST_TAPS = 24


@dataclass(frozen=True)
class TurnedPass:
    """How the last pass is done.

    Attributes
    ----------
    sums : Sums
        Along lines.
    offsets : ndarray, int64, bytes
        Of each column of taps from the first line of an output.
    width, count : int, cells
        Of a row of input and of output.
    source_pitch, target_pitch : int, bytes
        From row to row.
    fold : Fold
        How a row of input is unfolded, once it is lines.
    is_streamed : bool
        Whether the output bypasses the caches.
    source, lines, found : int
        Where in scratch the rows begin, the turned rows, and their sums.
    """

    sums: Sums
    offsets: Integers
    width: int
    count: int
    source_pitch: int
    target_pitch: int
    fold: Fold
    is_streamed: bool
    source: int = 0
    lines: int = 0
    found: int = 0

    @classmethod
    def of(
        cls,
        taps: Taps,
        weights: NDArray[Any],
        steps: tuple[int, int],
        cells: tuple[int, int],
        pitches: tuple[int, int],
        fold: Fold,
        *,
        is_streamed: bool,
    ) -> TurnedPass:
        """The pass for some taps.

        Parameters
        ----------
        taps : Taps
            In columns along the cells.
        weights : ndarray of the compute dtype
        steps : (int, int), cells
            From one output to the next, and from one tap to the next.
        cells, pitches : (int, int)
            Cells of a row of input and of output, and bytes from row to row.
        fold : Fold
            Of a row of input.
        is_streamed : bool
        """
        pitch = line_cells(weights.itemsize) * weights.itemsize
        stride, step = steps
        offsets = taps.first[:, taps.axis or 0] * (step * pitch)
        sums = Sums.of(taps, weights, Lines(pitch, stride, step), pitch)
        return cls(sums, offsets, *cells, *pitches, fold, is_streamed)

    @property
    def reach(self) -> int:
        """Cells of a row of input where it is turned, up to a whole vector."""
        return self.fold.at + -(-self.width // self.few) * self.few

    @property
    def few(self) -> int:
        """Rows that are turned at once."""
        return line_cells(self.sums.weights.itemsize)

    def line_bytes(self, cells: int) -> int:
        """Bytes of the lines of so many cells, in whole vectors."""
        return -(-cells // self.few) * self.few * self.pitch

    @property
    def pitch(self) -> int:
        """Bytes of a line."""
        return self.sums.lines

    def tables(self, rows: int, target: Integers) -> Iterator[Table]:
        """Rows of a table that finish some rows of each plane."""
        code = TurnCode(self.sums.code.scalar)
        items: dict[int, int | Integers] = {
            Item.SOURCE: self.source,
            Item.TARGET: self.lines + self.fold.at * self.pitch,
            Item.ROWS: rows,
            Item.CELLS: self.width,
            Item.PITCH: self.source_pitch,
            Item.TARGET_PITCH: self.pitch,
        }
        scratch: dict[int, Base] = {
            Item.SOURCE: Base.SCRATCH,
            Item.TARGET: Base.SCRATCH,
        }
        yield program.calls(turn.turn(code), len(target), items, scratch)
        if self.fold.copies:
            yield self._unfolded(len(target))
        yield self.sums.table(
            (self.count, self.pitch // self.sums.weights.itemsize),
            np.full(len(target), self.lines),
            self.found,
            self.offsets.ctypes.data,
            (Base.SCRATCH, Base.SCRATCH),
        )
        items = {
            Item.SOURCE: self.found,
            Item.TARGET: target,
            Item.ROWS: rows,
            Item.CELLS: self.count,
            Item.PITCH: self.pitch,
            Item.TARGET_PITCH: self.target_pitch,
            Item.STREAM: int(self.is_streamed),
        }
        bases: dict[int, Base] = {Item.SOURCE: Base.SCRATCH, Item.TARGET: Base.OUT}
        yield program.calls(turn.turn_back(code), len(target), items, bases)

    def _unfolded(self, planes: int) -> Table:
        """Rows of a table that copy lines beyond an edge from those on this side."""
        to, source, step, count = np.tile(np.array(self.fold.copies), (planes, 1)).T
        dtype = self.sums.weights.dtype
        return copied(
            dtype,
            (self.lines + source * self.pitch, self.lines + to * self.pitch),
            (count, self.pitch // dtype.itemsize),
            (step * self.pitch, self.pitch),
        )


def line_cells(item: int) -> int:
    """Rows that are turned at once: as many cells as a tile is wide.

    Parameters
    ----------
    item : int, bytes
        Of a cell.
    """
    machine = jit.host()
    return machine.vector_bytes // item * tile_shape(machine)[1]


def is_turned(taps: int, rows: int, item: int) -> bool:
    """Whether rows are turned: if it pays, and if there are enough of them.

    Vectors of 64 bytes hold runs of taps, which are as fast without.
    """
    machine = jit.host()
    many = rows >= machine.vector_bytes // item
    return machine.vector_bytes != 64 and taps >= FEWEST_TAPS and many
