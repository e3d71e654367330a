"""Codecs of ours in the place of Zarr's: the same in metadata, and for who reads."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import zarr
from zarr.abc.codec import Codec
from zarr.registry import register_codec

__all__ = ["opening_with"]


_setting = threading.RLock()
"""Who sets Zarr's configuration: it is the whole process's, and put back by each."""


@contextmanager
def opening_with(name: str, codec: type[Codec]) -> Iterator[None]:
    """Arrays that are opened meanwhile have a codec of ours where they name Zarr's."""
    ours = f"{codec.__module__}.{codec.__qualname__}"
    with _setting:
        register_codec(name, codec, qualname=ours)
        with zarr.config.set({f"codecs.{name}": ours}):
            yield
