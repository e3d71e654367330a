"""Objects as files of a folder."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import google_crc32c
from zarr.abc.store import Store
from zarr.storage import LocalStore

__all__ = ["Folder", "sync_folder"]


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
        return LocalStore(self.path)

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

    def record(self, key: str, *, sync: bool = False) -> tuple[int, int]:
        """Bytes and crc32c of an object, perhaps after it is safe on the disk."""
        file = self.path / key
        with file.open("rb") as handle:
            content = handle.read()
            if sync:
                os.fsync(handle.fileno())
        if sync:
            sync_folder(file.parent)
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


def sync_folder(folder: Path) -> None:
    """Make a folder's entries safe on the disk."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
