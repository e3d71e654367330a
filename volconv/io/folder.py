"""Objects as files of a folder."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any
from uuid import uuid4

import google_crc32c
from zarr.abc.store import Store
from zarr.storage import LocalStore

from volconv.io.direct_io import DirectIO
from volconv.io.place import Check, Content

__all__ = ["Folder", "sync_folder"]


@dataclass(frozen=True)
class Folder:
    """A folder of this machine's file systems.

    Parameters
    ----------
    path : Path
        The folder.
    is_passing : bool
        Whether what is written there is soon read, from the system's cache.
    """

    path: Path
    is_passing: bool = False

    @property
    def where(self) -> str:
        """The path that a group there is opened by."""
        return str(self.path)

    def zarr_store(self) -> Store:
        """What Zarr reads and writes through."""
        return LocalStore(self.path)

    def holds(self, key: str) -> bool:
        """Whether an object is there."""
        return (self.path / key).exists()

    def contents(self, keys: Sequence[str]) -> list[bytes | None]:
        """The bytes of some files; None for one that is not there."""
        files = [self.path / key for key in keys]
        return [file.read_bytes() if file.is_file() else None for file in files]

    def sizes(self, under: str, names: Iterable[str]) -> Iterator[tuple[str, int]]:
        """Those objects below a key that are there, with their bytes."""
        folder = os.fspath(self.path / under)
        for name in names:
            try:
                # a path takes three times as long
                status = os.stat(f"{folder}/{name}")  # noqa: PTH116
            except FileNotFoundError:
                continue
            yield name, status.st_size

    def record(self, key: str) -> tuple[int, int]:
        """Bytes and crc32c of a file."""
        content = (self.path / key).read_bytes()
        return len(content), google_crc32c.value(content)

    def put(self, key: str, content: Content, check: Check | None = None) -> None:
        """Write a file, at once or not at all; not where a check raises."""
        cells = memoryview(content).cast("B")
        direct = way_to(self.path)
        is_direct = not self.is_passing and direct.is_next(cells.nbytes)
        with draft_of(self.path / key, check) as draft:
            if not (is_direct and direct.write(draft, cells)):
                write_and_send(draft, cells)

    def put_group(self, contents: Mapping[str, Content]) -> None:
        """Write the files of a group, and make them safe on the disk.

        No journal tells of them.
        """
        for key, content in contents.items():
            self.put(key, content)
        self.make_safe(contents)

    def make_safe(self, keys: Iterable[str]) -> None:
        """Make files, and their folders' entries, safe on the disk."""
        folders = set()
        for key in keys:
            file = self.path / key
            with suppress(FileNotFoundError), file.open("rb") as handle:
                os.fsync(handle.fileno())
                folders.add(file.parent)
        for folder in folders:
            sync_folder(folder)

    def within(self, name: str) -> Folder:
        """A folder in this one."""
        return Folder(self.path / name, self.is_passing)


@lru_cache(maxsize=8)
def way_to(folder: Path) -> DirectIO:
    """What is known of direct I/O to a folder, in this process."""
    del folder
    return DirectIO()


@contextmanager
def draft_of(file: Path, check: Check | None) -> Iterator[Path]:
    """Where a file is written that is there at the end, at once or not at all.

    Not where the check raises, before its folder is made, or when the draft is written:
    whoever removes the folder after that removes the draft, and there is none to rename.
    """
    if not file.parent.is_dir():
        if check is not None:
            check()
        file.parent.mkdir(parents=True, exist_ok=True)
    draft = file.with_name(f"{file.name}.{uuid4().hex}.partial")
    try:
        yield draft
        if check is not None:
            check()
        draft.replace(file)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise


def write_and_send(file: Path, content: memoryview[Any]) -> None:
    """Write a file, and have the system begin to write it to the disk, where it may.

    What makes it safe on the disk later has the less to wait for.
    """
    with file.open("wb", buffering=0) as handle:
        left = content
        while left:
            left = left[handle.write(left) :]
        if sys.platform == "linux":
            # sends what is not on the disk, and lets go of the rest: here there is none
            os.posix_fadvise(handle.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def sync_folder(folder: Path) -> None:
    """Make a folder's entries safe on the disk."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
