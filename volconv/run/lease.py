"""The hold of one run on an output in a bucket: an object that says who, and lives.

It is made by a write that fails where it exists, and renewed by one that fails where it
changed. A run that finds it waits for a sign of life; where there is none, its holder
is dead and the hold is taken over. No clocks are compared. A holder that has not lived for
so long, because its machine slept, looks before it puts an object: see `Watch`.
"""

from __future__ import annotations

import json
import math
import threading
import time
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache, partial
from typing import Any

from volconv.errors import OutputError
from volconv.io.bucket import Bucket
from volconv.io.objects import in_plain_words, object_client, waited
from volconv.io.place import Check, Place
from volconv.run.target import held, oneself, read_mapping, whose

__all__ = ["BEAT", "LIFE", "Lease", "check_held", "check_of", "holder"]

BEAT = 5.0
"""Seconds between two signs of life: arbitrary."""

LIFE = 4 * BEAT
"""Seconds without one after which a holder is taken for dead."""

LETTING_GO = LIFE
"""Seconds that a run waits at its end until its lock is removed: then nobody heeds it."""


class Watch:
    """What a process knows of its run's hold without asking the store for each object.

    Attributes
    ----------
    until : float
        Until when no other run can have taken the output over, nor will before an object
        that is put now is there, if that takes no longer than a beat; by `clock`.
    """

    def __init__(self) -> None:
        self.until = -math.inf
        self.guard = threading.Lock()

    def check(self) -> None:
        """Refuse to write where another run has taken the output over.

        Raises
        ------
        OutputError
        """
        if clock() < self.until:
            return
        with self.guard:
            if clock() >= self.until:
                self.look_again()

    def look_again(self) -> None:
        """Ask the store."""
        raise NotImplementedError


class Lease(Watch):
    """A lock object, and the thread that renews it.

    Parameters
    ----------
    place : Bucket
        The output.
    key : str
        The lock's key there.
    """

    def __init__(self, place: Bucket, key: str) -> None:
        super().__init__()
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
        except NotImplementedError as error:
            raise OutputError(
                "output.path",
                f"{self.place.url!r}, whose client was told to write unconditionally",
                "conditional writes, by which one run keeps from another's output",
                "unset AWS_CONDITIONAL_PUT",
            ) from error
        except OSError as error:
            raise OutputError(
                "output.path",
                f"{self.place.url!r} ({error.strerror or error})",
                "a bucket that can be written to",
                "check the bucket's name, the endpoint and the credentials",
            ) from error
        HELD[self.place.url] = self
        beating = threading.Thread(target=self.beat, daemon=True)
        beating.start()
        try:
            yield
        finally:
            self.stop.set()
            ending = threading.Thread(target=self.let_go, args=(beating,), daemon=True)
            ending.start()
            ending.join(LETTING_GO)
            HELD.pop(self.place.url, None)

    def let_go(self, beating: threading.Thread) -> None:
        """Remove the object, where it is this run's and the store lets us.

        Else it stays, without a sign of life: why the run ended is told, and not this.
        """
        beating.join()
        try:
            is_own = self.has_token()
        except OSError:
            return
        if is_own:
            self.place.discard([self.key])

    def take(self) -> None:
        """Make the object, or take over that of a dead holder."""
        if self.write("create") or self.is_mine():
            return
        before = self.mark_there()
        until = time.monotonic() + LIFE
        while before is not None and time.monotonic() < until:
            time.sleep(min(BEAT, LIFE) / 4)
            now = self.mark_there()
            if now is None or now != before:
                break
        else:
            mode: Any = "create" if before is None else before
            if self.write(mode) or self.is_mine():
                return
        raise held(self.place.url, read_mapping(self.place.get(self.key)))

    def mark_there(self) -> dict[str, Any] | None:
        """What tells one state of the object from another; None where it is gone."""
        try:
            with in_plain_words(self.place.url):
                client = object_client(self.place.url)
                meta = waited(partial(client.head, self.key))
        except FileNotFoundError:
            return None
        return mark_of(meta)

    def write(self, mode: Any) -> bool:
        """Write the object where it is as expected; whether it was."""
        from obstore import exceptions

        content = json.dumps({**self.content, "beat": time.time_ns()}).encode()
        with in_plain_words(self.place.url):
            client = object_client(self.place.url)
            put = partial(client.put, self.key, content, mode=mode)
            try:
                done = waited(put, writes=True)
            except (
                exceptions.AlreadyExistsError,
                exceptions.PreconditionError,
                exceptions.NotFoundError,  # it was removed by who took it over
            ):
                return False
        self.mark = mark_of(done)
        return True

    def is_mine(self) -> bool:
        """Whether the object is this run's: an answer may be lost, and a write not."""
        mark = self.mark_there()
        if mark is None or not self.has_token():
            return False
        self.mark = mark
        return True

    def has_token(self) -> bool:
        """Whether the object has this run's token."""
        found = read_mapping(self.place.get(self.key)) or {}
        return bool(found.get("token") == self.content["token"])

    def beat(self) -> None:
        """Renew the object until the end, or until it is another's."""
        while not self.stop.wait(BEAT):
            try:
                with self.guard:
                    self.look_again()
            except OutputError:
                return  # the next object will tell of it
            except OSError:
                continue  # the blocks will tell of a store that stays away

    def look_again(self) -> None:
        """Renew the object.

        Raises
        ------
        OutputError
            If it is another's.
        """
        begun = clock()
        if not self.write(self.mark) and not self.is_mine():
            self.until = -math.inf
            raise taken_over(self.place, self.key)
        self.until = begun + LIFE - BEAT


