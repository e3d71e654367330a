"""Gzip that makes the same bytes of the same cells whenever it is asked.

Python's own writes the second into the header of what it makes, so a chunk that is
computed once more would be another object.
"""

from __future__ import annotations

import gzip
import zlib
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from zarr.codecs import GzipCodec

from volconv.io.own_codecs import opening_with

__all__ = ["steady_gzip"]

WITH_HEADER = 16 + zlib.MAX_WBITS
"""What zlib is told to write gzip's header, without a time."""


@dataclass(frozen=True)
class Timeless:
    """Gzip without a time.

    Parameters
    ----------
    level : int
        How hard it tries.
    """

    level: int

    def encode(self, buffer: Any) -> bytes:
        """Compress."""
        return zlib.compress(buffer, self.level, WITH_HEADER)

    def decode(self, buffer: Any) -> bytes:
        """Undo that."""
        return gzip.decompress(buffer)


class SteadyGzip(GzipCodec):
    """Zarr's codec with it: the same in metadata, and for who reads."""

    @cached_property
    def _gzip_codec(self) -> Timeless:
        return Timeless(self.level)


def steady_gzip() -> AbstractContextManager[None]:
    """Arrays that are opened meanwhile compress with it."""
    return opening_with("gzip", SteadyGzip)
