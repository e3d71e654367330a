"""Regions of packed input: what a box of a layer's outputs reads of some channels.

A region lies in scratch, small enough for the second cache::

    channel 0   plane 0   row 0   phase 0, phase 1, …      one line
                          row 1
                plane 1   …
    channel 1   …

Its lines are padded, converted and dealt out by the stride on the way from the block.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from volconv.compute.compiled.layers import gather
from volconv.compute.compiled.layers.gather import IN_BLOCK
from volconv.compute.compiled.packing import pack
from volconv.compute.compiled.packing.pack import WIDEST, PackCode
from volconv.compute.compiled.packing.pack import Item as Pack
from volconv.compute.compiled.packing.padded import Packing
from volconv.compute.compiled.programs.edges import CONSTANT, Piece, pieces
from volconv.compute.compiled.programs.program import Integers

__all__ = ["Cells", "Region", "Side"]

LINE = 64
"""Bytes of a line of the caches."""


@dataclass(frozen=True, eq=False)
class Side:
    """A layer along one axis.

    Attributes
    ----------
    taps, stride, dilation : int
        Of the window.
    indices : ndarray, int64
        For each padded cell the cell of the block that it holds, or `CONSTANT`.
    """

    taps: int
    stride: int
    dilation: int
    indices: Integers

    @cached_property
    def outputs(self) -> int:
        """Windows that the padded cells hold."""
        return (len(self.indices) - self.cells(1)) // self.stride + 1

    def cells(self, outputs: int) -> int:
        """Padded cells from the first to the last that some outputs read."""
        return (outputs - 1) * self.stride + (self.taps - 1) * self.dilation + 1

    def reads(self, outputs: int) -> Integers:
        """The cells that neighbouring outputs read, from the first one's first.

        Those between are left out if each tap is then as many cells away for each output.
        """
        starts = np.arange(outputs) * self.stride
        taps = np.arange(self.taps) * self.dilation
        read = np.unique(starts[:, None] + taps)
        at = np.searchsorted(read, starts)[:, None] + np.searchsorted(read, taps)
        if (read[at] == starts[:, None] + taps).all():
            return read
        return np.arange(self.cells(outputs))

    def patterns(
        self, starts: Integers, read: Integers
    ) -> tuple[Integers, Integers, Integers]:
        """How the cells lie that boxes read, which begin at some outputs.

        Returns
        -------
        ndarray
            Patterns of indices, from the least index of each; no two alike.
        ndarray, ndarray
            The pattern of each box, and its least index.
        """
        found = self.indices[starts[:, None] * self.stride + read]
        inside = found != CONSTANT
        least = np.where(inside, found, np.iinfo(np.int64).max).min(axis=1)
        least = np.where(inside.any(axis=1), least, 0)
        relative = np.where(inside, found - least[:, None], CONSTANT)
        known: dict[bytes, int] = {}
        which = [known.setdefault(one.tobytes(), len(known)) for one in relative]
        firsts = [which.index(number) for number in range(len(known))]
        return relative[firsts], np.array(which), least


@dataclass(frozen=True)
class Cells:
    """How the cells of a block lie, and what they become.

    Attributes
    ----------
    source : dtype
        Of the block.
    pitches : tuple of int, bytes
        From channel to channel, plane to plane, row to row and cell to cell.
    compute : dtype
        Of the packed cells.
    fill : ndarray, shape (1,)
        The fill value, as the block would hold it.
    """

    source: np.dtype[Any]
    pitches: tuple[int, int, int, int]
    compute: np.dtype[Any]
    fill: NDArray[Any]


@dataclass(frozen=True, eq=False)
class Region:
    """The input of a box of outputs.

    Attributes
    ----------
    sides : tuple of Side
        Along planes, rows and cells.
    counts : tuple of int
        Outputs of the box along each.
    first : int
        The box's first output along a row.
    cells : Cells
    """

    sides: tuple[Side, Side, Side]
    counts: tuple[int, int, int]
    first: int
    cells: Cells

    @cached_property
    def planes(self) -> Integers:
        """Planes that are read."""
        return self.sides[0].reads(self.counts[0])

    @cached_property
    def rows(self) -> Integers:
        """Rows that are read of each."""
        return self.sides[1].reads(self.counts[1])

    @cached_property
    def length(self) -> int:
        """Padded cells of a row that are read."""
        return self.sides[2].cells(self.counts[2])

    @cached_property
    def phases(self) -> tuple[int, ...]:
        """Phases of the stride that some tap reads."""
        side = self.sides[2]
        return tuple(
            sorted({tap * side.dilation % side.stride for tap in range(side.taps)})
        )

    @cached_property
    def phase_pitch(self) -> int:
        """Bytes from phase to phase of a line."""
        return -(-self.length // self.sides[2].stride) * self.cells.compute.itemsize

    @cached_property
    def pitch(self) -> int:
        """Bytes from line to line."""
        return len(self.phases) * self.phase_pitch

    @cached_property
    def channel_pitch(self) -> int:
        """Bytes from channel to channel: an odd number of lines of the caches.

        Else the cells that a tile reads could all be kept in the same few sets.
        """
        lines = -(-len(self.planes) * len(self.rows) * self.pitch // LINE)
        return (lines | 1) * LINE

    def offsets(self, channels: int) -> Integers:
        """Bytes from an output's first tap to each of them, channel by channel."""
        planes, rows, line = self.sides
        at_plane = np.searchsorted(
            self.planes, np.arange(planes.taps) * planes.dilation
        )
        at_row = np.searchsorted(self.rows, np.arange(rows.taps) * rows.dilation)
        taps = np.arange(line.taps) * line.dilation
        along = np.searchsorted(self.phases, taps % line.stride) * self.phase_pitch
        along += taps // line.stride * self.cells.compute.itemsize
        found = np.arange(channels)[:, None, None, None] * self.channel_pitch
        lines = at_plane[:, None, None] * len(self.rows) + at_row[:, None]
        return np.ascontiguousarray((found + lines * self.pitch + along).ravel())

    def vectors(
        self, lanes: int, to: tuple[int, int, int]
    ) -> tuple[Integers, Integers]:
        """Bytes to each vector of outputs, in the region and in the target.

        The last vector of a row overlaps the one before it.

        Parameters
        ----------
        lanes : int
            Cells of a vector.
        to : tuple of int
            Bytes from plane to plane, row to row and output to output of the target.
        """
        planes, rows, line = (np.arange(count) for count in self.counts)
        at_plane = np.searchsorted(self.planes, planes * self.sides[0].stride)
        at_row = np.searchsorted(self.rows, rows * self.sides[1].stride)
        starts = np.minimum(line[::lanes], self.counts[2] - lanes)
        ours = starts * self.cells.compute.itemsize
        lines = (at_plane[:, None] * len(self.rows) + at_row) * self.pitch
        targets = planes[:, None] * to[0] + rows * to[1]
        return (
            (lines[..., None] + ours).ravel(),
            (targets[..., None] + starts * to[2]).ravel(),
        )

    @cached_property
    def packing(self) -> Packing:
        """How the lines are packed."""
        cells, stride = self.cells, self.sides[2].stride
        touching = cells.pitches[3] == cells.source.itemsize and stride <= WIDEST
        code = PackCode(
            f"{cells.source.kind}{cells.source.itemsize}",
            not cells.source.isnative,
            "float" if cells.compute.itemsize == 4 else "double",
            stride if touching else 0,
            self.phases if touching else (),
        )
        return Packing(
            code,
            self.phases,
            stride,
            cells.pitches[3],
            cells.compute.itemsize,
            self.pitch,
            self.phase_pitch,
            cells.fill.ctypes.data,
        )

    def copies(self, planes: Integers, rows: Integers) -> Integers:
        """The list of copies that packs a region: see `gather`.

        Parameters
        ----------
        planes, rows : ndarray
            A pattern of indices along each.
        """
        _, plane_pitch, row_pitch, _ = self.cells.pitches
        targets = np.arange(len(planes) * len(rows)) * self.pitch
        sources = (planes[:, None] * plane_pitch + rows * row_pitch).ravel()
        beyond = ((planes[:, None] < 0) | (rows < 0)).ravel()
        found = []
        for lines, copies in ((~beyond, self.line), (beyond, self.nothing)):
            some = np.repeat(copies[None], np.count_nonzero(lines), axis=0)
            some[..., 1 + Pack.SOURCE] += sources[lines, None] & copies[:, IN_BLOCK]
            some[..., 1 + Pack.TARGET] += targets[lines, None]
            found.append(some.reshape(-1, gather.WIDTH))
        return np.concatenate(found)

    @cached_property
    def line(self) -> Integers:
        """Copies of a line of cells."""
        begin = self.first * self.sides[2].stride
        indices = self.sides[2].indices[begin : begin + self.length]
        return self.line_copies(pieces(indices))

    @cached_property
    def nothing(self) -> Integers:
        """Copies of a line beyond the edge."""
        return self.line_copies([Piece(0, CONSTANT, 0, self.length)])

    def line_copies(self, across: list[Piece]) -> Integers:
        """Copies of the pieces of a line."""
        parts = [part for piece in across for part in self.packing.parts(piece)]
        found = np.zeros((len(parts), gather.WIDTH), np.int64)
        for copy, (piece, phase) in zip(found, parts, strict=True):
            code, from_cell, to_cell, distance = self.packing.along(piece, phase)
            is_inside = piece.first >= 0
            items = {
                Pack.SOURCE: from_cell,
                Pack.TARGET: to_cell,
                Pack.GROUPS: 1,
                Pack.PITCH: self.cells.pitches[0] if is_inside else 0,
                Pack.LENGTH: piece.count,
                Pack.TARGET_PITCH: self.channel_pitch,
                Pack.PHASE_PITCH: self.phase_pitch,
                Pack.DISTANCE: distance,
            }
            copy[0] = pack.address(code)
            for item, value in items.items():
                copy[1 + item] = value
            copy[IN_BLOCK] = -1 if is_inside else 0
        return found
