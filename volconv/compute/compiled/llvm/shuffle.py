"""Shuffles of vectors that LLVM, left alone, writes as copies cell by cell."""

from __future__ import annotations

from volconv.compute.compiled.llvm.emit import Function


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
        order = range(phase % 2, phase % 2 + 2 * lanes, 2)
        halves = [
            f.shuffle(kind, a, b, order)
            for a, b in zip(cells[::2], cells[1::2], strict=True)
        ]
        return nth_cells(f, kind, lanes, halves, phase // 2)
    wanted = [divmod(phase + stride * lane, lanes) for lane in range(lanes)]
    source = {lane: number for number, lane in wanted}
    merged = cells[0]
    for number in range(1, stride):
        taken = [lane + lanes * (source[lane] == number) for lane in range(lanes)]
        merged = f.shuffle(kind, merged, cells[number], taken)
    return f.shuffle(kind, merged, None, [lane for _, lane in wanted])


def transposed(f: Function, kind: str, size: int, values: list[str]) -> list[str]:
    """A square of as many vectors as each has lanes, transposed.

    Halves of vectors are exchanged, then their halves, down to 16 bytes; within these,
    cells are interleaved, which x86 does in one instruction.

    Parameters
    ----------
    f : Function
    kind : str
        Type of a vector.
    size : int, bytes
        Of a lane.
    values : list of str
    """
    lanes = len(values)
    within = min(lanes, 16 // size)
    found = list(values)
    half = lanes // 2
    while half >= within:
        for n in range(lanes):
            if n & half:
                continue
            pair = found[n], found[n + half]
            low = [i if not i & half else lanes + i - half for i in range(lanes)]
            high = [i + half if not i & half else lanes + i for i in range(lanes)]
            found[n] = f.shuffle(kind, *pair, low)
            found[n + half] = f.shuffle(kind, *pair, high)
        half //= 2
    parts = [found[start : start + within] for start in range(0, lanes, within)]
    for _ in range(within.bit_length() - 1):
        parts = [_interleaved(f, kind, lanes, part) for part in parts]
    return [value for part in parts for value in part]


def _interleaved(f: Function, kind: str, lanes: int, part: list[str]) -> list[str]:
    """The first half of some vectors interleaved with the second, 16 bytes at a time."""
    within = len(part)
    half = within // 2
    found = []
    for pair in zip(part[:half], part[half:], strict=True):
        for first in (0, half):
            order = [
                start + first + lane // 2 + lanes * (lane % 2)
                for start in range(0, lanes, within)
                for lane in range(within)
            ]
            found.append(f.shuffle(kind, *pair, order))
    return found
