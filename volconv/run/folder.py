"""An output in a folder: written beside its path, and renamed at the end.

::

    OUT.partial/
      header.json       written when the store is ready for blocks
      journal.jsonl     one line for each finished block of the result
      owner.json        the process that writes, or was the last to
      lock              held by it
      store/            the group to be
      step-…/           the same of another step that is stored, and its store where a
                        stage leaves it for the next one
      deleting/         an output that is being erased
"""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from volconv.errors import OutputError
from volconv.io.folder import Folder, sync_folder
from volconv.io.store import consolidate
from volconv.run.journal import Places
from volconv.run.journal_file import FileJournal
from volconv.run.target import held, oneself, read_mapping

__all__ = ["FolderTarget"]

PATIENCE = 0.2
"""Seconds that a lock is waited for: longer than a look at it takes."""

FIRST = frozenset({"lock", "owner.json"})
"""Files that a folder of ours has from its beginning to its end, empty at first."""

OWNER = frozenset({"pid", "host"})
"""Keys of `owner.json`."""


@dataclass(frozen=True)
class FolderTarget:
    """Where a run writes.

    Parameters
    ----------
    path : Path
        The output, there only when it is complete.
    """

    path: Path

    @property
    def where(self) -> str:
        """The output's path."""
        return str(self.path)

    @property
    def partial(self) -> Path:
        """The folder beside it that holds what is done so far."""
        return self.path.parent / f"{self.path.name}.partial"

    @property
    def store(self) -> Path:
        """The group that is being written."""
        return self.partial / "store"

    @property
    def draft(self) -> Folder:
        """The same, as a run begins it."""
        return Folder(self.store)

    @property
    def place(self) -> Folder:
        """The group as far as it is, as tasks write to it: perhaps it is complete."""
        is_named = self.path.exists() and not self.store.exists()
        return Folder(self.path if is_named else self.store)

    @property
    def header_file(self) -> Path:
        """What is known of the run, written when the store is ready for blocks."""
        return self.partial / "header.json"

    @property
    def header_draft(self) -> Path:
        """The same while it is written."""
        return self.header_file.with_suffix(".draft")

    @property
    def owner_file(self) -> Path:
        """The process that writes, or was the last to."""
        return self.partial / "owner.json"

    def journal_file(self, array: str = "") -> Path:
        """What is done of an array."""
        return self.partial / array / "journal.jsonl"

    def attributes(self) -> dict[str, Any] | None:
        """Attributes of the group at the output; None where nothing is there."""
        if not os.path.lexists(self.path):
            return None
        metadata = read_file(self.path / "zarr.json") or {}
        found = metadata.get("attributes")
        return found if isinstance(found, dict) else {}

    def is_there(self) -> bool:
        """Whether anything is there, complete or begun."""
        return os.path.lexists(self.path) or os.path.lexists(self.partial)

    def is_own(self) -> bool:
        """Whether a run made the folder beside it, or may: it is not there, or empty.

        Others' folders may have files of such names: what is in them tells.
        """
        if not self.partial.is_dir():
            return True
        header = read_file(self.header_file) or {}
        owner = read_file(self.owner_file) or {}
        if {"fingerprint", "layout"} <= header.keys() or owner.keys() == OWNER:
            return True
        # what is empty is lost to nobody
        return all(
            file.name in FIRST and file.is_file() and not file.stat().st_size
            for file in self.partial.iterdir()
        )

    def check_own(self) -> None:
        """Refuse a folder beside it that no run made.

        Raises
        ------
        OutputError
        """
        if not self.is_own():
            raise OutputError(
                "output.path",
                f"{self.where!r}, and {str(self.partial)!r} exists and was not made by "
                "a run",
                "a path beside which nothing lies where a run keeps its work",
                "choose a new output.path, or move that away",
            )

    def header(self) -> dict[str, Any] | None:
        """What is known of the run that began it; None where none did.

        Of a header that is damaged nothing is.

        Raises
        ------
        OutputError
            If what lies where a run keeps it is none of a run's.
        """
        self.check_own()
        try:
            content = self.header_file.read_bytes()
        except (FileNotFoundError, NotADirectoryError):
            return None
        return read_mapping(content) or {}

    def write_header(self, content: Mapping[str, Any]) -> None:
        """Declare the store ready for blocks, at once or not at all."""
        draft = self.header_draft
        with draft.open("w") as handle:
            json.dump(content, handle, indent=1)
            handle.flush()
            os.fsync(handle.fileno())
        draft.replace(self.header_file)
        sync_folder(self.partial)

    def clear(self) -> None:
        """Remove what was begun, but for the hold on it; before the header the journals.

        Journals without a header are what somebody else has left.
        """
        for array, _ in self.journals():
            self.journal_file(array).unlink()
        self.header_file.unlink(missing_ok=True)
        for folder in (self.store, self.doomed, *self.partial.glob("step-*")):
            shutil.rmtree(folder, ignore_errors=True)

    @property
    def doomed(self) -> Path:
        """Where an output goes that is erased: a crash leaves no half of it to open."""
        return self.partial / "deleting"

    def erase(self) -> None:
        """Remove the output and what was begun of it, but for the hold on it."""
        self.clear()
        if self.path.is_symlink() or self.path.is_file():
            self.path.unlink()
        elif self.path.exists():
            self.path.rename(self.doomed)
            shutil.rmtree(self.doomed)

    def finish(self) -> None:
        """Remove litter of interrupted writes, consolidate, and rename."""
        for litter in self.store.rglob("*.partial"):
            if litter.is_file():
                litter.unlink()
        consolidate(self.draft.zarr_store())
        for file in self.store.rglob("zarr.json"):
            with file.open("rb") as handle:
                os.fsync(handle.fileno())
        self.store.rename(self.path)
        sync_folder(self.path.parent)

    def discard_partial(self) -> None:
        """Remove what a run kept beside a complete output, and nothing of others'."""
        if not self.partial.is_dir() or not self.is_own():
            return
        with suppress(OSError):
            self.header_draft.unlink(missing_ok=True)
            self.clear()  # before what tells whose it is
            for file in (self.owner_file, self.partial / "lock"):
                file.unlink(missing_ok=True)
            self.partial.rmdir()

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the output for one run.

        Raises
        ------
        OutputError
            If another run holds it, or the folder cannot be written to, or is none of
            a run's.
        """
        self.check_own()
        try:
            self.partial.mkdir(parents=True, exist_ok=True)
            lock = FileLock(self.partial / "lock", timeout=PATIENCE)
            lock.acquire(poll_interval=PATIENCE / 10)
        except Timeout:
            raise held(self.where, read_file(self.owner_file)) from None
        except OSError as error:
            raise OutputError(
                "output.path",
                f"{self.where!r}, and {str(self.partial)!r} cannot be written to "
                f"({error.strerror or error})",
                "a folder that can be written to",
                "choose another output.path, or mend what is said of that one",
            ) from error
        try:
            self.owner_file.write_text(json.dumps(oneself()))
            yield
        finally:
            lock.release()

    def owner(self) -> dict[str, Any] | None:
        """The run that holds the output; None where none does."""
        if not is_locked(self.partial / "lock"):
            return None
        return read_file(self.owner_file) or {}

    def journal(self, array: str, place_of: Places | None = None) -> FileJournal:
        """The journal of an array; of the output itself where the name is empty."""
        return FileJournal(self.journal_file(array), place_of)

    def journals(self) -> Iterator[tuple[str, FileJournal]]:
        """Every journal that is there, with its array."""
        for folder in (self.partial, *sorted(self.partial.glob("step-*"))):
            array = "" if folder == self.partial else folder.name
            if self.journal_file(array).exists():
                yield array, self.journal(array)

    def between(self, array: str) -> Folder:
        """Where an array lies that is written by a stage and read by the next one."""
        return Folder(self.partial / array / "store", is_passing=True)

    def discard(self, array: str) -> None:
        """Remove that array; the journal stays."""
        shutil.rmtree(self.partial / array / "store", ignore_errors=True)

    def written(self) -> float | None:
        """When it was last written, in seconds since 1970."""
        files = [self.path / "zarr.json", self.header_file]
        files += [self.journal_file(array) for array, _ in self.journals()]
        times = [file.stat().st_mtime for file in files if file.exists()]
        return max(times, default=None)

    def stored(self) -> Iterator[tuple[str, int]]:
        """Objects of a complete output but for metadata: their keys and their bytes."""
        for file in self.path.rglob("*"):
            if file.name != "zarr.json" and file.is_file():
                yield file.relative_to(self.path).as_posix(), file.stat().st_size


def is_locked(file: Path) -> bool:
    """Whether a run holds a lock file, which may be one that is only to be read."""
    if not file.exists():
        return False
    if sys.platform == "win32":
        lock = FileLock(file, timeout=0)
        try:
            with lock:
                return False
        except Timeout:
            return True
    import fcntl

    try:
        with file.open() as lock:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except FileNotFoundError:  # its run has ended
        return False
    except BlockingIOError:
        return True
    return False


def read_file(path: Path) -> dict[str, Any] | None:
    """The mapping in a JSON file; None where there is none."""
    try:
        return read_mapping(path.read_bytes())
    except OSError:
        return None
