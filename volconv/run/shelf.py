"""Memory of a fixed size, for pieces of chunks that come and go in any order.

The C library's allocator puts what stays long between what comes and goes, and the holes
that these leave fit nothing else. Here lie only pieces that stay, and what the machine
gives for them is never more than was asked for: there are more addresses than that, and a
hole that fits no piece is given back, so that one may lie elsewhere.
"""

from __future__ import annotations

import itertools
import mmap
import sys
from collections import deque
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from volconv.run.allocator import mapped_sparsely

__all__ = ["PAGE", "SMALL", "Elsewhere", "Shelf", "Slot"]

SMALL = 16 * 2**10
"""Bytes of pieces that the C library holds as well, at most: arbitrary."""

PAGE = mmap.PAGESIZE
"""Bytes that slots are multiples of: the machine gives and takes whole pages."""

GIVES_BACK = sys.platform == "linux"
"""Whether pages can be given back at once."""

ADDRESSES = 4 if GIVES_BACK else 1
"""Bytes of addresses for each byte of memory."""


class Shelf:
    """Memory of a fixed size.

    Its owner sees to it that one thread at a time asks for slots. They are given back as
    the last array over them goes, by whatever thread.

    Parameters
    ----------
    nbytes : int
        Bytes of it.

    Attributes
    ----------
    limit : int
        Bytes that slots may take for now.
    used : int
        Bytes that they take.
    memory : mmap
        Its addresses, behind which there is memory once it is written to.
    address : int
        The first of them.
    free, blank : Stretches
        Where slots were, and where there is no memory yet, or no longer.
    """

    def __init__(self, nbytes: int) -> None:
        self.nbytes = self.limit = nbytes // PAGE * PAGE
        self.used = 0
        self.returned: deque[tuple[int, int]] = deque()
        self.memory = mapped_sparsely(self.nbytes, ADDRESSES)
        self.address = np.frombuffer(self.memory, np.uint8).ctypes.data
        self.free = Stretches()
        self.blank = Stretches()
        self.blank.add(0, len(self.memory) // PAGE * PAGE)

    def has(self, cells: NDArray[Any]) -> bool:
        """Whether cells lie in a slot."""
        return 0 <= cells.ctypes.data - self.address < len(self.memory)

    def slot(self, nbytes: int) -> Slot | Elsewhere | None:
        """A slot for a piece; None if there is none, for now."""
        if nbytes <= SMALL:
            return Elsewhere()
        size = -(-nbytes // PAGE) * PAGE
        self.take_back()
        if self.used + size > self.limit:
            return None
        start = self.found(size)
        if start is None:
            return None
        self.used += size
        return Slot(self, start, size)

    def found(self, size: int) -> int | None:
        """Where so many bytes are free: those of a piece of that size before all."""
        start = self.free.take(size, exactly=True)
        if start is None and self.used + self.free.nbytes + size <= self.limit:
            start = self.blank.take(size)
        if start is None:
            start = self.free.take(size)
        if start is None:
            self.give_back()
            start = self.blank.take(size)
        return start

    def take_back(self) -> None:
        """Note the slots whose arrays are gone."""
        while self.returned:
            start, size = self.returned.popleft()
            self.used -= size
            self.free.add(start, size)

    def give_back(self) -> None:
        """Give the machine back what is free."""
        for start, size in self.free.all():
            if GIVES_BACK:
                self.memory.madvise(mmap.MADV_DONTNEED, start, size)
            self.blank.add(start, size)
        self.free = Stretches()

    def keeps(self, limit: int) -> bool:
        """Whether slots take no more than so many bytes, as from now on they may."""
        self.limit = limit
        self.take_back()
        return self.used <= limit


class Stretches:
    """Stretches of bytes, told by where they begin, from which others are taken.

    Attributes
    ----------
    nbytes : int
        Bytes in all.

    Examples
    --------
    >>> free = Stretches()
    >>> free.add(4, 4), free.add(0, 4)
    (None, None)
    >>> free.take(6), free.nbytes, list(free.all())
    (0, 2, [(6, 2)])
    """

    def __init__(self) -> None:
        self.starts: dict[int, list[int]] = {}
        self.nbytes = 0

    def add(self, start: int, size: int) -> None:
        """Add a stretch."""
        self.starts.setdefault(size, []).append(start)
        self.nbytes += size

    def all(self) -> Iterator[tuple[int, int]]:
        """Where each begins, and its bytes."""
        for size, starts in self.starts.items():
            yield from zip(starts, itertools.repeat(size))

    def take(self, size: int, *, exactly: bool = False) -> int | None:
        """Where so many bytes begin, of a stretch that has no more where there is one.

        None where none has as many, those that lie side by side together either.
        """
        found = self.fitting(size)
        if found is None and not exactly and self.nbytes >= size:
            self.join()
            found = self.fitting(size)
        if found is None or (exactly and found > size):
            return None
        start = self.starts[found].pop()
        if not self.starts[found]:
            del self.starts[found]
        self.nbytes -= found
        if found > size:
            self.add(start + size, found - size)
        return start

    def fitting(self, size: int) -> int | None:
        """Bytes of the smallest stretch that has as many."""
        if size in self.starts:
            return size
        return min((one for one in self.starts if one > size), default=None)

    def join(self) -> None:
        """Make one of stretches side by side."""
        joined: list[list[int]] = []
        for start, size in sorted(self.all()):
            if joined and sum(joined[-1]) == start:
                joined[-1][1] += size
            else:
                joined.append([start, size])
        self.starts, self.nbytes = {}, 0
        for start, size in joined:
            self.add(start, size)


class Slot:
    """Bytes of a shelf, its own as long as an array over them is there.

    Parameters
    ----------
    shelf : Shelf
        What it is a part of.
    start, size : int
        Its first byte there, and its bytes.
    """

    def __init__(self, shelf: Shelf, start: int, size: int) -> None:
        self.memory = shelf.memory
        self.returned = shelf.returned
        self.address = shelf.address + start
        self.start, self.size = start, size

    def __del__(self) -> None:
        self.returned.append((self.start, self.size))

    @property
    def __array_interface__(self) -> dict[str, Any]:
        """Its bytes, as NumPy asks for them."""
        return {
            "version": 3,
            "shape": (self.size,),
            "typestr": "|u1",
            "data": (self.address, False),
        }

    def holding(self, cells: NDArray[Any]) -> NDArray[Any]:
        """A copy of some cells, in this slot."""
        flat = np.asarray(self)[: cells.nbytes].view(cells.dtype)
        copy = flat.reshape(cells.shape)
        copy[...] = cells
        return copy


class Elsewhere:
    """A slot that the C library finds."""

    def holding(self, cells: NDArray[Any]) -> NDArray[Any]:
        """A copy of some cells."""
        return cells.copy()
