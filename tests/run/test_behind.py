"""Large files are on their way to the disk while blocks are computed, as far as planned."""

import errno
import itertools
import os
import threading

import numpy as np
import pytest
import xarray as xr

from tests.run.conftest import prepared, stopping_at
from tests.run.runs import run, tree
from volconv.errors import StorageError
from volconv.io.folder import Folder
from volconv.plan.memory import IN_FILE, behind_bytes
from volconv.run.task import Worker

TEXT = """
version: 1
input: {path: in.zarr}
steps:
  - box: {size: 3, boundary: edge}
output: {path: out.zarr, codec: none, chunks: {z: 64, y: 64, x: 64}}
"""
SOON = 20


@pytest.fixture
def folder(tmp_path):
    """A volume of eight chunks, each a file of 1 MiB."""
    cells = np.random.default_rng(1).random((128, 128, 128), "f4")
    volume = xr.DataArray(cells, dims=("z", "y", "x"), name="density")
    volume.chunk(z=64, y=64, x=64).to_zarr(tmp_path / "in.zarr", consolidated=False)
    return tmp_path


def one_block_a_chunk(monkeypatch):
    monkeypatch.setattr("volconv.plan.search.doubled", lambda _: [])


def is_chunk(key):
    return "density/c/" in key


def put_by(monkeypatch, put):
    """Have chunks put by what is given, and then as they are."""
    as_ever = Folder.put

    def noted(self, key, content, check=None):
        if is_chunk(key):
            put(key, content)
        as_ever(self, key, content, check)

    monkeypatch.setattr(Folder, "put", noted)


def test_blocks_are_computed_while_files_are_on_their_way(folder, monkeypatch):
    """One file is not there before its thread has begun with another block."""
    one_block_a_chunk(monkeypatch)
    run(folder, TEXT.replace("out.zarr", "plain.zarr"), limits={"workers": 2})
    another = threading.Event()
    late: list[bool] = []
    begin, begun = Worker.begin, itertools.count(1)

    def counted(self, turn):
        if next(begun) == 2:
            another.set()
        return begin(self, turn)

    def held_up(key, content):
        if not late:
            late.append(not another.wait(SOON))

    monkeypatch.setattr(Worker, "begin", counted)
    put_by(monkeypatch, held_up)
    run(folder, TEXT, limits={"workers": 1})
    assert late == [False]
    written, plain = (
        {key: content for key, content in tree(folder / name).items() if "/c/" in key}
        for name in ("out.zarr", "plain.zarr")
    )
    assert written == plain
    assert len(written) == 8


def test_as_many_are_on_their_way_as_memory_is_left_for(
    folder, monkeypatch, handed_over
):
    one_block_a_chunk(monkeypatch)
    put_by(monkeypatch, lambda *_: threading.Event().wait(0.02))
    (ample,) = prepared(folder, TEXT, workers=2).plan.stages
    assert ample.peak_bytes == ample.needed_bytes  # that is as code is compiled
    monkeypatch.setattr("volconv.plan.memory.COMPILER", 0)
    (ample,) = prepared(folder, TEXT, workers=2).plan.stages
    each = behind_bytes(ample.writes)
    assert each == int(1.01 * IN_FILE)
    assert ample.behind == 4  # two for each thread
    assert ample.peak_bytes == ample.needed_bytes + 4 * each
    for left, behind in ((4 * each, 4), (4 * each - 1, 3), (each - 1, 0)):
        limits = {"workers": 2, "memory": ample.needed_bytes + left}
        (stage,) = prepared(folder, TEXT, **limits).plan.stages
        assert stage.needed_bytes == ample.needed_bytes
        assert stage.behind == behind
        assert stage.peak_bytes <= stage.room.limit
        handed_over.clear()
        out = f"out-{behind}.zarr"
        run(folder, TEXT.replace("out.zarr", out), limits=limits)
        on_way = [nbytes / IN_FILE for nbytes, _ in handed_over]
        assert max(on_way, default=0) <= 1.01 * behind
        assert (len(on_way) > 0) == (behind > 0)


def test_small_files_and_a_single_one_are_waited_for(folder):
    small = TEXT.replace("z: 64", "z: 32")
    single = TEXT.replace("64", "128")
    for text in (small, single):
        (stage,) = prepared(folder, text, workers=2).plan.stages
        assert stage.behind == 0
        assert stage.peak_bytes == stage.needed_bytes


def test_a_file_that_cannot_be_written_ends_the_run_with_its_block(folder, monkeypatch):
    one_block_a_chunk(monkeypatch)

    def full(key, content):
        if key.endswith("c/1/0/1"):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        put_by(patch, full)
        with pytest.raises(StorageError, match="No space left") as failure:
            run(folder, TEXT, limits={"workers": 2})
    assert "cells 64:128, 0:64, 64:128" in str(failure.value)
    assert not (folder / "out.zarr").exists()
    assert not [one for one in threading.enumerate() if "outbox" in one.name]
    outcome = run(folder, TEXT)
    assert 0 < outcome.computed < 8
    assert outcome.computed + outcome.kept == 8


def test_what_was_on_its_way_as_a_run_was_stopped_is_there(folder, monkeypatch):
    one_block_a_chunk(monkeypatch)
    put_by(monkeypatch, lambda *_: threading.Event().wait(0.05))
    with pytest.raises(KeyboardInterrupt):
        run(folder, TEXT, progress=stopping_at(3), limits={"workers": 2})
    kept = {path.name for path in (folder / "out.zarr.partial").rglob("*.partial")}
    assert kept == set()
    outcome = run(folder, TEXT)
    assert outcome.kept >= 3
