"""Objects as files of a folder."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import google_crc32c
from zarr.abc.store import Store
from zarr.core.buffer import Buffer
from zarr.storage import LocalStore

from volconv.io.noting import Noting

__all__ = ["Folder", "sync_folder"]


class FolderStore(Noting, LocalStore):
    """A folder whose files are on their way to the disk as soon as they are written.

    What makes them safe on the disk later has the less to wait for.
    """

    async def set(self, key: str, value: Buffer) -> None:
        """Write a whole file."""
        await super().set(key, value)
        send_to_disk(self.root / key)


@lru_cache(maxsize=8)
def folder_store(path: Path) -> FolderStore:
    """What a folder is written through."""
    return FolderStore(path)


@dataclass(frozen=True)
class Folder:
    """A folder of this machine's file systems.

    Parameters
    ----------
    path : Path
        The folder.
    """

    path: Path

    @property
    def where(self) -> str:
        """The path that a group there is opened by."""
        return str(self.path)

    def zarr_store(self) -> Store:
        """What Zarr reads and writes through."""
        return folder_store(self.path)

    def holds(self, key: str) -> bool:
        """Whether an object is there."""
        return (self.path / key).exists()

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

    def written(self, key: str, *, sync: bool = False) -> tuple[int, int]:
        """Bytes and crc32c of a file that this process wrote, perhaps safe on the disk."""
        if sync:
            self.make_safe([key])
        return folder_store(self.path).written.pop(key)

    def record(self, key: str) -> tuple[int, int]:
        """Bytes and crc32c of a file."""
        content = (self.path / key).read_bytes()
        return len(content), google_crc32c.value(content)

    def make_safe(self, keys: Iterable[str]) -> None:
        """Make files, and their folders' entries, safe on the disk."""
        folders = set()
        for key in keys:
            file = self.path / key
            with contextlib.suppress(FileNotFoundError), file.open("rb") as handle:
                os.fsync(handle.fileno())
                folders.add(file.parent)
        for folder in folders:
            sync_folder(folder)

    def within(self, name: str) -> Folder:
        """A folder in this one."""
        return Folder(self.path / name)


def send_to_disk(file: Path) -> None:
    """Have the system begin to write a file to the disk, where it may be asked to."""
    if sys.platform == "linux":
        with file.open("rb") as handle:
            # sends what is not on the disk, and lets go of the rest: here there is none
            os.posix_fadvise(handle.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def sync_folder(folder: Path) -> None:
    """Make a folder's entries safe on the disk."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
