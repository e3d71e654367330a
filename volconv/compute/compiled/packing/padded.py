"""Padded lines packed: a call for each piece of lines and piece of cells, see `edges`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from volconv.compute.compiled.packing import pack
from volconv.compute.compiled.packing.pack import Item as Pack
from volconv.compute.compiled.packing.pack import PackCode
from volconv.compute.compiled.programs import program
from volconv.compute.compiled.programs.correlator import scalar_of
from volconv.compute.compiled.programs.edges import CONSTANT, Piece, grouped, pieces
from volconv.compute.compiled.programs.program import Base, Integers, Table

# Where a sheet begins that holds nothing but the fill value.
NOWHERE = np.iinfo(np.int64).min
# Shorter pieces go cell by cell.
FEWEST_DEALT = 16


@dataclass(frozen=True)
class Packing:
    """How padded lines are packed; distances in bytes.

    Attributes
    ----------
    code : PackCode
        For cells that touch.
    phases : tuple of int
        In which a line is packed.
    stride : int
        Cells from one of a phase to the next.
    item, size : int
        Of a cell before and after.
    pitch, phase_pitch : int
        From one packed line to the next, and from phase to phase.
    fill : int
        Address of the fill value.
    """

    code: PackCode
    phases: tuple[int, ...]
    stride: int
    item: int
    size: int
    pitch: int
    phase_pitch: int
    fill: int

    def table(
        self,
        sheets: tuple[Integers, Integers],
        lines: tuple[Integers, int],
        cells: Integers,
    ) -> tuple[Table, Integers]:
        """Rows that pack some sheets of lines alike, and the sheet that each is of.

        Parameters
        ----------
        sheets : (ndarray, ndarray)
            Where each begins in the block, or `NOWHERE`; and where in scratch.
        lines : (ndarray, int)
            Indices of a sheet's lines, and from one index to the next.
        cells : ndarray
            Indices of a line's cells.
        """
        indices, unit = lines
        starts, targets = sheets
        number = np.arange(len(starts))
        inside = starts != NOWHERE
        tables, which = [], []
        for part, along, across in (
            (number[inside], grouped(pieces(indices)), pieces(cells)),
            (
                number[~inside],
                [Piece(0, CONSTANT, 0, len(indices))],
                [Piece(0, CONSTANT, 0, len(cells))],
            ),
        ):
            for line in along if len(part) else []:
                whole = (
                    [Piece(0, CONSTANT, 0, len(cells))] if line.first < 0 else across
                )
                parts = [part for piece in whole for part in self.parts(piece)]
                # Long parts first, so that the cells of the others are in cache.
                for piece in sorted(parts, key=lambda part: part[1] is not None):
                    chosen = part
                    if piece[0].first < 0 and line.first >= 0:
                        # Nothing else is ever written there.
                        chosen = part[np.unique(targets[part], return_index=True)[1]]
                    tables.append(
                        self._calls(
                            starts[chosen], targets[chosen], (line, unit), piece
                        )
                    )
                    which.append(chosen)
        return program.joined(tables), np.concatenate(which)

    def parts(self, piece: Piece) -> Iterator[tuple[Piece, int | None]]:
        """A piece of a line in parts for one call each, and the phase of each.

        None where a part is dealt out to all phases.
        """
        dealt = self.code.stride and piece.first >= 0 and piece.step == 1
        head = -piece.at % self.stride
        if dealt and piece.count - head >= FEWEST_DEALT:
            rest = replace(
                piece,
                at=piece.at + head,
                first=piece.first + head,
                count=piece.count - head,
            )
            yield rest, None
            piece = replace(piece, count=head)
        for phase in self.phases:
            skip = (phase - piece.at) % self.stride
            count = -((skip - piece.count) // self.stride)
            if count > 0:
                first = piece.first + skip * piece.step
                yield (
                    replace(piece, at=piece.at + skip, first=first, count=count),
                    phase,
                )

    def _calls(
        self,
        starts: Integers,
        targets: Integers,
        lines: tuple[Piece, int],
        cells: tuple[Piece, int | None],
    ) -> Table:
        line, unit = lines
        piece, phase = cells
        constant = piece.first < 0
        code, from_cell, to_cell, distance = self.along(piece, phase)
        items: dict[int, int | Integers] = {
            Pack.SOURCE: from_cell
            if constant
            else starts + line.first * unit + from_cell,
            Pack.TARGET: targets + line.at * self.pitch + to_cell,
            Pack.GROUPS: line.groups,
            Pack.ROWS: line.count,
            Pack.GROUP_PITCH: 0 if constant else line.between * unit,
            Pack.PITCH: 0 if constant else line.step * unit,
            Pack.LENGTH: piece.count,
            Pack.TARGET_PITCH: self.pitch,
            Pack.PHASE_PITCH: self.phase_pitch,
            Pack.DISTANCE: distance,
        }
        bases: dict[int, Base] = {Pack.TARGET: Base.SCRATCH}
        if not constant:
            bases[Pack.SOURCE] = Base.BLOCK
        return program.calls(pack.address(code), len(starts), items, bases)

    def along(self, piece: Piece, phase: int | None) -> tuple[PackCode, int, int, int]:
        """How a part of a line is packed.

        Returns
        -------
        PackCode
            Of the copy.
        int, int
            Where it begins in a line, or the address of the fill value; and where in a
            packed line.
        int
            From cell to cell, where they are gathered.
        """
        code = self.code if phase is None else replace(self.code, stride=0, phases=())
        part = 0 if phase is None else self.phases.index(phase)
        to_cell = part * self.phase_pitch + piece.at // self.stride * self.size
        if piece.first < 0:
            return code, self.fill, to_cell, 0
        distance = piece.step * self.stride * self.item
        return code, piece.first * self.item, to_cell, distance


def copied(
    dtype: np.dtype[Any],
    starts: tuple[Integers, Integers],
    counts: tuple[Integers | int, int],
    pitches: tuple[Integers | int, int],
) -> Table:
    """Rows of a table that copy lines within scratch.

    Parameters
    ----------
    dtype : dtype
        The compute dtype.
    starts : (ndarray, ndarray)
        Where lines begin, and their copies.
    counts : (ndarray or int, int)
        Lines that follow each other, and cells of one.
    pitches : (ndarray or int, int), bytes
        From line to line, and from copy to copy.
    """
    code = PackCode(
        f"f{dtype.itemsize}",
        swapped=False,
        scalar=scalar_of(dtype),
        stride=1,
        phases=(0,),
    )
    items: dict[int, int | Integers] = {
        Pack.SOURCE: starts[0],
        Pack.TARGET: starts[1],
        Pack.GROUPS: 1,
        Pack.ROWS: counts[0],
        Pack.PITCH: pitches[0],
        Pack.LENGTH: counts[1],
        Pack.TARGET_PITCH: pitches[1],
    }
    bases: dict[int, Base] = {Pack.SOURCE: Base.SCRATCH, Pack.TARGET: Base.SCRATCH}
    return program.calls(pack.address(code), len(starts[0]), items, bases)
