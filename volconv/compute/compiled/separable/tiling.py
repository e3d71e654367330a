"""Tiles of outputs for separable passes, so that what lies between them is in cache."""

from __future__ import annotations

from typing import TYPE_CHECKING

from volconv.compute.compiled.direct.grid import Period
from volconv.compute.compiled.direct.strips import parts
from volconv.compute.compiled.loops.items import MOST_STREAMED

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from volconv.compute.compiled.direct.layout import Axis, Layout

# Bytes of the slab between the first pass and the second, which reads it in order. It
# is in the second- or third-level cache. Measured 2026-11 on Zen 4: flat from 2 to 8
# MiB; a window of more planes than `MANY` would be read too often for so small a slab
# (on Zen 3, 33 taps: 1.15 times slower).
SLAB = 4 << 20
LARGE_SLAB = 16 << 20
MANY = 24
# Bytes of packed input where there is no slab: in the second-level cache.
STRIP = 384 << 10
# Rows taken at once through the last two passes: they stay in the first-level cache.
# A multiple of the rows of a tile, 3 or 4, or nearly.
FEW_ROWS = 15
# Fewer rows or planes spend more on the windows' ends than they save.
FEWEST = 16
# Multiplications of a vector that take as long as bringing one from memory: 12 on
# Zen 4, where the first pass was found to wait for memory, 8 on Zen 3; measured 2026-11.
READ = 8

# Taps from which lines of the input are packed even where they could be read in place:
# planes a power of two apart fall into few sets of the first-level cache. Measured
# 2026-11 on Zen 3: 1.2 times faster at 65 taps, 1.1 times slower at 17.
TALL = 24

Span = tuple[int, int]


def tiles(layout: Layout, slabs: bool, item: int) -> Iterator[tuple[Span, Span, Span]]:
    """First output and number of them along planes, rows and cells, of each tile.

    Parameters
    ----------
    layout : Layout
    slabs : bool
        Whether there is a pass along planes, through a slab.
    item : int, bytes
        Of a cell between passes.
    """
    rows, cells, planes = layout.rows, layout.cells, layout.planes
    for across in parts(cells.count, MOST_STREAMED // item, 64):
        width = spaced(((across[1] - 1) * cells.stride + cells.span) * item)
        if slabs:
            room = SLAB if planes.span < MANY else LARGE_SLAB
            deep, high = _slab(planes, rows, room // width)
        else:
            deep, high = 1, _rows_in(rows, STRIP // width)
        for down in parts(rows.count, high, 4):
            for through in parts(planes.count, deep, 4):
                yield through, down, across


def slab_bytes(windows: Sequence[tuple[int, int]], item: int) -> int:
    """Bytes of a slab, and of the lines that it is made of, at most.

    Parameters
    ----------
    windows : sequence of (int, int)
        Span and stride along planes, rows and cells.
    item : int, bytes
        Of a cell between passes.
    """
    across = MOST_STREAMED // item
    planes, rows, cells = (
        (count - 1) * stride + span
        for count, (span, stride) in zip((FEWEST, FEWEST, across), windows, strict=True)
    )
    width = spaced(cells * item)
    room = SLAB if windows[0][0] < MANY else LARGE_SLAB
    return max(room, FEWEST * rows * width) + planes * width


def _rows_in(rows: Axis, lines: int) -> int:
    """Outputs of an axis whose input is about so many lines."""
    most = (lines - rows.span) // rows.stride + 1
    return min(rows.count, max(FEWEST, most))


def _slab(planes: Axis, rows: Axis, lines: int) -> Span:
    """The cheapest planes and rows of a slab of so many lines.

    Many planes read less of the block twice, many rows compute less of it twice.
    """
    through, down = Period.along(planes), Period.along(rows)

    def cost(size: Span) -> float:
        # of the parts as they will be, which are even, and may be far below the most
        deep, high = parts(planes.count, size[0], 4), parts(rows.count, size[1], 4)
        read = sum(through.count(count) for _, count in deep) / planes.count
        summed = sum(down.count(count) for _, count in high) / rows.count
        return summed * (planes.size + READ * read)

    depths = {-(-planes.count // pieces) for pieces in range(1, planes.count + 1)}
    depths = {min(planes.count, -(-deep // 4) * 4) for deep in depths}
    depths = {deep for deep in depths if deep >= min(FEWEST, planes.count)}
    sizes = [(deep, _rows_in(rows, lines // deep)) for deep in depths]
    fitting = [(deep, high) for deep, high in sizes if deep * down.count(high) <= lines]
    return min(fitting or sizes, key=cost)


def spaced(size: int) -> int:
    """A whole number of cache lines, and not a multiple of 1 KiB.

    Lines a multiple of 1 KiB apart would fall into few sets of the cache.
    """
    size = -(-size // 64) * 64
    return size + 64 if size % 1024 == 0 else size
