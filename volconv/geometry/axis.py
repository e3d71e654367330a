"""Where the outputs of a window lie along the input's axis.

Positions are counted in half cells, so that all of them are whole numbers: input cell
``i`` is at ``2 i``, the middle between cells ``i`` and ``i + 1`` at ``2 i + 1``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from volconv.geometry.window import Window

__all__ = ["LABELS", "Centres"]

LABELS = ("center", "left", "right")
"""Which cell of its window gives an output its coordinate: the middle, or an end."""


@dataclass(frozen=True)
class Centres:
    """Positions of outputs in half cells: ``first + k step`` for ``k = 0 … count - 1``.

    Parameters
    ----------
    first : int
        Position of the first output, in half cells.
    step : int
        From one output to the next, in half cells; even.
    count : int
        Number of outputs.
    cells : int
        Cells of the input's axis.

    Examples
    --------
    >>> Centres.of(Window(2, stride=2), cells=6)
    Centres(first=1, step=4, count=3, cells=6)
    """

    first: int
    step: int
    count: int
    cells: int

    @classmethod
    def of(cls, window: Window, cells: int, label: str = "center") -> Self:
        """Centres of all outputs of a window over an axis of some cells.

        Or, for another of `LABELS`, positions of the windows' first or last cells.

        Examples
        --------
        >>> Centres.of(Window(2, stride=2), cells=6, label="right")
        Centres(first=2, step=4, count=3, cells=6)
        """
        reach = window.span - 1
        ahead = {"left": -reach, "center": 0, "right": reach}[label]
        return cls(
            int(2 * window.centre(0)) + ahead,
            2 * window.stride,
            window.out_size(cells),
            cells,
        )

    @property
    def are_cells(self) -> bool:
        """Whether each lies on an input cell, none between two and none outside."""
        last = self.first + (self.count - 1) * self.step
        return self.first % 2 == 0 and self.first >= 0 and last <= 2 * (self.cells - 1)

    @property
    def are_all_cells(self) -> bool:
        """Whether they are the input's cells, all of them, in order."""
        return (self.first, self.step, self.count) == (0, 2, self.cells)

    @property
    def slice(self) -> slice:
        """The input cells that they lie on, where `are_cells`."""
        start, step = self.first // 2, self.step // 2
        return slice(start, start + (self.count - 1) * step + 1, step)

    def edges(self) -> Self:
        """Positions of the outputs' lower edges, and of the last one's upper edge.

        Output k covers ``c(k) - s/2 … c(k) + s/2``. Positions are on the axis of the
        input's edges, where edge ``j`` is at ``2 j`` and lies half a cell before cell
        ``j``.
        """
        return type(self)(
            self.first - self.step // 2 + 1, self.step, self.count + 1, self.cells + 1
        )
