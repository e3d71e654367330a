"""Where the outputs of a window lie along the input's axis.

Positions are counted in parts of a cell, so that all of them are whole numbers: in half
cells, input cell ``i`` is at ``2 i``, the middle between cells ``i`` and ``i + 1`` at
``2 i + 1``.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Self

from volconv.geometry.window import Window

__all__ = ["LABELS", "Centres"]

LABELS = ("center", "left", "right")
"""Which cell of its window gives an output its coordinate: the middle, or an end."""


@dataclass(frozen=True)
class Centres:
    """Positions of outputs in parts: ``first + k step`` for ``k = 0 … count - 1``.

    Parameters
    ----------
    first : int
        Position of the first output, in parts of a cell.
    step : int
        From one output to the next, in parts of a cell; even.
    count : int
        Number of outputs.
    cells : int
        Cells of the input's axis.
    parts : int
        Parts of a cell; even.

    Examples
    --------
    >>> Centres.of(Window(2, stride=2), cells=6)
    Centres(first=1, step=4, count=3, cells=6, parts=2)
    """

    first: int
    step: int
    count: int
    cells: int
    parts: int = 2

    @classmethod
    def of(cls, window: Window, cells: int, label: str = "center") -> Self:
        """Centres of all outputs of a window over an axis of some cells.

        Or, for another of `LABELS`, positions of the windows' first or last cells.

        Examples
        --------
        >>> Centres.of(Window(2, stride=2), cells=6, label="right")
        Centres(first=2, step=4, count=3, cells=6, parts=2)
        """
        return cls(*_numbers(window, cells, label))

    @property
    def are_whole(self) -> bool:
        """Whether each lies on a cell of an axis without ends."""
        return self.first % self.parts == 0 and (
            self.step % self.parts == 0 or self.count == 1
        )

    @property
    def are_cells(self) -> bool:
        """Whether each lies on an input cell, none between two and none outside."""
        last = self.first + (self.count - 1) * self.step
        is_inside = self.first >= 0 and last <= self.parts * (self.cells - 1)
        return self.are_whole and is_inside

    @property
    def are_all_cells(self) -> bool:
        """Whether they are the input's cells, all of them, in order."""
        return (self.first, self.step, self.count) == (0, self.parts, self.cells)

    @property
    def slice(self) -> slice:
        """The input cells that they lie on, where `are_cells`."""
        start, step = self.first // self.parts, max(1, self.step // self.parts)
        return slice(start, start + (self.count - 1) * step + 1, step)

    def edges(self) -> Self:
        """Positions of the outputs' lower edges, and of the last one's upper edge.

        Output k covers ``c(k) - s/2 … c(k) + s/2`` for outputs s apart. Positions are on
        the axis of the input's edges, where edge ``j`` lies half a cell before cell
        ``j``.
        """
        return replace(
            self,
            first=self.first - self.step // 2 + self.parts // 2,
            count=self.count + 1,
            cells=self.cells + 1,
        )


# The same few windows are asked for again and again, and fractions are slow.
@lru_cache(maxsize=1024)
def _numbers(window: Window, cells: int, label: str) -> tuple[int, int, int, int, int]:
    """First position, step, count, cells and parts of `Centres.of`."""
    parts = 2 * window.jump.denominator
    reach = (window.span - 1) * parts // 2
    ahead = {"left": -reach, "center": 0, "right": reach}[label]
    return (
        int(parts * window.centre(0)) + ahead,
        int(parts * window.jump),
        window.out_size(cells),
        cells,
        parts,
    )
