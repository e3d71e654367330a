"""Padded lines without the cells that repeat others: they need not be filtered twice.

Passes along planes and rows make the same of every cell of a line. Beyond an edge lie
cells of this side, or fill values that are all alike, so these passes take each of them
once, and the last pass, along the line, is given copies::

    padded line   c b a | a b c d | d c b      taken   a b c d
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from volconv.compute.compiled.programs.edges import CONSTANT, pieces
from volconv.compute.compiled.programs.program import Integers

__all__ = ["Copies", "Fold"]


class Copies(NamedTuple):
    """Neighbours in a padded line that repeat others.

    Attributes
    ----------
    to, source : int
        Number of the first, and of the one that it repeats.
    step : int
        From what one repeats to what the next one does.
    cells : int
        How many.
    """

    to: int
    source: int
    step: int
    cells: int


class Fold(NamedTuple):
    """A padded line, and what of it is taken.

    Attributes
    ----------
    indices : ndarray
        Of the cells that are taken: see `edges`. Last, one that holds the fill value,
        where there is any.
    at : int
        Number in the padded line of the first of them; the others follow, the last
        one perhaps beyond the line's end.
    copies : tuple of Copies
        All others.
    """

    indices: Integers
    at: int
    copies: tuple[Copies, ...]

    @classmethod
    def of(cls, indices: Integers) -> Fold:
        """The fold of a padded line; all of it is taken where its cells do not allow.

        Examples
        --------
        >>> fold = Fold.of(np.array([-1, 0, 1, 2, 2, 1]))
        >>> fold.indices, fold.at
        (array([ 0,  1,  2, -1]), 1)
        >>> for copies in fold.copies:
        ...     print(copies)
        Copies(to=0, source=4, step=0, cells=1)
        Copies(to=4, source=3, step=-1, cells=2)
        """
        inside = np.unique(indices[indices != CONSTANT])
        at = first_of(indices, inside)
        if at is None:
            return cls(indices, 0, ())
        end = at + len(inside)
        copies = []
        for shift, part in ((0, indices[:at]), (end, indices[end:])):
            for piece in pieces(part):
                to, count = shift + piece.at, piece.count
                if piece.first != CONSTANT:
                    source = at + piece.first - int(inside[0])
                    copies.append(Copies(to, source, piece.step, count))
                elif to != end:
                    copies.append(Copies(to, end, 0, count))
                elif count > 1:
                    copies.append(Copies(to + 1, end, 0, count - 1))
        beyond = [CONSTANT] if (indices == CONSTANT).any() else []
        taken = np.concatenate([inside, beyond]).astype(np.int64)
        return cls(taken, at, tuple(copies))


def first_of(indices: Integers, inside: Integers) -> int | None:
    """Where some indices first follow one another in a line; None where they do not."""
    many = len(inside)
    if not many or inside[-1] - inside[0] != many - 1:
        return None
    for at in np.flatnonzero(indices[: len(indices) - many + 1] == inside[0]).tolist():
        if np.array_equal(indices[at : at + many], inside):
            return int(at)
    return None
