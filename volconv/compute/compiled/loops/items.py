"""What the inner loops are told: when they are compiled, and when they are called."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from volconv.compute.compiled.llvm.emit import Scalar

# A streamed row is summed in the first-level cache before it is copied out.
MOST_STREAMED = 4096


class Item(IntEnum):
    """Position of each argument of the inner loops; all distances in bytes."""

    SOURCE = 0  # first input cell of the first output
    TARGET = 1
    ROWS = 2
    CELLS = 3  # outputs in a row
    PITCH = 4  # from one input row of a column to the next
    STEP = 5  # from the input of one output row to that of the next
    TARGET_PITCH = 6
    OFFSETS = 7  # where the list of columns starts
    WEIGHTS = 8
    AHEAD = 9  # from what is read to what to fetch meanwhile; 0: nothing
    SHARE = 10  # of a stretch to fetch, the part of each tile
    STREAM = 11  # a `Stream`
    COUNTS = 12  # of columns, one item for each group


class Stream(IntEnum):
    """Whether the output bypasses the caches.

    It can where rows are at most `MOST_STREAMED` bytes: through a staging row, or
    straight from the tiles if all of these are whole and aligned.
    """

    NO = 0
    STAGED = 1
    ALIGNED = 2


@dataclass(frozen=True)
class ColumnCode:
    """What the compiled inner loops depend on.

    Attributes
    ----------
    scalar : {"float", "double"}
    heights : tuple of int
        Of the groups of columns, in the order in which they are summed.
    step, gap : int
        Lines of input from one output row to the next, and from one tap of a
        column to the next, in units of `Item.PITCH`.
    run : int
        Taps of the runs that are summed before all columns; 0 if there are none.
    box : {"", "lines", "cells"}
        What the taps of a column lie along if they have one weight and are summed by
        doubling; along cells, `gap` is in cells.
    is_between : bool
        Whether the output is scratch that another pass reads, and any NaN will do.
    is_alone : bool
        Whether there is but one column, so that no sum need be held until another.
    fetches_lines : bool
        Whether `Item.AHEAD` is from each line that is read to another; else it is
        from a tile's input to that of a later tile.
    stretch : int
        Cache lines that each column of a tile fetches of a stretch of memory, which
        begins `Item.AHEAD` from the first input; 0 if what is fetched is none.
    """

    scalar: Scalar
    heights: tuple[int, ...]
    step: int = 1
    gap: int = 1
    run: int = 0
    box: Literal["", "lines", "cells"] = ""
    is_between: bool = False
    is_alone: bool = False
    fetches_lines: bool = False
    stretch: int = 0

    @property
    def groups(self) -> tuple[int, ...]:
        """Taps in the items of each group, that of the runs included."""
        return (self.run, *self.heights) if self.run else self.heights
