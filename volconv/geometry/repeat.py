"""The window of a dimension that a step makes.

Its input has one cell there, which every output reads::

    input       |0|
    outputs   |0|1|2|
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from volconv.errors import GeometryError
from volconv.geometry.interval import Interval
from volconv.geometry.window import Window

__all__ = ["Repeat"]


@dataclass(frozen=True)
class Repeat(Window):
    """A window of one cell that stays where it is: stride 0, for a number of outputs.

    Parameters
    ----------
    outputs : int
        Outputs along the dimension.

    Examples
    --------
    >>> Repeat.to(8).out_size(1), Repeat.to(8).source(Interval(2, 5))
    (8, Interval(start=0, stop=1))
    """

    outputs: int = 1

    @classmethod
    def to(cls, outputs: int) -> Self:
        """The window of so many outputs."""
        return cls(size=1, stride=0, outputs=outputs)

    def out_size(self, cells: int) -> int:
        """Number of outputs along the dimension, of which the input has one cell."""
        if cells != 1:
            raise GeometryError("a new dimension", f"{cells} cells", "one cell")
        return self.outputs

    def owned(self, cells: Interval) -> Interval:
        """Outputs whose windows start in a range of cells: all, or none."""
        return Interval(0, self.outputs if cells.contains(Interval(0, 1)) else 0)

    def then(self, other: Window) -> Self:
        """The windows of two steps, this one first: all reads the one cell."""
        return type(self).to(other.out_size(self.outputs))

    def inside(self, cells: Interval) -> Interval:
        """Outputs whose windows lie wholly in a range of cells: all, or none."""
        return self.owned(cells)
