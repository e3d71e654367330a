"""Zarr's coroutines carried out by the thread that asks.

Zarr's own synchronous calls hand each chunk to a thread that runs an event loop, and
from there to a pool that decodes it. Where several threads read and write already, that
is only waiting for one another: on a local disk a thread had better decode by itself.
"""

from __future__ import annotations

import asyncio
import selectors
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import Executor
from typing import Any, TypeVar, TypeVarTuple

__all__ = ["carry_out", "may_carry_out"]

Value = TypeVar("Value")
Given = TypeVarTuple("Given")


class Patient(selectors.DefaultSelector):
    """Asks the system for events only where there is nothing else to do."""

    def select(
        self, timeout: float | None = None
    ) -> list[tuple[selectors.SelectorKey, int]]:
        """Events, where they are waited for."""
        return [] if timeout == 0 else super().select(timeout)


class Loop(asyncio.SelectorEventLoop):
    """An event loop of one thread, which does all by itself, and at once.

    What is handed to a pool by default is over before anyone waits for it: no pool, no
    pipe that wakes the loop, no turn of it.
    """

    def __init__(self) -> None:
        super().__init__(Patient())

    def run_in_executor(
        self,
        executor: Executor | None,
        func: Callable[[*Given], Value],
        *args: *Given,
    ) -> asyncio.Future[Value]:
        """The future of a call; one for the default pool is over."""
        if executor is not None:
            return super().run_in_executor(executor, func, *args)
        future: asyncio.Future[Value] = self.create_future()
        try:
            future.set_result(func(*args))
        except Exception as error:  # which the future raises
            future.set_exception(error)
        return future


class Own:
    """A loop that is closed when its thread is over."""

    def __init__(self) -> None:
        self.loop = Loop()

    def __del__(self) -> None:
        self.loop.close()


_own = threading.local()


def may_carry_out() -> bool:
    """Whether this thread runs no event loop, as that of a notebook does."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return True
    return False


def carry_out(work: Coroutine[Any, Any, Value]) -> Value:
    """The result of a coroutine, where `may_carry_out`; blocking calls stay here."""
    if not hasattr(_own, "loop"):
        _own.loop = Own()
    own: Own = _own.loop
    return own.loop.run_until_complete(work)
