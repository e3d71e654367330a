"""Chunks decoded and encoded one by one.

Zarr's way through its indexers, and a task for each codec, takes several times as long as
the codecs take for a chunk of 32³ cells. Who has one chunk to read or to store asks them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import zarr
from numpy.typing import NDArray
from zarr.abc.codec import CodecPipeline
from zarr.buffer.cpu import Buffer, NDBuffer, buffer_prototype
from zarr.codecs import ShardingCodec
from zarr.core.array_spec import ArraySpec

from volconv.io.pieces import Box

__all__ = ["PlainChunks", "has_shards", "is_by_zarr"]


def has_shards(array: zarr.Array[Any]) -> bool:
    """Whether chunks lie in shards, or are shards, which other codecs may stand around."""
    return bool(array.shards) or isinstance(array.serializer, ShardingCodec)


def is_by_zarr(array: zarr.Array[Any]) -> bool:
    """Whether Zarr's own pipeline has the array's codecs work."""
    pipeline = type(array.async_array.codec_pipeline)
    return pipeline.__module__.startswith("zarr.")


@dataclass(frozen=True)
class PlainChunks:
    """Chunks of an array, each of which is an object.

    Parameters
    ----------
    array : Array
        The array.
    pipeline : CodecPipeline
        Has its codecs work.
    spec : ArraySpec
        What they are told of a chunk.
    dtype : dtype
        Of its cells, as they are read.
    """

    array: zarr.Array[Any]
    pipeline: CodecPipeline
    spec: ArraySpec
    dtype: np.dtype[Any]

    @classmethod
    def of(cls, array: zarr.Array[Any]) -> PlainChunks | None:
        """Those of an array, if it has such that Zarr's own pipeline decodes."""
        if not is_by_zarr(array) or has_shards(array):
            return None
        found, known = array.async_array, array.metadata
        config = replace(found.config, order=array.order)  # format 2 has it elsewhere
        spec = ArraySpec(
            array.chunks, known.dtype, known.fill_value, config, buffer_prototype
        )
        return cls(array, found.codec_pipeline, spec, array.dtype)

    async def decoded(self, box: Box) -> NDArray[Any] | None:
        """Cells of a box of one chunk; not to be written to.

        Parameters
        ----------
        box : tuple of Interval
            Cells of the array.

        Returns
        -------
        ndarray or None
            A part of what is decoded, or all of it. None where the box has cells of
            several chunks, or its chunk is not stored.
        """
        index, part = [], []
        for side, n in zip(box, self.spec.shape, strict=True):
            number, first = divmod(side.start, n)
            if first + side.size > n:
                return None
            index.append(number)
            part.append(slice(first, first + side.size))
        content = await self.content(index)
        if content is None:
            return None
        (found,) = await self.pipeline.decode([(content, self.spec)])
        assert found is not None, "something was decoded"
        return found.as_numpy_array()[tuple(part)].astype(self.dtype, copy=False)

    async def content(self, index: Sequence[int]) -> Any:
        """The object of a chunk; None where it is not stored."""
        key = self.array.metadata.encode_chunk_key(tuple(index))
        place = f"{self.array.path}/{key}" if self.array.path else key
        return await self.array.store.get(place, buffer_prototype)

    async def encoded(self, cells: NDArray[Any]) -> Buffer:
        """The object of a chunk.

        Parameters
        ----------
        cells : ndarray
            All of the chunk's, beyond the array's ends too.
        """
        (found,) = await self.pipeline.encode(
            [(NDBuffer.from_numpy_array(cells), self.spec)]
        )
        assert isinstance(found, Buffer), "something was encoded"
        return found
