"""Objects of a bucket: what Zarr reads and writes through, and what a run writes to."""

from __future__ import annotations

import asyncio
import errno
import logging
from collections.abc import AsyncGenerator, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Any

import google_crc32c
from zarr.abc.store import ByteRequest, Store
from zarr.core.buffer import Buffer, BufferPrototype
from zarr.storage import ObjectStore

from volconv.io.ahead import OnTheWay
from volconv.io.objects import (
    in_plain_words,
    object_client,
    tries,
    waited,
    waited_all,
)
from volconv.io.place import Check, Content

__all__ = [
    "AT_ONCE",
    "DRAFT",
    "HIDDEN",
    "METADATA",
    "Bucket",
    "InputStore",
    "input_store",
]

log = logging.getLogger(__name__)

HIDDEN = ".volconv"
"""What a run keeps below an output's URL until it is complete."""

DRAFT = f"{HIDDEN}/draft"
"""Where the metadata of a group lies that is not complete."""

AT_ONCE = 16
"""Objects that are read or written beside each other: arbitrary, a store answers late."""

PARTS = 4
"""Parts of a large object that are sent beside each other: they share the way there, and
each must be there in the time that a request may take."""

METADATA = frozenset({"zarr.json", ".zarray", ".zattrs", ".zgroup", ".zmetadata"})
"""Last parts of keys that are no chunks; a store without one of them is as good."""


class RemoteStore(ObjectStore[Any]):
    """An object store whose errors are those of the operating system."""

    async def get(
        self,
        key: str,
        prototype: BufferPrototype,
        byte_range: ByteRequest | None = None,
    ) -> Buffer | None:
        """An object, or a part of it; None where it is not there."""
        with in_plain_words(f"{self.store}/{key}"):
            return await super().get(key, prototype, byte_range)

    async def exists(self, key: str) -> bool:
        """Whether an object is there."""
        with in_plain_words(f"{self.store}/{key}"):
            return await super().exists(key)

    async def list_dir(self, prefix: str) -> AsyncGenerator[str, None]:
        """What lies below a key, the next part of each name."""
        found: list[str] = []
        for one in tries(f"{self.store}/{prefix}".rstrip("/")):
            with one:
                found = [name async for name in super().list_dir(prefix)]
                break
        for name in found:
            yield name


class InputStore(RemoteStore):
    """A store that is read, and that asks twice before it takes a chunk for empty.

    A chunk that is not stored means a chunk of fill values. A gateway in trouble says the
    same of a chunk that is stored. The listing knows better: what it names must be there.

    Attributes
    ----------
    ahead : tuple of OnTheWay
        What has been asked for before it is read.
    loop : AbstractEventLoop or None
        Where it was read last.
    chunks : InputStore or None
        Where chunks lie, if apart from the metadata.
    """

    ahead: tuple[OnTheWay, ...] = ()
    loop: asyncio.AbstractEventLoop | None = None
    chunks: InputStore | None = None

    def __getstate__(self) -> dict[Any, Any]:
        """All but what belongs to this process."""
        state = super().__getstate__()
        return {k: v for k, v in state.items() if k not in ("ahead", "loop")}

    async def get(
        self,
        key: str,
        prototype: BufferPrototype,
        byte_range: ByteRequest | None = None,
    ) -> Buffer | None:
        """An object, or a part of it; None where the listing has it neither.

        Raises
        ------
        ConnectionError
            If the store lists the object and does not find it.
        """
        self.loop = asyncio.get_running_loop()
        for ahead in self.ahead:
            there = await ahead.take((key, byte_range))
            if there is not None:
                return there[0]
        return await self.ask(key, prototype, byte_range)

    async def ask(
        self,
        key: str,
        prototype: BufferPrototype,
        byte_range: ByteRequest | None = None,
    ) -> Buffer | None:
        """What `get` gives, asked for now."""
        is_metadata = key.rpartition("/")[2] in METADATA
        if self.chunks is not None and not is_metadata:
            return await self.chunks.ask(key, prototype, byte_range)
        found = await super().get(key, prototype, byte_range)
        if found is not None or is_metadata:
            return found
        if await self.lists(key):
            raise ConnectionError(
                errno.EIO, "the store lists this chunk and does not find it", key
            )
        return None

    async def lists(self, key: str) -> bool:
        """Whether the store's listing has an object; it is in the order of the keys."""
        folder = key.rpartition("/")[0] or None
        for one in tries(f"{self.store}/{key}"):
            with one:
                async for page in self.store.list(folder, offset=key[:-1]):
                    names = [item["path"] for item in page]
                    if key in names:
                        return True
                    if names and names[-1] > key:
                        return False
                return False
        return False


class DraftStore(RemoteStore):
    """A group that is being written: chunks at their keys, metadata out of sight.

    Without metadata nothing opens the group, nor an array of it.
    """

    async def get(
        self,
        key: str,
        prototype: BufferPrototype,
        byte_range: ByteRequest | None = None,
    ) -> Buffer | None:
        """An object, or a part of it."""
        return await super().get(placed(key), prototype, byte_range)


def placed(key: str) -> str:
    """Where an object of a draft lies."""
    return f"{DRAFT}/{key}" if key.rpartition("/")[2] == "zarr.json" else key


