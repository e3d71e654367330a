"""Memory of a fixed size, for pieces of chunks that come and go in any order.

The C library's allocator puts what stays long between what comes and goes, and the holes
that these leave fit nothing else. Here lie only pieces that stay, of few sizes, and what
the machine gives for them is never more than was asked for.
"""

from __future__ import annotations

from collections import deque
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from volconv.run.allocator import lasting

__all__ = ["SMALL", "Elsewhere", "Shelf", "Slot"]

SMALL = 16 * 2**10
"""Bytes of pieces that the C library holds as well, at most: arbitrary."""

LINE = 64
"""Bytes that slots are multiples of: a line of a processor's cache."""


class Shelf:
    """Memory of a fixed size.

    Its owner sees to it that one thread at a time asks for slots. They are given back as
    the last array over them goes, by whatever thread.

    Parameters
    ----------
    nbytes : int
        Bytes of it.
    """

    def __init__(self, nbytes: int) -> None:
        self.nbytes = nbytes // LINE * LINE
        self.top = 0
        self.free: dict[int, list[int]] = {}
        self.returned: deque[tuple[int, int]] = deque()

    @cached_property
    def memory(self) -> NDArray[np.uint8]:
        """The memory."""
        return lasting(self.nbytes)

    def has(self, cells: NDArray[Any]) -> bool:
        """Whether cells lie in a slot."""
        start = self.memory.ctypes.data
        return bool(start <= cells.ctypes.data < start + self.nbytes)

    def slot(self, nbytes: int) -> Slot | Elsewhere | None:
        """A slot for a piece; None if there is none, for now."""
        if nbytes <= SMALL:
            return Elsewhere()
        size = -(-nbytes // LINE) * LINE
        self.take_back()
        start = self.found(size)
        if start is None and self.free:
            self.join()
            start = self.found(size)
        return None if start is None else Slot(self, start, size)

    def found(self, size: int) -> int | None:
        """Where so many bytes are free: those of a piece of that size before all."""
        starts = self.free.get(size)
        if starts is None and self.top + size <= self.nbytes:
            self.top += size
            return self.top - size
        larger = size if starts else min((s for s in self.free if s > size), default=0)
        if not larger:
            return None
        start = self.free[larger].pop()
        if not self.free[larger]:
            del self.free[larger]
        if larger > size:
            self.free.setdefault(larger - size, []).append(start + size)
        return start

    def take_back(self) -> None:
        """Note the slots whose arrays are gone."""
        while self.returned:
            start, size = self.returned.popleft()
            self.free.setdefault(size, []).append(start)

    def join(self) -> None:
        """Make one of free slots side by side; the last one is part of the rest."""
        slots = sorted(
            (start, size) for size, starts in self.free.items() for start in starts
        )
        joined: list[list[int]] = []
        for start, size in slots:
            if joined and sum(joined[-1]) == start:
                joined[-1][1] += size
            else:
                joined.append([start, size])
        if joined and sum(joined[-1]) == self.top:
            self.top = joined.pop()[0]
        self.free = {}
        for start, size in joined:
            self.free.setdefault(size, []).append(start)


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
            "data": (self.memory.ctypes.data + self.start, False),
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
