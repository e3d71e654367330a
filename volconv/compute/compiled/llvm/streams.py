"""Copies that bypass the caches."""

from __future__ import annotations

from volconv.compute.compiled.llvm.emit import BITS, Function, Scalar, vector

# Bytes of a cache line.
LINE = 64


def stream(scalar: Scalar, lanes: int) -> str:
    """Function that copies a row past the caches, whole cache lines at a time.

    The cells before the first whole line and after the last are stored as usual: a
    line that is only half written past the caches has to be merged in memory, which
    costs more than all the others save.
    """
    size = BITS[scalar] // 8
    kind, width = vector(scalar, lanes), lanes * size
    f = Function("internal void @stream(ptr %src, ptr %dst, i64 %cells)")
    address = f.op("ptrtoint ptr %dst to i64")
    astray = f.op(f"and i64 {f.sub(0, address)}, {LINE - 1}")
    head = f.smaller(f.op(f"udiv i64 {astray}, {size}"), "%cells")

    def copy(kind: str, shift: str, how: str) -> None:
        value = f.load(kind, f.at("%src", shift))
        f.do(f"store {kind} {value}, ptr {f.at('%dst', shift)}, {how}")

    with f.loop(head) as turn:
        copy(scalar, f.mul(turn.index, size), f"align {size}")
    line = LINE // size
    stop = f.sub("%cells", line - 1)
    with f.loop(stop, start=head, step=line) as turn:
        start = f.mul(turn.index, size)
        for shift in range(0, LINE, width):
            copy(kind, f.add(start, shift), f"align {width}, !nontemporal !0")
    with f.loop("%cells", start=turn.index) as turn:
        copy(scalar, f.mul(turn.index, size), f"align {size}")
    return f.text()
