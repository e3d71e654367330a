"""A journal in a file: lines are appended, and now and then declared safe.

A line that says up to which byte of the file all is safe on the disk follows the objects'
own fsync. After a crash of the machine, what stands behind that byte is looked at again,
checksum by checksum.
"""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TextIO

from volconv.io.place import Place
from volconv.run.journal import (
    Line,
    Places,
    line_of,
    make_safe,
    read_line,
    unsafe,
)
from volconv.run.task import BlockRecord

__all__ = ["FileJournal"]

BATCH = 0.5
"""Seconds between two lines that say that all is safe: arbitrary, what a crash of the
machine may cost."""


class FileJournal:
    """The lines of one array.

    Parameters
    ----------
    path : Path
        The file; made where it is not there.
    place_of : callable, optional
        Where an object lies; needed to append.
    """

    def __init__(self, path: Path, place_of: Places | None = None) -> None:
        self.path = path
        self.place_of = place_of
        self.handle: TextIO | None = None
        self.waiting: list[tuple[Place, str]] = []
        self.lock = threading.Lock()
        self.stop = threading.Event()
        self.syncing: threading.Thread | None = None
        self.failure: OSError | None = None

    def lines(self) -> Iterator[Line]:
        """The lines so far, each with the byte that it begins at."""
        if not self.path.exists():
            return
        place = 0
        with self.path.open("rb") as handle:
            for line in handle:
                found = read_line(line)
                if found is not None:
                    yield place, found
                place += len(line)

    def take_over(self, is_object: Callable[[str], bool]) -> None:
        """Make objects of earlier runs safe with the rest: marks stand for them too."""
        assert self.place_of is not None, "a journal that is only read"
        with self.lock:
            there = filter(is_object, unsafe(self.lines()))
            self.waiting += map(self.place_of, there)

    def append(self, *records: BlockRecord) -> None:
        """Add finished blocks."""
        assert self.place_of is not None, "a journal that is only read"
        if not records:
            return
        with self.lock:
            self.write("\n".join(map(line_of, records)))
            for record in records:
                self.waiting += [self.place_of(one[1]) for one in record.objects]
        if self.failure is not None:
            raise self.failure
        if self.syncing is None:
            self.syncing = threading.Thread(target=self.keep_safe, daemon=True)
            self.syncing.start()

    def write(self, line: str) -> None:
        """Append a line; it outlives the process, not yet the machine."""
        handle = self.opened()
        handle.write(line + "\n")
        handle.flush()

    def opened(self) -> TextIO:
        """The file, to append to."""
        if self.handle is None:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self.handle = self.path.open("a")
            if self.handle.tell():
                self.handle.write("\n")  # ends a torn line; an empty one is skipped
        return self.handle

    def keep_safe(self) -> None:
        """Make what is written safe, again and again, beside the work."""
        while not self.stop.wait(BATCH):
            try:
                self.make_safe()
            except OSError as error:
                self.failure = error
                return

    def make_safe(self) -> None:
        """Make all that is written so far safe on the disk, and say so."""
        with self.lock:
            objects, self.waiting = self.waiting, []
            if not objects:
                return
            lines = self.opened().tell()
        make_safe(objects)
        with self.lock:
            self.write(json.dumps({"safe": lines}))
            os.fsync(self.opened().fileno())

    def close(self, *, complete: bool) -> None:
        """Close the file; where a stage is complete, after all is safe."""
        self.stop.set()
        if self.syncing is not None:
            self.syncing.join()
            self.syncing = None
        try:
            if complete:
                if self.failure is not None:
                    raise self.failure
                self.make_safe()
        finally:
            if self.handle is not None:
                self.handle.close()
                self.handle = None
