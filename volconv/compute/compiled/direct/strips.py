"""Cutting the outputs of a block into strips whose input stays in cache."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING

from volconv.compute.compiled.loops.columns import HIGHEST
from volconv.compute.compiled.loops.items import MOST_STREAMED

if TYPE_CHECKING:
    from collections.abc import Iterator

    from volconv.compute.compiled.direct.layout import Layout

# Of a second-level cache of 1 MiB: of what is packed there; and of what is read where it
# lies, so that what is fetched for later has room. Measured 2026-11 on Zen 4, flat around
# here, and on Zen 5, flat from 96 to 256 KiB.
PACKED, IN_PLACE = 384 << 10, 256 << 10
# Narrower strips spend more on their ends than they save.
FEWEST_ROWS = 16
FEWEST_CELLS = 512


@dataclass(frozen=True)
class Strip:
    """Part of the rows and of the cells of every plane.

    Attributes
    ----------
    rows, cells : (int, int)
        First output, and how many.
    """

    rows: tuple[int, int]
    cells: tuple[int, int]

    def source(self, layout: Layout) -> int:
        """Bytes from the block's first input to the strip's."""
        return self.rows[0] * layout.rows.move + self.cells[0] * layout.cells.move

    def target(self, layout: Layout) -> int:
        """Bytes from the block's first output to the strip's."""
        return self.rows[0] * layout.rows.target + self.cells[0] * layout.cells.target


def strips(layout: Layout, itemsize: int, layers: int, room: int) -> Iterator[Strip]:
    """The strips of a block, in order.

    Parameters
    ----------
    layout : Layout
    itemsize : int, bytes
        Of a cell of input as the inner loops read it.
    layers : int
        Planes of input that one window reads.
    room : int, bytes
        For the input of a plane's windows: `PACKED` or `IN_PLACE`.
    """
    rows, cells = layout.rows, layout.cells
    reach = cells.stride * itemsize * layers
    fewest = FEWEST_ROWS * rows.stride + rows.span
    most_cells = max(FEWEST_CELLS, room // (reach * fewest) // 64 * 64)
    most_cells = min(most_cells, MOST_STREAMED // itemsize)
    wide = min(cells.count, most_cells)
    most_rows = (room // (reach * wide) - rows.span) // rows.stride
    high = min(rows.count, max(FEWEST_ROWS, most_rows))
    if layers == 1 and rows.number != -1:
        high = rows.count
    across = parts(cells.count, wide, 64)
    yield from (
        Strip(r, c) for r, c in product(parts(rows.count, high, HIGHEST), across)
    )


def parts(count: int, most: int, whole: int) -> list[tuple[int, int]]:
    """Nearly equal parts of at most `most`, as (first, how many).

    All begin at multiples of `whole`, if `most` is not less than that. What is not more
    than `most` stays whole.

    Examples
    --------
    >>> parts(10, 8, 4)
    [(0, 8), (8, 2)]
    >>> parts(9, 4, 1)
    [(0, 3), (3, 3), (6, 3)]
    >>> parts(181, 181, 64)
    [(0, 181)]
    """
    if count <= most:
        return [(0, count)]
    most = most // whole * whole or most
    pieces = -(-count // most)
    size = min(most, -(-count // (pieces * whole)) * whole)
    return [(first, min(size, count - first)) for first in range(0, count, size)]
