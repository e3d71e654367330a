"""Which objects of an array are there: some bytes of memory for each, by its number."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from volconv.io.place import Place
from volconv.io.store import object_key, unit_of
from volconv.plan.blocks import BlockGrid
from volconv.plan.write import Write
from volconv.run.journal import Told

__all__ = ["Ledger", "unit_number"]

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

    def number(self, name: str) -> int | None:
        """The number of an object; None where it is none of the array's."""
        return unit_number(self.units, name)

    def name(self, number: int) -> str:
        """The key of an object below the array."""
        return object_key(self.units.index(number))

    def names(self) -> Iterator[str]:
        """The keys of the objects of which something is told."""
        return (self.name(int(each)) for each in np.flatnonzero(self.nbytes != ABSENT))

    def sound(self, place: Place) -> NDArray[np.bool_]:
        """Which objects are there with their bytes, and those in doubt with their crc."""
        found = np.zeros(self.units.total, bool)
        for name, nbytes in place.sizes(self.variable, self.names()):
            number = self.number(name)
            if number is not None:
                found[number] = self.nbytes[number] == nbytes
        for number, known in self.doubtful.items():
            if found[number]:
                key = f"{self.variable}/{self.name(number)}"
                found[number] = place.record(key) == known
        return found


def unit_number(units: BlockGrid, name: str) -> int | None:
    """The number of the storage unit that a key names; None where it names none."""
    try:
        unit = unit_of(name)
    except ValueError:
        return None
    is_unit = (
        len(unit) == len(units.counts)
        and all(0 <= one < count for one, count in zip(unit, units.counts, strict=True))
        and name == object_key(unit)
    )
    return units.number(unit) if is_unit else None
