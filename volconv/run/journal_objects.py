"""A journal in a bucket: objects cannot be appended to, so each holds some lines.

What stands in the journal is safe, for a store answers after it is. Objects are written
ever less often, so that a run of a day makes some hundred of them, and a crash costs
one part in fifty of the work at most.
"""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Callable, Iterator

from volconv.io.bucket import AT_ONCE, Bucket
from volconv.io.place import Place
from volconv.run.journal import Line, Places, line_of, make_safe, read_line
from volconv.run.task import BlockRecord

__all__ = ["ObjectJournal"]

FIRST_BATCH = 1.0
"""Seconds before the first object is written: arbitrary."""

SHARE = 0.02
"""Share of the time so far that the next object waits, and that a crash may cost."""


class ObjectJournal:
    """The lines of one array.

    Parameters
    ----------
    place : Bucket
        Where its objects lie.
    place_of : callable, optional
        Where an object of the output lies; needed to append.
    check : callable
        Raises where the output is no longer held; called before each write.
    """

    def __init__(
        self,
        place: Bucket,
        place_of: Places | None = None,
        check: Callable[[], None] = lambda: None,
    ) -> None:
        self.place = place
        self.check = check
        self.place_of = place_of
        self.token = uuid.uuid4().hex[:8]
        self.number = 0
        self.begun = time.monotonic()
        self.waiting: list[str] = []
        self.objects: list[tuple[Place, str]] = []
        self.lock = threading.Lock()
        self.stop = threading.Event()
        self.writing: threading.Thread | None = None
        self.failure: OSError | None = None

    def lines(self) -> Iterator[Line]:
        """The lines so far; all of them are safe."""
        keys = sorted(self.place.listed())
        for first in range(0, len(keys), AT_ONCE):
            for content in self.place.get_all(keys[first : first + AT_ONCE]):
                for line in (content or b"").splitlines():
                    found = read_line(line)
                    if found is not None:
                        yield 0, found
                yield 1, {"safe": 1}

    def take_over(self, is_object: Callable[[str], bool]) -> None:
        """Nothing: a line is written after what it tells of is safe."""

    def append(self, *records: BlockRecord) -> None:
        """Add finished blocks."""
        assert self.place_of is not None, "a journal that is only read"
        if self.failure is not None:
            raise self.failure
        with self.lock:
            for record in records:
                self.waiting.append(line_of(record))
                self.objects += [self.place_of(one[1]) for one in record.objects]
        if self.writing is None:
            self.writing = threading.Thread(target=self.keep, daemon=True)
            self.writing.start()

    def keep(self) -> None:
        """Write what there is, again and again, beside the work."""
        while not self.stop.wait(self.pause()):
            try:
                self.write()
            except OSError as error:
                self.failure = error
                return

    def pause(self) -> float:
        """Seconds until the next object."""
        return max(FIRST_BATCH, SHARE * (time.monotonic() - self.begun))

    def write(self) -> None:
        """Write the lines that wait as one object, after what they tell of is safe."""
        with self.lock:
            lines, self.waiting = self.waiting, []
            objects, self.objects = self.objects, []
            self.number += 1
        if lines:
            self.check()
            make_safe(objects)
            name = f"{time.time_ns():020d}-{self.token}-{self.number:06d}.jsonl"
            self.place.put(name, "\n".join(lines).encode())

    def close(self, *, complete: bool) -> None:  # noqa: ARG002
        """Write what is left, also of a run that was interrupted."""
        self.stop.set()
        if self.writing is not None:
            self.writing.join()
            self.writing = None
        if self.failure is None:
            self.write()
