"""Sums of taps of one weight, made by doubling: f of them tend to 2 log2(f) additions.

Sums of two neighbours are made of cells, sums of four of those, and so on; a window is
put together of the longest that fit, from its first tap to its last::

    twos   a0 = x0 + x1    a1 = x1 + x2    a2 = x2 + x3    ...
    fours  b0 = a0 + a2    b1 = a1 + a3    ...
    seven taps   (b0 + a4) + x6    (b1 + a5) + x7    ...

Neighbouring windows share most of these sums. Yet each adds its taps in the same order
wherever it is, and no cell outside of a window ever takes part in it, so that the bits
do not depend on the block and a NaN stays in its windows. Sums that slide along, a cell
added and one subtracted, would keep neither.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

__all__ = ["Doubling", "Sum", "operations"]

Sum = tuple[int, int]
"""Taps, and the cell of the first."""

# Outputs by which it is judged whether doubling pays: the fewest rows of a tile.
ROWS = 8


def operations(taps: int) -> int:
    """Of an output, its cell's multiplication included, if neighbours share all they can.

    Examples
    --------
    >>> [operations(taps) for taps in (4, 7, 31, 64)]
    [3, 5, 9, 7]
    """
    return taps.bit_length() + taps.bit_count() - 1


@dataclass(frozen=True)
class Doubling:
    """What sums are made of.

    Attributes
    ----------
    gap : int, cells
        From one tap to the next.
    lanes : int
        Cells of a vector, if they run along it; otherwise 1. A sum that begins within
        a vector is then shifted out of the two that begin with it and with the next.
    """

    gap: int
    lanes: int = 1

    def is_shifted(self, total: Sum) -> bool:
        """Whether a sum is shifted out of others, not added."""
        return total[0] > 1 and total[1] % self.lanes != 0

    def parts(self, total: Sum) -> tuple[Sum, ...]:
        """The two sums that one is made of; none for a single cell."""
        taps, cell = total
        if taps == 1:
            return ()
        if self.is_shifted(total):
            start = cell - cell % self.lanes
            return (taps, start), (taps, start + self.lanes)
        first = taps & (taps - 1) or taps // 2
        return (first, cell), (taps - first, cell + first * self.gap)

    def schedule(self, totals: Iterable[Sum]) -> list[Sum]:
        """All sums that some are made of, each once, parts before wholes.

        In order of the last cell that they read, so that few are held at a time.

        Examples
        --------
        >>> Doubling(1).schedule([(3, 0), (3, 1)])
        [(1, 0), (1, 1), (2, 0), (1, 2), (3, 0), (2, 1), (1, 3), (3, 1)]
        """
        ends: dict[Sum, int] = {}

        def end(total: Sum) -> int:
            if total not in ends:
                ends[total] = max(map(end, self.parts(total)), default=total[1])
            return ends[total]

        for total in totals:
            end(total)
        return sorted(ends, key=ends.__getitem__)

    def pays(self, taps: int, step: int) -> bool:
        """Whether outputs `step` cells apart take fewer operations than taps.

        Each cell is multiplied once.

        Examples
        --------
        >>> [taps for taps in range(1, 9) if Doubling(1).pays(taps, 1)]
        [4, 5, 6, 7, 8]
        >>> [taps for taps in range(1, 9) if Doubling(1).pays(taps, step=taps)]
        []
        """
        totals = [(taps, row * step) for row in range(ROWS)]
        return len(self.schedule(totals)) < taps * ROWS
