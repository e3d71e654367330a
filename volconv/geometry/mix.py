r"""The window of a dimension whose cells are mixed: every output reads all of them.

Channels under a convolution layer, three of them made four::

    input     |0|1|2|
              \|/|\|/
    outputs  |0|1|2|3|
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from volconv.errors import GeometryError
from volconv.geometry.interval import Interval
from volconv.geometry.window import Window

__all__ = ["Mix", "Part", "Repeat", "Share"]


@dataclass(frozen=True)
class Mix(Window):
    """A window as long as its dimension, stride 0, for a number of outputs.

    Parameters
    ----------
    outputs : int
        Outputs along the dimension.

    Examples
    --------
    >>> Mix.of(3, 4).out_size(3), Mix.of(3, 4).source(Interval(2, 4))
    (4, Interval(start=0, stop=3))
    """

    outputs: int = 1

    @classmethod
    def of(cls, cells: int, outputs: int) -> Self:
        """The window of so many outputs over so many cells."""
        return cls(size=cells, stride=0, outputs=outputs)

    def out_size(self, cells: int) -> int:
        """Number of outputs along the dimension.

        Raises
        ------
        GeometryError
            If the dimension has not as many cells as the window.
        """
        if cells != self.size:
            raise GeometryError("mixed cells", f"{cells}", f"{self.size}")
        return self.outputs

    def owned(self, cells: Interval) -> Interval:
        """Outputs whose windows start in a range of cells: all, or none."""
        return Interval(0, self.outputs if cells.contains(Interval(0, 1)) else 0)

    def inside(self, cells: Interval) -> Interval:
        """Outputs whose windows lie wholly in a range of cells: all, or none."""
        return Interval(
            0, self.outputs if cells.contains(Interval(0, self.size)) else 0
        )


@dataclass(frozen=True)
class Repeat(Mix):
    """The window of a dimension that a step makes: its input has one cell there.

    Examples
    --------
    >>> Repeat.to(8).out_size(1), Repeat.to(8).source(Interval(2, 5))
    (8, Interval(start=0, stop=1))
    """

    @classmethod
    def to(cls, outputs: int) -> Self:
        """The window of so many outputs."""
        return cls.of(1, outputs)


@dataclass(frozen=True)
class Share(Mix):
    """The window of a dimension whose cells stay, each output reading all of them.

    Examples
    --------
    >>> Share.over(3).out_size(3), Share.over(3).source(Interval(1, 2))
    (3, Interval(start=0, stop=3))
    """

    @classmethod
    def over(cls, cells: int) -> Self:
        """The window over so many cells."""
        return cls.of(cells, cells)


@dataclass(frozen=True)
class Part(Mix):
    """The window over one of several arrays that are put one behind the other.

    Parameters
    ----------
    first : int
        Outputs before those of this array.

    Examples
    --------
    >>> Part(size=3, stride=0, outputs=8, first=4).source(Interval(2, 6))
    Interval(start=0, stop=2)
    """

    first: int = 0

    def source(self, outputs: Interval) -> Interval:
        """Cells of this array among a range of outputs; there may be none."""
        return outputs.shift(-self.first).clip(self.size)
