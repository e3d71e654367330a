"""Shuffles of vectors that LLVM, left alone, writes as copies cell by cell."""

from __future__ import annotations

from volconv.compute.compiled.emit import Function


def nth_cells(f: Function, kind: str, lanes: int, cells: list[str], phase: int) -> str:
    """Every n-th cell of n vectors, from the given phase on.

    For vectors of two halves, where no one instruction picks from more than one vector.
    An even n is halved first. At an odd n no two of the wanted cells lie in the same
    lane, so all can be brought into one vector where they are, and then into order.
    """
    stride = len(cells)
    if stride == 1:
        return cells[0]
    if stride % 2 == 0:
        places = ", ".join(f"i32 {phase % 2 + 2 * lane}" for lane in range(lanes))
        halves = [
            f.op(f"shufflevector {kind} {a}, {kind} {b}, <{lanes} x i32> <{places}>")
            for a, b in zip(cells[::2], cells[1::2], strict=True)
        ]
        return nth_cells(f, kind, lanes, halves, phase // 2)
    wanted = [divmod(phase + stride * lane, lanes) for lane in range(lanes)]
    source = {lane: number for number, lane in wanted}
    merged = cells[0]
    for number in range(1, stride):
        places = ", ".join(
            f"i32 {lane + lanes * (source[lane] == number)}" for lane in range(lanes)
        )
        merged = f.op(
            f"shufflevector {kind} {merged}, {kind} {cells[number]}, "
            f"<{lanes} x i32> <{places}>"
        )
    places = ", ".join(f"i32 {lane}" for _, lane in wanted)
    return f.op(
        f"shufflevector {kind} {merged}, {kind} poison, <{lanes} x i32> <{places}>"
    )
