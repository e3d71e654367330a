"""Correlation of tiles by their transforms: what compiled code does to one pair.

Two real tiles are the real and the imaginary part of one complex tile: the kernel is
real, so the parts do not mix, and no transform of real values is needed. A tile is
transformed along planes first; then plane by plane, while a plane is in cache, along
rows, along cells, times the kernel's transform, and back; and along planes at last.

Transforms along planes and rows have neighbouring cells in the lanes of a vector.
Along cells, as many rows as there are lanes are transposed on the way in and out.
"""

from __future__ import annotations

from enum import IntEnum
from typing import TYPE_CHECKING

from volconv.compute.compiled.fft.butterflies import Complex, Transform
from volconv.compute.compiled.fft.passes import Passes
from volconv.compute.compiled.fft.tilecode import TileCode
from volconv.compute.compiled.llvm import jit
from volconv.compute.compiled.llvm.emit import BITS, Function, vector
from volconv.compute.compiled.llvm.shuffle import transposed

if TYPE_CHECKING:
    from volconv.compute.compiled.llvm.jit import Machine

__all__ = ["Item", "address"]


class Item(IntEnum):
    """Position of each argument in its row."""

    RE = 0
    IM = 1
    WEIGHTS = 2
    BUFFER = 3
    PLANES = 4  # that there are
    ROWS = 5  # that there are
    VECTORS = 6  # of cells, that there are
    KEPT_ROWS = 7  # that are wanted of the result
    KEPT_VECTORS = 8


def address(code: TileCode) -> int:
    """Address of the compiled code, ``tile(row of arguments)``."""
    return jit.address(code, "tile", lambda machine: text(code, machine))


def text(code: TileCode, machine: Machine) -> str:
    """IR of the work on a pair of tiles for a machine."""
    lanes = machine.vector_bytes * 8 // BITS[code.scalar]
    lengths = sorted(set(code.lengths))
    parts = [Passes(length, code.scalar, lanes).text() for length in lengths]
    return "\n".join([*parts, _Writer(code, machine).text()])


