"""Objects that are asked for before they are read, and are on their way meanwhile."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine, Iterable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from zarr.abc.store import ByteRequest
from zarr.core.buffer import Buffer

__all__ = ["Ask", "OnTheWay", "Request"]

Request = tuple[str, ByteRequest | None]
"""A key, and which of its bytes; None for all."""

Ask = Callable[[Request], Coroutine[Any, Any, Buffer | None]]


@dataclass(eq=False)
class Coming:
    """What has been asked for, and perhaps has come.

    Parameters
    ----------
    turn : int
        The last turn that it was asked for.
    task : Task
        Gives its bytes; None for what is not stored.
    nbytes : int
        Bytes that it takes: so many at most while it is on its way.
    is_given_up : bool
        Whether nobody is to have it.
    """

    turn: int
    task: asyncio.Task[Buffer | None]
    nbytes: int
    is_given_up: bool = False


@dataclass(eq=False)
class OnTheWay:
    """Asks for objects in the order in which they are wanted, as far as there is room.

    Each is handed out once. What is not on its way yet when it is read, or failed on its
    way, is asked for by whoever reads it.

    Parameters
    ----------
    ask : callable
        Asks for an object, in the loop.
    loop : AbstractEventLoop
        Where objects are asked for and read.
    most : int
        Bytes of all that are on their way or have come, and are not read.
    each : int
        Bytes of one, for as long as nothing more is known of it.
    """

    ask: Ask
    loop: asyncio.AbstractEventLoop
    most: int
    each: int
    nbytes: int = 0
    waiting: dict[Request, int] = field(default_factory=dict)
    coming: dict[Request, Coming] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def left(self) -> int:
        """Objects that are wanted and not read."""
        return len(self.waiting) + len(self.coming)

    def want(self, requests: Iterable[Request], turn: int) -> None:
        """Ask for what a turn reads, after what is wanted already."""
        with self.lock:
            for request in requests:
                coming = self.coming.get(request)
                if coming is None:
                    self.waiting[request] = max(turn, self.waiting.get(request, turn))
                else:
                    coming.turn = max(turn, coming.turn)
            if not self.waiting:
                return
        self.loop.call_soon_threadsafe(self.send)

    def give_up(self, is_past: Callable[[int], bool]) -> None:
        """Want no more what none but turns read that are past."""
        with self.lock:
            waiting = self.waiting.items()
            self.waiting = {what: turn for what, turn in waiting if not is_past(turn)}
            for request, coming in list(self.coming.items()):
                if is_past(coming.turn):
                    del self.coming[request]
                    self.nbytes -= coming.nbytes
                    coming.is_given_up = True
                    self.loop.call_soon_threadsafe(coming.task.cancel)

    def send(self) -> None:
        """Ask for what waits and has room; in the loop."""
        with self.lock:
            while self.waiting and self.nbytes + self.each <= self.most:
                request = next(iter(self.waiting))
                turn = self.waiting.pop(request)
                task = self.loop.create_task(self.ask(request))
                coming = self.coming[request] = Coming(turn, task, self.each)
                self.nbytes += self.each
                task.add_done_callback(partial(self.arrived, coming))

    def arrived(self, coming: Coming, task: asyncio.Task[Buffer | None]) -> None:
        """Count the bytes that have come; in the loop."""
        found = None
        if not task.cancelled() and task.exception() is None:
            found = task.result()
        with self.lock:
            if coming.is_given_up:
                return
            self.nbytes -= coming.nbytes
            coming.nbytes = 0 if found is None else len(found)
            self.nbytes += coming.nbytes
        self.send()

    async def take(self, request: Request) -> tuple[Buffer | None] | None:
        """What was asked for, as soon as it is there; None for what was not, or failed."""
        if asyncio.get_running_loop() is not self.loop:
            return None
        with self.lock:
            self.waiting.pop(request, None)
            coming = self.coming.pop(request, None)
        if coming is None:
            return None
        try:
            return (await coming.task,)
        except Exception:  # whoever reads asks again, and is told
            return None
        finally:
            with self.lock:
                self.nbytes -= coming.nbytes
            self.send()
