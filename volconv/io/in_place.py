"""Chunks that Zstandard decodes into memory that is there, where they are to be held.

Zarr decodes a chunk into memory of its own, so holding it would copy all of it.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import cached_property
from operator import le
from typing import Any

import numpy as np
import zarr
from numpy.typing import NDArray
from zarr.codecs import BytesCodec, ZstdCodec

from volconv.io.own_codecs import opening_with
from volconv.io.plain_chunks import is_by_zarr

__all__ = ["content_size", "decoded_into", "decodes_in_place", "decoding_in_place"]

Memory = NDArray[np.uint8]

MAGIC = b"\x28\xb5\x2f\xfd"
"""The first bytes of a frame."""


class Given(threading.local):
    """What a thread decodes into next, if it is as large."""

    memory: Memory | None = None
    is_for_all: bool = False

    def take(self, nbytes: int | None) -> Memory | None:
        """It, once or for all, if it has so many bytes."""
        found = self.memory
        if found is None or found.nbytes != nbytes:
            return None
        if not self.is_for_all:
            self.memory = None
        return found


_given = Given()


@contextmanager
def decoded_into(memory: Memory | None, *, each: bool = False) -> Iterator[None]:
    """Have the chunk that this thread reads meanwhile lie in some memory, if it can.

    Whoever reads sees by its address whether it does.

    Parameters
    ----------
    memory : ndarray or None
        As many bytes as the chunk has.
    each : bool
        Whether each of several chunks lies there in its turn, of which the one before is
        copied then; else the first one alone.
    """
    _given.memory, _given.is_for_all = memory, each
    try:
        yield
    finally:
        _given.memory = None


def content_size(frame: memoryview[Any]) -> int | None:
    """Bytes that come of a frame, as its header says them; None where it does not.

    Notes
    -----
    RFC 8878, 3.1.1.1.

    Examples
    --------
    >>> content_size(memoryview(bytes.fromhex("28b52ffd 60 2c00")))
    300
    """
    if bytes(frame[:4]) != MAGIC or len(frame) < 5:
        return None
    descriptor = int(frame[4])
    is_single = descriptor >> 5 & 1
    width = (is_single, 2, 4, 8)[descriptor >> 6]
    start = 6 - is_single + (0, 1, 2, 4)[descriptor & 3]
    field = bytes(frame[start : start + width])
    if not width or len(field) < width:
        return None
    return int.from_bytes(field, "little") + (256 if width == 2 else 0)


@dataclass(frozen=True)
class InPlace:
    """Zstandard that decodes into what is given.

    Parameters
    ----------
    zstd : Codec
        What does it, of the package numcodecs.
    """

    zstd: Any

    def encode(self, buffer: Any) -> Any:
        """Compress."""
        return self.zstd.encode(buffer)

    def decode(self, buffer: Any) -> Any:
        """Undo that; a frame of another size, into memory of its own."""
        size = content_size(memoryview(buffer).cast("B"))
        return self.zstd.decode(buffer, out=_given.take(size))


class ZstdInPlace(ZstdCodec):
    """Zarr's codec with it: the same in metadata."""

    @cached_property
    def _zstd_codec(self) -> Any:
        return InPlace(super()._zstd_codec)


def decodes_in_place(array: zarr.Array[Any]) -> bool:
    """Whether all chunks of an array are decoded into memory of a chunk's size."""
    cells = array.serializer
    if not isinstance(cells, BytesCodec) or array.filters or array.shards:
        return False
    is_alone = [isinstance(each, ZstdInPlace) for each in array.compressors] == [True]
    order = getattr(cells.endian, "value", cells.endian)  # a text from zarr 3.3 on
    is_native = order in (None, sys.byteorder)
    are_whole = all(map(le, array.chunks, array.shape))
    return is_by_zarr(array) and is_alone and is_native and are_whole


def decoding_in_place() -> AbstractContextManager[None]:
    """Arrays that are opened meanwhile decode with it."""
    return opening_with("zstd", ZstdInPlace)
