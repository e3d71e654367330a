"""Chunks are decoded where they are to be held, and are what Zarr reads."""

import threading
import time

import numpy as np
import pytest
import zarr
from hypothesis import given
from hypothesis import strategies as st
from numcodecs import LZ4, Blosc, Delta, Zlib, Zstd
from numpy.testing import assert_array_equal
from zarr.registry import get_codec_class

from volconv.errors import InputError
from volconv.geometry import Interval
from volconv.io import ZarrSource, forget_opened
from volconv.io.in_place import (
    ZstdInPlace,
    content_size,
    decoded_into,
    decodes_in_place,
    decoding_in_place,
)
from volconv.plan.memory import chunk_bytes

CELLS = np.random.default_rng(1).random((9, 10, 12), "f4")
CHUNK = (3, 5, 4)
FIRST = tuple(Interval(0, side) for side in CHUNK)


def source_of(path, *, has_group=False, **options):
    place = {"store": path, "name": "v"} if has_group else {"store": path}
    array = zarr.create_array(
        **place,
        shape=CELLS.shape,
        dtype="f4",
        dimension_names=["z", "y", "x"],
        **{"chunks": CHUNK, "compressors": zarr.codecs.ZstdCodec(level=1), **options},
    )
    array[:] = CELLS
    forget_opened()
    return ZarrSource(str(path))


def room_for(nbytes):
    return np.full(nbytes, 7, "u1")


def read_into(source, box, room):
    with decoded_into(room):
        return source.read(box)


@pytest.mark.parametrize("has_group", [False, True])
def test_a_chunk_lies_where_it_is_to_be_held(tmp_path, has_group):
    source = source_of(tmp_path, has_group=has_group)
    room = room_for(4 * 3 * 5 * 4)
    found = read_into(source, FIRST, room)
    assert found.ctypes.data == room.ctypes.data
    assert_array_equal(found, CELLS[:3, :5, :4])
    # what is read after it lies elsewhere
    other = source.read((Interval(3, 6), Interval(5, 10), Interval(4, 8)))
    assert_array_equal(other, CELLS[3:6, 5:, 4:8])
    assert_array_equal(found, CELLS[:3, :5, :4])


def test_several_chunks_lie_there_one_after_the_other(tmp_path):
    source = source_of(tmp_path)
    assert source.open().meta.in_place
    room = room_for(240)
    with decoded_into(room, each=True):
        for z in (0, 3, 6):
            box = (Interval(z, z + 3), *FIRST[1:])
            found = source.read(box)
            assert found.ctypes.data == room.ctypes.data
            assert_array_equal(found, CELLS[z : z + 3, :5, :4])


def test_it_is_told_where_a_chunk_is_larger_than_the_array(tmp_path):
    assert not source_of(tmp_path, chunks=(16, 5, 4)).open().meta.in_place


@pytest.mark.parametrize("has_group", [False, True])
def test_memory_is_that_of_chunks_as_they_are_stored(tmp_path, has_group):
    """Of a time axis that is to grow: eight steps of a chunk of a thousand."""
    source = source_of(tmp_path, has_group=has_group, chunks=(1000, 5, 4))
    meta = source.open().meta
    assert meta.chunks == (9, 5, 4)
    assert chunk_bytes(meta) == 1000 * 5 * 4 * 4


def test_it_is_told_where_zarr_decodes(tmp_path):
    assert decodes_in_place(source_of(tmp_path).open().cells)


@pytest.mark.usefixtures("other_pipeline")
def test_it_is_told_where_others_decode(tmp_path):
    assert not decodes_in_place(source_of(tmp_path).open().cells)


