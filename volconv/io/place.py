"""Places where objects lie under keys: what a folder and a bucket have in common.

A place is a small value that may be sent to another process.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Protocol

from zarr.abc.store import Store

__all__ = ["Check", "Content", "Place"]

Content = bytes | bytearray | memoryview
"""Bytes of an object."""

Check = Callable[[], None]
"""Raises where an object may not be put any more; may be sent to another process."""


class Place(Protocol):
    """Where the objects of a group lie."""

    def __hash__(self) -> int: ...

    @property
    def where(self) -> str:
        """The path or URL that a group there is opened by."""

    def zarr_store(self) -> Store:
        """What Zarr reads and writes through."""

    def holds(self, key: str) -> bool:
        """Whether an object is there."""

    def contents(self, keys: Sequence[str]) -> list[bytes | None]:
        """The bytes of some objects; None for one that is not there."""

    def sizes(self, under: str, names: Iterable[str]) -> Iterator[tuple[str, int]]:
        """Those objects below a key that are there, perhaps others too; their bytes."""

    def record(self, key: str) -> tuple[int, int]:
        """Bytes and crc32c of an object that is there."""

    def put(self, key: str, content: Content, check: Check | None = None) -> None:
        """Write an object, at once or not at all; not where a check raises."""

    def put_group(self, contents: Mapping[str, Content]) -> None:
        """Write what a group is begun with, safe from a crash of the machine."""

    def make_safe(self, keys: Iterable[str]) -> None:
        """Make objects outlive a crash of the machine, those that are there."""

    def within(self, name: str) -> Place:
        """A place below this one."""
