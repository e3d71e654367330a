"""Objects that are on their way to a store while others are made."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from typing import TypeVar

__all__ = ["Outbox", "when_all_are_there"]

Value = TypeVar("Value")


class Outbox:
    """Sends objects beside those that make them, as far as there is room.

    Parameters
    ----------
    most : int
        Bytes of all objects that are handed over and not yet there. One that is larger
        is sent alone.
    at_once : int
        Objects that are sent at a time.

    Examples
    --------
    >>> outbox, there = Outbox(most=100, at_once=2), []
    >>> sent = [outbox.send(lambda: there.append("object"), 60) for _ in range(3)]
    >>> when_all_are_there(sent, "a block").result(), len(there), outbox.nbytes
    ('a block', 3, 0)
    >>> outbox.close()
    """

    def __init__(self, most: int, at_once: int) -> None:
        self.most = most
        self.nbytes = 0
        self.is_given_up = False
        self.room = threading.Condition()
        self.pool = ThreadPoolExecutor(at_once, "volconv-outbox")

    def send(self, put: Callable[[], object], nbytes: int) -> Future[object]:
        """Hand over an object, as soon as there is room for it.

        Parameters
        ----------
        put : callable
            Returns when the object is there, or raises.
        nbytes : int
            Its bytes.

        Raises
        ------
        CancelledError
            If nothing is sent any more.
        """
        self.reserve(nbytes)
        return self.hand_over(put, nbytes)

    def reserve(self, nbytes: int) -> None:
        """Take room for an object, as soon as there is some.

        Raises
        ------
        CancelledError
            If nothing is sent any more.
        """
        with self.room:
            self.room.wait_for(lambda: self.is_given_up or self.has_room(nbytes))
            if self.is_given_up:
                raise CancelledError
            self.nbytes += nbytes

    def hand_over(self, put: Callable[[], object], nbytes: int) -> Future[object]:
        """Send an object, for which there is room.

        Raises
        ------
        CancelledError
            If nothing is sent any more.
        """
        with self.room:
            if self.is_given_up:
                raise CancelledError
            sent = self.pool.submit(put)
        sent.add_done_callback(lambda _: self.arrived(nbytes))
        return sent

    def has_room(self, nbytes: int) -> bool:
        """Whether so many bytes more may be on their way."""
        return not self.nbytes or self.nbytes + nbytes <= self.most

    def arrived(self, nbytes: int) -> None:
        """Make room for others."""
        with self.room:
            self.nbytes -= nbytes
            self.room.notify_all()

    def give_up(self) -> None:
        """Send nothing any more but what is being sent; nobody waits for room then.

        Whoever learns that an object is not sent may call this too, while it is done.
        """
        with self.room:
            if self.is_given_up:
                return
            self.is_given_up = True
            self.room.notify_all()
        self.pool.shutdown(wait=False, cancel_futures=True)

    def close(self) -> None:
        """Give up, and wait for what is being sent."""
        self.give_up()
        self.pool.shutdown()


def when_all_are_there(sent: Sequence[Future[object]], value: Value) -> Future[Value]:
    """A value that is there when all of some objects are.

    It fails with the first object that does. There is one object at least.
    """
    there: Future[Value] = Future()
    guard = threading.Lock()
    left, is_told = len(sent), False

    def arrived(one: Future[object]) -> None:
        nonlocal left, is_told
        error = CancelledError() if one.cancelled() else one.exception()
        with guard:
            left -= 1
            if is_told or (left and error is None):
                return
            is_told = True
        if error is None:
            there.set_result(value)
        else:
            there.set_exception(error)

    for one in sent:
        one.add_done_callback(arrived)
    return there
