"""The journal of a stage: which objects are done, and which of them are safe.

One line of JSON for each finished block, as soon as its objects are written; and now and
then a line that says up to which byte of the journal all is safe on the disk. After a
crash of the machine, what stands behind that byte is looked at again, byte by byte.
"""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TextIO

from volconv.errors import PlanMismatch
from volconv.io.store import sync_objects
from volconv.run.task import BlockRecord

__all__ = ["Journal", "Seen", "check_fingerprint"]

Key = tuple[int, str]
"""An object: the number of its write, and its key below the array."""

BATCH = 2.0
"""Seconds between two lines that say that all is safe: arbitrary, what a crash of the
machine may cost."""


class Seen:
    """What a journal tells.

    Attributes
    ----------
    objects : dict
        Bytes and crc32c of each object.
    places : dict
        The byte of the journal at which each object's line begins.
    safe : int
        The byte up to which all is safe.
    seconds : float
        Of all blocks, in sum.
    """

    def __init__(self) -> None:
        self.objects: dict[Key, tuple[int, int]] = {}
        self.places: dict[Key, int] = {}
        self.safe = 0
        self.seconds = 0.0

    @property
    def unsafe(self) -> set[Key]:
        """Objects that no line says to be safe."""
        return {key for key, place in self.places.items() if place >= self.safe}

    def read(self, line: str, place: int) -> None:
        """Take in a line at a byte; one that a crash left torn counts for nothing."""
        try:
            found = json.loads(line)
            if "safe" in found:
                self.safe = int(found["safe"])
                return
            objects = {
                (which, key): (nbytes, crc)
                for which, key, nbytes, crc in found["objects"]
            }
            self.seconds += found["seconds"]
        except (ValueError, KeyError, TypeError, AttributeError):
            return
        self.objects |= objects
        self.places |= dict.fromkeys(objects, place)


class Journal:
    """The lines of one stage.

    Parameters
    ----------
    path : Path
        The file; made where it is not there.
    file_of : callable
        Where an object lies.
    """

    def __init__(self, path: Path, file_of: Callable[[Key], Path]) -> None:
        self.path = path
        self.file_of = file_of
        self.handle: TextIO | None = None
        self.waiting: list[Path] = []
        self.lock = threading.Lock()
        self.stop = threading.Event()
        self.syncing: threading.Thread | None = None
        self.failure: OSError | None = None

    def seen(self) -> Seen:
        """What there is so far."""
        found = Seen()
        place = 0
        if self.path.exists():
            with self.path.open("rb") as lines:
                for line in lines:
                    found.read(line.decode(errors="replace"), place)
                    place += len(line)
        return found

    def append(self, record: BlockRecord) -> None:
        """Add a finished block."""
        line = {
            "block": record.turn,
            "seconds": round(record.seconds, 4),
            "objects": record.objects,
            "lowest": record.lowest,
            "highest": record.highest,
            "nonfinite": record.nonfinite,
        }
        with self.lock:
            self.write(json.dumps(line))
            self.waiting += [self.file_of((w, key)) for w, key, _, _ in record.objects]
        if self.failure is not None:
            raise self.failure
        if self.syncing is None:
            self.syncing = threading.Thread(target=self.keep_safe, daemon=True)
            self.syncing.start()

    def write(self, line: str) -> None:
        """Append a line; it outlives the process, not yet the machine."""
        if self.handle is None:
            self.handle = self.path.open("a")
            if self.handle.tell():
                self.handle.write("\n")  # ends a torn line; an empty one is skipped
        self.handle.write(line + "\n")
        self.handle.flush()

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
            files, self.waiting = self.waiting, []
            if self.handle is None or not files:
                return
            lines = self.handle.tell()
        sync_objects([file for file in files if file.exists()])
        with self.lock:
            self.write(json.dumps({"safe": lines}))
            os.fsync(self.handle.fileno())

    def close(self, *, complete: bool) -> None:
        """Close the file; where the stage is complete, after all is safe."""
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


def check_fingerprint(
    where: str, begun: Mapping[str, str], now: Mapping[str, str], fix: str
) -> None:
    """Refuse to go on with an output of another plan.

    Raises
    ------
    PlanMismatch
        Naming the fields that differ.
    """
    differing = [
        key for key in dict.fromkeys([*begun, *now]) if begun.get(key) != now.get(key)
    ]
    if differing:
        raise PlanMismatch(
            where,
            f"an output of another plan ({', '.join(differing)} differ)",
            "an output that this plan began",
            fix,
        )
