"""The output's folder: what is there already, and the lock that one run holds."""

from __future__ import annotations

import json
import os
import shutil
import socket
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from volconv.errors import OutputError
from volconv.io import is_url
from volconv.io.store import group_attributes
from volconv.run.journal import check_fingerprint

__all__ = ["PLAN_ATTRIBUTE", "Target", "check_all_apart"]

PLAN_ATTRIBUTE = "volconv_plan"
"""Attribute of a finished group that holds the fingerprint of its plan."""


@dataclass(frozen=True)
class Target:
    """Where a run writes.

    Parameters
    ----------
    path : Path
        The output, there only when it is complete.
    """

    path: Path

    @property
    def partial(self) -> Path:
        """The folder beside it that holds what is done so far."""
        return self.path.with_name(self.path.name + ".partial")

    @property
    def store(self) -> Path:
        """The group that is being written."""
        return self.partial / "store"

    @property
    def group(self) -> Path:
        """The group as far as it is: what is being written, or what is complete."""
        is_named = self.path.exists() and not self.store.exists()
        return self.path if is_named else self.store

    @property
    def header(self) -> Path:
        """The fingerprint, written when the store is ready for blocks."""
        return self.partial / "header.json"

    @property
    def journal(self) -> Path:
        """The finished blocks."""
        return self.partial / "journal.jsonl"

    def is_complete(self, fingerprint: Mapping[str, str]) -> bool:
        """Whether the output of this very plan is there.

        Raises
        ------
        PlanMismatch
            If an output of another plan is there.
        OutputError
            If something else is there.
        """
        if not self.path.exists():
            return False
        attributes = group_attributes(self.path)
        begun = (attributes or {}).get(PLAN_ATTRIBUTE)
        if not isinstance(begun, dict):
            raise OutputError(
                "output.path",
                f"{str(self.path)!r}, which exists and was not made by a run",
                "a path where nothing is",
                "choose a new output.path, or move it away",
            )
        fix = "--restart to erase it and begin anew, or a new output.path"
        check_fingerprint(str(self.path), begun, fingerprint, fix)
        return True

    def is_begun(
        self, fingerprint: Mapping[str, str], layout: Mapping[str, Any]
    ) -> bool:
        """Whether this very plan has begun the output, in this layout.

        Parameters
        ----------
        fingerprint : mapping
            The plan's.
        layout : mapping
            How what is saved on the way is stored, which another cut into stages changes.

        Raises
        ------
        PlanMismatch
            If another plan has.
        """
        try:
            header = json.loads(self.header.read_text())
        except (OSError, ValueError):
            return False
        fix = "--restart to erase it and begin anew, or a new output.path"
        check_fingerprint(str(self.path), header["fingerprint"], fingerprint, fix)
        return bool(header.get("layout", {}) == layout)

    def write_header(self, content: Mapping[str, Any]) -> None:
        """Declare the store ready for blocks, at once or not at all."""
        draft = self.header.with_suffix(".draft")
        with draft.open("w") as handle:
            json.dump(content, handle, indent=1)
            handle.flush()
            os.fsync(handle.fileno())
        draft.replace(self.header)

    def erase(self) -> None:
        """Remove the output and what was begun of it."""
        for folder in (self.path, self.partial):
            if folder.exists():
                # a name that cannot be opened first: a crash leaves no half result
                doomed = folder.with_name(folder.name + ".deleting")
                shutil.rmtree(doomed, ignore_errors=True)
                folder.rename(doomed)
                shutil.rmtree(doomed)

    def clear(self) -> None:
        """Remove a beginning that did not get as far as its header."""
        for folder in (self.store, *self.partial.glob("stage-*")):
            shutil.rmtree(folder, ignore_errors=True)
        self.journal.unlink(missing_ok=True)

    def discard_partial(self) -> None:
        """Remove the folder beside a complete output."""
        shutil.rmtree(self.partial, ignore_errors=True)

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the output for one run.

        Raises
        ------
        OutputError
            If another run holds it, or the folder cannot be written to.
        """
        owner = self.partial / "owner.json"
        try:
            self.partial.mkdir(parents=True, exist_ok=True)
            lock = FileLock(self.partial / "lock", timeout=0)
            lock.acquire()
        except Timeout:
            raise OutputError(
                "output.path",
                f"{str(self.path)!r}, which another run is writing ({whose(owner)})",
                "one run on an output at a time",
                "wait for it, or stop it",
            ) from None
        except OSError as error:
            raise OutputError(
                "output.path",
                f"{str(self.path)!r} ({error.strerror or error})",
                "a folder that can be written to",
                "choose another output.path, or mend its permissions",
            ) from error
        try:
            owner.write_text(
                json.dumps({"pid": os.getpid(), "host": socket.gethostname()})
            )
            yield
        finally:
            lock.release()


def whose(owner: Path) -> str:
    """Process and machine of the run that holds a lock, as it wrote them."""
    try:
        found = json.loads(owner.read_text())
    except (OSError, ValueError):
        return "unknown process"
    return f"process {found.get('pid')} on {found.get('host')}"


def check_all_apart(source: str, outputs: Sequence[str]) -> None:
    """Refuse an output that is the input or another output, lies in it, or holds it.

    Raises
    ------
    OutputError
        Also where an output is a URL, which cannot be renamed at the end.
    """
    others = [("the input", source)]
    for output in outputs:
        if is_url(output):
            raise OutputError(
                "output.path",
                repr(output),
                "a folder on this machine's file systems",
                "write to a folder, then copy it",
            )
        for whose, other in others:
            if not is_url(other) and are_one(other, output):
                raise OutputError(
                    "output.path",
                    f"{output!r}, which is, holds or lies in {whose} {other!r}",
                    "an output apart from the input and from what is saved",
                    "choose another path",
                )
        others.append(("the output", output))


def are_one(one: str, other: str) -> bool:
    """Whether two folders are the same, or one lies in the other."""
    given, wanted = Path(one).resolve(), Path(other).resolve()
    return given == wanted or given in wanted.parents or wanted in given.parents
