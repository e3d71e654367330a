"""Turns of blocks that are still to be computed: a bit of memory for each."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Self

import numpy as np
from numpy.typing import NDArray

__all__ = ["Stretch", "Turns"]

BITS = 8
"""Turns of a byte."""

AT_ONCE = 512
"""Bytes whose turns are told in one go: arbitrary."""


class Turns:
    """Some of the turns of a stage, in order.

    Parameters
    ----------
    are_left : ndarray of bool
        For each turn of the stage whether it is one of them.

    Examples
    --------
    >>> turns = Turns(np.array([False, True, True, False, True, True]))
    >>> len(turns), list(turns), list(turns.within(2, 5)), turns.count(2, 5), 3 in turns
    (4, [1, 2, 4, 5], [2, 4], 2, False)
    """

    def __init__(self, are_left: NDArray[np.bool_]) -> None:
        self.total = len(are_left)
        self.bits = np.packbits(are_left, bitorder="little")

    @classmethod
    def all(cls, total: int) -> Self:
        """All turns of a stage of so many blocks."""
        return cls(np.ones(total, bool))

    def __len__(self) -> int:
        """How many there are."""
        return int.from_bytes(self.bits.tobytes()).bit_count()

    def __iter__(self) -> Iterator[int]:
        return self.within(0, self.total)

    def __contains__(self, turn: object) -> bool:
        if not isinstance(turn, int) or not 0 <= turn < self.total:
            return False
        return bool(self.bits[turn // BITS] >> turn % BITS & 1)

    def count(self, start: int, stop: int) -> int:
        """How many `within` tells, without telling each."""
        first, last = start // BITS, -(-stop // BITS)
        bits = np.unpackbits(self.bits[first:last], bitorder="little")
        return int(np.count_nonzero(bits[start - BITS * first : stop - BITS * first]))

    def within(self, start: int, stop: int) -> Iterator[int]:
        """Those from one turn on that come before another one."""
        first, last = start // BITS, -(-stop // BITS)
        for byte in range(first, last, AT_ONCE):
            some = self.bits[byte : min(byte + AT_ONCE, last)]
            for place in np.flatnonzero(np.unpackbits(some, bitorder="little")):
                turn = BITS * byte + int(place)
                if start <= turn < stop:
                    yield turn


class Stretch:
    """Turns that follow each other, taken one by one from the first.

    Parameters
    ----------
    turns : Turns
        What is to be done in all.
    start, stop : int
        Where the stretch begins, and where it ends.
    """

    def __init__(self, turns: Turns, start: int, stop: int) -> None:
        self.turns = turns
        self.start, self.stop = start, stop
        self.following = turns.within(start, stop)

    def __iter__(self) -> Iterator[int]:
        return self.turns.within(self.start, self.stop)

    @property
    def span(self) -> int:
        """How many turns it spans, those that are not to be done among them."""
        return self.stop - self.start

    @property
    def left(self) -> int:
        """How many turns are in it."""
        return self.turns.count(self.start, self.stop)

    def take(self) -> int | None:
        """The next turn, which then is no longer in it; None if there is none."""
        turn = next(self.following, self.stop)
        self.start = min(turn + 1, self.stop)
        return turn if turn < self.stop else None

    def cut(self, where: int) -> Stretch:
        """The turns from one on, which then are no longer in it."""
        rest = Stretch(self.turns, where, self.stop)
        self.stop = where
        return rest
