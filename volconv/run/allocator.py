"""Memory: what stays for long apart from what comes and goes, and that kept together."""

from __future__ import annotations

import ctypes
import mmap
import platform
import sys
from contextlib import suppress

import numpy as np
from numpy.typing import NDArray

__all__ = ["give_back", "keep_memory", "lasting", "mapped_sparsely"]

M_ARENA_MAX = -8
M_TRIM_THRESHOLD = -1
M_MMAP_THRESHOLD = -3
"""glibc's names of the settings, from malloc.h."""

LARGEST = 32 * 2**20
"""Bytes of the largest pieces that are kept: glibc takes no more."""

MOST_KEPT = 256 * 2**20
"""Bytes at the heap's end that are kept: arbitrary, some chunks of some threads."""


def keep_memory() -> None:
    """Let all threads share one arena, and keep what they free, where glibc is used.

    To be called before there are threads, those of a store among them: an arena that is
    there stays in use, with what threads freed in it.

    Chunks and blocks are freed by other threads than those that take the next ones.
    With an arena for each thread the free ones pile up: a run of 128³ chunks with a
    plan of 685 MiB then took 770 to 800 MiB, and 740 MiB with one arena, in the same
    CPU time (``/usr/bin/time -v volconv run``, 2026-11).

    What goes back to the system has its pages cleared before it is used again: a mean
    of 2.5 GiB in such chunks took 15.3 s of CPU time, and 11.9 s where memory is kept,
    with the same peak. What stays for long lies elsewhere (`Shelf`): what is kept is what
    comes and goes. While engines are compiled, their compiler has that memory.
    """
    if is_glibc():
        library = ctypes.CDLL(None)
        library.mallopt(M_ARENA_MAX, 1)
        library.mallopt(M_MMAP_THRESHOLD, LARGEST)
        library.mallopt(M_TRIM_THRESHOLD, MOST_KEPT)


def give_back() -> None:
    """Give what is free back to the system: what comes next needs other pieces."""
    if is_glibc():
        ctypes.CDLL(None).malloc_trim(0)


def lasting(nbytes: int) -> NDArray[np.uint8]:
    """Memory that stays for long, from the machine itself, which gives what is written to.

    Among what comes and goes it would leave holes as it goes.
    """
    return np.frombuffer(mapped(nbytes), np.uint8)


def mapped(nbytes: int) -> mmap.mmap:
    """Memory of the machine itself, page by page as it is written to.

    Of this process alone: what processes may share takes half as long again to be written
    to first, and is not given back by the page. In small pages: large ones would come with
    what lies beside. A 3³ kernel over 2.5 GiB took 1.3 s of the system's time, 1.6 s in
    memory that may be shared, and 2.3 s in large pages (2026-11, medians of six runs of
    ``/usr/bin/time -v volconv run``).
    """
    if sys.platform == "win32":
        return mmap.mmap(-1, max(1, nbytes))
    memory = mmap.mmap(-1, max(1, nbytes), mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    if hasattr(mmap, "MADV_NOHUGEPAGE"):
        with suppress(OSError):  # of a system that has no large ones
            memory.madvise(mmap.MADV_NOHUGEPAGE)
    return memory


def mapped_sparsely(nbytes: int, addresses: int) -> mmap.mmap:
    """The same with more addresses than bytes that are written to at once.

    Parameters
    ----------
    nbytes : int
        Bytes that are there at once, at most.
    addresses : int
        Bytes of addresses for each of them, or half as many, and again, where the machine
        gives no more.
    """
    try:
        return mapped(addresses * nbytes)
    except OSError:
        if addresses == 1:
            raise
        return mapped_sparsely(nbytes, addresses // 2)


def is_glibc() -> bool:
    """Whether the C library is glibc."""
    return platform.libc_ver()[0] == "glibc"
