"""Memory that a thread uses for one block after another.

A large array that is allocated anew comes in pages that the system clears first, which
takes about as long as a small kernel takes to fill it.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
from numpy.typing import NDArray

from volconv.run.allocator import lasting

__all__ = ["ThreadMemory"]


class ThreadMemory(threading.local):
    """Pieces of memory, given out one after the other, and again for the next block.

    Each thread has pieces of its own.

    Examples
    --------
    >>> memory = ThreadMemory()
    >>> memory.begin()
    >>> first = memory.empty((2, 3), np.dtype("f4"))
    >>> memory.begin()
    >>> np.shares_memory(memory.empty((5,), np.dtype("u1")), first)
    True
    """

    def __init__(self) -> None:
        self.pieces: list[NDArray[np.uint8]] = []
        self.given = 0

    def begin(self) -> None:
        """Take all pieces back: arrays given out so far are no longer valid."""
        self.given = 0

    @contextmanager
    def reused(self) -> Iterator[None]:
        """Take the pieces that are given out in between back at the end."""
        given = self.given
        try:
            yield
        finally:
            self.given = given

    def empty(self, shape: Sequence[int], dtype: np.dtype[Any]) -> NDArray[Any]:
        """An array of any content, on a page."""
        nbytes = math.prod(shape) * dtype.itemsize
        if self.given == len(self.pieces):
            self.pieces.append(np.empty(0, "u1"))
        if self.pieces[self.given].size < nbytes:
            del self.pieces[self.given]  # before there are two
            self.pieces.insert(self.given, lasting(nbytes))
        piece = self.pieces[self.given]
        self.given += 1
        return np.ndarray(shape, dtype, piece)
