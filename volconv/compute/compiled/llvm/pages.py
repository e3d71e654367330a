"""Pages of the compiler, which is large, and of which nothing runs between compilations.

Its code and its tables are as they are in its file. Taken out of memory they come back as
they came at first, one by one as they are called for, from the system's cache of files.
"""

from __future__ import annotations

import contextlib
import ctypes
import mmap
import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from functools import cache
from pathlib import Path

__all__ = ["WHILE_COMPILING", "can_leave", "let_go", "on_loan"]

WHILE_COMPILING: dict[Callable[[], AbstractContextManager[None]], None] = {}
"""What is entered before the compiler comes into memory, and left when it has gone: whoever
has memory for what comes and goes does without it meanwhile."""

MAPS = Path("/proc/self/smaps")
"""Where Linux says what lies where in a process, and how much of it is in memory."""

HEAD = re.compile(r"([0-9a-f]+)-([0-9a-f]+) (\S+) (?:\S+ +){3}(.*)")
"""First line of what it says of a stretch: where, its rights, and the file it is of."""


@contextlib.contextmanager
def on_loan() -> Iterator[None]:
    """Have the compiler in memory for a while, in place of what is kept free there."""
    with contextlib.ExitStack() as meanwhile:
        for context in list(WHILE_COMPILING):
            meanwhile.enter_context(context())
        try:
            yield
        finally:
            let_go()


def can_leave() -> bool:
    """Whether the compiler can be taken out of memory on this system."""
    return "Anonymous:" in told()


def told() -> str:
    """What the system says of this process's memory; nothing where it does not."""
    try:
        return MAPS.read_text()
    except OSError:
        return ""


def let_go() -> None:
    """Take the compiler out of memory until it is called for again, where that can be done.

    Some 60 MiB: as much as all else that a process holds before it computes.
    """
    for start, nbytes in stretches():
        ctypes.CDLL(None).madvise(
            ctypes.c_void_p(start), ctypes.c_size_t(nbytes), mmap.MADV_DONTNEED
        )


@cache
def stretches() -> tuple[tuple[int, int], ...]:
    """Where code and tables of the compiler lie that are as in its file, in bytes.

    Found once, when it has been loaded: what is written for the place where it lies is
    written then, and pages that were written to would not come back.
    """
    found, is_kept = [], False
    start = stop = 0
    for line in told().splitlines():
        if head := HEAD.fullmatch(line):
            start, stop = (int(word, 16) for word in head.group(1, 2))
            is_kept = "w" not in head.group(3) and "libllvmlite" in head.group(4)
        elif is_kept and line.split() == ["Anonymous:", "0", "kB"]:
            found.append((start, stop - start))
    return tuple(found)
