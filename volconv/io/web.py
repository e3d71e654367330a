"""Inputs at http:// and https://: what Zarr reads through, and what servers tell of them.

A server of files has no listing that a program could rely on, so what it does not find
(404) is taken for what is not stored.
"""

from __future__ import annotations

import asyncio
import errno
import hashlib
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator
from contextlib import contextmanager
from functools import partial
from itertools import product
from typing import TypeVar

import aiohttp
from fsspec.implementations.http import HTTPFileSystem
from zarr.abc.store import ByteRequest, RangeByteRequest, SuffixByteRequest
from zarr.core.buffer import Buffer, BufferPrototype
from zarr.core.sync import sync
from zarr.storage import FsspecStore

from volconv.io.bucket import METADATA

__all__ = ["WebStore", "metadata_told", "web_store"]

Value = TypeVar("Value")

WAITS = (0.5, 1.0, 2.0)
"""Seconds before the next tries of a request: arbitrary."""

LONGEST_WAIT = 60.0
"""Seconds at most that a server may ask for before the next try: arbitrary."""

SILENCE = aiohttp.ClientTimeout(total=None, sock_connect=30, sock_read=60)
"""Seconds until a server answers, or goes on: a large object may take any time."""

DENIED = (401, 403, 407)
"""Statuses of answers to who may not read."""

UNLISTED = (*DENIED, 400, 404, 405)
"""Statuses of answers where a folder would be listed, by servers that list none."""


class WebStore(FsspecStore):
    """A store behind a web server, whose errors are those of the operating system."""

    async def get(
        self,
        key: str,
        prototype: BufferPrototype,
        byte_range: ByteRequest | None = None,
    ) -> Buffer | None:
        """An object, or a part of it; None where it is not there."""
        return await tried(partial(self.ask, key, prototype, byte_range))

    async def ask(
        self, key: str, prototype: BufferPrototype, byte_range: ByteRequest | None
    ) -> Buffer | None:
        """What `get` gives, asked for once.

        Raises
        ------
        OSError
            Also if the server sends the whole where a part is asked for: each chunk of a
            shard would bring the shard.
        """
        with in_plain_words(f"{self.path}/{key}"):
            found = await super().get(key, prototype, byte_range)
            most = most_bytes(byte_range)
            if found is not None and most is not None and len(found) > most:
                said = "the server gives no parts of files, which shards are read by"
                raise OSError(errno.EOPNOTSUPP, said, f"{self.path}/{key}")
        return found

    async def list_dir(self, prefix: str) -> AsyncGenerator[str, None]:
        """What a page of links names below a key; nothing where there is none."""
        where = f"{self.path}/{prefix}".rstrip("/")
        found: list[str] = []
        with in_plain_words(where):
            try:
                found = [name async for name in super().list_dir(prefix)]
            except aiohttp.ClientResponseError as error:
                if error.status not in UNLISTED:
                    raise
        for name in found:
            yield name

    async def told(self, key: str) -> str:
        """An object's content and its tag, or its time, as a digest; empty for none."""
        where = f"{self.path}/{key}"
        with in_plain_words(where):
            session = await self.fs.set_session()
            async with session.get(self.fs.encode_url(where)) as answer:
                if answer.status == 404:
                    return ""
                answer.raise_for_status()
                content = await answer.read()
        headers = answer.headers
        tag = headers.get("ETag") or headers.get("Last-Modified", "")
        return f"{key} {hashlib.sha256(content + tag.encode()).hexdigest()}"


def web_store(url: str) -> WebStore:
    """What an input at a URL is read through; proxies and passwords are the user's own."""
    options = {"trust_env": True, "timeout": SILENCE}
    client = HTTPFileSystem(asynchronous=True, client_kwargs=options)
    return WebStore(client, read_only=True, path=url.rstrip("/"))


def metadata_told(url: str, variable: str) -> list[str]:
    """What a server tells of the metadata of a store, and of a variable in it."""
    store = web_store(url)
    folders = {"", f"{variable}/" if variable else ""}
    keys = [f"{folder}{name}" for folder, name in sorted(product(folders, METADATA))]

    async def all_told() -> list[str]:
        return await asyncio.gather(*(tried(partial(store.told, key)) for key in keys))

    return sync(all_told())


def most_bytes(byte_range: ByteRequest | None) -> int | None:
    """Bytes of a part of an object at most; None where its end is not known."""
    if isinstance(byte_range, RangeByteRequest):
        return byte_range.end - byte_range.start
    if isinstance(byte_range, SuffixByteRequest):
        return byte_range.suffix
    return None


async def tried(ask: Callable[[], Awaitable[Value]]) -> Value:
    """What a request brings, made again where a server fails for the moment."""
    for wait in WAITS:
        try:
            return await ask()
        except OSError as error:
            if error.errno != errno.EIO:
                raise
            asked = asked_wait(error)
        await asyncio.sleep(max(wait, asked))
    return await ask()


def asked_wait(error: OSError) -> float:
    """Seconds that a server asks for before the next try; 0 where it names none.

    One that names a time of the day is not heeded: its clock may be another.
    """
    answer = error.__cause__
    if not isinstance(answer, aiohttp.ClientResponseError):
        return 0.0
    said = answer.headers.get("Retry-After", "") if answer.headers else ""
    is_number = said.isascii() and said.isdecimal()
    return min(float(said), LONGEST_WAIT) if is_number else 0.0


@contextmanager
def in_plain_words(where: str) -> Iterator[None]:
    """Tell a client's errors as those of the operating system.

    Raises
    ------
    PermissionError
        If the server does not let us.
    TimeoutError
        If it does not answer.
    OSError
        From anything else, which another try may mend.
    """
    try:
        yield
    except aiohttp.ClientResponseError as error:
        said = f"the server answers {error.status} {error.message}".rstrip()
        number = errno.EACCES if error.status in DENIED else errno.EIO
        raise OSError(number, said, where) from error
    except TimeoutError as error:
        raise OSError(errno.ETIMEDOUT, "no answer in time", where) from error
    except aiohttp.ClientError as error:
        raise OSError(errno.EIO, str(error) or type(error).__name__, where) from error
