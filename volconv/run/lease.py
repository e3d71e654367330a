"""The hold of one run on an output in a bucket: an object that says who, and lives.

It is made by a write that fails where it exists, and renewed by one that fails where it
changed. A run that finds it waits for a sign of life; where there is none, its holder
is dead and the hold is taken over. No clocks are compared.
"""

from __future__ import annotations

import json
import threading
import time
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from volconv.errors import OutputError
from volconv.io.bucket import Bucket
from volconv.io.objects import in_plain_words, object_client
from volconv.run.target import held, oneself, read_mapping, whose

__all__ = ["BEAT", "LIFE", "Lease", "check_held", "holder"]

BEAT = 5.0
"""Seconds between two signs of life: arbitrary."""

LIFE = 4 * BEAT
"""Seconds without one after which a holder is taken for dead."""


HELD: dict[str, str] = {}
"""Tokens of the holds of this process, by the URL of the output."""


class Lease:
    """A lock object, and the thread that renews it.

    Parameters
    ----------
    place : Bucket
        The output.
    key : str
        The lock's key there.
    """

    def __init__(self, place: Bucket, key: str) -> None:
        self.place = place
        self.key = key
        self.content = {**oneself(), "token": uuid.uuid4().hex}
        self.mark: dict[str, Any] = {}
        self.stop = threading.Event()

    @contextmanager
    def held(self) -> Iterator[None]:
        """Hold the output.

        Raises
        ------
        OutputError
            If another run holds it, or it cannot be written to.
        """
        try:
            self.take()
        except OutputError:
            raise
        except OSError as error:
            raise OutputError(
                "output.path",
                f"{self.place.url!r} ({error.strerror or error})",
                "a bucket that can be written to",
                "check the bucket's name, the endpoint and the credentials",
            ) from error
        HELD[self.place.url] = self.content["token"]
        beating = threading.Thread(target=self.beat, daemon=True)
        beating.start()
        try:
            yield
        finally:
            self.stop.set()
            beating.join()
            HELD.pop(self.place.url, None)
            if self.has_token():
                self.place.discard([self.key])

    def take(self) -> None:
        """Make the object, or take over that of a dead holder."""
        if self.write("create") or self.is_mine():
            return
        before = self.look()
        until = time.monotonic() + LIFE
        while before is not None and time.monotonic() < until:
            time.sleep(min(BEAT, LIFE) / 4)
            now = self.look()
            if now is None or now != before:
                break
        else:
            mode: Any = "create" if before is None else before
            if self.write(mode) or self.is_mine():
                return
        raise held(self.place.url, read_mapping(self.place.get(self.key)))

    def look(self) -> dict[str, Any] | None:
        """What tells one state of the object from another; None where it is gone."""
        try:
            with in_plain_words(self.place.url):
                meta = object_client(self.place.url).head(self.key)
        except FileNotFoundError:
            return None
        return mark_of(meta)

    def write(self, mode: Any) -> bool:
        """Write the object where it is as expected; whether it was."""
        from obstore import exceptions

        content = {**self.content, "beat": time.time_ns()}
        with in_plain_words(self.place.url):
            try:
                done = object_client(self.place.url).put(
                    self.key, json.dumps(content).encode(), mode=mode
                )
            except (exceptions.AlreadyExistsError, exceptions.PreconditionError):
                return False
        self.mark = mark_of(done)
        return True

    def is_mine(self) -> bool:
        """Whether the object is this run's: an answer may be lost, and a write not."""
        if not self.has_token():
            return False
        self.mark = self.look() or self.mark
        return True

    def has_token(self) -> bool:
        """Whether the object has this run's token."""
        found = read_mapping(self.place.get(self.key)) or {}
        return bool(found.get("token") == self.content["token"])

    def beat(self) -> None:
        """Renew the object until the end, or until it is another's."""
        while not self.stop.wait(BEAT):
            try:
                if not self.write(self.mark) and not self.is_mine():
                    return
            except OSError:
                continue  # the blocks will tell of a store that stays away


def mark_of(meta: Mapping[str, Any]) -> dict[str, Any]:
    """What tells one state of an object from another, as far as the store has it."""
    return {key: meta[key] for key in ("e_tag", "version") if meta[key] is not None}


def holder(place: Bucket, key: str) -> dict[str, Any] | None:
    """The run that holds an output, as far as its last sign of life tells a clock here."""
    try:
        with in_plain_words(place.url):
            meta = object_client(place.url).head(key)
    except FileNotFoundError:
        return None
    age = (datetime.now(UTC) - meta["last_modified"]).total_seconds()
    return None if age > LIFE else read_mapping(place.get(key)) or {}


def check_held(place: Bucket, key: str) -> None:
    """Refuse to go on where another run has taken the output over.

    Raises
    ------
    OutputError
    """
    owner = read_mapping(place.get(key)) or {}
    if owner.get("token") != HELD.get(place.url):
        raise OutputError(
            "output.path",
            f"{place.url!r}, which {whose(owner)} took over",
            "a run that gives a sign of life now and then",
            "leave it to the other run",
        )