@lru_cache(maxsize=8)
def input_store(url: str) -> InputStore:
    """What an input at a URL is read through.

    Of a draft's metadata, which a stage reads that another one saves: with its chunks.
    """
    store = InputStore(object_client(url), read_only=True)
    if f"/{DRAFT}/" in url:
        store.chunks = input_store(url.replace(f"/{DRAFT}/", "/"))
    return store


@dataclass(frozen=True)
class Bucket:
    """A key in a bucket, and what lies below it.

    Parameters
    ----------
    url : str
        As `normal_url` spells it.
    is_draft : bool
        Whether a group there keeps its metadata out of sight until it is complete.
    """

    url: str
    is_draft: bool = False

    @property
    def where(self) -> str:
        """The URL that a group there is opened by."""
        return self.url

    def zarr_store(self) -> Store:
        """What Zarr reads metadata through."""
        kind = DraftStore if self.is_draft else RemoteStore
        return kind(object_client(self.url))

    def holds(self, key: str) -> bool:
        """Whether an object is there; of a draft's metadata, out of sight."""
        return self.contents([key]) != [None]

    def contents(self, keys: Sequence[str]) -> list[bytes | None]:
        """The bytes of some objects, of a draft's metadata out of sight; None for none."""
        return self.get_all([placed(key) for key in keys] if self.is_draft else keys)

    def get(self, key: str) -> bytes | None:
        """An object's bytes; None where it is not there."""
        try:
            with in_plain_words(f"{self.url}/{key}"):
                client = object_client(self.url)
                return waited(lambda: bytes(client.get(key).bytes()))
        except FileNotFoundError:
            return None

    def get_all(self, keys: Sequence[str]) -> list[bytes | None]:
        """The same of some objects, beside each other."""
        found: list[bytes | None] = []
        for first in range(0, len(keys), AT_ONCE):
            some = keys[first : first + AT_ONCE]
            found += waited_all(partial(self.get, key) for key in some)
        return found

    def put(self, key: str, content: Content, check: Check | None = None) -> None:
        """Write an object, at once or not at all; not where a check raises."""
        if check is not None:
            check()
        with in_plain_words(f"{self.url}/{key}"):
            client = object_client(self.url, sends=True)
            put = partial(client.put, key, content, max_concurrency=PARTS)
            waited(put, writes=True)

    def put_all(self, contents: Mapping[str, Content]) -> None:
        """Write some objects, beside each other."""
        with ThreadPoolExecutor(AT_ONCE) as pool:
            list(pool.map(self.put, contents.keys(), contents.values()))

    def put_group(self, contents: Mapping[str, Content]) -> None:
        """Write the objects of a group; of a draft with metadata out of sight.

        Metadata comes first: it tells whose the other objects are.
        """
        at = placed if self.is_draft else str
        for is_metadata in (True, False):
            self.put_all(
                {
                    at(key): content
                    for key, content in contents.items()
                    if key.endswith("zarr.json") is is_metadata
                }
            )

    def remove(self, keys: Iterable[str]) -> None:
        """Remove objects."""
        with in_plain_words(self.url):
            found = list(keys)
            if found:
                client = object_client(self.url)
                waited(partial(client.delete, found), writes=True)

    def discard(self, keys: Iterable[str]) -> None:
        """Remove objects that nobody needs any more.

        What the store does not let go stays, and is told of: nothing waits for it.
        """
        try:
            self.remove(keys)
        except OSError as error:
            said = error.strerror or error
            log.warning("note: %s: %s stays there: %s", self.url, HIDDEN, said)

    def listed(self, under: str = "") -> dict[str, dict[str, Any]]:
        """Objects below a key: size, e_tag and last_modified of each."""
        return {item["path"]: dict(item) for item in self.items(under)}

    def items(self, under: str = "") -> Iterator[Mapping[str, Any]]:
        """What the store's listing tells of each object below a key."""
        folder, last = f"{under}/" if under else None, None
        for one in tries(f"{self.url}/{under}".rstrip("/")):
            with one:
                pages = iter(object_client(self.url).list(folder, offset=last))
                while (page := waited(partial(next, pages, None))) is not None:
                    for item in page:
                        yield item
                        last = item["path"]
                return

    def sizes(self, under: str, names: Iterable[str]) -> Iterator[tuple[str, int]]:
        """All objects below a key with their bytes; none where no names are given."""
        if next(iter(names), None) is None:
            return
        for item in self.items(under):
            yield item["path"].removeprefix(f"{under}/"), item["size"]

    def record(self, key: str) -> tuple[int, int]:
        """Bytes and crc32c of an object."""
        content = self.get(key)
        if content is None:
            raise FileNotFoundError(errno.ENOENT, "no such object", key)
        return len(content), google_crc32c.value(content)

    def make_safe(self, keys: Iterable[str]) -> None:
        """Do nothing: a store answers after an object is safe."""

    def within(self, name: str) -> Bucket:
        """A key below this one; of a draft where its metadata lies: see `input_store`."""
        above = f"{self.url}/{DRAFT}" if self.is_draft else self.url
        return Bucket(f"{above}/{name}")
