"""Which lines and cells of the input matter, and how they are counted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from volconv.compute.compiled.packing import pack
from volconv.compute.compiled.programs.program import Integers

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from volconv.compute.compiled.direct.layout import Axis, Layout
    from volconv.compute.compiled.direct.taps import Taps


@dataclass(frozen=True)
class Grid:
    """The cells of a row of input as the packing sees them.

    Attributes
    ----------
    distance : int, bytes
        From cell to cell.
    stride : int
        Cells from one output to the next.
    offsets : ndarray, int64
        Cell of each column of taps.
    """

    distance: int
    stride: int
    offsets: NDArray[np.int64]


def element_grid(layout: Layout, taps: Taps, itemsize: int) -> Grid:
    """The grid of cells along the vectors' axis.

    Touching cells are counted by their size, so that even a stride is read in whole
    vectors; cells that lie any other way are counted as the axis has them.
    """
    first = taps.first
    merged = list(layout.merged)
    shifts = first[:, merged] @ np.array(layout.taps)[merged]
    move = layout.cells.move
    touching = 0 < move <= pack.WIDEST * itemsize and move % itemsize == 0
    if touching and not (shifts % itemsize).any() and (shifts >= 0).all():
        return Grid(itemsize, move // itemsize, shifts // itemsize)
    unit, own = layout.cells.unit, layout.cells.number
    if not unit:
        return Grid(0, layout.cells.stride, first[:, own] * layout.cells.dilation)
    return Grid(unit, layout.cells.stride, shifts // unit)


@dataclass(frozen=True)
class Period:
    """Input lines along an axis, those that no window reads left out.

    Attributes
    ----------
    length, step : int
        Lines that a window spans, and from one window to the next.
    move : int
        Packed lines from one window to the next.
    """

    length: int
    step: int
    move: int

    def count(self, outputs: int) -> int:
        """Packed lines that some neighbouring outputs read."""
        return (outputs - 1) * self.move + self.length

    def line(self, packed: Integers) -> Integers:
        """The input's line that is packed as line u."""
        if self.step <= self.length:
            return packed
        group, rest = np.divmod(packed, self.length)
        return group * self.step + rest

    @classmethod
    def along(cls, axis: Axis) -> Period:
        """The period of an axis; beyond its span a stride only skips lines."""
        return cls(axis.span, axis.stride, min(axis.stride, axis.span))
