"""An array that is opened and not yet read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import zarr
from numcodecs import LZ4, Blosc, Zstd
from zarr.codecs import BloscCodec, GzipCodec, ZstdCodec

from volconv.coordinates import Coords, NoCoords
from volconv.io.in_place import decodes_in_place
from volconv.io.ome import Level
from volconv.io.plain_chunks import PlainChunks, has_shards
from volconv.meta import ArrayMeta
from volconv.plan.memory import IN_CHAIN, IN_GZIP

if TYPE_CHECKING:
    import xarray as xr

__all__ = ["Stored", "told_of_decoding"]

KNOWING = (ZstdCodec, BloscCodec, Zstd, Blosc, LZ4)
"""Codecs of format 3 and of format 2 that make room for the cells, and for nothing else."""


@dataclass(frozen=True)
class Stored:
    """An array that is opened and not yet read.

    Parameters
    ----------
    cells : Variable or zarr.Array
        Gives NumPy values for slices.
    meta : ArrayMeta
        Dimensions, dtype, chunks.
    name : str
        The variable's name.
    attrs : mapping
        Its attributes.
    coords : Dataset
        Its coordinates with their CF bounds.
    group_attrs : mapping
        The attributes of its group.
    key : str
        Where it lies below the source's path; empty where the path is its own.
    notes : tuple of str
        What a user should know of how it was taken.
    level : Level, optional
        What an OME-Zarr image says of it, if it is of one.
    """

    cells: xr.Variable | zarr.Array[Any]
    meta: ArrayMeta
    name: str
    attrs: Mapping[Any, Any] = field(default_factory=dict)
    coords: Coords = field(default_factory=NoCoords)
    group_attrs: Mapping[Any, Any] = field(default_factory=dict)
    key: str = ""
    notes: tuple[str, ...] = ()
    level: Level | None = None

    @cached_property
    def chunks(self) -> PlainChunks | None:
        """What decodes one chunk by itself, where the cells are as they are stored."""
        if isinstance(self.cells, zarr.Array):
            return PlainChunks.of(self.cells)
        return None


def told_of_decoding(
    meta: ArrayMeta, array: zarr.Array[Any], *, is_remote: bool
) -> ArrayMeta:
    """The metadata with what it takes to decode a chunk of an array.

    Of what comes over a network it is decoded by threads of Zarr's.
    """
    if not is_remote and decodes_in_place(array):
        return replace(meta, in_decoding=1, in_place=True)
    return replace(meta, in_decoding=in_decoding(array))


def in_decoding(array: zarr.Array[Any]) -> int:
    """Chunks' worth of bytes while one is decoded elsewhere: see `ArrayMeta`.

    Zstandard and Blosc know how much comes of what they decode, and make room for no more.
    """
    if any(isinstance(each, GzipCodec) for each in array.compressors):
        return IN_GZIP
    is_alone = not has_shards(array) and not array.filters
    is_alone = is_alone and len(array.compressors) <= 1
    is_simple = all(isinstance(each, KNOWING) for each in array.compressors)
    return 2 if is_alone and is_simple else IN_CHAIN
