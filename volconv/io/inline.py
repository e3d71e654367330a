"""Zarr's coroutines carried out by the thread that asks.

Zarr's own synchronous calls hand each chunk to a thread that runs an event loop, and
from there to a pool that decodes it. Where several threads read and write already, that
is only waiting for one another: on a local disk a thread had better decode by itself.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, ParamSpec, TypeVar

__all__ = ["carry_out", "may_carry_out"]

Value = TypeVar("Value")
Given = ParamSpec("Given")


class Inline(ThreadPoolExecutor):
    """A pool of the calling thread: what is submitted is done at once."""

    def submit(
        self, fn: Callable[Given, Value], /, *args: Given.args, **kwargs: Given.kwargs
    ) -> Future[Value]:
        """The future of a call that is over."""
        future: Future[Value] = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except BaseException as error:  # which the future raises
            future.set_exception(error)
        return future


class Loop:
    """An event loop that is closed when its thread is over."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self.loop.set_default_executor(Inline(1))

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
        _own.loop = Loop()
    own: Loop = _own.loop
    return own.loop.run_until_complete(work)
