"""Tiles that sum taps of one weight by doubling.

Written out line by line of input, with each sum as soon as its parts are there; a sum
of the last kind is an output, which is written at once if there are no other columns.
Each cell is multiplied by the weight before it is added to others, so that no sum goes
beyond what the output itself may.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from volconv.compute.compiled.llvm.emit import Function, zero
from volconv.compute.compiled.loops.doubling import ROWS, Doubling, Sum
from volconv.compute.compiled.loops.items import ColumnCode, Item
from volconv.compute.compiled.loops.tiles import Tile

if TYPE_CHECKING:
    from collections.abc import Iterator

# Taps from which sums of twice as many rows are made at once, which share more, but do
# not fit the registers as well. Measured 2026-11 on Zen 3: 8 rows are 1.2 times faster
# at 9 taps, 1.15 times slower at 31.
TALL = 24
MOST_ROWS = 2 * ROWS
# Of a line: as wide as a cache line or two, and as long as pays for what is summed of
# the vectors behind the last.
WIDE, LONG = 2, 8
# A vector, of 64 bytes at most, for each doubling within a vector of 16, and spare.
BEYOND = 512


def box_shape(code: ColumnCode) -> tuple[int, int]:
    """Rows and vectors of a tile."""
    if code.box == "cells":
        return 1, LONG
    return (MOST_ROWS if max(code.heights) >= TALL else ROWS), WIDE


class BoxTile(Tile):
    """One tile function to be written.

    Along cells, vectors behind the last are read, and what they hold is not used: a
    line must be readable for `BEYOND` bytes more than the taps reach.
    """

    def text(self) -> str:
        """The function, as of other tiles."""
        if not self.code.is_alone:
            return super().text()
        f = Function(self.signature)
        pitch = f.argument("%row", Item.PITCH)
        weight = f.argument("%row", Item.WEIGHTS, "ptr")
        start = f.at("%src", f.load("i64", f.argument("%row", Item.OFFSETS, "ptr")))
        if self.vectors > 1:
            ahead = f.argument("%row", Item.AHEAD)
            if self.code.fetches_lines:
                self._fetch(f, f.at(start, ahead), pitch, "i32 0, i32 2")
            else:
                self._fetch_tile(f, ahead)
        height = self.code.heights[0]
        for row, v, total in self._totals(f, height, start, pitch, weight):
            pointer = f.at("%dst", f.mul("%to", row)) if row else "%dst"
            f.store(self.kind, self._clean(f, total), f.at(pointer, v * self.width))
        return f.text()

    def _column(
        self,
        f: Function,
        height: int,
        pointer: str,
        pitch: str,
        weight: str,
        sums: list[str],
    ) -> list[str]:
        """The sums after one column of taps."""
        sums = list(sums)
        for row, v, total in self._totals(f, height, pointer, pitch, weight):
            i = row * self.vectors + v
            sums[i] = f.op(f"fadd {self.kind} {sums[i]}, {total}")
        return sums

    def _totals(
        self, f: Function, height: int, start: str, pitch: str, weights: str
    ) -> Iterator[tuple[int, int, str]]:
        """Row, vector and sum of every output, in the order in which they are made."""
        weight = self._weight(f, weights, 0)
        lines = _Lines(f, start, pitch)
        along_cells = self.code.box == "cells"
        doubling = Doubling(self.code.gap, self.lanes if along_cells else 1)
        count, step = (
            (self.vectors, self.lanes) if along_cells else (self.rows, self.code.step)
        )
        outputs = {(height, n * step): n for n in range(count)}
        made: dict[tuple[Sum, int], str] = {}
        for total in doubling.schedule(outputs):
            parts = doubling.parts(total)
            # What lies side by side is summed in turn: rows, or vectors.
            for side in range(self.rows if along_cells else self.vectors):
                if parts:
                    pair = [made[part, side] for part in parts]
                    value = self._joined(f, doubling, total, pair)
                else:
                    line, cell = (
                        (side, total[1] * self.size)
                        if along_cells
                        else (total[1], side * self.width)
                    )
                    cells = f.load(self.kind, f.at(lines[line], cell))
                    value = self._multiply_add(f, weight, cells, zero(self.kind))
                made[total, side] = value
                if total in outputs:
                    n = outputs[total]
                    yield (side, n, value) if along_cells else (n, side, value)

    def _joined(
        self, f: Function, doubling: Doubling, total: Sum, pair: list[str]
    ) -> str:
        """One sum of two others."""
        if doubling.is_shifted(total):
            return self._shifted(f, pair, total[1] % self.lanes)
        return f.op(f"fadd {self.kind} {pair[0]}, {pair[1]}")


class _Lines:
    """Pointers to lines, each made when it is first asked for."""

    def __init__(self, f: Function, start: str, pitch: str) -> None:
        self.f, self.pitch, self.known = f, pitch, [start]

    def __getitem__(self, number: int) -> str:
        while len(self.known) <= number:
            self.known.append(self.f.at(self.known[-1], self.pitch))
        return self.known[number]
