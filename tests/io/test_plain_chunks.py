"""One chunk by itself: what Zarr reads and writes of it."""

import itertools
from typing import Any

import numcodecs
import numpy as np
import pytest
import zarr
from numpy.testing import assert_array_equal
from zarr.codecs import BloscCodec, Crc32cCodec, GzipCodec, TransposeCodec, ZstdCodec

from volconv.geometry import Interval
from volconv.io.inline import carry_out
from volconv.io.plain_chunks import PlainChunks

SHAPE, CHUNKS = (5, 7), (2, 3)

CELLS = np.arange(1, 36).reshape(SHAPE)

WAYS = [
    {"compressors": None},
    {"compressors": [ZstdCodec(level=1, checksum=True)]},
    {"compressors": [GzipCodec(), Crc32cCodec()]},
    {"compressors": [BloscCodec()], "filters": [TransposeCodec(order=(1, 0))]},
    {"serializer": zarr.codecs.BytesCodec(endian="big"), "compressors": None},
    {"zarr_format": 2, "compressors": None, "order": "F"},
    {"zarr_format": 2, "dtype": ">i2", "compressors": numcodecs.Zlib()},
    {"zarr_format": 2, "filters": [numcodecs.Delta("i2")], "compressors": None},
    {"zarr_format": 2, "fill_value": None, "compressors": None},
]


def array_in(store, **way):
    """An array as it is to be stored, without cells."""
    given = {"shape": SHAPE, "chunks": CHUNKS, "dtype": "int16", **way}
    return zarr.create_array(store, **given)


def chunks_of(array):
    """What decodes and encodes its chunks."""
    chunks = PlainChunks.of(array)
    assert chunks is not None
    return chunks


def spans():
    """Boxes of all cells between two corners."""
    sides = [[Interval(a, b) for b in range(n + 1) for a in range(b)] for n in SHAPE]
    return itertools.product(*sides)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("name", ["", "a/b"])
def test_a_part_of_one_chunk_is_read_as_zarr_reads_it(way, name):
    array = array_in({}, name=name, **way)
    array[:] = CELLS
    chunks = chunks_of(array)
    for box in spans():
        found = carry_out(chunks.decoded(box))
        pairs = zip(box, CHUNKS, strict=True)
        if all(side.start // n == (side.stop - 1) // n for side, n in pairs):
            assert found.dtype == array.dtype
            assert_array_equal(found, array[tuple(side.slice for side in box)])
        else:
            assert found is None


def test_of_a_chunk_that_is_not_stored_nothing_is_decoded():
    chunks = chunks_of(array_in({}, fill_value=7))
    assert carry_out(chunks.decoded((Interval(0, 2), Interval(0, 3)))) is None


@pytest.mark.parametrize("way", WAYS)
def test_a_chunk_is_stored_as_zarr_stores_it(way):
    store: dict[str, Any] = {}
    array = array_in(store, **way)
    array[:] = CELLS
    chunks = chunks_of(array)
    for index in np.ndindex(2, 2):  # those that are whole
        place = tuple(
            slice(i * n, i * n + n) for i, n in zip(index, CHUNKS, strict=True)
        )
        content = carry_out(chunks.encoded(CELLS[place].astype("int16")))
        stored = store[array.metadata.encode_chunk_key(index)]
        assert content.to_bytes() == stored.to_bytes()


def test_shards_are_no_plain_chunks():
    assert PlainChunks.of(array_in({}, shards=(4, 6))) is None


@pytest.mark.usefixtures("other_pipeline")
def test_what_another_pipeline_decodes_is_left_to_it():
    assert PlainChunks.of(array_in({})) is None
