"""Padded input that is never made: cells beyond the edge are packed from those inside.

Each axis of a padded block is a list of places: the cell of the input that a padded
cell holds, or `CONSTANT` for the fill value. Padded by 2 and mirrored, ``a b c d``
has the places ``1 0 | 0 1 2 3 | 3 2``. Places that go on evenly form pieces, and a
slab is packed by one call for each piece of lines and piece of cells.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from volconv.compute.compiled import pack, program
from volconv.compute.compiled.pack import Item as Pack
from volconv.compute.compiled.pack import PackCode
from volconv.compute.compiled.program import Base, Integers, Table

CONSTANT = -1
# Where a sheet begins that holds nothing but the fill value.
NOWHERE = np.iinfo(np.int64).min
# Shorter pieces go cell by cell.
FEWEST_DEALT = 16

Run = tuple[int, int, int]


@dataclass(frozen=True)
class Edges:
    """Where the cells of a padded block come from.

    Attributes
    ----------
    runs : tuple of tuple of (int, int, int)
        For each axis, in order: first place, number of cells, and step from place to
        place.
    fill : bytes
        The cell at `CONSTANT`, as the input would hold it.
    """

    runs: tuple[tuple[Run, ...], ...]
    fill: bytes

    @property
    def shape(self) -> tuple[int, ...]:
        """Of the padded block."""
        return tuple(sum(count for _, count, _ in runs) for runs in self.runs)

    @property
    def axes(self) -> frozenset[int]:
        """Axes that are not simply those of the input."""
        return frozenset(
            axis
            for axis, runs in enumerate(self.runs)
            if len(runs) > 1 or runs[0][0] != 0 or runs[0][2] != 1
        )

    def check(self, shape: tuple[int, ...]) -> None:
        """Refuse places outside the input.

        Raises
        ------
        ValueError
            Naming the axis.
        """
        for axis, (runs, size) in enumerate(zip(self.runs, shape, strict=True)):
            for first, count, step in runs:
                last = first + (count - 1) * step
                constant = first == last == CONSTANT
                if not (constant or (0 <= first < size and 0 <= last < size)):
                    message = f"edges: got places {first} to {last} along axis {axis}"
                    raise ValueError(f"{message}; expected cells of {size}.")

    def places(self, axis: int, padded: Integers) -> Integers:
        """Places of some padded cells; those of an axis that is not one stay."""
        if axis not in self.axes:
            return padded
        parts = [
            first + step * np.arange(count) for first, count, step in self.runs[axis]
        ]
        return np.concatenate(parts)[padded]


@dataclass(frozen=True)
class Piece:
    """Neighbours whose places go on evenly: in groups of `count`, `groups` times.

    Attributes
    ----------
    at : int
        Number of the first.
    first, step : int
        Its place, and from one place to the next.
    count : int
    groups, between : int
        Pieces alike, and from the first place of one to that of the next.
    """

    at: int
    first: int
    step: int
    count: int
    groups: int = 1
    between: int = 0


def pieces(places: Integers) -> list[Piece]:
    """As few pieces as there are, in order.

    Examples
    --------
    >>> for piece in pieces(np.array([1, 0, 0, 1, 2, -1])):
    ...     print(piece.at, piece.first, piece.step, piece.count)
    0 1 -1 2
    2 0 1 3
    5 -1 0 1
    """
    inside = places >= 0
    found = []
    start = 0
    values, same = places.tolist(), (inside[1:] == inside[:-1]).tolist()
    while start < len(values):
        stop, step = start + 1, 0
        if stop < len(values) and same[start]:
            step = values[stop] - values[start]
            while stop < len(values) and same[stop - 1]:
                if values[stop] - values[stop - 1] != step:
                    break
                stop += 1
        found.append(Piece(start, values[start], step, stop - start))
        start = stop
    return found


def grouped(found: Sequence[Piece]) -> list[Piece]:
    """The same, pieces alike at even distances made one."""
    joined: list[Piece] = []
    for piece in found:
        if joined and _follows(joined[-1], piece):
            last = joined[-1]
            between = (piece.first - last.first) // last.groups
            joined[-1] = replace(last, groups=last.groups + 1, between=between)
        else:
            joined.append(piece)
    return joined


def _follows(last: Piece, piece: Piece) -> bool:
    if min(last.first, piece.first) < 0:
        return False
    even = last.groups == 1 or piece.first - last.first == last.groups * last.between
    return even and (last.step, last.count) == (piece.step, piece.count)


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
            Places of a sheet's lines, and from one place to the next.
        cells : ndarray
            Places of a line's cells.
        """
        places, unit = lines
        starts, targets = sheets
        number = np.arange(len(starts))
        inside = starts != NOWHERE
        tables, which = [], []
        for part, along, across in (
            (number[inside], grouped(pieces(places)), pieces(cells)),
            (
                number[~inside],
                [Piece(0, CONSTANT, 0, len(places))],
                [Piece(0, CONSTANT, 0, len(cells))],
            ),
        ):
            for line in along if len(part) else []:
                whole = (
                    [Piece(0, CONSTANT, 0, len(cells))] if line.first < 0 else across
                )
                parts = [part for piece in whole for part in self._parts(piece)]
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

    def _parts(self, piece: Piece) -> Iterator[tuple[Piece, int | None]]:
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
        part = 0 if phase is None else self.phases.index(phase)
        place = part * self.phase_pitch + piece.at // self.stride * self.size
        constant = piece.first < 0
        distance = 0 if constant else piece.step * self.stride * self.item
        items: dict[int, int | Integers] = {
            Pack.SOURCE: self.fill
            if constant
            else starts + line.first * unit + piece.first * self.item,
            Pack.TARGET: targets + line.at * self.pitch + place,
            Pack.GROUPS: line.groups,
            Pack.ROWS: line.count,
            Pack.GROUP_PITCH: 0 if constant else line.between * unit,
            Pack.PITCH: 0 if constant else line.step * unit,
            Pack.LENGTH: piece.count,
            Pack.TARGET_PITCH: self.pitch,
            Pack.PHASE_PITCH: self.phase_pitch,
            Pack.DISTANCE: distance,
        }
        code = self.code if phase is None else replace(self.code, stride=0, phases=())
        bases: dict[int, Base] = {Pack.TARGET: Base.SCRATCH}
        if not constant:
            bases[Pack.SOURCE] = Base.BLOCK
        return program.calls(pack.address(code), len(starts), items, bases)
