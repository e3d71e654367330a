"""What comes and goes in a process's threads, and stops where its memory is needed.

A task takes memory for a moment as it reads and as it stores, and a file on its way to the
disk has some. While code is compiled, its compiler has all of that.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol
from weakref import WeakSet

import numpy as np
from numpy.typing import NDArray

from volconv.run.allocator import give_back, lasting

__all__ = ["PASSING", "Kept", "MakesRoom", "Passing", "with_room"]


class MakesRoom(Protocol):
    """What has memory that is needed where code is compiled."""

    def make_room(self) -> None:
        """Give memory back; may be called again."""

    def resume(self) -> None:
        """Take it again as it is needed."""


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
        PASSING.add(self)

    def take(self) -> NDArray[np.uint8]:
        """A piece, which may be put back."""
        try:
            return self.pieces.pop()
        except IndexError:
            return lasting(self.nbytes)

    def make_room(self) -> None:
        """Give back the pieces that are not in use."""
        self.pieces.clear()

    def resume(self) -> None:
        """Nothing: pieces are taken as they are needed."""


class Passing:
    """Those that read, store and send, and who has them stop.

    As a context: read or store meanwhile, which begins when nothing is to stop. Who does
    so never compiles: it would wait for itself. Blocks may be small, so it is short.

    Attributes
    ----------
    others : WeakSet of MakesRoom
        Who makes room when all have stopped.

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
        self.others: WeakSet[MakesRoom] = WeakSet()

    def add(self, other: MakesRoom) -> None:
        """Have somebody make room, as long as it is there."""
        with self.lock:
            self.others.add(other)

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
        with self.lock:
            self.stops += 1
        try:
            with self.changed:
                self.changed.wait_for(lambda: not self.count)
                for other in self.others:
                    other.make_room()
            yield
        finally:
            with self.changed:
                self.stops -= 1
                if not self.stops:
                    for other in self.others:
                        other.resume()
                self.changed.notify_all()


PASSING = Passing()
"""Those of this process."""


@contextmanager
def with_room() -> Iterator[None]:
    """Have what passes stop, and all that is kept for it given back."""
    with PASSING.stopped():
        give_back()
        yield
