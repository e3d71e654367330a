"""Pages of the compiler, which is large, and of which nothing runs between compilations.

Its code and its tables are as they are in its file. Taken out of memory they come back as
they came at first, one by one as they are called for, from the system's cache of files.
"""

from __future__ import annotations

import contextlib
import ctypes
import mmap
import platform
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

__all__ = ["can_leave", "give_back", "is_glibc", "let_go", "on_loan"]

MAPS = Path("/proc/self/smaps")
"""Where Linux says what lies where in a process, and how much of it is in memory."""

HEAD = re.compile(r"([0-9a-f]+)-([0-9a-f]+) (\S+) (?:\S+ +){3}(.*)")
"""First line of what it says of a stretch: where, its rights, and the file it is of."""


@contextlib.contextmanager
def on_loan() -> Iterator[None]:
    """Have the compiler in memory for a while, in place of what is kept free there."""
    give_back()
    try:
        yield
    finally:
        let_go()


def can_leave() -> bool:
    """Whether the compiler can be taken out of memory on this system."""
    return MAPS.exists()


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
    if not can_leave():
        return ()
    found, is_kept = [], False
    start = stop = 0
    for line in MAPS.read_text().splitlines():
        if head := HEAD.fullmatch(line):
            start, stop = (int(word, 16) for word in head.group(1, 2))
            is_kept = "w" not in head.group(3) and "libllvmlite" in head.group(4)
        elif is_kept and line.split() == ["Anonymous:", "0", "kB"]:
            found.append((start, stop - start))
    return tuple(found)


def give_back() -> None:
    """Give what the C library keeps free back to the system, where it is glibc."""
    if is_glibc():
        ctypes.CDLL(None).malloc_trim(0)


@cache
def is_glibc() -> bool:
    """Whether the C library is glibc."""
    return platform.libc_ver()[0] == "glibc"
