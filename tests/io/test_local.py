"""Folders are read and written by the thread that asks, some chunks at a time."""

import asyncio
import itertools
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray as xr
import zarr
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_array_equal

from volconv.errors import InputError
from volconv.geometry import Interval
from volconv.io import ZarrSource, forget_opened
from volconv.io import source as module
from volconv.io.inline import carry_out, may_carry_out
from volconv.io.pieces import pieces

CELLS = np.random.default_rng(1).random((9, 10, 11), "f4")


@st.composite
def boxes(draw):
    ndim = draw(st.integers(1, 3))
    sides = []
    for _ in range(ndim):
        start = draw(st.integers(0, 30))
        sides.append(Interval(start, start + draw(st.integers(1, 40))))
    chunks = [draw(st.integers(1, 20)) for _ in sides]
    return tuple(sides), chunks, draw(st.integers(1, 500))


@given(boxes())
def test_pieces_cover_a_box_once_and_part_no_chunk(drawn):
    box, chunks, most = drawn
    count = np.zeros([side.stop for side in box], int)
    for piece in pieces(box, chunks, most):
        count[tuple(side.slice for side in piece)] += 1
        touched = [
            -(-side.stop // chunk) - side.start // chunk
            for side, chunk in zip(piece, chunks, strict=True)
        ]
        decoded = np.prod(touched) * np.prod(chunks)
        assert decoded <= most or touched == [1] * len(box)
        for side, whole, chunk in zip(piece, box, chunks, strict=True):
            assert side.start in (whole.start, side.start // chunk * chunk)
            assert side.stop in (whole.stop, side.stop // chunk * chunk)
    inside = count[tuple(side.slice for side in box)]
    assert (inside == 1).all()
    assert count.sum() == inside.size


def array_at(path, **options):
    array = zarr.create_array(
        path,
        shape=CELLS.shape,
        chunks=(2, 3, 4),
        dtype="f4",
        dimension_names=["z", "y", "x"],
        **options,
    )
    array[:] = CELLS
    return ZarrSource(str(path))


def group_at(path):
    data = xr.DataArray(CELLS, dims=("z", "y", "x"), name="v")
    packed = {"dtype": "i2", "scale_factor": 2.0**-15, "_FillValue": -1}
    data.chunk(z=2, y=3, x=4).to_zarr(path, encoding={"v": packed}, consolidated=False)
    return ZarrSource(str(path))


KINDS = {
    "array": array_at,
    "shards": lambda path: array_at(path, shards=(4, 6, 8)),
    "group": group_at,
}


@pytest.mark.parametrize("most", [1, 200, 10**9])
@pytest.mark.parametrize("kind", KINDS)
def test_boxes_are_those_that_zarr_and_xarray_read(tmp_path, monkeypatch, kind, most):
    monkeypatch.setattr(module, "PIECE", most)
    source = KINDS[kind](tmp_path / "in.zarr")
    whole = (
        xr.open_zarr(source.path, consolidated=False)["v"].values
        if kind == "group"
        else np.asarray(zarr.open_array(source.path, mode="r")[:])
    )
    given_out = []

    def empty(shape, dtype):
        given_out.append(np.empty(shape, dtype))
        return given_out[-1]

    for (z0, z1), (y0, y1) in itertools.product([(0, 9), (1, 2), (3, 8)], repeat=2):
        box = (Interval(z0, z1), Interval(y0, y1), Interval(2, 11))
        found = source.read(box, empty)
        assert_array_equal(found, whole[z0:z1, y0:y1, 2:11])
        assert found.dtype == whole.dtype
    assert bool(given_out) == (most < 10**9)


IN_CHUNK = zarr.codecs.ShardingCodec(chunk_shape=(2, 1, 1))
STORED: dict[str, dict[str, Any]] = {
    "zstd": {},
    "plain": {"compressors": None},
    "blosc": {"compressors": zarr.codecs.BloscCodec()},
    "transposed": {"filters": [zarr.codecs.TransposeCodec(order=(2, 0, 1))]},
    "checked": {"compressors": [zarr.codecs.ZstdCodec(), zarr.codecs.Crc32cCodec()]},
    "shard": {"shards": (2, 3, 8)},
    "shards in a shard": {
        "shards": (2, 3, 8),
        "serializer": IN_CHUNK,
        "compressors": None,
    },
    "shard with a checksum": {
        "serializer": IN_CHUNK,
        "compressors": zarr.codecs.Crc32cCodec(),
    },
    "shard of transposed cells": {
        "filters": zarr.codecs.TransposeCodec(order=(0, 2, 1)),
        "serializer": IN_CHUNK,
        "compressors": None,
    },
    "big-endian": {"dtype": ">f4"},
    "version 2": {
        "zarr_format": 2,
        "order": "F",
        "dtype": ">f4",
        "dimension_names": None,
    },
    "absent": {"fill_value": 3.5},
}


@pytest.mark.parametrize("kind", STORED)
@pytest.mark.filterwarnings("ignore:Combining a `sharding_indexed`")
def test_one_chunk_is_what_zarr_reads_however_it_is_stored(tmp_path, kind):
    options = {"dtype": "f4", "dimension_names": ["z", "y", "x"], **STORED[kind]}
    array = zarr.create_array(
        tmp_path / "in.zarr", shape=CELLS.shape, chunks=(2, 3, 4), **options
    )
    if kind != "absent":
        array[:] = CELLS
    forget_opened()
    source = ZarrSource(str(tmp_path / "in.zarr"), dims=("z", "y", "x"))
    array = zarr.open_array(tmp_path / "in.zarr", mode="r")
    for place in itertools.product((0, 8), (0, 3, 9), (0, 4, 8)):
        sides = zip(place, (2, 3, 4), CELLS.shape, strict=True)
        box = tuple(Interval(at, min(at + n, size)) for at, n, size in sides)
        found = source.read(box)
        expected = array[tuple(side.slice for side in box)]
        assert_array_equal(found, expected)
        assert found.dtype == expected.dtype


def test_one_chunk_is_not_copied(tmp_path):
    """It is a view of the decoder's bytes, which cannot be written to."""
    source = array_at(tmp_path / "in.zarr")
    chunk = tuple(Interval(0, size) for size in (2, 3, 4))
    assert not source.read(chunk).flags.writeable
    assert source.read((Interval(0, 3), *chunk[1:])).flags.writeable


def test_a_thread_with_an_event_loop_reads_as_zarr_does(tmp_path):
    source = array_at(tmp_path / "in.zarr")
    box = tuple(Interval(0, size) for size in CELLS.shape)

    async def notebook():
        assert not may_carry_out()
        return source.read(box)

    assert_array_equal(asyncio.run(notebook()), CELLS)
    assert may_carry_out()


def test_what_blocks_is_done_by_the_thread_itself():
    async def where():
        return await asyncio.to_thread(threading.get_ident)

    assert carry_out(where()) == threading.get_ident()


def test_what_another_thread_or_the_clock_tells_is_waited_for():
    async def told():
        loop = asyncio.get_running_loop()
        event = asyncio.Event()
        later = threading.Timer(0.02, loop.call_soon_threadsafe, [event.set])
        later.start()
        await event.wait()
        await asyncio.sleep(0.01)
        with ThreadPoolExecutor(1) as pool:
            return await loop.run_in_executor(pool, threading.get_ident)

    assert carry_out(told()) != threading.get_ident()


def test_errors_of_a_coroutine_and_of_what_it_waits_for_are_raised():
    async def fails():
        await asyncio.to_thread(int, "x")

    with pytest.raises(ValueError, match="invalid literal"):
        carry_out(fails())


def test_a_broken_chunk_is_named_by_its_piece(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "PIECE", 1)
    source = array_at(tmp_path / "in.zarr")
    chunk = next((tmp_path / "in.zarr").glob("c/1/1/1"))
    chunk.write_bytes(b"nothing that Zstandard knows")
    forget_opened()
    with pytest.raises(InputError, match="in cells z 2:4, y 3:6, x 4:8"):
        source.read(tuple(Interval(0, size) for size in CELLS.shape))


OPEN = Path("/proc/self/fd")


@pytest.mark.skipif(not OPEN.is_dir(), reason="no list of open files here")
def test_threads_that_are_over_leave_no_event_loop_open(tmp_path):
    source = array_at(tmp_path / "in.zarr")
    box = tuple(Interval(0, 1) for _ in CELLS.shape)

    def read():
        thread = threading.Thread(target=source.read, args=(box,))
        thread.start()
        thread.join()

    read()
    before = len(list(OPEN.iterdir()))
    for _ in range(5):
        read()
    assert len(list(OPEN.iterdir())) <= before
