"""What is to be written, and where: the output as the plan holds it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from volconv.errors import DimError, GeometryError, did_you_mean
from volconv.files import is_url
from volconv.meta import ArrayMeta, without

__all__ = ["DEFAULT_CHUNK", "OutputSpec", "cubic_chunks", "output_spec"]

Item = TypeVar("Item")


@dataclass(frozen=True)
class OutputSpec:
    """A Zarr v3 array to be written.

    Parameters
    ----------
    path : str
        The group's path.
    variable : str
        The array's name in the group.
    dtype : str
        Of what is stored.
    chunks : tuple of int
        Cells of a chunk along each axis.
    shards : tuple of int, optional
        Cells of a shard along each axis, whole chunks; None for one object a chunk.
    codec : str
        ``zstd``, ``blosc``, ``gzip`` or ``none``; all with a checksum.
    codec_options : mapping
        The codec's own options, such as ``level``.
    new_axes : tuple of int
        Axes of one cell of the planned array that the stored one lacks: those of
        dimensions that only other steps make.
    """

    path: str
    variable: str
    dtype: str
    chunks: tuple[int, ...]
    shards: tuple[int, ...] | None = None
    codec: str = "zstd"
    codec_options: Mapping[str, object] = field(default_factory=dict)
    new_axes: tuple[int, ...] = ()

    @property
    def unit(self) -> tuple[int, ...]:
        """Cells of one stored object along each axis."""
        return self.shards or self.chunks

    @property
    def stored_chunks(self) -> tuple[int, ...]:
        """Cells of a chunk along each axis of the stored array."""
        return self.stored(self.chunks)

    @property
    def fill_value(self) -> float:
        """What cells beyond the array's ends are, which its last units have."""
        return math.nan if self.dtype.startswith("float") else 0

    @property
    def is_remote(self) -> bool:
        """Whether it is stored over a network: its path is a URL."""
        return is_url(self.path)

    @property
    def stored_shards(self) -> tuple[int, ...] | None:
        """Cells of a shard along each axis of the stored array."""
        return self.stored(self.shards) if self.shards else None

    def stored(self, items: Sequence[Item]) -> tuple[Item, ...]:
        """Items, one for each axis, of the axes that the stored array has."""
        return without(items, self.new_axes)

    def describe(self) -> dict[str, object]:
        """The output's grid, as JSON, without its path."""
        shards = self.stored_shards
        return {
            "variable": self.variable,
            "dtype": self.dtype,
            "chunks": list(self.stored_chunks),
            "shards": list(shards) if shards else None,
            "codec": {self.codec: dict(self.codec_options)},
        }


DEFAULT_CHUNK = 2**21
"""Cells of a chunk where neither the user nor the input says: 8 MiB of float32, the
middle of what compresses well and reads fast (128 cells cubed)."""


def output_spec(
    target: ArrayMeta,
    source: ArrayMeta,
    *,
    path: str,
    variable: str,
    dtype: str | None = None,
    chunks: Mapping[str, int] | None = None,
    shards: Mapping[str, int] | None = None,
    codec: str = "zstd",
    codec_options: Mapping[str, object] | None = None,
) -> OutputSpec:
    """The output with every choice made.

    Parameters
    ----------
    target : ArrayMeta
        What the pipeline makes.
    source : ArrayMeta
        The pipeline's input, whose chunks are taken where none are given.
    path, variable, dtype, codec, codec_options
        As in `OutputSpec`.
    chunks, shards : mapping of str to int, optional
        Cells along some dimensions; the rest is as in the input.

    Raises
    ------
    DimError
        If a chunk or shard names a dimension that the output lacks.
    GeometryError
        If a shard is not whole chunks.
    """
    for where, given in (("output.chunks", chunks), ("output.shards", shards)):
        for dim in given or {}:
            if dim not in target.own.dims:
                raise DimError(
                    where,
                    repr(dim),
                    f"dimensions of the output ({', '.join(target.own.dims)})",
                    did_you_mean(dim, target.own.dims),
                )
    natural = source.chunks or cubic_chunks(target.shape)
    sizes = tuple(
        min((chunks or {}).get(axis.dim, own), axis.size)
        for axis, own in zip(target.axes, natural, strict=True)
    )
    return OutputSpec(
        path,
        variable,
        dtype or target.dtype,
        sizes,
        shard_sizes(target, sizes, shards) if shards else None,
        codec,
        codec_options or {},
        target.new_axes,
    )


def shard_sizes(
    target: ArrayMeta, chunks: tuple[int, ...], shards: Mapping[str, int]
) -> tuple[int, ...]:
    """Cells of a shard along each axis: what is given, else one chunk."""
    found = []
    for axis, chunk in zip(target.axes, chunks, strict=True):
        most = -(-axis.size // chunk) * chunk
        shard = min(shards.get(axis.dim, chunk), most)
        if shard % chunk:
            raise GeometryError(
                f"output.shards along {axis.dim!r}",
                f"{shard} cells over chunks of {chunk}",
                "whole chunks",
                f"say {-(-shard // chunk) * chunk}",
            )
        found.append(shard)
    return tuple(found)


def cubic_chunks(shape: tuple[int, ...]) -> tuple[int, ...]:
    """Chunks of about `DEFAULT_CHUNK` cells with sides as equal as the shape allows."""
    side = max(1, round(DEFAULT_CHUNK ** (1 / max(1, len(shape)))))
    return tuple(min(size, side) for size in shape)
