"""The inner loops: blocks of output covered by tiles.

The order of the taps of an output, and the use of fused multiply-add, are the same
in every tile whatever its size, so the bits do not depend on where tiles begin;
tiles at the end of a row or of a block may therefore overlap the ones before.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

from volconv.compute.compiled.llvm import jit
from volconv.compute.compiled.llvm.emit import BITS, Function, Scalar, vector
from volconv.compute.compiled.llvm.streams import LINE, stream
from volconv.compute.compiled.loops.boxtiles import BoxTile, box_shape
from volconv.compute.compiled.loops.items import MOST_STREAMED, ColumnCode, Item, Stream
from volconv.compute.compiled.loops.tiles import Tile, any_of, fma

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from volconv.compute.compiled.llvm.jit import Machine

# The odd 64 bytes keep the staged rows of a tile out of each other's sets.
STAGE = MOST_STREAMED + LINE
# Columns of so few taps load most of what a row needs for that row alone, less of it in
# tiles of twice the rows. Measured 2026-11 on Zen 5: 1.1 times faster at 3x3x3; at 7x7x7
# it would be 1.08 times slower.
SHORT = 3
# Rows of the highest tile, and how many of them cover any number of rows well.
HIGHEST, FEW = 8, 4


class Cover(NamedTuple):
    """What blocks of some size are covered by: two kinds of tiles out of eight.

    The others are compiled when there are blocks that need them: few are shorter or
    narrower than a tile, and each kind takes a process some milliseconds.

    Attributes
    ----------
    rows, vectors : int
        Of the widest tiles.
    is_wide : bool
        Whether a row is at least a vector long; if not, tiles are some cells wide.
    """

    rows: int
    vectors: int
    is_wide: bool

    @classmethod
    def of(cls, code: ColumnCode, machine: Machine, rows: int, cells: int) -> Cover:
        """What blocks of so many rows of so many cells are covered by."""
        is_wide = cells >= lanes_of(code.scalar, machine)
        *higher, (high, vectors) = shapes_of(code, machine)
        for shape in higher:
            # The last tile overlaps the one before, which few rows would pay for.
            if rows % shape[0] == 0 or rows >= FEW * shape[0]:
                return cls(*shape, is_wide)
        return cls(high if rows >= high else 1, vectors, is_wide)


def address(code: ColumnCode, rows: int, cells: int) -> int:
    """Address of the compiled inner loops, ``columns(row of arguments)``.

    Parameters
    ----------
    code : ColumnCode
        What is summed.
    rows, cells : int
        `Item.ROWS` and `Item.CELLS` of each row of arguments.
    """
    cover = Cover.of(code, jit.host(), rows, cells)
    key = code, cover
    return jit.address(key, "columns", lambda machine: text(code, machine, cover))


def text(code: ColumnCode, machine: Machine, cover: Cover) -> str:
    """IR of the inner loops for a machine."""
    lanes = lanes_of(code.scalar, machine)
    rows = cover.rows
    if cover.is_wide:
        shapes = list(dict.fromkeys([(lanes, cover.vectors), (lanes, 1)]))
    else:
        shapes = [(width, 1) for width in (4, 1) if width < lanes]
    widths = list(dict.fromkeys(width for width, _ in shapes))
    tile = BoxTile if code.box else Tile
    parts = [
        *_declarations(code.scalar, widths),
        *(tile(code, machine, rows, *shape).text() for shape in shapes),
        _row(code.scalar, rows, shapes),
        stream(code.scalar, lanes),
        _block(rows, lanes * cover.vectors),
    ]
    return "\n".join(parts)


def lanes_of(scalar: Scalar, machine: Machine) -> int:
    """Cells of a vector."""
    return machine.vector_bytes * 8 // BITS[scalar]


def tile_shape(machine: Machine) -> tuple[int, int]:
    """Rows and vectors of a tile.

    16 sums, 4 cells and up to 8 weights fit in 32 registers; 12 sums beside cells and
    weights that are fetched again in 16. Measured 2026-11 on Zen 4 and, for 16
    registers, on Zen 3, where 8 sums were up to 10 % slower: too few to hide the
    latency of a multiplication behind. Other shapes were slower still.
    """
    return (4, 4) if machine.registers >= 32 else (3, 4)


def shapes_of(code: ColumnCode, machine: Machine) -> list[tuple[int, int]]:
    """Rows and vectors of the tiles that some code may use, the highest first."""
    if code.box:
        return [box_shape(code)]
    rows, vectors = tile_shape(machine)
    if code.run:
        # A run needs registers for the vectors it shifts.
        return [(rows // 2, vectors)]
    shapes = [(rows, vectors)]
    short = 1 < max(code.groups) <= SHORT and code.step == 1 and not code.is_alone
    if short and machine.registers >= 32:
        shapes.insert(0, (2 * rows, vectors // 2))
    return shapes


def _declarations(scalar: Scalar, widths: list[int]) -> list[str]:
    lines = [
        "declare i64 @llvm.smin.i64(i64, i64)",
        "declare void @llvm.prefetch.p0(ptr, i32, i32, i32)",
        "!0 = !{i32 1}",
    ]
    for lanes in widths:
        kind = vector(scalar, lanes)
        lines.append(f"declare {kind} {fma(scalar, lanes)}({kind}, {kind}, {kind})")
        if lanes > 1:
            lines.append(f"declare i1 {any_of(lanes)}({vector('i1', lanes)})")
    return lines


def _row(scalar: Scalar, rows: int, shapes: Sequence[tuple[int, int]]) -> str:
    """Function that covers some rows of output with tiles, left to right.

    Parameters
    ----------
    scalar : {"float", "double"}
    rows : int
        Of a tile.
    shapes : sequence of (int, int)
        Cells of a vector and vectors in a row of each kind of tile, the widest first.
    """
    size = BITS[scalar] // 8
    f = Function(f"internal void @row_{rows}(ptr %row, ptr %src, ptr %dst, ptr %part)")
    staged = f.op(f"alloca [{rows * STAGE} x i8], align 64")
    cells = f.argument("%row", Item.CELLS)
    pitch = f.argument("%row", Item.TARGET_PITCH)
    stream = f.argument("%row", Item.STREAM)
    streamed = f.op(f"icmp eq i64 {stream}, {Stream.STAGED}")
    start = f.op(f"select i1 {streamed}, ptr {staged}, ptr %dst")
    # Rows that touch in the output are staged so, to be copied as one.
    touching = f.op(f"icmp eq i64 {pitch}, {f.mul(cells, size)}")
    apart = f.op(f"select i1 {touching}, i64 {pitch}, i64 {STAGE}")
    to = f.op(f"select i1 {streamed}, i64 {apart}, i64 {pitch}")
    share = f.argument("%row", Item.SHARE)
    widest = math.prod(shapes[0])

    def tile(x: str, lanes: int, vectors: int) -> None:
        shift = f.mul(x, size)
        part = f.mul(f.op(f"udiv i64 {x}, {widest}"), share)
        f.do(
            f"call void @tile_{rows}_{lanes}_{vectors}(ptr %row, "
            f"ptr {f.at('%src', shift)}, ptr {f.at(start, shift)}, i64 {to}, "
            f"ptr {f.at('%part', part)})"
        )

    done = "0"
    if shapes[0][1] > 1:
        done = _wide_tiles(f, cells, shapes[0], tile)
    narrow = list(dict.fromkeys(width for width, _ in shapes))
    for width, wider in zip(narrow, [0, *narrow], strict=False):
        # Rows at least one vector long end in a vector that overlaps the one
        # before; shorter rows are left to narrower vectors, single cells at last.
        fits = f.op(f"icmp sge i64 {cells}, {width}")
        if wider:
            short = f.op(f"icmp slt i64 {cells}, {wider}")
            fits = f.op(f"and i1 {fits}, {short}")
        with f.when(fits):
            last = f.sub(cells, width)
            with f.loop(cells, start=done, step=width) as turn:
                tile(f.smaller(turn.index, last), width, 1)
    with f.when(streamed):
        runs = f.op(f"select i1 {touching}, i64 1, i64 {rows}")
        run = f.op(f"select i1 {touching}, i64 {f.mul(cells, rows)}, i64 {cells}")
        with f.loop(runs, carried=[("ptr", staged), ("ptr", "%dst")]) as turn:
            here, there = turn.carried
            f.do(f"call void @stream(ptr {here}, ptr {there}, i64 {run})")
            turn.carried = [f.at(here, STAGE), f.at(there, pitch)]
    return f.text()


def _wide_tiles(
    f: Function,
    cells: str,
    shape: tuple[int, int],
    tile: Callable[[str, int, int], None],
) -> str:
    """Cover a row with tiles of several vectors; how many cells are done then."""
    lanes, vectors = shape
    wide = lanes * vectors
    with f.loop(f.sub(cells, wide - 1), step=wide) as turn:
        tile(turn.index, lanes, vectors)
    done = turn.index
    # What is left is covered by one more tile that overlaps the one before, if it
    # is more than a vector and the row is long enough.
    long = f.op(f"icmp sge i64 {cells}, {wide}")
    many = f.op(f"icmp sgt i64 {f.sub(cells, done)}, {lanes}")
    many = f.op(f"and i1 {many}, {long}")
    with f.when(many):
        tile(f.sub(cells, wide), lanes, vectors)
    return f.op(f"select i1 {many}, i64 {cells}, i64 {done}")


def _block(rows: int, wide: int) -> str:
    """Function that covers a block of at least so many rows, the last perhaps twice.

    Parameters
    ----------
    rows, wide : int
        Rows and cells of the widest tiles.
    """
    f = Function("void @columns(ptr %row)")
    source = f.argument("%row", Item.SOURCE, "ptr")
    target = f.argument("%row", Item.TARGET, "ptr")
    count = f.argument("%row", Item.ROWS)
    step = f.argument("%row", Item.STEP)
    pitch = f.argument("%row", Item.TARGET_PITCH)
    stretch = f.at(source, f.argument("%row", Item.AHEAD))
    across = f.op(f"udiv i64 {f.add(f.argument('%row', Item.CELLS), wide - 1)}, {wide}")
    share = f.mul(f.argument("%row", Item.SHARE), across)

    def cover(y: str) -> None:
        src = f.at(source, f.mul(y, step))
        dst = f.at(target, f.mul(y, pitch))
        part = f.at(stretch, f.mul(f.op(f"udiv i64 {y}, {rows}"), share))
        f.do(f"call void @row_{rows}(ptr %row, ptr {src}, ptr {dst}, ptr {part})")

    if rows == 1:
        with f.loop(count) as turn:
            cover(turn.index)
    else:
        last = f.sub(count, rows)
        with f.loop(count, step=rows) as turn:
            cover(f.smaller(turn.index, last))
    return f.text()
