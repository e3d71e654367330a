"""What comes and goes in a process's threads, and stops where its memory is needed.

A task takes memory for a moment as it reads and as it stores, and a file on its way to the
disk has some. While code is compiled, its compiler has all of that.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from weakref import WeakSet

import numpy as np
from numpy.typing import NDArray

from volconv.run.allocator import give_back, lasting

__all__ = ["PASSING", "Kept", "Passing", "with_room"]


class Kept:
    """Pieces of memory that are kept for what passes next.

    Parameters
    ----------
    nbytes : int
        Bytes of each.
    """

    def __init__(self, nbytes: int) -> None:
        self.nbytes = nbytes
        self.pieces: list[NDArray[np.uint8]] = []
        with PASSING.changed:
            PASSING.kept.add(self)

    def take(self) -> NDArray[np.uint8]:
        """A piece, which may be put back."""
        try:
            return self.pieces.pop()
        except IndexError:
            return lasting(self.nbytes)


class Passing:
    """Those that read, store and send, and who has them stop.

    As a context: read or store meanwhile, which begins when nothing is to stop. Who does
    so never compiles: it would wait for itself. Blocks may be small, so it is short.

    Attributes
    ----------
    kept : WeakSet of Kept
        What is let go of when all have stopped.

    Examples
    --------
    >>> passing = Passing()
    >>> with passing:
    ...     passing.count
    1
    >>> with passing.stopped():
    ...     passing.count
    0
    """

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.changed = threading.Condition(self.lock)
        self.count = 0
        self.stops = 0
        self.kept: WeakSet[Kept] = WeakSet()

    def __enter__(self) -> None:
        with self.lock:
            while self.stops:
                self.changed.wait()
            self.count += 1

    def __exit__(self, *_: object) -> None:
        self.leave()

    def enter(self) -> None:
        """Begin what passes beside one that reads or stores already."""
        with self.lock:
            self.count += 1

    def leave(self) -> None:
        """End what passes."""
        with self.lock:
            self.count -= 1
            if self.stops:
                self.changed.notify_all()

    @contextmanager
    def stopped(self) -> Iterator[None]:
        """Have the memory of all that passes, when it has passed."""
        with self.changed:
            self.stops += 1
            self.changed.wait_for(lambda: not self.count)
            for kept in self.kept:
                kept.pieces.clear()
        try:
            yield
        finally:
            with self.changed:
                self.stops -= 1
                self.changed.notify_all()


PASSING = Passing()
"""Those of this process."""


@contextmanager
def with_room() -> Iterator[None]:
    """Have what passes stop, and all that is kept for it given back."""
    with PASSING.stopped():
        give_back()
        yield
