"""Files written past the system's cache: direct I/O, while the disk keeps up with it.

A result that is larger than memory does not stay in that cache anyway. To go through it
takes the processor's time (0.8 to 1.4 s a GiB measured, and 0.1 past it), pushes out what
of the input is there, and the disk is waited for all the same before a block is safe.
"""

from __future__ import annotations

import errno
import itertools
import mmap
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from volconv.plan.memory import IN_FILE

__all__ = ["LEAST", "DirectIO"]

LEAST = IN_FILE
"""Bytes of the smallest file that is written so: a disk answers late."""

ALIGNED = 4096
"""What places in memory and in the file are multiples of, as disks ask for."""

SLOWEST = 2**26
"""Bytes a second that a thread waits for: a slower disk has the system write to it, which
may wait for it while threads compute. Where a disk of about 250 MB/s hung for a moment and
four times as much was asked for, a run had nearly all of its files copied from then on:
6 s more of the system's time for 1 GiB, 14.5 s in all and not 8 (`/usr/bin/time -v volconv
run`, 2026-11)."""

AGAIN = 16
"""Of so many files one is tried again where the disk was too slow."""

SHARE = 0.25
"""How much the last file counts in what a byte takes: arbitrary."""

REFUSED = (errno.EINVAL, errno.EOPNOTSUPP)
"""What file systems say that cannot."""


class DirectIO:
    """Direct I/O of a file system, as long as that is the faster way.

    Attributes
    ----------
    can : bool
        Whether the file system has not refused yet.
    slowness : float
        Seconds a byte of late.
    """

    def __init__(self) -> None:
        self.can = hasattr(os, "O_DIRECT")
        self.slowness = 0.0
        self.turns = itertools.count(1)

    def is_next(self, nbytes: int) -> bool:
        """Whether to write a file of so many bytes so."""
        if not self.can or nbytes < LEAST:
            return False
        return self.slowness * SLOWEST < 1 or next(self.turns) % AGAIN == 0

    def write(self, file: Path, content: memoryview[Any]) -> bool:
        """Write a file.

        Parameters
        ----------
        file : Path
            Is made, or made anew.
        content : memoryview
            Its bytes.

        Returns
        -------
        bool
            False if the file system cannot; the file may have begun then.

        Raises
        ------
        OSError
            If it cannot be written at all.
        """
        began = time.perf_counter()
        try:
            write_direct(file, content)
        except OSError as error:
            if error.errno not in REFUSED:
                raise
            self.can = False
            return False
        taken = (time.perf_counter() - began) / content.nbytes
        self.slowness += SHARE * (taken - self.slowness)
        return True


def write_direct(file: Path, content: memoryview[Any]) -> None:
    """Write a file in whole pages; what is too much at its end is cut off."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_DIRECT
    descriptor = os.open(file, flags, 0o666)
    try:
        for pages in in_pages(content):
            left = pages
            while left:
                left = left[os.write(descriptor, left) :]
        if content.nbytes % ALIGNED:
            os.ftruncate(descriptor, content.nbytes)
    finally:
        os.close(descriptor)


def in_pages(content: memoryview[Any]) -> Iterator[memoryview[Any]]:
    """Bytes in whole pages: those that lie so as they are, others copied in pieces."""
    whole = 0
    if not np.frombuffer(content, np.uint8).ctypes.data % ALIGNED:
        whole = content.nbytes // ALIGNED * ALIGNED
        yield content[:whole]
    if whole == content.nbytes:
        return
    most = min(IN_FILE, content.nbytes - whole)
    piece = memoryview(mmap.mmap(-1, in_whole_pages(most)))  # from one page on
    for start in range(whole, content.nbytes, IN_FILE):
        part = content[start : start + IN_FILE]
        piece[: part.nbytes] = part
        yield piece[: in_whole_pages(part.nbytes)]


def in_whole_pages(nbytes: int) -> int:
    """Bytes of so many in whole pages."""
    return -(-nbytes // ALIGNED) * ALIGNED
