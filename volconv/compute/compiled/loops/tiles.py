"""Tiles: the sums of some rows and vectors of output, held in registers.

A tile of R rows by V vectors is summed in R*V registers, column by column: a column
of height h loads each of the lines it spans once, and adds it to every output row
that has a tap there. The tile is then written in one go. Written out for two rows,
one vector and a column of height 2 at step 1::

    w0, w1 = weights of the column
    x = line 0;  sum0 += w0 x
    x = line 1;  sum0 += w1 x;  sum1 += w0 x
    x = line 2;                 sum1 += w1 x

Taps that follow each other along the vectors form runs instead: neighbouring taps
read neighbouring cells, so that half of the vectors are shifted out of two others in
registers, and half are loaded anew. Either alone would hold up the multiplications.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from volconv.compute.compiled.llvm.emit import (
    BITS,
    Function,
    Scalar,
    constant,
    vector,
    zero,
)
from volconv.compute.compiled.llvm.streams import LINE
from volconv.compute.compiled.loops.items import ColumnCode, Item, Stream

if TYPE_CHECKING:
    from volconv.compute.compiled.llvm.jit import Machine

NOT_A_NUMBER = constant(float("nan"))


@dataclass(frozen=True)
class Tile:
    """One tile function to be written.

    Attributes
    ----------
    code : ColumnCode
    machine : Machine
    rows, lanes, vectors : int
        Rows of output, cells in a vector, and vectors in a row.
    """

    code: ColumnCode
    machine: Machine
    rows: int
    lanes: int
    vectors: int

    @property
    def kind(self) -> str:
        """Type of a vector."""
        return vector(self.code.scalar, self.lanes)

    @property
    def size(self) -> int:
        """Bytes of a cell."""
        return BITS[self.code.scalar] // 8

    @property
    def width(self) -> int:
        """Bytes of a vector."""
        return self.lanes * self.size

    @property
    def signature(self) -> str:
        """Of the function."""
        return (
            f"internal void @tile_{self.rows}_{self.lanes}_{self.vectors}"
            "(ptr %row, ptr noalias %src, ptr noalias %dst, i64 %to, ptr %part)"
        )

    def text(self) -> str:
        """The function: ``tile(row, src, dst, to, part)``.

        `to` is the pitch of the target, `part` what the tile fetches of a stretch.
        """
        f = Function(self.signature)
        pitch = f.argument("%row", Item.PITCH)
        ahead = f.argument("%row", Item.AHEAD)
        whole = self.width == self.machine.vector_bytes
        if whole and not (self.code.fetches_lines or self.code.stretch):
            self._fetch_tile(f, ahead)
        offset = f.argument("%row", Item.OFFSETS, "ptr")
        weight = f.argument("%row", Item.WEIGHTS, "ptr")
        part = "%part"
        sums = [zero(self.kind)] * (self.rows * self.vectors)
        for group, height in enumerate(self.code.groups):
            count = f.argument("%row", Item.COUNTS + group)
            carried = [("ptr", offset), ("ptr", weight), ("ptr", part)]
            carried += [(self.kind, total) for total in sums]
            with f.loop(count, carried=carried) as turn:
                offset, weight, part, *sums = turn.carried
                start = f.at("%src", f.load("i64", offset))
                if whole:
                    self._fetch_part(f, part)
                if self.code.run and not group:
                    sums = self._run(f, start, pitch, weight, sums)
                else:
                    if self.vectors > 1 and self.code.fetches_lines:
                        self._fetch(f, f.at(start, ahead), pitch, "i32 0, i32 2")
                    sums = self._column(f, height, start, pitch, weight, sums)
                weight = f.at(weight, height * self.size)
                part = f.at(part, self.code.stretch * LINE)
                turn.carried = [f.at(offset, 8), weight, part, *sums]
            offset, weight, part, *sums = turn.carried
        self._write(f, sums)
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
        weights = [self._weight(f, weight, tap) for tap in range(height)]
        reached = 0
        for line, uses in self._uses(height):
            if line > reached:
                skip = line - reached
                pointer = f.at(pointer, pitch if skip == 1 else f.mul(pitch, skip))
                reached = line
            for v in range(self.vectors):
                cells = f.load(self.kind, f.at(pointer, v * self.width))
                for row, tap in uses:
                    i = row * self.vectors + v
                    sums[i] = self._multiply_add(f, weights[tap], cells, sums[i])
        return sums

    def _uses(self, height: int) -> list[tuple[int, list[tuple[int, int]]]]:
        """For each line of input in turn, the (row, tap) pairs that it serves."""
        uses: dict[int, list[tuple[int, int]]] = {}
        for row in range(self.rows):
            for tap in range(height):
                line = row * self.code.step + tap * self.code.gap
                uses.setdefault(line, []).append((row, tap))
        return sorted(uses.items())

    def _run(
        self, f: Function, start: str, pitch: str, weight: str, sums: list[str]
    ) -> list[str]:
        """The sums after one run of taps along the vectors.

        The vector after the last is loaded too, so a line must be readable for one
        cell more than the taps reach.
        """
        sums = list(sums)
        lines = [start]
        for _ in range(self.rows - 1):
            lines.append(f.at(lines[-1], pitch))
        shifted = self.vectors > 1
        held = [
            [
                f.load(self.kind, f.at(line, v * self.width))
                for v in range(self.vectors + 1 if shifted else 0)
            ]
            for line in lines
        ]
        for tap in range(self.code.run):
            value = self._weight(f, weight, tap)
            for row, line in enumerate(lines):
                for v in range(self.vectors):
                    if shifted and tap % 2 == 0:
                        cells = self._shifted(f, held[row][v : v + 2], tap)
                    else:
                        where = f.at(line, v * self.width + tap * self.size)
                        cells = f.load(self.kind, where)
                    i = row * self.vectors + v
                    sums[i] = self._multiply_add(f, value, cells, sums[i])
        return sums

    def _shifted(self, f: Function, pair: list[str], by: int) -> str:
        """The vector that begins `by` cells into the first of two."""
        if by == 0:
            return pair[0]
        return f.shuffle(self.kind, pair[0], pair[1], range(by, by + self.lanes))

    def _weight(self, f: Function, weights: str, tap: int) -> str:
        """One weight in each lane."""
        value = f.load(self.code.scalar, f.at(weights, tap * self.size))
        return f.spread(self.code.scalar, self.lanes, value)

    def _multiply_add(self, f: Function, a: str, b: str, c: str) -> str:
        return multiply_add(f, self.machine, (self.code.scalar, self.lanes), (a, b, c))

    def _fetch_tile(self, f: Function, ahead: str) -> None:
        """Ask for the input, and perhaps the output, of a later tile.

        The hardware cannot guess where the next plane is.
        """
        with f.when(f.op(f"icmp ne i64 {ahead}, 0")):
            step = f.argument("%row", Item.STEP)
            # to read, from the second-level cache
            self._fetch(f, f.at("%src", ahead), step, "i32 0, i32 2")
            streamed = f.argument("%row", Item.STREAM)
            with f.when(f.op(f"icmp eq i64 {streamed}, {Stream.NO}")):
                pitch = f.argument("%row", Item.TARGET_PITCH)
                target = f.at("%dst", f.mul(pitch, self.rows))
                # to write, from the first-level cache
                self._fetch(f, target, pitch, "i32 1, i32 3")

    def _fetch(self, f: Function, pointer: str, pitch: str, how: str) -> None:
        """Ask for a tile's worth of lines."""
        for row in range(self.rows):
            for line in range(0, self.vectors * self.width, LINE):
                f.fetch(f.at(pointer, line), how)
            if row < self.rows - 1:
                pointer = f.at(pointer, pitch)

    def _fetch_part(self, f: Function, pointer: str) -> None:
        """Ask for what falls to a column of the tile's part of a stretch.

        Spread over the columns: a processor drops what is asked of it at once.
        """
        for line in range(self.code.stretch):
            f.fetch(f.at(pointer, line * LINE), "i32 0, i32 3")

    def _write(self, f: Function, sums: list[str]) -> None:
        """Write the sums."""
        clean = self._cleaned(f, sums)
        if self.vectors > 1:
            stream = f.argument("%row", Item.STREAM)
            with f.when(f.op(f"icmp eq i64 {stream}, {Stream.ALIGNED}")):
                self._store(f, clean, f"align {self.width}, !nontemporal !0")
                f.do("ret void")
                f.label(f.fresh("unreached"))
        self._store(f, clean, "align 1")

    def _cleaned(self, f: Function, sums: list[str]) -> list[str]:
        """The sums, every NaN as the same NaN, if there is any.

        If there is none is seen from the sum of them all, which costs an addition each
        where other work is multiplications.
        """
        if self.code.is_between:
            return sums
        whole = list(sums)
        while len(whole) > 1:
            pairs = zip(whole[::2], whole[1::2], strict=False)
            rest = whole[len(whole) // 2 * 2 :]
            whole = [f.op(f"fadd {self.kind} {a}, {b}") for a, b in pairs] + rest
        odd = f.op(f"fcmp uno {self.kind} {whole[0]}, {whole[0]}")
        if self.lanes > 1:
            flags = vector("i1", self.lanes)
            odd = f.op(f"call i1 {any_of(self.lanes)}({flags} {odd})")
        turns = f.op(f"zext i1 {odd} to i64")
        with f.loop(turns, carried=[(self.kind, total) for total in sums]) as turn:
            turn.carried = [self._clean(f, total) for total in turn.carried]
        return turn.carried

    def _clean(self, f: Function, total: str) -> str:
        """The sum, every NaN as the same NaN.

        Which operand's NaN an instruction passes on depends on the form that the
        compiler picks, which may differ between tiles. The last of several
        passes sees to it for all of them.
        """
        if self.code.is_between:
            return total
        kind, flags = self.kind, vector("i1", self.lanes)
        same = f.spread(self.code.scalar, self.lanes, NOT_A_NUMBER)
        odd = f.op(f"fcmp uno {kind} {total}, {total}")
        return f.op(f"select {flags} {odd}, {kind} {same}, {kind} {total}")

    def _store(self, f: Function, values: list[str], how: str) -> None:
        for row in range(self.rows):
            start = f.at("%dst", f.mul("%to", row)) if row else "%dst"
            for v in range(self.vectors):
                value = values[row * self.vectors + v]
                target = f.at(start, v * self.width)
                f.do(f"store {self.kind} {value}, ptr {target}, {how}")


def multiply_add(
    f: Function, machine: Machine, of: tuple[Scalar, int], terms: tuple[str, str, str]
) -> str:
    """``a b + c`` of three vectors of so many lanes, rounded as the machine does it."""
    kind, (a, b, c) = vector(*of), terms
    if machine.fma:
        return f.op(f"call {kind} {fma(*of)}({kind} {a}, {kind} {b}, {kind} {c})")
    return f.op(f"fadd {kind} {c}, {f.op(f'fmul {kind} {a}, {b}')}")


def any_of(lanes: int) -> str:
    """Name of the function that tells whether any lane of a mask is set."""
    return f"@llvm.vector.reduce.or.v{lanes}i1"


def fma(scalar: Scalar, lanes: int) -> str:
    """Name of the fused multiply-add of a vector type."""
    return f"@llvm.fma.{'' if lanes == 1 else f'v{lanes}'}f{BITS[scalar]}"
