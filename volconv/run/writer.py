"""Cells of a block become objects: files at once, objects of a bucket on their way.

What goes to a bucket is encoded by the thread that made it, which then goes on: until the
objects are there, their bytes are all that is kept of them.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from functools import lru_cache, partial
from typing import Any, NamedTuple

import google_crc32c
from numpy.typing import NDArray

from volconv.compute import cast
from volconv.geometry import Interval, relative
from volconv.io.bucket import Bucket
from volconv.io.folder import Folder
from volconv.io.outbox import Outbox
from volconv.io.place import Place
from volconv.io.store import encoded_unit, write_unit
from volconv.plan.memory import MOST_ON_WAY, sent_bytes
from volconv.plan.write import Write
from volconv.run.readers import Box
from volconv.run.retries import retried

__all__ = ["Sent", "Unit", "Writer", "units_of"]

SIDES = 1024
"""Sides of blocks whose storage units are remembered: arbitrary, a row's of each axis."""

Sent = list[Future[object]]
"""Objects that are on their way."""


class Unit(NamedTuple):
    """A storage unit with its cells.

    Attributes
    ----------
    place : tuple of int
        Its place along each axis of the stored array.
    box : tuple of Interval
        Which cells they are.
    cells : ndarray
        The cells as they are stored, of which nothing is needed later.
    """

    place: tuple[int, ...]
    box: Box
    cells: NDArray[Any]


class Writer:
    """What a process writes blocks through.

    Parameters
    ----------
    writes : sequence of Write
        The arrays.
    stores : sequence of Place
        Where the group of each lies.
    threads : int
        Blocks at once.
    sync : bool
        Whether files are made safe on the disk one by one.
    """

    def __init__(
        self,
        writes: Sequence[Write],
        stores: Sequence[Place],
        threads: int,
        *,
        sync: bool,
    ) -> None:
        self.writes, self.stores, self.sync = writes, stores, sync
        self.outbox: Outbox | None = None
        most = threads * sent_bytes(writes)
        if most:
            self.outbox = Outbox(most, threads * MOST_ON_WAY)

    def write(self, which: int, unit: Unit, sent: Sent) -> tuple[str, int, int]:
        """Write a storage unit.

        Parameters
        ----------
        which : int
            The number of the write.
        unit : Unit
            The unit.
        sent : list of Future
            Is added to by what is still on its way.

        Returns
        -------
        tuple of (str, int, int)
            The key of its object, its bytes and its crc32c.
        """
        write, store = self.writes[which], self.stores[which]
        if isinstance(store, Folder):
            return self.stored(store, write, unit)
        assert isinstance(store, Bucket), "there are no other places"
        return self.handed_over(store, write, unit, sent)

    def stored(self, store: Folder, write: Write, unit: Unit) -> tuple[str, int, int]:
        """Write a storage unit to a folder."""
        told = retried(partial(write_unit, store, write.output, *unit))
        if self.sync:
            store.make_safe([f"{write.output.variable}/{told[0]}"])
        return told

    def handed_over(
        self, store: Bucket, write: Write, unit: Unit, sent: Sent
    ) -> tuple[str, int, int]:
        """Encode a storage unit, and have it sent to a bucket."""
        assert self.outbox is not None, "something is sent"
        key, content = retried(partial(encoded_unit, store, write.output, *unit))
        nbytes, crc = len(content), google_crc32c.value(content.as_numpy_array())
        name = f"{write.output.variable}/{key}"
        put = partial(retried, partial(store.put, name, content.as_buffer_like()))
        sent.append(self.outbox.send(put, nbytes))
        return key, nbytes, crc

    def give_up(self) -> None:
        """Send nothing any more but what is being sent."""
        if self.outbox is not None:
            self.outbox.give_up()

    def close(self) -> None:
        """Give up, and wait for what is being sent."""
        if self.outbox is not None:
            self.outbox.close()


def units_of(write: Write, box: Box, cells: NDArray[Any]) -> Iterator[Unit]:
    """The storage units of a box of whole ones, each cast as it is asked for."""
    for sides in itertools.product(*map(side_units, box, write.output.unit)):
        places, part = zip(*sides, strict=True)
        piece = cells if part == box else cells[relative(part, box)]
        as_stored = cast(piece, write.output.dtype)
        yield Unit(write.output.stored(places), part, as_stored)
        del as_stored  # before the next one takes as much


@lru_cache(maxsize=SIDES)
def side_units(side: Interval, unit: int) -> tuple[tuple[int, Interval], ...]:
    """Places and cells of the storage units along one axis, for a row of blocks."""
    return tuple(
        (start // unit, Interval(start, min(start + unit, side.stop)))
        for start in range(side.start, side.stop, unit)
    )
