"""Stores that note what is written through them, so that it need not be read again."""

from __future__ import annotations

from typing import Any, Self, cast

import google_crc32c
from zarr.abc.store import Store
from zarr.core.buffer import Buffer

__all__ = ["Noting"]


class Noting(Store):
    """To be put before the store that does the work.

    Attributes
    ----------
    written : dict of str to (int, int)
        Bytes and crc32c of the objects written, by their keys.
    """

    written: dict[str, tuple[int, int]]

    def __init__(self, *given: Any, **options: Any) -> None:
        super().__init__(*given, **options)
        self.written = {}

    def with_read_only(self, read_only: bool = False) -> Self:
        """The same store, which may or may not be written."""
        other = cast("Self", super().with_read_only(read_only))
        other.written = self.written
        return other

    async def set(self, key: str, value: Buffer) -> None:
        """Write a whole object."""
        await super().set(key, value)  # type: ignore[safe-super]  # of the next store
        content = value.as_numpy_array()
        self.written[key] = content.nbytes, google_crc32c.value(content)
