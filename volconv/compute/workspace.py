"""Arrays that are used for one slab after another, each for its purpose.

A large array that is allocated anew may come from the system, page by page, which takes
longer than a pass over it.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
from numpy.typing import NDArray

from volconv.compute.compiled.programs.program import aligned_empty

__all__ = ["Workspace", "one_workspace", "workspace"]

_own = threading.local()


class Workspace:
    """Memory by purpose; of one thread.

    Examples
    --------
    >>> space = Workspace()
    >>> first = space.empty("sums", (2, 3), "float32")
    >>> np.shares_memory(space.empty("sums", (5,), "uint8"), first)
    True
    """

    def __init__(self) -> None:
        self.kept: dict[str, NDArray[np.uint8]] = {}

    def empty(self, purpose: str, shape: Sequence[int], dtype: object) -> NDArray[Any]:
        """An array of any content; the last one of its purpose is no longer valid."""
        wanted = np.dtype(dtype)  # type: ignore[call-overload]
        nbytes = math.prod(shape) * wanted.itemsize
        memory = self.kept.get(purpose)
        if memory is None or memory.size < nbytes:
            self.kept.pop(purpose, None)
            memory = self.kept[purpose] = aligned_empty((nbytes,), np.dtype("u1"))
        return np.ndarray(tuple(shape), wanted, memory)


@contextmanager
def one_workspace() -> Iterator[Workspace]:
    """A new one, which `workspace` gives to what this thread computes meanwhile."""
    before = getattr(_own, "space", None)
    _own.space = space = Workspace()
    try:
        yield space
    finally:
        _own.space = before


def workspace() -> Workspace:
    """The one of this thread, or a new one."""
    return getattr(_own, "space", None) or Workspace()