class _Writer:
    """The function over a pair of tiles."""

    def __init__(self, code: TileCode, machine: Machine) -> None:
        self.code = code
        self.lanes = machine.vector_bytes * 8 // BITS[code.scalar]
        self.kind = vector(code.scalar, self.lanes)
        self.size = BITS[code.scalar] // 8
        self.width = self.lanes * self.size
        self.rows, self.cells = code.padded(self.lanes)
        self.plane_pitch, self.row_pitch = code.pitches(self.lanes)
        f = self.f = Function("void @tile(ptr %row)")
        self.re, self.im, self.weights, self.buffer = (
            f.argument("%row", item, "ptr")
            for item in (Item.RE, Item.IM, Item.WEIGHTS, Item.BUFFER)
        )
        self.counts = {
            item: f.argument("%row", item) for item in Item if item >= Item.PLANES
        }

    def text(self) -> str:
        """The function."""
        f, code = self.f, self.code
        step = self._weight_bytes() if code.windows[0] else 0
        every, kept = self.counts[Item.VECTORS], self.counts[Item.KEPT_VECTORS]
        rows, kept_rows = self.counts[Item.ROWS], self.counts[Item.KEPT_ROWS]
        if code.windows[0]:
            self._along(0, (rows, self.row_pitch), every, ("0", False))
        with f.loop(self.counts[Item.PLANES]) as turn:
            shift = f.mul(turn.index, self.plane_pitch)
            weights = f.at(self.weights, f.mul(turn.index, step))
            if code.windows[1]:
                self._along(1, (1, 0), every, (shift, False))
            if code.windows[2]:
                self._cells(shift, weights)
            else:
                self._times(shift, weights)
            if code.windows[1]:
                self._along(1, (1, 0), kept, (shift, True))
        if code.windows[0]:
            self._along(0, (kept_rows, self.row_pitch), kept, ("0", True))
        return f.text()

    def _weight_bytes(self) -> int:
        """Of the kernel's transform, in one plane."""
        n1 = self.code.shape[1] if self.code.windows[1] else 1
        if not self.code.windows[2]:
            return n1 * 2 * self.width
        groups = self.rows // self.lanes if self.code.windows[1] else 1
        return groups * self.code.shape[2] * 2 * self.width

    def _call(
        self, axis: int, pointers: tuple[str, str], pitch: int, *, inverse: bool
    ) -> None:
        """Transform in place."""
        re, im = reversed(pointers) if inverse else pointers
        length = self.code.shape[axis]
        self.f.do(
            f"call void @transform_{length}(ptr {re}, ptr {im}, ptr {re}, ptr {im}, "
            f"i64 {pitch}, i64 {pitch}, ptr {self.buffer})"
        )

    def _along(
        self,
        axis: int,
        lines: tuple[str | int, int],
        vectors: str | int,
        where: tuple[str, bool],
    ) -> None:
        """Transform along planes or rows: the vectors of some lines."""
        f = self.f
        start, inverse = where
        pitch = (self.plane_pitch, self.row_pitch)[axis]
        with f.loop(lines[0]) as line:
            first = f.add(start, f.mul(line.index, lines[1]))
            with f.loop(vectors) as turn:
                shift = f.add(first, f.mul(turn.index, self.width))
                pointers = f.at(self.re, shift), f.at(self.im, shift)
                self._call(axis, pointers, pitch, inverse=inverse)

    def _times(self, shift: str, weights: str) -> None:
        """A plane times the kernel's transform."""
        f = self.f
        step = 2 * self.width if self.code.windows[1] else 0
        with f.loop(self.counts[Item.ROWS]) as row:
            start = f.add(shift, f.mul(row.index, self.row_pitch))
            weight = f.at(weights, f.mul(row.index, step))
            with f.loop(self.counts[Item.VECTORS]) as turn:
                shift = f.add(start, f.mul(turn.index, self.width))
                self._multiply(f.at(self.re, shift), f.at(self.im, shift), weight)

    def _multiply(self, re: str, im: str, weight: str) -> None:
        """``a - ib`` times a value, where ``a, b`` are the weight's parts."""
        f = self.f
        transform = Transform(f, self.code.scalar, self.lanes)
        parts = [f.load(self.kind, f.at(weight, n * self.width)) for n in (0, 1)]
        value = Complex(f.load(self.kind, re), f.load(self.kind, im))
        product = transform.turned(value, *parts)
        f.store(self.kind, product.re, re)
        f.store(self.kind, product.im, im)

    def _cells(self, shift: str, weights: str) -> None:
        """Along cells there and back, times the kernel's transform in between."""
        f = self.f
        length = self.code.shape[2]
        # the buffer's end holds the lines; its beginning is the passes'
        lines = f.at(self.buffer, self._passes_bytes())
        pointers = lines, f.at(lines, self.width)
        step = length * 2 * self.width if self.code.windows[1] else 0
        more = f.add(self.counts[Item.ROWS], self.lanes - 1)
        with f.loop(f.op(f"sdiv i64 {more}, {self.lanes}")) as group:
            start = f.add(shift, f.mul(group.index, self.lanes * self.row_pitch))
            weight = f.at(weights, f.mul(group.index, step))
            self._transposed(start, lines, back=False)
            self._call(2, pointers, 2 * self.width, inverse=False)
            with f.loop(length) as turn:
                at = f.mul(turn.index, 2 * self.width)
                re, im = (f.at(pointer, at) for pointer in pointers)
                self._multiply(re, im, f.at(weight, at))
            self._call(2, pointers, 2 * self.width, inverse=True)
            self._transposed(start, lines, back=True)

    def _passes_bytes(self) -> int:
        return 4 * max(self.code.lengths) * self.width

    def _transposed(self, start: str, lines: str, *, back: bool) -> None:
        """Rows to lines that hold one cell of each, or back."""
        f = self.f
        with f.loop(self.cells // self.lanes) as turn:
            for part, base in enumerate((self.re, self.im)):
                row = f.at(base, f.add(start, f.mul(turn.index, self.width)))
                line = f.at(lines, f.mul(turn.index, 2 * self.lanes * self.width))
                rows = [f.at(row, n * self.row_pitch) for n in range(self.lanes)]
                cells = [
                    f.at(line, (2 * n + part) * self.width) for n in range(self.lanes)
                ]
                sources, targets = (cells, rows) if back else (rows, cells)
                values = [f.load(self.kind, pointer) for pointer in sources]
                turned = transposed(f, self.kind, self.code.size, values)
                for value, pointer in zip(turned, targets, strict=True):
                    f.store(self.kind, value, pointer)
