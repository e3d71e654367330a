"""Rows turned into lines that hold one cell of each, and back.

A pass along the last axis reads its input at every cell, and vectors that begin
anywhere are slow to load. Where rows are turned first, the pass is along lines, each
in whole vectors::

    row 0   a0 a1 a2 ..           line 0   a0 b0 c0 ..
    row 1   b0 b1 b2 ..           line 1   a1 b1 c1 ..
    row 2   c0 c1 c2 ..           line 2   a2 b2 c2 ..
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING

from volconv.compute.compiled.llvm import jit
from volconv.compute.compiled.llvm.emit import BITS, Function, Scalar, vector
from volconv.compute.compiled.llvm.shuffle import transposed
from volconv.compute.compiled.llvm.streams import stream

if TYPE_CHECKING:
    from volconv.compute.compiled.llvm.jit import Machine

# Bytes of a row that are turned back before they are copied to the output. Rows that
# do not begin on a cache line are copied in parts that share lines, which is slow: the
# fewer the better, in the first-level cache. Measured 2026-11 on Zen 3, rows of 1200
# bytes: 1.5 times faster than at 256, as fast as at 1024.
STAGE = 2048


class Item(IntEnum):
    """Position of each argument in its row; distances in bytes."""

    SOURCE = 0
    TARGET = 1
    ROWS = 2
    CELLS = 3  # in a row
    PITCH = 4  # of the source, from row to row or from line to line
    TARGET_PITCH = 5
    STREAM = 6  # whether the output bypasses the caches


@dataclass(frozen=True)
class TurnCode:
    """What the compiled functions depend on.

    Attributes
    ----------
    scalar : {"float", "double"}
    """

    scalar: Scalar


def turn(code: TurnCode) -> int:
    """Address of ``turn(row of arguments)``: rows of scratch to lines of scratch.

    Rows and cells are read, and lines written, up to the next whole vector.
    """
    return jit.address((code, "turn"), "turn", lambda machine: _turn(code, machine))


def turn_back(code: TurnCode) -> int:
    """Address of ``back(row of arguments)``: lines of scratch to rows of output.

    Lines are read up to the next whole vector; no cell is written but those asked for.
    """
    return jit.address((code, "back"), "back", lambda machine: _back(code, machine))


def _turn(code: TurnCode, machine: Machine) -> str:
    size = BITS[code.scalar] // 8
    lanes = machine.vector_bytes // size
    kind = vector(code.scalar, lanes)
    f = Function("void @turn(ptr %row)")
    source = f.argument("%row", Item.SOURCE, "ptr")
    target = f.argument("%row", Item.TARGET, "ptr")
    pitch = f.argument("%row", Item.PITCH)
    to = f.argument("%row", Item.TARGET_PITCH)
    with f.loop(f.argument("%row", Item.ROWS), step=lanes) as band:
        start = f.at(source, f.mul(band.index, pitch))
        goal = f.at(target, f.mul(band.index, size))
        with f.loop(f.argument("%row", Item.CELLS), step=lanes) as across:
            pointer = f.at(start, f.mul(across.index, size))
            found = _square(f, code.scalar, lanes, pointer, pitch)
            pointer = f.at(goal, f.mul(across.index, to))
            for value in found:
                f.store(kind, value, pointer)
                pointer = f.at(pointer, to)
    return f.text()


def _back(code: TurnCode, machine: Machine) -> str:
    size = BITS[code.scalar] // 8
    lanes = machine.vector_bytes // size
    kind, wide = vector(code.scalar, lanes), STAGE // size
    f = Function("void @back(ptr %row)")
    staged = f.op(f"alloca [{lanes * STAGE} x i8], align 64")
    source = f.argument("%row", Item.SOURCE, "ptr")
    target = f.argument("%row", Item.TARGET, "ptr")
    rows = f.argument("%row", Item.ROWS)
    cells = f.argument("%row", Item.CELLS)
    pitch = f.argument("%row", Item.PITCH)
    to = f.argument("%row", Item.TARGET_PITCH)
    streamed = f.op(f"icmp ne i64 {f.argument('%row', Item.STREAM)}, 0")
    with f.loop(rows, step=lanes) as band:
        start = f.at(source, f.mul(band.index, size))
        goal = f.at(target, f.mul(band.index, to))
        count = f.smaller(f.sub(rows, band.index), str(lanes))
        with f.loop(cells, step=wide) as across:
            here = f.smaller(f.sub(cells, across.index), str(wide))
            first = f.at(start, f.mul(across.index, pitch))
            with f.loop(here, step=lanes) as inner:
                pointer = f.at(first, f.mul(inner.index, pitch))
                stage = f.at(staged, f.mul(inner.index, size))
                for n, value in enumerate(
                    _square(f, code.scalar, lanes, pointer, pitch)
                ):
                    f.store(kind, value, f.at(stage, n * STAGE))
            output = f.at(goal, f.mul(across.index, size))
            with f.loop(count) as line:
                row = f.at(staged, f.mul(line.index, STAGE))
                there = f.at(output, f.mul(line.index, to))
                with f.when(streamed):
                    f.do(f"call void @stream(ptr {row}, ptr {there}, i64 {here})")
                with f.when(f.op(f"xor i1 {streamed}, true")):
                    f.do(f"call void @copy(ptr {row}, ptr {there}, i64 {here})")
    return "\n".join(
        [
            "declare i64 @llvm.smin.i64(i64, i64)",
            "!0 = !{i32 1}",
            stream(code.scalar, lanes),
            _copy(code.scalar, lanes),
            f.text(),
        ]
    )


def _square(
    f: Function, scalar: Scalar, lanes: int, pointer: str, pitch: str
) -> list[str]:
    """As many vectors as they have lanes, `pitch` apart, transposed."""
    kind, values = vector(scalar, lanes), []
    for _ in range(lanes):
        values.append(f.load(kind, pointer))
        pointer = f.at(pointer, pitch)
    return transposed(f, kind, BITS[scalar] // 8, values)


def _copy(scalar: Scalar, lanes: int) -> str:
    """Function that copies a row as usual."""
    size = BITS[scalar] // 8
    f = Function("internal void @copy(ptr %src, ptr %dst, i64 %cells)")
    whole = f.mul(f.op(f"sdiv i64 %cells, {lanes}"), lanes)
    for kind, start, stop, step in (
        (vector(scalar, lanes), "0", whole, lanes),
        (scalar, whole, "%cells", 1),
    ):
        with f.loop(stop, start=start, step=step) as turn_:
            shift = f.mul(turn_.index, size)
            f.store(kind, f.load(kind, f.at("%src", shift)), f.at("%dst", shift))
    return f.text()
