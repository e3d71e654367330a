"""The last separable pass: along the vectors, from a few rows in scratch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from volconv.compute.compiled.direct.sums import Sums
from volconv.compute.compiled.llvm import jit
from volconv.compute.compiled.loops.items import ColumnCode
from volconv.compute.compiled.packing import pack
from volconv.compute.compiled.packing.pack import WIDEST, PackCode
from volconv.compute.compiled.packing.pack import Item as Pack
from volconv.compute.compiled.programs import program
from volconv.compute.compiled.programs.correlator import scalar_of
from volconv.compute.compiled.programs.program import Base, Integers, Table
from volconv.compute.compiled.separable.tiling import FEW_ROWS, spaced

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from volconv.compute.compiled.direct.taps import Taps

# Taps of a run at most: more would not fit the shifts of two vectors of 16.
LONGEST_RUN = 16


@dataclass(frozen=True)
class CellPass:
    """How the last pass is done.

    Attributes
    ----------
    stride : int, cells
    phases : tuple of int
        Those that some tap reads; empty where cells are not parted by phase.
    sums : Sums
    offsets : ndarray, int64, bytes
        Of each run or tap from the first cell of an output.
    width : int, cells
        Of a row of input.
    source_pitch, phase_pitch, pitch : int, bytes
        Of a row of input, of one phase of a parted row, and of a parted row.
    few : int
        Rows that are finished at once.
    source, dealt : int
        Where in scratch the rows begin, and the parted rows.
    count : int
        Outputs in a row.
    """

    stride: int
    phases: tuple[int, ...]
    sums: Sums
    offsets: Integers
    width: int
    source_pitch: int
    phase_pitch: int
    pitch: int
    few: int = FEW_ROWS
    source: int = 0
    dealt: int = 0
    count: int = 0

    @classmethod
    def of(
        cls,
        stride: int,
        positions: Integers,
        weights: NDArray[Any],
        row: tuple[int, int],
        target: int,
        *,
        streamed: int,
    ) -> CellPass:
        """The pass for taps at some positions.

        Parameters
        ----------
        stride : int, cells
        positions : ndarray, int64, cells
            Of each tap.
        weights : ndarray of the compute dtype
        row : (int, int)
            Cells of a row of input, and bytes from row to row.
        target : int, bytes
            From one row of output to the next.
        streamed : int
            See `Sums`.
        """
        item = weights.itemsize
        width, pitch = row
        phases: tuple[int, ...] = ()
        phase_pitch = 0
        offsets = positions * item
        if stride > 1:
            cell, phase = np.divmod(positions, stride)
            phases = tuple(np.unique(phase).tolist())
            phase_pitch = spaced(-(-width // stride) * item)
            pitch = spaced(phase_pitch * len(phases))
            offsets = np.searchsorted(phases, phase) * phase_pitch + cell * item
        run = _run(offsets, item)
        runs = len(offsets) // run if run else 0
        numbers = (runs, len(offsets) - runs * run) if run else (len(offsets),)
        if run:
            offsets = np.concatenate(
                [offsets[: runs * run : run], offsets[runs * run :]]
            )
        code = ColumnCode(scalar_of(weights.dtype), (1,), run=run)
        sums = Sums(code, numbers, weights, pitch, target, streamed=streamed)
        return cls(stride, phases, sums, offsets, width, row[1], phase_pitch, pitch)

    @classmethod
    def of_box(
        cls,
        taps: Taps,
        gap: int,
        weights: NDArray[Any],
        row: tuple[int, int],
        target: int,
        *,
        streamed: int,
    ) -> CellPass:
        """The pass for taps of one weight, `gap` cells apart, at stride 1.

        For the other parameters see `of`.
        """
        numbers = tuple(len(group.first) for group in taps.groups)
        code = ColumnCode(
            scalar_of(weights.dtype),
            taps.heights,
            gap=gap,
            box="cells",
            is_alone=numbers == (1,),
        )
        width, pitch = row
        offsets = taps.first[:, taps.axis or 0] * (gap * weights.itemsize)
        sums = Sums(code, numbers, weights, pitch, target, streamed=streamed)
        return cls(1, (), sums, offsets, width, pitch, 0, pitch)

    def tables(self, rows: int, target: Integers) -> Iterator[Table]:
        """Rows of a table that finish some rows of each plane."""
        if self.phases:
            yield self._parted(rows, len(target))
        yield self.sums.table(
            (rows, self.count),
            np.full(len(target), self.dealt),
            target,
            self.offsets.ctypes.data,
            (Base.SCRATCH, Base.OUT),
        )

    def _parted(self, rows: int, planes: int) -> Table:
        """Rows of a table that part the cells by phase."""
        item = self.sums.weights.itemsize
        dealt = self.stride <= WIDEST
        phases = np.array((0,) if dealt else self.phases, dtype=np.int64)
        length = np.full(1, self.width)
        if not dealt:
            length = -((phases - self.width) // self.stride)
        part = np.arange(len(phases)) * self.phase_pitch
        items: dict[int, int | Integers] = {
            Pack.SOURCE: np.tile(self.source + phases * item, planes),
            Pack.TARGET: np.tile(self.dealt + part, planes),
            Pack.GROUPS: 1,
            Pack.ROWS: rows,
            Pack.PITCH: self.source_pitch,
            Pack.LENGTH: np.tile(length, planes),
            Pack.TARGET_PITCH: self.pitch,
            Pack.PHASE_PITCH: self.phase_pitch,
            Pack.DISTANCE: self.stride * item,
        }
        code = PackCode(
            f"f{item}",
            swapped=False,
            scalar=self.sums.code.scalar,
            stride=self.stride if dealt else 0,
            phases=self.phases if dealt else (),
        )
        bases: dict[int, Base] = {Pack.SOURCE: Base.SCRATCH, Pack.TARGET: Base.SCRATCH}
        return program.calls(pack.address(code), planes * len(phases), items, bases)


def _run(offsets: Integers, item: int) -> int:
    """Taps of a run, so that few are left over.

    0 where taps are few or apart, or where shifting a vector is not one instruction.
    """
    lanes = jit.host().vector_bytes // item
    few = len(offsets) < 4 or jit.host().vector_bytes != 64
    if few or (np.diff(offsets) != item).any():
        return 0
    return len(offsets) // -(-len(offsets) // min(lanes, LONGEST_RUN))
