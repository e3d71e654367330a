"""The receptive field of windows along one dimension, in chains and where paths meet.

Convention: output ``k`` sees the input cells from the first to the last that it depends
on, padding included. After windows that move by parts of a cell, how many these are
depends on k: fields repeat after a number of outputs, each then so many cells further.
Upsampled by 2, outputs see what stands under them, and again after 2 outputs::

      input    |  0  |  1  |
      outputs  |0 |1 |2 |3 |
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Self

from volconv.errors import GeometryError
from volconv.geometry.interval import Interval
from volconv.geometry.window import Window

__all__ = ["ReceptiveField"]


@dataclass(frozen=True)
class ReceptiveField:
    """What the outputs of a network of windows see of the network's input.

    Parameters
    ----------
    cells : tuple of Interval
        What each of the first outputs sees, from the first cell to the last.
    shift : int
        Input cells by which the fields of the next as many outputs lie further.

    Examples
    --------
    >>> pooled = [Window(3, stride=2, padding=(1, 1)), Window(2, stride=2)]
    >>> field = ReceptiveField.of(pooled)
    >>> field.size, field.jump, field.padding, field.halo
    (5, Fraction(4, 1), 1, 1)
    """

    cells: tuple[Interval, ...] = (Interval(0, 1),)
    shift: int = 1

    @classmethod
    def of(cls, windows: Iterable[Window]) -> Self:
        """The field of windows applied one after the other, the first one first."""
        found = cls()
        for window in windows:
            found = found.then(window)
        return found

    def at(self, output: int) -> Interval:
        """What an output sees."""
        turns, phase = divmod(output, len(self.cells))
        return self.cells[phase].shift(turns * self.shift)

    @property
    def size(self) -> int:
        """Input cells that an output sees, at most."""
        return max(cells.size for cells in self.cells)

    @property
    def jump(self) -> Fraction:
        """Input cells from one output's field to the next: the product of the strides."""
        return Fraction(self.shift, len(self.cells))

    @property
    def offset(self) -> Fraction:
        """Position of the first output's centre in the input's index space.

        The mean over outputs, each taken back by its jumps.
        """
        middles = [
            Fraction(cells.start + cells.stop - 1, 2) - output * self.jump
            for output, cells in enumerate(self.cells)
        ]
        return sum(middles, Fraction(0)) / len(middles)

    @property
    def padding(self) -> int:
        """Cells of the first output's field that lie before the input's first cell."""
        return -self.cells[0].start

    @property
    def halo(self) -> int:
        """Input cells that the fields of two neighbours share, at most.

        Negative where some cells between two fields are never seen.
        """
        return max(
            cells.stop - self.at(output + 1).start
            for output, cells in enumerate(self.cells)
        )

    def then(self, window: Window) -> Self:
        """The field of one more window over these outputs.

        Araujo, Norris & Sim 2019, "Computing Receptive Fields of Convolutional Neural
        Networks", the recurrences from the input upwards: ``r + (e - 1) j``, ``j s`` and
        ``p + a j`` of a field of size r, jump j and padding p. Where windows move by
        parts of a cell, each of the outputs until fields repeat is followed by itself.
        """
        moved, count = window.jump.numerator, window.jump.denominator
        turns = len(self.cells) // math.gcd(moved, len(self.cells))
        found = []
        for output in range(count * turns):
            read = window.source(Interval(output, output + 1))
            first, last = self.at(read.start), self.at(read.stop - 1)
            found.append(Interval(first.start, last.stop))
        return type(self)(tuple(found), moved * turns * self.shift // len(self.cells))

    @classmethod
    def union(cls, fields: Sequence[Self]) -> Self:
        """The field of what several paths end in: from their first cell to their last.

        Raises
        ------
        GeometryError
            If their jumps differ: what an output sees would depend on where it is.

        Notes
        -----
        Araujo, Norris & Sim 2019, section on graphs with several paths. Where the
        centres of paths differ, their features lie apart in the input: see `apart`.

        Examples
        --------
        >>> wide = ReceptiveField.of([Window(5, padding=(2, 2))])
        >>> ReceptiveField.union([wide, ReceptiveField.of([Window(1)])]).size
        5
        """
        jumps = sorted({field.jump for field in fields})
        if len(jumps) > 1:
            raise GeometryError(
                "paths that meet",
                f"strides {' and '.join(map(str, jumps))} in all",
                "paths of one stride",
            )
        outputs = math.lcm(*(len(field.cells) for field in fields))
        seen = [[field.at(output) for field in fields] for output in range(outputs)]
        cells = tuple(
            Interval(min(one.start for one in each), max(one.stop for one in each))
            for each in seen
        )
        return cls(cells, int(jumps[0] * outputs))

    @staticmethod
    def apart(fields: Sequence[ReceptiveField]) -> Fraction:
        """Input cells between the centres of paths that meet; 0 where they align."""
        offsets = [field.offset for field in fields]
        return max(offsets) - min(offsets)
