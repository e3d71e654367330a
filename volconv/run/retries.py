"""What is tried again where a store fails for the moment."""

from __future__ import annotations

import errno
import time
from collections.abc import Callable
from typing import TypeVar

__all__ = ["retried"]

Value = TypeVar("Value")

ATTEMPTS = 3
"""Times that a block is tried where a store fails: arbitrary."""

FIRST_WAIT = 0.5
"""Seconds before the second try, doubled for each more: arbitrary."""

LASTING = frozenset(
    {
        errno.ENOSPC,
        errno.EACCES,
        errno.EROFS,
        errno.EDQUOT,
        errno.ENOENT,
        errno.EOPNOTSUPP,
    }
)
"""Errors that a second try does not mend."""


def retried(action: Callable[[], Value]) -> Value:
    """What an action returns, tried again where a store fails for the moment."""
    wait = FIRST_WAIT
    for _ in range(ATTEMPTS - 1):
        try:
            return action()
        except OSError as error:
            if not may_pass(error):
                raise
            time.sleep(wait)
            wait *= 2
    return action()


def may_pass(error: BaseException) -> bool:
    """Whether an error comes from a store that may answer another time."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, (ConnectionError, TimeoutError, InterruptedError)):
            return True
        if type(cause) is OSError or isinstance(cause, BlockingIOError):
            return cause.errno not in LASTING
        cause = cause.__cause__
    return False