HELD: dict[str, Lease] = {}
"""The holds of this process, by the URL of the output."""


@dataclass(frozen=True)
class Hold:
    """A run's hold on an output, for the processes that compute for it.

    Parameters
    ----------
    place : Bucket
        The output.
    key : str
        The lock's key there.
    token : str
        The run's, which the lock has.
    """

    place: Bucket
    key: str
    token: str

    def check(self) -> None:
        """Refuse to write where another run has taken the output over.

        Raises
        ------
        OutputError
        """
        lease = HELD.get(self.place.url)
        if lease is None or lease.content["token"] != self.token:
            watch_of(self).check()
        else:
            lease.check()


class Onlooker(Watch):
    """A process that looks whether its run, which runs elsewhere, lives.

    Until it has seen two signs of life it asks for each object.
    """

    def __init__(self, hold: Hold) -> None:
        super().__init__()
        self.hold = hold
        self.beat: object = None
        self.looked = -math.inf

    def look_again(self) -> None:
        """Read the lock: a new sign of life was given after the last look.

        Raises
        ------
        OutputError
            If it is another's.
        """
        begun = clock()
        hold = self.hold
        found = read_mapping(hold.place.get(hold.key)) or {}
        if found.get("token") != hold.token:
            raise taken_over(hold.place, hold.key)
        if found.get("beat") != self.beat:
            self.until = min(self.looked + LIFE - BEAT, begun + BEAT)
        self.beat, self.looked = found.get("beat"), begun


@lru_cache(maxsize=8)
def watch_of(hold: Hold) -> Onlooker:
    """What this process knows of a hold."""
    return Onlooker(hold)


def check_of(place: Place) -> Check | None:
    """What is asked before an object is put at a place, where this process holds it."""
    for url, lease in HELD.items():
        if f"{place.where}/".startswith(f"{url}/"):
            return Hold(lease.place, lease.key, lease.content["token"]).check
    return None


def clock() -> float:
    """Seconds, also those in which the machine slept, where the system tells."""
    boot = getattr(time, "CLOCK_BOOTTIME", None)
    return time.monotonic() if boot is None else time.clock_gettime(boot)


def mark_of(meta: Mapping[str, Any]) -> dict[str, Any]:
    """What tells one state of an object from another, as far as the store has it."""
    return {key: meta[key] for key in ("e_tag", "version") if meta[key] is not None}


def holder(place: Bucket, key: str) -> dict[str, Any] | None:
    """The run that holds an output, as far as its last sign of life tells a clock here."""
    try:
        with in_plain_words(place.url):
            meta = waited(partial(object_client(place.url).head, key))
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
    lease = HELD.get(place.url)
    if lease is None or owner.get("token") != lease.content["token"]:
        raise taken_over(place, key)


def taken_over(place: Bucket, key: str) -> OutputError:
    """The error of a run that holds its output no more, with what is known of why."""
    there = place.get(key)
    if there is None:
        return OutputError(
            "output.path",
            f"{place.url!r}, whose lock is gone (somebody removed it, or a run that took "
            "over, and has ended)",
            "the lock that this run put there",
            "run again: what is there is kept",
        )
    return OutputError(
        "output.path",
        f"{place.url!r}, which {whose(read_mapping(there))} took over",
        "a run that gives a sign of life now and then",
        "leave it to the other run",
    )
