"""Cells of a block become objects, which are on their way while others are made.

What is stored is encoded by the thread that made it, which then goes on: until the objects
are there, their bytes are all that is kept of them. Files are waited for where they are
small, or where memory has no room for more.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from functools import lru_cache, partial
from typing import Any, NamedTuple

import google_crc32c
import numpy as np
from numpy.typing import NDArray

from volconv.compute import cast
from volconv.geometry import Interval, relative
from volconv.io.outbox import Outbox
from volconv.io.place import Check, Content, Place
from volconv.io.source import Empty
from volconv.io.store import encoded_unit
from volconv.plan.memory import IN_FILE, MOST_ON_WAY, behind_bytes, sent_bytes
from volconv.plan.output import OutputSpec
from volconv.plan.write import Write
from volconv.run.passing import PASSING, Kept
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
    cells : ndarray
        Those of its cells that the array has, as they are stored.
    """

    place: tuple[int, ...]
    cells: NDArray[Any]

    def whole(self, output: OutputSpec, empty: Empty) -> Unit:
        """All cells of the unit, in one piece, as a chunk is encoded.

        A shard stays as it is: it has no chunks beyond the array's ends.

        Parameters
        ----------
        output : OutputSpec
            How it is stored.
        empty : callable
            Makes an array of a shape and dtype, where they are to be copied.
        """
        cells = self.cells
        is_whole = cells.shape == output.unit and cells.flags.c_contiguous
        if is_whole or output.shards:
            return self
        found = empty(output.unit, cells.dtype)
        if cells.shape != output.unit:
            found.fill(output.fill_value)
        found[tuple(map(slice, cells.shape))] = cells
        return Unit(self.place, found)


class Writer:
    """What a process writes blocks through.

    Parameters
    ----------
    writes : sequence of Write
        The arrays.
    stores : sequence of Place
        Where the group of each lies.
    checks : sequence of callable, or None
        What is asked before an object is put there.
    threads : int
        Blocks at once.
    behind : int
        Files that may be on their way to the disk; 0 where each is waited for.
    sync : bool
        Whether files are made safe on the disk one by one.
    """

    def __init__(
        self,
        writes: Sequence[Write],
        stores: Sequence[Place],
        checks: Sequence[Check | None],
        threads: int,
        *,
        behind: int,
        sync: bool,
    ) -> None:
        self.writes, self.stores, self.checks, self.sync = writes, stores, checks, sync
        self.outbox: Outbox | None = None
        self.kept = Kept(behind_bytes(writes) if behind else 0)
        sent = sent_bytes(writes)
        most = threads * sent + behind * self.kept.nbytes
        if most:
            self.outbox = Outbox(most, threads * (MOST_ON_WAY if sent else 1))

    def write(self, which: int, unit: Unit, sent: Sent) -> tuple[str, int, int]:
        """Write a storage unit.

        Parameters
        ----------
        which : int
            The number of the write.
        unit : Unit
            The unit, whole.
        sent : list of Future
            Is added to by what is still on its way.

        Returns
        -------
        tuple of (str, int, int)
            The key of its object, its bytes and its crc32c.
        """
        write, store = self.writes[which], self.stores[which]
        key, encoded = retried(partial(encoded_unit, store, write.output, *unit))
        content = encoded.as_numpy_array()
        nbytes, crc = content.nbytes, google_crc32c.value(content)
        name = f"{write.output.variable}/{key}"
        put = partial(self.put, store, self.checks[which], name)
        if self.outbox is not None and write.output.is_remote:
            sent.append(self.outbox.send(partial(put, content.data), nbytes))
        elif self.outbox is not None and IN_FILE <= nbytes <= self.kept.nbytes:
            sent.append(self.send_copy(self.outbox, put, content))
        else:
            put(content.data)
        return key, nbytes, crc

    def send_copy(
        self, outbox: Outbox, put: Callable[[Content], None], content: NDArray[Any]
    ) -> Future[object]:
        """Send a file from memory that is kept for it: what is encoded comes and goes."""
        outbox.reserve(self.kept.nbytes)
        PASSING.enter()
        try:
            piece = self.kept.take()
            piece[: content.nbytes] = content
            send = partial(self.put_piece, put, piece, content.nbytes)
            sent = outbox.hand_over(send, self.kept.nbytes)
        except BaseException:
            PASSING.leave()
            outbox.arrived(self.kept.nbytes)
            raise
        sent.add_done_callback(lambda _: PASSING.leave())
        return sent

    def put_piece(
        self, put: Callable[[Content], None], piece: NDArray[np.uint8], nbytes: int
    ) -> None:
        """Put a file, of which the memory is free then for another one."""
        try:
            put(piece[:nbytes].data)
        finally:
            self.kept.pieces.append(piece)

    def put(
        self, store: Place, check: Check | None, name: str, content: Content
    ) -> None:
        """Put an object where it belongs."""
        retried(partial(store.put, name, content, check))
        if self.sync:
            store.make_safe([name])

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
        yield Unit(write.output.stored(places), as_stored)
        del as_stored  # before the next one takes as much


@lru_cache(maxsize=SIDES)
def side_units(side: Interval, unit: int) -> tuple[tuple[int, Interval], ...]:
    """Places and cells of the storage units along one axis, for a row of blocks."""
    return tuple(
        (start // unit, Interval(start, min(start + unit, side.stop)))
        for start in range(side.start, side.stop, unit)
    )
