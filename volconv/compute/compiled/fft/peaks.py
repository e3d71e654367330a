"""How large the cells of an array are: what tells whether a transform suits them.

Magnitudes are compared as whole numbers, which order as floats do, with inf above all
numbers and NaN above inf.
"""

from __future__ import annotations

import ctypes
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

from volconv.compute.compiled.llvm import jit
from volconv.compute.compiled.llvm.emit import BITS, Function, Scalar, vector

if TYPE_CHECKING:
    from collections.abc import Sequence

    from volconv.compute.compiled.llvm.jit import Machine

__all__ = ["LIMIT", "peaks", "suits"]

# Within these powers of two no sum or product of a transform overflows or is denormal.
LIMIT = {4: 60, 8: 480}
# log2 of the largest value over the largest of another row, above which errors of the
# first would drown the second: some percent of it for float32.
RANGE = {4: 16, 8: 40}


def peaks(
    scalar: Scalar, address: int, counts: Sequence[int], pitches: tuple[int, int]
) -> tuple[float, float]:
    """The largest magnitude, and the least of the rows' largest that is not zero.

    Parameters
    ----------
    scalar : {"float", "double"}
    address : int
        Of the first cell.
    counts : sequence of int
        Planes, rows, and vectors in a row.
    pitches : (int, int), bytes
        From plane to plane and from row to row.

    Returns
    -------
    (float, float)
        (0, inf) where all cells are zero; (inf or NaN, a number) where not all are finite.
    """
    kind: Any = np.float32 if scalar == "float" else np.float64
    items = np.array([address, *counts, *pitches, 0, -1], dtype=np.int64)
    _function(scalar)(items.ctypes.data)
    largest, least = items[6:].astype(f"u{kind().itemsize}").view(kind).tolist()
    return largest, (np.inf if items[7] == -1 else least)


def suits(largest: float, least: float, size: int) -> bool:
    """Whether a transform suits a pair of tiles.

    Parameters
    ----------
    largest, least : float
        See `peaks`.
    size : int, bytes
        Of a float of the arithmetic.

    Returns
    -------
    bool
        False where a value is not finite, or too large or too small to compute with,
        or where a row is so much smaller than the largest value, as beside a fill value
        of 1e20, that it would drown in the rounding errors.
    """
    most = 2.0 ** LIMIT[size]
    return 1 / most < largest < most and largest <= least * 2.0 ** RANGE[size]


@cache
def _function(scalar: Scalar) -> Any:
    where = jit.address(
        ("peaks", scalar), "peaks", lambda machine: text(scalar, machine)
    )
    return ctypes.CFUNCTYPE(None, ctypes.c_void_p)(where)


def text(scalar: Scalar, machine: Machine) -> str:
    """IR of the search for a machine."""
    bits = BITS[scalar]
    lanes = machine.vector_bytes * 8 // bits
    one, kind = f"i{bits}", vector(f"i{bits}", lanes)
    f = Function("void @peaks(ptr %row)")
    start = f.argument("%row", 0, "ptr")
    planes, rows, vectors, plane_pitch, row_pitch = (
        f.argument("%row", item) for item in range(1, 6)
    )
    sign = 1 << (bits - 1)
    mask = f"<{', '.join([f'{one} {sign - 1}'] * lanes)}>"
    carried = [("i64", "0"), ("i64", "-1")]
    with f.loop(planes, carried=carried) as plane:
        first = f.at(start, f.mul(plane.index, plane_pitch))
        with f.loop(
            rows, carried=list(zip(("i64", "i64"), plane.carried, strict=True))
        ) as row:
            line = f.at(first, f.mul(row.index, row_pitch))
            with f.loop(vectors, carried=[(kind, "zeroinitializer")]) as turn:
                cells = f.load(kind, f.at(line, f.mul(turn.index, lanes * bits // 8)))
                size = f.op(f"and {kind} {cells}, {mask}")
                most = turn.carried[0]
                above = f.op(f"icmp ugt {kind} {size}, {most}")
                which = f"select {vector('i1', lanes)} {above}"
                turn.carried = [f.op(f"{which}, {kind} {size}, {kind} {most}")]
            most = f.op(
                f"call {one} @llvm.vector.reduce.umax.v{lanes}i{bits}"
                f"({kind} {turn.carried[0]})"
            )
            wide = most if bits == 64 else f.op(f"zext {one} {most} to i64")
            # zero becomes the largest number there is, which is no least
            turned = f.op(f"icmp eq i64 {wide}, 0")
            other = f.op(f"select i1 {turned}, i64 -1, i64 {wide}")
            largest, least = row.carried
            more = f.op(f"icmp ugt i64 {wide}, {largest}")
            less = f.op(f"icmp ult i64 {other}, {least}")
            row.carried = [
                f.op(f"select i1 {more}, i64 {wide}, i64 {largest}"),
                f.op(f"select i1 {less}, i64 {other}, i64 {least}"),
            ]
        plane.carried = list(row.carried)
    f.store("i64", plane.carried[0], f.at("%row", 48))
    f.store("i64", plane.carried[1], f.at("%row", 56))
    declared = f"declare {one} @llvm.vector.reduce.umax.v{lanes}i{bits}({kind})"
    return f"{declared}\n{f.text()}"
