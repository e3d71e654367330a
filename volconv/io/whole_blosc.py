"""Blosc that refuses a chunk that was cut short.

The library trusts a chunk's header, and is not told where the chunk ends: of cells that it
could not compress it copies as many as were there once, from beyond the end.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from typing import Any

from numcodecs import Blosc
from numcodecs.registry import codec_registry
from zarr.codecs import BloscCodec

from volconv.io.own_codecs import opening_with

__all__ = ["checking_blosc"]

HEADER = 16
"""Bytes of a chunk's header; the last four are how many the chunk has with it."""


class WholeBlosc(Blosc):  # type: ignore[misc]
    """The codec of format 2; its metadata are the same."""

    def decode(self, buf: Any, out: Any = None) -> Any:
        """Undo the compression.

        Raises
        ------
        ValueError
            If the chunk has not all of its bytes.
        """
        chunk = memoryview(buf).cast("B")
        nbytes = int.from_bytes(chunk[HEADER - 4 : HEADER], "little")
        if len(chunk) < max(HEADER, nbytes):
            raise ValueError(f"a Blosc chunk cut short: {len(chunk)} of {nbytes} bytes")
        return super().decode(buf, out)


class CheckingBloscCodec(BloscCodec):
    """The codec of format 3 with it; its metadata are the same."""

    @cached_property
    def _blosc_codec(self) -> Any:
        config = super()._blosc_codec.get_config()
        del config["id"]
        return WholeBlosc.from_config(config)


@contextmanager
def checking_blosc() -> Iterator[None]:
    """Arrays that are opened meanwhile decode with it."""
    with opening_with("blosc", CheckingBloscCodec):
        before = codec_registry.get("blosc", Blosc)
        codec_registry["blosc"] = WholeBlosc
        try:
            yield
        finally:
            codec_registry["blosc"] = before
