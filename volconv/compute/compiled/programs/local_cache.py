"""What is made once for blocks that are alike, in this process."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Generic, TypeVar

__all__ = ["LocalCache"]

Value = TypeVar("Value")

MOST = 8
"""Values kept at a time: blocks inside, and those at the edges."""


class LocalCache(Generic[Value]):
    """Values by what they depend on; those that another process is sent are none.

    Examples
    --------
    >>> kept = LocalCache[str]()
    >>> kept.get(1), kept.keep(1, "one"), kept.get(1)
    (None, None, 'one')
    """

    def __init__(self) -> None:
        self.values: dict[Hashable, Value] = {}

    def get(self, key: Hashable) -> Value | None:
        """The value, where it is kept."""
        return self.values.get(key)

    def keep(self, key: Hashable, value: Value) -> None:
        """Keep a value, and none of the others once they are many."""
        if len(self.values) >= MOST:
            self.values = {}
        self.values[key] = value

    def __reduce__(self) -> tuple[type[LocalCache[Value]], tuple[()]]:
        return type(self), ()
