"""Which objects of an array are there: some bytes of memory for each, by its number."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from volconv.io.place import Place
from volconv.io.store import object_key
from volconv.plan.write import Write
from volconv.run.journal import Told

__all__ = ["Ledger"]

ABSENT = -1
"""Bytes of an object of which nothing is told."""


class Ledger:
    """What a journal tells of the objects of one array.

    Parameters
    ----------
    write : Write
        The array.

    Attributes
    ----------
    nbytes : ndarray of int64
        Bytes of each object.
    doubtful : dict of int to (int, int)
        Bytes and crc32c of those that may not have outlived a crash of the machine.
    """

    def __init__(self, write: Write) -> None:
        self.variable = write.output.variable
        self.units = write.all_units
        self.nbytes = np.full(self.units.total, ABSENT)
        self.doubtful: dict[int, tuple[int, int]] = {}

    def note(self, one: Told) -> None:
        """Take a line in; what was told before of the same object does not hold."""
        number = self.number(one.name)
        if number is None:
            return
        self.nbytes[number] = one.nbytes
        self.doubtful.pop(number, None)
        if not one.is_safe:
            self.doubtful[number] = one.nbytes, one.crc

    def has(self, name: str) -> bool:
        """Whether a key is that of an object of the array: a line may be damaged."""
        return self.number(name) is not None

    def number(self, name: str) -> int | None:
        """The number of the object that a key names; None where it is none of these."""
        row, _, last = name.rpartition("/")
        first = first_of(row, self.units.counts)
        place = place_named(last, self.units.counts[-1])
        return None if first is None or place is None else first + place

    def name(self, number: int) -> str:
        """The key of an object below the array."""
        return object_key(self.units.index(number))

    def names(self) -> Iterator[str]:
        """The keys of the objects of which something is told."""
        length = self.units.counts[-1]
        is_told = (self.nbytes != ABSENT).reshape(-1, length)
        for row in np.flatnonzero(is_told.any(axis=1)).tolist():
            key = object_key(self.units.index(row * length)[:-1])
            for place in np.flatnonzero(is_told[row]).tolist():
                yield f"{key}/{place}"

    def sound(self, place: Place) -> NDArray[np.bool_]:
        """Which objects are there with their bytes, and those in doubt with their crc.

        These are in doubt no longer: the machine has not crashed while this process runs.
        """
        found = np.zeros(self.units.total, bool)
        for name, nbytes in place.sizes(self.variable, self.names()):
            number = self.number(name)
            if number is not None:
                found[number] = self.nbytes[number] == nbytes
        for number, known in self.doubtful.items():
            if found[number]:
                key = f"{self.variable}/{self.name(number)}"
                found[number] = place.record(key) == known
                if not found[number]:
                    self.nbytes[number] = ABSENT
        self.doubtful.clear()
        return found


@lru_cache(maxsize=16)
def first_of(row: str, counts: Sequence[int]) -> int | None:
    """The number of the first object whose key begins so; objects come row by row.

    Parameters
    ----------
    row : str
        A key without its last part.
    counts : tuple of int
        Objects along each axis.

    Examples
    --------
    >>> first_of("c/1", (2, 3))
    3
    """
    start, *parts = row.split("/")
    if start != object_key(()) or len(parts) != len(counts) - 1:
        return None
    number = 0
    for part, count in zip(parts, counts[:-1], strict=True):
        place = place_named(part, count)
        if place is None:
            return None
        number = number * count + place
    return number * counts[-1]


def place_named(part: str, count: int) -> int | None:
    """The place along an axis that a part of a key names; None where it names none."""
    if not part.isdecimal() or len(part) > len(str(count)):
        return None
    place = int(part)
    return place if place < count and part == str(place) else None