@pytest.mark.parametrize(
    "options",
    [
        {"serializer": zarr.codecs.BytesCodec(endian="big")},
        {"compressors": zarr.codecs.GzipCodec()},
        {"compressors": None},
        {"shards": (9, 10, 12)},
        {"filters": [zarr.codecs.TransposeCodec(order=(2, 1, 0))]},
        {"zarr_format": 2, "compressors": Zstd()},
    ],
    ids=["swapped", "gzip", "none", "shards", "transposed", "format 2"],
)
def test_what_cannot_lie_there_is_read_as_ever(tmp_path, options):
    if options.get("zarr_format") == 2:
        path = tmp_path / "in.zarr"
        array = zarr.create_array(
            path, shape=CELLS.shape, chunks=CHUNK, dtype="f4", **options
        )
        array[:] = CELLS
        source = ZarrSource(str(path), dims=("z", "y", "x"))
    else:
        source = source_of(tmp_path / "in.zarr", **options)
    assert not source.open().meta.in_place
    for box in (FIRST, tuple(Interval(1, side) for side in CELLS.shape)):
        room = room_for(4 * 3 * 5 * 4)
        found = read_into(source, box, room)
        assert_array_equal(found, CELLS[tuple(side.slice for side in box)])


@pytest.mark.parametrize(
    ("codec", "filters", "chunks"),
    [
        (Zstd(), None, 2),
        (Blosc(), None, 2),
        (LZ4(), None, 2),
        (Blosc(), [Delta("f4")], 3),
        (Zlib(), None, 3),
    ],
)
def test_it_is_told_how_much_codecs_of_format_2_take(tmp_path, codec, filters, chunks):
    zarr.create_array(
        tmp_path / "in.zarr",
        shape=CELLS.shape,
        chunks=CHUNK,
        dtype="f4",
        zarr_format=2,
        filters=filters,
        compressors=codec,
    )
    source = ZarrSource(str(tmp_path / "in.zarr"), dims=("z", "y", "x"))
    assert source.open().meta.in_decoding == chunks


def test_empty_chunks_and_rooms_of_another_size_leave_it_untouched(tmp_path):
    source = source_of(tmp_path / "in.zarr")
    for nbytes in (239, 241, 0, 480):
        room = room_for(nbytes)
        assert_array_equal(read_into(source, FIRST, room), CELLS[:3, :5, :4])
        assert (room == 7).all()
    (tmp_path / "in.zarr" / "c" / "0" / "0" / "0").unlink()
    room = room_for(240)
    assert (read_into(source, FIRST, room) == 0).all()
    assert (room == 7).all()


@pytest.mark.parametrize("cells", [59, 61])
def test_a_chunk_of_another_size_is_refused_as_ever(tmp_path, cells):
    """None that is too small is filled up with what lay there before."""
    source = source_of(tmp_path / "in.zarr")
    wrong = Zstd().encode(np.zeros(cells, "f4").tobytes())
    (tmp_path / "in.zarr" / "c" / "0" / "0" / "0").write_bytes(wrong)
    for room in (None, room_for(240)):
        with pytest.raises(InputError, match="cells z 0:3"):
            read_into(source, FIRST, room)


@given(st.integers(1, 70_000), st.integers(1, 3), st.booleans())
def test_the_size_that_a_frame_says_is_the_one_that_comes_of_it(size, level, checked):
    frame = Zstd(level, checksum=checked).encode(bytes(size))
    assert content_size(memoryview(frame)) == len(Zstd().decode(frame)) == size


@given(st.binary(max_size=40))
def test_what_is_no_frame_has_no_size_or_any(content):
    for frame in (content, b"\x28\xb5\x2f\xfd" + content):
        size = content_size(memoryview(frame))
        assert size is None or size >= 0


def test_threads_that_open_at_once_leave_zarr_s_codecs_as_they_were():
    before = zarr.config.get("codecs.zstd")
    found = []

    def opens():
        for _ in range(20):
            with decoding_in_place():
                time.sleep(1e-4)
                found.append(get_codec_class("zstd"))

    threads = [threading.Thread(target=opens) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(found) == {ZstdInPlace}
    assert zarr.config.get("codecs.zstd") == before
