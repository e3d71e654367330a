"""The journal of a run: which objects are done, under which fingerprint."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import TextIO

from volconv.errors import PlanMismatch
from volconv.run.task import BlockRecord

__all__ = ["Journal", "check_fingerprint"]


class Journal:
    """One line of JSON for each finished block, appended after its data is safe.

    Parameters
    ----------
    path : Path
        The file; made where it is not there.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.handle: TextIO | None = None

    def done(self) -> dict[str, tuple[int, int]]:
        """Bytes and crc32c of each object that is done, by its key.

        A last line that a crash left torn counts for nothing.
        """
        found: dict[str, tuple[int, int]] = {}
        if not self.path.exists():
            return found
        for line in self.path.read_text().splitlines():
            try:
                objects = json.loads(line)["objects"]
            except (ValueError, KeyError, TypeError):
                continue
            found.update({key: (nbytes, crc) for key, nbytes, crc in objects})
        return found

    def append(self, record: BlockRecord) -> None:
        """Add a finished block, and make the line safe on the disk."""
        if self.handle is None:
            self.handle = self.path.open("a")
            if self.handle.tell():
                self.handle.write("\n")  # ends a torn line; an empty one is skipped
        line = json.dumps(
            {
                "block": record.number,
                "seconds": round(record.seconds, 4),
                "objects": record.objects,
            }
        )
        self.handle.write(line + "\n")
        self.handle.flush()
        os.fsync(self.handle.fileno())

    def close(self) -> None:
        """Close the file."""
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
