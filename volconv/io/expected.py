"""Chunks of an input at a URL that are asked for before they are read."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import zarr
from zarr.core.buffer import default_buffer_prototype

from volconv.io.ahead import OnTheWay, Request
from volconv.io.bucket import InputStore, input_store
from volconv.io.objects import is_object_url, normal_url
from volconv.io.source import ZarrSource
from volconv.meta import without

__all__ = ["Expected", "expected"]

_guard = threading.Lock()


@dataclass(frozen=True, eq=False)
class Expected:
    """Chunks of an array, as a store is asked for them.

    Parameters
    ----------
    store : InputStore
        What they are read through.
    array : zarr.Array
        The array.
    new_axes : tuple of int
        Axes that chunks are told with, and the array lacks.
    ahead : OnTheWay
        What is on its way.
    """

    store: InputStore
    array: zarr.Array[Any]
    new_axes: tuple[int, ...]
    ahead: OnTheWay

    def want(self, chunks: Iterable[tuple[int, ...]], turn: int) -> None:
        """Ask for chunks that a turn reads, after what is wanted already."""
        self.ahead.want(map(self.request, chunks), turn)

    def request(self, chunk: tuple[int, ...]) -> Request:
        """The object of a chunk."""
        place = without(chunk, self.new_axes)
        key = self.array.metadata.encode_chunk_key(place)
        return "/".join(filter(None, (self.array.path, key))), None

    @property
    def is_full(self) -> bool:
        """Whether as much is wanted as may be on its way."""
        return self.ahead.left * self.ahead.each >= self.ahead.most

    def give_up(self, is_past: Callable[[int], bool]) -> None:
        """Want no more what none but turns read that are past."""
        self.ahead.give_up(is_past)

    def close(self) -> None:
        """Want nothing any more."""
        with _guard:
            there = self.store.ahead
            self.store.ahead = tuple(one for one in there if one is not self.ahead)
        self.ahead.give_up(lambda _: True)


def expected(source: ZarrSource, most: int) -> Expected | None:
    """What is to be asked of a source before it is read; None if nothing can be.

    Parameters
    ----------
    source : ZarrSource
        The input.
    most : int
        Bytes that may be on their way, or have come, and are not read.
    """
    if not is_object_url(source.path):
        return None
    stored = source.open()
    store = input_store(normal_url(source.path))
    node = zarr.open(store, mode="r")
    array = node[stored.name] if isinstance(node, zarr.Group) else node
    if not isinstance(array, zarr.Array) or array.shards or store.loop is None:
        return None

    async def ask(request: Request) -> Any:
        key, part = request
        return await store.ask(key, default_buffer_prototype(), part)

    chunks = stored.meta.chunks or stored.meta.shape
    each = math.prod(chunks) * np.dtype(stored.meta.dtype).itemsize
    ahead = OnTheWay(ask, store.loop, most, each)
    with _guard:
        store.ahead = (*store.ahead, ahead)
    return Expected(store, array, source.new_axes, ahead)
