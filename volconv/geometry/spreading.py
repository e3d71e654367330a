r"""The window of a dimension that a step makes finer: several outputs for each input cell.

Convention: input cell ``i`` is spread over the outputs ``i u + j d - a`` for
``j = 0 … f - 1``, so that output ``k`` reads the cells ``i = (k + a - j d) / u``, those
that are whole numbers. ::

      input    |  0  |  1  |  2  |        f = 3, u = 2, a = 1
              0/ 0| 0\ 1/ 1| …
      outputs  |0 |1 |2 |3 |4 |           output 1 reads the cells 0 and 1
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Self

from volconv.errors import GeometryError
from volconv.geometry.interval import Interval
from volconv.geometry.window import Window, unchained

__all__ = ["Spreading"]


@dataclass(frozen=True)
class Spreading(Window):
    """A window that moves by a part of a cell from one output to the next.

    Parameters
    ----------
    size : int
        Outputs that an input cell is spread over, f.
    dilation : int
        Outputs from one of these to the next, d.
    padding : tuple of int
        Cells beyond the input's two ends that outputs read.
    factor : int
        Outputs from one input cell's to the next one's, u.
    crop : tuple of int
        Outputs left out before and after, (a, b); below zero, added.

    Notes
    -----
    The formulas are those of Dumoulin & Visin 2016, "A guide to convolution arithmetic
    for deep learning", section 4 (relationships 13 and 14), for unequal croppings and
    with dilation.

    Examples
    --------
    >>> window = Spreading.of(3, 2, crop=(1, 0))
    >>> window.out_size(4), window.source(Interval(1, 4))
    (8, Interval(start=0, stop=3))
    """

    factor: int = 1
    crop: tuple[int, int] = (0, 0)

    @classmethod
    def of(
        cls, size: int, factor: int, dilation: int = 1, crop: tuple[int, int] = (0, 0)
    ) -> Self:
        """The window with the padding that follows from the rest."""
        bare = cls(size, 1, dilation, (0, 0), factor, crop)
        before, after = crop
        beyond = (
            max(0, (bare.reach - 1 - before) // factor),
            max(0, (bare.spread - 1 - after) // factor),
        )
        return replace(bare, padding=beyond)

    @property
    def spread(self) -> int:
        """Outputs from the first to the last that a cell is spread over."""
        return self.dilation * (self.size - 1) + 1

    @property
    def reach(self) -> int:
        """The same, and no fewer than there are from one cell's to the next one's.

        So that an output that no cell is spread over counts as reading one.
        """
        return max(self.spread, self.factor)

    @property
    def span(self) -> int:
        """Input cells that an output reads, at most."""
        return -(-self.reach // self.factor)

    @property
    def jump(self) -> Fraction:
        """Input cells from one output to the next."""
        return Fraction(1, self.factor)

    @property
    def halo(self) -> int:
        """Cells that two neighbouring blocks both read, at most."""
        return (self.reach - 2) // self.factor + 1

    @property
    def padded(self) -> Self:
        """The same over an axis that holds its padding."""
        before, after = (
            cut + cells * self.factor
            for cut, cells in zip(self.crop, self.padding, strict=True)
        )
        return replace(self, padding=(0, 0), crop=(before, after))

    def out_size(self, cells: int) -> int:
        """Number of outputs along the dimension: ``(n - 1) u + d (f - 1) + 1 - a - b``.

        Raises
        ------
        GeometryError
            If there is none.
        """
        found = (cells - 1) * self.factor + self.spread - sum(self.crop)
        if found < 1:
            raise GeometryError(
                "padding",
                f"{found} outputs of {cells} cells",
                "at least one",
                f"leave {1 - found} fewer out",
            )
        return found

    def source(self, outputs: Interval) -> Interval:
        """Input cells that a range of outputs reads, beyond the ends too.

        ``[ceil((k0 + a - e + 1) / u), floor((k1 - 1 + a) / u) + 1)`` for outputs
        ``[k0, k1)`` and a reach e; empty for none.
        """
        before = self.crop[0]
        start = -((self.reach - 1 - before - outputs.start) // self.factor)
        if outputs.size == 0:
            return Interval(start, start)
        return Interval(start, (outputs.stop - 1 + before) // self.factor + 1)

    def phase(self, outputs: Interval) -> int:
        """Outputs from where the first input cell of a range is spread to the first one.

        Output ``k`` of the range then reads the cells ``(k + phase - j d) / u`` of what
        the range reads.
        """
        start = self.source(outputs).start
        return outputs.start + self.crop[0] - start * self.factor

    def owned(self, cells: Interval) -> Interval:
        """Outputs whose first cell is in a range of input cells."""
        return Interval(self.first_at(cells.start), self.first_at(cells.stop))

    def inside(self, cells: Interval) -> Interval:
        """Outputs whose cells lie wholly in a range of input cells."""
        return Interval(
            self.first_at(cells.start), cells.stop * self.factor - self.crop[0]
        )

    def first_at(self, cell: int) -> int:
        """The first output that reads no cell before a certain one."""
        return (cell - 1) * self.factor - self.crop[0] + self.reach

    def centre(self, output: int) -> Fraction:
        """Position of an output in the input's index space.

        ``(k + a - d (f - 1) / 2) / u``: where the cell would lie of whose outputs it is
        the middle.

        Examples
        --------
        >>> Spreading.of(2, 2).centre(0)
        Fraction(-1, 4)
        """
        return Fraction(2 * (output + self.crop[0]) - self.spread + 1, 2 * self.factor)

    def then(self, other: Window) -> Self:
        """Is no window: see `Window.then`."""
        raise unchained(other)
