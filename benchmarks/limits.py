"""What the machine can do at most: multiply-adds, and bytes from and to memory.

Both loops are emitted as the engines' are, so no compiler is needed.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from functools import cache

import numpy as np

from volconv.compute.compiled.llvm import jit
from volconv.compute.compiled.llvm.emit import BITS, Function, Scalar, vector
from volconv.compute.compiled.llvm.jit import Machine
from volconv.compute.compiled.loops.tiles import fma

SUMS = 12
"""Independent sums: enough to hide the latency of a multiply-add behind."""

TRIAD_CELLS = 1 << 24
"""Cells of each array of the triad: 64 MiB of float32, beyond any cache."""


def multiply_adds(scalar: Scalar, work: float) -> Callable[[], None]:
    """A loop of `work` floating-point operations in registers, two a multiply-add."""
    lanes = lanes_of(jit.host(), scalar)
    turns = max(1, round(work / (2 * SUMS * lanes)))
    function = compiled(f"peak_{scalar}", 2)
    cells = np.zeros(64 * SUMS, dtype="u1")

    def run() -> None:
        function(turns, cells.ctypes.data)

    return run


def triad() -> Callable[[], None]:
    """``a = b + s c`` over arrays in memory: 12 bytes a cell."""
    function = compiled("triad", 4)
    arrays = [np.ones(TRIAD_CELLS, dtype="f4") for _ in range(3)]

    def run() -> None:
        function(TRIAD_CELLS, *(array.ctypes.data for array in arrays))

    return run


def lanes_of(machine: Machine, scalar: Scalar) -> int:
    """Cells of a vector."""
    return machine.vector_bytes * 8 // BITS[scalar]


@cache
def compiled(name: str, arguments: int) -> Callable[..., None]:
    """One of the loops below; the first argument is a count, the others addresses."""
    write = {
        "peak_float": lambda machine: peak_text(machine, "float"),
        "peak_double": lambda machine: peak_text(machine, "double"),
        "triad": triad_text,
    }[name]
    pointers = [ctypes.c_void_p] * (arguments - 1)
    prototype = ctypes.CFUNCTYPE(None, ctypes.c_int64, *pointers)
    return prototype(jit.address(name, name.split("_", maxsplit=1)[0], write))


def peak_text(machine: Machine, scalar: Scalar) -> str:
    """IR of the multiply-adds."""
    lanes = lanes_of(machine, scalar)
    kind, name = vector(scalar, lanes), fma(scalar, lanes)
    f = Function("void @peak(i64 %turns, ptr %cells)")
    x = f.load(kind, "%cells")
    sums = [(kind, "zeroinitializer")] * SUMS
    with f.loop("%turns", carried=sums) as turn:
        turn.carried = [
            f.op(f"call {kind} {name}({kind} {x}, {kind} {x}, {kind} {total})")
            for total in turn.carried
        ]
    for number, total in enumerate(turn.carried):
        f.store(kind, total, f.at("%cells", 64 * number))
    return f"declare {kind} {name}({kind}, {kind}, {kind})\n{f.text()}"


def triad_text(machine: Machine) -> str:
    """IR of the triad."""
    lanes = lanes_of(machine, "float")
    kind, name = vector("float", lanes), fma("float", lanes)
    f = Function("void @triad(i64 %count, ptr noalias %a, ptr %b, ptr %c)")
    scale = f.spread("float", lanes, "0.5")
    with f.loop("%count", step=lanes) as turn:
        shift = f.mul(turn.index, 4)
        b, c = (f.load(kind, f.at(start, shift)) for start in ("%b", "%c"))
        total = f.op(f"call {kind} {name}({kind} {scale}, {kind} {c}, {kind} {b})")
        f.store(kind, total, f.at("%a", shift))
    return f"declare {kind} {name}({kind}, {kind}, {kind})\n{f.text()}"
