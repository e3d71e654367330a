"""A writer of LLVM IR text: names, loops and vectors, and nothing about windows.

Pointers are opaque and every offset is in bytes (``i64``), so that one piece of
code serves any layout. Loads and stores claim no alignment: on the machines this
is for, an unaligned access that happens to be aligned costs nothing extra.
"""

from __future__ import annotations

import struct
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

Scalar = Literal["float", "double"]
BITS: dict[Scalar, int] = {"float": 32, "double": 64}


def vector(scalar: str, lanes: int) -> str:
    """Type of `lanes` scalars; a single lane is the plain scalar."""
    return scalar if lanes == 1 else f"<{lanes} x {scalar}>"


def zero(kind: str) -> str:
    """Constant +0.0 of a floating scalar or vector type."""
    return "zeroinitializer" if kind.startswith("<") else "0.0"


def constant(value: float) -> str:
    """Literal of a float or double, exact: LLVM wants the bits of the double."""
    return f"0x{struct.unpack('<Q', struct.pack('<d', value))[0]:016X}"


@dataclass
class Loop:
    """One loop under construction: its counter and its carried values.

    Attributes
    ----------
    index : str
        The counter.
    carried : list of str
        Values at the top of the body; assign to the items to hand on others.
    """

    index: str
    carried: list[str]


@dataclass
class Function:
    """The text of one function, line by line."""

    signature: str
    lines: list[str] = field(default_factory=lambda: ["entry:"])
    block: str = "entry"
    count: int = 0

    def fresh(self, stem: str = "v") -> str:
        """A name not used before in this function."""
        self.count += 1
        return f"{stem}{self.count}"

    def do(self, text: str) -> None:
        """Append an instruction without a result."""
        self.lines.append(f"  {text}")

    def op(self, text: str) -> str:
        """Name of the result of an appended instruction."""
        name = f"%{self.fresh()}"
        self.do(f"{name} = {text}")
        return name

    def label(self, name: str) -> None:
        """Begin a basic block."""
        self.lines.append(f"{name}:")
        self.block = name

    def add(self, a: str, b: str | int) -> str:
        """``a + b``."""
        return self.op(f"add i64 {a}, {b}")

    def sub(self, a: str | int, b: str | int) -> str:
        """``a - b``."""
        return self.op(f"sub i64 {a}, {b}")

    def mul(self, a: str, b: str | int) -> str:
        """``a * b``."""
        return self.op(f"mul i64 {a}, {b}")

    def smaller(self, a: str, b: str) -> str:
        """The smaller of two integers."""
        return self.op(f"call i64 @llvm.smin.i64(i64 {a}, i64 {b})")

    def at(self, pointer: str, offset: str | int) -> str:
        """Pointer `offset` bytes on."""
        if offset == 0:
            return pointer
        return self.op(f"getelementptr i8, ptr {pointer}, i64 {offset}")

    def load(self, kind: str, pointer: str) -> str:
        """Value of type `kind` at `pointer`, whatever its alignment."""
        return self.op(f"load {kind}, ptr {pointer}, align 1")

    def store(self, kind: str, value: str, pointer: str) -> None:
        """Write `value` to `pointer`, whatever its alignment."""
        self.do(f"store {kind} {value}, ptr {pointer}, align 1")

    def fetch(self, pointer: str, how: str) -> None:
        """Ask for a cache line, which may lie outside all arrays.

        Fetching never faults. `how` is LLVM's: to read or to write, and which cache.
        """
        self.do(f"call void @llvm.prefetch.p0(ptr {pointer}, {how}, i32 1)")

    def argument(self, row: str, index: int, kind: str = "i64") -> str:
        """Item `index` of the row of 8-byte arguments at `row`."""
        where = self.at(row, 8 * index)
        return self.op(f"load {kind}, ptr {where}, align 8")

    def spread(self, scalar: str, lanes: int, value: str) -> str:
        """Vector with `value` in each lane."""
        if lanes == 1:
            return value
        kind = vector(scalar, lanes)
        first = self.op(f"insertelement {kind} poison, {scalar} {value}, i32 0")
        return self.op(
            f"shufflevector {kind} {first}, {kind} poison, "
            f"<{lanes} x i32> zeroinitializer"
        )

    def shuffle(
        self, kind: str, first: str, second: str | None, order: Sequence[int]
    ) -> str:
        """Cells of a vector, or of two, the second's counted after the first's."""
        mask = ", ".join(f"i32 {cell}" for cell in order)
        return self.op(
            f"shufflevector {kind} {first}, {kind} {second or 'poison'}, "
            f"<{len(order)} x i32> <{mask}>"
        )

    @contextmanager
    def loop(
        self,
        stop: str | int,
        *,
        start: str | int = 0,
        step: str | int = 1,
        carried: Sequence[tuple[str, str]] = (),
    ) -> Iterator[Loop]:
        """A loop from `start` while the counter is below `stop`.

        Parameters
        ----------
        stop, start, step : str or int
            Of the counter, signed.
        carried : sequence of (type, initial value)
            Values handed from one turn to the next. After the loop,
            `Loop.carried` holds the last ones.

        Yields
        ------
        Loop
        """
        before, head, body, end = (
            self.block,
            *(self.fresh(stem) for stem in ("head", "body", "end")),
        )
        self.do(f"br label %{head}")
        self.label(head)
        index = f"%{self.fresh('i')}"
        tops = [f"%{self.fresh('c')}" for _ in carried]
        mark = len(self.lines)
        more = self.op(f"icmp slt i64 {index}, {stop}")
        self.do(f"br i1 {more}, label %{body}, label %{end}")
        self.label(body)
        turn = Loop(index, list(tops))
        yield turn
        following = self.add(index, step)
        self.do(f"br label %{head}")
        heads = [("i64", index, str(start), following)] + [
            (kind, top, first, last)
            for (kind, first), top, last in zip(
                carried, tops, turn.carried, strict=True
            )
        ]
        self.lines[mark:mark] = [
            f"  {name} = phi {kind} [ {first}, %{before} ], [ {last}, %{self.block} ]"
            for kind, name, first, last in heads
        ]
        turn.carried = tops
        self.label(end)

    @contextmanager
    def when(self, condition: str) -> Iterator[None]:
        """A piece of code run only where `condition` holds."""
        then, end = self.fresh("then"), self.fresh("end")
        self.do(f"br i1 {condition}, label %{then}, label %{end}")
        self.label(then)
        yield
        self.do(f"br label %{end}")
        self.label(end)

    def text(self) -> str:
        """The finished function."""
        first, last = f"define {self.signature} {{", "  ret void\n}"
        return "\n".join([first, *self.lines, last])
